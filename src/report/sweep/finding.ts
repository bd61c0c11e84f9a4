import { breakEvenOfList } from '../../sweep/break-even.ts';
import type { FoundBreakEven, Side } from '../../sweep/crossings.ts';
import { claim } from '../../sweep/uncertainty.ts';
import { percent, signed, time } from '../numbers.ts';
import { cleanText, plural } from '../words.ts';
import { inertAxes, inertOn, valuesBut } from './effects.ts';
import type { Panel } from './lines.ts';
import { chosenCells, type Drawn, linePanels } from './panels.ts';
import { against, changeIn, comparedSystems, type SweepView } from './view.ts';
import {
  breakEvenFinding,
  breakEvenGroups,
  breakEvenPlace,
  claimSentence,
  inertSentence,
  leafText,
  placeText,
} from './words.ts';

/** What a sweep finds, computed: what flips, and if nothing does, that it does not. */

interface Extremes {
  readonly least: number;
  readonly most: number;
  readonly change: (cell: number) => number;
}

/** The cells in which a system’s change is least and most; null: there is none. */
export function extremes(view: SweepView, trace: number, system: number): Extremes | null {
  const of = changeIn(view, trace);
  let [least, most] = [-1, -1];
  for (let cell = 0; cell < view.layout.cells.count; cell++) {
    const value = of(system, cell);
    if (!Number.isFinite(value)) continue;
    if (least < 0 || value < of(system, least)) least = cell;
    if (most < 0 || value > of(system, most)) most = cell;
  }
  return least < 0 ? null : { least, most, change: (cell) => of(system, cell) };
}

/** Whether every system has a result in every cell. */
const isWhole = (view: SweepView, trace: number): boolean =>
  view.totals[trace]!.every((totals) => totals.every((total) => !Number.isNaN(total)));

/** What changes nothing on a trace, as a sentence; empty: all that is varied changes something. */
export function inertText(view: SweepView, trace: number): string {
  const { layout, totals } = view;
  return inertSentence(
    inertOn(layout, totals, trace).map((at) => layout.axes[at]!.path),
    isWhole(view, trace),
  );
}

const said = (change: number): string => signed(change, percent(change));

/** `disco: +4.1 % (…) to +31.2 % (…) against irix`. */
export function rangeText(view: SweepView, trace: number, system: number): string {
  const found = extremes(view, trace, system);
  const name = cleanText(view.layout.traces[trace]!.systems[system]!.name);
  if (found === null) return `${name}: no cell could be compared`;
  const { least, most, change } = found;
  if (said(change(least)) === said(change(most)))
    return `${name} takes ${said(change(most))} against ${against(view, trace)}, ${isWhole(view, trace) ? 'whatever is varied' : 'in every cell that has a result'}`;
  const mine = view.totals[trace]!;
  const valuesOf = valuesBut(view.layout, inertAxes(view.layout, [mine[0]!, mine[system]!]));
  const where = (cell: number): string => {
    const values = placeText(valuesOf(cell));
    return values === '' ? 'as it is' : values;
  };
  return `${name} takes ${said(change(least))} (${where(least)}) to ${said(change(most))} (${where(most)}) against ${against(view, trace)}`;
}

/** The finding of a trace: where the first system that flips does so; else that nothing does. */
export function headline(view: SweepView, trace: number): string {
  const { name } = view.layout.traces[trace]!;
  const flips = flipsOf(view, trace);
  const several = together(flips, view);
  if (several !== null) return several;
  const [first] = flips;
  if (first === undefined) {
    // Asked for, and the same answer everywhere: where systems cost the same is a part of it.
    const groups = breakEvenGroups(view.analysis.breakEven.filter(({ trace: of }) => of === name));
    const [group] = groups;
    if (groups.length === 1 && group!.first.equal.length > 0) return breakEvenFinding(group!.first);
  } else {
    const place = breakEvenPlace(first, 1);
    const more = flips.length - 1;
    return `${breakEvenFinding(first)}${place === '' ? '' : ` (${place})`}${more > 0 ? `, and ${more} more flip${more === 1 ? 's' : ''}` : ''}`;
  }
  return nothingFlips(view, trace);
}

/** Crossings that were asked for, or seen between neighbouring cells along the axis of the lines. */
function flipsOf(view: SweepView, trace: number): FoundBreakEven[] {
  const { systems, name } = view.layout.traces[trace]!;
  const asked = view.analysis.breakEven.filter((found) => found.trace === name);
  if (asked.length > 0) return asked.filter(({ crossings }) => crossings.length > 0);
  if (systems.length < 2 || view.layout.plan.design.kind === 'latin-hypercube') return [];
  return linePanels(view, trace).items.flatMap(({ axis, lines }) =>
    lines.flatMap(({ system, points }): FoundBreakEven[] => {
      if (points.length < 2) return [];
      const sides = points.map(
        ({ index, change }): Side => ({ at: axis.values[index]!, difference_ps: change }),
      );
      const { crossings, equal } = breakEvenOfList(points.map(({ change }) => change));
      if (crossings.length === 0) return [];
      return [
        {
          trace: name,
          path: axis.path,
          kind: 'list',
          baseline: systems[0]!.name,
          system: systems[system]!.name,
          others: {},
          low: sides[0]!,
          high: sides.at(-1)!,
          crossings: crossings.map(({ before, after }) => ({
            at: null,
            before: sides[before]!,
            after: sides[after]!,
          })),
          equal: equal.map(({ before, after }) => ({ from: sides[before]!.at, to: sides[after]!.at })),
          apart: sides.find(({ difference_ps }) => difference_ps !== 0) ?? null,
          points: sides.length,
        },
      ];
    }),
  );
}

/** One sentence for the same flip at several places: `with … above 640 ns to 900 ns, as the rest varies, …`. */
function together(flips: readonly FoundBreakEven[], { analysis }: SweepView): string | null {
  const [first] = flips;
  if (first === undefined || flips.length < 2) return null;
  const at = (found: FoundBreakEven): number | null =>
    found.crossings.length === 1 ? found.crossings[0]!.at : null;
  const goes = (found: FoundBreakEven): number => Math.sign(found.crossings[0]!.after.difference_ps);
  const places = flips.map(at).filter((value) => value !== null);
  const same = flips.every(
    (one) => one.system === first.system && one.path === first.path && goes(one) === goes(first),
  );
  if (!same || places.length < flips.length) return null;
  const [low, high] = [Math.min(...places), Math.max(...places)];
  const words = goes(first) < 0 ? 'cheaper' : 'dearer';
  const asked = analysis.breakEven.filter(
    ({ trace, path, system }) => trace === first.trace && path === first.path && system === first.system,
  ).length;
  const where =
    flips.length < asked ? ` (in ${flips.length} of ${asked} combinations; it flips in no other)` : '';
  return (
    `with ${cleanText(first.path)} above ${leafText(low, first.path)} to ${leafText(high, first.path)}, as the rest varies, ` +
    `${cleanText(first.system)} is ${words} than ${cleanText(first.baseline)}${where}`
  );
}

/** What a system does in all cells that have a result. */
interface Range {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

function nothingFlips(view: SweepView, trace: number): string {
  const { systems, name } = view.layout.traces[trace]!;
  const ranges = comparedSystems(view, trace).flatMap((system): Range[] => {
    const found = extremes(view, trace, system);
    const mine = systems[system]!.name;
    return found === null
      ? []
      : [{ name: mine, low: found.change(found.least), high: found.change(found.most) }];
  });
  if (ranges.length === 0) return nothingToCompare(view, trace);
  if (systems.length === 1) {
    const ps = view.totals[trace]![0]!.filter((total) => !Number.isNaN(total));
    const [least, most] = [ps.reduce((a, b) => Math.min(a, b)), ps.reduce((a, b) => Math.max(a, b))];
    return `in ${ps.length.toLocaleString('en')} ${plural(ps.length, 'cell')}, ${cleanText(ranges[0]!.name)} takes ${time(least)} to ${time(most)}`;
  }
  const baseline = systems[0]!.name;
  // The widest range first: it says most.
  ranges.sort((a, b) => b.high - b.low - (a.high - a.low));
  const bands = view.analysis.sensitivity.find((one) => one.trace === name)?.monteCarlo.systems ?? [];
  const unsure = ranges.flatMap((range) =>
    bands.filter(
      (one) =>
        one.name === range.name && one.difference !== null && claim(one.difference) === 'no difference shown',
    ),
  );
  const sure = ranges.filter((range) => !unsure.some((one) => one.name === range.name));
  if (sure.length === 0) return claimSentence(unsure[0]!, baseline).replace(/^No/, 'no').replace(/\.$/, '');
  const rest =
    unsure.length === 0
      ? ''
      : `; no difference is shown for ${unsure.map((one) => cleanText(one.name)).join(', ')}`;
  const mixed = sure.find(({ low, high }) => low <= 0 && high >= 0 && low < high);
  if (mixed !== undefined)
    return `against ${cleanText(baseline)}, ${cleanText(mixed.name)} takes ${said(mixed.low)} to ${said(mixed.high)}${rest}`;
  const cells = isWhole(view, trace) ? 'in every cell' : 'in every cell that has a result';
  return `nothing flips: ${sidesText(sure, cleanText(baseline), cells)}${rest}`;
}

/** Systems that one sentence names. */
const MOST_SIDES = 3;

/** On which side of the baseline systems are that are on one side of it in every cell. */
function sidesText(ranges: readonly Range[], baseline: string, cells: string): string {
  const sides = ranges.slice(0, MOST_SIDES).map(({ name, low, high }, i) => {
    if (low === 0 && high === 0)
      return i === 0
        ? `${cleanText(name)} and ${baseline} cost the same ${cells}`
        : `${cleanText(name)} the same`;
    const [near, far] = [low, high]
      .map(Math.abs)
      .sort((a, b) => a - b)
      .map(percent);
    const range = near === far ? `by ${near}` : `by ${near} to ${far}`;
    const side = low > 0 ? 'dearer' : 'cheaper';
    return `${cleanText(name)} ${i === 0 ? `is ${side} than ${baseline} ${cells}` : side}, ${range}`;
  });
  const more = ranges.length - sides.length;
  return `${sides.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** Why there is no finding: a part of a sweep can have all cells of one system. */
function nothingToCompare(view: SweepView, trace: number): string {
  const some = view.totals[trace]!.some((totals) => totals.some((total) => !Number.isNaN(total)));
  return some ? 'no cell has results of two systems' : 'no cell has a result';
}

/** Where a system costs least: what to choose of what was varied. */
export function bestText(view: SweepView, trace: number, system: number): string {
  const totals = view.totals[trace]![system]!;
  let best = -1;
  for (const [cell, ps] of totals.entries())
    if (!Number.isNaN(ps) && (best < 0 || ps < totals[best]!)) best = cell;
  if (best < 0) return '';
  const name = cleanText(view.layout.traces[trace]!.systems[system]!.name);
  const chosen = chosenCells(view, trace).find((cell) => !Number.isNaN(totals[cell]!));
  const values = placeText(valuesBut(view.layout, inertAxes(view.layout, [totals]))(best));
  const now = chosen === undefined ? '' : `; as it is ${time(totals[chosen]!)}`;
  return `${name} is cheapest with ${values === '' ? 'what it has' : values}: ${time(totals[best]!)}${now}.`;
}

/** The finding of lines in several panels: of the cells that they draw. */
export function linesFinding(view: SweepView, trace: number, { items, left }: Drawn<Panel>): string {
  const drawn = new Map<number, number[]>();
  for (const { system, points } of items.flatMap(({ lines }) => lines))
    drawn.set(system, [...(drawn.get(system) ?? []), ...points.map(({ change }) => change)]);
  const [widest] = [...drawn]
    .filter(([, changes]) => changes.length > 0)
    .map(([system, changes]) => ({ system, low: Math.min(...changes), high: Math.max(...changes) }))
    .sort((a, b) => b.high - b.low - (a.high - a.low));
  if (widest === undefined) return nothingToCompare(view, trace);
  const { system, low, high } = widest;
  const name = cleanText(view.layout.traces[trace]!.systems[system]!.name);
  const where = left === '' ? 'over all cells' : 'in the cells that are drawn';
  return `${where}, ${name} takes ${said(low)} to ${said(high)} against ${against(view, trace)}`;
}
