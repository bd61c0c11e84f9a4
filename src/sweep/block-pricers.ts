import { CATEGORIES } from '../model/pricing/breakdown.ts';
import { BY_CATEGORY, compilePricing, TOTAL } from '../model/pricing/compiled.ts';
import type { Delays } from '../model/pricing/contention.ts';
import { pairWindows } from '../model/pricing/queueing/pairs/pairs.ts';
import { queueingShares } from '../model/pricing/queueing-shares.ts';
import { SAMPLES_AT_ONCE, type SampledDelays, sampledDelays } from '../model/pricing/sampled-contention.ts';
import { tooLong } from '../model/pricing/whole.ts';
import type { ResolvedPrices } from '../model/systems/resolve.ts';
import { type LinearPrices, linearPrices } from './linear-prices.ts';
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
 * Where nothing queues, a line (`linear-prices.ts`); where only the memory system does, its queueing on top of one; with
 * locks and requests, all of a breakdown with that queueing; and all by itself where samples cannot be solved together.
 */
export const blockPricer: Pricer = (given, ranges, shares, columns) => {
  const { tally, system, prices } = given;
  const free = {
    ...given,
    system: { ...system, machine: { ...system.machine, contention: 'none' as const } },
  };
  const line = linearPrices(free, compilePricing(tally, free.system), ranges);
  const delays = sampledDelays(tally, system.machine, prices, pairWindows);
  const contended = tally.windows.length > 0 && system.machine.contention !== 'none';
  if (line !== null && !contended) return linePricer(line, shares, columns);
  if (line !== null && delays !== null)
    return linePricer(line, shares, columns, queueingOf(given, ranges, shares, delays));
  return breakdownPricer(given, ranges, shares, columns, delays);
};

/** Adds the queueing of some of the samples that are drawn, in ps. */
interface Queueing {
  readonly add: (from: number, to: number, into: readonly Float64Array[]) => void;
}

function linePricer(
  line: LinearPrices,
  shares: readonly Float64Array[],
  columns: readonly Float64Array[],
  queueing: Queueing | null = null,
): BlockPricer {
  const found = CATEGORIES.map(() => new Float64Array(DRAWN));
  const categories = queueing === null ? line.categories : [...CATEGORIES.keys()];
  return {
    ranges: queueing === null ? line.ranges : [...shares.keys()],
    each: queueing === null ? DRAWN : 16 * SAMPLES_AT_ONCE,
    price: (first, from, to) => {
      if (from === 0) {
        for (const list of found) list.fill(0);
        line.fill(shares, DRAWN, found);
      }
      queueing?.add(from, to, found);
      columns[0]!.fill(0, first + from, first + to);
      for (const category of categories)
        addWhole(found[category]!, from, to, first, columns[category + 1]!, columns[0]!);
      if (!(greatest(columns[0]!, first + from, first + to) <= Number.MAX_SAFE_INTEGER)) throw tooLong();
    },
  };
}

function queueingOf(
  given: UncertainSystem,
  ranges: readonly PriceRange[],
  shares: readonly Float64Array[],
  delays: SampledDelays,
): Queueing {
  const { tally, system } = given;
  const spread = queueingShares(tally, system.monitor !== null);
  const several = severalPrices(given, ranges, shares);
  const categories = new Float64Array(CATEGORIES.length);
  return {
    add: (from, to, into) => {
      for (let sample = from; sample < to; sample += SAMPLES_AT_ONCE)
        for (const [at, found] of delays(several(sample, Math.min(to, sample + SAMPLES_AT_ONCE))).entries()) {
          categories.fill(0);
          spread(found, categories);
          for (let k = 0; k < categories.length; k++) into[k]![sample + at]! += categories[k]!;
        }
    },
  };
}

function breakdownPricer(
  given: UncertainSystem,
  ranges: readonly PriceRange[],
  shares: readonly Float64Array[],
  columns: readonly Float64Array[],
  delays: SampledDelays | null,
): BlockPricer {
  const compiled = compilePricing(given.tally, given.system, { pairs: pairWindows, near: true });
  const priced = new Float64Array(compiled.columns.length);
  compiled.evaluate(given.prices, priced);
  const several = severalPrices(given, ranges, shares);
  const evaluate = (sample: number, prices: ResolvedPrices, found?: Delays): void => {
    compiled.evaluate(prices, priced, 0, found);
    columns[0]![sample] = priced[TOTAL]!;
    for (let category = 0; category < CATEGORIES.length; category++)
      columns[category + 1]![sample] = priced[BY_CATEGORY + category]!;
  };
  return {
    ranges: [...ranges.keys()],
    each: 2 * SAMPLES_AT_ONCE,
    price: (first, from, to) => {
      for (let sample = from; sample < to; sample += SAMPLES_AT_ONCE) {
        const prices = several(sample, Math.min(to, sample + SAMPLES_AT_ONCE));
        const found = delays?.(prices);
        for (const [at, one] of prices.entries()) evaluate(first + sample + at, one, found?.[at]);
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
