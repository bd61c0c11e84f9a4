/**
 * The reference coder, reading side: the inverse of `encode-references.ts`, tuned by hand.
 *
 * How it came to be fast: a template is copied first, four records per step (the columns have room for the
 * surplus), then its data references are patched, so neither loop asks what kind a record is. Templates, their
 * successors and their data references lie together in one array. The loops call nothing, the arrays do not
 * change within a chunk, and constants are literals, which lets V8 keep array bases in registers and fold the
 * constants (it folds no imported ones: 12 % of the time; that is why `line-run.ts` repeats them). Moves of the
 * frequent kinds are one table look-up without a branch between them. Ranges are not tested per record but gathered by
 * OR, and judged once per chunk.
 */
import { InputError } from '../errors.ts';
import { CHUNK_RECORDS, OFFSET_SHIFT, type PAGE_BYTES, type SIZE_SHIFT } from '../types.ts';
import type { Cursor } from './lanes.ts';
import { checkCursors } from './lanes.ts';
import {
  BLOCK_ID,
  type BLOCK_NEXT,
  type BLOCK_OTHER,
  LANE_BLOCKS,
  LANE_MOVES,
  LANE_OFFSETS,
  LANE_PAGES,
  type MOVE_ANYWHERE,
  type MOVE_BESIDE,
  type MOVE_BESIDE_FIRST,
  MOVE_NEAR,
  type MOVE_PREVIOUS_PAGE,
  MOVE_REPEAT,
  MOVE_SPECIAL,
  type MOVE_SWAP,
} from './layout.ts';
import { createTemplates, type HEAD, type REFERENCE } from './templates.ts';

/** Records per copying step: the columns have room for the surplus. */
const COPY_STEP = 4;

/** Fields of a run's state. */
const AT = 0; // records made
const BLOCK_AT = 1;
const MOVE_AT = 2;
const OFFSET_AT = 3;
const PAGE_AT = 4;
const CURRENT = 5; // template
const NEAR_WORD = 6; // last data reference
const NEAR_PAGE = 7;
const SWAP_WORD = 8; // irregular move before the last
const SWAP_PAGE = 9;
const FAULTS = 10;
const STATE = 11;

export interface ReferenceDecoder {
  /** Starts a group, given its lanes. */
  readonly begin: (lanes: readonly Cursor[]) => void;
  /**
   * Decodes the next `length` records, whose translations are below `translations`, into the columns.
   * Throws an InputError where the lanes do not make such records.
   */
  readonly decode: (length: number, translations: number) => void;
  /** The columns, longer than any chunk. */
  readonly translation: Int32Array;
  readonly word: Int32Array;
}

export function createReferenceDecoder(): ReferenceDecoder {
  const templates = createTemplates(2 * COPY_STEP);
  const { store, places } = templates;
  const translation = new Int32Array(CHUNK_RECORDS + COPY_STEP);
  const word = new Int32Array(CHUNK_RECORDS + COPY_STEP);

  // Change of the word and of the translation for each plain move code.
  const moveWord = new Int32Array(MOVE_SPECIAL);
  const movePage = new Int32Array(MOVE_SPECIAL);
  for (let code = MOVE_REPEAT + 1; code < MOVE_SPECIAL; code++) {
    moveWord[code] = (code - MOVE_NEAR) << OFFSET_SHIFT;
  }

  let lanes: readonly Cursor[] = [];
  const state = new Int32Array(STATE);

  const begin = (newLanes: readonly Cursor[]): void => {
    lanes = newLanes;
    templates.begin(newLanes);
    state.fill(0);
    moveWord[MOVE_REPEAT] = movePage[MOVE_REPEAT] = 0;
  };

  /** Runs templates until `length` records are made, a template is not defined yet or something is wrong. */
  const run = (bytes: Uint8Array, length: number, translations: number): void => {
    // The layout's constants as literals; where a type can, it keeps them equal.
    const NEXT: typeof BLOCK_NEXT = 0;
    const OTHER: typeof BLOCK_OTHER = 1;
    const ID: typeof BLOCK_ID = 2;
    const REPEAT: typeof MOVE_REPEAT = 1;
    const SPECIAL: typeof MOVE_SPECIAL = 162;
    const SWAP: typeof MOVE_SWAP = 162;
    const PREVIOUS_PAGE: typeof MOVE_PREVIOUS_PAGE = 164;
    const ANYWHERE: typeof MOVE_ANYWHERE = 165;
    const BESIDE_FIRST: typeof MOVE_BESIDE_FIRST = 166;
    const BESIDE: typeof MOVE_BESIDE = 206;
    const HEADER: typeof HEAD = 4;
    const STEP: typeof REFERENCE = 3;
    const SHIFT: typeof OFFSET_SHIFT = 3;
    const SIZE: typeof SIZE_SHIFT = 15;
    const PAGE: typeof PAGE_BYTES = 4096;
    const OFFSET = 4095 << 3;
    const SHAPE = ~OFFSET; // kind, tail and size: what no move may change

    const count = templates.count();
    let at = state[AT]!;
    let block = state[BLOCK_AT]!;
    let move = state[MOVE_AT]!;
    let nextOffset = state[OFFSET_AT]!;
    let nextPage = state[PAGE_AT]!;
    let current = state[CURRENT]!;
    let nearWord = state[NEAR_WORD]!;
    let nearPage = state[NEAR_PAGE]!;
    let swapWord = state[SWAP_WORD]!;
    let swapPage = state[SWAP_PAGE]!;
    let faults = state[FAULTS]!; // negative: out of range
    let changes = 0; // not 0: a move reached beyond the offset
    for (; at < length; ) {
      const code = bytes[block++]!;
      let place: number;
      if (code === NEXT) place = store[current + 2]!;
      else {
        if (code === OTHER) place = store[current + 3]!;
        else {
          const id = ((code - ID) << 8) | bytes[block++]!;
          if (id >= count) {
            block -= 2; // read again when it is defined
            break;
          }
          place = places[id]!;
        }
        store[current + 3] = store[current + 2]!;
        store[current + 2] = place;
      }
      current = place;
      const records = store[place]!;
      const end = at + records;
      // Also stops at the empty place before the first template, so the loop always goes on.
      if (records === 0 || end > length) {
        faults = -1;
        break;
      }
      let from = place + HEADER;
      for (let put = at; put < end; put += 4, from += 8) {
        word[put] = store[from]!;
        translation[put] = store[from + 1]!;
        word[put + 1] = store[from + 2]!;
        translation[put + 1] = store[from + 3]!;
        word[put + 2] = store[from + 4]!;
        translation[put + 2] = store[from + 5]!;
        word[put + 3] = store[from + 6]!;
        translation[put + 3] = store[from + 7]!;
      }
      const stop = store[place + 1]!;
      for (let reference = place + HEADER + 2 * records; reference < stop; reference += STEP) {
        const old = store[reference]!;
        const oldPage = store[reference + 1]!;
        const put = (at + store[reference + 2]!) | 0;
        const how = bytes[move++]!;
        let value: number;
        let page: number;
        if (how < SPECIAL) {
          value = (old + moveWord[how]!) | 0;
          page = (oldPage + movePage[how]!) | 0;
        } else {
          if (how === SWAP) {
            value = (old + swapWord) | 0;
            page = (oldPage + swapPage) | 0;
          } else {
            page = oldPage;
            let offset: number;
            if (how >= BESIDE_FIRST) {
              page = nearPage;
              offset = ((nearWord & OFFSET) >>> SHIFT) + how - BESIDE;
            } else {
              if (how === PREVIOUS_PAGE) page = nearPage;
              else if (how === ANYWHERE) {
                page = 0;
                for (let shift = 0; shift < 35; shift += 7) {
                  const part = bytes[nextPage++]!;
                  page |= (part & 127) << shift;
                  if (part < 128) break;
                }
              }
              offset = bytes[nextOffset]! | (bytes[nextOffset + 1]! << 8);
              nextOffset += 2;
            }
            value = (old & SHAPE) | (offset << SHIFT);
          }
          swapWord = moveWord[REPEAT]!;
          swapPage = movePage[REPEAT]!;
          moveWord[REPEAT] = (value - old) | 0;
          movePage[REPEAT] = (page - oldPage) | 0;
        }
        faults |= page | (translations - 1 - page) | (PAGE - ((value & OFFSET) >>> SHIFT) - (value >>> SIZE));
        changes |= (value ^ old) & SHAPE;
        store[reference] = value;
        store[reference + 1] = page;
        word[put] = value;
        translation[put] = page;
        nearWord = value;
        nearPage = page;
      }
      at = end;
    }

    state[AT] = at;
    state[BLOCK_AT] = block;
    state[MOVE_AT] = move;
    state[OFFSET_AT] = nextOffset;
    state[PAGE_AT] = nextPage;
    state[CURRENT] = current;
    state[NEAR_WORD] = nearWord;
    state[NEAR_PAGE] = nearPage;
    state[SWAP_WORD] = swapWord;
    state[SWAP_PAGE] = swapPage;
    state[FAULTS] = changes === 0 ? faults : -1;
  };

  const decode = (length: number, translations: number): void => {
    const blocks = lanes[LANE_BLOCKS]!;
    const moves = lanes[LANE_MOVES]!;
    const offsets = lanes[LANE_OFFSETS]!;
    const pages = lanes[LANE_PAGES]!;
    state[AT] = 0;
    state[BLOCK_AT] = blocks.at;
    state[MOVE_AT] = moves.at;
    state[OFFSET_AT] = offsets.at;
    state[PAGE_AT] = pages.at;
    for (;;) {
      run(blocks.bytes, length, translations);
      if (state[FAULTS]! < 0)
        throw new InputError('a reference leaves its page, its chunk or has no translation');
      if (state[AT] === length) break;
      // The run stopped at a template that is not defined yet.
      const { bytes } = blocks;
      const id = ((bytes[state[BLOCK_AT]!]! - BLOCK_ID) << 8) | bytes[state[BLOCK_AT]! + 1]!;
      if (id !== templates.count()) throw new InputError('an unknown template is named');
      pages.at = state[PAGE_AT]!;
      templates.define(translations);
      state[PAGE_AT] = pages.at;
    }
    blocks.at = state[BLOCK_AT]!;
    moves.at = state[MOVE_AT]!;
    offsets.at = state[OFFSET_AT]!;
    pages.at = state[PAGE_AT]!;
    checkCursors(lanes, false);
  };

  return { begin, decode, translation, word };
}
