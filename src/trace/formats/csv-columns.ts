import { InputError } from '../errors.ts';
import {
  FETCH,
  LOAD,
  MODIFY,
  MOST_CPUS,
  OFFSET_MASK,
  PAGE_BYTES,
  type ReferenceKind,
  STORE,
} from '../types.ts';
import { quoted } from './text.ts';

/** Columns of a CSV trace. */
export const COLUMNS = ['kind', 'address', 'size', 'cpu', 'mode', 'physical', 'space'] as const;
export type Column = (typeof COLUMNS)[number];

/** Where each column stands, by name; absent ones are missing. */
export type ColumnPlaces = ReadonlyMap<Column, number>;

const MAX_SIZE = 65535;

const KINDS: ReadonlyMap<string, ReferenceKind> = new Map<string, ReferenceKind>([
  ['i', FETCH],
  ['fetch', FETCH],
  ['l', LOAD],
  ['load', LOAD],
  ['s', STORE],
  ['store', STORE],
  ['m', MODIFY],
  ['modify', MODIFY],
]);

/** The columns that a header names. Throws InputError for an unknown, doubled or missing one. */
export function parseHeader(label: string, names: readonly string[]): ColumnPlaces {
  const places = new Map<Column, number>();
  names.forEach((text, i) => {
    const name = text.trim().toLowerCase();
    const column = COLUMNS.find((known) => known === name);
    if (column === undefined) {
      const bytes = Buffer.from(text.slice(0, 40));
      throw new InputError(
        `${label}: line 1, column ${i + 1}: unknown column ${quoted(bytes, 0, bytes.length)}; the columns are ${COLUMNS.join(', ')}`,
      );
    }
    if (places.has(column))
      throw new InputError(`${label}: line 1, column ${i + 1}: ${column} is there twice`);
    places.set(column, i);
  });
  for (const column of ['kind', 'address'] as const) {
    if (!places.has(column)) {
      throw new InputError(
        `${label}: line 1: the column ${column} is missing; the columns are ${COLUMNS.join(', ')}`,
      );
    }
  }
  return places;
}

/** Whether a line looks like the header of a CSV trace. */
export function isHeaderLine(line: string): boolean {
  const names = line
    .replace(/^\xef\xbb\xbf/, '')
    .split(',')
    .map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase(),
    );
  return names.includes('kind') && names.includes('address');
}

/** One reference as a row says it. Reused from row to row. */
export interface Row {
  kind: ReferenceKind;
  lo: number;
  hi: number;
  size: number;
  cpu: number;
  kernel: boolean;
  physicalLo: number;
  physicalHi: number;
  /** Address space as written. */
  space: number;
}

/** Reads rows into one object. `fail` is told the column and what is wrong with it; it throws. */
export function createRowReader(
  places: ColumnPlaces,
  fail: (column: Column, what: string, text: string) => never,
): (record: readonly string[]) => Row {
  const row: Row = {
    kind: FETCH,
    lo: 0,
    hi: 0,
    size: 0,
    cpu: 0,
    kernel: false,
    physicalLo: 0,
    physicalHi: 0,
    space: 0,
  };
  const field = (record: readonly string[], column: Column): string => {
    const place = places.get(column);
    return place === undefined ? '' : (record[place] ?? '');
  };
  let lo = 0;
  let hi = 0;
  const address = (record: readonly string[], column: Column): void => {
    const text = field(record, column);
    if (/^0x[0-9a-f]{1,16}$/i.test(text)) {
      lo = Number.parseInt(text.slice(2).slice(-8), 16);
      hi = text.length > 10 ? Number.parseInt(text.slice(2, -8), 16) : 0;
    } else if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) {
      const value = BigInt(text);
      lo = Number(value & 0xffffffffn);
      hi = Number(value >> 32n);
    } else fail(column, 'not a 64-bit address (0x… or decimal)', text);
  };
  const number = (record: readonly string[], column: Column, least: number, most: number, absent: number) => {
    const text = field(record, column);
    if (text === '') return absent;
    const value = /^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(text) ? Number(text) : -1;
    return value >= least && value <= most
      ? value
      : fail(column, `not a number from ${least} to ${most}`, text);
  };

  return (record) => {
    const kindText = field(record, 'kind');
    const kind = KINDS.get(kindText.toLowerCase());
    row.kind = kind ?? fail('kind', 'not I, L, S, M, fetch, load, store or modify', kindText);
    address(record, 'address');
    row.lo = lo;
    row.hi = hi;
    row.size = number(record, 'size', 1, MAX_SIZE, row.kind === FETCH ? 4 : 8);
    row.cpu = number(record, 'cpu', 0, MOST_CPUS - 1, 0);
    const mode = field(record, 'mode').toLowerCase();
    if (mode !== '' && mode !== 'user' && mode !== 'kernel') fail('mode', 'not user or kernel', mode);
    row.kernel = mode === 'kernel';
    if (places.has('physical')) {
      address(record, 'physical');
      row.physicalLo = lo;
      row.physicalHi = hi;
      const text = field(record, 'physical');
      const offset = row.lo & OFFSET_MASK;
      if (offset !== (lo & OFFSET_MASK))
        fail('physical', 'differs from the address in its last 12 bits', text);
      if (offset + row.size > PAGE_BYTES) {
        fail(
          'physical',
          'the reference crosses a page, so one physical address does not place it; split it',
          text,
        );
      }
    }
    row.space = number(record, 'space', 0, 0xffffffff, 0);
    return row;
  };
}
