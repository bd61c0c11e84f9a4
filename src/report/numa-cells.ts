import { figure } from './numa.ts';
import { count, percentFigure, percentOf } from './numbers.ts';
import type { TableCell } from './table.ts';

/** Cells of the tables of the memory system: the figure as it is read, and its exact value. */

export const countCell = (value: number): TableCell => ({ text: count(value), value });

/** A part in percent of a whole. */
export const shareCell = (part: number, whole: number): TableCell => {
  const value = percentOf(part, whole);
  return { text: percentFigure(value), value };
};

export const numberCell = (value: number): TableCell => ({ text: figure(value), value });
