import type { Layout } from '../../sweep/laid.ts';
import type { ByCell } from '../../sweep/totals.ts';
import type { Leaf } from '../../sweep/types.ts';

/** What each axis of a sweep does to its results: which ones do nothing, and which move them most. */

/** A result for each cell; NaN: none. */
export type Column = Float64Array | readonly number[];

/**
 * Cells that differ in nothing but one axis, a list for each combination of the rest (at most so many, evenly apart): of a Latin
 * hypercube there are none. Of one-at-a-time the one list begins with the systems as they are.
 */
function* linesAlong(
  { plan, axes, cells }: Layout,
  at: number,
  most = Infinity,
): Generator<readonly number[]> {
  if (plan.design.kind === 'latin-hypercube') return;
  const { count, index } = cells;
  if (plan.design.kind === 'one-at-a-time') {
    const line = [0];
    for (let cell = 0; cell < count; cell++) if (index[cell * axes.length + at]! >= 0) line.push(cell);
    yield line;
    return;
  }
  const size = axes[at]!.values.length;
  const stride = axes.slice(at + 1).reduce((product, { values }) => product * values.length, 1);
  const lines = count / size;
  const taken = Math.min(lines, most);
  for (let i = 0; i < taken; i++) {
    const line = Math.floor((i * lines) / taken);
    const first = Math.floor(line / stride) * stride * size + (line % stride);
    yield Array.from({ length: size }, (_, value) => first + value * stride);
  }
}

/** Whether an axis leaves all results as they are, as far as there are any two to compare. */
function isInert(layout: Layout, at: number, columns: readonly Column[]): boolean {
  let compared = false;
  for (const line of linesAlong(layout, at))
    for (const column of columns) {
      let last = Number.NaN;
      for (const cell of line) {
        const value = column[cell]!;
        if (Number.isNaN(value)) continue;
        if (!Number.isNaN(last)) {
          if (value !== last) return false;
          compared = true;
        }
        last = value;
      }
    }
  return compared;
}

/** Indexes of the axes that change none of these results. */
export const inertAxes = (layout: Layout, columns: readonly Column[]): number[] =>
  [...layout.axes.keys()].filter((at) => isInert(layout, at, columns));

/** Axes that change no total of a trace. */
export const inertOn = (layout: Layout, totals: ByCell, trace: number): number[] =>
  inertAxes(layout, totals[trace]!);

/** Lines along an axis that decide how far it moves results: a prime, so that no other axis keeps step with it. */
const MOST_LINES = 1999;

/**
 * How far an axis moves results: the range along it, in their unit, the mean over combinations of the rest (all, or many); the
 * largest of all columns. 0 where nothing can be compared.
 */
export function spreadAlong(layout: Layout, at: number, columns: readonly Column[]): number {
  const [sums, counts] = [columns.map(() => 0), columns.map(() => 0)];
  for (const line of linesAlong(layout, at, MOST_LINES))
    for (const [i, column] of columns.entries()) {
      let [low, high] = [Infinity, -Infinity];
      for (const cell of line) {
        const value = column[cell]!;
        if (!Number.isFinite(value)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      if (low > high) continue;
      sums[i]! += high - low;
      counts[i]!++;
    }
  return sums.reduce((most, sum, i) => Math.max(most, counts[i] === 0 ? 0 : sum / counts[i]!), 0);
}

/** What a cell has, by path, without some axes. */
export function valuesBut(
  { axes, cells }: Layout,
  without: readonly number[],
): (cell: number) => Record<string, Leaf> {
  const shown = axes.flatMap(({ path, values }, at) => (without.includes(at) ? [] : [{ path, values, at }]));
  return (cell) =>
    Object.fromEntries(
      shown.flatMap(({ path, values, at }) => {
        const index = cells.index[cell * axes.length + at]!;
        return index < 0 ? [] : [[path, values[index]!] as const];
      }),
    );
}
