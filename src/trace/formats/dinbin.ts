import type { TraceBuilder } from '../builder.ts';
import { InputError } from '../errors.ts';
import type { Chunk } from '../types.ts';
import { addDineroRecord, type DineroCounts } from './din.ts';
import type { Format, Input, ReadOptions } from './format.ts';
import { streamedTrace, userHeader } from './streamed.ts';
import { reportPosition } from './text.ts';

const RECORD = 8;

/**
 * Dinero's binary records: u32 address, u16 size, u8 access type, u8 unused, little-endian. Nothing in the
 * bytes tells them from other data, so this format is read only when it is asked for by name.
 */
export const dinbinFormat: Format = {
  name: 'dinbin',
  description: 'Dinero binary records of 8 bytes (only when asked for by name)',
  sniff: () => false,
  open: async (input, options) =>
    streamedTrace(
      input.label,
      { ...userHeader(input, 'dinbin'), addressBits: 32 },
      async function* (builder) {
        const counts: DineroCounts = { misc: 0, copyBacks: 0, invalidates: 0 };
        const records = yield* readRecords(input, options, builder, counts);
        return { records, ...counts };
      },
    ),
};

async function* readRecords(
  input: Input,
  options: ReadOptions,
  builder: TraceBuilder,
  counts: DineroCounts,
): AsyncGenerator<Chunk, number> {
  const carry = new Uint8Array(RECORD);
  let carried = 0;
  let records = 0;

  // Parses whole records from `from` on until the builder is full; returns where it stopped.
  const parse = (b: Uint8Array, from: number): number => {
    let at = from;
    while (at + RECORD <= b.length) {
      if ((records & 63) === 0 && builder.full()) break;
      const type = b[at + 6]!;
      const size = b[at + 4]! | (b[at + 5]! << 8);
      if (type > 5 || size === 0) {
        throw new InputError(
          `${input.label}: record ${records + 1} (byte ${records * RECORD}) has ${type > 5 ? `access type ${type}, not 0–5` : 'size 0'}; the file is not Dinero binary or is corrupt`,
        );
      }
      const lo = b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);
      addDineroRecord(builder, counts, type, lo, 0, size);
      records++;
      at += RECORD;
    }
    return at;
  };
  function* all(bytes: Uint8Array, from: number): Generator<Chunk, number> {
    let at = from;
    while (at + RECORD <= bytes.length) {
      at = parse(bytes, at);
      if (builder.full()) yield builder.take();
    }
    return at;
  }

  for await (const bytes of input.stream()) {
    let at = 0;
    if (carried > 0) {
      at = Math.min(RECORD - carried, bytes.length);
      carry.set(bytes.subarray(0, at), carried);
      carried += at;
      if (carried < RECORD) continue;
      yield* all(carry, 0);
    }
    at = yield* all(bytes, at);
    carry.set(bytes.subarray(at), 0);
    carried = bytes.length - at;
    reportPosition(input, options);
  }
  if (carried > 0) {
    throw new InputError(
      `${input.label}: the file is truncated: record ${records + 1} (byte ${records * RECORD}) has ${carried} of ${RECORD} bytes`,
    );
  }
  return records;
}
