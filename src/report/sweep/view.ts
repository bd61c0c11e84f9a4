import type { Analysis } from '../../sweep/analysis.ts';
import type { CountedOffer } from '../../sweep/kept.ts';
import type { Layout } from '../../sweep/laid.ts';
import { concerns, leafOf } from '../../sweep/leaves.ts';
import type { ByCell } from '../../sweep/totals.ts';
import { unitOf } from '../../sweep/typed.ts';
import type { Leaf } from '../../sweep/types.ts';
import { cleanText } from '../words.ts';
import { firstCell, leafFigure } from './words.ts';

/** A sweep as its page sees it: everything that is drawn is chosen, and thinned out, from this. */
export interface SweepView {
  readonly layout: Layout;
  /** Total time in picoseconds. */
  readonly totals: ByCell;
  /** The two outputs of a Pareto front, by cell; null: not asked for. */
  readonly pareto: {
    readonly keys: readonly [string, string];
    readonly values: readonly [ByCell, ByCell];
  } | null;
  readonly analysis: Analysis;
  /** By trace, the first few: structures that can be priced anew in the page; null: none was kept. */
  readonly offers: readonly (CountedOffer | null)[];
  /** Rows without a result. */
  readonly failed: number;
}

/** One axis on paper: values by index, in an order in which they can be drawn. */
export interface DrawnAxis {
  /** Index into the layout’s axes. */
  readonly at: number;
  readonly path: string;
  readonly unit: string;
  /** `path, unit`. */
  readonly name: string;
  readonly numeric: boolean;
  /** Whether equal factors are equally far apart. */
  readonly geometric: boolean;
  /** Indexes of the values that are drawn, numbers in ascending order. */
  readonly order: readonly number[];
  readonly values: readonly Leaf[];
  readonly labels: readonly string[];
  /** What the systems have themselves, where they agree; undefined: none, or not on this axis. */
  readonly own: Leaf | undefined;
}

export function drawnAxis({ layout }: SweepView, trace: number, at: number): DrawnAxis {
  const { path, values, place } = layout.axes[at]!;
  const unit = unitOf(path);
  const numeric = values.every((value) => typeof value === 'number');
  const order = [...values.keys()];
  const number = (index: number): number => values[index] as number;
  if (numeric) order.sort((a, b) => number(a) - number(b));
  const own = layout.traces[trace]!.systems.filter((system) => concerns(place, system)).map((system) =>
    leafOf(system, place.keys),
  );
  return {
    at,
    path,
    unit,
    name: `${cleanText(path)}${unit === '' ? '' : `, ${unit}`}`,
    numeric,
    geometric: numeric && isGeometric(order.map(number)),
    order,
    values,
    labels: values.map((value) => leafFigure(value, unit)),
    own: own.every((value) => value === own[0]) ? own[0] : undefined,
  };
}

/** Whether ascending numbers are told apart better by their ratios than by their differences. */
function isGeometric(numbers: readonly number[]): boolean {
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  if (!(first > 0) || last / first < 8 || numbers.length < 3) return false;
  const spread = (gaps: readonly number[]): number => largestOf(gaps) / -largestOf(gaps.map((gap) => -gap));
  const pairs = numbers.slice(1).map((value, i) => [numbers[i]!, value] as const);
  return spread(pairs.map(([a, b]) => Math.log(b / a))) < spread(pairs.map(([a, b]) => b - a));
}

/** At most `most` of a list, evenly apart, both ends always. */
export function thinned<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!);
}

/**
 * At most `most` of a list at one step, so that what is between neighbours is the same everywhere: both ends where a step
 * meets them and leaves half of `most`, else the first one and what follows.
 */
export function stepped<T>(list: readonly T[], most: number): T[] {
  const least = Math.ceil(list.length / most);
  const steps = Array.from({ length: least }, (_, i) => least + i);
  const step =
    steps.find(
      (one) => (list.length - 1) % one === 0 && Math.ceil(list.length / one) >= Math.floor(most / 2),
    ) ?? least;
  return list.filter((_, i) => i % step === 0);
}

/** Percent by which a system’s total differs from the baseline’s in the same cell (alone: from the first cell’s). */
export function changeIn(
  { layout, totals }: SweepView,
  trace: number,
): (system: number, cell: number) => number {
  const mine = totals[trace]!;
  const alone = layout.traces[trace]!.systems.length === 1;
  const first = mine[0]!.find((ps) => !Number.isNaN(ps)) ?? Number.NaN;
  return (system, cell) => 100 * (mine[system]![cell]! / (alone ? first : mine[0]![cell]!) - 1);
}

/** The systems that differ from what they are compared with: all but the baseline, or the only one. */
export function comparedSystems({ layout }: SweepView, trace: number): number[] {
  const { length } = layout.traces[trace]!.systems;
  return length === 1 ? [0] : Array.from({ length: length - 1 }, (_, i) => i + 1);
}

/** What changes are against. */
export function against({ layout, totals }: SweepView, trace: number): string {
  const { systems } = layout.traces[trace]!;
  return systems.length === 1 ? firstCell(totals[trace]![0]!) : cleanText(systems[0]!.name);
}

/** The cell of a factorial design with so many on each axis: the last one counts fastest. */
export function cellIndex({ layout }: SweepView): (index: readonly number[]) => number {
  const sizes = layout.axes.map(({ values }) => values.length);
  return (index) => index.reduce((cell, value, axis) => cell * sizes[axis]! + value, 0);
}

/** The largest number of a list of any length; −Infinity: it is empty. */
export const largestOf = (list: readonly number[]): number =>
  list.reduce((a, b) => Math.max(a, b), -Infinity);

/** How many structures have results: of a sweep that is not finished, fewer than were planned. */
export function structuresWithResults({ layout, totals }: SweepView): number {
  const found = layout.units.filter(({ group, cells }) => {
    const mine = totals[group.trace]![group.base]!;
    return cells.some((cell) => !Number.isNaN(mine[cell]!));
  });
  return new Set(found.map(({ group }) => group.structure)).size;
}

/** Values of a cell by path. */
export function valuesOf({ layout }: SweepView, cell: number): Record<string, Leaf> {
  const { axes, cells } = layout;
  const entries = axes.flatMap(({ path, values }, at) => {
    const index = cells.index[cell * axes.length + at]!;
    return index < 0 ? [] : [[path, values[index]!] as const];
  });
  return Object.fromEntries(entries);
}

/** Index on an axis nearest to what the systems have themselves: the configuration that a picture of other axes keeps. */
export function chosenIndex({ own, values, order, numeric }: DrawnAxis): number {
  const same = values.indexOf(own as Leaf);
  if (same >= 0) return same;
  if (!numeric || typeof own !== 'number') return order[0]!;
  const far = (index: number): number => Math.abs((values[index] as number) - own);
  return order.reduce((best, index) => (far(index) < far(best) ? index : best));
}
