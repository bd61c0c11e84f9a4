/** From packed groups, wherever they come from, to chunks. */
import type { Chunk, ChunkOptions } from '../types.ts';
import { createGroupDecoder, type GroupDecoder } from './decode.ts';
import type { Group } from './group.ts';
import { located } from './place.ts';

/** A group that has been read and is being decompressed. */
export interface PackedGroup {
  /** Byte offset in the store. */
  readonly offset: number;
  readonly firstChunk: number;
  readonly chunks: number;
  /** Settles when it is; errors are located. A failure may wait until the group's turn comes. */
  readonly unpacked: Promise<Group>;
}

/** Promises that `unpacked` may fail before anyone awaits it. */
export function packedGroup(group: PackedGroup): PackedGroup {
  group.unpacked.catch(() => undefined);
  return group;
}

/**
 * A decoder that no reading uses at the moment. Nothing but speed depends on it: V8 specialises the decoding
 * loops, by a quarter, for the arrays of the first decoder of a process, but not for those of a second.
 */
const idle: GroupDecoder[] = [];

/**
 * Decodes the groups that `next` gives until it gives null. One group is read and, by zlib's threads,
 * decompressed while the one before it is decoded. `check` sees every chunk with the number of translations
 * up to and including it, and may throw.
 */
export async function* decodeGroups(
  label: string,
  firstTranslation: number,
  next: () => Promise<PackedGroup | null>,
  check: (chunk: number, records: number, translations: number, offset: number) => void,
  options: ChunkOptions = {},
): AsyncGenerator<Chunk> {
  const decoder = idle.pop() ?? createGroupDecoder();
  try {
    let translations = firstTranslation;
    let packed = await next();
    while (packed !== null) {
      const { offset, firstChunk, chunks, unpacked } = packed;
      const group: Group = await unpacked;
      packed = await next();
      located(label, offset, () => decoder.begin(group, translations, options));
      for (let number = firstChunk; number < firstChunk + chunks; number++) {
        const chunk = located(label, offset, decoder.next);
        translations = decoder.translations();
        check(number, chunk.length, translations, offset);
        yield chunk;
      }
      located(label, offset, decoder.end);
    }
  } finally {
    if (idle.length === 0) idle.push(decoder);
  }
}
