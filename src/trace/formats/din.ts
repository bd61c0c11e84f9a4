import type { TraceBuilder } from '../builder.ts';
import { EVENT, FETCH, LOAD, type ReferenceKind, STORE } from '../types.ts';
import type { Format } from './format.ts';
import type { Dialect } from './scan.ts';
import { scanning } from './scanner.ts';
import { streamedTrace, userHeader } from './streamed.ts';
import {
  createLineLog,
  halves,
  headLines,
  type LineLog,
  mostMatch,
  NEWLINE,
  type ParseLine,
  readLines,
} from './text.ts';

/** Dinero keeps sizes in 16 bits. */
const MAX_SIZE = 65535;
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
  { '0 ': LOAD, '1 ': STORE, '2 ': FETCH },
  false,
);

/** Dinero's extended text: letter, hexadecimal address, hexadecimal size in bytes. */
export const xdinFormat: Format = dineroText(
  'xdin',
  'Dinero extended din text: r, w, i, m, c or v, hexadecimal address and size',
  /^[ \t]*[rwimcv][ \t]+(0x)?[0-9a-f]{1,16}[ \t]+(0x)?[0-9a-f]{1,8}([ \t].*)?$/i,
  { 'r ': LOAD, 'w ': STORE, 'i ': FETCH },
  true,
);

function dineroText(
  name: string,
  description: string,
  shape: RegExp,
  starts: Dialect['starts'],
  extended: boolean,
): Format {
  const dialect: Dialect = {
    starts,
    size: extended ? { separator: ' ', base: 16 } : null,
    linesTogether: extended ? 64 : 256,
  };
  return {
    name,
    description,
    sniff: (input) => mostMatch(headLines(input, 16), shape),
    open: async (input, options) =>
      streamedTrace(input.label, userHeader(input, name), async function* (builder) {
        const log = createLineLog(input, options);
        const counts: DineroCounts = { misc: 0, copyBacks: 0, invalidates: 0 };
        const parse = scanning(dialect, builder, log, dineroLine(builder, log, counts, extended));
        yield* readLines(input, options, builder, log, parse, false);
        return { lines: log.lines, skippedLines: log.skippedLines, ...counts };
      }),
  };
}

/** Any line: also what Dinero takes besides, white space, 0x, comments after the fields, the rare labels. */
function dineroLine(builder: TraceBuilder, log: LineLog, counts: DineroCounts, extended: boolean): ParseLine {
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
      const [lo, hi] = halves(fields[2]!);
      addDineroRecord(builder, counts, type, extended ? lo : lo & ~3, hi, size);
    }
    log.lines++;
    return end + 1;
  };
}
