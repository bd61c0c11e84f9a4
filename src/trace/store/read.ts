/** Reading a store file by position. */
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import type { Chunk, ChunkOptions, Trace, TraceHeader } from '../types.ts';
import { decodeGroups, type PackedGroup, packedGroup } from './chunks.ts';
import { decodeTables, unwantedSection } from './decode.ts';
import type { TablesChunk } from './decode-tables.ts';
import { type Footer, parseFooter, parseTrailer, type StoreIndex } from './footer.ts';
import { parseGroupHeader, storedLength, unpackGroup, unpackSection } from './group.ts';
import { parseHeader } from './header.ts';
import {
  FOOTER_PREFIX_BYTES,
  GROUP_HEADER_BYTES,
  HEADER_PREFIX_BYTES,
  MAGIC,
  MAX_FOOTER_BYTES,
  MAX_HEADER_BYTES,
  MAX_SECTION_BYTES,
  SECTIONS,
  TABLES,
  TRAILER_BYTES,
} from './layout.ts';
import { damage, located, locatedLater } from './place.ts';
import { preamble } from './preamble.ts';

/** A store in a file: the summary is known at once, and reading can start at any chunk. */
export interface StoredTrace extends Trace {
  readonly chunkCount: number;
  /** Totals before each chunk. */
  readonly index: StoreIndex;
  /**
   * Chunks from number `first` on. Unless `first` is 0, a chunk without records comes before them, which
   * carries the translations and code of all chunks that were left out.
   */
  readonly chunksFrom: (first: number, options?: ChunkOptions) => AsyncIterable<Chunk>;
}

interface OpenFile {
  readonly file: FileHandle;
  readonly path: string;
  readonly footer: Footer;
  /** Where the groups end. */
  readonly end: number;
  /** Buffers that no reading uses at the moment. */
  readonly idle: GroupBuffers[];
}

/**
 * Opens a store file. The columns of a chunk are valid until the next chunk is asked for; `progress` is told
 * the bytes read so far, of the file's size. Throws an InputError where the file cannot be read or is no
 * intact store; so do `chunks` and `chunksFrom` where a group turns out to be damaged.
 */
export async function openStore(
  path: string,
  progress?: (done: number, total: number) => void,
): Promise<StoredTrace> {
  const file = await reading(path, open(path, 'r'));
  try {
    const { size } = await reading(path, file.stat());
    const { header, footer, end } = await readEnds(file, path, size);
    const store: OpenFile = { file, path, footer, end, idle: [] };
    const chunksFrom = (first: number, options: ChunkOptions = {}) =>
      readChunks(store, first, (done) => progress?.(done, size), options);
    return {
      header,
      summary: () => footer.summary,
      chunkCount: footer.summary.chunks,
      index: footer.index,
      chunks: (options) => chunksFrom(0, options),
      chunksFrom,
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Header and footer of a store file of `size` bytes. */
async function readEnds(
  file: FileHandle,
  path: string,
  size: number,
): Promise<{ readonly header: TraceHeader; readonly footer: Footer; readonly end: number }> {
  const most = MAGIC.length + HEADER_PREFIX_BYTES + MAX_HEADER_BYTES;
  const { header, length } = parseHeader(path, await readAt(file, path, 0, Math.min(size, most)));
  if (size < length + FOOTER_PREFIX_BYTES + TRAILER_BYTES) throw damage(path, size, 'the file is truncated');
  const trailer = await readAt(file, path, size - TRAILER_BYTES, TRAILER_BYTES);
  const end = located(path, size - TRAILER_BYTES, () => parseTrailer(trailer));
  const footerLength = size - TRAILER_BYTES - end;
  if (end < length || footerLength < FOOTER_PREFIX_BYTES || footerLength > MAX_FOOTER_BYTES) {
    throw damage(path, size - TRAILER_BYTES, 'the trailer names an impossible place');
  }
  const bytes = await readAt(file, path, end, footerLength);
  return { header, footer: located(path, end, () => parseFooter(bytes, length, end)), end };
}

async function* readChunks(
  store: OpenFile,
  first: number,
  progress: (done: number) => void,
  options: ChunkOptions,
): AsyncGenerator<Chunk> {
  const { path, footer } = store;
  const { groups, index, summary } = footer;
  if (!(Number.isInteger(first) && first >= 0 && first <= summary.chunks)) {
    throw new InputError(`${path}: no chunk ${first}: the store has ${summary.chunks} chunks`);
  }
  if (first > 0) yield await readPreamble(store, first);
  const after = groups.findIndex(({ firstChunk, chunks }) => first < firstChunk + chunks);
  let ordinal = after < 0 ? groups.length : after;
  const buffers = store.idle.pop() ?? createGroupBuffers();
  const next = async (): Promise<PackedGroup | null> => {
    if (ordinal === groups.length) return null;
    const group = await readGroup(store, ordinal++, unwantedSection(options), buffers);
    progress(group.offset);
    return group;
  };
  const check = (chunk: number, records: number, translations: number, offset: number): void => {
    const expected = index.records[chunk + 1]! - index.records[chunk]!;
    if (records !== expected || translations !== index.translations[chunk + 1]) {
      throw damage(path, offset, `chunk ${chunk} is not as the index says`);
    }
  };
  const firstTranslation = index.translations[groups[ordinal]?.firstChunk ?? 0]!;
  let number = groups[ordinal]?.firstChunk ?? 0;
  for await (const chunk of decodeGroups(path, firstTranslation, next, check, options)) {
    if (number++ >= first) yield chunk;
  }
  store.idle.push(buffers);
  progress(store.end);
}

/** Room for the bytes of a group. Gives it anew two groups later: while one is decoded, the next is read. */
type GroupBuffers = (group: number, length: number) => Uint8Array;

/** New buffers for each group would have V8 collect everything every few groups. */
function createGroupBuffers(): GroupBuffers {
  const buffers = [new Uint8Array(0), new Uint8Array(0)];
  return (group, length) => {
    const turn = group % 2;
    if (buffers[turn]!.length < length) buffers[turn] = new Uint8Array(Math.ceil(1.25 * length));
    return buffers[turn]!.subarray(0, length);
  };
}

async function readGroup(
  { file, path, footer, end }: OpenFile,
  ordinal: number,
  unwanted: number | null,
  buffers: GroupBuffers,
): Promise<PackedGroup> {
  const { offset, firstChunk, chunks } = footer.groups[ordinal]!;
  const length = (footer.groups[ordinal + 1]?.offset ?? end) - offset;
  if (length < GROUP_HEADER_BYTES || length > GROUP_HEADER_BYTES + SECTIONS * MAX_SECTION_BYTES) {
    throw damage(path, offset, 'the index names an impossible place');
  }
  const bytes = buffers(ordinal, length);
  await readInto(file, path, offset, bytes);
  const header = located(path, offset, () => parseGroupHeader(bytes, ordinal, firstChunk));
  if (header.chunks !== chunks || storedLength(header) !== length - GROUP_HEADER_BYTES) {
    throw damage(path, offset, 'the group is not as the index says');
  }
  const unpacked = locatedLater(
    path,
    offset,
    unpackGroup(header, bytes.subarray(GROUP_HEADER_BYTES), unwanted),
  );
  return packedGroup({ offset, firstChunk, chunks, unpacked });
}

/** The chunk without records that stands for chunks 0 to `first` − 1; reads first sections alone. */
async function readPreamble({ file, path, footer }: OpenFile, first: number): Promise<Chunk> {
  const parts: TablesChunk[] = [];
  let translations = 0;
  for (const [ordinal, { offset, firstChunk, chunks }] of footer.groups.entries()) {
    const wanted = Math.min(chunks, first - firstChunk);
    if (wanted <= 0) break;
    const bytes = await readAt(file, path, offset, GROUP_HEADER_BYTES);
    const header = located(path, offset, () => parseGroupHeader(bytes, ordinal, firstChunk));
    const section = header.sections[TABLES]!;
    const stored = await readAt(file, path, offset + GROUP_HEADER_BYTES, section.length);
    const raw = await locatedLater(path, offset, unpackSection(section, stored));
    const before = translations;
    for (const part of located(path, offset, () => decodeTables(raw, wanted, before))) {
      parts.push(part);
      translations += part.translations.length;
    }
  }
  return preamble(parts);
}

/** Exactly `length` bytes from `offset`; an InputError where the file ends before. */
async function readAt(file: FileHandle, path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await readInto(file, path, offset, bytes);
  return bytes;
}

/** Fills `bytes` from `offset`; an InputError where the file ends before. */
async function readInto(file: FileHandle, path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const { length } = bytes;
  for (let got = 0; got < length; ) {
    const { bytesRead } = await reading(path, file.read(bytes, got, length - got, offset + got));
    if (bytesRead === 0) throw damage(path, offset + got, 'the file is truncated');
    got += bytesRead;
  }
}

async function reading<T>(path: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`cannot read ${path}: ${reason}`, { cause });
  }
}
