/** Chunks in, groups out: collects chunks until a group is complete, then hands over its raw sections. */
import { CHUNK_RECORDS, type Chunk } from '../types.ts';
import { createReferenceEncoder } from './encode-references.ts';
import { createSparseEncoder, createTablesEncoder } from './encode-sparse.ts';
import { joinLanes } from './lanes.ts';
import { GROUP_BYTES, GROUP_CHUNKS, MAX_CHUNK_ITEMS, MAX_SECTION_BYTES } from './layout.ts';

/** What the index keeps of each chunk. */
export interface ChunkCounts {
  readonly records: number;
  readonly instructions: number;
  readonly translations: number;
  readonly events: number;
}

export interface RawGroup {
  readonly firstChunk: number;
  readonly counts: readonly ChunkCounts[];
  /** TABLES, SPARSE, REFERENCES, FINE. */
  readonly sections: readonly Uint8Array[];
}

export interface GroupEncoder {
  /** Adds a chunk, which is copied. Throws an Error where the chunk is malformed (a defect of its maker). */
  readonly add: (chunk: Chunk) => void;
  /** Whether the group should be taken before the next chunk. */
  readonly full: () => boolean;
  readonly empty: () => boolean;
  readonly take: () => RawGroup;
}

export function createGroupEncoder(): GroupEncoder {
  const tables = createTablesEncoder();
  const sparse = createSparseEncoder();
  const references = createReferenceEncoder();
  const coders = [tables, sparse, references];
  const sections = [tables.lanes, sparse.lanes, references.lanes, references.fine];
  let firstChunk = 0;
  let counts: ChunkCounts[] = [];
  let translations = 0;

  const add = (chunk: Chunk): void => {
    const { length, segments, events, code } = chunk;
    if (length > CHUNK_RECORDS || chunk.translation.length < length || chunk.word.length < length) {
      throw new Error('trace store: a chunk has another size than it says');
    }
    if (Math.max(segments.length, events.length, chunk.translations.length, code.length) > MAX_CHUNK_ITEMS) {
      throw new Error('trace store: a chunk has too many segments, events, translations or code entries');
    }
    tables.add(chunk, translations);
    translations += chunk.translations.length;
    sparse.add(chunk);
    references.add(length, chunk.translation, chunk.word, translations, segments.end);
    let instructions = 0;
    for (let at = 0; at < segments.length; at++) instructions += segments.instructions[at]!;
    counts.push({
      records: length,
      instructions,
      translations: chunk.translations.length,
      events: events.length,
    });
  };

  const sizes = () => sections.map((lanes) => lanes.reduce((sum, lane) => sum + lane.length, 0));

  const take = (): RawGroup => {
    const group = { firstChunk, counts, sections: sections.map(joinLanes) };
    if (group.sections.some((section) => section.length > MAX_SECTION_BYTES)) {
      throw new Error('trace store: a chunk is too large');
    }
    for (const coder of coders) coder.reset();
    firstChunk += counts.length;
    counts = [];
    return group;
  };

  return {
    add,
    full: () =>
      counts.length >= GROUP_CHUNKS || references.full() || sizes().some((bytes) => bytes >= GROUP_BYTES),
    empty: () => counts.length === 0,
    take,
  };
}
