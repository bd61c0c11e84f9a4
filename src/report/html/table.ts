import { causeSlug } from '../palette.ts';
import type { Table, TableCell, TableColumn, TableRow } from '../table.ts';
import { CAUSE_WORDS } from '../words.ts';
import { escapeHtml } from './escape.ts';

/** A value as CSV holds it: exact integers, other numbers to six digits. */
function raw(value: TableCell['value']): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

/**
 * Exact values of the page's tables by id, from which its CSV files are made: the heads, then each row with figures;
 * null: as printed. They are in the page's compressed data.
 */
export type ExactValues = Map<string, readonly (readonly (string | null)[])[]>;

function cell({ text }: TableCell, column: TableColumn): string {
  return `<td${column.text ? ' class="text"' : ''}>${escapeHtml(text)}</td>`;
}

function exactRow({ path, cells }: TableRow): (string | null)[] {
  const differing = (exact: string, text: string): string | null => (exact === text ? null : exact);
  return [path, ...cells.map(({ text, value }) => differing(raw(value), text))];
}

function body(row: TableRow, columns: readonly TableColumn[]): string {
  const chip = row.cause
    ? `<span class="chip k-${causeSlug(row.cause)}" aria-hidden="true">${CAUSE_WORDS[row.cause].code}</span>`
    : '';
  const label = `${chip}${escapeHtml(row.label)}`;
  const kind = row.kind === 'part' ? (row.differs ? 'differs' : '') : row.kind;
  const name = kind === '' ? '' : ` class="${kind}"`;
  if (row.cells.length === 0)
    return `<tr${name}><th scope="colgroup" colspan="${columns.length + 1}">${label}</th></tr>`;
  return `<tr${name}><th scope="row">${label}</th>${row.cells.map((c, i) => cell(c, columns[i]!)).join('')}</tr>`;
}

/** An HTML table; its exact values are added to `exact`. */
export function htmlTable(exact: ExactValues, table: Table, id: string): string {
  const columns = table.groups.flatMap((group) => group.columns.map((column) => ({ group, column })));
  const names = [
    table.corner,
    ...columns.map(({ group, column }) => [group.name, column.raw].filter((text) => text !== '').join(' ')),
  ];
  exact.set(id, [names, ...table.rows.filter(({ cells }) => cells.length > 0).map(exactRow)]);
  const named = table.groups.some((group) => group.name !== '');
  const groupRow = named
    ? `<tr><td></td>${table.groups
        .map(({ name, columns: { length } }) =>
          name === ''
            ? `<td${length > 1 ? ` colspan="${length}"` : ''}></td>`
            : `<th class="group" scope="colgroup"${length > 1 ? ` colspan="${length}"` : ''}>${escapeHtml(name)}</th>`,
        )
        .join('')}</tr>`
    : '';
  const heads = columns
    .map(
      ({ column }) => `<th scope="col"${column.text ? ' class="text"' : ''}>${escapeHtml(column.head)}</th>`,
    )
    .join('');
  const nested = table.rows.some((row) => row.kind === 'group') ? ' class="nested"' : '';
  return (
    `<table id="${id}"${nested}><caption id="${id}-c">${escapeHtml(table.caption)}</caption>` +
    `<thead>${groupRow}<tr><th class="label" scope="col">${escapeHtml(table.corner)}</th>${heads}</tr></thead>` +
    `<tbody>${table.rows
      .map((row) =>
        body(
          row,
          columns.map(({ column }) => column),
        ),
      )
      .join('')}</tbody></table>`
  );
}

/** A group that scrolls sideways by itself where a table or chart is wider than the page; `label`: an id. */
export function scrollable(label: string, content: string): string {
  return `<div class="scroll" role="group" tabindex="0" aria-labelledby="${label}">${content}</div>`;
}

export interface Download {
  readonly kind: 'csv' | 'svg' | 'spec' | 'result';
  readonly of: string;
  readonly name: string;
}

/** What the buttons say. */
export const DOWNLOAD_LABELS: Readonly<Record<Download['kind'], string>> = {
  csv: 'CSV',
  svg: 'SVG',
  spec: 'Vega-Lite',
  result: 'Result as JSON',
};

/**
 * Where download buttons go; the script makes them, as without it they could do nothing. `label`: id of what they
 * download. Of each: kind, of what, and the name of the file where it is not that of the one before.
 */
export function downloads(label: string, list: readonly Download[]): string {
  const items = list.map(({ kind, of, name }, i) =>
    [kind, of, ...(name === list[i - 1]?.name ? [] : [name])].join(':'),
  );
  return `<p class="tools" role="group" aria-labelledby="${label}" data-gets="${escapeHtml(items.join(' '))}" data-script hidden></p>`;
}

/** A collapsed table. `remark`: HTML that follows the summary's text. */
export function tableDetails(
  exact: ExactValues,
  table: Table,
  id: string,
  summary: string,
  remark = '',
): string {
  return (
    `<details id="${id}-d"><summary>${escapeHtml(summary)}${remark}</summary>` +
    `${scrollable(`${id}-c`, htmlTable(exact, table, id))}</details>`
  );
}
