/** Which template comes next, by the book: what the loop (`run.ts`) does itself. */
import { InputError } from '../../errors.ts';
import { BLOCK_ID, BLOCK_OTHER } from '../layout.ts';
import { BLOCK_AT, CURRENT, LINE_NEXT, LINE_OTHER, MOVED, PLACES_AT, STATE_AT } from './layout.ts';
import { IMPOSSIBLE } from './move.ts';

/** Reads the next block code and makes its template, of `count`, current. */
export function nextTemplate(memory: Int32Array, bytes: Uint8Array, count: number): void {
  const current = memory[STATE_AT + CURRENT]! >> 2;
  const next = memory[current + LINE_NEXT]!;
  const code = bytes[memory[STATE_AT + BLOCK_AT]!++]!;
  let place = next;
  let moved = code & 1;
  if (code >= BLOCK_OTHER) {
    place = memory[current + LINE_OTHER]!;
    if (code >= BLOCK_ID) {
      const id = ((code - BLOCK_ID) << 8) | bytes[memory[STATE_AT + BLOCK_AT]!++]!;
      if (id >= count) throw new InputError(IMPOSSIBLE);
      place = memory[PLACES_AT + id]!;
      moved = 1;
    }
    memory[current + LINE_OTHER] = next;
    memory[current + LINE_NEXT] = place;
  }
  memory[STATE_AT + CURRENT] = place;
  memory[STATE_AT + MOVED] = moved;
}
