import { type Chunk, FETCH, LOAD, SIZE_SHIFT, STORE, TAIL_BIT } from '../types.ts';

/**
 * A place in a chunk: the next entry of each column, and what the records before it counted in the segment
 * that it stands in. Moved on by a collector's `take`.
 */
export interface Cursor {
  chunk: Chunk;
  record: number;
  segment: number;
  event: number;
  code: number;
  /** Class bytes of the code entries before `code`. */
  classes: number;
  instructions: number;
  loads: number;
  stores: number;
}

export function cursorAt(chunk: Chunk): Cursor {
  return {
    chunk,
    record: 0,
    segment: 0,
    event: 0,
    code: 0,
    classes: 0,
    instructions: 0,
    loads: 0,
    stores: 0,
  };
}

/** The cursor at the beginning of another chunk. */
export function restart(cursor: Cursor, chunk: Chunk): void {
  cursor.chunk = chunk;
  cursor.record = cursor.segment = cursor.event = cursor.code = cursor.classes = 0;
  cursor.instructions = cursor.loads = cursor.stores = 0;
}

export function isExhausted({ chunk, record, event, code }: Cursor): boolean {
  return record >= chunk.length && event >= chunk.events.length && code >= chunk.code.length;
}

/**
 * What time is counted in: instructions, or references where a trace has no fetches. Recorded refill episodes
 * take no time in either.
 */
export type Clock = 'instructions' | 'references';

/** Where a scan stopped, and what it passed. Filled in by `scan`, so that no object is made for each turn. */
export interface Passed {
  record: number;
  instructions: number;
  loads: number;
  stores: number;
  /** In the clock's unit. */
  time: number;
}

/**
 * Passes records of a chunk from `from` until `budget` (in the clock's unit) is reached, but not beyond `to`.
 * It stops before a fetch, so that operands and tails stay with their instruction; where a run of fetches is
 * one record, the budget is exceeded by at most that record.
 */
export function scan(
  chunk: Chunk,
  from: number,
  to: number,
  budget: number,
  instructionBytes: 0 | 4,
  clock: Clock,
  passed: Passed,
): void {
  const { word } = chunk;
  const byInstructions = clock === 'instructions';
  let instructions = 0;
  let loads = 0;
  let stores = 0;
  let time = 0;
  let at = from;
  for (; at < to; at++) {
    const reference = word[at]!;
    if ((reference & TAIL_BIT) !== 0) continue;
    const kind = reference & 3;
    if (time >= budget && (kind === FETCH || !byInstructions)) break;
    if (kind === FETCH) {
      const count = instructionBytes === 4 ? reference >>> (SIZE_SHIFT + 2) : 1;
      instructions += count;
      time += byInstructions ? count : 1;
      continue;
    }
    if (kind !== STORE) loads++;
    if (kind !== LOAD) stores++;
    if (!byInstructions) time++;
  }
  passed.record = at;
  passed.instructions = instructions;
  passed.loads = loads;
  passed.stores = stores;
  passed.time = time;
}
