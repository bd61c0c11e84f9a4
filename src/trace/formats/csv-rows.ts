import type { Options } from 'csv-parse';
import { CsvError, parse } from 'csv-parse/sync';
import { InputError } from '../errors.ts';
import { type Column, type ColumnPlaces, createRowReader, parseHeader, type Row } from './csv-columns.ts';
import type { Input, ReadOptions } from './format.ts';
import { MAX_LINE, NEWLINE, reportPosition } from './text.ts';

/** Lines are parsed a block at a time: several times as fast as csv-parse's stream of objects. */
const BLOCK_BYTES = 1 << 16;
const OPTIONS: Options = { trim: true, skip_empty_lines: true, relax_column_count: true };

/** The columns that the head's first line names. */
export function readHeader(input: Input): ColumnPlaces {
  const end = input.head.indexOf(NEWLINE);
  const line = input.head.subarray(0, end < 0 ? input.head.length : end + 1);
  return parseHeader(input.label, headerNames(input.label, line));
}

function headerNames(label: string, line: Uint8Array): string[] {
  try {
    return parse(Buffer.from(line), { ...OPTIONS, bom: true })[0] ?? [];
  } catch (error) {
    throw csvError(label, 0, error);
  }
}

/**
 * The rows after the header; each holds until the next. Errors name line and column; with `skipBadLines`
 * bad rows are left out, and `skipped` is called for each.
 */
export async function* readRows(
  input: Input,
  options: ReadOptions,
  skipped: () => void,
): AsyncGenerator<Row> {
  const skip = options.skipBadLines === true;
  const places = readHeader(input);
  const read = createRowReader(places, (column, what, text) => {
    throw new FieldError(column, what, text);
  });
  let linesBefore = 0;

  // Line of a block's record: csv-parse says it only in a mode that costs most of the speed.
  const lineOf = (block: Uint8Array, record: number): number => {
    const all = parse(Buffer.from(block), { ...OPTIONS, info: true }) as unknown as Located[];
    return linesBefore + (all[record]?.info.lines ?? 1);
  };
  const records = (block: Uint8Array): string[][] => {
    try {
      return parse(Buffer.from(block), OPTIONS);
    } catch (error) {
      if (!skip) throw csvError(input.label, linesBefore, error);
    }
    // A wrong quote: line by line, so that it takes no more than its own line with it.
    return [...linesOf(block)].flatMap((line) => {
      try {
        return parse(Buffer.from(line), OPTIONS);
      } catch (error) {
        csvError(input.label, linesBefore, error);
        skipped();
        return [];
      }
    });
  };

  for await (const block of blocks(input, options)) {
    const all = records(linesBefore === 0 ? withoutHeader(block) : block);
    for (let i = 0; i < all.length; i++) {
      const record = all[i]!;
      let row: Row;
      try {
        if (record.length !== places.size) {
          throw new FieldError(
            'kind',
            `has ${record.length} fields where the header names ${places.size}`,
            null,
          );
        }
        row = read(record);
      } catch (error) {
        if (!(error instanceof FieldError)) throw error;
        if (skip) {
          skipped();
          continue;
        }
        const line = lineOf(linesBefore === 0 ? withoutHeader(block) : block, i);
        throw new InputError(`${input.label}: line ${line}${error.describe(places)}`);
      }
      yield row;
    }
    linesBefore += countLines(block);
  }
}

interface Located {
  readonly info: { readonly lines: number };
}

/** A field (or, without text, a whole row) that is wrong; where it stands is found out afterwards. */
class FieldError extends Error {
  readonly column: Column;
  readonly what: string;
  readonly text: string | null;
  constructor(column: Column, what: string, text: string | null) {
    super(what);
    this.column = column;
    this.what = what;
    this.text = text;
  }
  describe(places: ColumnPlaces): string {
    const remedy = 'correct it, or skip such lines with --skip-bad-lines';
    if (this.text === null) return `: ${this.what}; ${remedy}`;
    const place = (places.get(this.column) ?? 0) + 1;
    return `, column ${place} (${this.column}): ${this.what}: ${JSON.stringify(this.text.slice(0, 40))}; ${remedy}`;
  }
}

/** The header's own line becomes an empty one, so that lines are counted from the file's first. */
function withoutHeader(block: Uint8Array): Uint8Array {
  const end = block.indexOf(NEWLINE);
  return end < 0 ? block.subarray(block.length) : block.subarray(end);
}

function* linesOf(block: Uint8Array): Generator<Uint8Array> {
  let from = 0;
  while (from < block.length) {
    const end = block.indexOf(NEWLINE, from);
    const next = end < 0 ? block.length : end + 1;
    yield block.subarray(from, next);
    from = next;
  }
}

function countLines(block: Uint8Array): number {
  let lines = 0;
  for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

/** Whole lines, about a block at a time; the last line may end without a newline. */
async function* blocks(input: Input, options: ReadOptions): AsyncGenerator<Uint8Array> {
  let carry: Uint8Array = new Uint8Array(0);
  for await (const bytes of input.stream()) {
    let from = 0;
    while (from < bytes.length) {
      const piece = bytes.subarray(from, from + BLOCK_BYTES);
      from += piece.length;
      const end = piece.lastIndexOf(NEWLINE) + 1;
      if (end > 0) {
        yield carry.length === 0 ? piece.subarray(0, end) : Buffer.concat([carry, piece.subarray(0, end)]);
        carry = piece.slice(end);
      } else carry = Buffer.concat([carry, piece]);
      if (carry.length > MAX_LINE) {
        throw new InputError(
          `${input.label}: a line is longer than ${MAX_LINE} bytes; the file is not a CSV trace`,
        );
      }
    }
    reportPosition(input, options);
  }
  if (carry.length > 0) yield carry;
}

/** csv-parse's error as an InputError. Anything else is a defect, and goes on as it is. */
function csvError(label: string, linesBefore: number, error: unknown): InputError {
  if (!(error instanceof CsvError)) throw error;
  const { lines } = error as CsvError & { readonly lines?: number };
  const what = error.message.replace(/ (at|on) line \d+/g, '').replace(/\s+/g, ' ');
  return new InputError(
    `${label}: line ${linesBefore + (lines ?? 1)}: ${what.slice(0, 160)}; correct it, or skip such lines with --skip-bad-lines`,
  );
}
