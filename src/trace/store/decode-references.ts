/**
 * The reference coder, reading side: the inverse of `encode-references.ts`, tuned by hand.
 *
 * How it came to be fast: a template's data references are moved, if any has, where its records are; then it is copied, four
 * records per step (the columns have room for the surplus), so neither loop asks what kind a record is. Templates, their
 * successors and their data references lie together in one array. The loops call nothing, the arrays do not
 * change within a chunk, and constants are literals, which lets V8 keep array bases in registers and fold the
 * constants (it folds no imported ones: 12 % of the time). Moves of the
 * frequent kinds are one table look-up without a branch between them. Ranges are not tested per record but gathered by
 * OR, and judged once per chunk.
 */
import { InputError } from '../errors.ts';
import { CHUNK_RECORDS, OFFSET_SHIFT, type SIZE_SHIFT } from '../types.ts';
import type { Cursor } from './lanes.ts';
import { checkCursors } from './lanes.ts';
import {
  type BLOCK_ID,
  type BLOCK_NEXT,
  type BLOCK_OTHER,
  LANE_BLOCKS,
  LANE_FINE_BITS,
  LANE_FINE_RUNS,
  LANE_MOVES,
  LANE_PAGES,
  LANE_PLACES,
  type MOVE_ANYWHERE,
  type MOVE_BESIDE,
  type MOVE_BESIDE_FIRST,
  MOVE_NEAR,
  type MOVE_PREVIOUS_PAGE,
  MOVE_REPEAT,
  MOVE_SPECIAL,
  type MOVE_SWAP,
} from './layout.ts';
import type { PAGE_UNITS } from './places.ts';
import { createTemplates, type HEAD, type REFERENCE } from './templates.ts';

/** Records per copying step: the columns have room for the surplus. */
const COPY_STEP = 4;

/** Fields of a run's state. */
const AT = 0; // records made
const BLOCK_AT = 1;
const MOVE_AT = 2;
const PLACE_AT = 3;
const PAGE_AT = 4;
const CURRENT = 5; // template
const NEAR = 6; // last data reference
const FINE_RUN_AT = 7;
const SWAP_WORD = 8; // irregular move before the last
const SWAP_PAGE = 9;
const FAULTS = 10;
const FINE_AT = 11;
const STATE = 12;

export interface ReferenceDecoder {
  /** Starts a group, given the lanes of its references and those of section FINE. */
  readonly begin: (lanes: readonly Cursor[], fine: readonly Cursor[]) => void;
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
  const { places: placeOf } = templates;
  const store = templates.store();
  const translation = new Int32Array(CHUNK_RECORDS + COPY_STEP);
  const word = new Int32Array(CHUNK_RECORDS + COPY_STEP);

  // Change of the word and of the translation for each plain move code.
  const moveWord = new Int32Array(MOVE_SPECIAL);
  const movePage = new Int32Array(MOVE_SPECIAL);
  for (let code = MOVE_REPEAT + 1; code < MOVE_SPECIAL; code++) {
    moveWord[code] = (code - MOVE_NEAR) << OFFSET_SHIFT;
  }

  let lanes: readonly Cursor[] = [];
  let fine: readonly Cursor[] = [];
  const state = new Int32Array(STATE);

  const begin = (newLanes: readonly Cursor[], newFine: readonly Cursor[]): void => {
    lanes = newLanes;
    fine = newFine;
    templates.begin(newLanes);
    state.fill(0);
    moveWord[MOVE_REPEAT] = movePage[MOVE_REPEAT] = 0;
  };

  /** Runs templates until `length` records are made or something is wrong. */
  const run = (bytes: Uint8Array, fineBytes: Uint8Array, length: number, translations: number): void => {
    // The layout's constants as literals; where a type can, it keeps them equal.
    const NEXT: typeof BLOCK_NEXT = 0;
    const OTHER: typeof BLOCK_OTHER = 2;
    const ID: typeof BLOCK_ID = 4;
    const REPEAT: typeof MOVE_REPEAT = 1;
    const SPECIAL: typeof MOVE_SPECIAL = 162;
    const SWAP: typeof MOVE_SWAP = 162;
    const PREVIOUS_PAGE: typeof MOVE_PREVIOUS_PAGE = 164;
    const ANYWHERE: typeof MOVE_ANYWHERE = 165;
    const BESIDE_FIRST: typeof MOVE_BESIDE_FIRST = 166;
    const BESIDE: typeof MOVE_BESIDE = 206;
    const HEADER: typeof HEAD = 4;
    const STEP: typeof REFERENCE = 4;
    const SHIFT: typeof OFFSET_SHIFT = 3;
    const SIZE: typeof SIZE_SHIFT = 15;
    const UNITS: typeof PAGE_UNITS = 512;
    const PLACE = 511 << 3;
    const SHAPE = ~PLACE; // kind, tail and span: what no move may change
    const BLOCK = 255 << 4; // of the place, and of the offset when 3 further up

    const count = templates.count();
    let at = state[AT]!;
    let block = state[BLOCK_AT]!;
    let move = state[MOVE_AT]!;
    let nextPlace = state[PLACE_AT]!;
    let nextPage = state[PAGE_AT]!;
    let nextRun = state[FINE_RUN_AT]!;
    let nextFine = state[FINE_AT]!;
    let current = state[CURRENT]!;
    let near = state[NEAR]!;
    let swapWord = state[SWAP_WORD]!;
    let swapPage = state[SWAP_PAGE]!;
    let faults = state[FAULTS]!; // negative: out of range
    let changes = 0; // not 0: a move reached beyond the place, or the rest of an offset does not go with it
    for (; at < length; ) {
      const code = bytes[block++]!;
      let moved = code & 1;
      let place: number;
      if (code <= NEXT + 1) place = store[current + 2]!;
      else {
        if (code <= OTHER + 1) place = store[current + 3]!;
        else {
          const id = ((code - ID) << 8) | bytes[block++]!;
          if (id >= count) {
            faults = -1;
            break;
          }
          moved = 1;
          place = placeOf[id]!;
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
      const stop = store[place + 1]!;
      const start = place + HEADER + 2 * records;
      let fine = 0;
      if (start < stop) fine = fineBytes[nextRun++]!;
      changes |= fine >>> 1;
      // Where nothing has changed the template is what it was.
      if ((moved | fine) !== 0) {
        for (let reference = start; reference < stop; reference += STEP) {
          // No move is move 0.
          const how = bytes[move]! & (0 - moved);
          const bits = fineBytes[nextFine]! & (0 - fine);
          move += moved;
          nextFine += fine;
          if ((how | bits) === 0) {
            near = reference;
            continue;
          }
          const old = store[reference]!;
          const oldPage = store[reference + 1]!;
          const put = store[reference + 2]!;
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
              let unit: number;
              if (how >= BESIDE_FIRST) {
                page = store[near + 1]!;
                unit = ((store[near]! & PLACE) >>> SHIFT) + how - BESIDE;
              } else {
                if (how === PREVIOUS_PAGE) page = store[near + 1]!;
                else if (how === ANYWHERE) {
                  page = 0;
                  for (let shift = 0; shift < 35; shift += 7) {
                    const part = bytes[nextPage++]!;
                    page |= (part & 127) << shift;
                    if (part < 128) break;
                  }
                }
                unit = bytes[nextPlace]! | (bytes[nextPlace + 1]! << 8);
                nextPlace += 2;
              }
              value = (old & SHAPE) | (unit << SHIFT);
            }
            swapWord = moveWord[REPEAT]!;
            swapPage = movePage[REPEAT]!;
            moveWord[REPEAT] = (value - old) | 0;
            movePage[REPEAT] = (page - oldPage) | 0;
          }
          const rest = store[reference + 3]! ^ (bits << SHIFT);
          const last = (rest >>> SIZE) - 1;
          faults |=
            page | (translations - 1 - page) | (UNITS - ((value & PLACE) >>> SHIFT) - (value >>> SIZE));
          changes |=
            ((value ^ old) & SHAPE) |
            (bits >>> 4) |
            (((value >>> SHIFT) & 1) ^ (((((rest >>> SHIFT) & 15) + last) >> 4) - (last >> 4)));
          store[reference] = value;
          store[reference + 1] = page;
          store[reference + 3] = rest;
          store[put] = rest | ((value & BLOCK) << 3);
          store[put + 1] = page;
          near = reference;
        }
      }
      if (start < stop) near = stop - STEP;
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
      at = end;
    }

    state[AT] = at;
    state[BLOCK_AT] = block;
    state[MOVE_AT] = move;
    state[PLACE_AT] = nextPlace;
    state[PAGE_AT] = nextPage;
    state[FINE_RUN_AT] = nextRun;
    state[FINE_AT] = nextFine;
    state[CURRENT] = current;
    state[NEAR] = near;
    state[SWAP_WORD] = swapWord;
    state[SWAP_PAGE] = swapPage;
    state[FAULTS] = changes === 0 ? faults : -1;
  };

  const decode = (length: number, translations: number): void => {
    const blocks = lanes[LANE_BLOCKS]!;
    const moves = lanes[LANE_MOVES]!;
    const places = lanes[LANE_PLACES]!;
    const pages = lanes[LANE_PAGES]!;
    state[AT] = 0;
    state[BLOCK_AT] = blocks.at;
    state[MOVE_AT] = moves.at;
    state[PLACE_AT] = places.at;
    state[PAGE_AT] = pages.at;
    const fineRuns = fine[LANE_FINE_RUNS]!;
    const fineBits = fine[LANE_FINE_BITS]!;
    state[FINE_RUN_AT] = fineRuns.at;
    state[FINE_AT] = fineBits.at;
    templates.define(translations);
    run(blocks.bytes, fineBits.bytes, length, translations);
    if (state[FAULTS]! < 0)
      throw new InputError('a reference leaves its page, its chunk or has no translation');
    blocks.at = state[BLOCK_AT]!;
    moves.at = state[MOVE_AT]!;
    places.at = state[PLACE_AT]!;
    pages.at = state[PAGE_AT]!;
    fineRuns.at = state[FINE_RUN_AT]!;
    fineBits.at = state[FINE_AT]!;
    checkCursors(lanes, false);
    checkCursors(fine, false);
  };

  return { begin, decode, translation, word };
}
