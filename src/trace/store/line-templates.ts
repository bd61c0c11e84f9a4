/**
 * Templates made ready for the decoder of lines: what a run makes of its fetches, the lines and the number of
 * accesses, is worked out once, and only the data references are left to be moved at each run.
 */
import type { LineShape } from '../lines.ts';
import { LOAD, OFFSET_MASK, OFFSET_SHIFT, PAGE_BITS, SIZE_SHIFT, STORE } from '../types.ts';
import { HEAD, type Templates } from './templates.ts';

// A line template: header, then its data references.
export const LINE_RECORDS = 0; // ODD: not for the fast loop
export const LINE_END = 1; // of the data references
export const LINE_NEXT = 2; // successor
export const LINE_OTHER = 3; // other successor
export const LINE_FETCHES = 4; // accesses by fetch
export const LINE_DATA = 5; // loads | stores << 16
export const LINE_LEADING = 6; // words of the fetches before the first data reference
export const LINE_FIRST = 7; // the first of them
export const LINE_TRAILING = 8; // words of the fetches after the last data reference
export const LINE_FIRST_TRAILING = 9;
export const LINE_LAST = 10; // last word of a fetch, −1 without one
export const LINE_SOURCE = 11; // place of the template as defined
export const LINE_HEAD = 12;

// A data reference.
export const DATA_WORD = 0; // reference word
export const DATA_PAGE = 1; // translation
export const DATA_LINE = 2; // its word, −1 where that is not known or not all
export const DATA_FIRST = 3; // word of the new line of fetches before it, | 1 if there are several, 0 for none
export const DATA_BEFORE = 4; // how many
export const DATA_FIELDS = 5;

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
  lines[at + LINE_TRAILING] = 0;
  lines[at + LINE_SOURCE] = place;
  let fetches = 0;
  let loads = 0;
  let stores = 0;
  let last = -1;
  let first = 0;
  let fresh = 0; // words since the last data reference
  let data = at + LINE_HEAD;
  let reference = place + HEAD + 2 * records;
  for (let index = 0; index < records; index++) {
    if (reference < store[place + 1]! && store[reference + 2] === index) {
      const kind = store[reference]! & 3;
      if (kind !== STORE) loads++;
      if (kind !== LOAD) stores++;
      if (data === at + LINE_HEAD) {
        lines[at + LINE_LEADING] = fresh;
        lines[at + LINE_FIRST] = first;
        fresh = 0;
      }
      lines[data + DATA_WORD] = store[reference]!;
      lines[data + DATA_PAGE] = 0;
      lines[data + DATA_LINE] = -1;
      lines[data + DATA_FIRST] = fresh === 0 ? 0 : first | (fresh > 1 ? 1 : 0);
      lines[data + DATA_BEFORE] = fresh;
      fresh = 0;
      data += DATA_FIELDS;
      reference += 3;
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
      if (fresh++ === 0) first = made;
      last = made;
    }
  }
  if (data === at + LINE_HEAD) {
    lines[at + LINE_LEADING] = fresh;
    lines[at + LINE_FIRST] = first;
  } else {
    lines[at + LINE_TRAILING] = fresh;
    lines[at + LINE_FIRST_TRAILING] = first;
  }
  lines[at + LINE_END] = data;
  lines[at + LINE_FETCHES] = fetches;
  lines[at + LINE_DATA] = loads | (stores << 16);
  lines[at + LINE_LAST] = last;
  return data;
}
