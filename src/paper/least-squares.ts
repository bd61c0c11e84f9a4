/**
 * Bounded least squares for functions that are dear to evaluate and have no derivatives: a damped Gauss–Newton method
 * (Levenberg 1944, Marquardt 1963) whose Jacobian comes from forward differences and is then kept current by rank-one
 * updates (Broyden 1965). Deterministic: the same function and start give the same result.
 */

export interface Problem {
  /** Where each variable begins, and the bounds that it stays within. */
  readonly start: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Residuals, each in units of its tolerance; some not finite: the function is not defined there. */
  readonly residuals: (x: readonly number[]) => Promise<readonly number[]>;
  /** Told after each accepted step. */
  readonly report?: (step: Step) => void;
}

export interface Step {
  readonly evaluations: number;
  readonly x: readonly number[];
  readonly residuals: readonly number[];
  /** Sum of squares. */
  readonly objective: number;
}

export interface LeastSquaresOptions {
  /** Evaluations after the first Jacobian, at most; default: 30 and two for each variable. */
  readonly most?: number;
  /** Step of the forward differences, as a fraction of each variable's range. */
  readonly difference?: number;
  /** It ends when a step is predicted to lower the objective by less than this fraction and this much. */
  readonly enough?: number;
}

const sumOfSquares = (r: readonly number[]): number => r.reduce((sum, v) => sum + v * v, 0);

const isDefined = (r: readonly number[]): boolean => r.every(Number.isFinite);

/** Where damping begins, and what a good or a bad step does to it. */
const DAMPING = { first: 1e-3, less: 0.2, more: 6, most: 1e8 };

/** Minimises the sum of squares of the residuals within the bounds. */
export async function leastSquares(problem: Problem, options: LeastSquaresOptions = {}): Promise<Step> {
  const { most = 30 + 2 * problem.start.length, difference = 0.01, enough = 1e-4 } = options;
  const { low, high, residuals, report } = problem;
  const span = low.map((value, i) => high[i]! - value);
  let evaluations = 0;
  const evaluate = async (x: readonly number[]): Promise<readonly number[]> => {
    evaluations++;
    return residuals(x);
  };
  let x = problem.start.map((value, i) => Math.min(high[i]!, Math.max(low[i]!, value)));
  let r = await evaluate(x);
  let objective = sumOfSquares(r);
  const state = (): Step => ({ evaluations, x, residuals: r, objective });
  report?.(state());

  /** By variable, in units of its range. */
  const jacobian = async (): Promise<number[][]> => {
    const columns: number[][] = [];
    for (const [i, value] of x.entries()) {
      if (span[i] === 0) {
        columns.push(r.map(() => 0));
        continue;
      }
      // Away from the nearer bound, so that the other point is within.
      const h = (value - low[i]! > high[i]! - value ? -1 : 1) * difference;
      const beside = async (step: number) => ({
        step,
        moved: await evaluate(x.map((other, k) => (k === i ? other + step * span[i]! : other))),
      });
      let { step, moved } = await beside(h);
      if (!isDefined(moved)) ({ step, moved } = await beside(-h));
      columns.push(moved.map((after, k) => (isDefined(moved) ? (after - r[k]!) / step : 0)));
    }
    return columns;
  };

  let columns = await jacobian();
  let fresh = true;
  let rejected = false;
  let differencedAt = x;
  let damping = DAMPING.first;
  const end = evaluations + most;
  while (evaluations < end && objective > 0) {
    const step = boundedStep(columns, r, x, low, span, damping);
    const moved = step.map((part, i) => Math.min(high[i]!, Math.max(low[i]!, x[i]! + part * span[i]!)));
    const predicted = sumOfSquares(r.map((value, k) => value + dot(columns, step, k)));
    if (objective - predicted < enough * Math.max(1, objective)) {
      if (fresh) break;
      // An old Jacobian may be the reason why nothing more is expected.
      columns = await jacobian();
      differencedAt = x;
      fresh = true;
      continue;
    }
    const after = await evaluate(moved);
    const change = sumOfSquares(step);
    if (!isDefined(after)) {
      damping *= DAMPING.more;
      if (damping > DAMPING.most) break;
      continue;
    }
    columns = columns.map((column, i) =>
      column.map((value, k) => value + ((after[k]! - r[k]! - dot(columns, step, k)) * step[i]!) / change),
    );
    if (sumOfSquares(after) < objective) {
      x = moved;
      r = after;
      objective = sumOfSquares(after);
      damping *= DAMPING.less;
      fresh = false;
      rejected = false;
      report?.(state());
    } else {
      damping *= DAMPING.more;
      if (damping > DAMPING.most) break;
      fresh = false;
      if (rejected && x !== differencedAt) {
        // Twice in a row, and the Jacobian is of somewhere else.
        columns = await jacobian();
        differencedAt = x;
        fresh = true;
      }
      rejected = true;
    }
  }
  return state();
}

const dot = (columns: readonly (readonly number[])[], step: readonly number[], k: number): number =>
  columns.reduce((sum, column, i) => sum + column[k]! * step[i]!, 0);

/**
 * The damped step in units of the ranges. A variable whose step would leave its bounds goes to the bound, and the others
 * are solved for again with it there.
 */
function boundedStep(
  columns: readonly (readonly number[])[],
  r: readonly number[],
  x: readonly number[],
  low: readonly number[],
  span: readonly number[],
  damping: number,
): number[] {
  const step = x.map(() => 0);
  const free = x.map((_, i) => span[i]! > 0 && columns[i]!.some((value) => value !== 0));
  for (let round = 0; round <= x.length; round++) {
    const open = [...x.keys()].filter((i) => free[i]);
    const rest = r.map(
      (value, k) => value + step.reduce((sum, s, i) => sum + (free[i] ? 0 : s * columns[i]![k]!), 0),
    );
    const matrix = open.map((i) => open.map((j) => inner(columns[i]!, columns[j]!)));
    for (const [a, row] of matrix.entries()) row[a]! += damping * Math.max(row[a]!, 1e-12);
    const solution = solve(
      matrix,
      open.map((i) => -inner(columns[i]!, rest)),
    );
    let left = false;
    for (const [a, i] of open.entries()) {
      const at = (x[i]! - low[i]!) / span[i]!;
      const bounded = Math.min(1 - at, Math.max(-at, solution[a]!));
      step[i] = bounded;
      if (bounded !== solution[a]!) {
        free[i] = false;
        left = true;
      }
    }
    if (!left) break;
  }
  return step;
}

const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, k) => sum + value * b[k]!, 0);

/** Gaussian elimination with partial pivoting; a column without a pivot gives 0. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  for (let i = 0; i < size; i++) {
    let pivot = i;
    for (let k = i + 1; k < size; k++) if (Math.abs(rows[k]![i]!) > Math.abs(rows[pivot]![i]!)) pivot = k;
    [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
    if (rows[i]![i] === 0) continue;
    for (let k = i + 1; k < size; k++) {
      const factor = rows[k]![i]! / rows[i]![i]!;
      if (factor !== 0) for (let j = i; j <= size; j++) rows[k]![j]! -= factor * rows[i]![j]!;
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    let value = rows[i]![size]!;
    for (let k = i + 1; k < size; k++) value -= rows[i]![k]! * solution[k]!;
    solution[i] = rows[i]![i] === 0 ? 0 : value / rows[i]![i]!;
  }
  return solution;
}
