/**
 * What lies where in the memory of the decoder of lines, in 32-bit integers. What points into the memory, within
 * it too, is in bytes, as WebAssembly wants it.
 *
 *     moves · state · templates by number · rows of segments · section · line templates · page ids · words
 *
 * The last four grow (`memory.ts`).
 */
import { MAX_TEMPLATES, TEMPLATE_RECORDS } from '../layout.ts';

/** Change of the word for each plain move code is at 0, of the translation here. */
export const PAGE_MOVES = 256;
export const STATE_AT = 512;
/** Change of the word for each move code that leaves the translation as it is, else NOT_QUICK. */
export const QUICK_MOVES = 640;
/** Changes the size of a reference, which no move may. */
export const NOT_QUICK = 1 << 30;
/** Places of the line templates, by number, in bytes. */
export const PLACES_AT = 896;
/** Rows of segments. */
export const ROWS_AT = PLACES_AT + MAX_TEMPLATES;
export const ROWS = 1024;

// A row: the record after the segment, flags, end of its words (in bytes), four counts of accesses.
export const ROW_END = 0;
export const ROW_FLAGS = 1;
export const ROW_WORDS = 2;
export const ROW_ACCESSES = 3;
export const ROW_FIELDS = 8;
/** Flags of a row: set aside; of another CPU than the one before. */
export const ASIDE = 1;
export const ELSEWHERE = 2;

/** The section; what follows it has no fixed place. */
export const SECTION_AT = ROWS_AT + ROWS * ROW_FIELDS;

// A line template: header, data references, words as they come, then the list of those that are left.
// What is in bytes says so.
export const LINE_RECORDS = 0; // ODD: not for the fast loop
export const LINE_END = 1; // bytes: end of the data references, where the words as they come begin
export const LINE_NEXT = 2; // bytes: successor
export const LINE_OTHER = 3; // bytes: other successor
export const LINE_FETCHES = 4; // accesses by fetch
export const LINE_DATA = 5; // loads | stores << 16
export const LINE_LIST = 6; // bytes: where the list begins
export const LINE_LENGTH = 7; // bytes: of the list; HARD, STALE: there is none
export const LINE_LEAD = 8; // bytes: words of fetches before the first of data
export const LINE_FIRST_FETCH = 9; // word, or NO_FETCH
export const LINE_LAST_FETCH = 10;
export const LINE_LAST_DATA = 11; // word, or NO_DATA
export const LINE_SOURCE = 12; // place of the template as defined
export const LINE_HEAD = 13;

// A data reference.
export const DATA_WORD = 0; // placed word
export const DATA_PAGE = 1; // translation
export const DATA_SLOT = 2; // bytes: its word, negative where that is not known or not all
export const DATA_STORE_SLOT = 3; // bytes: for the store of a modify, which has two words; else NOWHERE
export const DATA_FIELDS = 4;

/** More records than any chunk has. */
export const ODD = 1 << 30;
/** In place of a length: a word of a data reference is not known; all are, but they are not listed. */
export const HARD = -1;
export const STALE = -2;
/** No words: of data, and of fetches. Neither equals any word of its side, nor −1. */
export const NO_DATA = 2;
export const NO_FETCH = 0;

/** Most words of fetches in a template that is not odd; beyond the list is room for COPIED words. */
export const MOST_FETCHES = 64;
/** Words that are copied at once. */
export const COPIED = 8;
/** Most integers that a line template takes; its data references have up to two words each, listed or not. */
export const MOST_OF_LINE =
  LINE_HEAD + DATA_FIELDS * TEMPLATE_RECORDS + 2 * (2 * TEMPLATE_RECORDS + MOST_FETCHES) + COPIED;

// Fields of the state.
export const AT = 0; // records made
export const BLOCK_AT = 1; // bytes: of the lanes, in the order of LANES_HELD
export const MOVE_AT = 2;
export const PLACE_AT = 3;
export const PAGE_AT = 4;
export const CURRENT = 5; // bytes: template
export const NEAR = 6; // bytes: last data reference
export const SWAP_WORD = 7; // irregular move before the last
export const SWAP_PAGE = 8;
export const FAULTS = 9; // negative: something was out of range
export const EXIT = 10; // why the run ended
export const PUT = 11; // bytes: end of the words made
export const LAST_FETCH = 12; // words
export const LAST_DATA = 13;
export const ROW = 14; // bytes: of the segment that is being made
// Of that segment: accesses by fetch, by data (loads | stores << 16), of these around the caches, and further ones
// by data over several lines; what was before it.
export const FETCHES = 15;
export const DATA = 16;
export const GONE = 17;
export const MORE_LOADS = 18;
export const MORE_STORES = 19;
export const PUT_BEFORE = 20;
export const FETCH_BEFORE = 21;
export const DATA_BEFORE_IT = 22;
export const MOVED = 23; // whether the template that runs by the book has moves
export const STATE = 24;
/** Written and never read. */
export const NOWHERE = 4 * (STATE_AT + STATE);

/** Why a run ended: at the words' end, or of the last row; with a template that runs by the book. */
export const DONE = 0;
export const BY_THE_BOOK = 1;
