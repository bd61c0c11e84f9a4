import type { Layout } from './laid.ts';
import { columnsOf, type Finished, rowsOf } from './table.ts';

/** Rows that are put together before they are handed on. */
const ROWS = 512;

/** A sweep as CSV, piece by piece: RFC 4180 quoting, lines end in LF, no value is an empty field. */
export async function* sweepCsv(layout: Layout, units: AsyncIterable<Finished>): AsyncGenerator<string> {
  const columns = columnsOf(layout);
  yield `${columns.map(({ name }) => csvField(name)).join(',')}\n`;
  for await (const { unit, block } of units) {
    const { count, columns: data } = rowsOf(layout, columns, unit, block);
    // What all rows share is written once.
    const fields = data.map((values) =>
      typeof values === 'object' && values !== null ? values : csvField(String(values ?? '')),
    );
    let text = '';
    for (let row = 0; row < count; row++) {
      for (let at = 0; at < fields.length; at++) {
        const values = fields[at]!;
        if (at > 0) text += ',';
        if (typeof values === 'string') text += values;
        else {
          const value = values[row]!;
          text += typeof value === 'number' ? value : csvField(String(value ?? ''));
        }
      }
      text += '\n';
      if (row % ROWS === ROWS - 1) {
        yield text;
        text = '';
      }
    }
    yield text;
  }
}

/** Quoted where it holds a separator, a quote, a line break or outer space. */
export function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
