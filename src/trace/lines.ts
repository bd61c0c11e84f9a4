/**
 * Lines (`LineRequest`) of records: the slow twin of what a store makes of its templates without making records
 * first, for all others.
 */
import {
  type Chunk,
  FETCH,
  type LineColumns,
  type LineRequest,
  LOAD,
  MODIFY,
  OFFSET_MASK,
  OFFSET_SHIFT,
  PAGE_BITS,
  PAGE_BYTES,
  SIZE_SHIFT,
  STORE,
} from './types.ts';

/** Words, where the next one goes, and the last of each side, which need not be repeated (−1: none). */
export interface LineOutput {
  words: Int32Array;
  put: number;
  lastFetch: number;
  lastData: number;
}

/** Made here for all, so that to V8 they are objects of one shape. */
export const createLineOutput = (words: Int32Array): LineOutput => ({
  words,
  put: 0,
  lastFetch: -1,
  lastData: -1,
});

/** What turns a reference into words and accesses. */
export type LineShape = Pick<LineRequest, 'lineBits' | 'instructionBytes'>;

/** Most words that one record can make. */
export const mostWords = ({ lineBits }: LineShape): number => 2 * (PAGE_BYTES >>> lineBits) + 2;

/**
 * Adds records from … to − 1 to the words, for which there is room, and to the four counts of accesses from
 * `tally` on. `ids`: page ids by translation.
 */
export function addRecords(
  translation: Int32Array,
  word: Int32Array,
  from: number,
  to: number,
  ids: Int32Array,
  { lineBits, instructionBytes }: LineShape,
  output: LineOutput,
  accesses: Int32Array,
  tally: number,
): void {
  const { words } = output;
  const fixed = instructionBytes === 4;
  const pageBits = PAGE_BITS - lineBits;
  let { put, lastFetch, lastData } = output;
  for (let at = from; at < to; at++) {
    const record = word[at]!;
    const id = ids[translation[at]!]!;
    const kind = record & 3;
    const bytes = record >>> SIZE_SHIFT;
    if (id < 0) {
      accesses[tally + 3]! += kind === FETCH && fixed ? bytes >>> 2 : kind === MODIFY ? 2 : 1;
      continue;
    }
    const offset = (record >>> OFFSET_SHIFT) & OFFSET_MASK;
    const line = offset >>> lineBits;
    const lines = ((offset + bytes - 1) >>> lineBits) - line + 1;
    const first = ((id << pageBits) | line) << 2;
    if (kind === FETCH) {
      accesses[tally]! += fixed ? bytes >>> 2 : lines;
      for (let n = 0; n < lines; n++) {
        const made = (first + 4 * n) | 2;
        if (made !== lastFetch) words[put++] = made;
        lastFetch = made;
      }
      continue;
    }
    if (kind !== STORE) {
      accesses[tally + 1]! += lines;
      for (let n = 0; n < lines; n++) {
        const made = first + 4 * n;
        if (((made ^ lastData) & -2) !== 0) words[put++] = made;
        lastData = made;
      }
    }
    if (kind !== LOAD) {
      accesses[tally + 2]! += lines;
      for (let n = 0; n < lines; n++) {
        const made = (first + 4 * n) | 1;
        if (made !== lastData) words[put++] = made;
        lastData = made;
      }
    }
  }
  output.put = put;
  output.lastFetch = lastFetch;
  output.lastData = lastData;
}

/** The lines of a chunk that has records, in new arrays. `ids`: page ids by translation. */
export function linesOfRecords(
  chunk: Chunk,
  ids: Int32Array,
  request: LineShape & Pick<LineRequest, 'asideFlags'>,
): LineColumns {
  const { segments } = chunk;
  const most = mostWords(request);
  const output = createLineOutput(new Int32Array(chunk.length + most));
  const segmentEnd = new Int32Array(segments.length);
  const accesses = new Int32Array(4 * segments.length);
  const aside = new Uint8Array(segments.length);
  let from = 0;
  let cpu = -1;
  for (let segment = 0; segment < segments.length; segment++) {
    const end = segments.end[segment]!;
    if ((segments.flags[segment]! & request.asideFlags) !== 0) aside[segment] = 1;
    else {
      if (segments.cpu[segment] !== cpu) output.lastFetch = output.lastData = -1;
      cpu = segments.cpu[segment]!;
      while (from < end) {
        // As many as there is room for, whatever they are.
        const room = Math.floor((output.words.length - output.put) / most);
        if (room === 0) output.words = wider(output.words);
        const to = Math.min(end, from + room);
        addRecords(chunk.translation, chunk.word, from, to, ids, request, output, accesses, 4 * segment);
        from = to;
      }
    }
    segmentEnd[segment] = output.put;
    from = end;
  }
  return { words: output.words, segmentEnd, accesses, aside };
}

function wider(old: Int32Array): Int32Array<ArrayBuffer> {
  const result = new Int32Array(old.length * 2);
  result.set(old);
  return result;
}
