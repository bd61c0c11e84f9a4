/**
 * Inputs that each move mainly one number of their own: all are corrected at once, each by what its own number is off
 * and by its elasticity, the relative change of the number with a relative change of the input. No derivatives are
 * evaluated, and numbers that change by chance with anything that changes the run do not mislead it.
 */

export interface OneByOneProblem {
  readonly start: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly elasticity: readonly number[];
  /** What the own number of each input is to be. */
  readonly targets: readonly number[];
  /** The own numbers at `x`. */
  readonly numbers: (x: readonly number[]) => Promise<readonly number[]>;
  /** Error of a number that counts as 1. */
  readonly tolerances: readonly number[];
  /** Told after each round. */
  readonly report?: (round: number, objective: number) => void;
}

/** Rounds; each makes a part of the correction, at most by a factor. The part is halved when a correction went too far. */
const ROUNDS = 16;
const PART = 0.8;
const MOST = 1.7;
/** Enough: errors of a fifth of a tolerance, on average. */
const ENOUGH = 0.04;

/** The best of the points visited, by the sum of squares of errors in tolerances. Deterministic. */
export async function oneByOne(problem: OneByOneProblem): Promise<readonly number[]> {
  const { low, high, elasticity, targets, tolerances, numbers, report } = problem;
  const within = (x: readonly number[]): number[] =>
    x.map((value, i) => Math.min(high[i]!, Math.max(low[i]!, value)));
  let x = within(problem.start);
  let best = x;
  let least = Number.POSITIVE_INFINITY;
  const parts = x.map(() => PART);
  let before: readonly number[] | null = null;
  for (let round = 1; round <= ROUNDS; round++) {
    const found = await numbers(x);
    const objective = found.reduce((sum, value, i) => sum + ((value - targets[i]!) / tolerances[i]!) ** 2, 0);
    report?.(round, objective);
    if (objective < least) {
      least = objective;
      best = x;
    }
    if (objective <= ENOUGH * x.length) break;
    for (const [i, target] of targets.entries())
      if (before !== null && (found[i]! - target) * (before[i]! - target) < 0) parts[i]! /= 2;
    before = found;
    x = within(
      x.map((value, i) => {
        const factor = (targets[i]! / Math.max(found[i]!, 1e-9)) ** (parts[i]! / elasticity[i]!);
        return value * Math.min(MOST, Math.max(1 / MOST, factor));
      }),
    );
  }
  return best;
}
