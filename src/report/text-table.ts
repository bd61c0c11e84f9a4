import type { ColumnGroup, Table, TableRow } from './table.ts';
import { cut, padEnd, padStart, textWidth, wrap } from './text-layout.ts';

/**
 * A table for the terminal: labels left, figures right-aligned, no ruling but the space between. A table
 * that is wider than the terminal is printed as several, the first group of columns (the baseline)
 * repeated in each.
 */

export interface TextStyle {
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
}

const GAP = 1;
const GROUP_GAP = 2;
const HEAD_LINES = 3;
/** A column is made wider for a name that would be broken within a word, but not beyond this. */
const MOST_FOR_A_NAME = 12;

interface Shape {
  readonly group: ColumnGroup;
  /** Index of the group's first cell in each row. */
  readonly first: number;
  readonly widths: readonly number[];
  readonly width: number;
}

function shapes(table: Table): Shape[] {
  let at = 0;
  return table.groups.map((group) => {
    const first = at;
    at += group.columns.length;
    const widths = group.columns.map((column, i) =>
      Math.max(
        textWidth(column.head),
        ...table.rows.map((row) => textWidth(row.cells[first + i]?.text ?? '')),
      ),
    );
    const figures = widths.reduce((a, b) => a + b, 0) + GAP * (widths.length - 1);
    const width = Math.max(figures, Math.min(longestPiece(group.name), MOST_FOR_A_NAME));
    widths[0]! += width - figures;
    return { group, first, widths, width };
  });
}

/** The widest part of a name that a line need not break. */
const longestPiece = (name: string): number => Math.max(...name.split(/ |(?<=-)/).map(textWidth));

/** Groups per block: the first in each, and as many others as fit (at least one). */
function blocks(all: readonly Shape[], room: number): Shape[][] {
  const [first, ...others] = all;
  if (!first) return [];
  if (others.length === 0) return [[first]];
  const result: Shape[][] = [];
  let block: Shape[] = [];
  let used = 0;
  for (const shape of others) {
    const next = GROUP_GAP + shape.width;
    if (block.length > 0 && used + next > room) block = [];
    if (block.length === 0) {
      block = [first];
      used = first.width;
      result.push(block);
    }
    block.push(shape);
    used += next;
  }
  return result;
}

/** Lines of a table at most `width` columns wide where that is possible. */
export function textTable(table: Table, width: number, style: TextStyle): string[] {
  const all = shapes(table);
  const label = (row: TableRow): string => (row.kind === 'part' ? `  ${row.label}` : row.label);
  const widest = Math.max(...table.rows.map((row) => textWidth(label(row))), 0);
  const least =
    all.length === 0 ? 0 : all[0]!.width + GROUP_GAP + Math.max(0, ...all.slice(1).map((s) => s.width));
  const labelWidth = Math.min(widest, Math.max(16, width - least - GROUP_GAP));
  return blocks(all, width - labelWidth - GROUP_GAP).flatMap((block, i) => {
    const lines = i === 0 ? [] : [''];
    lines.push(...head(block, labelWidth, style));
    for (const row of table.rows) {
      const figures = row.cells.length === 0 ? '' : block.map((shape) => figure(row, shape)).join('');
      const line = `${padEnd(cut(label(row), labelWidth), labelWidth)}${figures}`.trimEnd();
      if (row.kind === 'sum') lines.push('');
      lines.push(row.kind === 'part' ? line : style.strong(line));
    }
    return lines;
  });
}

function figure(row: TableRow, shape: Shape): string {
  const cells = shape.widths.map((width, i) => padStart(row.cells[shape.first + i]?.text ?? '', width));
  return ' '.repeat(GROUP_GAP) + cells.join(' '.repeat(GAP));
}

/** Group names, wrapped and aligned at the bottom, over the columns' heads. */
function head(block: readonly Shape[], labelWidth: number, style: TextStyle): string[] {
  const names = block.map((shape) => {
    const lines = wrap(shape.group.name, shape.width);
    return lines.length <= HEAD_LINES
      ? lines
      : [...lines.slice(0, HEAD_LINES - 1), cut(lines.slice(HEAD_LINES - 1).join(''), shape.width)];
  });
  const height = Math.max(...names.map((lines) => lines.length));
  const result: string[] = [];
  for (let i = 0; i < height; i++) {
    const line = block.map((shape, k) => {
      const text = names[k]![i - height + names[k]!.length] ?? '';
      return ' '.repeat(GROUP_GAP) + padStart(text, shape.width);
    });
    result.push(style.strong((' '.repeat(labelWidth) + line.join('')).trimEnd()));
  }
  const heads = block.map(
    (shape) =>
      ' '.repeat(GROUP_GAP) +
      shape.group.columns.map((column, i) => padStart(column.head, shape.widths[i]!)).join(' '.repeat(GAP)),
  );
  result.push(style.dim((' '.repeat(labelWidth) + heads.join('')).trimEnd()));
  return result;
}
