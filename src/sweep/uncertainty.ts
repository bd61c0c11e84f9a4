import { CATEGORIES, type Category } from '../model/pricing/breakdown.ts';
import { TOTAL } from '../model/pricing/compiled.ts';
import { InputError } from '../trace/errors.ts';
import { pricerOf } from './block-pricers.ts';
import { quantilesOf } from './quantiles.ts';
import { samplesFor } from './sample-cost.ts';
import { MEASURES, type SampleOptions, type Sampler, sampleHere } from './samples.ts';
import { type MovedInput, moveStructure, type StructureEffects } from './structure-effects.ts';
import type { StructureRange } from './structure-inputs.ts';
import type { PriceRange, UncertainSystem } from './uncertainty-ranges.ts';

/**
 * How sure a comparison is while its inputs are not: each input moved alone (`tornado`), and all together at random
 * (`monteCarlo`). Every point is priced as `vmtax run` prices it, contention and waiting included, to the picosecond;
 * what inputs do that are structure is known at the ends of their ranges (`structure-effects.ts`).
 * The first system is the baseline; a sample gives all systems the same positions within the ranges, so the difference
 * of two systems is not blurred by what both have in common.
 */

/** A measure with an input at the low and at the high end of its range, all others as they are. */
export interface Effect {
  readonly path: string;
  /** Not there: a price. */
  readonly kind?: 'structure';
  readonly low: number;
  readonly high: number;
}

/** A measure as it is, and what moves it, the input that moves it most first. */
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
  /** The inputs of the system that are structure, and what they were moved to; not there: only prices were moved. */
  readonly structure?: readonly MovedInput[];
}

/** Prices each system with one input at a time at the ends of its range. */
export function tornado(
  systems: readonly UncertainSystem[],
  ranges: readonly PriceRange[],
  structure: StructureEffects | null = null,
): SystemTornado[] {
  const inputs = structure?.inputs ?? [];
  const moved = [
    ...ranges.map(({ path }) => ({ path })),
    ...inputs.map(({ range: { path } }) => ({ path, kind: 'structure' as const })),
  ];
  const totals = systems.map((system, i) => {
    const at = pricerOf(system);
    const total = (moved: readonly PriceRange[], share: number): number => at(moved, () => share)[TOTAL]!;
    const now = total([], 0);
    const atEnd = (share: 0 | 1): number[] => [
      ...ranges.map((range) => total([range], share)),
      ...inputs.map(({ ends }) => ends[i]?.[share === 0 ? 'low' : 'high'][0] ?? now),
    ];
    return { now, low: atEnd(0), high: atEnd(1) };
  });
  const base = totals[0]!;
  return systems.map(({ name }, i) => {
    const mine = totals[i]!;
    const measured = (measure: (mine: number, base: number) => number): Tornado =>
      sorted(
        measure(mine.now, base.now),
        moved.map((input, r) => ({
          ...input,
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
  /** Inputs that are structure; their effect is interpolated. Not there: only prices were moved. */
  readonly structure?: readonly StructureRange[];
  readonly systems: readonly SystemBands[];
}

export interface MonteCarloOptions extends SampleOptions {
  /** Joint samples; default: `samplesFor`. */
  readonly samples?: number;
  readonly seed?: number;
  /** Who prices them, e.g. `samplingOn(4)`; without: this thread. */
  readonly sampler?: Sampler;
  /** What inputs that are structure do, to be moved with the prices. */
  readonly structure?: StructureEffects;
}

/** Fewer say nothing about the outer twentieths. */
export const LEAST_SAMPLES = 100;

/**
 * Prices all systems at random points of all ranges together: each price uniform in its range and independent of the
 * others. A price’s own stream of random numbers depends on the seed and its path alone, so a range more or less leaves
 * the other prices’ samples as they were.
 * @throws InputError for too few samples, or a point whose time does not fit whole picoseconds.
 */
export async function monteCarlo(
  systems: readonly UncertainSystem[],
  ranges: readonly PriceRange[],
  {
    samples = samplesFor(systems),
    seed = 1,
    sampler = sampleHere,
    structure,
    signal,
    progress,
  }: MonteCarloOptions = {},
): Promise<MonteCarlo> {
  if (!(Number.isInteger(samples) && samples >= LEAST_SAMPLES))
    throw new InputError(`${samples} samples: bands need ${LEAST_SAMPLES} or more`);
  const columns = await sampler(
    { systems, ranges, seed, samples },
    { ...(signal && { signal }), ...(progress && { progress }) },
  );
  if (structure !== undefined) moveStructure(columns, samples, structure, seed);
  /** Of a system: 0 is the total, then the categories. */
  const column = (system: number, measure: number): Float64Array => {
    const first = (system * MEASURES + measure) * samples;
    return columns.subarray(first, first + samples);
  };
  const base = column(0, 0);
  return {
    samples,
    seed,
    ranges,
    ...(structure && { structure: structure.inputs.map(({ range }) => range) }),
    systems: systems.map(({ name }, i) => {
      const total = column(i, 0);
      const compared = i === 0 ? null : compare(total, base);
      return {
        name,
        total: timeBandOf(total),
        categories: Object.fromEntries(
          CATEGORIES.map((category, at) => [category, timeBandOf(column(i, at + 1))]),
        ) as Record<Category, Band>,
        difference: compared && timeBandOf(compared.difference),
        ratio: compared?.ratio ? bandOf(compared.ratio) : null,
      };
    }),
  };
}

/** Sample by sample; no ratio where the baseline takes no time in one of them. */
function compare(
  total: Float64Array,
  base: Float64Array,
): { readonly difference: Float64Array; readonly ratio: Float64Array | null } {
  const difference = new Float64Array(total.length);
  const ratio = new Float64Array(total.length);
  let timed = true;
  for (let i = 0; i < total.length; i++) {
    difference[i] = total[i]! - base[i]!;
    ratio[i] = total[i]! / base[i]!;
    if (base[i] === 0) timed = false;
  }
  return { difference, ratio: timed ? ratio : null };
}

function bandOf(values: Float64Array): Band {
  const [p5, p50, p95] = quantilesOf(values, [0.05, 0.5, 0.95]);
  return { p5: p5!, p50: p50!, p95: p95! };
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
