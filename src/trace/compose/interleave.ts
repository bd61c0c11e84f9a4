import type { Chunk } from '../types.ts';
import { createCollector } from './collect.ts';
import { type Clock, type Cursor, cursorAt, isExhausted, restart } from './cursor.ts';

/** One stream of an interleaving: what it is and how far it goes in its turn, by its clock. */
export interface Lane {
  readonly stream: AsyncIterable<Chunk>;
  readonly turn: number;
  readonly clock: Clock;
}

/**
 * The streams in turns, always in the same order; one that has ended is passed over. Holds one chunk of each.
 * Turns end between instructions, and what one runs over comes off the next. Translations must be numbered in
 * the order in which chunks are asked for.
 */
export async function* interleave(lanes: readonly Lane[], instructionBytes: 0 | 4): AsyncGenerator<Chunk> {
  const collector = createCollector(instructionBytes);
  const open = lanes.map(({ stream }) => stream[Symbol.asyncIterator]());
  const cursors: (Cursor | null)[] = lanes.map(() => null);
  const ended = lanes.map(() => false);
  const over = lanes.map(() => 0);
  try {
    while (ended.includes(false)) {
      for (const [at, { turn, clock }] of lanes.entries()) {
        let left = turn - over[at]!;
        while (left > 0 && !ended[at]) {
          const cursor = cursors[at];
          if (cursor && !isExhausted(cursor)) {
            left -= collector.take(cursor, left, clock);
            if (collector.full()) yield collector.chunk();
            continue;
          }
          const next = await open[at]!.next();
          if (next.done === true) ended[at] = true;
          else {
            collector.translations(next.value.translations);
            if (cursor) restart(cursor, next.value);
            else cursors[at] = cursorAt(next.value);
          }
        }
        over[at] = -left;
      }
    }
    if (!collector.empty()) yield collector.chunk();
  } finally {
    // Files are let go of when the reader stops early, too.
    await Promise.all(open.map((stream) => stream.return?.()));
  }
}
