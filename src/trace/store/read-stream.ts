/** Reading a store in order, from a pipe or from a file that was compressed once more. */
import { InputError } from '../errors.ts';
import type { Chunk, Trace, TraceSummary } from '../types.ts';
import { decodeGroups, type PackedGroup, packedGroup } from './chunks.ts';
import { unwantedSection } from './decode.ts';
import { type Footer, parseFooter, parseTrailer } from './footer.ts';
import { parseGroupHeader, storedLength, unpackGroup } from './group.ts';
import { parseHeader } from './header.ts';
import {
  FOOTER_PREFIX_BYTES,
  FOOTER_TAG,
  GROUP_HEADER_BYTES,
  GROUP_TAG,
  MAX_FOOTER_BYTES,
  TAG_BYTES,
  TRAILER_BYTES,
} from './layout.ts';
import { damage, located, locatedLater } from './place.ts';

export interface StoreStream {
  /** What to call it in messages. */
  readonly label: string;
  /** Its first 64 KB, or all if shorter: the header lies within. */
  readonly head: Uint8Array;
  /** The bytes from the start. */
  readonly stream: () => AsyncIterable<Uint8Array>;
}

/**
 * Opens a store that can only be read from start to end. The summary is null until the last chunk was read;
 * a stream that ends before the store does is an InputError. The columns of a chunk are valid until the next
 * chunk is asked for.
 */
export function openStoreStream(
  { label, head, stream }: StoreStream,
  progress?: (done: number, total: number) => void,
): Trace {
  const { header, length } = parseHeader(label, head);
  let summary: TraceSummary | null = null;
  return {
    header,
    summary: () => summary,
    chunks: async function* (options): AsyncGenerator<Chunk> {
      const bytes = createByteReader(stream());
      try {
        await bytes.take(length);
        const { read, footer } = groupsOf(label, bytes, length, unwantedSection(options), (done) =>
          progress?.(done, 0),
        );
        const seen: (readonly [number, number])[] = [];
        let records = 0;
        const check = (_chunk: number, ofChunk: number, translations: number): void => {
          records += ofChunk;
          seen.push([records, translations]);
        };
        yield* decodeGroups(label, 0, read, check, options);
        const { index, summary: given, offset } = footer();
        const agrees = seen.every(
          ([total, translations], chunk) =>
            total === index.records[chunk + 1] && translations === index.translations[chunk + 1],
        );
        if (!agrees) throw damage(label, offset, 'the index does not agree with the chunks');
        summary = given;
      } finally {
        await bytes.close();
      }
    },
    close: async () => undefined,
  };
}

/** The groups of a stream that stands at its first one, `start` bytes from the beginning; then the footer. */
function groupsOf(
  label: string,
  bytes: ByteReader,
  start: number,
  unwanted: number | null,
  progress: (done: number) => void,
) {
  const places: number[] = [];
  let firstChunk = 0;
  let parsed: (Footer & { readonly offset: number }) | undefined;

  const take = async (count: number): Promise<Uint8Array> => {
    const taken = await bytes.take(count);
    if (taken.length < count) throw damage(label, bytes.offset(), 'the data ends before the store does');
    return taken;
  };

  const readFooter = async (tag: Uint8Array, offset: number): Promise<void> => {
    const prefix = await take(FOOTER_PREFIX_BYTES - TAG_BYTES);
    const length = new DataView(prefix.buffer, prefix.byteOffset, 4).getUint32(0, true);
    if (length > MAX_FOOTER_BYTES) throw damage(label, offset, 'the footer is damaged');
    const rest = await take(length + 4);
    const all = concatenate([tag, prefix, rest], FOOTER_PREFIX_BYTES + length + 4);
    const footer = located(label, offset, () => parseFooter(all, start, offset));
    const place = bytes.offset();
    const trailer = await take(TRAILER_BYTES);
    const { groups } = footer;
    const agrees =
      located(label, place, () => parseTrailer(trailer)) === offset &&
      footer.summary.chunks === firstChunk &&
      groups.length === places.length &&
      groups.every((group, ordinal) => group.offset === places[ordinal]);
    if (!agrees) throw damage(label, offset, 'the index does not agree with the groups');
    const end = bytes.offset();
    if ((await bytes.take(1)).length > 0) throw damage(label, end, 'something follows the end mark');
    parsed = { ...footer, offset };
  };

  const read = async (): Promise<PackedGroup | null> => {
    if (parsed !== undefined) return null;
    const offset = bytes.offset();
    progress(offset);
    const tag = await take(TAG_BYTES);
    const kind = new DataView(tag.buffer, tag.byteOffset, TAG_BYTES).getUint32(0, true);
    if (kind === FOOTER_TAG) {
      await readFooter(tag, offset);
      return null;
    }
    if (kind !== GROUP_TAG) throw damage(label, offset, 'neither a group nor the footer begins here');
    const rest = await take(GROUP_HEADER_BYTES - TAG_BYTES);
    const head = concatenate([tag, rest], GROUP_HEADER_BYTES);
    const header = located(label, offset, () => parseGroupHeader(head, places.length, firstChunk));
    const stored = await take(storedLength(header));
    places.push(offset);
    const group = { offset, firstChunk, chunks: header.chunks };
    firstChunk += header.chunks;
    return packedGroup({
      ...group,
      unpacked: locatedLater(label, offset, unpackGroup(header, stored, unwanted)),
    });
  };

  return {
    read,
    footer: () => {
      if (parsed === undefined) throw new InputError(`${label}: the data ends before the store does`);
      return parsed;
    },
  };
}

/** Takes given numbers of bytes from a stream of pieces. */
interface ByteReader {
  /** The next `count` bytes, fewer only where the stream ends. Memory grows with what arrives. */
  readonly take: (count: number) => Promise<Uint8Array>;
  readonly offset: () => number;
  /** Lets the stream release what it holds. */
  readonly close: () => Promise<void>;
}

function createByteReader(stream: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = stream[Symbol.asyncIterator]();
  let piece: Uint8Array = new Uint8Array(0);
  let offset = 0;
  const take = async (count: number): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    let got = 0;
    while (got < count) {
      if (piece.length === 0) {
        const next = await iterator.next();
        if (next.done === true) break;
        piece = next.value;
      }
      const part = piece.subarray(0, count - got);
      piece = piece.subarray(part.length);
      parts.push(part);
      got += part.length;
    }
    offset += got;
    return concatenate(parts, got);
  };
  return {
    take,
    offset: () => offset,
    close: async () => {
      await iterator.return?.();
    },
  };
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
