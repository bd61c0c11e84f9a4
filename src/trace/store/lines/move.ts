/** One move of a data reference, by the book: what the loop (`run-moves.ts`) does at once with the rest. */
import { InputError } from '../../errors.ts';
import { OFFSET_SHIFT, SIZE_SHIFT } from '../../types.ts';
import {
  MOVE_ANYWHERE,
  MOVE_BESIDE,
  MOVE_BESIDE_FIRST,
  MOVE_PAGE,
  MOVE_REPEAT,
  MOVE_SAME,
  MOVE_SPECIAL,
  MOVE_SWAP,
} from '../layout.ts';
import { PAGE_UNITS, PLACE_FIELD } from '../places.ts';
import {
  DATA_SLOT,
  MOVE_AT,
  MOVED,
  NEAR,
  NOT_QUICK,
  PAGE_AT,
  PAGE_MOVES,
  PLACE_AT,
  QUICK_MOVES,
  STATE_AT,
  SWAP_PAGE,
  SWAP_WORD,
} from './layout.ts';

export const IMPOSSIBLE = 'a reference leaves its page, its chunk or has no translation';

/**
 * Moves the data reference at `at` of a line template in the memory. Its words are made elsewhere. Throws an
 * InputError where it leaves its page or has no translation.
 */
export function moveReference(memory: Int32Array, bytes: Uint8Array, at: number, translations: number): void {
  const old = memory[at]!;
  const oldPage = memory[at + 1]!;
  const near = memory[STATE_AT + NEAR]! >> 2;
  const how = memory[STATE_AT + MOVED] === 0 ? MOVE_SAME : bytes[memory[STATE_AT + MOVE_AT]!++]!;
  let byWord = 0;
  let byPage = 0;
  if (how < MOVE_SPECIAL) {
    byWord = memory[how]!;
    byPage = memory[PAGE_MOVES + how]!;
  } else {
    if (how === MOVE_SWAP) {
      byWord = memory[STATE_AT + SWAP_WORD]!;
      byPage = memory[STATE_AT + SWAP_PAGE]!;
    } else {
      let page = how === MOVE_PAGE ? oldPage : memory[near + 1]!;
      let place = ((memory[near]! & PLACE_FIELD) >>> OFFSET_SHIFT) + how - MOVE_BESIDE;
      if (how === MOVE_ANYWHERE) {
        page = 0;
        for (let shift = 0; shift < 35; shift += 7) {
          const part = bytes[memory[STATE_AT + PAGE_AT]!++]!;
          page |= (part & 127) << shift;
          if (part < 128) break;
        }
      }
      if (how < MOVE_BESIDE_FIRST) {
        place = bytes[memory[STATE_AT + PLACE_AT]!]! | (bytes[memory[STATE_AT + PLACE_AT]! + 1]! << 8);
        memory[STATE_AT + PLACE_AT]! += 2;
      }
      byWord = ((old & ~PLACE_FIELD) | (place << OFFSET_SHIFT)) - old;
      byPage = page - oldPage;
    }
    memory[STATE_AT + SWAP_WORD] = memory[MOVE_REPEAT]!;
    memory[STATE_AT + SWAP_PAGE] = memory[PAGE_MOVES + MOVE_REPEAT]!;
    memory[MOVE_REPEAT] = byWord;
    memory[PAGE_MOVES + MOVE_REPEAT] = byPage;
    memory[QUICK_MOVES + MOVE_REPEAT] = byPage === 0 ? byWord : NOT_QUICK;
  }
  const value = (old + byWord) | 0;
  const page = (oldPage + byPage) | 0;
  const end = ((value & PLACE_FIELD) >>> OFFSET_SHIFT) + (value >>> SIZE_SHIFT);
  if (((value ^ old) & ~PLACE_FIELD) !== 0 || end > PAGE_UNITS || page < 0 || page >= translations)
    throw new InputError(IMPOSSIBLE);
  memory[at] = value;
  memory[at + 1] = page;
  memory[memory[at + DATA_SLOT]! >> 2] = -1; // its word is not made here
  memory[STATE_AT + NEAR] = 4 * at;
}
