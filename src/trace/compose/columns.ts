/** Growing columns and small chunks, for whoever makes chunks of chunks. */
import type { Chunk, CodeColumns, EventColumns, SegmentColumns, TranslationColumns } from '../types.ts';

export type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** A copy of a column that has room for `length` entries and more. */
export function widened<T extends Column>(old: T, length: number): T {
  const wider = new (old.constructor as new (length: number) => T)(Math.max(length, old.length * 2));
  wider.set(old);
  return wider;
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
