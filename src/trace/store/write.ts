/** Writing a store: groups are coded, compressed and appended one by one, so memory does not grow. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import process from 'node:process';
import { InputError } from '../errors.ts';
import { isSystemError, systemReason } from '../system-errors.ts';
import type { Chunk, Trace, TraceHeader, TraceSummary } from '../types.ts';
import { compress } from './compress.ts';
import { type ChunkCounts, createGroupEncoder, type RawGroup } from './encode.ts';
import { footerBytes, type GroupPlace } from './footer.ts';
import { groupBytes } from './group.ts';
import { headerBytes } from './header.ts';
import type { Method } from './layout.ts';

export interface StoreOptions {
  /** Default `deflate`, the fastest to read; `brotli` at 11 is a quarter smaller, but slow to write. */
  readonly method?: Method;
  /** Deflate 1–9 (default 6), brotli 0–11 (default 5). */
  readonly quality?: number;
}

export interface WriteStoreOptions extends StoreOptions {
  /** Told after every chunk: records written so far of the trace's total (0: not known beforehand). */
  readonly progress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface StoreWriter {
  /** Adds a chunk; its columns may be reused when the promise is settled. */
  readonly add: (chunk: Chunk) => Promise<void>;
  /**
   * Ends the store. The summary must agree with the chunks in records and translations (an Error if not);
   * its number of chunks is replaced by what was written.
   */
  readonly finish: (summary: TraceSummary) => Promise<TraceSummary>;
}

/** Where the bytes go, in order. */
export type StoreSink = (bytes: Uint8Array) => Promise<void>;

const DEFAULT_QUALITY = { none: 0, deflate: 6, brotli: 5 } as const;
/** Lowest and highest effort of each method. */
export const QUALITIES = { none: [0, 11], deflate: [1, 9], brotli: [0, 11] } as const;

/** Starts a store of a trace with this header. */
export async function createStoreWriter(
  header: TraceHeader,
  sink: StoreSink,
  options: StoreOptions = {},
): Promise<StoreWriter> {
  const method = options.method ?? 'deflate';
  const quality = options.quality ?? DEFAULT_QUALITY[method];
  const [least, most] = QUALITIES[method];
  if (!(Number.isInteger(quality) && quality >= least && quality <= most)) {
    throw new InputError(`quality ${quality}: ${method} takes ${least} to ${most}`);
  }
  const encoder = createGroupEncoder();
  const groups: GroupPlace[] = [];
  const counts: ChunkCounts[] = [];
  let offset = 0;

  const put = async (bytes: Uint8Array): Promise<void> => {
    await sink(bytes);
    offset += bytes.length;
  };

  const writeGroup = async ({ firstChunk, counts: ofGroup, sections }: RawGroup): Promise<void> => {
    const stored = await Promise.all(
      sections.map(async (raw) => ({ ...(await compress(raw, method, quality)), rawLength: raw.length })),
    );
    const place = { offset, firstChunk, chunks: ofGroup.length };
    for (const bytes of groupBytes({ ...place, ordinal: groups.length }, stored)) await put(bytes);
    groups.push(place);
    counts.push(...ofGroup);
  };

  await put(headerBytes(header));
  return {
    add: async (chunk) => {
      encoder.add(chunk);
      if (encoder.full()) await writeGroup(encoder.take());
    },
    finish: async (given) => {
      if (!encoder.empty()) await writeGroup(encoder.take());
      const sum = (of: (count: ChunkCounts) => number) => counts.reduce((total, one) => total + of(one), 0);
      const summary = { ...given, chunks: counts.length };
      const translations = sum((count) => count.translations);
      if (sum((count) => count.records) !== summary.records || translations !== summary.translations) {
        throw new Error('trace store: the summary does not agree with the chunks');
      }
      await put(footerBytes(offset, groups, counts, summary));
      return summary;
    },
  };
}

/**
 * Writes a trace to a store file, by way of `path.<pid>.tmp` in the same directory: `path` is either what it
 * was or complete. Throws an InputError where the file cannot be written, whatever reading the trace throws,
 * and the signal's reason when aborted; the temporary file is then removed.
 */
export async function writeStore(
  trace: Trace,
  path: string,
  options: WriteStoreOptions = {},
): Promise<TraceSummary> {
  const { progress, signal } = options;
  const temporary = `${path}.${process.pid}.tmp`;
  const writing = <T>(result: Promise<T>): Promise<T> =>
    result.catch((cause: unknown) => {
      if (!isSystemError(cause)) throw cause;
      const reason = `${systemReason(cause)} (${cause.code})`;
      throw new InputError(`cannot write ${path}: ${reason}`, { cause });
    });
  signal?.throwIfAborted();
  // What a killed run of the same process number left behind is in the way; a link must not be followed.
  await writing(rm(temporary, { force: true }));
  const file = await writing(open(temporary, 'wx'));
  try {
    const writer = await createStoreWriter(trace.header, (bytes) => writing(writeAll(file, bytes)), options);
    const total = trace.summary()?.records ?? 0;
    let done = 0;
    for await (const chunk of trace.chunks()) {
      signal?.throwIfAborted();
      await writer.add(chunk);
      done += chunk.length;
      progress?.(done, total);
    }
    signal?.throwIfAborted();
    const given = trace.summary();
    if (given === null) throw new Error('trace store: the trace has no summary after its last chunk');
    const summary = await writer.finish(given);
    await writing(file.sync());
    await file.close();
    await writing(rename(temporary, path));
    return summary;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    from += (await file.write(bytes, from, bytes.length - from)).bytesWritten;
  }
}
