/**
 * The loop of the decoder of lines, tuned by hand like that of `decode-references.ts`. It runs templates that lie
 * within a segment; `decode-lines.ts` sees to what is not common.
 */
import type { LOAD, OFFSET_SHIFT, SIZE_SHIFT, STORE } from '../types.ts';
import type {
  BLOCK_ID,
  BLOCK_NEXT,
  BLOCK_OTHER,
  MOVE_ANYWHERE,
  MOVE_BESIDE,
  MOVE_BESIDE_FIRST,
  MOVE_PREVIOUS_PAGE,
  MOVE_REPEAT,
  MOVE_SPECIAL,
  MOVE_SWAP,
} from './layout.ts';
import type { BY_THE_BOOK, NOT_QUICK, PAGE_MOVES, PLACES_AT, QUICK_MOVES, STATE_AT } from './line-memory.ts';
import type { DATA_FIELDS, LINE_HARD, LINE_HEAD, PIECE_FIELDS } from './line-templates.ts';
import type { PAGE_UNITS } from './places.ts';

/** Runs templates (`buildLineRun`). */
export type LineRun = (
  ids: Int32Array,
  lastRow: number,
  room: number,
  byTheBook: boolean,
  translations: number,
  count: number,
) => void;

/**
 * Makes the loop for these arrays: to be called by `ownCopy`, so that V8 compiles their places and lengths in, and
 * does not load and check them at each use.
 *
 * The loop runs templates, of which there are `count`, until the end of the segment at `lastRow`, or about `room` is
 * the end of the words. Ends with one that is odd or goes over the end of its segment, or with any if `byTheBook`,
 * which is then current and must be run otherwise; or where something is wrong (faults).
 *
 * `ids`: page ids by translation, which are below `translations`.
 *
 * @param section holds the section
 * @param integers the memory
 * @param bits log2 of the units of 8 bytes in a line
 */
export function buildLineRun(section: Uint8Array, integers: Int32Array, bits: number): LineRun {
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
  const HEADER: typeof LINE_HEAD = 9;
  const HARD: typeof LINE_HARD = 8;
  const STEP: typeof DATA_FIELDS = 3;
  const PIECE: typeof PIECE_FIELDS = 3;
  const SHIFT: typeof OFFSET_SHIFT = 3;
  const SIZE: typeof SIZE_SHIFT = 15;
  const LOADED: typeof LOAD = 1;
  const STORED: typeof STORE = 2;
  const UNITS: typeof PAGE_UNITS = 512;
  const PLACE = 511 << 3;
  const SHAPE = ~PLACE; // kind, tail and span: what no move may change
  // Places in the memory.
  const MOVE_PAGES: typeof PAGE_MOVES = 256;
  const REPEAT_PAGE = 257;
  const QUICK_REPEAT = 641;
  const QUICK: typeof QUICK_MOVES = 640;
  const SLOW: typeof NOT_QUICK = 1073741824;
  const PLACES: typeof PLACES_AT = 896;
  const AT_STATE: typeof STATE_AT = 512;
  const AT_PLACE_AT = AT_STATE + 3;
  const AT_PAGE_AT = AT_STATE + 4;
  const AT_SWAP_WORD = AT_STATE + 7;
  const AT_SWAP_PAGE = AT_STATE + 8;
  const AT_GONE = AT_STATE + 17;
  const AT_MORE_LOADS = AT_STATE + 18;
  const AT_MORE_STORES = AT_STATE + 19;
  const AT_PUT_BEFORE = AT_STATE + 20;
  const AT_FETCH_BEFORE = AT_STATE + 21;
  const AT_DATA_BEFORE = AT_STATE + 22;
  const AT_MOVED = AT_STATE + 23;
  const BOOK: typeof BY_THE_BOOK = 1;
  const pageBits = (9 - bits) | 0;
  // The line in its page, in a word; how far up that is in a reference; there, this line and all above it.
  const LINE = ((1 << pageBits) - 1) << 2;
  const lineShift = (bits + 1) | 0;
  const LINES = -1 << (bits + 3);

  return (ids, lastRow, room, byTheBook, translations, count) => {
    const lastPage = (translations - 1) | 0;
    // Taken once: V8 finds constants outside of loops, but in a loop not always before it compiles their uses.
    const bytes = section;
    const memory = integers;
    // What is seldom used stays in the state: it would take registers.
    let at = memory[AT_STATE]!;
    let block = memory[AT_STATE + 1]!;
    let move = memory[AT_STATE + 2]!;
    let current = memory[AT_STATE + 5]!;
    let near = memory[AT_STATE + 6]!;
    let put = memory[AT_STATE + 11]!;
    let lastFetch = memory[AT_STATE + 12]!;
    let lastData = memory[AT_STATE + 13]!;
    let row = memory[AT_STATE + 14]!;
    let fetches = memory[AT_STATE + 15]!;
    let data = memory[AT_STATE + 16]!;
    let faults = 0; // negative: out of range
    let exit = 0;
    let moved = 0;
    let stop = byTheBook ? -1 : memory[row]!;
    while (put < room) {
      if (at === stop) {
        if (row === lastRow) break;
        // Leaves the segment and enters the next, as `leave` and `enter` do.
        if ((memory[(row + 1) | 0]! & 1) !== 0) {
          put = memory[AT_PUT_BEFORE]!;
          lastFetch = memory[AT_FETCH_BEFORE]!;
          lastData = memory[AT_DATA_BEFORE]!;
        } else {
          const gone = memory[AT_GONE]!;
          const cached = (data - gone) | 0;
          memory[(row + 3) | 0] = (memory[(row + 3) | 0]! + fetches) | 0;
          memory[(row + 4) | 0] = (memory[(row + 4) | 0]! + (cached & 0xffff) + memory[AT_MORE_LOADS]!) | 0;
          memory[(row + 5) | 0] = (memory[(row + 5) | 0]! + (cached >>> 16) + memory[AT_MORE_STORES]!) | 0;
          memory[(row + 6) | 0] = (memory[(row + 6) | 0]! + (gone & 0xffff) + (gone >>> 16)) | 0;
        }
        memory[(row + 2) | 0] = put;
        row = (row + 8) | 0;
        stop = memory[row]!;
        if ((memory[(row + 1) | 0]! & 2) !== 0) lastFetch = lastData = -1;
        memory[AT_PUT_BEFORE] = put;
        memory[AT_FETCH_BEFORE] = lastFetch;
        memory[AT_DATA_BEFORE] = lastData;
        fetches = data = 0;
        memory[AT_GONE] = memory[AT_MORE_LOADS] = memory[AT_MORE_STORES] = 0;
        continue;
      }
      const code = bytes[block]!;
      block = (block + 1) | 0;
      moved = code & 1;
      let place: number;
      if (code <= NEXT + 1) place = memory[(current + 2) | 0]!;
      else {
        if (code <= OTHER + 1) place = memory[(current + 3) | 0]!;
        else {
          const id = ((code - ID) << 8) | bytes[block]!;
          block = (block + 1) | 0;
          if (id >= count) {
            faults = -1;
            break;
          }
          moved = 1;
          place = memory[(id + PLACES) | 0]!;
        }
        memory[(current + 3) | 0] = memory[(current + 2) | 0]!;
        memory[(current + 2) | 0] = place;
      }
      current = place;
      const end = (at + memory[place]!) | 0;
      if (end > stop) {
        exit = BOOK;
        break;
      }
      at = end;
      fetches = (fetches + memory[(place + 4) | 0]!) | 0;
      data = (data + memory[(place + 5) | 0]!) | 0;
      const start = (place + HEADER) | 0;
      let piece = memory[(place + 1) | 0]!;
      const lastReference = piece;
      let hard = memory[(place + HARD) | 0]!;
      if (moved !== 0) {
        // For the first run everything is by the book, for V8 to see it done.
        hard >>= 1;
        for (let reference = start; reference < lastReference; reference = (reference + STEP) | 0) {
          const how = bytes[move]!;
          move = (move + 1) | 0;
          const old = memory[reference]!;
          const w = memory[(reference + 2) | 0]!;
          const quick = (old + memory[(how + QUICK) | 0]!) | 0;
          const last = (quick + (((quick >>> SIZE) - 1) << SHIFT)) | 0;
          if ((((quick ^ old) & SHAPE) | ((last ^ quick) & LINES) | (w >> 31)) === 0) {
            memory[reference] = quick;
            memory[(reference + 2) | 0] = (w & ~LINE) | ((quick >>> lineShift) & LINE);
          } else {
            const oldPage = memory[(reference + 1) | 0]!;
            const beside = reference === start ? near : (reference - STEP) | 0;
            let value: number;
            let page: number;
            if (how < SPECIAL) {
              value = (old + memory[how]!) | 0;
              page = (oldPage + memory[(how + MOVE_PAGES) | 0]!) | 0;
            } else {
              if (how === SWAP) {
                value = (old + memory[AT_SWAP_WORD]!) | 0;
                page = (oldPage + memory[AT_SWAP_PAGE]!) | 0;
              } else {
                page = oldPage;
                let unit: number;
                if (how >= BESIDE_FIRST) {
                  page = memory[(beside + 1) | 0]!;
                  unit = ((memory[beside]! & PLACE) >>> SHIFT) + how - BESIDE;
                } else {
                  if (how === PREVIOUS_PAGE) page = memory[(beside + 1) | 0]!;
                  else if (how === ANYWHERE) {
                    // Every operation is done in the first round: what V8 has not seen done it compiles again for.
                    let nextPage = memory[AT_PAGE_AT]!;
                    let shift = 0;
                    let part: number;
                    page = 0;
                    do {
                      part = bytes[nextPage]!;
                      nextPage = (nextPage + 1) | 0;
                      page |= (part & 127) << shift;
                      shift = (shift + 7) | 0;
                    } while (shift < 35 && part >= 128);
                    memory[AT_PAGE_AT] = nextPage;
                  }
                  const nextPlace = memory[AT_PLACE_AT]!;
                  unit = bytes[nextPlace]! | (bytes[(nextPlace + 1) | 0]! << 8);
                  memory[AT_PLACE_AT] = nextPlace + 2;
                }
                value = (old & SHAPE) | (unit << SHIFT);
              }
              memory[AT_SWAP_WORD] = memory[REPEAT]!;
              memory[AT_SWAP_PAGE] = memory[REPEAT_PAGE]!;
              memory[REPEAT] = (value - old) | 0;
              memory[REPEAT_PAGE] = (page - oldPage) | 0;
              memory[QUICK_REPEAT] = page === oldPage ? (value - old) | 0 : SLOW;
            }
            memory[reference] = value;
            memory[(reference + 1) | 0] = page;
            const unit = (value & PLACE) >>> SHIFT;
            const lastUnit = (unit + (value >>> SIZE) - 1) | 0;
            const kind = value & 3;
            const wrong = (value ^ old) & SHAPE;
            faults |= page | (lastPage - page) | (UNITS - 1 - lastUnit) | wrong | (0 - wrong);
            const made = (((ids[page]! << pageBits) | (unit >>> bits)) << 2) | (kind >>> 1);
            // Not known where there are several lines or it is a modify; negative around the caches.
            const several = ((lastUnit >>> bits) - (unit >>> bits)) | (kind & (kind >>> 1));
            const known = made | ((0 - several) >> 31);
            hard |= known >>> 31;
            memory[(reference + 2) | 0] = known;
          }
        }
        memory[(place + HARD) | 0] = hard;
      }
      if (start !== lastReference) near = (lastReference - STEP) | 0;
      if (faults < 0) break;
      let reference = start;
      const lastPiece = memory[(place + 6) | 0]!;
      do {
        let n = memory[piece]!;
        if (n > 0) {
          let fetch = memory[(piece + 1) | 0]!;
          // Written in any case, and kept if it is another line than before: whether it is is a coin toss.
          memory[put] = fetch;
          put = (put + (((fetch ^ lastFetch) | (0 - (fetch ^ lastFetch))) >>> 31)) | 0;
          for (n = (n - 1) | 0; n > 0; n = (n - 1) | 0) {
            fetch = (fetch + 4) | 0;
            memory[put] = fetch;
            put = (put + 1) | 0;
          }
          lastFetch = fetch;
        }
        const stopData = memory[(piece + 2) | 0]!;
        piece = (piece + PIECE) | 0;
        if (hard === 0) {
          for (; reference < stopData; reference = (reference + STEP) | 0) {
            const w = memory[(reference + 2) | 0]!;
            const change = (lastData ^ w) & (w | -2);
            memory[put] = w;
            put = (put + ((change | (0 - change)) >>> 31)) | 0;
            lastData = w;
          }
          continue;
        }
        for (; reference < stopData; reference = (reference + STEP) | 0) {
          // By the book: over several lines, a modify, or around the caches, where it is counted alone.
          const value = memory[reference]!;
          const id = ids[memory[(reference + 1) | 0]!]!;
          const kept = ~(id >> 31);
          const loads = (value & 3) === STORED ? 0 : 1;
          const stores = (value & 3) === LOADED ? 0 : 1;
          const unit = (value & PLACE) >>> SHIFT;
          const line = unit >>> bits;
          const lines = ((((unit + (value >>> SIZE) - 1) >>> bits) - line + 1) & kept) | 0;
          const more = ((lines - 1) & kept) | 0;
          memory[AT_GONE] = memory[AT_GONE]! + ((loads | (stores << 16)) & ~kept);
          memory[AT_MORE_LOADS] = memory[AT_MORE_LOADS]! + Math.imul(more, loads);
          memory[AT_MORE_STORES] = memory[AT_MORE_STORES]! + Math.imul(more, stores);
          const first = ((id << pageBits) | line) << 2;
          for (let n = 0; n < Math.imul(lines, loads); n = (n + 1) | 0) {
            const w = (first + (n << 2)) | 0;
            const change = (lastData ^ w) & -2;
            memory[put] = w;
            put = (put + ((change | (0 - change)) >>> 31)) | 0;
            lastData = w;
          }
          for (let n = 0; n < Math.imul(lines, stores); n = (n + 1) | 0) {
            const w = (first + (n << 2)) | 1;
            const change = lastData ^ w;
            memory[put] = w;
            put = (put + ((change | (0 - change)) >>> 31)) | 0;
            lastData = w;
          }
        }
      } while (piece < lastPiece);
    }

    memory[AT_STATE] = at;
    memory[AT_STATE + 1] = block;
    memory[AT_STATE + 2] = move;
    memory[AT_STATE + 5] = current;
    memory[AT_STATE + 6] = near;
    memory[AT_STATE + 9] = faults;
    memory[AT_STATE + 10] = exit;
    memory[AT_STATE + 11] = put;
    memory[AT_STATE + 12] = lastFetch;
    memory[AT_STATE + 13] = lastData;
    memory[AT_STATE + 14] = row;
    memory[AT_STATE + 15] = fetches;
    memory[AT_STATE + 16] = data;
    memory[AT_MOVED] = moved;
  };
}
