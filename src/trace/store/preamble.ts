/** The chunk that stands for the chunks that were left out: their translations and code, without records. */
import type { Chunk } from '../types.ts';
import type { TablesChunk } from './decode-tables.ts';

export function preamble(parts: readonly TablesChunk[]): Chunk {
  const tables = parts.map(({ translations }) => translations);
  const codes = parts.map(({ code }) => code);
  const translations = sum(tables.map(({ length }) => length));
  const entries = sum(codes.map(({ length }) => length));
  const classes = sum(codes.map((code) => code.classes.length));
  const integers = new Int32Array(0);
  const bytes = new Uint8Array(0);
  const words = new Uint32Array(0);
  return {
    length: 0,
    translation: integers,
    word: integers,
    segments: {
      length: 0,
      end: integers,
      cpu: bytes,
      flags: bytes,
      service: new Uint16Array(0),
      instructions: integers,
      loads: integers,
      stores: integers,
    },
    events: {
      length: 0,
      at: integers,
      kind: bytes,
      cpu: bytes,
      flags: bytes,
      arg: integers,
      lo: words,
      hi: words,
    },
    translations: {
      first: 0,
      length: translations,
      space: join(
        new Int32Array(translations),
        tables.map(({ space }) => space),
      ),
      virtualPage: join(
        new Float64Array(translations),
        tables.map(({ virtualPage }) => virtualPage),
      ),
      physicalPage: join(
        new Float64Array(translations),
        tables.map(({ physicalPage }) => physicalPage),
      ),
      flags: join(
        new Uint8Array(translations),
        tables.map(({ flags }) => flags),
      ),
    },
    code: {
      length: entries,
      at: new Int32Array(entries),
      physicalPage: join(
        new Float64Array(entries),
        codes.map(({ physicalPage }) => physicalPage),
      ),
      offset: join(
        new Uint16Array(entries),
        codes.map(({ offset }) => offset),
      ),
      count: join(
        new Uint16Array(entries),
        codes.map(({ count }) => count),
      ),
      classes: join(
        new Uint8Array(classes),
        codes.map((code) => code.classes),
      ),
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function join<T extends Int32Array | Float64Array | Uint16Array | Uint8Array>(
  target: T,
  parts: readonly T[],
): T {
  let at = 0;
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
  return target;
}
