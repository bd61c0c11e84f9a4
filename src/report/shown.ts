import { type PriceBand, paceOf, type RunFacts } from './facts.ts';
import { percent, percentOf, signed } from './numbers.ts';
import { bandText, isWithinChance, pairedBand } from './spread.ts';

/**
 * Whether a difference may be claimed. It may not where the range that is printed beside it has zero in it: that of
 * prices which nobody has measured, or that of the seeds of what is random.
 */

const change = (value: number): string => signed(value, percent(value));

/** Percent by which an end of a band may be off by the rounding of its terms: at zero itself nothing is claimed. */
const ROUNDING = 1e-9;

/** Whether a difference in percent has zero within its band, or at its end. */
export const isWithin = (size: number, { below, above }: PriceBand): boolean =>
  size + below <= ROUNDING && size + above >= -ROUNDING;

/**
 * What leaves a difference open, with its figures: `+0.6 %, and −0.7 % to +1.9 % if …`. Null where nothing does, where
 * there is none, and where times from start to end are compared, of which no range is known.
 */
export function openText(run: RunFacts, baseline: RunFacts): string | null {
  const pace = paceOf(run, baseline);
  const size = percentOf(pace.time - pace.base, pace.base);
  if (pace.elapsed || size === null || size === 0) return null;
  const said: string[] = [];
  if (run.band !== null && isWithin(size, run.band)) {
    const { below, above, when } = run.band;
    said.push(`and ${change(size + below)} to ${change(size + above)} ${when}`);
  }
  const seeds = pairedBand(baseline.run, run.run);
  if (seeds !== null && isWithinChance(seeds)) said.push(bandText(seeds));
  return said.length === 0 ? null : `${change(size)}, ${said.join('; ')}`;
}

/** Whether a run's difference to the baseline is open. */
export const isOpen = (run: RunFacts, baseline: RunFacts): boolean => openText(run, baseline) !== null;
