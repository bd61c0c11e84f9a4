import type { Breakdown, Cause, Part } from './pricing/breakdown.ts';

/** Which note of a run weighs most: what is missing from the model first, then what touches most of what is compared. */

/** What was assumed, or cannot be shown, and what part of the time rests on it. */
export interface Note {
  /** One sentence. */
  readonly text: string;
  /** Whether something is not modelled at all, so that nobody knows how large it is. */
  readonly missing?: boolean;
  /** The parts of a breakdown that would be others; without: none, the note says how to read the result. */
  readonly touches?: (part: Part) => boolean;
}

/** The weightiest note of a run beside its baseline. */
export interface Caveat {
  readonly note: string;
  /** Whether something is not modelled at all. */
  readonly missing: boolean;
  /**
   * How far what the note touches differs between the run and its baseline, in percent of the baseline's total; of a
   * baseline itself, how much of its own total that is.
   */
  readonly percent: number;
}

/** Touches the parts of these causes. */
export const causes =
  (...names: readonly Cause[]) =>
  ({ cause }: Part): boolean =>
    names.includes(cause);

/** Touches all waiting for memory. */
export const stalls = ({ cause }: Part): boolean => cause.startsWith('stall_') || cause === 'queueing';

/** Touches what CPUs do to each other's lines. */
export const coherence = causes(
  'stall_dirty_instruction',
  'stall_dirty_data',
  'stall_neighbour_instruction',
  'stall_neighbour_data',
  'stall_upgrade',
);

/** What is compared, or stands alone: a breakdown with its notes. */
export interface Noted {
  readonly breakdown: Breakdown;
  readonly notes: readonly Note[];
}

/** The weightiest note of a run and its baseline (null: the run is the baseline); null: there is no note. */
export function caveatOf(run: Noted, baseline: Noted | null): Caveat | null {
  const texts = new Set<string>();
  const all = [...run.notes, ...(baseline?.notes ?? [])].filter(
    ({ text }) => !texts.has(text) && texts.add(text),
  );
  const total = (baseline ?? run).breakdown.total_ps;
  const touched = ({ breakdown }: Noted, touches: (part: Part) => boolean): number =>
    breakdown.parts.reduce((sum, part) => sum + (touches(part) ? part.ps : 0), 0);
  return weightiest(
    all.map(({ text, missing = false, touches }): Caveat => {
      const ps =
        touches === undefined
          ? 0
          : touched(run, touches) - (baseline === null ? 0 : touched(baseline, touches));
      return { note: text, missing, percent: total === 0 ? 0 : (100 * Math.abs(ps)) / total };
    }),
  );
}

/** The weightiest of several; of equal ones the first. Null: there is none. */
export const weightiest = (all: readonly Caveat[]): Caveat | null =>
  all.reduce<Caveat | null>((most, one) => (most === null || outweighs(one, most) ? one : most), null);

const outweighs = (a: Caveat, b: Caveat): boolean =>
  a.missing === b.missing ? a.percent > b.percent : a.missing;
