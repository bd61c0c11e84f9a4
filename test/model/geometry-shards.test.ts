import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLruMarks } from '../../src/model/geometry/lru-marks.ts';
import { onePass } from '../../src/model/geometry/one-pass.ts';
import { type SampleRequest, sampleL2 } from '../../src/model/geometry/shards.ts';
import { type System, type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { sumCounter, type Tally } from '../../src/model/tally.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { beginning, traces } from './geometry-cases.ts';

const L1 = { size: 8192, ways: 2, line: 64 };
type Machine = NonNullable<SystemInput['machine']>;

const systemOf = (machine: Partial<Machine>): System =>
  systemSchema.parse({
    name: 'sampled',
    machine: { cpus: 1, cpu_assignment: 'round-robin', nodes: 1, tlb: null, l1i: L1, l1d: L1, ...machine },
    os: { overlay: false },
  });
const fullyAssociative = (size: number, line: number) => ({
  size,
  ways: size / line,
  line,
  inclusive: false,
});
const l2Misses = (tally: Tally): number =>
  sumCounter(tally, 'l2_fetch_misses') +
  sumCounter(tally, 'l2_load_misses') +
  sumCounter(tally, 'l2_store_misses');
const PATH = 'machine.l2.size';

test('marks know which sizes a line is within', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 30 }), { maxLength: 300 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 6 }),
      (lines, unsorted) => {
        const sizes = unsorted.sort((a, b) => a - b);
        const marks = createLruMarks(sizes);
        const numbers = new Map<number, number>();
        const stack: number[] = [];
        for (const line of lines) {
          const depth = stack.indexOf(line);
          if (depth >= 0) stack.splice(depth, 1);
          stack.unshift(line);
          if (!numbers.has(line)) numbers.set(line, numbers.size);
          const tooSmall = depth < 0 ? sizes.length : sizes.filter((size) => depth >= size).length;
          expect(marks.use(numbers.get(line)!)).toBe(tooSmall);
        }
      },
    ),
  );
});

describe('a sample', () => {
  test('of all lines is exact, and its bound has no width', async () => {
    await fc.assert(
      fc.asyncProperty(traces, fc.boolean(), fc.constantFrom(16, 64), async (trace, hasL1, line) => {
        const l1 = hasL1 ? { size: 4 * line, ways: 2, line } : null;
        const sizes = [8, 32, 128].map((lines) => lines * line);
        const systems = sizes.map((size) => systemOf({ l1i: l1, l1d: l1, l2: fullyAssociative(size, line) }));
        const exact = await onePass(trace, trace.summary()!, systems, { warmup: 0 }).catch(String);
        fc.pre(typeof exact !== 'string');
        const request: SampleRequest = { path: PATH, sizes, rate: 1, seed: 1 };
        const sample = await sampleL2(trace, trace.summary()!, systems[0]!, request, { warmup: 0 });
        expect(sample.sampledAccesses).toBe(sample.accesses);
        for (const [at, { missRatio, low, high }] of sample.estimates.entries()) {
          expect(missRatio * sample.accesses).toBeCloseTo(l2Misses(exact[at] as Tally), 6);
          expect([low, high]).toEqual([missRatio, missRatio]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('of a tenth of a recorded trace has the truth within its bound, seed after seed', async () => {
    const trace = beginning(await openTrace('traces/malta64-db.vmt'), 60);
    const summary = trace.summary()!;
    const sizes = [65536, 131072, 262144, 524288];
    const line = 64;
    const systems = sizes.map((size) => systemOf({ l2: fullyAssociative(size, line) }));
    const exact = (await onePass(trace, summary, systems, { warmup: 300_000 })) as Tally[];
    const seeds = [1, 2, 3, 4, 5];
    let outside = 0;
    let widest = 0;
    for (const seed of seeds) {
      const request: SampleRequest = { path: PATH, sizes, rate: 0.1, seed };
      const sample = await sampleL2(trace, summary, systems[0]!, request, { warmup: 300_000 });
      expect(sample).toEqual(await sampleL2(trace, summary, systems[3]!, request, { warmup: 300_000 }));
      for (const [at, { missRatio, low, high }] of sample.estimates.entries()) {
        const truth = l2Misses(exact[at]!) / sample.accesses;
        if (truth < low || truth > high) outside++;
        expect(low).toBeLessThanOrEqual(missRatio);
        expect(high).toBeGreaterThanOrEqual(missRatio);
        widest = Math.max(widest, high - low);
      }
      expect(sample.sampledAccesses).toBeLessThan(0.2 * sample.accesses);
    }
    await trace.close();
    // A bound of 95 % leaves one in twenty.
    expect(outside).toBeLessThanOrEqual((seeds.length * sizes.length) / 10);
    // It says something, too.
    expect(widest).toBeLessThan(0.3);
    expect(widest).toBeGreaterThan(0.001);
  });

  test.each([
    [
      'an L1',
      { path: 'machine.l1d.size' },
      {},
      /machine.l1d.size cannot be sampled: SHARDS is for machine.l2.size alone/,
    ],
    ['a TLB', { path: 'machine.tlb.entries' }, {}, /machine.tlb.entries cannot be sampled/],
    ['a rate of 0', { rate: 0 }, {}, /sampling rate 0: must be from 0.01 to 1/],
    ['a rate that is no number', { rate: Number.NaN }, {}, /sampling rate NaN/],
    [
      'a small L2',
      { sizes: [32768], rate: 0.01 },
      {},
      /too small for a sampling rate of 0.01: that needs at least 51200 bytes/,
    ],
    ['no L2', {}, { l2: null }, /has no L2/],
    [
      'an inclusive L2',
      {},
      { l2: { size: 65536, ways: 2, line: 64, inclusive: true } },
      /its L2 is inclusive/,
    ],
    ['cachegrind’s rule', {}, { counting: 'cachegrind' }, /cachegrind/],
    ['two CPUs', {}, { cpus: 2, nodes: 1, coherence: 'none' }, /2 CPUs/],
  ] as const)('refuses %s in one line', async (_, request, machine, message) => {
    const trace = beginning(await openTrace('traces/malta64-db.vmt'), 1);
    const system = systemOf({ l2: fullyAssociative(65536, 64), ...machine } as Partial<Machine>);
    const full = { path: PATH, sizes: [65536], rate: 0.1, seed: 1, ...request };
    await expect(sampleL2(trace, trace.summary()!, system, full, { warmup: 0 })).rejects.toThrow(message);
    await expect(sampleL2(trace, trace.summary()!, system, full, { warmup: 0 })).rejects.not.toThrow(/\n/);
    await trace.close();
  });
});
