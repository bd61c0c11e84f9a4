/**
 * The loop that reads text traces of one reference a line, as a WebAssembly function over one memory: text and table of
 * pages go in, columns of records come out. It takes lines of the common shape only and stops at any other, and at
 * a page that the table does not hold; what happens then is in `scanner.ts`.
 *
 * What makes it fast: the 16 bytes at the address are classified at once, where the address ends is the
 * first bit that is not a digit's, and a shuffle from there puts the lowest digit first, whatever the count of digits
 * is. So there is no branch on a digit; the only one that is not foreseen is on the digits of the size.
 */
import {
  OFFSET_MASK,
  OFFSET_SHIFT,
  PAGE_BITS,
  PAGE_BYTES,
  type ReferenceKind,
  SIZE_SHIFT,
} from '../types.ts';
import * as bytes from '../wasm/bytes.ts';
import {
  add,
  all,
  and,
  below,
  block,
  type Code,
  differ,
  equal,
  go,
  goIf,
  greater,
  increase,
  isZero,
  type Label,
  type Local,
  load,
  loadByte,
  loop,
  mul,
  notBelow,
  or,
  shiftDown,
  shiftLeft,
  store,
  sub,
  trailingZeros,
  when,
  xor,
} from '../wasm/code.ts';
import type { Definition } from '../wasm/module.ts';
import * as vectors from '../wasm/vectors.ts';
import { HEX } from './text.ts';

/** What the lines of a text format look like, where they are of its common shape: kind, address, and perhaps size. */
export interface Dialect {
  /** The kind, by what stands before the address: texts of one length, 2 or 3. */
  readonly starts: Readonly<Record<string, ReferenceKind>>;
  /** How the size is written and what separates it from the address; null: it is an aligned word of 4 bytes. */
  readonly size: { readonly separator: string; readonly base: 10 | 16 } | null;
  /** A chunk that is full ends where the number of lines is a multiple of this power of two. */
  readonly linesTogether: number;
}

/** Why the function stopped: at the end of the text, the chunk is full, a page is not known, a line is not common. */
export const STOPPED_END = 0;
export const STOPPED_FULL = 1;
export const STOPPED_PAGE = 2;
export const STOPPED_LINE = 3;

// The memory, in bytes. First the state: what is counted, and what the function says when it stops.
/** References of each kind since somebody set them to 0. */
export const COUNTS_AT = 0;
/** Lines since then. */
export const LINES_AT = 16;
/** Records in the columns. */
export const RECORDS_AT = 20;
/** Address of the reference whose page is not known. */
export const ADDRESS_AT = 24;
const REVERSED_AT = 32;
const STARTS_AT = 64;
/** Values of digits by byte, 255 of others. */
const DIGITS_AT = STARTS_AT + 4 * 256;
/** Pages met lately, by the lower bits of their number: lower 20 bits of it, upper 32, and the translation. */
export const PAGES_AT = DIGITS_AT + 256;
export const PAGES = 1024;
export const PAGE_ENTRY = 16;
/** The two columns of records, of as many as a chunk has. */
export const TRANSLATIONS_AT = PAGES_AT + PAGE_ENTRY * PAGES;

/** Fills in the constant tables, and forgets all pages. */
export function prepareScan(memory: Uint8Array<ArrayBuffer>, { starts }: Dialect): void {
  const integers = new Int32Array(memory.buffer);
  for (let i = 0; i < 32; i++) memory[REVERSED_AT + i] = i < 16 ? 15 - i : 255;
  memory.set(HEX, DIGITS_AT);
  const telling = tellingByte(Object.keys(starts));
  // No line begins with what is entered for a byte that tells nothing: it has another byte there.
  for (let i = 0; i < 256; i++) integers[STARTS_AT / 4 + i] = (i ^ 1) << (8 * telling);
  for (const [start, kind] of Object.entries(starts)) {
    let entry = kind << 24;
    for (let i = 0; i < start.length; i++) entry |= start.charCodeAt(i) << (8 * i);
    integers[STARTS_AT / 4 + start.charCodeAt(telling)] = entry;
  }
  for (let i = 0; i < PAGES; i++) integers[(PAGES_AT + PAGE_ENTRY * i) / 4] = -1;
}

/** Which byte differs between all beginnings. */
function tellingByte(starts: readonly string[]): number {
  for (let i = 0; ; i++) if (new Set(starts.map((start) => start[i])).size === starts.length) return i;
}

/**
 * Reads lines from `at` on to before `end`, before which there is a newline, and writes records while there are fewer
 * than `room` of them, of columns `capacity` records long. Leaves where it stopped (the start of a line) and says why.
 */
export type Scan = (at: number, end: number, room: number) => number;
/** The reason is in the two lowest bits, the place above. */
export const stoppedAt = (result: number): number => result >>> 2;
export const whyStopped = (result: number): number => result & 3;

const NEWLINE = 10;
const RETURN = 13;

/** Variables of a line. */
interface Line {
  /** Where it starts, and what is read next. */
  readonly at: Local;
  readonly p: Local;
  readonly kind: Local;
  /** The address: its bytes, as text and then as a number; both halves of that. */
  readonly text: Local;
  readonly lo: Local;
  readonly hi: Local;
  readonly size: Local;
  /** The byte after the last that was of the reference. */
  readonly next: Local;
  /** For a moment. */
  readonly spare: Local;
}

/** Goes on only if the line is not odd. */
type Unless = (odd: Code) => Code;

/** The function for a dialect, with columns of so many records. */
export function scanFunction(dialect: Dialect, capacity: number): Definition {
  return {
    params: ['i32', 'i32', 'i32'],
    result: 'i32',
    body: (local, at, end, room) => {
      const [lines, records, why] = [local(), local(), local()];
      const line: Line = {
        at,
        p: local(),
        kind: local(),
        text: local('i8x16'),
        lo: local(),
        hi: local(),
        size: local(),
        next: local(),
        spare: local(),
      };
      const stop = (label: Label, reason: number, condition: Code): Code =>
        when(condition, all(why.set(reason), go(label)));
      return [
        lines.set(load(LINES_AT)),
        records.set(load(RECORDS_AT)),
        block((done) => {
          const unless: Unless = (odd) => stop(done, STOPPED_LINE, odd);
          return loop((again) =>
            all(
              stop(done, STOPPED_END, notBelow(at.get, end.get)),
              when(
                isZero(and(lines.get, dialect.linesTogether - 1)),
                stop(done, STOPPED_FULL, notBelow(records.get, room.get)),
              ),
              readKind(line, dialect, unless),
              readAddress(line, unless),
              readSize(line, dialect, unless),
              endLine(line, unless),
              findPage(line),
              stop(
                done,
                STOPPED_PAGE,
                or(
                  xor(load(line.spare.get, PAGES_AT), shiftDown(line.lo.get, PAGE_BITS)),
                  xor(load(line.spare.get, PAGES_AT + 4), line.hi.get),
                ),
              ),
              writeRecord(line, records, capacity),
              increase(records, 1),
              increase(lines, 1),
              at.set(add(line.p.get, 1)),
              go(again),
            ),
          );
        }),
        store(LINES_AT, 0, lines.get),
        store(RECORDS_AT, 0, records.get),
        store(ADDRESS_AT, 0, line.lo.get),
        store(ADDRESS_AT, 4, line.hi.get),
        or(shiftLeft(at.get, 2), why.get),
      ];
    },
  };
}

/** The kind, if all that stands before the address is as it should be for it. */
function readKind({ at, p, kind, spare }: Line, { starts }: Dialect, unless: Unless): Code {
  const names = Object.keys(starts);
  const length = names[0]!.length;
  const told = and(shiftDown(spare.get, 8 * tellingByte(names)), 255);
  return all(
    spare.set(and(load(at.get), 2 ** (8 * length) - 1)),
    kind.set(load(shiftLeft(told, 2), STARTS_AT)),
    unless(differ(spare.get, and(kind.get, 2 ** (8 * length) - 1))),
    kind.set(shiftDown(kind.get, 24)),
    p.set(add(at.get, length)),
  );
}

/** As many digits as there are, 16 at the most. */
const readAddress = ({ p, text, lo, hi, spare }: Line, unless: Unless): Code =>
  all(
    text.set(bytes.loadAnywhere(p.get)),
    spare.set(trailingZeros(xor(bytes.bits(isDigit(text)), 0x1ffff))),
    unless(isZero(spare.get)),
    text.set(bytes.pick(text.get, bytes.loadAnywhere(sub(REVERSED_AT + 16, spare.get)))),
    // The lower half of a digit's byte is its value, but a letter's, which is 9 less; no digit is a byte of 0.
    text.set(
      bytes.plus(
        vectors.and(text.get, bytes.every(15)),
        vectors.and(bytes.above(text.get, bytes.every(0x40)), bytes.every(9)),
      ),
    ),
    text.set(
      bytes.narrowed(
        vectors.and(
          bytes.either(text.get, bytes.pairsDown(text.get, 4)),
          vectors.constant(Uint8Array.of(255, 0)),
        ),
      ),
    ),
    lo.set(bytes.fourFrom(text.get, 0)),
    hi.set(bytes.fourFrom(text.get, 1)),
    p.set(add(p.get, spare.get)),
  );

/** Which bytes are hexadecimal digits. A letter's two cases differ in one bit, 32. */
const isDigit = (text: Local): Code =>
  bytes.either(
    bytes.below(bytes.minus(text.get, bytes.every(0x30)), bytes.every(10)),
    bytes.below(bytes.minus(bytes.either(text.get, bytes.every(0x20)), bytes.every(0x61)), bytes.every(6)),
  );

/** The size, if the reference is within its page. */
function readSize({ p, lo, size, next, spare }: Line, dialect: Dialect, unless: Unless): Code {
  if (dialect.size === null) return all(size.set(4), lo.set(and(lo.get, ~3)), next.set(loadByte(p.get)));
  const { separator, base } = dialect.size;
  const digit = all(next.set(loadByte(p.as(add(p.get, 1)))), spare.set(loadByte(next.get, DIGITS_AT)));
  return all(
    unless(differ(loadByte(p.get), separator.charCodeAt(0))),
    digit,
    unless(notBelow(spare.get, base)),
    size.set(0),
    loop((more) =>
      all(
        size.set(add(mul(size.get, base), spare.get)),
        digit,
        goIf(more, and(below(spare.get, base), below(size.get, PAGE_BYTES))),
      ),
    ),
    unless(isZero(size.get)),
    unless(greater(add(and(lo.get, OFFSET_MASK), size.get), PAGE_BYTES)),
  );
}

/** The line's end, which is a newline, perhaps with a carriage return before it. */
const endLine = ({ p, next }: Line, unless: Unless): Code =>
  all(
    when(equal(next.get, RETURN), next.set(loadByte(p.as(add(p.get, 1))))),
    unless(differ(next.get, NEWLINE)),
  );

/** The place of the page's entry, if it has one. */
const findPage = ({ lo, spare }: Line): Code =>
  spare.set(mul(and(shiftDown(lo.get, PAGE_BITS), PAGES - 1), PAGE_ENTRY));

/** Both words of the record, and its count. */
const writeRecord = ({ kind, lo, size, spare }: Line, records: Local, capacity: number): Code =>
  all(
    store(shiftLeft(records.get, 2), TRANSLATIONS_AT, load(spare.get, PAGES_AT + 8)),
    store(
      shiftLeft(records.get, 2),
      TRANSLATIONS_AT + 4 * capacity,
      or(or(kind.get, shiftLeft(and(lo.get, OFFSET_MASK), OFFSET_SHIFT)), shiftLeft(size.get, SIZE_SHIFT)),
    ),
    spare.set(shiftLeft(kind.get, 2)),
    store(spare.get, COUNTS_AT, add(load(spare.get, COUNTS_AT), 1)),
  );
