import { max, mean, min } from 'simple-statistics';
import type { SystemRun } from '../model/result.ts';
import { percent } from './numbers.ts';

/**
 * The difference of a run to the baseline over the seeds of random TLB replacement, in percent of the
 * baseline's total. Seeds are paired: a difference is taken under the same seed and only then compared, so
 * what both systems share cancels out.
 */
export interface Band {
  readonly seeds: number;
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

/** Null where neither run was repeated, or the baseline takes no time. */
export function pairedBand(baseline: SystemRun, run: SystemRun): Band | null {
  const seeds = Math.max(baseline.seeds.length, run.seeds.length);
  if (seeds < 2) return null;
  const differences: number[] = [];
  for (let i = 0; i < seeds; i++) {
    // A system in which nothing is random has one total, which stands for every seed.
    const before = (baseline.seeds[i] ?? baseline.seeds[0])?.total_ps ?? 0;
    const after = (run.seeds[i] ?? run.seeds[0])?.total_ps ?? 0;
    if (before === 0) return null;
    differences.push((100 * (after - before)) / before);
  }
  return { seeds, low: min(differences), mean: mean(differences), high: max(differences) };
}

/** Whether chance alone could be the difference: some seed shows it, another its opposite or none. */
export const isWithinChance = (band: Band): boolean => band.low <= 0 && band.high >= 0;

const signed = (value: number): string =>
  value === 0 ? percent(0) : `${value < 0 ? '−' : '+'}${percent(Math.abs(value))}`;

/**
 * The band as the end of a sentence, e.g. `over 3 seeds of the random TLB replacement: +68.1 % to +68.4 %`;
 * a band too narrow for two figures is said in words.
 */
export function bandText(band: Band): string {
  const seeds = `over ${band.seeds} seeds of the random TLB replacement`;
  if (band.low === band.high) return `${seeds}: the same each time`;
  const [low, high] = [signed(band.low), signed(band.high)];
  if (low === high || band.high - band.low < 0.1)
    return `${seeds}: chance moves it by less than 0.1 percentage points`;
  return `${seeds}: ${low} to ${high}`;
}
