import { setImmediate } from 'node:timers/promises';
import { CATEGORIES } from '../model/pricing/breakdown.ts';
import { fraction, randomState } from '../trace/workloads/random.ts';
import { blockPricer, DRAWN } from './block-pricers.ts';
import type { PriceRange, UncertainSystem } from './uncertainty-ranges.ts';

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

/** How long to price before looking whether somebody wants to interrupt, in ms. */
const STRETCH_MS = 50;

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
    blockPricer(
      system,
      ranges,
      shares,
      Array.from({ length: MEASURES }, (_, measure) =>
        columns.subarray((i * MEASURES + measure) * samples, (i * MEASURES + measure + 1) * samples),
      ),
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

/** Prices all samples on this thread. */
export const sampleHere: Sampler = async (plan, options) => {
  const columns = new Float64Array(plan.systems.length * MEASURES * plan.samples);
  await priceSamples(plan, { from: 0, to: plan.samples }, columns, options);
  return columns;
};
