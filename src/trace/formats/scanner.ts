/**
 * Reads text of one reference a line with the loop of `scan.ts`, and line by line, with a pattern, what that does not take:
 * the lines that are not common, or all where the host has no WebAssembly.
 */
import { CHUNK_RESERVE, type TraceBuilder } from '../builder.ts';
import { CHUNK_RECORDS, FETCH, LOAD, MODIFY, PAGE_BITS, pageOf, STORE } from '../types.ts';
import { compileModule, createMemory } from '../wasm/module.ts';
import * as is from './scan.ts';
import { type LineLog, lineByLine, NEWLINE, type ParseLine, type ParseLines } from './text.ts';

/** Bytes of text at a time: they stay in the cache between being copied and being read. */
const WINDOW = 1 << 16;
const TEXT_AT = is.TRANSLATIONS_AT + 8 * CHUNK_RECORDS;
/** The loop loads up to 16 bytes from within the last line. */
const MEMORY = TEXT_AT + WINDOW + 64;

/** Bytes of text: a shorter one is read before the loop is compiled. */
const WORTH_COMPILING = 1 << 14;

/**
 * A parser of a dialect, given one that takes every line, whose work it does faster. `modifies`: told how many references that
 * `parse` has not seen both load and store.
 */
export function scanning(
  dialect: is.Dialect,
  builder: TraceBuilder,
  log: LineLog,
  parse: ParseLine,
  modifies: (count: number) => void = () => undefined,
): ParseLines {
  const plain = lineByLine(builder, log, dialect.linesTogether, parse);
  let chosen: ParseLines | null = null;
  let seen = 0;
  return (text, from, to) => {
    seen += to - from;
    if (chosen === null && seen < WORTH_COMPILING) return plain(text, from, to);
    chosen ??= createScanner(dialect, builder, log, plain, modifies) ?? plain;
    return chosen(text, from, to);
  };
}

/** Null: the host cannot run the loop. */
function createScanner(
  dialect: is.Dialect,
  builder: TraceBuilder,
  log: LineLog,
  parse: ParseLines,
  modifies: (count: number) => void,
): ParseLines | null {
  const memory = createMemory(MEMORY);
  const module = compileModule<{ readonly scan: is.Scan }>({ scan: is.scanFunction(dialect, CHUNK_RECORDS) });
  if (memory === null || module === null) return null;
  const { scan } = module.instantiate(memory);
  const bytes = new Uint8Array(memory.buffer);
  const state = new Int32Array(memory.buffer);
  const column = (number: number): Int32Array<ArrayBuffer> =>
    new Int32Array(memory.buffer, is.TRANSLATIONS_AT + 4 * CHUNK_RECORDS * number, CHUNK_RECORDS);
  const [translations, words] = [column(0), column(1)];
  is.prepareScan(bytes, dialect);

  /** Starts counting where the builder and the log are. */
  const begin = (): void => {
    state.fill(0, is.COUNTS_AT / 4, is.COUNTS_AT / 4 + 4);
    state[is.LINES_AT / 4] = log.lines;
    state[is.RECORDS_AT / 4] = builder.position();
  };
  /** Gives builder and log what has been read since. */
  const settle = (): void => {
    log.lines = state[is.LINES_AT / 4]!;
    const from = builder.position();
    const to = state[is.RECORDS_AT / 4]!;
    if (to === from) return;
    const { translation, word } = builder.columns;
    translation.set(translations.subarray(from, to), from);
    word.set(words.subarray(from, to), from);
    const count = (kind: number): number => state[is.COUNTS_AT / 4 + kind]!;
    const both = count(MODIFY);
    builder.advance(to - from, count(FETCH), count(LOAD) + both, count(STORE) + both);
    if (both > 0) modifies(both);
  };
  /** Enters the page of the reference that the loop stopped at. */
  const enterPage = (): void => {
    const [lo, hi] = [state[is.ADDRESS_AT / 4]!, state[is.ADDRESS_AT / 4 + 1]!];
    const pageLo = lo >>> PAGE_BITS;
    const entry = (is.PAGES_AT + is.PAGE_ENTRY * (pageLo & (is.PAGES - 1))) / 4;
    state[entry] = pageLo;
    state[entry + 1] = hi;
    state[entry + 2] = builder.userPage(pageOf(lo, hi));
  };
  /** Reads the whole lines of text[from, to), which fit into the window. Stops as `ParseLines` does. */
  const scanWindow = (text: Uint8Array, from: number, to: number): number => {
    bytes.set(text.subarray(from, to), TEXT_AT);
    const start = TEXT_AT - from;
    begin();
    for (let at = from; ; ) {
      const room = builder.full() ? 0 : CHUNK_RECORDS - CHUNK_RESERVE;
      const result = scan(start + at, start + to, room);
      at = is.stoppedAt(result) - start;
      const why = is.whyStopped(result);
      if (why === is.STOPPED_PAGE) {
        enterPage();
        continue;
      }
      settle();
      if (why !== is.STOPPED_LINE) return at;
      const after = parse(text, at, text.indexOf(NEWLINE, at) + 1);
      if (after === at) return at;
      at = after;
      begin();
    }
  };

  return (text, from, to) => {
    for (let at = from; at < to; ) {
      const most = Math.min(to, at + WINDOW);
      const end = text.lastIndexOf(NEWLINE, most - 1) + 1;
      // A line that does not fit into the window is none that the loop would take.
      const whole = end > at;
      const reach = whole ? end : text.indexOf(NEWLINE, at) + 1;
      const reached = whole ? scanWindow(text, at, reach) : parse(text, at, reach);
      if (reached < reach) return reached;
      at = reached;
    }
    return to;
  };
}
