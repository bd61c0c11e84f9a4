import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATEGORIES } from '../../src/model/pricing/breakdown.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import type { Tally } from '../../src/model/tally.ts';
import { MEASURES, type SampleColumns, type Sampler, sampleHere } from '../../src/sweep/samples.ts';
import {
  type Measured,
  measure,
  movedInputs,
  type StructureEffects,
  structureEffects,
} from '../../src/sweep/structure-effects.ts';
import { endsOf, structureInputs } from '../../src/sweep/structure-inputs.ts';
import { monteCarlo, tornado } from '../../src/sweep/uncertainty.ts';
import { rangesOf, type UncertainSystem } from '../../src/sweep/uncertainty-ranges.ts';
import { fraction, randomState } from '../../src/trace/workloads/random.ts';
import { tallyOfWindows } from '../model/window-tally.ts';

const RECORDED = { cpus: 1, level: 'system' } as const;

const rows = (traps: number): Tally['rows'] => [
  {
    cpu: 0,
    context: 'user',
    layer: 'workload',
    counters: { instructions: 900_000, l1d_load_misses: 30_000 },
  },
  { cpu: 0, context: 'kernel', layer: 'trap', counters: { count: traps, l1i_misses: 2 * traps } },
];
const system = systemSchema.parse({ monitor: {} });
const uncertain = (name: string, traps: number): UncertainSystem => ({
  name,
  tally: { ...tallyOfWindows(1, 1, []), rows: rows(traps) },
  prices: system.prices as ResolvedPrices,
  system,
});
const pair = [uncertain('native', 0), uncertain('disco', 800)];
const range = (path: string) => ({ path, role: 'assumed', low: 0.8, high: 1.2 }) as const;

/** Samples by system and measure, as they are once all has been moved. */
async function drawn(effects: StructureEffects | null, ranges = rangesOf(pair), samples = 100, seed = 5) {
  let columns: SampleColumns = new Float64Array();
  const sampler: Sampler = async (plan, options) => {
    columns = await sampleHere(plan, options);
    return columns;
  };
  const bands = await monteCarlo(pair, ranges, {
    samples,
    seed,
    sampler,
    ...(effects && { structure: effects }),
  });
  return {
    bands,
    at: (i: number, m: number, n: number): number => columns[(i * MEASURES + m) * samples + n]!,
  };
}

/** The end of an input: each category as it is times something, so that nothing comes from nowhere. */
const times = (now: Measured, factors: readonly number[]): Measured => {
  const parts = CATEGORIES.map((_, m) => Math.round(now[m + 1]! * factors[m]!));
  return Float64Array.of(
    parts.reduce((a, b) => a + b, 0),
    ...parts,
  );
};
const factors = fc.array(fc.double({ min: 0.1, max: 3, noNaN: true }), {
  minLength: CATEGORIES.length,
  maxLength: CATEGORIES.length,
});

describe('structure in joint samples', () => {
  const now = pair.map(measure);

  test('is what a sample by sample account with the same numbers gives, prices moved as without it', async () => {
    const without = await drawn(null);
    await fc.assert(
      fc.asyncProperty(factors, factors, factors, async (a, b, c) => {
        const ends = [
          { range: range('x'), ends: [null, { low: times(now[1]!, a), high: times(now[1]!, b) }] },
          {
            range: range('y'),
            ends: now.map((is) => ({ low: times(is, c), high: times(is, a) })),
          },
        ];
        const given = await drawn({ now, inputs: ends });
        const streams = ['x', 'y'].map((path) => randomState(5, path.charCodeAt(0)));
        for (let n = 0; n < 100; n++) {
          const off = streams.map((stream) => 2 * fraction(stream) - 1);
          for (const i of [0, 1]) {
            let sum = 0;
            for (let m = 1; m < MEASURES; m++) {
              let ps = without.at(i, m, n);
              for (const [k, { ends: by }] of ends.entries()) {
                const end = by[i];
                const is = now[i]![m]!;
                if (!end || is === 0) continue;
                const to = off[k]! < 0 ? end.low[m]! : end.high[m]!;
                ps *= 1 + (Math.abs(off[k]!) * (to - is)) / is;
              }
              // Whole picoseconds, whichever way the last bit of a product fell.
              expect(Math.abs(given.at(i, m, n) - ps)).toBeLessThanOrEqual(0.5 + 1e-9 * ps);
              expect(Number.isInteger(given.at(i, m, n))).toBe(true);
              sum += given.at(i, m, n);
            }
            expect(given.at(i, 0, n)).toBe(sum);
          }
        }
      }),
      { numRuns: 6 },
    );
  });

  test('alone, with prices as they are, bands lie where the straight lines to the ends are', async () => {
    const end = {
      low: times(
        now[1]!,
        CATEGORIES.map(() => 0.5),
      ),
      high: times(
        now[1]!,
        CATEGORIES.map(() => 2),
      ),
    };
    const { bands } = await drawn({ now, inputs: [{ range: range('x'), ends: [null, end] }] }, [], 20_000);
    const { p5, p50, p95 } = bands.systems[1]!.total;
    const is = now[1]![0]!;
    // Nine tenths of the way to either end, but for the chance of 20,000 numbers.
    expect(p5 / is).toBeCloseTo(1 - 0.9 * 0.5, 1.7);
    expect(p50 / is).toBeCloseTo(1, 1.7);
    expect(p95 / is).toBeCloseTo(1 + 0.9 * 1, 1.7);
    expect(bands.systems[0]!.total).toEqual({ p5: now[0]![0], p50: now[0]![0], p95: now[0]![0] });
    expect(bands.structure).toEqual([range('x')]);
  });
});

test('a bar is what the tallies at both ends take; an input without effect is said to have none', () => {
  const systems = pair.map((one) => one.system);
  const structure = structureInputs(systems, RECORDED);
  const path = 'monitor.machine_lines';
  const { ends } = structure.moved.find((input) => input.range.path === path)!;
  // Its low end traps less in the second system; the high end could not be replayed; nothing else does anything.
  const less = uncertain('disco', 700);
  const high = new Set(ends.map((end) => end!.high));
  const measured = new Map(endsOf(structure).map((one) => [one, measure(pair[1]!)]));
  measured.set(ends[1]!.low, measure(less));
  const effects = structureEffects(pair, structure, (one) => (high.has(one) ? null : measured.get(one)!));
  const [, second] = tornado(pair, [], effects);
  const now = measure(pair[1]!)[0]!;
  expect(second!.total).toEqual({
    now,
    effects: [{ path, kind: 'structure', low: measure(less)[0], high: now }],
  });
  const moved = movedInputs(pair, structure, effects)[1]!;
  expect(moved.find((input) => input.path === path)).toEqual({
    path,
    now: 6.032,
    low: 4.8256,
    high: 7.2384,
    inert: false,
  });
  const others = moved.filter((input) => input.path !== path);
  expect(others.length).toBeGreaterThan(2);
  expect(others.every(({ inert }) => inert)).toBe(true);
});
