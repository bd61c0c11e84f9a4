import { InputError } from '../trace/errors.ts';

/**
 * Where two systems cost the same: the zeros of a difference over one varied value. The range is scanned at equal steps;
 * each change of sign is narrowed by bisection, with the difference known on both sides; each dip towards zero without a
 * change of sign is followed to its bottom. What the scan can miss: two crossings between neighbouring points of which
 * neither is a dip of the scanned points (`spacing` says how far these are apart).
 */

/** A value, and the difference there. */
export interface Evaluated {
  readonly at: number;
  readonly difference: number;
}

/** The order of the two systems changes: from that before to that after, which have opposite signs. */
export interface Crossing {
  /** In between: where the difference is 0, or as near to that as the tolerance asks. */
  readonly at: number;
  readonly before: Evaluated;
  readonly after: Evaluated;
}

/** No difference from here to there, or at one point (`from` = `to`), and no change of order: a touch, or equal systems. */
export interface Equal {
  readonly from: number;
  readonly to: number;
}

export interface BreakEven {
  readonly crossings: readonly Crossing[];
  readonly equal: readonly Equal[];
  /** Distance of the scan's points. */
  readonly spacing: number;
  readonly evaluations: number;
}

export interface BreakEvenOptions {
  /** Points of the scan, both ends included; at least 2. */
  readonly points?: number;
  /** How far apart the sides of a crossing may be, as a share of the range. */
  readonly tolerance?: number;
}

export const SCAN_POINTS = 65;
export const TOLERANCE = 1e-9;

/** Halvings at most: more than there are numbers between any two. */
const HALVINGS = 1100;
/** Steps towards the bottom of a dip: each leaves two thirds. */
const DIP_STEPS = 60;

/**
 * All values from `low` to `high` at which `difference` is 0, to a resolution. The difference has to be finite.
 * @throws InputError for an empty range, or fewer than two points.
 */
export function breakEven(
  difference: (value: number) => number,
  low: number,
  high: number,
  { points = SCAN_POINTS, tolerance = TOLERANCE }: BreakEvenOptions = {},
): BreakEven {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new InputError(`break-even between ${low} and ${high}: give a range with a lower end first`);
  if (!(Number.isInteger(points) && points >= 2))
    throw new InputError(`break-even with ${points} points: a scan needs 2 or more`);
  let evaluations = 0;
  const evaluate = (at: number): Evaluated => {
    evaluations++;
    const found = difference(at);
    if (!Number.isFinite(found)) throw new RangeError(`the difference at ${at} is no number`);
    return { at, difference: found };
  };
  const step = (high - low) / (points - 1);
  const scan = Array.from({ length: points }, (_, i) =>
    evaluate(i === points - 1 ? high : Math.min(low + i * step, high)),
  );
  const near = tolerance * (high - low);
  const crossings: Crossing[] = [];
  const equal: Equal[] = [];
  // Runs of zeros lie between points with a difference; so do changes of sign, which have no zero in between.
  let last: Evaluated | null = null;
  let zeros: Evaluated[] = [];
  const close = (next: Evaluated | null): void => {
    const changed =
      last !== null && next !== null && Math.sign(last.difference) !== Math.sign(next.difference);
    if (changed) crossings.push(bisect(evaluate, last!, next!, near));
    else if (zeros.length > 0) equal.push({ from: zeros[0]!.at, to: zeros[zeros.length - 1]!.at });
    zeros = [];
  };
  scan.forEach((point, i) => {
    if (point.difference === 0) {
      zeros.push(point);
      return;
    }
    close(point);
    last = point;
    const [before, after] = [scan[i - 1], scan[i + 1]];
    if (before === undefined || after === undefined || !isDip(before, point, after)) return;
    const bottom = bottomOf(evaluate, before, point, after);
    const sign = Math.sign(point.difference);
    if (Math.sign(bottom.difference) === sign) return;
    if (bottom.difference === 0) {
      equal.push({ from: bottom.at, to: bottom.at });
      return;
    }
    // Both crossings of a dip, of which the scan has seen none.
    crossings.push(bisect(evaluate, bottom.at < point.at ? before : point, bottom, near));
    crossings.push(bisect(evaluate, bottom, bottom.at < point.at ? point : after, near));
  });
  close(null);
  crossings.sort((a, b) => a.at - b.at);
  equal.sort((a, b) => a.from - b.from);
  return { crossings, equal, spacing: step, evaluations };
}

/** Whether the middle one of three points of one sign is nearest to zero. */
function isDip(before: Evaluated, point: Evaluated, after: Evaluated): boolean {
  const sign = Math.sign(point.difference);
  const [left, middle, right] = [before, point, after].map(({ difference }) => difference * sign);
  return left! > middle! && right! >= middle!;
}

/** The lowest point of a dip, or the first one found at or beyond zero. */
function bottomOf(
  evaluate: (at: number) => Evaluated,
  before: Evaluated,
  point: Evaluated,
  after: Evaluated,
): Evaluated {
  const sign = Math.sign(point.difference);
  let [low, high] = [before.at, after.at];
  let best = point;
  for (let i = 0; i < DIP_STEPS && best.difference * sign > 0; i++) {
    const third = (high - low) / 3;
    const [a, b] = [evaluate(low + third), evaluate(high - third)];
    const lower = a.difference * sign <= b.difference * sign ? a : b;
    if (lower.difference * sign < best.difference * sign) best = lower;
    if (lower === a) high = b.at;
    else low = a.at;
  }
  return best;
}

/** Narrows a change of sign. Where the difference is 0 over a stretch, the middle of it is taken. */
function bisect(evaluate: (at: number) => Evaluated, from: Evaluated, to: Evaluated, near: number): Crossing {
  let [before, after] = [from, to];
  for (let i = 0; i < HALVINGS && after.at - before.at > near; i++) {
    const at = before.at + (after.at - before.at) / 2;
    if (at <= before.at || at >= after.at) break;
    const middle = evaluate(at);
    if (middle.difference === 0) {
      // The ends of the stretch of zeros, each from its own side.
      const left = edge(evaluate, before, middle, near);
      const right = edge(evaluate, after, middle, near);
      return { at: left.zero + (right.zero - left.zero) / 2, before: left.outside, after: right.outside };
    }
    if (Math.sign(middle.difference) === Math.sign(before.difference)) before = middle;
    else after = middle;
  }
  return { at: before.at + (after.at - before.at) / 2, before, after };
}

/** The end of a stretch of zeros towards a point with a difference: the last zero, and what is beyond it. */
function edge(
  evaluate: (at: number) => Evaluated,
  beyond: Evaluated,
  within: Evaluated,
  near: number,
): { readonly zero: number; readonly outside: Evaluated } {
  let zero = within.at;
  let outside = beyond;
  for (let i = 0; i < HALVINGS && Math.abs(outside.at - zero) > near; i++) {
    const at = zero + (outside.at - zero) / 2;
    if (at === zero || at === outside.at) break;
    const middle = evaluate(at);
    if (Math.sign(middle.difference) === Math.sign(beyond.difference)) outside = middle;
    else zero = at;
  }
  return { zero, outside };
}

/** A change of order between neighbours of an ordered list, by their indices. */
export interface ListCrossing {
  readonly before: number;
  readonly after: number;
}

/**
 * The same where there is nothing in between: structures in order, each replayed. A crossing lies between two entries,
 * neighbours but for entries without any difference, which are in `equal` where the order does not change around them.
 */
export function breakEvenOfList(differences: readonly number[]): {
  readonly crossings: readonly ListCrossing[];
  readonly equal: readonly ListCrossing[];
} {
  const crossings: ListCrossing[] = [];
  const equal: ListCrossing[] = [];
  let last = -1;
  const close = (next: number): void => {
    const changed =
      last >= 0 &&
      next < differences.length &&
      Math.sign(differences[last]!) !== Math.sign(differences[next]!);
    if (changed) crossings.push({ before: last, after: next });
    else if (next - last > 1) equal.push({ before: last + 1, after: next - 1 });
  };
  differences.forEach((difference, i) => {
    if (!Number.isFinite(difference)) throw new RangeError(`difference ${i} of the list is no number`);
    if (difference === 0) return;
    close(i);
    last = i;
  });
  close(differences.length);
  return { crossings, equal };
}
