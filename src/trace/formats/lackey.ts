import type { TraceBuilder } from '../builder.ts';
import { FETCH, LOAD, MODIFY, STORE } from '../types.ts';
import type { Format, Input } from './format.ts';
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

/** Largest operand that is believed: state-saving instructions move some kilobytes. */
const MAX_SIZE = 65535;

const DIALECT: Dialect = {
  starts: { 'I  ': FETCH, ' L ': LOAD, ' S ': STORE, ' M ': MODIFY },
  size: { separator: ',', base: 10 },
  // A line makes at most 17 records.
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
      const parse = scanning(DIALECT, builder, log, lackeyLine(builder, log, count), (modifies) => {
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

/** Any line: a record, however it is written, what Valgrind says in between, or a bad one. */
function lackeyLine(
  { access }: TraceBuilder,
  log: LineLog,
  count: { modifies: number; comments: number },
): ParseLine {
  return (bytes, from) => {
    const to = bytes.indexOf(NEWLINE, from);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
    const [, start, address, digits] = /^(I {2}| [LSM] )([0-9a-f]{1,16}),(\d+)\r?$/i.exec(text) ?? [];
    const kind = start === undefined ? undefined : DIALECT.starts[start.toUpperCase()];
    const size = Number(digits);
    if (/^==\d+==/.test(text)) count.comments++;
    else if (kind !== undefined && size > 0 && size <= MAX_SIZE) {
      access(kind, ...halves(address!), size);
      if (kind === MODIFY) count.modifies++;
    } else log.bad('not a Lackey record', bytes, from, to);
    log.lines++;
    return to + 1;
  };
}
