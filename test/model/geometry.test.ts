import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { onePass } from '../../src/model/geometry/one-pass.ts';
import { planGeometry } from '../../src/model/geometry/plan.ts';
import { type System, type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { MAPPED, referenceWord } from '../../src/trace/types.ts';
import { beginning, systemLists, traces } from './geometry-cases.ts';
import { traceOf } from './trace-of.ts';

type Machine = NonNullable<SystemInput['machine']>;

const L1 = { size: 8192, ways: 2, line: 64 };
const KB = 1024;

const systemOf = (machine: Partial<Machine>, rest: Partial<SystemInput> = {}): System =>
  systemSchema.parse({ name: 'system', machine: { l1i: L1, l1d: L1, ...machine }, ...rest });

const alone = { os: { name: 'none', overlay: false } };
const withL2 = (size: number, ways: number, more: Partial<Machine> = {}): Partial<Machine> => ({
  l2: { size, ways, line: 128, inclusive: false },
  ...more,
});

const twoReferences = traceOf({ cpus: 1 }, (builder) => {
  builder.segment(0, 0, 0);
  builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(0, 0, 4));
  builder.record(builder.translate(0, 2, 2, MAPPED), referenceWord(1, 0, 4));
});

describe('one pass', () => {
  test('gives every system the tally of its own replay, to the last count', async () => {
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(
        traces,
        systemLists,
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        async (trace, systems, part) => {
          const summary = trace.summary()!;
          const warmup = part < 0.3 ? 0 : Math.floor(part * summary.workloadInstructions);
          expect(planGeometry(systems, trace.header).reasons).toEqual(systems.map(() => null));
          // Nothing may be left to count after the warm-up: one line, the same from both.
          const replayed = await replayAll(trace, summary, systems, { warmup }).catch(String);
          const together = await onePass(trace, summary, systems, { warmup }).catch(String);
          expect(together).toEqual(typeof replayed === 'string' ? replayed : replayed.tallies);
          if (typeof together !== 'string') counted += together.length;
        },
      ),
      { numRuns: 80 },
    );
    expect(counted).toBeGreaterThan(120);
  });

  test('is exact on recorded traces, natively and under a monitor, with all that is injected', async () => {
    const shipped = await openTrace('traces/malta64-pmake.vmt');
    const trace = beginning(shipped, 16);
    const sizes = [64 * KB, 256 * KB, 1024 * KB];
    const grid = (make: (size: number, ways: number) => System) =>
      sizes.flatMap((size) => [1, 4, 8].map((ways) => make(size, ways)));
    const lru = { entries: 32, replacement: 'lru' } as const;
    const systems = [
      ...grid((size, ways) => systemOf(withL2(size, ways))),
      ...grid((size, ways) =>
        systemOf({ l2: { size, ways, line: 128 }, l1d: { ...L1, ways } }, { monitor: {} }),
      ),
      ...grid((size, ways) => systemOf(withL2(size, ways, { tlb: lru }), { monitor: {} })),
      ...grid((size, ways) =>
        systemOf({ l1d: { size: size / 16, ways, line: 32 }, l2: null, tlb: null }, alone),
      ),
    ];
    const options = { warmup: 123_456 };
    const { tallies } = await replayAll(trace, shipped.summary()!, systems, options);
    expect(await onePass(trace, shipped.summary()!, systems, options)).toEqual(tallies);
    await shipped.close();
  });

  test('serves what it can and leaves the rest, each in its place', async () => {
    const systems = [
      systemOf(withL2(64 * KB, 1, { tlb: { entries: 32 } })),
      systemOf(withL2(64 * KB, 1)),
      systemOf({}),
      systemOf(withL2(128 * KB, 2)),
      systemOf({ l2: { size: 2048 * KB, ways: 4, line: 128 } }),
      systemOf(withL2(256 * KB, 1, { tlb: null })),
      systemOf(withL2(64 * KB, 1, { l1d: { ...L1, ways: 1 } })),
    ];
    const { families, reasons } = planGeometry(systems, twoReferences.header);
    expect(families.map(({ members }) => members)).toEqual([
      [1, 3, 6],
      [2, 4],
    ]);
    const served = reasons.map((reason) => reason === null);
    expect(served).toEqual([false, true, true, true, true, false, true]);
    const summary = twoReferences.summary()!;
    const { tallies } = await replayAll(twoReferences, summary, systems, { warmup: 0 });
    expect(await onePass(twoReferences, summary, systems, { warmup: 0 })).toEqual(
      tallies.map((tally, at) => (served[at] ? tally : null)),
    );
  });

  test('does not read a trace that it can do nothing with', async () => {
    let read = false;
    const trace = {
      ...twoReferences,
      chunks: () => {
        read = true;
        return twoReferences.chunks();
      },
    };
    const systems = [systemOf({}), systemOf({ tlb: null })];
    expect(await onePass(trace, trace.summary()!, systems, { warmup: 0 })).toEqual([null, null]);
    expect(read).toBe(false);
  });

  test('can be watched and stopped', async () => {
    const systems = [systemOf(withL2(64 * KB, 1)), systemOf(withL2(128 * KB, 1))];
    const seen: number[] = [];
    const progress = (records: number): void => void seen.push(records);
    await onePass(twoReferences, twoReferences.summary()!, systems, { warmup: 0, progress });
    expect(seen).toEqual([2]);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(
      onePass(twoReferences, twoReferences.summary()!, systems, { warmup: 0, signal }),
    ).rejects.toThrow('stopped');
  });
});

describe('the planner', () => {
  const pair = (machine: (size: number) => Partial<Machine>, rest: Partial<SystemInput> = {}) =>
    [64 * KB, 128 * KB].map((size) => systemOf(machine(size), rest));

  test.each([
    ['several CPUs', pair((size) => withL2(size, 2)), 2, /it has 2 CPUs/],
    ['nodes', pair((size) => withL2(size, 2, { cpus: 2, nodes: 2 })), 2, /2 CPUs/],
    [
      'fewer CPUs than the trace',
      pair((size) => withL2(size, 2, { cpus: 1 })),
      2,
      /fewer CPUs than the trace/,
    ],
    ['virtual CPUs in turn', pair((size) => withL2(size, 2, { cpus: 1 }), { monitor: {} }), 2, /CPU/],
    ['coherent L1s', pair((size) => withL2(size, 2, { coherence: 'drcachesim' })), 1, /coherent/],
    ['very many ways', pair((size) => withL2(64 * size, size / 2)), 1, /more than 16384 ways/],
    [
      'a TLB',
      [32, 64].map((entries) => systemOf(withL2(1024 * KB, 2, { tlb: { entries, replacement: 'lru' } }))),
      1,
      /its TLB differs in entries: the refills that this decides go through the caches/,
    ],
    [
      'line sizes',
      [64, 128].map((line) => systemOf({ l1d: { ...L1, line }, l2: null })),
      1,
      /no other system differs from it in the geometry of caches alone/,
    ],
  ] as const)('leaves %s to replays, and says why', (_, systems, cpus, reason) => {
    const plan = planGeometry(systems, { ...twoReferences.header, cpus });
    expect(plan.families).toEqual([]);
    for (const why of plan.reasons) expect(why).toMatch(reason);
  });

  test('sees through names, prices and equal systems', () => {
    const systems = [
      systemOf(withL2(64 * KB, 2)),
      systemOf(withL2(64 * KB, 2), { name: 'same', prices: { l2_hit_ns: 99 } }),
    ];
    expect(planGeometry(systems, twoReferences.header).families[0]!.members).toEqual([0, 1]);
  });
});
