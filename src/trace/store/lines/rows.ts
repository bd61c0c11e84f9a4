/**
 * Rows of segments in the memory of the line decoder: made of the segments of a chunk, kept by the loop, and taken
 * for what the chunk’s lines say of each segment.
 */
import type { LineColumns, SegmentColumns } from '../../types.ts';
import {
  ASIDE,
  DATA,
  DATA_BEFORE_IT,
  ELSEWHERE,
  FETCH_BEFORE,
  FETCHES,
  GONE,
  LAST_DATA,
  LAST_FETCH,
  MORE_LOADS,
  MORE_STORES,
  PUT,
  PUT_BEFORE,
  ROW,
  ROW_ACCESSES,
  ROW_END,
  ROW_FIELDS,
  ROW_FLAGS,
  ROW_WORDS,
  ROWS_AT,
} from './layout.ts';

/** What is said of each segment. */
export type MadeSegments = Pick<LineColumns, 'segmentEnd' | 'accesses' | 'aside'>;

/** Room for so many segments. */
export const createMadeSegments = (length: number): MadeSegments => ({
  segmentEnd: new Int32Array(length),
  accesses: new Int32Array(4 * length),
  aside: new Uint8Array(length),
});

/** Rows of segments first … next − 1. `cpu`: of the segment before (−1: none); gives that of the last. */
export function makeRows(
  memory: Int32Array,
  segments: SegmentColumns,
  first: number,
  next: number,
  asideFlags: number,
  cpu: number,
): number {
  let running = cpu;
  memory.fill(0, ROWS_AT, ROWS_AT + ROW_FIELDS * (next - first));
  for (let segment = first, row = ROWS_AT; segment < next; segment++, row += ROW_FIELDS) {
    memory[row + ROW_END] = segments.end[segment]!;
    if ((segments.flags[segment]! & asideFlags) !== 0) memory[row + ROW_FLAGS] = ASIDE;
    else if (segments.cpu[segment] !== running) {
      // It has other caches.
      memory[row + ROW_FLAGS] = ELSEWHERE;
      running = segments.cpu[segment]!;
    }
  }
  return running;
}

/** Begins the segment of the current row. */
export function enterRow(memory: Int32Array, state: Int32Array): void {
  if ((memory[(state[ROW]! >> 2) + ROW_FLAGS]! & ELSEWHERE) !== 0) state[LAST_FETCH] = state[LAST_DATA] = -1;
  state[PUT_BEFORE] = state[PUT]!;
  state[FETCH_BEFORE] = state[LAST_FETCH]!;
  state[DATA_BEFORE_IT] = state[LAST_DATA]!;
  state.fill(0, FETCHES, PUT_BEFORE);
}

/** Ends it. What is set aside leaves no words. */
export function leaveRow(memory: Int32Array, state: Int32Array): void {
  const row = state[ROW]! >> 2;
  if ((memory[row + ROW_FLAGS]! & ASIDE) !== 0) {
    state[PUT] = state[PUT_BEFORE]!;
    state[LAST_FETCH] = state[FETCH_BEFORE]!;
    state[LAST_DATA] = state[DATA_BEFORE_IT]!;
  } else {
    const gone = state[GONE]!;
    const cached = state[DATA]! - gone;
    const tally = row + ROW_ACCESSES;
    memory[tally]! += state[FETCHES]!;
    memory[tally + 1]! += (cached & 0xffff) + state[MORE_LOADS]!;
    memory[tally + 2]! += (cached >>> 16) + state[MORE_STORES]!;
    memory[tally + 3]! += (gone & 0xffff) + (gone >>> 16);
  }
  memory[row + ROW_WORDS] = state[PUT]!;
  state[ROW]! += 4 * ROW_FIELDS;
}

/** Takes what the rows of segments first … next − 1 have come to, with words from `wordsAt` on. */
export function drainRows(
  memory: Int32Array,
  first: number,
  next: number,
  wordsAt: number,
  made: MadeSegments,
): void {
  const { segmentEnd, accesses, aside } = made;
  for (let segment = first, row = ROWS_AT; segment < next; segment++, row += ROW_FIELDS) {
    aside[segment] = memory[row + ROW_FLAGS]! & ASIDE;
    segmentEnd[segment] = (memory[row + ROW_WORDS]! >> 2) - wordsAt;
    const tally = 4 * segment;
    accesses[tally] = memory[row + ROW_ACCESSES]!;
    accesses[tally + 1] = memory[row + ROW_ACCESSES + 1]!;
    accesses[tally + 2] = memory[row + ROW_ACCESSES + 2]!;
    accesses[tally + 3] = memory[row + ROW_ACCESSES + 3]!;
    if (aside[segment] === 1) accesses.fill(0, tally, tally + 4);
  }
}
