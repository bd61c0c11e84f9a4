import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/trace/errors.ts';
import type { Input } from '../../src/trace/formats/format.ts';
import { storeFormat } from '../../src/trace/formats/store.ts';
import { GROUP_CHUNKS } from '../../src/trace/store/layout.ts';
import { openStore } from '../../src/trace/store/read.ts';
import { openStoreStream } from '../../src/trace/store/read-stream.ts';
import { createStoreWriter, type StoreOptions, writeStore } from '../../src/trace/store/write.ts';
import { type Chunk, referenceWord, type Trace } from '../../src/trace/types.ts';
import {
  anyTrace,
  collect,
  copied,
  HEADER,
  program,
  type Recorded,
  record,
  traceOf,
} from './store-traces.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmtax-store-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** The bytes of a store of this trace. */
async function stored({ chunks, summary }: Recorded, options?: StoreOptions): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const sink = async (bytes: Uint8Array) => {
    parts.push(bytes.slice());
  };
  const writer = await createStoreWriter(HEADER, sink, options);
  for (const chunk of chunks) await writer.add(chunk);
  await writer.finish(summary);
  return Buffer.concat(parts);
}

/** Opens bytes as a stream of pieces of `size` bytes. */
function streamed(bytes: Uint8Array, size = 1 << 16): Trace {
  return openStoreStream({
    label: 'pipe',
    head: bytes.subarray(0, 1 << 16),
    stream: async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
  });
}

/** toEqual on typed arrays is slow; this is what the tests need. */
function expectSame(actual: readonly Chunk[], expected: readonly Chunk[]): void {
  expect(actual.length).toBe(expected.length);
  const flat = (chunk: Chunk) =>
    JSON.stringify(chunk, (_, value) => (ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value));
  expected.forEach((chunk, number) => {
    if (flat(actual[number]!) !== flat(chunk)) expect(actual[number]).toEqual(chunk);
  });
}

describe('a store', () => {
  it('gives back every column of any trace, from a stream', async () => {
    await fc.assert(
      fc.asyncProperty(anyTrace, fc.constantFrom('none', 'deflate', 'brotli'), async (trace, method) => {
        const back = streamed(await stored(trace, { method, quality: 1 }), 1000);
        expect(back.header).toEqual(HEADER);
        expect(back.summary()).toBeNull();
        expectSame(await collect(back.chunks()), trace.chunks);
        expect(back.summary()).toEqual(trace.summary);
      }),
      { numRuns: 300 },
    );
  });

  it('gives back a long trace of several groups, from a file, at any chunk', async () => {
    const trace = program(200_000, 700);
    const path = join(directory, 'long.vmt');
    const progress: number[] = [];
    const summary = await writeStore(traceOf(trace), path, { progress: (done) => progress.push(done) });
    expect(summary).toEqual(trace.summary);
    expect(progress.at(-1)).toBe(summary.records);
    expect(trace.chunks.length).toBeGreaterThan(2 * GROUP_CHUNKS);

    const seen: (readonly [number, number])[] = [];
    const store = await openStore(path, (done, total) => seen.push([done, total]));
    expect(store.header).toEqual(HEADER);
    expect(store.summary()).toEqual(trace.summary);
    expect(store.chunkCount).toBe(trace.chunks.length);
    expectSame(await collect(store.chunks()), trace.chunks);
    expectSame(await collect(store.chunks()), trace.chunks);
    expect(seen.every(([done, total]) => done <= total)).toBe(true);

    const { records, instructions, translations, events } = store.index;
    expect(records.at(-1)).toBe(trace.summary.records);
    expect(instructions.at(-1)).toBe(trace.summary.instructions);
    expect(translations.at(-1)).toBe(trace.summary.translations);
    expect(events.at(-1)).toBe(trace.summary.events);

    for (const first of [1, GROUP_CHUNKS - 1, GROUP_CHUNKS, GROUP_CHUNKS + 1, trace.chunks.length]) {
      const [before, ...rest] = await collect(store.chunksFrom(first));
      expectSame(rest, trace.chunks.slice(first));
      expect(before!.length).toBe(0);
      const left = trace.chunks.slice(0, first);
      expect([...before!.translations.virtualPage]).toEqual(
        left.flatMap(({ translations }) => [...translations.virtualPage]),
      );
      expect([...before!.code.classes]).toEqual(left.flatMap(({ code }) => [...code.classes]));
    }
    await expect(collect(store.chunksFrom(trace.chunks.length + 1))).rejects.toThrow(/no chunk/);
    await store.close();
  });

  it('takes less than 1.5 bytes per reference before compression', async () => {
    const trace = program(60_000);
    const { instructions, loads, stores } = trace.summary;
    const size = (await stored(trace, { method: 'none' })).length;
    expect(size / (instructions + loads + stores)).toBeLessThan(1.5);
  });

  it('takes full chunks, chunks that are all new templates, and empty traces', async () => {
    const full = record((builder, take) => {
      for (let at = 0; at < 3; at++) {
        const id = builder.translate(0, at, at, 1);
        for (let put = 0; put < 32768; put++) {
          builder.record(id, referenceWord(0, (put * 52) % 4092, 4 - (put & 3)));
        }
        take();
      }
    });
    expectSame(await collect(streamed(await stored(full)).chunks()), full.chunks);
    const empty = record(() => undefined);
    const back = streamed(await stored(empty));
    expect(await collect(back.chunks())).toEqual([]);
    expect(back.summary()).toEqual(empty.summary);
    const path = join(directory, 'empty.vmt');
    await writeStore(traceOf(empty), path);
    const store = await openStore(path);
    expect(await collect(store.chunks())).toEqual([]);
    await store.close();
  });

  it('may be read twice at once', async () => {
    const trace = program(30_000, 1000);
    const path = join(directory, 'twice.vmt');
    await writeStore(traceOf(trace), path);
    const store = await openStore(path);
    const iterators = [store.chunks(), store.chunksFrom(5)].map((chunks) => chunks[Symbol.asyncIterator]());
    const got: Chunk[][] = [[], []];
    for (let turn = 0; turn <= trace.chunks.length; turn++) {
      for (const [which, iterator] of iterators.entries()) {
        const next = await iterator.next();
        if (next.done !== true) got[which]!.push(copied(next.value));
      }
    }
    expectSame(got[0]!, trace.chunks);
    expectSame(got[1]!.slice(1), trace.chunks.slice(5));
    await store.close();
  });
});

describe('writing a store', () => {
  const trace = program(3000, 500);

  it('leaves the old file and no other when reading the source fails', async () => {
    const path = join(directory, 'kept.vmt');
    await writeFile(path, 'old');
    const failing: Trace = {
      ...traceOf(trace),
      chunks: async function* () {
        yield trace.chunks[0]!;
        throw new InputError('source: line 7: no');
      },
    };
    await expect(writeStore(failing, path)).rejects.toThrow('source: line 7: no');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect((await readdir(directory)).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it('stops when aborted', async () => {
    const path = join(directory, 'aborted.vmt');
    const abort = new AbortController();
    const progress = () => abort.abort(new Error('enough'));
    await expect(writeStore(traceOf(trace), path, { signal: abort.signal, progress })).rejects.toThrow(
      'enough',
    );
    expect((await readdir(directory)).filter((name) => name.startsWith('aborted'))).toEqual([]);
  });

  it('says what it cannot write', async () => {
    const path = join(directory, 'missing', 'x.vmt');
    await expect(writeStore(traceOf(trace), path)).rejects.toThrow(InputError);
    await expect(writeStore(traceOf(trace), path)).rejects.toThrow(/^cannot write .*ENOENT/);
    const options = { method: 'deflate', quality: 11 } as const;
    await expect(writeStore(traceOf(trace), join(directory, 'q.vmt'), options)).rejects.toThrow(
      /takes 1 to 9/,
    );
  });

  it('refuses malformed chunks and summaries', async () => {
    const [chunk] = trace.chunks as [Chunk, ...Chunk[]];
    const word = chunk.word.slice();
    word[3] = referenceWord(1, 4090, 8);
    await expect(stored({ chunks: [{ ...chunk, word }], summary: trace.summary })).rejects.toThrow(
      /leaves its page/,
    );
    const translation = chunk.translation.slice();
    translation[3] = 999;
    await expect(stored({ chunks: [{ ...chunk, translation }], summary: trace.summary })).rejects.toThrow(
      /no translation/,
    );
    await expect(stored({ chunks: [chunk], summary: trace.summary })).rejects.toThrow(/does not agree/);
  });
});

describe('the format `store`', () => {
  const trace = program(3000, 500);
  const input = (
    bytes: Uint8Array,
    path: string | null,
    compression: Input['compression'] = null,
  ): Input => ({
    label: path ?? 'standard input',
    path,
    isDirectory: false,
    head: bytes.subarray(0, 65536),
    compression,
    stream: async function* () {
      yield bytes;
    },
  });

  it('opens a file by position and anything else in order', async () => {
    const bytes = await stored(trace);
    const path = join(directory, 'format.vmt');
    await writeFile(path, bytes);
    await writeFile(`${path}.gz`, gzipSync(bytes));
    for (const [given, known] of [
      [input(bytes, path), true],
      [input(bytes, `${path}.gz`, 'gz'), false],
      [input(bytes, null), false],
    ] as const) {
      expect(storeFormat.sniff(given)).toBe(true);
      const store = await storeFormat.open(given, {});
      expect(store.summary() !== null).toBe(known);
      expectSame(await collect(store.chunks()), trace.chunks);
      expect(store.summary()).toEqual(trace.summary);
      await store.close();
    }
    expect(storeFormat.sniff(input(Buffer.from('I  04000000,4\n'), null))).toBe(false);
  });
});
