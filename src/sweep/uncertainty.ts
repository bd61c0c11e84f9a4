import { quantileSorted } from 'simple-statistics';
import { CATEGORIES, type Category } from '../model/pricing/breakdown.ts';
import { BY_CATEGORY, compilePricing, TOTAL } from '../model/pricing/compiled.ts';
import type { ResolvedPrices } from '../model/systems/resolve.ts';
import { InputError } from '../trace/errors.ts';
import { fraction, randomState } from '../trace/workloads/random.ts';
import { type PriceRange, priceAt, type UncertainSystem } from './uncertainty-ranges.ts';

/**
 * How sure a comparison is while its prices are not: each price moved alone (`tornado`), and all together at random
 * (`monteCarlo`). Every point is priced as `vmtax run` prices it, contention and waiting included, to the picosecond.
 * The first system is the baseline; a sample gives all systems the same positions within the ranges, so the difference
 * of two systems is not blurred by what both have in common.
 */

/** A measure with a price at the low and at the high end of its range, all other prices as they are. */
export interface Effect {
  readonly path: string;
  readonly low: number;
  readonly high: number;
}

/** A measure as it is, and what moves it, the price that moves it most first. */
export interface Tornado {
  readonly now: number;
  readonly effects: readonly Effect[];
}

export interface SystemTornado {
  readonly name: string;
  /** Time of all CPUs in picoseconds. */
  readonly total: Tornado;
  /** Against the baseline: in picoseconds, and the ratio of the totals. Null: the baseline itself. */
  readonly difference: Tornado | null;
  /** Null also where the baseline takes no time. */
  readonly ratio: Tornado | null;
}

/** Prices each system with one price at a time at the ends of its range. */
export function tornado(systems: readonly UncertainSystem[], ranges: readonly PriceRange[]): SystemTornado[] {
  const totals = systems.map((system) => {
    const at = pricerOf(system);
    const total = (moved: readonly PriceRange[], share: number): number => at(moved, () => share)[TOTAL]!;
    return {
      now: total([], 0),
      low: ranges.map((range) => total([range], 0)),
      high: ranges.map((range) => total([range], 1)),
    };
  });
  const base = totals[0]!;
  return systems.map(({ name }, i) => {
    const mine = totals[i]!;
    const measured = (measure: (mine: number, base: number) => number): Tornado =>
      sorted(
        measure(mine.now, base.now),
        ranges.map(({ path }, r) => ({
          path,
          low: measure(mine.low[r]!, base.low[r]!),
          high: measure(mine.high[r]!, base.high[r]!),
        })),
      );
    const timed = [base.now, ...base.low, ...base.high].every((ps) => ps > 0);
    return {
      name,
      total: measured((ps) => ps),
      difference: i === 0 ? null : measured((ps, of) => ps - of),
      ratio: i === 0 || !timed ? null : measured((ps, of) => ps / of),
    };
  });
}

/** Effects in order; those that move nothing are left out. */
function sorted(now: number, effects: readonly Effect[]): Tornado {
  const reach = ({ low, high }: Effect): number => Math.max(Math.abs(low - now), Math.abs(high - now));
  return { now, effects: effects.filter((effect) => reach(effect) > 0).sort((a, b) => reach(b) - reach(a)) };
}

/** Where nine tenths of the samples lie, and their middle. */
export interface Band {
  readonly p5: number;
  readonly p50: number;
  readonly p95: number;
}

export interface SystemBands {
  readonly name: string;
  /** In picoseconds. */
  readonly total: Band;
  readonly categories: Readonly<Record<Category, Band>>;
  /** Of each sample’s difference to, and ratio of, the baseline’s total in the same sample. Null: the baseline itself. */
  readonly difference: Band | null;
  readonly ratio: Band | null;
}

export interface MonteCarlo {
  readonly samples: number;
  readonly seed: number;
  readonly ranges: readonly PriceRange[];
  readonly systems: readonly SystemBands[];
}

export interface MonteCarloOptions {
  /** Joint samples; default: `samplesFor`. */
  readonly samples?: number;
  readonly seed?: number;
  /** Samples done, now and then. */
  readonly progress?: (samples: number) => void;
}

/** Without queueing a sample takes microseconds. */
export const SAMPLES = 100_000;
/** Where contention or waiting is solved in each sample it takes up to some milliseconds; bands are rougher by that much. */
export const SAMPLES_WITH_QUEUES = 10_000;
/** Fewer say nothing about the outer twentieths. */
const LEAST_SAMPLES = 100;
/** Between two reports of progress. */
const STRETCH = 1 << 10;

/** How many samples are affordable. The result says how many there were. */
export function samplesFor(systems: readonly UncertainSystem[]): number {
  const queues = systems.some(
    ({ tally, system }) =>
      (tally.windows.length > 0 && system.machine.contention !== 'none') || tally.locks.length > 0,
  );
  return queues ? SAMPLES_WITH_QUEUES : SAMPLES;
}

/**
 * Prices all systems at random points of all ranges together: each price uniform in its range and independent of the
 * others. A price’s own stream of random numbers depends on the seed and its path alone, so a range more or less leaves
 * the other prices’ samples as they were.
 * @throws InputError for too few samples, or a point whose time does not fit whole picoseconds.
 */
export function monteCarlo(
  systems: readonly UncertainSystem[],
  ranges: readonly PriceRange[],
  { samples = samplesFor(systems), seed = 1, progress }: MonteCarloOptions = {},
): MonteCarlo {
  if (!(Number.isInteger(samples) && samples >= LEAST_SAMPLES))
    throw new InputError(`${samples} samples: bands need ${LEAST_SAMPLES} or more`);
  const pricers = systems.map(pricerOf);
  const streams = ranges.map(({ path }) => randomState(seed, ...Array.from(path, (c) => c.charCodeAt(0))));
  const column = () => new Float64Array(samples);
  const found = systems.map(() => ({
    total: column(),
    categories: CATEGORIES.map(column),
    difference: column(),
    ratio: column(),
  }));
  const shares = new Float64Array(ranges.length);
  const shareOf = (range: number): number => shares[range]!;
  for (let sample = 0; sample < samples; sample++) {
    for (let range = 0; range < shares.length; range++) shares[range] = fraction(streams[range]!);
    for (let i = 0; i < pricers.length; i++) {
      const columns = pricers[i]!(ranges, shareOf);
      const into = found[i]!;
      into.total[sample] = columns[TOTAL]!;
      for (let category = 0; category < CATEGORIES.length; category++)
        into.categories[category]![sample] = columns[BY_CATEGORY + category]!;
      const base = found[0]!.total[sample]!;
      into.difference[sample] = into.total[sample]! - base;
      into.ratio[sample] = into.total[sample]! / base;
    }
    if ((sample + 1) % STRETCH === 0) progress?.(sample + 1);
  }
  return {
    samples,
    seed,
    ranges,
    systems: found.map(({ total, categories, difference, ratio }, i) => ({
      name: systems[i]!.name,
      total: timeBandOf(total),
      categories: Object.fromEntries(
        CATEGORIES.map((category, at) => [category, timeBandOf(categories[at]!)]),
      ) as Record<Category, Band>,
      difference: i === 0 ? null : timeBandOf(difference),
      ratio: i === 0 || !ratio.every(Number.isFinite) ? null : bandOf(ratio),
    })),
  };
}

/** Prices a system with some prices moved within their ranges. The columns are overwritten by the next call. */
function pricerOf({ tally, prices, system }: UncertainSystem) {
  const compiled = compilePricing(tally, system);
  const columns = new Float64Array(compiled.columns.length);
  const moved: { -readonly [K in keyof ResolvedPrices]: number } = { ...prices };
  return (ranges: readonly PriceRange[], shareOf: (range: number) => number): Float64Array => {
    for (let i = 0; i < ranges.length; i++) moved[ranges[i]!.name] = priceAt(ranges[i]!, prices, shareOf(i));
    compiled.evaluate(moved, columns);
    for (let i = 0; i < ranges.length; i++) moved[ranges[i]!.name] = prices[ranges[i]!.name];
    return columns;
  };
}

/** The quantiles of a sample, which is sorted for that. */
function bandOf(values: Float64Array): Band {
  const list = Array.from(values.sort());
  return { p5: quantileSorted(list, 0.05), p50: quantileSorted(list, 0.5), p95: quantileSorted(list, 0.95) };
}

/** The same of times: whole picoseconds, as all times are. */
function timeBandOf(values: Float64Array): Band {
  const { p5, p50, p95 } = bandOf(values);
  return { p5: Math.round(p5), p50: Math.round(p50), p95: Math.round(p95) };
}

export type Claim = 'greater' | 'less' | 'no difference shown';

/**
 * What a difference to the baseline allows to say: something only where the band of the paired difference leaves out
 * zero. (That the bands of two totals overlap says nothing: most of what moves them moves both.)
 */
export function claim({ p5, p95 }: Pick<Band, 'p5' | 'p95'>): Claim {
  if (p5 > 0) return 'greater';
  return p95 < 0 ? 'less' : 'no difference shown';
}
