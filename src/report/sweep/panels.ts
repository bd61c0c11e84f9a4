import type { FoundBreakEven } from '../../sweep/crossings.ts';
import type { Leaf } from '../../sweep/types.ts';
import { cleanText } from '../words.ts';
import { type Column, inertAxes, inertOn, spreadAlong, valuesBut } from './effects.ts';
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
} from './view.ts';
import { leafText, placePartsShort, placeText } from './words.ts';

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

/** Axes of a factorial design in the order in which they are worth drawing, those that change nothing left out. */
export function movingAxes(view: SweepView, trace: number): number[] {
  const { layout, totals } = view;
  const inert = inertOn(layout, totals, trace);
  const change = changeIn(view, trace);
  const columns = comparedSystems(view, trace).map((system) =>
    Float64Array.from({ length: layout.cells.count }, (_, cell) => change(system, cell)),
  );
  const sizeOf = (at: number): number => layout.axes[at]!.values.length;
  return [...layout.axes.keys()]
    .filter((at) => !inert.includes(at) && sizeOf(at) > 1)
    .map((at) => ({ at, spread: spreadAlong(layout, at, columns) }))
    .sort((a, b) => b.spread - a.spread || sizeOf(b.at) - sizeOf(a.at) || a.at - b.at)
    .map(({ at }) => at);
}

/** The axis that lines run along: that of a break-even, else numbers before other values, and what moves most first. */
export function mainAxis(view: SweepView, trace: number): DrawnAxis {
  const { axes } = view.layout;
  const asked = view.analysis.breakEven.map(({ path }) => path);
  const moving = movingAxes(view, trace);
  const rank = (at: number): number => {
    const { path, values } = axes[at]!;
    const numeric = values.every((value) => typeof value === 'number');
    const place = moving.indexOf(at);
    const moves = place < 0 ? 0 : axes.length - place;
    return (
      (asked.includes(path) ? 1e9 : 0) +
      (place >= 0 ? 1e6 : 0) +
      (numeric && values.length > 2 ? 1e3 : 0) +
      moves
    );
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
      : axisPanels(view, trace, shown, design.kind === 'one-at-a-time');
  return { items: drawn.items, left: [left, drawn.left].filter((text) => text !== '').join(' ') };
}

function factorialPanels(view: SweepView, trace: number, systems: readonly number[]): Drawn<Panel> {
  const { layout } = view;
  const main = mainAxis(view, trace);
  const others = layout.axes.flatMap((_, at) => (at === main.at ? [] : [drawnAxis(view, trace, at)]));
  const moving = movingAxes(view, trace).filter((at) => at !== main.at);
  const count = moving.reduce((product, at) => product * layout.axes[at]!.values.length, 1);
  // Too many combinations: of the other axes the one that moves most is drawn, the rest stays as it is.
  const choices = others.map((axis): readonly number[] => {
    if (!moving.includes(axis.at)) return [chosenIndex(axis)];
    if (count <= MOST_PANELS) return axis.order;
    return axis.at === moving[0] ? thinned(axis.order, 6) : [chosenIndex(axis)];
  });
  const combinations = choices.reduce<number[][]>(
    (all, list) => all.flatMap((one) => list.map((index) => [...one, index])),
    [[]],
  );
  const moved = new Set(others.flatMap(({ path }, i) => (choices[i]!.length > 1 ? [path] : [])));
  const kept = others.flatMap(({ at, path, values }, i) =>
    moved.has(path) || !moving.includes(at) ? [] : [[path, values[choices[i]![0]!]!] as const],
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
    const mine = Object.fromEntries(Object.entries(values).filter(([path]) => moved.has(path)));
    return {
      name: placeText(mine),
      heads: placePartsShort(mine),
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
function axisPanels(
  view: SweepView,
  trace: number,
  systems: readonly number[],
  alone: boolean,
): Drawn<Panel> {
  const { axes, cells, traces } = view.layout;
  const change = changeIn(view, trace);
  const panels = Math.min(axes.length, MOST_PANELS);
  let thin = 0;
  const items = axes.slice(0, MOST_PANELS).map(({ path }, at): Panel => {
    const axis = drawnAxis(view, trace, at);
    const own: number[] = [];
    for (let cell = 0; cell < cells.count; cell++)
      if (cells.index[cell * axes.length + at]! >= 0) own.push(cell);
    const most = alone ? MOST_POINTS : Math.floor(MOST_DOTS / (panels * systems.length));
    const shown = thinned(own, most);
    if (shown.length < own.length) thin = shown.length;
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
      heads: [cleanText(path)],
      axis: { ...axis, order },
      lines,
      joined: alone,
      dots: !alone || shown.length * systems.length * panels <= MOST_DOTS,
      crossings: [],
    };
  });
  const left = [
    thin === 0
      ? ''
      : alone
        ? `Of an axis at most ${thin} values are drawn.`
        : `${thin} of ${cells.count.toLocaleString('en')} cells are drawn in each panel.`,
    axes.length > panels ? `${axes.length - panels} more axes are not drawn.` : '',
  ];
  return { items, left: left.filter((text) => text !== '').join(' ') };
}

/** Where steps end before the axis does. */
function endText({ path, order, values }: DrawnAxis, drawn: readonly number[]): string {
  const [shown, last] = [drawn.at(-1)!, order.at(-1)!];
  return shown === last
    ? ''
    : `; ${cleanText(path)} up to ${leafText(values[shown]!, path)} of ${leafText(values[last]!, path)}`;
}

/** Maps over the two axes that move most, one for each compared system, the other axes as they are. */
export function heatMaps(view: SweepView, trace: number): Drawn<Heat> {
  const { layout } = view;
  if (layout.plan.design.kind !== 'factorial') return { items: [], left: '' };
  const main = mainAxis(view, trace);
  const moving = movingAxes(view, trace);
  const [second] = moving.filter((at) => at !== main.at);
  // With an axis that changes nothing a map is but stripes.
  if (second === undefined || !moving.includes(main.at)) return { items: [], left: '' };
  const down = drawnAxis(view, trace, second);
  const columns = stepped(main.order, MOST_CELLS);
  const rows = stepped(down.order, MOST_CELLS);
  const index = layout.axes.map((_, at) => chosenIndex(drawnAxis(view, trace, at)));
  const rest = layout.axes.flatMap(({ path, values }, at) =>
    at === main.at || !moving.includes(at) || at === second ? [] : [[path, values[index[at]!]!] as const],
  );
  const cellOf = cellIndex(view);
  const change = changeIn(view, trace);
  const systems = comparedSystems(view, trace);
  const items = systems.slice(0, MOST_MAPS).map((system): Heat => {
    const grid = rows.map((row) =>
      columns.map((column) => {
        const place = [...index];
        place[main.at] = column;
        place[second] = row;
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

/** System and values of a cell, without axes that change none of `columns` (by system, each a result for each cell) of it. */
export function titlesOf(
  view: SweepView,
  trace: number,
  columns: readonly (readonly Column[])[],
): (system: number, cell: number) => string {
  const { layout } = view;
  const names = layout.traces[trace]!.systems.map(({ name }) => cleanText(name));
  const values = columns.map((mine) => valuesBut(layout, inertAxes(layout, mine)));
  return (system, cell) =>
    [names[system]!, placeText(values[system]!(cell))].filter((text) => text !== '').join(', ');
}
