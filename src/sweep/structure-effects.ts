import { CATEGORIES } from '../model/pricing/breakdown.ts';
import { BY_CATEGORY, TOTAL } from '../model/pricing/compiled.ts';
import type { System } from '../model/systems/schema.ts';
import { fraction, randomState } from '../trace/workloads/random.ts';
import { pricerOf } from './block-pricers.ts';
import { MEASURES, type SampleColumns } from './samples.ts';
import type { Ends, StructureInputs, StructureRange } from './structure-inputs.ts';
import type { UncertainSystem } from './uncertainty-ranges.ts';

/** What inputs that are structure do to times, and how joint samples of prices get it. */

/** The total, then each category, in ps. */
export type Measured = Float64Array;

/** What one input does, all prices as they are. */
export interface StructureEffect {
  readonly range: StructureRange;
  /** By system; null: the input does nothing to it. */
  readonly ends: readonly ({ readonly low: Measured; readonly high: Measured } | null)[];
}

export interface StructureEffects {
  /** By system, as it is. */
  readonly now: readonly Measured[];
  readonly inputs: readonly StructureEffect[];
}

/** What a system takes at its own prices, as `vmtax run` says it. Throws InputError where a time does not fit. */
export function measure(given: UncertainSystem): Measured {
  const columns = pricerOf(given)([], () => 0);
  return Float64Array.of(columns[TOTAL]!, ...columns.subarray(BY_CATEGORY, BY_CATEGORY + CATEGORIES.length));
}

/** What both ends of each input take. An end that could not be replayed (null) is taken as it is. */
export function structureEffects(
  systems: readonly UncertainSystem[],
  { moved }: StructureInputs,
  measured: (system: System) => Measured | null,
): StructureEffects {
  const now = systems.map(measure);
  const inputs = moved.map(
    ({ range, ends }): StructureEffect => ({
      range,
      ends: ends.map(
        (end, i) => end && { low: measured(end.low) ?? now[i]!, high: measured(end.high) ?? now[i]! },
      ),
    }),
  );
  return { now, inputs };
}

/** An input that is structure as a system has it: `vmtax run --set path=low` gives the low end of its bar. */
export interface MovedInput {
  readonly path: string;
  readonly now: number;
  readonly low: number;
  readonly high: number;
  /** Whether neither end changes any category of the system's time. */
  readonly inert: boolean;
}

/** The inputs that each system has, and what they were moved to. */
export const movedInputs = (
  systems: readonly UncertainSystem[],
  { moved }: StructureInputs,
  { now, inputs }: StructureEffects,
): MovedInput[][] =>
  systems.map((_, i) =>
    moved.flatMap(({ range: { path }, ends }, at): MovedInput[] => {
      const end: Ends | null = ends[i]!;
      const effect = inputs[at]!.ends[i];
      if (end === null || !effect) return [];
      const same = (measured: Measured): boolean => measured.every((ps, m) => ps === now[i]![m]);
      return [{ path, ...end.values, inert: same(effect.low) && same(effect.high) }];
    }),
  );

/**
 * Moves the inputs in all samples, too: each uniform within its range, half of the samples on either side of what it is, by
 * a stream of its own as prices have. It multiplies each category of a sample by the factor that it changes that category
 * by at the prices as they are, a straight line between those at the ends and 1; a category that is nothing without it gets what
 * it adds. So inputs act as one price's change does on the others: counts are not taken to depend on prices, nor
 * one input's factor on another's.
 */
export function moveStructure(
  columns: SampleColumns,
  samples: number,
  { now, inputs }: StructureEffects,
  seed: number,
): void {
  const shares = new Float64Array(samples);
  const changed = new Set<number>();
  // Sums are made of whole picoseconds at the end, so that parts are the total's.
  for (const { range, ends } of inputs) {
    if (ends.every((end) => end === null)) continue;
    const stream = randomState(seed, ...Array.from(range.path, (c) => c.charCodeAt(0)));
    for (let i = 0; i < samples; i++) shares[i] = fraction(stream);
    for (const [system, end] of ends.entries()) {
      if (end === null) continue;
      for (let measure = 1; measure < MEASURES; measure++) {
        const is = now[system]![measure]!;
        const [low, high] = [end.low[measure]! - is, end.high[measure]! - is];
        if (low === 0 && high === 0) continue;
        changed.add(system);
        const first = (system * MEASURES + measure) * samples;
        bend(columns.subarray(first, first + samples), shares, is, low, high);
      }
    }
  }
  for (const system of changed) sumUp(columns, samples, system);
}

/** Multiplies by 1 at a share of one half, by (is + low) ÷ is at 0 and (is + high) ÷ is at 1; where `is` is 0, adds. */
function bend(column: Float64Array, shares: Float64Array, is: number, low: number, high: number): void {
  for (let i = 0; i < column.length; i++) {
    const off = 2 * shares[i]! - 1;
    const more = off < 0 ? -off * low : off * high;
    column[i] = is === 0 ? column[i]! + more : column[i]! * (1 + more / is);
  }
}

/** Rounds the categories of a system and adds them up. */
function sumUp(columns: SampleColumns, samples: number, system: number): void {
  const total = columns.subarray(system * MEASURES * samples, (system * MEASURES + 1) * samples);
  total.fill(0);
  for (let measure = 1; measure < MEASURES; measure++) {
    const first = (system * MEASURES + measure) * samples;
    for (let i = 0; i < samples; i++) {
      const ps = Math.round(columns[first + i]!);
      columns[first + i] = ps;
      total[i]! += ps;
    }
  }
}
