/**
 * The memory of the decoder of lines: everything that its loop reads and writes, but for bytes and ids, is in one
 * array of 32-bit integers. V8 checks and loads what it knows of an array anew in every round of a loop, for each
 * array (bench/README.md).
 */
import { MAX_TEMPLATES, TEMPLATE_SPACE } from './layout.ts';

/** Change of the word for each plain move code is at 0, of the translation here. */
export const PAGE_MOVES = 256;
export const STATE_AT = 512;
/** Change of the word for each move code that leaves the translation as it is, else NOT_QUICK. */
export const QUICK_MOVES = 640;
/** Changes the size of a reference, which no move may. */
export const NOT_QUICK = 1 << 30;
/** Places of the line templates, by number. */
export const PLACES_AT = 896;
/** Rows of segments, after one of an empty segment. */
export const ROWS_AT = PLACES_AT + MAX_TEMPLATES;
export const ROWS = 1024;
/** Line templates (`line-templates.ts`), each at most 9 more than the template itself. */
export const LINES_AT = ROWS_AT + (1 + ROWS) * 8;
/** Words made, to the end. */
export const WORDS_AT = LINES_AT + TEMPLATE_SPACE + 9 * (MAX_TEMPLATES + 3);
export const SOME_WORDS = 1 << 16;

// Fields of the state.
export const AT = 0; // records made
export const BLOCK_AT = 1;
export const MOVE_AT = 2;
export const PLACE_AT = 3;
export const PAGE_AT = 4;
export const CURRENT = 5; // template
export const NEAR = 6; // last data reference
export const SWAP_WORD = 7; // irregular move before the last
export const SWAP_PAGE = 8;
export const FAULTS = 9; // negative: something was out of range
export const EXIT = 10; // why the run ended
export const PUT = 11; // end of the words made
export const LAST_FETCH = 12; // words
export const LAST_DATA = 13;
export const ROW = 14; // of the segment that is being made
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

// A row: the record after the segment, flags, end of its words, four counts of accesses.
export const ROW_END = 0;
export const ROW_FLAGS = 1;
export const ROW_WORDS = 2;
export const ROW_ACCESSES = 3;
export const ROW_FIELDS = 8;
/** Flags of a row: set aside; of another CPU than the one before. */
export const ASIDE = 1;
export const ELSEWHERE = 2;

/** Why a run ended: at the words' end (or the last row's); with a template that runs by the book. */
export const DONE = 0;
export const BY_THE_BOOK = 1;
/** At the end of the last row's segment. */
export const ENDED = 2;
