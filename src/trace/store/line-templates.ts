/**
 * Templates made ready for the decoder of lines: what a run makes of its fetches, the lines and the number of
 * accesses, is worked out once, and only the data references are left to be moved at each run.
 */
import type { LineShape } from '../lines.ts';
import { LOAD, OFFSET_MASK, OFFSET_SHIFT, PAGE_BITS, SIZE_SHIFT, STORE } from '../types.ts';
import { HEAD, REFERENCE, type Templates } from './templates.ts';

// A line template: header, then its data references, then its pieces.
export const LINE_RECORDS = 0; // ODD: not for the fast loop
export const LINE_END = 1; // of the data references, where the pieces begin
export const LINE_NEXT = 2; // successor
export const LINE_OTHER = 3; // other successor
export const LINE_FETCHES = 4; // accesses by fetch
export const LINE_DATA = 5; // loads | stores << 16
export const LINE_PIECES_END = 6;
export const LINE_SOURCE = 7; // place of the template as defined
export const LINE_HARD = 8; // not 0: a word of a data reference is not known
export const LINE_HEAD = 9;

// A data reference.
export const DATA_WORD = 0; // placed word
export const DATA_PAGE = 1; // translation
export const DATA_LINE = 2; // its word, −1 where that is not known or not all
export const DATA_FIELDS = 3;

// A piece: lines of fetches, each the one after the one before, then data references. Only the first may have no fetch.
export const PIECE_LINES = 0; // how many
export const PIECE_FIRST = 1; // word of the first
export const PIECE_END = 2; // of the data references
export const PIECE_FIELDS = 3;

/** In place of LINE_HARD before the first run. */
export const NEVER_RUN = 2;

/** More records than any chunk has. */
export const ODD = 1 << 30;

/**
 * Writes the line template of the template at `place` to `lines` from `at` on, and gives the end. `ids`: page ids
 * by translation. The successors are left to the caller. A template whose fetches go around the caches is marked as odd.
 */
export function prepareLines(
  { store }: Templates,
  place: number,
  lines: Int32Array,
  at: number,
  { lineBits, instructionBytes }: LineShape,
  ids: Int32Array,
): number {
  const records = store[place]!;
  lines[at + LINE_RECORDS] = records;
  lines[at + LINE_SOURCE] = place;
  lines[at + LINE_HARD] = NEVER_RUN;
  let fetches = 0;
  let loads = 0;
  let stores = 0;
  let last = -1;
  let reference = place + HEAD + 2 * records;
  const references = (store[place + 1]! - reference) / REFERENCE;
  let data = at + LINE_HEAD;
  let piece = data + DATA_FIELDS * references;
  lines[at + LINE_END] = piece;
  // Of the piece that is being made.
  let fresh = 0;
  let first = 0;
  let dataBefore = data;
  for (let index = 0; index < records; index++) {
    if (reference < store[place + 1]! && store[reference + 2] === place + HEAD + 2 * index) {
      const kind = store[reference]! & 3;
      if (kind !== STORE) loads++;
      if (kind !== LOAD) stores++;
      lines[data + DATA_WORD] = store[reference]!;
      lines[data + DATA_PAGE] = 0;
      lines[data + DATA_LINE] = -1;
      data += DATA_FIELDS;
      reference += REFERENCE;
      continue;
    }
    const word = store[place + HEAD + 2 * index]!;
    const id = ids[store[place + HEAD + 2 * index + 1]!]!;
    if (!(id >= 0)) lines[at + LINE_RECORDS] = ODD;
    const offset = (word >>> OFFSET_SHIFT) & OFFSET_MASK;
    const bytes = word >>> SIZE_SHIFT;
    const end = (offset + bytes - 1) >>> lineBits;
    let line = offset >>> lineBits;
    fetches += instructionBytes === 4 ? bytes >>> 2 : end - line + 1;
    for (; line <= end; line++) {
      const made = (((id << (PAGE_BITS - lineBits)) | line) << 2) | 2;
      if (made === last) continue;
      if (data > dataBefore) {
        lines[piece + PIECE_LINES] = fresh;
        lines[piece + PIECE_FIRST] = first;
        lines[piece + PIECE_END] = dataBefore = data;
        piece += PIECE_FIELDS;
        fresh = 0;
      }
      if (fresh++ === 0) first = made;
      last = made;
    }
  }
  lines[piece + PIECE_LINES] = fresh;
  lines[piece + PIECE_FIRST] = first;
  lines[piece + PIECE_END] = data;
  piece += PIECE_FIELDS;
  lines[at + LINE_PIECES_END] = piece;
  lines[at + LINE_FETCHES] = fetches;
  lines[at + LINE_DATA] = loads | (stores << 16);
  return piece;
}
