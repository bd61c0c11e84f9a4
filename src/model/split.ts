import { type Chunk, FETCH, LOAD, SEGMENT_REFILL, SIZE_SHIFT, STORE, TAIL_BIT } from '../trace/types.ts';

/** Instructions of a chunk that a replay runs: all but those of recorded refill episodes. */
export function workloadInstructions({ segments }: Pick<Chunk, 'segments'>): number {
  let sum = 0;
  for (let i = 0; i < segments.length; i++)
    if ((segments.flags[i]! & SEGMENT_REFILL) === 0) sum += segments.instructions[i]!;
  return sum;
}

/** Counts of records from … to − 1. */
function countRecords(chunk: Chunk, from: number, to: number, instructionBytes: 0 | 4) {
  const counts = { instructions: 0, loads: 0, stores: 0 };
  for (let i = from; i < to; i++) {
    const word = chunk.word[i]!;
    if ((word & TAIL_BIT) !== 0) continue;
    const kind = word & 3;
    if (kind === FETCH) counts.instructions += instructionBytes === 4 ? word >>> (SIZE_SHIFT + 2) : 1;
    else {
      if (kind !== STORE) counts.loads++;
      if (kind !== LOAD) counts.stores++;
    }
  }
  return counts;
}

/**
 * Splits the segment in which the `instruction`-th replayed instruction of the chunk (from 1) falls, so that
 * a segment ends right after the record that holds it. Gives the chunk with that boundary and its record.
 */
export function splitAfter(
  chunk: Chunk,
  instruction: number,
  instructionBytes: 0 | 4,
): { readonly chunk: Chunk; readonly record: number; readonly instructions: number } {
  const { segments } = chunk;
  let seen = 0;
  for (let s = 0; s < segments.length; s++) {
    if ((segments.flags[s]! & SEGMENT_REFILL) !== 0) continue;
    if (seen + segments.instructions[s]! < instruction) {
      seen += segments.instructions[s]!;
      continue;
    }
    const start = s === 0 ? 0 : segments.end[s - 1]!;
    const end = segments.end[s]!;
    let record = start;
    while (record < end && seen < instruction)
      seen += countRecords(chunk, record, ++record, instructionBytes).instructions;
    // The tail of a reference stays with its head.
    while (record < end && (chunk.word[record]! & TAIL_BIT) !== 0) record++;
    return {
      chunk: record === end ? chunk : withBoundary(chunk, s, record, instructionBytes),
      record,
      instructions: seen,
    };
  }
  return { chunk, record: chunk.length, instructions: seen };
}

/** The chunk with segment `s` cut at `record`, strictly inside it. */
function withBoundary(chunk: Chunk, s: number, record: number, instructionBytes: 0 | 4): Chunk {
  const { segments } = chunk;
  const start = s === 0 ? 0 : segments.end[s - 1]!;
  const first = countRecords(chunk, start, record, instructionBytes);
  const second = countRecords(chunk, record, segments.end[s]!, instructionBytes);
  const spliced = <T extends Int32Array | Uint16Array | Uint8Array>(
    column: T,
    one: number,
    two: number,
  ): T => {
    const copy = new (column.constructor as new (length: number) => T)(segments.length + 1);
    copy.set(column.subarray(0, s));
    copy[s] = one;
    copy[s + 1] = two;
    copy.set(column.subarray(s + 1, segments.length), s + 2);
    return copy;
  };
  const same = <T extends Int32Array | Uint16Array | Uint8Array>(column: T): T =>
    spliced(column, column[s]!, column[s]!);
  return {
    ...chunk,
    segments: {
      length: segments.length + 1,
      end: spliced(segments.end, record, segments.end[s]!),
      cpu: same(segments.cpu),
      flags: same(segments.flags),
      service: same(segments.service),
      instructions: spliced(segments.instructions, first.instructions, second.instructions),
      loads: spliced(segments.loads, first.loads, second.loads),
      stores: spliced(segments.stores, first.stores, second.stores),
    },
  };
}

/** The part of a chunk before (`head`) or from a record that is a segment boundary, as a chunk. */
export function partOf(chunk: Chunk, record: number, head: boolean): Chunk {
  const { segments, events } = chunk;
  let cut = 0;
  while (cut < segments.length && segments.end[cut]! <= record) cut++;
  let eventCut = 0;
  // Events at the boundary belong to what ran before it.
  while (eventCut < events.length && events.at[eventCut]! <= record) eventCut++;
  if (head)
    return {
      ...chunk,
      length: record,
      segments: { ...segments, length: cut },
      events: { ...events, length: eventCut },
    };
  const shifted = (column: Int32Array, from: number, length: number): Int32Array =>
    column.slice(from, length).map((at) => at - record);
  return {
    ...chunk,
    length: chunk.length - record,
    translation: chunk.translation.subarray(record),
    word: chunk.word.subarray(record),
    segments: {
      length: segments.length - cut,
      end: shifted(segments.end, cut, segments.length),
      cpu: segments.cpu.subarray(cut),
      flags: segments.flags.subarray(cut),
      service: segments.service.subarray(cut),
      instructions: segments.instructions.subarray(cut),
      loads: segments.loads.subarray(cut),
      stores: segments.stores.subarray(cut),
    },
    events: {
      length: events.length - eventCut,
      at: shifted(events.at, eventCut, events.length),
      kind: events.kind.subarray(eventCut),
      cpu: events.cpu.subarray(eventCut),
      flags: events.flags.subarray(eventCut),
      arg: events.arg.subarray(eventCut),
      lo: events.lo.subarray(eventCut),
      hi: events.hi.subarray(eventCut),
    },
  };
}

/**
 * The same chunk as an object made at this one place. Readers and the functions above make chunks in their own
 * ways; to V8 those are objects of different shapes, and code that saw one would be compiled again for the next.
 */
export function sameShape({
  length,
  translation,
  word,
  segments,
  events,
  translations,
  code,
  lines,
}: Chunk): Chunk {
  return {
    length,
    translation,
    word,
    segments: {
      length: segments.length,
      end: segments.end,
      cpu: segments.cpu,
      flags: segments.flags,
      service: segments.service,
      instructions: segments.instructions,
      loads: segments.loads,
      stores: segments.stores,
    },
    events: {
      length: events.length,
      at: events.at,
      kind: events.kind,
      cpu: events.cpu,
      flags: events.flags,
      arg: events.arg,
      lo: events.lo,
      hi: events.hi,
    },
    translations,
    code,
    lines,
  };
}
