import type { TraceBuilder } from '../builder.ts';
import { FETCH, LOAD, MODIFY, type ReferenceKind, STORE } from '../types.ts';
import type { Format, Input } from './format.ts';
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

/** Largest operand that is believed: state-saving instructions move some kilobytes. */
const MAX_SIZE = 65535;
const SPACE = 32;
const COMMA = 44;
const RETURN = 13;

// By the second byte of a line: what kind it is, and which first byte it must then have.
const KIND: Uint8Array = new Uint8Array(256);
const FIRST: Uint8Array = new Uint8Array(256).fill(255);
for (const [second, first, kind] of [
  [SPACE, 73, FETCH],
  [76, SPACE, LOAD],
  [83, SPACE, STORE],
  [77, SPACE, MODIFY],
] as const) {
  KIND[second] = kind;
  FIRST[second] = first;
}

const DIALECT: Dialect = {
  starts: { 'I  ': FETCH, ' L ': LOAD, ' S ': STORE, ' M ': MODIFY },
  size: { separator: ',', base: 10 },
  linesTogether: 64,
};

/** Valgrind's Lackey text (`--trace-mem=yes`): one reference a line, one thread after the other. */
export const lackeyFormat: Format = {
  name: 'lackey',
  description: 'Valgrind Lackey text (--tool=lackey --trace-mem=yes)',
  sniff: (input) => {
    const lines = headLines(input, 64);
    const own = lines.filter((line) => !/^==\d+==/.test(line));
    if (own.length === 0) return lines.some((line) => line.includes('Lackey'));
    return mostMatch(own.slice(0, 16), /^(I {2}| [LSM] )[0-9a-f]+,\d+$/i);
  },
  open: async (input, options) =>
    streamedTrace(input.label, userHeader(input, 'lackey', provenance(input)), async function* (builder) {
      const log = createLineLog(input, options);
      const count = { modifies: 0, comments: 0 };
      const parse = scanning(DIALECT, builder, log, lackeyParser(builder, log, count), (modifies) => {
        count.modifies += modifies;
      });
      yield* readLines(input, options, builder, log, parse, true);
      return {
        lines: log.lines,
        skippedLines: log.skippedLines,
        commentLines: count.comments,
        modifies: count.modifies,
      };
    }),
};

/** What Valgrind says of itself in the first lines. */
function provenance(input: Input): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of headLines(input, 64)) {
    const command = /^==\d+== Command: (.*)$/.exec(line);
    if (command) found.command = command[1]!;
    const version = /^==\d+== Using (Valgrind\S*)/.exec(line);
    if (version) found.tool = version[1]!;
  }
  return found;
}

/**
 * The line `I  04019e2c,3` is parsed in place; whatever is not exactly of that shape (a `==pid==` line, a
 * bad one, an unusual count of digits) goes to the slow path. The newline that ends the bytes stops every
 * inner loop, so there are no bounds checks of our own.
 */
function lackeyParser(
  builder: TraceBuilder,
  log: LineLog,
  count: { modifies: number; comments: number },
): ParseLines {
  const { access, full } = builder;
  const hex = HEX;
  return (bytes, from, to) => {
    let at = from;
    let lines = log.lines;
    while (at < to) {
      // A line makes at most 17 records, so 64 of them fit into what `full` leaves in reserve.
      if ((lines & 63) === 0 && full()) break;
      const second = bytes[at + 1]!;
      const kind = KIND[second]! as ReferenceKind;
      const h7 = hex[bytes[at + 3]!]!;
      const h6 = hex[bytes[at + 4]!]!;
      const h5 = hex[bytes[at + 5]!]!;
      const h4 = hex[bytes[at + 6]!]!;
      const h3 = hex[bytes[at + 7]!]!;
      const h2 = hex[bytes[at + 8]!]!;
      const h1 = hex[bytes[at + 9]!]!;
      const h0 = hex[bytes[at + 10]!]!;
      const wrong =
        ((h7 | h6 | h5 | h4 | h3 | h2 | h1 | h0) & 0xf0) |
        (bytes[at]! ^ FIRST[second]!) |
        (bytes[at + 2]! ^ SPACE);
      if (wrong === 0) {
        let lo = (h7 << 28) | (h6 << 24) | (h5 << 20) | (h4 << 16) | (h3 << 12) | (h2 << 8) | (h1 << 4) | h0;
        let hi = 0;
        let p = at + 11;
        let digit = hex[bytes[p]!]!;
        while (digit < 16) {
          hi = (hi << 4) | (lo >>> 28);
          lo = (lo << 4) | digit;
          digit = hex[bytes[++p]!]!;
        }
        const comma = p;
        let size = hex[bytes[++p]!]!;
        digit = hex[bytes[++p]!]!;
        while (digit < 10 && size <= MAX_SIZE) {
          size = size * 10 + digit;
          digit = hex[bytes[++p]!]!;
        }
        if (bytes[p] === RETURN) p++;
        // The first digit of the size may have been none (255 and more) or a letter (10 to 15).
        if (
          bytes[comma] === COMMA &&
          bytes[p] === NEWLINE &&
          size > 0 &&
          size <= MAX_SIZE &&
          comma <= at + 19 &&
          hex[bytes[comma + 1]!]! < 10
        ) {
          access(kind, lo, hi, size);
          if (kind === MODIFY) count.modifies++;
          lines++;
          at = p + 1;
          continue;
        }
      }
      log.lines = lines;
      at = slowLine(bytes, at);
      lines = log.lines;
    }
    log.lines = lines;
    return at;
  };

  function slowLine(bytes: Uint8Array, from: number): number {
    const to = bytes.indexOf(NEWLINE, from);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
    const short = /^(I {2}| [LSM] )([0-9a-f]{1,16}),(\d{1,5})\r?$/i.exec(text);
    if (/^==\d+==/.test(text)) count.comments++;
    else if (short && Number(short[3]) > 0 && Number(short[3]) <= MAX_SIZE) {
      const kind = ([FETCH, LOAD, STORE, MODIFY] as const)['ILSM'.indexOf(short[1]!.trim().toUpperCase())]!;
      const digits = short[2]!.padStart(16, '0');
      access(
        kind,
        Number.parseInt(digits.slice(8), 16),
        Number.parseInt(digits.slice(0, 8), 16),
        Number(short[3]),
      );
      if (kind === MODIFY) count.modifies++;
    } else log.bad('not a Lackey record', bytes, from, to);
    log.lines++;
    return to + 1;
  }
}
