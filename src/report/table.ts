import type { Cause } from '../model/pricing/breakdown.ts';
import { CATEGORIES, type Category } from '../model/pricing/breakdown.ts';
import { type Cell, changeBetween, contextsOf, type Facts, ownersOf, type RunFacts } from './facts.ts';
import { DASH, percentFigure, percentOf, signed, type TimeUnit, tableUnit, timeFigure } from './numbers.ts';
import { causeWords, cellLabel, contextName, OWNER_WORDS } from './words.ts';

/**
 * Tables as data: rows of figures that are both printed (`text`) and exact (`value`, in the unit that the
 * column's `raw` names). The terminal and the page draw the same tables, and the page's CSV files hold the
 * exact values.
 */

export interface TableCell {
  readonly text: string;
  readonly value: number | string | null;
}

export interface TableColumn {
  /** Heading, a unit or a word: `ms`, `% of baseline`. */
  readonly head: string;
  /** Name of the exact value's unit in CSV: `ps`, `percent`, `count`. */
  readonly raw: string;
  /** Whether the column holds words, set from the left. */
  readonly text?: boolean;
}

export interface ColumnGroup {
  /** What the columns belong to, e.g. a system's name; empty for none. */
  readonly name: string;
  readonly columns: readonly TableColumn[];
}

export interface TableRow {
  /** `part`: an ordinary row; `group`: a heading with sums of what follows; `sum`: the total. */
  readonly kind: 'part' | 'group' | 'sum';
  readonly label: string;
  /** The label that stands alone, for CSV: `kernel: TLB refill`. */
  readonly path: string;
  /** Cause whose colour goes with the row. */
  readonly cause?: Cause;
  /** Whether the systems differ in this row and it should stand out. */
  readonly differs?: boolean;
  readonly cells: readonly TableCell[];
}

export interface Table {
  readonly caption: string;
  /** Heading of the column of labels. */
  readonly corner: string;
  readonly groups: readonly ColumnGroup[];
  readonly rows: readonly TableRow[];
}

/** Time and percent of the baseline's total side by side. */
function timeCells(ps: number, base: number, unit: TimeUnit): TableCell[] {
  const share = percentOf(ps, base);
  return [
    { text: timeFigure(ps, unit), value: ps },
    { text: percentFigure(share), value: share },
  ];
}

const timeColumns = (unit: TimeUnit, base: string): TableColumn[] => [
  { head: unit.name, raw: 'ps' },
  { head: base, raw: 'percent' },
];

const systemGroups = (runs: readonly RunFacts[], unit: TimeUnit): ColumnGroup[] =>
  runs.map((run) => ({ name: run.name, columns: timeColumns(unit, '% base') }));

const baseText = (facts: Facts): string => `% base: percent of the total time of ${facts.baseline.name}`;

/** Categories and causes against systems. */
export function breakdownTable(facts: Facts): Table {
  const unit = tableUnit(Math.max(...facts.runs.map((run) => run.total)));
  const base = facts.baseline.total;
  const figures = (of: (run: RunFacts) => number): TableCell[] =>
    facts.runs.flatMap((run) => timeCells(of(run), base, unit));
  const rows: TableRow[] = [];
  for (const category of CATEGORIES) {
    const cells = facts.cells.filter((cell) => cell.category === category);
    if (cells.length === 0) continue;
    const single = cells.length === 1 && cells[0]!.cause === category;
    const cells0 = figures((run) => run.category(category));
    rows.push({
      kind: 'group',
      label: category,
      path: single ? category : `${category}, all`,
      ...(single ? { cause: cells[0]!.cause } : {}),
      cells: cells0,
    });
    if (single) continue;
    for (const cell of cells)
      rows.push({
        kind: 'part',
        label: causeWords(category, cell.cause).short,
        path: cellPath(category, cell.cause),
        cause: cell.cause,
        cells: figures((run) => run.cell(cell)),
      });
  }
  rows.push({ kind: 'sum', label: 'total', path: 'total', cells: figures((run) => run.total) });
  return {
    caption: `Time on ${facts.short} by category and cause. ${baseText(facts)}.`,
    corner: 'category, cause',
    groups: systemGroups(facts.runs, unit),
    rows,
  };
}

const cellPath = (category: Category, cause: Cause): string =>
  `${category}: ${causeWords(category, cause).name}`;

/** Every step from the baseline to `run`. */
export function changeTable(facts: Facts, run: RunFacts): Table {
  const { baseline } = facts;
  const change = changeBetween(baseline, run);
  const unit = tableUnit(Math.max(change.added, -change.saved));
  const totals = tableUnit(Math.max(baseline.total, run.total));
  const row = (
    kind: TableRow['kind'],
    label: string,
    path: string,
    before: number,
    after: number,
    cause?: Cause,
  ): TableRow => {
    const difference = after - before;
    const share = percentOf(difference, baseline.total);
    return {
      kind,
      label,
      path,
      ...(cause ? { cause } : {}),
      cells: [
        { text: timeFigure(before, totals), value: before },
        { text: timeFigure(after, totals), value: after },
        { text: signed(difference, timeFigure(difference, unit)), value: difference },
        { text: signed(share ?? 0, percentFigure(share)), value: share },
      ],
    };
  };
  return {
    caption: `From ${baseline.name} to ${run.name} on ${facts.short}, step by step. Change: percent of the total time of ${baseline.name}.`,
    corner: 'step',
    groups: [
      { name: baseline.name, columns: [{ head: totals.name, raw: 'ps' }] },
      { name: run.name, columns: [{ head: totals.name, raw: 'ps' }] },
      { name: 'difference', columns: timeColumns(unit, 'change, %') },
    ],
    rows: [
      ...change.steps.map(({ category, cause }) => {
        const cell: Cell = { category, cause };
        return row(
          'part',
          cellLabel(category, cause),
          cellPath(category, cause),
          baseline.cell(cell),
          run.cell(cell),
          cause,
        );
      }),
      row('sum', 'total', 'total', baseline.total, run.total),
    ],
  };
}

/** Who could remove the time. */
export function ownerTable(facts: Facts): Table {
  const unit = tableUnit(Math.max(...facts.runs.map((run) => run.total)));
  const row = (kind: TableRow['kind'], label: string, of: (run: RunFacts) => number): TableRow => ({
    kind,
    label,
    path: label,
    cells: facts.runs.flatMap((run) => timeCells(of(run), facts.baseline.total, unit)),
  });
  return {
    caption: `Time on ${facts.short} by who could remove it. ${baseText(facts)}.`,
    corner: 'could be removed by',
    groups: systemGroups(facts.runs, unit),
    rows: [
      ...ownersOf(facts).map((owner) => row('part', OWNER_WORDS[owner].name, (run) => run.owner(owner))),
      row('sum', 'total', (run) => run.total),
    ],
  };
}

/** Contexts in a table; the rest are one row, so that the sum holds. */
export const SERVICE_ROWS = 30;

/** Time outside user code by service. */
export function serviceTable(facts: Facts): Table {
  const contexts = contextsOf(facts);
  const unit = tableUnit(Math.max(0, ...contexts.flatMap((c) => c.runs.map((run) => run.outside))));
  const shown = contexts.slice(0, SERVICE_ROWS);
  const rest = contexts.slice(SERVICE_ROWS);
  const row = (
    kind: TableRow['kind'],
    label: string,
    of: readonly (typeof contexts)[number][],
  ): TableRow => ({
    kind,
    label,
    path: label,
    cells: facts.runs.flatMap((_, i) => {
      const ps = of.reduce((sum, context) => sum + context.runs[i]!.outside, 0);
      return timeCells(ps, facts.baseline.total, unit);
    }),
  });
  return {
    caption: `Time outside user code on ${facts.short} by what was running or asked for. ${baseText(facts)}.`,
    corner: 'service',
    groups: systemGroups(facts.runs, unit),
    rows: [
      ...shown.map((context) => row('part', contextName(context.context), [context])),
      ...(rest.length > 0 ? [row('part', `${rest.length} more, in the JSON and CSV files`, rest)] : []),
      row('sum', 'total outside user code', contexts),
    ],
  };
}

/** A cell that says there is nothing to print. */
export const EMPTY_CELL: TableCell = { text: DASH, value: null };
