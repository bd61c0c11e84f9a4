/** Growing columns and small chunks, for whoever makes chunks of chunks. */
import type { Chunk, CodeColumns, EventColumns, SegmentColumns, TranslationColumns } from '../types.ts';

export type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** A copy of a column that has room for `length` entries and more. */
export function widened<T extends Column>(old: T, length: number): T {
  const wider = new (old.constructor as new (length: number) => T)(Math.max(length, old.length * 2));
  wider.set(old);
  return wider;
}

/** Tables of a chunk under construction, with room for so many entries. */
export const segmentColumns = (size: number) => ({
  end: new Int32Array(size),
  cpu: new Uint8Array(size),
  flags: new Uint8Array(size),
  service: new Uint16Array(size),
  instructions: new Int32Array(size),
  loads: new Int32Array(size),
  stores: new Int32Array(size),
});

export const eventColumns = (size: number) => ({
  at: new Int32Array(size),
  kind: new Uint8Array(size),
  cpu: new Uint8Array(size),
  flags: new Uint8Array(size),
  arg: new Int32Array(size),
  lo: new Uint32Array(size),
  hi: new Uint32Array(size),
});

export const codeColumns = (size: number) => ({
  at: new Int32Array(size),
  physicalPage: new Float64Array(size),
  offset: new Uint16Array(size),
  count: new Uint16Array(size),
});

export const translationColumns = (size: number) => ({
  space: new Int32Array(size),
  virtualPage: new Float64Array(size),
  physicalPage: new Float64Array(size),
  flags: new Uint8Array(size),
});

/** All columns of a table, at least twice as long. */
export function grown<T extends Record<string, Column>>(columns: T, length = 0): T {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, widened(column, length)]),
  ) as T;
}

const INTEGERS = new Int32Array(0);
const WORDS = new Uint32Array(0);
const SHORTS = new Uint16Array(0);
const BYTES = new Uint8Array(0);
const DOUBLES = new Float64Array(0);

export const NO_SEGMENTS: SegmentColumns = {
  length: 0,
  end: INTEGERS,
  cpu: BYTES,
  flags: BYTES,
  service: SHORTS,
  instructions: INTEGERS,
  loads: INTEGERS,
  stores: INTEGERS,
};

export const NO_EVENTS: EventColumns = {
  length: 0,
  at: INTEGERS,
  kind: BYTES,
  cpu: BYTES,
  flags: BYTES,
  arg: INTEGERS,
  lo: WORDS,
  hi: WORDS,
};

export const NO_CODE: CodeColumns = {
  length: 0,
  at: INTEGERS,
  physicalPage: DOUBLES,
  offset: SHORTS,
  count: SHORTS,
  classes: BYTES,
};

export const NO_TRANSLATIONS: TranslationColumns = {
  first: 0,
  length: 0,
  space: INTEGERS,
  virtualPage: DOUBLES,
  physicalPage: DOUBLES,
  flags: BYTES,
};

/** A chunk without records. */
export function recordless(
  tables: Pick<Chunk, 'translations' | 'code'>,
  events: EventColumns = NO_EVENTS,
): Chunk {
  return {
    length: 0,
    translation: INTEGERS,
    word: INTEGERS,
    segments: NO_SEGMENTS,
    events,
    translations: tables.translations,
    code: tables.code,
  };
}
