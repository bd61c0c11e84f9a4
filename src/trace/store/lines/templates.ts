/**
 * Templates made ready for the decoder of lines: what a run makes of its fetches, the lines and the number of
 * accesses, is worked out once, and only the data references are left to be moved at each run.
 */
import type { LineShape } from '../../lines.ts';
import { LOAD, MODIFY, OFFSET_MASK, OFFSET_SHIFT, PAGE_BITS, SIZE_SHIFT, STORE } from '../../types.ts';
import { HEAD, REFERENCE } from '../templates.ts';
import {
  COPIED,
  DATA_FIELDS,
  HARD,
  LINE_DATA,
  LINE_END,
  LINE_FETCHES,
  LINE_FIRST_FETCH,
  LINE_HEAD,
  LINE_LAST_DATA,
  LINE_LAST_FETCH,
  LINE_LEAD,
  LINE_LENGTH,
  LINE_LIST,
  LINE_RECORDS,
  LINE_SOURCE,
  MOST_FETCHES,
  NO_DATA,
  NO_FETCH,
  NOWHERE,
  ODD,
} from './layout.ts';

/**
 * Writes the line template of the template at `place` of `source` to the memory from `at` on, and gives the end. `ids`: page ids
 * by translation. The successors are left to the caller. A template is marked as odd, and has no words, if its fetches
 * go around the caches, come after data or are of many lines.
 */
export function prepareLines(
  source: Int32Array,
  place: number,
  memory: Int32Array,
  at: number,
  { lineBits, instructionBytes }: LineShape,
  ids: Int32Array,
): number {
  // Local copies: an imported constant is looked up at each use.
  const nowhere = NOWHERE;
  const fields = DATA_FIELDS;
  const step = REFERENCE;
  const none = NO_FETCH;
  const most = MOST_FETCHES;
  const load = LOAD;
  const store = STORE;
  const modify = MODIFY;
  const offsetShift = OFFSET_SHIFT;
  const offsetMask = OFFSET_MASK;
  const sizeShift = SIZE_SHIFT;
  const pageBits = PAGE_BITS - lineBits;
  const records = source[place]!;
  const stop = source[place + 1]!;
  const references = place + HEAD + 2 * records;
  const begin = at + LINE_HEAD + (fields * (stop - references)) / step;
  let odd = false;
  let fetches = 0;
  let loads = 0;
  let stores = 0;
  let lines = 0;
  let first: number = none;
  let last: number = none;
  let lead = -1;
  let put = begin;
  let reference = references;
  let to = at + LINE_HEAD;
  for (let from = place + HEAD; from < references; from += 2) {
    const word = source[from]!;
    if (reference < stop && source[reference + 2] === from) {
      const kind = word & 3;
      if (kind !== store) loads++;
      if (kind !== load) stores++;
      if (lead < 0) lead = put - begin;
      memory[to] = source[reference]!;
      memory[to + 1] = 0;
      memory[to + 2] = odd ? nowhere : 4 * put;
      if (!odd) memory[put++] = -1;
      const two = !odd && kind === modify;
      memory[to + 3] = two ? 4 * put : nowhere;
      if (two) memory[put++] = -1;
      to += fields;
      reference += step;
      continue;
    }
    const id = ids[source[from + 1]!]!;
    const offset = (word >>> offsetShift) & offsetMask;
    const bytes = word >>> sizeShift;
    const end = (offset + bytes - 1) >>> lineBits;
    let line = offset >>> lineBits;
    fetches += instructionBytes === 4 ? bytes >>> 2 : end - line + 1;
    if (lead === 0) odd = true;
    for (; line <= end; line++) {
      const made = (((id << pageBits) | line) << 2) | 2;
      if (!(id >= 0 && made >= 0)) odd = true;
      if (made === last) continue;
      last = made;
      if (first === none) first = made;
      if (++lines > most) odd = true;
      if (!odd) memory[put++] = made;
    }
  }
  const list = put;
  const listed = list + (list - begin);
  memory[at + LINE_RECORDS] = odd ? ODD : records;
  memory[at + LINE_END] = 4 * begin;
  memory[at + LINE_FETCHES] = fetches;
  memory[at + LINE_DATA] = loads | (stores << 16);
  memory[at + LINE_LIST] = 4 * list;
  memory[at + LINE_LENGTH] = HARD;
  memory[at + LINE_LEAD] = 4 * (lead < 0 ? list - begin : lead);
  memory[at + LINE_FIRST_FETCH] = first;
  memory[at + LINE_LAST_FETCH] = last;
  memory[at + LINE_LAST_DATA] = NO_DATA;
  memory[at + LINE_SOURCE] = place;
  if (odd) return put;
  if (lead < 0) {
    // Fetches alone: no run changes the list.
    for (let word = begin; word < list; word++) memory[word + list - begin] = memory[word]!;
    memory[listed] = NO_DATA;
    memory[at + LINE_LENGTH] = 4 * (list - begin);
  }
  return listed + COPIED;
}
