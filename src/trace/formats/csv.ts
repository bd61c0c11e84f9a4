import type { TraceBuilder } from '../builder.ts';
import { InputError } from '../errors.ts';
import { EVENT, MAPPED, MOST_CPUS, OFFSET_MASK, pageOf, referenceWord, SEGMENT_KERNEL } from '../types.ts';
import { type ColumnPlaces, isHeaderLine, type Row } from './csv-columns.ts';
import { readHeader, readRows } from './csv-rows.ts';
import type { Format, Input, ReadOptions } from './format.ts';
import { accessIn } from './place.ts';
import { streamedTrace, userHeader } from './streamed.ts';
import { headLines } from './text.ts';

const MAX_SPACES = 65536;

/** CSV with a header line, for hand-made traces and other people's scripts. */
export const csvFormat: Format = {
  name: 'csv',
  description: 'CSV with a header line: kind, address [, size, cpu, mode, physical, space]',
  sniff: (input) => isHeaderLine(headLines(input, 1)[0] ?? ''),
  open: async (input, options) => {
    const places = readHeader(input);
    const cpus = places.has('cpu') ? await countCpus(input, options) : 1;
    const header = {
      ...userHeader(input, 'csv'),
      cpus,
      level: places.has('mode') ? ('system' as const) : ('user' as const),
      physical: places.has('physical'),
    };
    return streamedTrace(input.label, header, async function* (builder) {
      const totals = { rows: 0, skippedRows: 0 };
      const place = createPlacer(input.label, builder, places);
      for await (const row of readRows(input, options, () => totals.skippedRows++)) {
        if (row.cpu >= cpus) {
          throw new InputError(
            `${input.label}: CPU ${row.cpu} first appears after the start, where ${cpus} CPUs were seen; save the trace to a file and name that`,
          );
        }
        place(row);
        totals.rows++;
        if ((totals.rows & 63) === 0 && builder.full()) yield builder.take();
      }
      return totals;
    });
  },
};

/** Adds a row's reference, after whatever change of CPU, mode or address space it brings. */
function createPlacer(label: string, builder: TraceBuilder, places: ColumnPlaces): (row: Row) => void {
  const spaces = new Map<number, number>();
  const current = new Int32Array(MOST_CPUS);
  const physical = places.has('physical');
  const plain = !physical && !places.has('space');
  return (row) => {
    builder.segment(row.cpu, row.kernel ? SEGMENT_KERNEL : 0, 0);
    if (plain) {
      builder.access(row.kind, row.lo, row.hi, row.size);
      return;
    }
    let space = spaces.get(row.space);
    if (space === undefined) {
      if (spaces.size === MAX_SPACES)
        throw new InputError(`${label}: more than ${MAX_SPACES} address spaces`);
      space = spaces.size;
      spaces.set(row.space, space);
    }
    if (current[row.cpu] !== space) {
      current[row.cpu] = space;
      builder.event(EVENT.spaceSwitch, row.cpu, space, row.space);
    }
    if (!physical) {
      accessIn(builder, space, MAPPED, row.kind, row.lo, row.hi, row.size);
      return;
    }
    const id = builder.translate(
      space,
      pageOf(row.lo, row.hi),
      pageOf(row.physicalLo, row.physicalHi),
      MAPPED,
    );
    builder.record(id, referenceWord(row.kind, row.lo & OFFSET_MASK, row.size));
  };
}

/**
 * CPUs of the whole trace, which the header must say beforehand: a file is read through once for it; of
 * standard input only the first bytes are seen.
 */
async function countCpus(input: Input, options: ReadOptions): Promise<number> {
  const lines = input.head.subarray(0, input.head.lastIndexOf(10) + 1);
  async function* head(): AsyncGenerator<Uint8Array> {
    yield lines;
  }
  const source = input.path === null ? { ...input, stream: head } : input;
  let most = 0;
  for await (const row of readRows(source, options, () => undefined)) most = Math.max(most, row.cpu);
  return most + 1;
}
