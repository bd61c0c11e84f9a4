import { CATEGORIES } from '../model/pricing/breakdown.ts';
import { BY_CATEGORY, compilePricing, TOTAL } from '../model/pricing/compiled.ts';
import { pairWindows } from '../model/pricing/queueing/pairs/pairs.ts';
import { queueingShares } from '../model/pricing/queueing-shares.ts';
import { SAMPLES_AT_ONCE, type SampledDelays, sampledDelays } from '../model/pricing/sampled-contention.ts';
import { type SampledWaits, sampledWaits } from '../model/pricing/sampled-waits.ts';
import { tooLong } from '../model/pricing/whole.ts';
import type { ResolvedPrices } from '../model/systems/resolve.ts';
import { type Lines, linesOf } from './linear-prices.ts';
import { type PriceRange, priceAt, type UncertainSystem } from './uncertainty-ranges.ts';

/** One system at many random prices: as little for each as there is to be found anew. */

/** Samples that are drawn at once. */
export const DRAWN = 1024;

export interface BlockPricer {
  /** Ranges that it reads. */
  readonly ranges: readonly number[];
  /** Samples that take little enough time to be priced in one go. */
  readonly each: number;
  /** Prices the samples of some of the shares that are drawn, from the first on; sample `first` is the first of these. */
  readonly price: (first: number, from: number, to: number) => void;
}

type Pricer = (
  given: UncertainSystem,
  ranges: readonly PriceRange[],
  /** By range, where in it each of the samples is that are drawn. */
  shares: readonly Float64Array[],
  /** The total by sample, then each category. */
  columns: readonly Float64Array[],
) => BlockPricer;

/**
 * Where nothing queues, a line (`linear-prices.ts`); where anything does, what waits take on top of that; and all by itself,
 * as a run is priced, where samples cannot be solved together or times are no lines.
 */
export const blockPricer: Pricer = (given, ranges, shares, columns) => {
  const { tally, system, prices } = given;
  const free = { ...system, machine: { ...system.machine, contention: 'none' as const } };
  const compiled = compilePricing(tally, free, { waits: false });
  const waits = sampledWaits(tally, system, prices);
  const first = CATEGORIES.length;
  const times = new Float64Array(first + (waits?.times ?? 0));
  const priced = new Float64Array(compiled.columns.length);
  const timesAt = (at: ResolvedPrices): Float64Array => {
    compiled.evaluate(at, priced);
    times.set(priced.subarray(BY_CATEGORY, BY_CATEGORY + first));
    if (waits !== null) times.set(waits.timesAt(at, priced), first);
    return times;
  };
  const lines = linesOf(given, ranges, (some) => timesAt({ ...prices, ...some }));
  const contended = tally.windows.length > 0 && system.machine.contention !== 'none';
  const delays = contended ? sampledDelays(tally, system.machine, prices, pairWindows) : null;
  if (lines === null || (contended && delays === null))
    return breakdownPricer(given, ranges, shares, columns);
  if (delays === null && waits === null) return linePricer(lines, shares, columns);
  // Searches of samples begin where that of the run ends.
  waits?.add(prices, timesAt(prices).subarray(first), delays?.([prices])[0] ?? null, new Float64Array(first));
  return linePricer(lines, shares, columns, waitingOf(given, ranges, shares, delays, waits));
};

/** Adds what some of the samples that are drawn wait for, in ps. */
interface Waiting {
  /** `times`: of each sample, as lines have them; categories first. */
  readonly add: (from: number, to: number, times: readonly Float64Array[]) => void;
}

function linePricer(
  lines: Lines,
  shares: readonly Float64Array[],
  columns: readonly Float64Array[],
  waiting: Waiting | null = null,
): BlockPricer {
  const count = Math.max(CATEGORIES.length, 1 + (lines.some.at(-1) ?? 0));
  const found = Array.from({ length: count }, () => new Float64Array(DRAWN));
  const categories =
    waiting === null ? lines.some.filter((k) => k < CATEGORIES.length) : [...CATEGORIES.keys()];
  return {
    ranges: waiting === null ? lines.ranges : [...shares.keys()],
    each: waiting === null ? DRAWN : 4 * SAMPLES_AT_ONCE,
    price: (first, from, to) => {
      if (from === 0) {
        for (const list of found) list.fill(0);
        lines.fill(shares, DRAWN, found);
      }
      waiting?.add(from, to, found);
      columns[0]!.fill(0, first + from, first + to);
      for (const category of categories)
        addWhole(found[category]!, from, to, first, columns[category + 1]!, columns[0]!);
      if (!(greatest(columns[0]!, first + from, first + to) <= Number.MAX_SAFE_INTEGER)) throw tooLong();
    },
  };
}

function waitingOf(
  given: UncertainSystem,
  ranges: readonly PriceRange[],
  shares: readonly Float64Array[],
  delays: SampledDelays | null,
  waits: SampledWaits | null,
): Waiting {
  const { tally, system } = given;
  const spread = queueingShares(tally, system.monitor !== null);
  const several = severalPrices(given, ranges, shares);
  const categories = new Float64Array(CATEGORIES.length);
  const told = new Float64Array(waits?.times ?? 0);
  return {
    add: (from, to, times) => {
      for (let sample = from; sample < to; sample += SAMPLES_AT_ONCE) {
        const some = several(sample, Math.min(to, sample + SAMPLES_AT_ONCE));
        const found = delays?.(some);
        for (const [at, one] of some.entries()) {
          categories.fill(0);
          if (found !== undefined) spread(found[at]!, categories);
          if (waits !== null) {
            for (let i = 0; i < told.length; i++) told[i] = times[CATEGORIES.length + i]?.[sample + at] ?? 0;
            waits.add(one, told, found?.[at] ?? null, categories);
          }
          for (let k = 0; k < categories.length; k++) times[k]![sample + at]! += categories[k]!;
        }
      }
    },
  };
}

function breakdownPricer(
  given: UncertainSystem,
  ranges: readonly PriceRange[],
  shares: readonly Float64Array[],
  columns: readonly Float64Array[],
): BlockPricer {
  const compiled = compilePricing(given.tally, given.system, { pairs: pairWindows });
  const priced = new Float64Array(compiled.columns.length);
  const several = severalPrices(given, ranges, shares);
  return {
    ranges: [...ranges.keys()],
    each: 2 * SAMPLES_AT_ONCE,
    price: (first, from, to) => {
      for (let sample = from; sample < to; sample += SAMPLES_AT_ONCE)
        for (const [at, one] of several(sample, Math.min(to, sample + SAMPLES_AT_ONCE)).entries()) {
          compiled.evaluate(one, priced);
          const into = first + sample + at;
          columns[0]![into] = priced[TOTAL]!;
          for (let category = 0; category < CATEGORIES.length; category++)
            columns[category + 1]![into] = priced[BY_CATEGORY + category]!;
        }
    },
  };
}

type MovedPrices = { -readonly [K in keyof ResolvedPrices]: number };

/** The prices of a few of the samples that are drawn; overwritten by the next call. */
function severalPrices(
  { prices }: UncertainSystem,
  ranges: readonly PriceRange[],
  shares: readonly Float64Array[],
): (from: number, to: number) => readonly ResolvedPrices[] {
  const moved = Array.from({ length: SAMPLES_AT_ONCE }, (): MovedPrices => ({ ...prices }));
  return (from, to) => {
    const some = moved.slice(0, to - from);
    for (const [at, one] of some.entries())
      for (let i = 0; i < ranges.length; i++)
        one[ranges[i]!.name] = priceAt(ranges[i]!, prices, shares[i]![from + at]!);
    return some;
  };
}

function greatest(list: Float64Array, from: number, to: number): number {
  let most = 0;
  for (let i = from; i < to; i++) if (!(list[i]! <= most)) most = list[i]!;
  return most;
}

/** Whole picoseconds of a category, which are also the total's. */
function addWhole(
  found: Float64Array,
  from: number,
  to: number,
  first: number,
  category: Float64Array,
  total: Float64Array,
): void {
  for (let i = from; i < to; i++) {
    const ps = Math.round(found[i]!);
    category[first + i] = ps;
    total[first + i]! += ps;
  }
}

/** Prices a system with some prices moved within their ranges. The columns are overwritten by the next call. */
export function pricerOf({ tally, prices, system }: UncertainSystem) {
  const compiled = compilePricing(tally, system, { pairs: pairWindows });
  const columns = new Float64Array(compiled.columns.length);
  const moved: MovedPrices = { ...prices };
  return (ranges: readonly PriceRange[], shareOf: (range: number) => number): Float64Array => {
    for (let i = 0; i < ranges.length; i++) moved[ranges[i]!.name] = priceAt(ranges[i]!, prices, shareOf(i));
    compiled.evaluate(moved, columns);
    for (let i = 0; i < ranges.length; i++) moved[ranges[i]!.name] = prices[ranges[i]!.name];
    return columns;
  };
}
