import { breakEvenOfList } from '../../sweep/break-even.ts';
import type { FoundBreakEven, Side } from '../../sweep/crossings.ts';
import { claim } from '../../sweep/uncertainty.ts';
import { percent, signed, time } from '../numbers.ts';
import { cleanText } from '../words.ts';
import { chosenCells, linePanels, mainAxis } from './panels.ts';
import { against, changeIn, comparedSystems, type SweepView, valuesOf } from './view.ts';
import { breakEvenFinding, breakEvenPlace, claimSentence, leafText, placeText } from './words.ts';

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

const said = (change: number): string => signed(change, percent(change));

/** `disco: +4.1 % (…) to +31.2 % (…) against irix`. */
export function rangeText(view: SweepView, trace: number, system: number): string {
  const found = extremes(view, trace, system);
  const name = cleanText(view.layout.traces[trace]!.systems[system]!.name);
  if (found === null) return `${name}: no cell could be compared`;
  const { least, most, change } = found;
  const where = (cell: number): string => {
    const values = placeText(valuesOf(view, cell));
    return values === '' ? 'as it is' : values;
  };
  if (said(change(least)) === said(change(most)))
    return `${name} takes ${said(change(most))} against ${against(view, trace)}, whatever is varied`;
  return `${name} takes ${said(change(least))} (${where(least)}) to ${said(change(most))} (${where(most)}) against ${against(view, trace)}`;
}

/** The finding of a trace: where the first system that flips does so; else that nothing does. */
export function headline(view: SweepView, trace: number): string {
  const flips = flipsOf(view, trace);
  const several = together(flips, view);
  if (several !== null) return several;
  const [first] = flips;
  if (first !== undefined) {
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
      const { crossings } = breakEvenOfList(points.map(({ change }) => change));
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
          equal: [],
          points: sides.length,
        },
      ];
    }),
  );
}

/** One sentence for the same flip at several places: `above 640 ns to 900 ns, as the rest varies, makes …`. */
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
    `${cleanText(first.path)} above ${leafText(low, first.path)} to ${leafText(high, first.path)}, as the rest varies, ` +
    `makes ${cleanText(first.system)} ${words} than ${cleanText(first.baseline)}${where}`
  );
}

function nothingFlips(view: SweepView, trace: number): string {
  const { systems, name } = view.layout.traces[trace]!;
  const compared = comparedSystems(view, trace);
  const ranges = compared.flatMap((system) => {
    const found = extremes(view, trace, system);
    return found === null ? [] : [{ system, low: found.change(found.least), high: found.change(found.most) }];
  });
  // The one with the widest range says most.
  const widest = ranges.reduce<(typeof ranges)[number] | null>(
    (best, one) => (best === null || one.high - one.low > best.high - best.low ? one : best),
    null,
  );
  if (widest === null) return nothingToCompare(view, trace);
  const mine = cleanText(systems[widest.system]!.name);
  const [low, high] = [said(widest.low), said(widest.high)];
  const [near, far] = [widest.low, widest.high].map((change) => percent(Math.abs(change)));
  const range = near === far ? `by ${near}` : `by ${near} to ${far}`;
  if (systems.length === 1) {
    const ps = view.totals[trace]![0]!.filter((total) => !Number.isNaN(total));
    const [least, most] = [ps.reduce((a, b) => Math.min(a, b)), ps.reduce((a, b) => Math.max(a, b))];
    return `${mine} takes ${time(least)} to ${time(most)}`;
  }
  const baseline = cleanText(systems[0]!.name);
  const bands = view.analysis.sensitivity
    .find((one) => one.trace === name)
    ?.monteCarlo.systems.find((one) => one.name === systems[widest.system]!.name);
  if (bands?.difference && claim(bands.difference) === 'no difference shown')
    return claimSentence(bands, systems[0]!.name).replace(/^No/, 'no').replace(/\.$/, '');
  if (widest.low > 0 || widest.high < 0)
    return `nothing flips: ${mine} is ${widest.low > 0 ? 'dearer' : 'cheaper'} than ${baseline} in every cell, ${range}`;
  return `${mine} takes ${low} to ${high} against ${baseline}`;
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
  const values = placeText(valuesOf(view, best));
  const now = chosen === undefined ? '' : `; as it is ${time(totals[chosen]!)}`;
  return `${name} costs least, ${time(totals[best]!)}, with ${values === '' ? 'what it has' : values}${now}.`;
}

/** The finding of lines that run along one axis. */
export function linesFinding(view: SweepView, trace: number): string {
  const main = mainAxis(view, trace);
  const [widest] = comparedSystems(view, trace)
    .flatMap((system) => {
      const found = extremes(view, trace, system);
      return found === null ? [] : [{ system, found }];
    })
    .sort((a, b) => spread(b.found) - spread(a.found));
  if (widest === undefined) return nothingToCompare(view, trace);
  const { least, most, change } = widest.found;
  const name = cleanText(view.layout.traces[trace]!.systems[widest.system]!.name);
  return `along ${cleanText(main.path)}, ${name} takes ${said(change(least))} to ${said(change(most))} against ${against(view, trace)}`;
}

const spread = ({ least, most, change }: Extremes): number => change(most) - change(least);
