import { CATEGORIES } from '../../model/pricing/breakdown.ts';
import type { FoundBreakEven } from '../../sweep/crossings.ts';
import type { SystemBands, Tornado } from '../../sweep/uncertainty.ts';
import { capital } from '../html/escape.ts';
import { DASH, percentFigure, signed, tableUnit, timeFigure } from '../numbers.ts';
import type { Table, TableCell } from '../table.ts';
import { cleanText } from '../words.ts';
import type { Panel } from './lines.ts';
import { type Candidate, outputWords } from './pareto.ts';
import { changeIn, largestOf, type SweepView, thinned, valuesOf } from './view.ts';
import {
  breakEvenFinding,
  breakEvenHow,
  changeFigure,
  digitsApart,
  equalText,
  leafText,
  placeText,
} from './words.ts';

/** Tables of a page for a sweep; what they leave out is in the CSV that `vmtax sweep --csv` writes. */

const MOST_ROWS = 160;

const change = (value: number): TableCell =>
  Number.isFinite(value) ? { text: signed(value, percentFigure(value)), value } : { text: DASH, value: null };

/** Cells with the time of every system. */
export function cellsTable(view: SweepView, trace: number): Table {
  const { layout, totals } = view;
  const { systems } = layout.traces[trace]!;
  const cells = thinned([...Array(layout.cells.count).keys()], MOST_ROWS);
  const unit = tableUnit(Math.max(...totals[trace]!.flatMap((all) => cells.map((cell) => all[cell]! || 0))));
  const changeOf = changeIn(view, trace);
  const rest = layout.cells.count - cells.length;
  return {
    caption:
      rest === 0
        ? 'Every cell: the time of all CPUs.'
        : `${cells.length} of ${layout.cells.count.toLocaleString('en')} cells, evenly apart: the time of all CPUs. vmtax sweep --csv writes all.`,
    corner: 'cell',
    groups: systems.map(({ name }, system) => ({
      name: cleanText(name),
      columns: [
        { head: unit.name, raw: 'ps' },
        ...(system === 0 && systems.length > 1 ? [] : [{ head: 'change, %', raw: 'percent' }]),
      ],
    })),
    rows: cells.map((cell) => {
      const label = placeText(valuesOf(view, cell)) || 'as it is';
      return {
        kind: 'part' as const,
        label,
        path: label,
        cells: systems.flatMap((_, system): TableCell[] => {
          const ps = totals[trace]![system]![cell]!;
          const time = Number.isNaN(ps)
            ? { text: DASH, value: null }
            : { text: timeFigure(ps, unit), value: ps };
          return system === 0 && systems.length > 1 ? [time] : [time, change(changeOf(system, cell))];
        }),
      };
    }),
  };
}

/** What a chart of lines draws. */
export function linesTable(panels: readonly Panel[]): Table {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const rows = panels.flatMap(({ name, axis, lines }) => {
    const byIndex = new Map<number, Map<string, number>>();
    for (const line of lines)
      for (const { index, change: value } of line.points)
        byIndex.set(index, (byIndex.get(index) ?? new Map()).set(line.name, value));
    return axis.order
      .filter((index) => byIndex.has(index))
      .map((index) => {
        const place = `${cleanText(axis.path)} ${leafText(axis.values[index]!, axis.path)}`;
        const label = name === '' || name === cleanText(axis.path) ? place : `${name}, ${place}`;
        return { label, values: byIndex.get(index)! };
      });
  });
  const shown = thinned(rows, MOST_ROWS);
  return {
    caption: `Change of the total time, percent${shown.length < rows.length ? `; ${shown.length} of ${rows.length} points` : ''}.`,
    corner: 'cell',
    groups: [{ name: '', columns: names.map((name) => ({ head: cleanText(name), raw: `${name} percent` })) }],
    rows: shown.map(({ label, values }) => ({
      kind: 'part',
      label,
      path: label,
      cells: names.map((name) => change(values.get(name) ?? Number.NaN)),
    })),
  };
}

export function breakEvenTable(all: readonly FoundBreakEven[]): Table {
  const text = (value: string): TableCell => ({ text: value, value });
  const shown = thinned(all, MOST_ROWS);
  const hows = [...new Set(shown.map(breakEvenHow))];
  return {
    caption: `Where two systems cost the same: ${hows.length === 1 ? `${hows[0]}.` : 'see how each was found.'}`,
    corner: 'what moves, and what the rest is',
    groups: [
      {
        name: '',
        columns: [
          { head: 'finding', raw: 'finding', text: true },
          { head: 'at', raw: 'values', text: true },
          ...(hows.length === 1 ? [] : [{ head: 'how', raw: 'how', text: true }]),
        ],
      },
    ],
    rows: shown.map((found) => {
      const others = placeText(found.others);
      const label = `${cleanText(found.path)}${others === '' ? '' : ` with ${others}`}`;
      const places = found.crossings.map(({ at, before, after }) =>
        at === null
          ? `${leafText(before.at, found.path)} – ${leafText(after.at, found.path)}`
          : leafText(at, found.path),
      );
      const same = equalText(found);
      const cells = [
        text(capital(breakEvenFinding(found))),
        text(places.join('; ') || (same === '' ? 'nowhere' : `nowhere; the same ${same}`)),
      ];
      return {
        kind: 'part',
        label,
        path: label,
        cells: hows.length === 1 ? cells : [...cells, text(breakEvenHow(found))],
      };
    }),
  };
}

export function paretoTable(
  keys: readonly [string, string],
  front: readonly Candidate[],
  titleOf: (candidate: Candidate) => string,
): Table {
  const shown = thinned(front, MOST_ROWS);
  const words = keys.map((key, i) => outputWords(key, largestOf(front.map(({ a, b }) => (i === 0 ? a : b)))));
  return {
    caption: `The Pareto front${shown.length < front.length ? `: ${shown.length} of ${front.length} points` : ''}.`,
    corner: 'configuration',
    groups: [{ name: '', columns: keys.map((key, i) => ({ head: words[i]!.name, raw: key })) }],
    rows: shown.map((candidate) => {
      const label = titleOf(candidate);
      const cells = [candidate.a, candidate.b].map(
        (value, i): TableCell => ({ text: words[i]!.figure(value), value }),
      );
      return { kind: 'part', label, path: label, cells };
    }),
  };
}

export function bandsTable(systems: readonly SystemBands[]): Table {
  const unit = tableUnit(Math.max(...systems.map(({ total }) => total.p95)));
  const time = (ps: number): TableCell => ({ text: timeFigure(ps, unit), value: ps });
  return {
    caption: `Quantiles of the samples, in ${unit.name}.`,
    corner: 'time',
    groups: [
      {
        name: '',
        columns: [
          { head: '5 %', raw: 'p5_ps' },
          { head: '50 %', raw: 'p50_ps' },
          { head: '95 %', raw: 'p95_ps' },
        ],
      },
    ],
    rows: systems.flatMap(({ name, total, categories, difference }) => {
      const own = cleanText(name);
      const row = (label: string, path: string, band: typeof total, kind: 'sum' | 'part') => ({
        kind,
        label,
        path,
        cells: [time(band.p5), time(band.p50), time(band.p95)],
      });
      return [
        row(own, own, total, 'sum'),
        ...CATEGORIES.filter((category) => categories[category].p95 > 0).map((category) =>
          row(category, `${own}: ${category}`, categories[category], 'part'),
        ),
        ...(difference === null ? [] : [row('difference, paired', `${own}: difference`, difference, 'part')]),
      ];
    }),
  };
}

/** `pricesOnly`: all inputs are prices, and no column says so. */
export function tornadoTable({ now, effects }: Tornado, pricesOnly = true): Table {
  const digits = digitsApart(effects.map(({ low, high }) => [100 * (low - 1), 100 * (high - 1)]));
  const cell = (ratio: number): TableCell => {
    const value = 100 * (ratio - 1);
    return { text: changeFigure(value, digits), value };
  };
  return {
    caption: `Change against the baseline with one ${pricesOnly ? 'price' : 'input'} at the ends of its range.`,
    corner: pricesOnly ? 'price' : 'input',
    groups: [
      {
        name: '',
        columns: [
          ...(pricesOnly ? [] : [{ head: 'kind', raw: 'kind', text: true }]),
          { head: 'at low, %', raw: 'low percent' },
          { head: 'as it is, %', raw: 'now percent' },
          { head: 'at high, %', raw: 'high percent' },
        ],
      },
    ],
    rows: effects.map(({ path, kind = 'price', low, high }) => ({
      kind: 'part',
      label: path,
      path,
      cells: [...(pricesOnly ? [] : [{ text: kind, value: kind }]), cell(low), cell(now), cell(high)],
    })),
  };
}
