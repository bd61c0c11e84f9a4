import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATEGORIES, sumBy } from '../../src/model/pricing/breakdown.ts';
import { BY_CATEGORY, compilePricing } from '../../src/model/pricing/compiled.ts';
import { price } from '../../src/model/pricing/price.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { type System, systemSchema } from '../../src/model/systems/schema.ts';
import type { Layer, Tally } from '../../src/model/tally.ts';
import { linesOf } from '../../src/sweep/linear-prices.ts';
import {
  type PriceRange,
  priceAt,
  rangesOf,
  type UncertainSystem,
} from '../../src/sweep/uncertainty-ranges.ts';
import { tallyOfWindows } from '../model/window-tally.ts';

const row = (layer: Layer, counters: Tally['rows'][number]['counters'], context = 'kernel') => ({
  cpu: 0,
  context,
  layer,
  counters,
});
const rows = [
  row('workload', { instructions: 900_000, l1d_load_misses: 30_000, l2_load_misses: 8_000 }, 'user'),
  row('workload', { instructions: 100_000, l1i_misses: 5_000, l2_fetch_misses: 700, uncached_accesses: 40 }),
  row('refill', { count: 3_000 }),
  row('privileged', { count: 2_000, patchable: 300 }),
  row('demand_zero', { count: 90, pages_zeroed: 88, l1d_store_misses: 2_816, l2_store_misses: 700 }),
  row('vcpu_move', { count: 12, node_moves: 5, cell_moves: 3 }),
];
const systemOf = (tally: Tally, system: System): UncertainSystem => ({
  name: 'one',
  tally,
  prices: system.prices as ResolvedPrices,
  system,
});
const one = systemOf({ ...tallyOfWindows(1, 1, []), rows }, systemSchema.parse({ monitor: {} }));
const place = { context: 'user', layer: 'workload' as const };
const windows = [0, 1].map((cpu) => [
  { ...place, cpu, work: { instructions: 20_000 } },
  { ...place, cpu, kind: 'remote_clean' as const, side: 'load' as const, home: 1 - cpu, count: 900 },
]);
const machine = { nodes: 2, contention: 'none' };
const far = systemOf(tallyOfWindows(2, 2, windows), systemSchema.parse({ machine, prices: { hop_ns: 30 } }));

/** Categories of a system as lines. */
function linearPrices(given: UncertainSystem, ranges: readonly PriceRange[]) {
  const { columns, evaluate } = compilePricing(given.tally, given.system);
  const priced = new Float64Array(columns.length);
  return linesOf(given, ranges, (some) => {
    evaluate({ ...given.prices, ...some }, priced);
    return priced.subarray(BY_CATEGORY, BY_CATEGORY + CATEGORIES.length);
  });
}

describe('where nothing queues', () => {
  test.each([
    ['one CPU', one],
    ['two, with distance', far],
  ] as const)('lines give the breakdown’s categories but for its rounding: %s', (_, system) => {
    const stated = { 'prices.remote_ns': { low: 200, high: 2000 }, 'prices.cycle_ns': { percent: 50 } };
    for (const ranges of [rangesOf([system]), rangesOf([system], { stated })]) {
      const line = linearPrices(system, ranges)!;
      const found = CATEGORIES.map(() => new Float64Array(2));
      const share = fc.double({ min: 0, max: 1, noNaN: true });
      fc.assert(
        fc.property(fc.array(share, { minLength: ranges.length, maxLength: ranges.length }), (shares) => {
          line.fill(
            shares.map((at) => Float64Array.of(0.5, at)),
            2,
            found,
          );
          const moved = { ...system.prices };
          for (const [i, range] of ranges.entries())
            moved[range.name] = priceAt(range, system.prices, shares[i]!);
          const { breakdown } = price(system.tally, moved, system.system);
          const sums = sumBy(breakdown, ({ category }) => category);
          for (const [k, category] of CATEGORIES.entries()) {
            if (!line.some.includes(k)) expect(sums.get(category) ?? 0).toBe(0);
            else
              expect(Math.abs(found[k]![1]! - (sums.get(category) ?? 0))).toBeLessThan(
                breakdown.parts.length,
              );
          }
        }),
        { numRuns: 40, seed: 3 },
      );
      // What moves nothing is not asked for.
      expect(line.ranges.map((at) => ranges[at]!.name)).not.toContain('packet_cycles');
    }
  });

  test('no ranges: the run itself', () => {
    const line = linearPrices(one, [])!;
    const found = CATEGORIES.map(() => new Float64Array(1));
    line.fill([], 1, found);
    const { breakdown } = price(one.tally, one.prices, one.system);
    expect(found.reduce((sum, [ps]) => sum + ps!, 0)).toBe(breakdown.total_ps);
  });
});

test('there is no line where times are none, or do not fit', () => {
  const ranges = rangesOf([one]);
  const bent = (power: number) =>
    linesOf(one, ranges, ({ remote_ns = one.prices.remote_ns }) => Float64Array.of(1e6 * remote_ns ** power));
  expect(bent(1)).not.toBeNull();
  expect(bent(2)).toBeNull();
  const long = rangesOf([one], { stated: { 'prices.cycle_ns': { low: 1, high: 1e9 } } });
  expect(linearPrices(one, long)).toBeNull();
  expect(linearPrices(one, ranges)).not.toBeNull();
});
