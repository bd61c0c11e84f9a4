import { percent, percentFigure, signed, time } from '../report/numbers.ts';
import { inertAxes, inertOn } from '../report/sweep/effects.ts';
import { firstCell, inertSentence } from '../report/sweep/words.ts';
import { padEnd, padStart, textWidth } from '../report/text-layout.ts';
import { cleanText } from '../report/words.ts';
import type { LaidAxis, Layout } from '../sweep/laid.ts';
import { leafOf } from '../sweep/leaves.ts';
import type { ByCell } from '../sweep/totals.ts';
import { typed } from '../sweep/typed.ts';

/** A sweep for people: what each system costs against the baseline in the same cell, and where most and least. */

/** A table with more rows or columns is no table for a terminal. */
const MOST_ROWS = 40;
const MOST_COLUMNS = 10;

/** `hint`: whether to say how to get what no table here has. */
export function sweepText(layout: Layout, totals: ByCell, hint = true): string {
  const lines = layout.traces.flatMap(({ name, systems }, trace) => {
    const [baseline, ...others] = systems.map(({ name }) => cleanText(name));
    const [base, ...rest] = totals[trace]!;
    const compared = others.length > 0;
    // A single system is compared with itself in the first cell that has a result.
    const first = base!.find((ps) => !Number.isNaN(ps)) ?? Number.NaN;
    const ratios = compared
      ? rest.map((of) => of.map((ps, cell) => 100 * (ps / base![cell]! - 1)))
      : [base!.map((ps) => 100 * (ps / first - 1))];
    const names = compared ? others : [baseline!];
    const against = `against ${compared ? baseline : firstCell(base!)}`;
    return [
      `${cleanText(name)}: total time ${against}, in percent`,
      ...table(layout, names, ratios),
      ...names.map((system, at) =>
        finding(layout, trace, system, against, ratios[at]!, [
          base!,
          (compared ? rest : totals[trace]!)[at]!,
        ]),
      ),
      ...inertLine(layout, totals, trace),
      '',
    ];
  });
  if (hint && layout.cells.count > 1 && !isTable(layout))
    lines.push(
      `--csv FILE has all ${layout.cells.count.toLocaleString('en')} cells, --html FILE draws them.`,
      '',
    );
  return `${lines.join('\n')}\n`;
}

/** What is varied and changes nothing, in a line of its own. */
function inertLine(layout: Layout, totals: ByCell, trace: number): string[] {
  const inert = inertOn(layout, totals, trace).map((at) => layout.axes[at]!.path);
  const whole = totals[trace]!.every((of) => of.every((ps) => !Number.isNaN(ps)));
  const line = inertSentence(inert, whole);
  return line === '' ? [] : [line];
}

/** Whether a terminal has room for all cells. */
function isTable({ axes, plan }: Layout): boolean {
  const [rows, columns] = axes;
  if (plan.design.kind !== 'factorial' || axes.length > 2) return false;
  return rows!.values.length <= MOST_ROWS && (columns?.values.length ?? 0) <= MOST_COLUMNS;
}

/** For one axis a column for each system, for two a table of each; more are left to files. */
function table(layout: Layout, systems: readonly string[], ratios: readonly Float64Array[]): string[] {
  if (!isTable(layout)) return [];
  const [rows, columns] = layout.axes;
  const figure = (value: number): string => (Number.isNaN(value) ? '–' : signed(value, percentFigure(value)));
  const labelsOf = ({ path, values }: LaidAxis): string[] =>
    values.map((value) => cleanText(typed(value, path)));
  const labels = labelsOf(rows!);
  if (columns === undefined)
    return grid(
      [rows!.path, ...systems],
      labels.map((label, cell) => [label, ...ratios.map((of) => figure(of[cell]!))]),
    );
  return systems.flatMap((system, at) => [
    '',
    `${system}: ${rows!.path} down, ${columns.path} across`,
    ...grid(
      ['', ...labelsOf(columns)],
      labels.map((label, row) => [
        label,
        ...columns.values.map((_, column) => figure(ratios[at]![row * columns.values.length + column]!)),
      ]),
    ),
  ]);
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, at) => Math.max(textWidth(name), ...rows.map((row) => textWidth(row[at]!))));
  const line = (row: readonly string[]): string =>
    row
      .map((text, at) => (at === 0 ? padEnd(text, widths[0]!) : padStart(text, widths[at]!)))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

/** One sentence: the range, and where it begins and ends. */
function finding(
  layout: Layout,
  trace: number,
  system: string,
  against: string,
  ratios: Float64Array,
  pair: readonly [Float64Array, Float64Array],
): string {
  let least = -1;
  let most = -1;
  for (const [cell, value] of ratios.entries()) {
    if (!Number.isFinite(value)) continue;
    if (least < 0 || value < ratios[least]!) least = cell;
    if (most < 0 || value > ratios[most]!) most = cell;
  }
  if (least < 0) return `${system}: no cell could be compared.`;
  const said = (cell: number): string => signed(ratios[cell]!, percent(ratios[cell]!));
  if (ratios.length === 1) return `${system} takes ${time(pair[1][0]!)}, ${said(0)} ${against}.`;
  if (said(least) === said(most)) {
    const whole = ratios.every((value) => !Number.isNaN(value));
    return `${system} takes ${said(most)} ${against}, ${whole ? 'whatever is varied' : 'in every cell that has a result'}.`;
  }
  const inert = inertAxes(layout, pair);
  const where = (cell: number): string => cleanText(cellText(layout, trace, cell, inert));
  return `${system} takes ${said(least)} (${where(least)}) to ${said(most)} (${where(most)}) ${against}.`;
}

/** `machine.l2.size=1M, …`: the values of a cell, without axes that do not matter. */
export function cellText(
  layout: Layout,
  trace: number,
  cell: number,
  without: readonly number[] = [],
): string {
  const { axes, cells, traces } = layout;
  const said = axes.flatMap(({ path, values, place }, at) => {
    if (without.includes(at)) return [];
    const value = cells.index[cell * axes.length + at]!;
    if (value >= 0) return [`${path}=${typed(values[value]!, path)}`];
    const own = traces[trace]!.systems.map((system) => leafOf(system, place.keys));
    return new Set(own).size === 1 ? [`${path}=${typed(own[0]!, path)}`] : [];
  });
  return said.join(', ');
}
