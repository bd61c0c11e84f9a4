/**
 * The reference coder, reading side: the inverse of `encode-references.ts`, tuned by hand.
 *
 * How it came to be fast: a template is copied first, four records per step (the columns have room for the
 * surplus), then its data references are patched, so neither loop asks what kind a record is. Templates, their
 * successors and their data references lie together in one array. The loops call nothing, which lets V8 keep
 * array bases in registers. Moves of the frequent kinds are one table look-up without a branch between them.
 * Ranges are not tested per record but gathered by OR, and judged once per chunk.
 */
import { InputError } from '../errors.ts';
import { FETCH, OFFSET_MASK, OFFSET_SHIFT, PAGE_BYTES, SIZE_SHIFT } from '../types.ts';
import type { Cursor } from './lanes.ts';
import { checkCursors, takeByte, takeSigned } from './lanes.ts';
import {
  BLOCK_ID,
  BLOCK_NEXT,
  BLOCK_OTHER,
  LANE_BLOCKS,
  LANE_MOVES,
  LANE_OFFSETS,
  LANE_PAGES,
  LANE_TEMPLATES,
  MAX_SHAPES,
  MAX_TEMPLATES,
  MOVE_ANYWHERE,
  MOVE_BESIDE,
  MOVE_BESIDE_FIRST,
  MOVE_NEAR,
  MOVE_PREVIOUS_PAGE,
  MOVE_REPEAT,
  MOVE_SPECIAL,
  MOVE_SWAP,
  SHAPE_NEW,
  TEMPLATE_RECORDS,
} from './layout.ts';

/** Records per copying step; the columns must have room for one step less one record beyond the chunk. */
export const COPY_STEP = 4;

/** Bits that no move may change: kind, tail and size. */
const SHAPE_MASK = ~(OFFSET_MASK << OFFSET_SHIFT);
const OFFSET_BITS = OFFSET_MASK << OFFSET_SHIFT;

// A template in the array: header, then word and translation of each record, then its data references.
const HEAD = 4; // records, end of the data references, successor, other successor
const REFERENCE = 3; // word, translation, index in the template

export interface ReferenceDecoder {
  /** Starts a group, given its lanes. */
  readonly begin: (lanes: readonly Cursor[]) => void;
  /**
   * Decodes the next `length` records, whose translations are below `translations`, into columns with room
   * for COPY_STEP − 1 more. Throws an InputError where the lanes do not make such records.
   */
  readonly decode: (length: number, translation: Int32Array, word: Int32Array, translations: number) => void;
}

export function createReferenceDecoder(): ReferenceDecoder {
  let templates = new Int32Array(1 << 16);
  const places = new Int32Array(MAX_TEMPLATES);
  let count = 0;
  let used = 0;
  const shapes = new Int32Array(MAX_SHAPES);
  let shapeCount = 0;
  let definitionPage = 0;

  // Change of the word and of the translation for each plain move code.
  const moveWord = new Int32Array(MOVE_SPECIAL);
  const movePage = new Int32Array(MOVE_SPECIAL);
  for (let code = MOVE_REPEAT + 1; code < MOVE_SPECIAL; code++) {
    moveWord[code] = (code - MOVE_NEAR) << OFFSET_SHIFT;
  }

  let lanes: readonly Cursor[] = [];
  // State from chunk to chunk of a group.
  let previous = 0;
  let lastWord = 0;
  let lastPage = 0;
  let olderWord = 0;
  let olderPage = 0;

  const begin = (newLanes: readonly Cursor[]): void => {
    lanes = newLanes;
    // The place before the first template has no records: it may precede but not be run.
    templates.fill(0, 0, HEAD);
    used = HEAD;
    count = shapeCount = definitionPage = 0;
    previous = lastWord = lastPage = olderWord = olderPage = 0;
    moveWord[MOVE_REPEAT] = movePage[MOVE_REPEAT] = 0;
  };

  /** Reads the definition of the next template. */
  const define = (translations: number): void => {
    const source = lanes[LANE_TEMPLATES]!;
    const records = takeByte(source);
    if (records === 0 || records > TEMPLATE_RECORDS || count === MAX_TEMPLATES) {
      throw new InputError('a template has an impossible size');
    }
    const needed = used + HEAD + records * (2 + REFERENCE) + 2 * COPY_STEP;
    if (needed > templates.length) {
      const wider = new Int32Array(Math.max(needed, templates.length * 2));
      wider.set(templates);
      templates = wider;
    }
    const end = used + HEAD + 2 * records;
    let reference = end;
    let placed = false;
    let offset = 0;
    for (let put = used + HEAD; put < end; put += 2) {
      const index = takeByte(source);
      let shape: number;
      if (index === SHAPE_NEW) {
        shape = takeByte(source) & 7;
        shape |= (takeByte(source) | (takeByte(source) << 8)) << SIZE_SHIFT;
        if (shapeCount < MAX_SHAPES) shapes[shapeCount++] = shape;
      } else {
        if (index >= shapeCount) throw new InputError('a template has an unknown shape');
        shape = shapes[index]!;
      }
      const bytes = shape >>> SIZE_SHIFT;
      if (bytes === 0 || bytes > PAGE_BYTES) throw new InputError('a reference has an impossible size');
      if ((shape & 3) === FETCH) {
        if (!placed) {
          placed = true;
          definitionPage += takeSigned(lanes[LANE_PAGES]!);
          offset = takeByte(source) | (takeByte(source) << 8);
        }
        if (offset + bytes > PAGE_BYTES) throw new InputError('a fetch leaves its page');
        if (!(definitionPage >= 0 && definitionPage < translations)) {
          throw new InputError('a fetch has no translation');
        }
        templates[put] = shape | (offset << OFFSET_SHIFT);
        templates[put + 1] = definitionPage;
        offset += bytes;
      } else {
        templates[reference] = shape;
        templates[reference + 1] = 0;
        templates[reference + 2] = (put - used - HEAD) >> 1;
        reference += REFERENCE;
      }
    }
    templates[used] = records;
    templates[used + 1] = reference;
    templates[used + 2] = templates[used + 3] = 0;
    places[count++] = used;
    used = reference;
  };

  const decode = (length: number, translation: Int32Array, word: Int32Array, translations: number): void => {
    const blocks = lanes[LANE_BLOCKS]!;
    const moves = lanes[LANE_MOVES]!;
    const offsets = lanes[LANE_OFFSETS]!;
    const pages = lanes[LANE_PAGES]!;
    const { bytes } = blocks; // all lanes lie in one section
    let block = blocks.at;
    let move = moves.at;
    let nextOffset = offsets.at;
    let nextPage = pages.at;
    let store = templates;
    let current = previous;
    let nearWord = lastWord;
    let nearPage = lastPage;
    let swapWord = olderWord;
    let swapPage = olderPage;
    let faults = 0; // negative: out of range
    let changes = 0; // not 0: a move reached beyond the offset
    for (let at = 0; at < length; ) {
      const code = bytes[block++]!;
      let place: number;
      if (code === BLOCK_NEXT) place = store[current + 2]!;
      else {
        if (code === BLOCK_OTHER) place = store[current + 3]!;
        else {
          const id = ((code - BLOCK_ID) << 8) | bytes[block++]!;
          if (id >= count) {
            if (id > count) throw new InputError('an unknown template is named');
            pages.at = nextPage;
            define(translations);
            nextPage = pages.at;
            store = templates;
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
      if (records === 0 || end > length) throw new InputError('templates do not fit their chunk');
      let from = place + HEAD;
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
      for (let reference = place + HEAD + 2 * records; reference < stop; reference += REFERENCE) {
        const old = store[reference]!;
        const oldPage = store[reference + 1]!;
        const put = (at + store[reference + 2]!) | 0;
        const how = bytes[move++]!;
        let value: number;
        let page: number;
        if (how < MOVE_SPECIAL) {
          value = (old + moveWord[how]!) | 0;
          page = (oldPage + movePage[how]!) | 0;
        } else {
          if (how === MOVE_SWAP) {
            value = (old + swapWord) | 0;
            page = (oldPage + swapPage) | 0;
          } else {
            page = oldPage;
            let offset: number;
            if (how >= MOVE_BESIDE_FIRST) {
              page = nearPage;
              offset = ((nearWord & OFFSET_BITS) >>> OFFSET_SHIFT) + how - MOVE_BESIDE;
            } else {
              if (how === MOVE_PREVIOUS_PAGE) page = nearPage;
              else if (how === MOVE_ANYWHERE) {
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
            value = (old & SHAPE_MASK) | (offset << OFFSET_SHIFT);
          }
          swapWord = moveWord[MOVE_REPEAT]!;
          swapPage = movePage[MOVE_REPEAT]!;
          moveWord[MOVE_REPEAT] = (value - old) | 0;
          movePage[MOVE_REPEAT] = (page - oldPage) | 0;
        }
        faults |=
          page |
          (translations - 1 - page) |
          (PAGE_BYTES - ((value & OFFSET_BITS) >>> OFFSET_SHIFT) - (value >>> SIZE_SHIFT));
        changes |= (value ^ old) & SHAPE_MASK;
        store[reference] = value;
        store[reference + 1] = page;
        word[put] = value;
        translation[put] = page;
        nearWord = value;
        nearPage = page;
      }
      at = end;
    }
    if (faults < 0 || changes !== 0)
      throw new InputError('a reference leaves its page or has no translation');
    blocks.at = block;
    moves.at = move;
    offsets.at = nextOffset;
    pages.at = nextPage;
    checkCursors(lanes, false);
    previous = current;
    lastWord = nearWord;
    lastPage = nearPage;
    olderWord = swapWord;
    olderPage = swapPage;
  };

  return { begin, decode };
}
