import type { FoundBreakEven } from '../../sweep/crossings.ts';
import type { Leaf } from '../../sweep/types.ts';
import { cleanText } from '../words.ts';
import type { Heat } from './heat.ts';
import type { Line, LinePoint, Panel } from './lines.ts';
import { MOST_SYSTEMS } from './marks.ts';
import {
  cellIndex,
  changeIn,
  chosenIndex,
  comparedSystems,
  type DrawnAxis,
  drawnAxis,
  type SweepView,
  stepped,
  thinned,
  valuesOf,
} from './view.ts';
import { leafText, placeText } from './words.ts';

/** What is drawn of a sweep, whatever its size: a choice of panels, lines and cells, and what it leaves out. */

const MOST_PANELS = 9;
const MOST_POINTS = 120;
const MOST_DOTS = 400;
/** Of a map, in each direction. */
const MOST_CELLS = 24;
const MOST_MAPS = 4;

export interface Drawn<T> {
  readonly items: readonly T[];
  /** What is not drawn, as sentences; empty: nothing. */
  readonly left: string;
}

/** The axis that lines run along: that of a break-even, else numbers before other values, and many before few. */
export function mainAxis(view: SweepView, trace: number): DrawnAxis {
  const { axes } = view.layout;
  const asked = view.analysis.breakEven.map(({ path }) => path);
  const rank = (at: number): number => {
    const { path, values } = axes[at]!;
    const numeric = values.every((value) => typeof value === 'number');
    return (asked.includes(path) ? 2e9 : 0) + (numeric && values.length > 2 ? 1e9 : 0) + values.length;
  };
  const best = [...axes.keys()].reduce((a, b) => (rank(b) > rank(a) ? b : a));
  return drawnAxis(view, trace, best);
}

export function linePanels(view: SweepView, trace: number): Drawn<Panel> {
  const { design } = view.layout.plan;
  const systems = comparedSystems(view, trace);
  const shown = systems.slice(0, MOST_SYSTEMS - 1);
  const left =
    shown.length < systems.length ? `${systems.length - shown.length} more systems are not drawn.` : '';
  const drawn =
    design.kind === 'factorial'
      ? factorialPanels(view, trace, shown)
      : { items: axisPanels(view, trace, shown, design.kind === 'one-at-a-time'), left: '' };
  return { items: drawn.items, left: [left, drawn.left].filter((text) => text !== '').join(' ') };
}

function factorialPanels(view: SweepView, trace: number, systems: readonly number[]): Drawn<Panel> {
  const { layout } = view;
  const main = mainAxis(view, trace);
  const others = layout.axes.flatMap((_, at) => (at === main.at ? [] : [drawnAxis(view, trace, at)]));
  const count = others.reduce((product, { order }) => product * order.length, 1);
  // Too many combinations: the largest of the other axes moves, the rest stays as it is.
  const moving = others.reduce<DrawnAxis | null>(
    (best, axis) => (best === null || axis.order.length > best.order.length ? axis : best),
    null,
  );
  const choices = others.map((axis): readonly number[] => {
    if (count <= MOST_PANELS) return axis.order;
    return axis === moving ? thinned(axis.order, 6) : [chosenIndex(axis)];
  });
  const combinations = choices.reduce<number[][]>(
    (all, list) => all.flatMap((one) => list.map((index) => [...one, index])),
    [[]],
  );
  const moved = new Set(others.flatMap(({ path }, i) => (choices[i]!.length > 1 ? [path] : [])));
  const kept = others.flatMap(({ path, values }, i) =>
    moved.has(path) ? [] : [[path, values[choices[i]![0]!]!] as const],
  );
  const points = thinned(main.order, MOST_POINTS);
  const cellOf = cellIndex(view);
  const change = changeIn(view, trace);
  const items = combinations.map((combination): Panel => {
    const index = layout.axes.map(() => 0);
    for (const [i, { at }] of others.entries()) index[at] = combination[i]!;
    const values = Object.fromEntries(
      others.map(({ path, values: all }, i) => [path, all[combination[i]!]!]),
    );
    const lines = systems.map((system): Line => {
      const made = points.flatMap((value): LinePoint[] => {
        index[main.at] = value;
        const cell = cellOf(index);
        const found = change(system, cell);
        return Number.isFinite(found) ? [{ index: value, change: found }] : [];
      });
      return { system, name: layout.traces[trace]!.systems[system]!.name, points: made };
    });
    return {
      name: placeText(Object.fromEntries(Object.entries(values).filter(([path]) => moved.has(path)))),
      axis: { ...main, order: points },
      lines,
      joined: true,
      dots: points.length * systems.length * combinations.length <= MOST_DOTS,
      crossings: view.analysis.breakEven
        .filter((found) => isOf(found, view, trace, main.path, values))
        .flatMap(({ crossings }) => crossings.flatMap(({ at }) => (at === null ? [] : [at]))),
    };
  });
  const left = [
    count > combinations.length
      ? `${combinations.length} of ${count.toLocaleString('en')} combinations of the other axes are drawn${kept.length === 0 ? '' : `, all with ${placeText(Object.fromEntries(kept))}`}.`
      : '',
    points.length < main.order.length
      ? `${points.length} of ${main.order.length.toLocaleString('en')} values are drawn.`
      : '',
  ];
  return { items, left: left.filter((text) => text !== '').join(' ') };
}

function isOf(
  found: FoundBreakEven,
  { layout }: SweepView,
  trace: number,
  path: string,
  values: Readonly<Record<string, Leaf>>,
): boolean {
  return (
    found.trace === layout.traces[trace]!.name &&
    found.path === path &&
    Object.entries(found.others).every(([key, value]) => values[key] === value)
  );
}

/** A panel for each axis: the cells in which it alone is moved, or (of a hypercube) all, as dots. */
function axisPanels(view: SweepView, trace: number, systems: readonly number[], alone: boolean): Panel[] {
  const { axes, cells, traces } = view.layout;
  const change = changeIn(view, trace);
  const panels = Math.min(axes.length, MOST_PANELS);
  return axes.slice(0, MOST_PANELS).map(({ path }, at): Panel => {
    const axis = drawnAxis(view, trace, at);
    const own: number[] = [];
    for (let cell = 0; cell < cells.count; cell++)
      if (cells.index[cell * axes.length + at]! >= 0) own.push(cell);
    const most = alone ? MOST_POINTS : Math.floor(MOST_DOTS / (panels * systems.length));
    const shown = thinned(own, most);
    const indexOf = (cell: number): number => cells.index[cell * axes.length + at]!;
    const used = new Set(shown.map(indexOf));
    const order = axis.order.filter((index) => used.has(index));
    const place = new Map(order.map((index, i) => [index, i]));
    const lines = systems.map((system): Line => {
      const points = shown
        .map((cell): LinePoint => ({ index: indexOf(cell), change: change(system, cell) }))
        .filter((point) => Number.isFinite(point.change))
        .sort((a, b) => place.get(a.index)! - place.get(b.index)!);
      return { system, name: traces[trace]!.systems[system]!.name, points };
    });
    return {
      name: cleanText(path),
      axis: { ...axis, order },
      lines,
      joined: alone,
      dots: !alone || shown.length * systems.length * panels <= MOST_DOTS,
      crossings: [],
    };
  });
}

/** Where steps end before the axis does. */
function endText({ path, order, values }: DrawnAxis, drawn: readonly number[]): string {
  const [shown, last] = [drawn.at(-1)!, order.at(-1)!];
  return shown === last
    ? ''
    : `; ${cleanText(path)} up to ${leafText(values[shown]!, path)} of ${leafText(values[last]!, path)}`;
}

/** Maps over the two largest axes, one for each compared system, the other axes as they are. */
export function heatMaps(view: SweepView, trace: number): Drawn<Heat> {
  const { layout } = view;
  const several = layout.axes.flatMap(({ values }, at) => (values.length > 1 ? [at] : []));
  if (layout.plan.design.kind !== 'factorial' || several.length < 2) return { items: [], left: '' };
  const main = mainAxis(view, trace);
  const [second] = several
    .filter((at) => at !== main.at)
    .sort((a, b) => layout.axes[b]!.values.length - layout.axes[a]!.values.length || a - b);
  const down = drawnAxis(view, trace, second!);
  const columns = stepped(main.order, MOST_CELLS);
  const rows = stepped(down.order, MOST_CELLS);
  const index = layout.axes.map((_, at) => chosenIndex(drawnAxis(view, trace, at)));
  const rest = layout.axes.flatMap(({ path, values }, at) =>
    at === main.at || at === second ? [] : [[path, values[index[at]!]!] as const],
  );
  const cellOf = cellIndex(view);
  const change = changeIn(view, trace);
  const systems = comparedSystems(view, trace);
  const items = systems.slice(0, MOST_MAPS).map((system): Heat => {
    const grid = rows.map((row) =>
      columns.map((column) => {
        const place = [...index];
        place[main.at] = column;
        place[second!] = row;
        const cell = cellOf(place);
        return change(system, cell);
      }),
    );
    return {
      name: cleanText(layout.traces[trace]!.systems[system]!.name),
      across: main,
      down,
      columns,
      rows,
      change: (column, row) => grid[row]![column]!,
    };
  });
  const thin = columns.length < main.order.length || rows.length < down.order.length;
  const left = [
    thin
      ? `${columns.length} × ${rows.length} of ${main.order.length.toLocaleString('en')} × ${down.order.length.toLocaleString('en')} cells are drawn, at even steps${endText(main, columns)}${endText(down, rows)}.`
      : '',
    rest.length > 0 ? `The rest stays at ${placeText(Object.fromEntries(rest))}.` : '',
    systems.length > MOST_MAPS ? `${systems.length - MOST_MAPS} more systems are not drawn.` : '',
  ];
  return { items, left: left.filter((text) => text !== '').join(' ') };
}

/** Cells in which every axis has what the systems have themselves. */
export function chosenCells(view: SweepView, trace: number): number[] {
  const { axes, cells } = view.layout;
  // What an axis that is left alone has is what the systems have.
  const own = axes.map((_, at) => {
    const axis = drawnAxis(view, trace, at);
    return axis.own === undefined ? -1 : axis.values.indexOf(axis.own);
  });
  const found: number[] = [];
  for (let cell = 0; cell < cells.count; cell++) {
    const index = cells.index.subarray(cell * axes.length, (cell + 1) * axes.length);
    if (index.every((value, at) => value < 0 || value === own[at])) found.push(cell);
  }
  return found;
}

export const titleOf = (view: SweepView, trace: number, system: number, cell: number): string =>
  `${cleanText(view.layout.traces[trace]!.systems[system]!.name)}, ${placeText(valuesOf(view, cell))}`;
