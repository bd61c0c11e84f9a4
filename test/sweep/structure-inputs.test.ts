import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATEGORIES } from '../../src/model/pricing/breakdown.ts';
import { presetSystem } from '../../src/model/systems/load.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import { MEASURES } from '../../src/sweep/samples.ts';
import { moveStructure } from '../../src/sweep/structure-effects.ts';
import { structureInputs } from '../../src/sweep/structure-inputs.ts';

const RECORDED = { cpus: 1, level: 'system' } as const;

describe('inputs that are structure', () => {
  test('are numbers that nobody measured, can matter, and have another value in their range', () => {
    const { moved, fixed } = structureInputs([presetSystem('irix'), presetSystem('disco')], RECORDED);
    const of = (path: string) => moved.find(({ range }) => range.path === path);
    // Only Disco has it, and it is whole.
    const [native, disco] = of('monitor.routine_bytes')!.ends;
    expect(native).toBeNull();
    expect(disco!.low.monitor!.routine_bytes).toBe(205);
    expect(disco!.high.monitor!.routine_bytes).toBe(307);
    expect(of('monitor.machine_lines')!.range).toEqual({
      path: 'monitor.machine_lines',
      role: 'calibrated',
      low: 0.8,
      high: 1.2,
    });
    // 4 ways are 3.2 to 4.8; measured counts are exact; a page policy is off; a recorded kernel has its own timer.
    expect(fixed).toContain('monitor.l2tlb.ways');
    for (const path of ['monitor.l2tlb.entries', 'pages.disco.trigger', 'os.timer_instructions'])
      expect([of(path), fixed.includes(path)]).toEqual([undefined, false]);
    expect(moved.every(({ range }) => !range.path.startsWith('prices.'))).toBe(true);
  });

  test('matter where what they are for is switched on', () => {
    const system = systemSchema.parse({
      machine: { nodes: 4 },
      pages: { policy: 'disco' },
      monitor: { footprint: false, vms: { count: 2 } },
    });
    const { moved } = structureInputs([system], { cpus: 8, level: 'user' });
    const paths = moved.map(({ range }) => range.path);
    for (const path of [
      'pages.disco.trigger',
      'monitor.schedule.slice_instructions',
      'os.timer_instructions',
    ])
      expect(paths).toContain(path);
    expect(paths).not.toContain('monitor.routine_bytes');
    expect(paths).not.toContain('pages.numa-balancing.early_scans');
  });
});

describe('in joint samples', () => {
  const point = fc
    .array(fc.integer({ min: 0, max: 1e12 }), { minLength: CATEGORIES.length, maxLength: CATEGORIES.length })
    .map((parts) =>
      Float64Array.of(
        parts.reduce((a, b) => a + b, 0),
        ...parts,
      ),
    );
  const range = (path: string) => ({ path, role: 'assumed', low: 0.8, high: 1.2 }) as const;

  /** Samples that are all the system as it is. */
  const still = (now: readonly Float64Array[], samples: number): Float64Array => {
    const columns = new Float64Array(now.length * MEASURES * samples);
    for (const [i, values] of now.entries())
      for (let m = 0; m < MEASURES; m++)
        columns.fill(values[m]!, (i * MEASURES + m) * samples, (i * MEASURES + m + 1) * samples);
    return columns;
  };

  test('one input goes straight from what the system is to both ends; parts are the total’s; nothing else moves', () => {
    fc.assert(
      fc.property(point, point, point, point, fc.nat(1000), (now, low, high, other, seed) => {
        const samples = 400;
        const columns = still([now, other], samples);
        const inputs = [{ range: range('a'), ends: [{ low, high }, null] }];
        moveStructure(columns, samples, { now: [now, other], inputs }, seed);
        expect(columns.slice(MEASURES * samples)).toEqual(still([other], samples));
        for (let i = 0; i < samples; i += 7) {
          // Where the sample is between the ends, told by one category, tells all of them.
          let sum = 0;
          for (let m = 1; m < MEASURES; m++) {
            const is = columns[m * samples + i]!;
            sum += is;
            const ends = [low[m]!, now[m]!, high[m]!];
            expect(is).toBeGreaterThanOrEqual(Math.min(...ends) - 1);
            expect(is).toBeLessThanOrEqual(Math.max(...ends) + 1);
          }
          expect(columns[i]).toBe(sum);
        }
        for (let m = 1; m < MEASURES; m++) {
          const column = columns.subarray(m * samples, (m + 1) * samples);
          const mean = column.reduce((a, b) => a + b, 0) / samples;
          // The mean of a line to either side with equal weight, each a quarter of the way of two ends.
          const expected = now[m]! + (low[m]! - now[m]! + (high[m]! - now[m]!)) / 4;
          const spread = Math.max(Math.abs(low[m]! - now[m]!), Math.abs(high[m]! - now[m]!));
          expect(Math.abs(mean - expected)).toBeLessThanOrEqual(0.2 * spread + 1);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('systems share each sample, an input has a stream of its own, and the seed decides', () => {
    const values = (parts: number) =>
      Float64Array.of(parts * CATEGORIES.length, ...CATEGORIES.map(() => parts));
    const now = [values(1e9), values(1e9)];
    const end = { low: values(5e8), high: values(2e9) };
    const run = (paths: readonly string[], seed: number): Float64Array => {
      const columns = still(now, 300);
      const inputs = paths.map((path) => ({ range: range(path), ends: [end, end] }));
      moveStructure(columns, 300, { now, inputs }, seed);
      return columns;
    };
    const one = run(['a'], 1);
    expect(one.slice(0, 300)).toEqual(one.slice(MEASURES * 300, MEASURES * 300 + 300));
    expect(run(['a'], 1)).toEqual(one);
    expect(run(['a'], 2)).not.toEqual(one);
    expect(run(['b'], 1)).not.toEqual(one);
    // Factors multiply, each from its own stream.
    const both = run(['a', 'b'], 1);
    const two = run(['b'], 1);
    for (let i = 300; i < 600; i += 11)
      expect(both[i]! / 1e9).toBeCloseTo((one[i]! / 1e9) * (two[i]! / 1e9), 6);
  });
});
