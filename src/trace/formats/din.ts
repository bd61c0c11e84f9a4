import type { TraceBuilder } from '../builder.ts';
import { EVENT, FETCH, LOAD, type ReferenceKind, STORE } from '../types.ts';
import type { Format } from './format.ts';
import type { Dialect } from './scan.ts';
import { scanning } from './scanner.ts';
import { streamedTrace, userHeader } from './streamed.ts';
import {
  createLineLog,
  HEX,
  headLines,
  type LineLog,
  mostMatch,
  NEWLINE,
  type ParseLines,
  readLines,
} from './text.ts';

/** Dinero keeps sizes in 16 bits. */
const MAX_SIZE = 65535;
const SPACE = 32;
const RETURN = 13;

/** What the rare labels were, for the summary's totals. */
export interface DineroCounts {
  misc: number;
  copyBacks: number;
  invalidates: number;
}

/** Dinero's access types, by number: read, write, fetch, misc, copy-back, invalidate. */
const KINDS: readonly (ReferenceKind | null)[] = [LOAD, STORE, FETCH, LOAD, null, null];
const MISC = 3;
const COPY_BACK = 4;

/**
 * Adds a record of Dinero's access type `type` (0–5). Misc is a read, as Dinero counts it; copy-back and
 * invalidate are what a cache did, not the program: they become marks (arg = type, value = address).
 */
export function addDineroRecord(
  builder: TraceBuilder,
  counts: DineroCounts,
  type: number,
  lo: number,
  hi: number,
  size: number,
): void {
  const kind = KINDS[type]!;
  if (kind !== null) {
    builder.access(kind, lo, hi, size);
    if (type === MISC) counts.misc++;
  } else {
    builder.event(EVENT.mark, 0, type, lo >>> 0, hi >>> 0);
    if (type === COPY_BACK) counts.copyBacks++;
    else counts.invalidates++;
  }
}

/** Dinero's traditional text: label, hexadecimal address; every reference is an aligned word of 4 bytes. */
export const dinFormat: Format = dineroText(
  'din',
  'Dinero "din" text: label 0–5 and hexadecimal address',
  /^[ \t]*0*[0-5][ \t]+(0x)?[0-9a-f]{1,16}([ \t].*)?$/i,
  { 48: LOAD, 49: STORE, 50: FETCH },
  false,
);

/** Dinero's extended text: letter, hexadecimal address, hexadecimal size in bytes. */
export const xdinFormat: Format = dineroText(
  'xdin',
  'Dinero extended din text: r, w, i, m, c or v, hexadecimal address and size',
  /^[ \t]*[rwimcv][ \t]+(0x)?[0-9a-f]{1,16}[ \t]+(0x)?[0-9a-f]{1,8}([ \t].*)?$/i,
  { 114: LOAD, 119: STORE, 105: FETCH },
  true,
);

function dineroText(
  name: string,
  description: string,
  shape: RegExp,
  firstBytes: Readonly<Record<number, ReferenceKind>>,
  extended: boolean,
): Format {
  const dialect: Dialect = {
    starts: Object.fromEntries(
      Object.entries(firstBytes).map(([byte, kind]) => [`${String.fromCharCode(Number(byte))} `, kind]),
    ),
    size: extended ? { separator: ' ', base: 16 } : null,
    linesTogether: extended ? 64 : 256,
  };
  const kinds = new Uint8Array(256).fill(255);
  for (const [byte, kind] of Object.entries(firstBytes)) kinds[Number(byte)] = kind;
  return {
    name,
    description,
    sniff: (input) => mostMatch(headLines(input, 16), shape),
    open: async (input, options) =>
      streamedTrace(input.label, userHeader(input, name), async function* (builder) {
        const log = createLineLog(input, options);
        const counts: DineroCounts = { misc: 0, copyBacks: 0, invalidates: 0 };
        const slow = slowLines(builder, log, counts, extended);
        const whole = (extended ? xdinParser : dinParser)(builder, log, kinds, slow);
        const parse = scanning(dialect, builder, log, whole);
        yield* readLines(input, options, builder, log, parse, false);
        return { lines: log.lines, skippedLines: log.skippedLines, ...counts };
      }),
  };
}

/** Parses one line that is not of the common shape; returns the position after it. */
type SlowLine = (bytes: Uint8Array, from: number) => number;

/** `2 7fff1234\n`: one digit, one space, up to 16 digits. */
function dinParser(builder: TraceBuilder, log: LineLog, kinds: Uint8Array, slow: SlowLine): ParseLines {
  const { access, full } = builder;
  const hex = HEX;
  return (bytes, from, to) => {
    let at = from;
    let lines = log.lines;
    while (at < to) {
      if ((lines & 255) === 0 && full()) break;
      const kind = kinds[bytes[at]!]!;
      let p = at + 2;
      let lo = hex[bytes[p]!]!;
      if (kind !== 255 && lo < 16 && bytes[at + 1] === SPACE) {
        let hi = 0;
        let digit = hex[bytes[++p]!]!;
        while (digit < 16) {
          hi = (hi << 4) | (lo >>> 28);
          lo = (lo << 4) | digit;
          digit = hex[bytes[++p]!]!;
        }
        const digits = p - at - 2;
        if (bytes[p] === RETURN) p++;
        if (bytes[p] === NEWLINE && digits <= 16) {
          access(kind as ReferenceKind, lo & ~3, hi, 4);
          lines++;
          at = p + 1;
          continue;
        }
      }
      log.lines = lines;
      at = slow(bytes, at);
      lines = log.lines;
    }
    log.lines = lines;
    return at;
  };
}

/** `r 7fff1234 8\n`: one letter, one space, up to 16 digits, one space, digits. */
function xdinParser(builder: TraceBuilder, log: LineLog, kinds: Uint8Array, slow: SlowLine): ParseLines {
  const { access, full } = builder;
  const hex = HEX;
  return (bytes, from, to) => {
    let at = from;
    let lines = log.lines;
    while (at < to) {
      if ((lines & 63) === 0 && full()) break;
      const kind = kinds[bytes[at]!]!;
      let p = at + 2;
      let lo = hex[bytes[p]!]!;
      if (kind !== 255 && lo < 16 && bytes[at + 1] === SPACE) {
        let hi = 0;
        let digit = hex[bytes[++p]!]!;
        while (digit < 16) {
          hi = (hi << 4) | (lo >>> 28);
          lo = (lo << 4) | digit;
          digit = hex[bytes[++p]!]!;
        }
        const afterAddress = p;
        let size = hex[bytes[++p]!]!;
        const first = size;
        digit = hex[bytes[++p]!]!;
        while (digit < 16 && size <= MAX_SIZE) {
          size = (size << 4) | digit;
          digit = hex[bytes[++p]!]!;
        }
        if (bytes[p] === RETURN) p++;
        if (
          bytes[p] === NEWLINE &&
          bytes[afterAddress] === SPACE &&
          afterAddress - at <= 18 &&
          first < 16 &&
          size > 0 &&
          size <= MAX_SIZE
        ) {
          access(kind as ReferenceKind, lo, hi, size);
          lines++;
          at = p + 1;
          continue;
        }
      }
      log.lines = lines;
      at = slow(bytes, at);
      lines = log.lines;
    }
    log.lines = lines;
    return at;
  };
}

/** Everything that Dinero also takes: white space, 0x, comments after the fields, the rare labels. */
function slowLines(builder: TraceBuilder, log: LineLog, counts: DineroCounts, extended: boolean): SlowLine {
  const shape = extended
    ? /^[ \t]*([rwimcv])[ \t]+(?:0x)?([0-9a-f]{1,16})[ \t]+(?:0x)?([0-9a-f]+)(?:[ \t].*)?$/i
    : /^[ \t]*(?:0x)?0*([0-5])[ \t]+(?:0x)?([0-9a-f]{1,16})(?:[ \t].*)?$/i;
  return (bytes, from) => {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end > from && bytes[end - 1] === RETURN ? end - 1 : end;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
    const fields = shape.exec(text);
    const type = fields === null ? 0 : (extended ? 'rwimcv' : '012345').indexOf(fields[1]!.toLowerCase());
    const size = fields === null ? 0 : extended ? Number.parseInt(fields[3]!, 16) : 4;
    if (fields === null || size === 0 || size > MAX_SIZE) {
      const what =
        fields === null ? `not ${extended ? 'an extended din' : 'a din'} record` : 'size not in 1–ffff';
      log.bad(what, bytes, from, end);
    } else {
      const digits = fields[2]!.padStart(16, '0');
      const lo = Number.parseInt(digits.slice(8), 16);
      addDineroRecord(
        builder,
        counts,
        type,
        extended ? lo : lo & ~3,
        Number.parseInt(digits.slice(0, 8), 16),
        size,
      );
    }
    log.lines++;
    return end + 1;
  };
}
