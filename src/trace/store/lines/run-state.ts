/** What the loop of lines keeps in variables, and how its code gets at the rest. */
import {
  add,
  below,
  type Code,
  choose,
  type Local,
  load,
  shiftLeft,
  store,
  type Value,
} from '../../wasm/code.ts';
import * as is from './layout.ts';

/** Fields of the state that are variables while the loop runs, and where they are else. */
export const HELD = {
  at: is.AT,
  block: is.BLOCK_AT,
  move: is.MOVE_AT,
  current: is.CURRENT,
  near: is.NEAR,
  put: is.PUT,
  lastFetch: is.LAST_FETCH,
  lastData: is.LAST_DATA,
  row: is.ROW,
  fetches: is.FETCHES,
  data: is.DATA,
} as const;

/** The variables of the loop. What is seldom used stays in the state. */
export type Registers = Readonly<
  Record<
    | keyof typeof HELD
    /** Records up to the end of the segment. */
    | 'stop'
    /** Negative: out of range. */
    | 'faults'
    /** Page ids by translation, and the highest translation. */
    | 'ids'
    | 'lastPage'
    // Of the template: its first data reference, their end, where its words begin, and those words' end.
    | 'start'
    | 'end'
    | 'list',
    Local
  >
>;

const at = (integer: number): number => 4 * integer;

/** A field of the state. */
export const state = (what: number): Code => load(0, at(is.STATE_AT + what));
export const stateTo = (what: number, value: Value): Code => store(0, at(is.STATE_AT + what), value);

/** A field of what begins at the address in a variable. */
export const field = (of: Local, what: number): Code => load(of.get, at(what));
export const fieldTo = (of: Local, what: number, value: Value): Code => store(of.get, at(what), value);

/** What depends on the line size. */
export interface Units {
  /** log2 of the units of 8 bytes in a line (`places.ts`). */
  readonly bits: number;
  /** log2 of the lines of a page. */
  readonly pageBits: number;
  /** The line in its page, in a word; how far up that is in a placed word; there, this line and all above it. */
  readonly line: number;
  readonly lineShift: number;
  readonly lines: number;
}

export const unitsOf = (bits: number): Units => {
  const pageBits = 9 - bits;
  return { bits, pageBits, line: ((1 << pageBits) - 1) << 2, lineShift: bits + 1, lines: -1 << (bits + 3) };
};

/** The page id of a translation, which may be out of range. */
export const idOf = (ids: Local, page: Local, lastPage: Local): Code =>
  load(add(ids.get, shiftLeft(choose(below(lastPage.get, page.get), 0, page.get), 2)));
