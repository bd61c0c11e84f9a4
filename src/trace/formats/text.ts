import type { TraceBuilder } from '../builder.ts';
import { InputError } from '../errors.ts';
import type { Chunk } from '../types.ts';
import type { Input, ReadOptions } from './format.ts';

/** No trace format here has lines anywhere near as long; a longer one is not text. */
export const MAX_LINE = 4096;
export const NEWLINE = 10;

/** Value of each byte as a hexadecimal digit, or 255. */
export const HEX: Uint8Array = hexTable();

function hexTable(): Uint8Array {
  const table = new Uint8Array(256).fill(255);
  for (let i = 0; i < 10; i++) table[48 + i] = i;
  for (let i = 0; i < 6; i++) table[65 + i] = table[97 + i] = 10 + i;
  return table;
}

/**
 * Parses whole lines of bytes[from, to), where bytes[to − 1] is a newline, into the builder. Stops early
 * when the builder is full. Returns the position after the last line parsed.
 */
export type ParseLines = (bytes: Uint8Array, from: number, to: number) => number;

/** Parses the line that begins at `from`; gives the position after its newline. */
export type ParseLine = (bytes: Uint8Array, from: number) => number;

/**
 * Parses lines one after the other. A chunk that is full ends where the number of lines is a multiple of `together`, a power of
 * two; so many lines must not make more records than `full` leaves in reserve.
 */
export const lineByLine =
  (builder: TraceBuilder, log: LineLog, together: number, parse: ParseLine): ParseLines =>
  (bytes, from, to) => {
    let at = from;
    while (at < to && !((log.lines & (together - 1)) === 0 && builder.full())) at = parse(bytes, at);
    return at;
  };

/** The lower and upper 32 bits of up to 16 hexadecimal digits. */
export function halves(digits: string): [lo: number, hi: number] {
  const all = digits.padStart(16, '0');
  return [Number.parseInt(all.slice(8), 16), Number.parseInt(all.slice(0, 8), 16)];
}

/** Where a text reader is, and how it says that a line is wrong. */
export interface LineLog {
  /** Lines that are done. */
  lines: number;
  skippedLines: number;
  /** The line bytes[from, to) after the `lines` done ones is wrong: counts it as skipped, or throws. */
  bad(what: string, bytes: Uint8Array, from: number, to: number): void;
}

export function createLineLog({ label, compression }: Input, options: ReadOptions): LineLog {
  // Not all compressions would notice.
  const remedy = `${compression === null ? 'correct it' : `if the ${compression} data is damaged, get it again; else correct it`}, or skip such lines with --skip-bad-lines`;
  return {
    lines: 0,
    skippedLines: 0,
    bad(what, bytes, from, to) {
      if (!options.skipBadLines) {
        throw new InputError(
          `${label}: line ${this.lines + 1}: ${what}: ${quoted(bytes, from, to)}; ${remedy}`,
        );
      }
      this.skippedLines++;
    },
  };
}

/** A piece of a line, fit for a one-line message. */
export function quoted(bytes: Uint8Array, from: number, to: number): string {
  const end = Math.min(to, from + 60);
  let text = '';
  for (let i = from; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 10 || (byte === 13 && i === to - 1)) break;
    text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${text}"${end < to ? '…' : ''}`;
}

/**
 * Feeds an input to a line parser and yields the builder's chunks. Nothing is copied but a line that
 * straddles two reads. Where `needsNewline`, a last line without a newline means a truncated file.
 */
export async function* readLines(
  input: Input,
  options: ReadOptions,
  builder: TraceBuilder,
  log: LineLog,
  parse: ParseLines,
  needsNewline: boolean,
): AsyncGenerator<Chunk> {
  const carry = new Uint8Array(MAX_LINE + 1);
  let carried = 0;
  const keep = (bytes: Uint8Array): void => {
    if (carried + bytes.length > MAX_LINE) {
      throw new InputError(
        `${input.label}: line ${log.lines + 1} is longer than ${MAX_LINE} bytes; the file is not a text trace or is corrupt`,
      );
    }
    carry.set(bytes, carried);
    carried += bytes.length;
  };
  function* lines(bytes: Uint8Array, from: number, to: number): Generator<Chunk> {
    let at = from;
    while (at < to) {
      at = parse(bytes, at, to);
      if (builder.full()) yield builder.take();
    }
  }

  for await (const bytes of input.stream(true)) {
    let from = 0;
    if (carried > 0) {
      from = bytes.indexOf(NEWLINE) + 1;
      keep(from === 0 ? bytes : bytes.subarray(0, from));
      if (from === 0) continue;
      yield* lines(carry, 0, carried);
      carried = 0;
    }
    const to = bytes.lastIndexOf(NEWLINE) + 1;
    if (to > from) yield* lines(bytes, from, to);
    keep(bytes.subarray(Math.max(to, from)));
    reportPosition(input, options);
  }
  if (carried === 0) return;
  if (needsNewline) {
    if (!options.skipBadLines) {
      throw new InputError(
        `${input.label}: the file is truncated: line ${log.lines + 1}, the last one, does not end (${quoted(carry, 0, carried)}); record it again, or drop that line with --skip-bad-lines`,
      );
    }
    log.lines++;
    log.skippedLines++;
    return;
  }
  carry[carried] = NEWLINE;
  yield* lines(carry, 0, carried + 1);
}

/** Tells the caller's progress callback how far the input is read. */
export function reportPosition(input: Input, options: ReadOptions): void {
  if (options.progress && input.position) {
    const { done, total } = input.position();
    options.progress(done, total);
  }
}

/** The complete lines of an input's head, at most `limit`, for sniffing. Bytes are taken as Latin-1. */
export function headLines(input: Input, limit: number): string[] {
  const head = input.head.subarray(0, 1 << 14);
  const lines = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1').split(/\r?\n/);
  // The last piece is a whole line only if the head is the whole file, which a short head always is.
  if (lines.at(-1) === '' || input.head.length > head.length) lines.pop();
  return lines.slice(0, limit);
}

/** Whether lines look like a format: one at least, and more than half of them. */
export function mostMatch(lines: readonly string[], pattern: RegExp): boolean {
  const matching = lines.filter((line) => pattern.test(line)).length;
  return matching > 0 && matching * 2 > lines.length;
}
