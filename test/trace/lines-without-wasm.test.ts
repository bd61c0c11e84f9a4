import { afterEach, expect, it, vi } from 'vitest';
import { linesOfRecords } from '../../src/trace/lines.ts';
import { openStoreStream } from '../../src/trace/store/read-stream.ts';
import { createStoreWriter } from '../../src/trace/store/write.ts';
import type { LineRequest } from '../../src/trace/types.ts';
import { HEADER, program } from './store-traces.ts';

/** Where the host has no WebAssembly the store gives records that make the same lines. In a file of its own: decoders are kept. */

afterEach(() => {
  vi.unstubAllGlobals();
});

it('lines are left to the reader where there is no WebAssembly', async () => {
  const { chunks, summary } = program(80_000, 3000);
  const parts: Uint8Array[] = [];
  const sink = async (bytes: Uint8Array) => {
    parts.push(bytes.slice());
  };
  const writer = await createStoreWriter(HEADER, sink, { method: 'deflate' });
  for (const chunk of chunks) await writer.add(chunk);
  await writer.finish(summary);
  const bytes = new Uint8Array(Buffer.concat(parts));
  vi.stubGlobal('WebAssembly', undefined);
  const store = openStoreStream({
    label: 'pipe',
    head: bytes.subarray(0, 1 << 16),
    stream: async function* () {
      yield bytes;
    },
  });
  const ids = Int32Array.from({ length: 1 << 12 }, (_, id) => 3 * id);
  const lines: LineRequest = {
    lineBits: 5,
    instructionBytes: 4,
    asideFlags: 2,
    ids: () => ids,
    asRecords: () => false,
  };
  let number = 0;
  for await (const chunk of store.chunks({ lines })) {
    expect(chunk.lines).toBeUndefined();
    const original = chunks[number++]!;
    expect(chunk.length).toBe(original.length);
    const made = linesOfRecords(chunk, ids, lines);
    const expected = linesOfRecords(original, ids, lines);
    expect(Buffer.compare(Buffer.from(made.words.buffer), Buffer.from(expected.words.buffer))).toBe(0);
    expect(made.accesses).toEqual(expected.accesses);
  }
  expect(number).toBe(chunks.length);
});
