import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/trace/errors.ts';
import { checksum } from '../../src/trace/store/checksum.ts';
import { GROUP_HEADER_BYTES, LEAST_SPACE, MAGIC, MOVE_PAGE } from '../../src/trace/store/layout.ts';
import { openStore } from '../../src/trace/store/read.ts';
import { openStoreStream } from '../../src/trace/store/read-stream.ts';
import { createStoreWriter, type StoreOptions } from '../../src/trace/store/write.ts';
import type { Chunk, LineRequest, Trace } from '../../src/trace/types.ts';
import { HEADER, program, type Recorded, record } from './store-traces.ts';

/** Damage of every kind must end in an InputError of one line, and never in records that were not written. */

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmtax-store-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function stored({ chunks, summary }: Recorded, options: StoreOptions): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const sink = async (bytes: Uint8Array) => {
    parts.push(bytes.slice());
  };
  const writer = await createStoreWriter(HEADER, sink, options);
  for (const chunk of chunks) await writer.add(chunk);
  await writer.finish(summary);
  return new Uint8Array(Buffer.concat(parts));
}

const small = record((builder, take) => {
  const id = builder.translate(0, 5, 6, 1);
  builder.record(id, 4 << 15);
  builder.record(id, 1 | (8 << 3) | (4 << 15));
  builder.event(1, 0, 7, 8, 9);
  take();
  builder.record(id, 4 << 15);
});

async function drain(trace: Trace): Promise<number> {
  let records = 0;
  for await (const { length } of trace.chunks()) records += length;
  return records;
}

function fromStream(bytes: Uint8Array): Trace {
  return openStoreStream({
    label: 'pipe',
    head: bytes.subarray(0, 1 << 16),
    stream: async function* () {
      yield bytes;
    },
  });
}

/** What reading to the end throws. */
async function streamError(bytes: Uint8Array): Promise<unknown> {
  try {
    await drain(fromStream(bytes));
  } catch (error) {
    return error;
  }
  return undefined;
}

async function fileError(bytes: Uint8Array): Promise<unknown> {
  const path = join(directory, 'damaged.vmt');
  await writeFile(path, bytes);
  try {
    const store = await openStore(path);
    try {
      await drain(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    return error;
  }
  return undefined;
}

function expectOneLine(error: unknown): void {
  if (!(error instanceof InputError)) throw new Error('not an InputError', { cause: error });
  expect(error.message).toMatch(/^[^\n]*: byte \d+: [^\n]*; [^\n]*$/);
}

describe('a damaged store', () => {
  it.each(['none', 'deflate', 'brotli'] as const)('is found wherever it is cut (%s)', async (method) => {
    const bytes = await stored(small, { method });
    expect(await streamError(bytes)).toBeUndefined();
    expect(await fileError(bytes)).toBeUndefined();
    for (let length = 0; length < bytes.length; length++) {
      expectOneLine(await streamError(bytes.subarray(0, length)));
      expectOneLine(await fileError(bytes.subarray(0, length)));
    }
    for (const more of [1, 20, 1000]) {
      const longer = new Uint8Array(bytes.length + more);
      longer.set(bytes);
      expectOneLine(await streamError(longer));
      expectOneLine(await fileError(longer));
    }
  });

  it('is found whichever bit is flipped', async () => {
    const bytes = await stored(small, { method: 'deflate' });
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expectOneLine(await streamError(flipped));
      if (bit % 5 === 0) expectOneLine(await fileError(flipped));
    }
  });

  it('is found where bytes are overwritten, moved or left out', async () => {
    const bytes = await stored(program(4000, 500), { method: 'deflate' });
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: bytes.length - 1 }),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.constantFrom('overwrite', 'insert', 'remove'),
        async (at, patch, how) => {
          const rest = how === 'insert' ? at : at + patch.length;
          const parts = [
            bytes.subarray(0, at),
            how === 'remove' ? patch.subarray(0, 0) : patch,
            bytes.subarray(rest),
          ];
          const changed = new Uint8Array(Buffer.concat(parts));
          if (Buffer.compare(changed, bytes) === 0) return;
          expectOneLine(await streamError(changed));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('says what it is', async () => {
    const bytes = await stored(small, { method: 'none' });
    const changed = (at: number, value: number) => {
      const copy = bytes.slice();
      copy[at] = value;
      return copy;
    };
    const message = async (damaged: Uint8Array) => String(await streamError(damaged));
    expect(await message(new Uint8Array(0))).toContain('the file is empty');
    expect(await message(changed(0, 64))).toContain('not a trace store');
    expect(await message(changed(7, 129))).toContain(
      'store version 1, but this vmtax reads 2; make the store again',
    );
    const text = new Uint8Array(Buffer.concat([bytes.subarray(0, 5), bytes.subarray(6)]));
    expect(await message(text)).toContain('text-mode copy');
    expect(await message(bytes.subarray(0, bytes.length - 30))).toContain(
      'the data ends before the store does',
    );
    expect(String(await fileError(bytes.subarray(0, bytes.length - 30)))).toContain('truncated');
    await expect(openStore(join(directory, 'none.vmt'))).rejects.toThrow(/^cannot read .*ENOENT/);
    await expect(openStore(directory)).rejects.toThrow(InputError);
  });
});

/** Where the only group of a store begins, and the lengths of its four sections. */
function groupOf(bytes: Uint8Array): { readonly at: number; readonly lengths: readonly number[] } {
  const view = new DataView(bytes.buffer);
  const at = MAGIC.length + 8 + view.getUint32(MAGIC.length, true);
  return { at, lengths: [0, 1, 2, 3].map((section) => view.getUint32(at + 24 + 12 * section, true)) };
}

/** Corrects the checksums of the only group, as only malice or a defect would. */
function reseal(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  const { at, lengths } = groupOf(bytes);
  let from = at + GROUP_HEADER_BYTES;
  lengths.forEach((length, section) => {
    view.setUint32(at + 28 + 12 * section, checksum(bytes.subarray(from, from + length)), true);
    from += length;
  });
  const end = at + GROUP_HEADER_BYTES - 4;
  view.setUint32(end, checksum(bytes.subarray(at, end)), true);
}

/** Nothing in a chunk may point outside of it: replay does not check again. */
function expectInBounds(chunk: Chunk, translations: number): void {
  let wrong = 0;
  for (let at = 0; at < chunk.length; at++) {
    const id = chunk.translation[at]!;
    const word = chunk.word[at]!;
    const size = word >>> 15;
    if (!(id >= 0 && id < translations && size > 0 && ((word >>> 3) & 4095) + size <= 4096)) wrong++;
  }
  for (let at = 0, last = 0; at < chunk.segments.length; at++) {
    if (chunk.segments.end[at]! < last) wrong++;
    last = chunk.segments.end[at]!;
    if (last > chunk.length || (at === chunk.segments.length - 1 && last !== chunk.length)) wrong++;
  }
  for (let at = 0, last = 0; at < chunk.events.length; at++) {
    if (chunk.events.at[at]! < last || chunk.events.at[at]! > chunk.length) wrong++;
    last = chunk.events.at[at]!;
  }
  const { translations: table, code } = chunk;
  for (let at = 0; at < table.length; at++) {
    for (const page of [table.virtualPage[at]!, table.physicalPage[at]!]) {
      if (!(page >= 0 && page < 2 ** 52 && Number.isInteger(page))) wrong++;
    }
    if (table.space[at]! < LEAST_SPACE) wrong++;
  }
  const classes = code.count.subarray(0, code.length).reduce((sum, count) => sum + count, 0);
  if (classes !== code.classes.length) wrong++;
  for (let at = 0; at < code.length; at++) if (code.at[at]! > chunk.length) wrong++;
  expect(wrong).toBe(0);
}

/** All lines of a store; the page ids are the translations'. */
async function linesOf(bytes: Uint8Array): Promise<number[]> {
  const known = new Int32Array(1 << 16).fill(-1);
  const lines: LineRequest = {
    lineBits: 6,
    instructionBytes: 4,
    asideFlags: 0,
    ids: ({ first, length }) => {
      for (let id = first; id < first + length; id++) known[id] = id;
      return known;
    },
    asRecords: () => false,
  };
  const all: number[] = [];
  let translations = 0;
  for await (const chunk of fromStream(bytes).chunks({ lines })) {
    translations += chunk.translations.length;
    const end = chunk.lines!.segmentEnd[chunk.segments.length - 1] ?? 0;
    for (let at = 0; at < end; at++) all.push(chunk.lines!.words[at]! >>> 8);
  }
  return [...all, translations];
}

function expectLinesInBounds(pages: readonly number[]): void {
  const translations = pages[pages.length - 1]!;
  expect(pages.slice(0, -1).every((page) => page < translations)).toBe(true);
}

describe('a store with wrong contents and right checksums', () => {
  it('gives chunks within bounds or an InputError', async () => {
    const bytes = await stored(program(3000, 1000), { method: 'none' });
    const { at, lengths } = groupOf(bytes);
    const start = at + GROUP_HEADER_BYTES;
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const outcomes = { read: 0, refused: 0 };
    const position = fc.oneof(
      fc.nat({ max: total - 1 }),
      // the lane lengths and first bytes of each section
      fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 60 })).map(([section, offset]) => {
        const before = lengths.slice(0, section).reduce((sum, length) => sum + length, 0);
        return Math.min(total - 1, before + offset);
      }),
    );
    const value = fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 2, 255, 254, 128, MOVE_PAGE));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(position, value), { minLength: 1, maxLength: 4 }),
        async (patches) => {
          const changed = bytes.slice();
          for (const [offset, byte] of patches) changed[start + offset] = byte;
          reseal(changed);
          const trace = fromStream(changed);
          let translations = 0;
          try {
            for await (const chunk of trace.chunks()) {
              translations += chunk.translations.length;
              expectInBounds(chunk, translations);
            }
            outcomes.read++;
            expectLinesInBounds(await linesOf(changed));
          } catch (error) {
            expectOneLine(error);
            outcomes.refused++;
            // Lines do not need all that records do.
            await linesOf(changed).then(expectLinesInBounds, expectOneLine);
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(outcomes.refused).toBeGreaterThan(100);
    expect(outcomes.read).toBeGreaterThan(100);
  });

  it('never allocates for a length that cannot be', async () => {
    const bytes = await stored(small, { method: 'none' });
    const { at } = groupOf(bytes);
    for (const field of [12, 20, 24, 32, 36, 44, 48, 56, 60].map((offset) => at + offset)) {
      const changed = bytes.slice();
      new DataView(changed.buffer).setUint32(field, 0xffff_fff0, true);
      const end = at + GROUP_HEADER_BYTES - 4;
      new DataView(changed.buffer).setUint32(end, checksum(changed.subarray(at, end)), true);
      const before = process.memoryUsage().arrayBuffers;
      expectOneLine(await streamError(changed));
      expectOneLine(await fileError(changed));
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
    }
  });
});
