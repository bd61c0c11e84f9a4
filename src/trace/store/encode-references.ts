/**
 * The reference coder, writing side.
 *
 * Programs run the same stretches of code again and again, so records are coded as runs of *templates*. A
 * template is a stretch of straight-line execution: its fetches, with page, offset and size, and between
 * them its data references, with kind and size. It is defined where it first runs (lane TEMPLATES) and named
 * afterwards (lane BLOCKS), mostly by one byte: "what followed the last template when it ran before".
 *
 * The addresses of data references vary. If any has moved since the same template last ran, each is coded as one
 * byte in lane MOVES: how it moved: not at all, by some places, or as the last irregular move went
 * (another stack frame or object moves all references to it alike). The rest give a page, a place, or both. Places
 * (`places.ts`) say what lines of 16 bytes and more need; what more there is to an offset goes to a section of its own.
 */
import { CHUNK_RECORDS, FETCH, OFFSET_MASK, OFFSET_SHIFT, PAGE_BYTES, SIZE_SHIFT } from '../types.ts';
import {
  createLane,
  createLanes,
  type Lane,
  putByte,
  putBytes,
  putNumber,
  putSigned,
  reserve,
} from './lanes.ts';
import {
  BLOCK_ID,
  BLOCK_NEXT,
  BLOCK_OTHER,
  DATA_TEMPLATE_RECORDS,
  FINE,
  LANE_BLOCKS,
  LANE_DEFINED,
  LANE_FINE_BITS,
  LANE_FINE_RUNS,
  LANE_MOVES,
  LANE_PAGES,
  LANE_PLACES,
  LANE_TEMPLATES,
  MAX_SHAPES,
  MAX_TEMPLATES,
  MOVE_ANYWHERE,
  MOVE_BESIDE,
  MOVE_BESIDE_FIRST,
  MOVE_BESIDE_LAST,
  MOVE_NEAR,
  MOVE_PAGE,
  MOVE_PREVIOUS_PAGE,
  MOVE_REPEAT,
  MOVE_SAME,
  MOVE_SPECIAL,
  MOVE_SWAP,
  REFERENCES,
  SECTION_LANES,
  SHAPE_NEW,
  TEMPLATE_RECORDS,
  TEMPLATE_SPACE,
} from './layout.ts';
import { FINE_MASK, PAGE_UNITS, placedWord } from './places.ts';

/** Everything of a reference word but its offset. */
const SHAPE_MASK = ~(OFFSET_MASK << OFFSET_SHIFT);
const SLOTS = 1 << 17;

const placeOf = (word: number): number => (placedWord(word) >>> OFFSET_SHIFT) & (PAGE_UNITS - 1);

export interface ReferenceEncoder {
  /**
   * Codes `length` records. Throws an Error where a word is malformed or names a translation that is not
   * below `translations`: the reader of the source has a defect.
   */
  readonly add: (
    length: number,
    translation: Int32Array,
    word: Int32Array,
    translations: number,
    segmentEnd: Int32Array,
  ) => void;
  /** Whether one more chunk might need more templates than a group may have. */
  readonly full: () => boolean;
  readonly lanes: readonly Lane[];
  /** The lanes of section FINE. */
  readonly fine: readonly Lane[];
  /** Forgets all templates: the next group must decode alone. The lanes are the caller's to empty. */
  readonly reset: () => void;
}

export function createReferenceEncoder(): ReferenceEncoder {
  const lanes = createLanes(SECTION_LANES[REFERENCES]);
  const blocks = lanes[LANE_BLOCKS]!;
  const definitions = lanes[LANE_TEMPLATES]!;
  const moves = lanes[LANE_MOVES]!;
  const places = lanes[LANE_PLACES]!;
  const pages = lanes[LANE_PAGES]!;
  const defined = lanes[LANE_DEFINED]!;
  const fine = createLanes(SECTION_LANES[FINE]);
  const fineRuns = fine[LANE_FINE_RUNS]!;
  const fineBits = fine[LANE_FINE_BITS]!;
  /** Pages of the templates that this chunk defines; their number comes first. */
  const definedPages = createLane();

  // Templates: first record and count of each, and the two that followed it last.
  const start = new Int32Array(MAX_TEMPLATES);
  const size = new Uint8Array(MAX_TEMPLATES);
  const next = new Int32Array(MAX_TEMPLATES + 1);
  const other = new Int32Array(MAX_TEMPLATES + 1);
  let templates = 0;
  const slots = new Int32Array(SLOTS);
  // Records of the templates, as they last ran.
  let words = new Int32Array(1 << 14);
  let ids = new Int32Array(1 << 14);
  let records = 0;

  const shapes = new Map<number, number>();
  let previous = MAX_TEMPLATES; // last template; at first a place of its own
  let definitionPage = 0;
  let lastPage = 0;
  let lastPlace = 0;
  let movePages = 0; // the last irregular move
  let movePlaces = 0;
  let olderPages = 0; // the one before
  let olderPlaces = 0;

  const reset = (): void => {
    templates = records = 0;
    slots.fill(-1);
    next.fill(-1);
    other.fill(-1);
    shapes.clear();
    previous = MAX_TEMPLATES;
    definitionPage = lastPage = lastPlace = movePages = movePlaces = olderPages = olderPlaces = 0;
  };
  reset();

  /** The template that equals records `from` to `to`, or −1 after giving its slot a new id. */
  const find = (
    hash: number,
    translation: Int32Array,
    word: Int32Array,
    from: number,
    to: number,
  ): number => {
    const count = to - from;
    let slot = hash & (SLOTS - 1);
    for (;;) {
      const id = slots[slot]!;
      if (id < 0) {
        slots[slot] = templates;
        return -1;
      }
      if (size[id] === count) {
        const base = start[id]! - from;
        let at = from;
        for (; at < to; at++) {
          const value = word[at]!;
          const known = words[base + at]!;
          if ((value & 3) === FETCH) {
            if (known !== value || ids[base + at] !== translation[at]) break;
          } else if (((known ^ value) & SHAPE_MASK) !== 0) break;
        }
        if (at === to) return id;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
  };

  const define = (translation: Int32Array, word: Int32Array, from: number, to: number): number => {
    const id = templates++;
    start[id] = records;
    size[id] = to - from;
    while (records + to - from > words.length) {
      words = wider(words);
      ids = wider(ids);
    }
    reserve(definitions, 1 + 8 * (to - from));
    const out = definitions.bytes;
    let put = definitions.length;
    out[put++] = to - from;
    let placed = false;
    for (let at = from; at < to; at++) {
      const value = word[at]!;
      const shape = value & SHAPE_MASK;
      const index = shapes.get(shape);
      if (index !== undefined) out[put++] = index;
      else {
        if (shapes.size < MAX_SHAPES) shapes.set(shape, shapes.size);
        out[put++] = SHAPE_NEW;
        out[put++] = shape & 7;
        out[put++] = shape >>> SIZE_SHIFT;
        out[put++] = shape >>> (SIZE_SHIFT + 8);
      }
      const fetch = (value & 3) === FETCH;
      if (fetch && !placed) {
        // The fetches of a template are consecutive: only the first says where.
        placed = true;
        putSigned(definedPages, translation[at]! - definitionPage);
        definitionPage = translation[at]!;
        const offset = (value >>> OFFSET_SHIFT) & OFFSET_MASK;
        out[put++] = offset;
        out[put++] = offset >>> 8;
      }
      words[records] = fetch ? value : shape;
      ids[records] = fetch ? translation[at]! : 0;
      records++;
    }
    definitions.length = put;
    return id;
  };

  /**
   * Codes the data references of records `from` to `to`, one run of template `id`. Gives whether any has moved;
   * if none has, there are as many moves that say so.
   */
  const move = (id: number, translation: Int32Array, word: Int32Array, from: number, to: number): boolean => {
    reserve(moves, to - from);
    reserve(places, 2 * (to - from));
    reserve(pages, 8 * (to - from));
    reserve(fineBits, to - from);
    const bitsBefore = fineBits.length;
    let bits = 0;
    let moved = 0;
    let base = start[id]!;
    for (let at = from; at < to; at++, base++) {
      const value = word[at]!;
      if ((value & 3) === FETCH) continue;
      const old = words[base]!;
      const page = translation[at]!;
      const place = placeOf(value);
      const byPages = page - ids[base]!;
      const byPlaces = place - placeOf(old);
      const beside = MOVE_BESIDE + place - lastPlace;
      let code = MOVE_ANYWHERE;
      if (byPages === 0 && byPlaces === 0) code = MOVE_SAME;
      else if (byPages === movePages && byPlaces === movePlaces) code = MOVE_REPEAT;
      else if (byPages === olderPages && byPlaces === olderPlaces) code = MOVE_SWAP;
      else if (byPages === 0 && byPlaces > MOVE_REPEAT - MOVE_NEAR && byPlaces < MOVE_SPECIAL - MOVE_NEAR)
        code = MOVE_NEAR + byPlaces;
      else if (page === lastPage && beside >= MOVE_BESIDE_FIRST && beside <= MOVE_BESIDE_LAST) code = beside;
      else if (byPages === 0) code = MOVE_PAGE;
      else if (page === lastPage) code = MOVE_PREVIOUS_PAGE;
      moved |= code;
      moves.bytes[moves.length++] = code;
      if (code >= MOVE_SPECIAL) {
        olderPages = movePages;
        olderPlaces = movePlaces;
        movePages = byPages;
        movePlaces = byPlaces;
        if (code >= MOVE_PAGE && code <= MOVE_ANYWHERE) {
          places.bytes[places.length++] = place;
          places.bytes[places.length++] = place >>> 8;
          if (code === MOVE_ANYWHERE) {
            let rest = page;
            for (; rest > 127; rest >>>= 7) pages.bytes[pages.length++] = (rest & 127) | 128;
            pages.bytes[pages.length++] = rest;
          }
        }
      }
      const changed = ((value ^ old) >>> OFFSET_SHIFT) & FINE_MASK;
      bits |= changed;
      fineBits.bytes[fineBits.length++] = changed;
      words[base] = value;
      ids[base] = page;
      lastPage = page;
      lastPlace = place;
    }
    if (fineBits.length > bitsBefore) putByte(fineRuns, bits === 0 ? 0 : 1);
    if (bits === 0) fineBits.length = bitsBefore;
    return moved !== 0;
  };

  const add: ReferenceEncoder['add'] = (length, translation, word, translations, segmentEnd): void => {
    reserve(blocks, 2 * length);
    const templatesBefore = templates;
    let segment = 0;
    for (let from = 0, to = 0; from < length; from = to) {
      // One template: up to the first fetch that does not follow the one before it, or the end of the segment.
      while (segmentEnd[segment]! <= from) segment++;
      const data = (word[from]! & 3) !== FETCH;
      const longest = data ? DATA_TEMPLATE_RECORDS : TEMPLATE_RECORDS;
      const limit = Math.min(segmentEnd[segment] ?? length, from + longest);
      let page = -1;
      let follows = 0;
      let hash = 0;
      let faults = 0;
      for (; to < limit; to++) {
        const value = word[to]!;
        const id = translation[to]!;
        const offset = (value >>> OFFSET_SHIFT) & OFFSET_MASK;
        const bytes = value >>> SIZE_SHIFT;
        if ((value & 3) === FETCH) {
          if (data || (page >= 0 && (id !== page || offset !== follows))) break;
          page = id;
          follows = offset + bytes;
          hash = Math.imul(hash ^ value, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b);
        } else hash = Math.imul(hash ^ (value & SHAPE_MASK), 0x9e3779b1);
        hash ^= hash >>> 15;
        faults |= id | (translations - 1 - id) | (bytes - 1) | (PAGE_BYTES - offset - bytes);
      }
      if (faults < 0) {
        throw new Error(
          `trace store: a record in ${from} to ${to - 1} leaves its page or has no translation`,
        );
      }
      hash = Math.imul(hash, 0x2c1b3c6d);
      let id = find(hash ^ (hash >>> 14), translation, word, from, to);
      if (id < 0) id = define(translation, word, from, to);
      const movesBefore = moves.length;
      const moved = move(id, translation, word, from, to);
      const { bytes } = blocks;
      const followed = next[previous] === id;
      if (followed || other[previous] === id) {
        bytes[blocks.length++] = (followed ? BLOCK_NEXT : BLOCK_OTHER) + (moved ? 1 : 0);
        if (!moved) moves.length = movesBefore;
      } else {
        bytes[blocks.length++] = BLOCK_ID + (id >>> 8);
        bytes[blocks.length++] = id;
      }
      if (!followed) {
        other[previous] = next[previous]!;
        next[previous] = id;
      }
      previous = id;
    }
    putNumber(defined, templates - templatesBefore);
    putBytes(defined, definedPages.bytes.subarray(0, definedPages.length));
    definedPages.length = 0;
  };

  // A chunk may make each of its records a template.
  const full = (): boolean =>
    templates + CHUNK_RECORDS > MAX_TEMPLATES ||
    4 * templates + 6 * records + 10 * CHUNK_RECORDS > TEMPLATE_SPACE;
  return { add, full, lanes, fine, reset };
}

function wider(old: Int32Array): Int32Array<ArrayBuffer> {
  const result = new Int32Array(old.length * 2);
  result.set(old);
  return result;
}
