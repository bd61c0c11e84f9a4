import type { Chunk } from '../../trace/types.ts';

/** Chunks in memory that threads share: all columns one after the other, in an order that both sides know. */

/** How much of everything a chunk has: enough to find its columns. */
export interface ChunkSizes {
  readonly records: number;
  readonly segments: number;
  readonly events: number;
  readonly translations: number;
  readonly firstTranslation: number;
  readonly code: number;
  readonly classes: number;
}

export function sizesOf({ length, segments, events, translations, code }: Chunk): ChunkSizes {
  let classes = 0;
  for (let i = 0; i < code.length; i++) classes += code.count[i]!;
  return {
    records: length,
    segments: segments.length,
    events: events.length,
    translations: translations.length,
    firstTranslation: translations.first,
    code: code.length,
    classes,
  };
}

/** Bytes of the columns of such a chunk: so many of 8, 4, 2 and 1 byte for each entry, as in the types of a chunk. */
export const bytesOf = ({ records, segments, events, translations, code, classes }: ChunkSizes): number =>
  8 * (2 * translations + code) +
  4 * (2 * records + 4 * segments + 4 * events + translations + code) +
  2 * (segments + 2 * code) +
  (2 * segments + 3 * events + translations + classes);

/** The chunk of these sizes whose columns are in a buffer; wide elements come first, so that all are aligned. */
export function chunkIn(buffer: SharedArrayBuffer, sizes: ChunkSizes): Chunk {
  const { records, segments, events, translations, code, classes } = sizes;
  let at = 0;
  const take = <T>(
    column: { new (buffer: SharedArrayBuffer, at: number, length: number): T; BYTES_PER_ELEMENT: number },
    length: number,
  ): T => {
    const from = at;
    at += length * column.BYTES_PER_ELEMENT;
    return new column(buffer, from, length);
  };
  const virtualPage = take(Float64Array, translations);
  const physicalPage = take(Float64Array, translations);
  const codePage = take(Float64Array, code);
  const translation = take(Int32Array, records);
  const word = take(Int32Array, records);
  const segmentEnd = take(Int32Array, segments);
  const instructions = take(Int32Array, segments);
  const loads = take(Int32Array, segments);
  const stores = take(Int32Array, segments);
  const eventAt = take(Int32Array, events);
  const arg = take(Int32Array, events);
  const lo = take(Uint32Array, events);
  const hi = take(Uint32Array, events);
  const space = take(Int32Array, translations);
  const codeAt = take(Int32Array, code);
  const service = take(Uint16Array, segments);
  const offset = take(Uint16Array, code);
  const count = take(Uint16Array, code);
  const segmentCpu = take(Uint8Array, segments);
  const segmentFlags = take(Uint8Array, segments);
  const kind = take(Uint8Array, events);
  const eventCpu = take(Uint8Array, events);
  const eventFlags = take(Uint8Array, events);
  const flags = take(Uint8Array, translations);
  return {
    length: records,
    translation,
    word,
    segments: {
      length: segments,
      end: segmentEnd,
      cpu: segmentCpu,
      flags: segmentFlags,
      service,
      instructions,
      loads,
      stores,
    },
    events: { length: events, at: eventAt, kind, cpu: eventCpu, flags: eventFlags, arg, lo, hi },
    translations: {
      first: sizes.firstTranslation,
      length: translations,
      space,
      virtualPage,
      physicalPage,
      flags,
    },
    code: {
      length: code,
      at: codeAt,
      physicalPage: codePage,
      offset,
      count,
      classes: take(Uint8Array, classes),
    },
  };
}

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** Copies a chunk (of records) into one of its sizes. */
export function copyChunk(from: Chunk, to: Chunk): void {
  const copy = (source: Column, target: Column): void => target.set(source.subarray(0, target.length));
  copy(from.translation, to.translation);
  copy(from.word, to.word);
  for (const part of ['segments', 'events', 'translations', 'code'] as const) {
    const source = from[part] as unknown as Readonly<Record<string, Column | number>>;
    for (const [name, target] of Object.entries(to[part] as unknown as Record<string, Column | number>))
      if (typeof target !== 'number') copy(source[name] as Column, target);
  }
}
