import { setImmediate } from 'node:timers/promises';
import { CATEGORIES } from '../model/pricing/breakdown.ts';
import { BY_CATEGORY, compilePricing, TOTAL } from '../model/pricing/compiled.ts';
import { pairWindows } from '../model/pricing/queueing/pairs/pairs.ts';
import { tooLong } from '../model/pricing/whole.ts';
import type { ResolvedPrices } from '../model/systems/resolve.ts';
import { fraction, randomState } from '../trace/workloads/random.ts';
import { linearPrices } from './linear-prices.ts';
import { type PriceRange, priceAt, type UncertainSystem } from './uncertainty-ranges.ts';

/**
 * Systems priced at random points of all ranges together. A price's own stream of random numbers depends on the seed and
 * its path alone, and sample n takes the n-th number of each: whoever prices some of the samples gets what
 * pricing all of them would have given.
 */

/** Of each system at each point: the total, and the total by category. */
export const MEASURES = 1 + CATEGORIES.length;

/** What samples are of. Prices are uniform in their ranges and independent; all systems move together. */
export interface SamplePlan {
  readonly systems: readonly UncertainSystem[];
  readonly ranges: readonly PriceRange[];
  readonly seed: number;
  readonly samples: number;
}

/** Samples from one to (not with) another. */
export interface SampleShare {
  readonly from: number;
  readonly to: number;
}

export interface SampleOptions {
  readonly signal?: AbortSignal;
  /** Samples done, now and then. */
  readonly progress?: (samples: number) => void;
}

/** Whole picoseconds, [(system × MEASURES + measure) × samples + sample]. */
export type SampleColumns = Float64Array;

/** Who prices all samples of a plan: this thread, or several. Throws InputError where a time does not fit. */
export type Sampler = (plan: SamplePlan, options: SampleOptions) => Promise<SampleColumns>;

/** How long to price before looking whether somebody wants to interrupt, in ms, and samples that are drawn at once. */
const STRETCH_MS = 50;
const DRAWN = 1024;

/** Prices a share of the samples into columns that have a place for all. */
export async function priceSamples(
  { systems, ranges, seed, samples }: SamplePlan,
  { from, to }: SampleShare,
  columns: SampleColumns,
  { signal, progress }: SampleOptions = {},
): Promise<void> {
  const streams = ranges.map(({ path }) => randomState(seed, ...Array.from(path, (c) => c.charCodeAt(0))));
  /** By range, of the samples that are drawn. */
  const shares = ranges.map(() => new Float64Array(DRAWN));
  const pricers = systems.map((system, i) =>
    blockPricer(system, ranges, shares, (measure) =>
      columns.subarray((i * MEASURES + measure) * samples, (i * MEASURES + measure + 1) * samples),
    ),
  );
  const needed = new Set(pricers.flatMap((pricer) => pricer.ranges));
  for (const range of needed) for (let sample = 0; sample < from; sample++) fraction(streams[range]!);
  let looked = Date.now();
  for (let first = from; first < to; first += DRAWN) {
    const count = Math.min(DRAWN, to - first);
    for (const range of needed) {
      const stream = streams[range]!;
      const drawn = shares[range]!;
      for (let i = 0; i < count; i++) drawn[i] = fraction(stream);
    }
    for (const [system, { price, each }] of pricers.entries())
      for (let i = 0; i < count; i += each) {
        price(first, i, Math.min(i + each, count));
        if (Date.now() - looked <= STRETCH_MS) continue;
        await setImmediate();
        signal?.throwIfAborted();
        progress?.(Math.floor(first - from + (count * system + i) / systems.length));
        looked = Date.now();
      }
  }
}

interface BlockPricer {
  /** Ranges that it reads. */
  readonly ranges: readonly number[];
  /** Samples that take little enough time to be priced in one go. */
  readonly each: number;
  /** Prices the samples of some of the shares that are drawn, the first of which is sample `first`. */
  readonly price: (first: number, from: number, to: number) => void;
}

function blockPricer(
  given: UncertainSystem,
  ranges: readonly PriceRange[],
  shares: readonly Float64Array[],
  columnOf: (measure: number) => Float64Array,
): BlockPricer {
  const pricer = pricerOf(given);
  const columns = Array.from({ length: MEASURES }, (_, measure) => columnOf(measure));
  const line = linearPrices(given, pricer.compiled, ranges);
  if (line === null) {
    let sample = 0;
    const shareOf = (range: number): number => shares[range]![sample]!;
    return {
      ranges: [...ranges.keys()],
      each: 8,
      price: (first, from, to) => {
        for (sample = from; sample < to; sample++) {
          const priced = pricer.price(ranges, shareOf);
          columns[0]![first + sample] = priced[TOTAL]!;
          for (let category = 0; category < CATEGORIES.length; category++)
            columns[category + 1]![first + sample] = priced[BY_CATEGORY + category]!;
        }
      },
    };
  }
  const found = CATEGORIES.map(() => new Float64Array(DRAWN));
  return {
    ranges: line.ranges,
    each: DRAWN,
    price: (first, from, to) => {
      line.fill(shares, to, found);
      columns[0]!.fill(0, first + from, first + to);
      for (const category of line.categories)
        addWhole(found[category]!, from, to, first, columns[category + 1]!, columns[0]!);
      if (!(greatest(columns[0]!, first + from, first + to) <= Number.MAX_SAFE_INTEGER)) throw tooLong();
    },
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

/** Prices all samples on this thread. */
export const sampleHere: Sampler = async (plan, options) => {
  const columns = new Float64Array(plan.systems.length * MEASURES * plan.samples);
  await priceSamples(plan, { from: 0, to: plan.samples }, columns, options);
  return columns;
};

/** Prices a system with some prices moved within their ranges. The columns are overwritten by the next call. */
export function pricerOf({ tally, prices, system }: UncertainSystem) {
  const compiled = compilePricing(tally, system, { pairs: pairWindows });
  const columns = new Float64Array(compiled.columns.length);
  const moved: { -readonly [K in keyof ResolvedPrices]: number } = { ...prices };
  const price = (ranges: readonly PriceRange[], shareOf: (range: number) => number): Float64Array => {
    for (let i = 0; i < ranges.length; i++) moved[ranges[i]!.name] = priceAt(ranges[i]!, prices, shareOf(i));
    compiled.evaluate(moved, columns);
    for (let i = 0; i < ranges.length; i++) moved[ranges[i]!.name] = prices[ranges[i]!.name];
    return columns;
  };
  return { compiled, price };
}
