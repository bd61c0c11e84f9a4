import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOfRecords } from '../../src/trace/lines.ts';
import { outlineOf, placedWord } from '../../src/trace/store/places.ts';
import { openStoreStream } from '../../src/trace/store/read-stream.ts';
import { createStoreWriter } from '../../src/trace/store/write.ts';
import type { LineColumns, LineRequest } from '../../src/trace/types.ts';
import {
  type Chunk,
  type ChunkOptions,
  FETCH,
  referenceWord,
  type SegmentColumns,
  UNCACHED,
} from '../../src/trace/types.ts';
import { anyTrace, copied, HEADER, program, type Recorded, record } from './store-traces.ts';

/** Lines that the store makes of templates, against lines of the records themselves. */

async function open({ chunks, summary }: Recorded) {
  const parts: Uint8Array[] = [];
  const sink = async (bytes: Uint8Array) => {
    parts.push(bytes.slice());
  };
  const writer = await createStoreWriter(HEADER, sink, { method: 'none' });
  for (const chunk of chunks) await writer.add(chunk);
  await writer.finish(summary);
  const bytes = new Uint8Array(Buffer.concat(parts));
  return openStoreStream({
    label: 'pipe',
    head: bytes.subarray(0, 1 << 16),
    stream: async function* () {
      yield bytes;
    },
  });
}

type Rule = Pick<LineRequest, 'lineBits' | 'instructionBytes' | 'asideFlags'>;

/** Some page id for each translation; none for pages that are not cached. */
function createIds() {
  const ids = new Int32Array(1 << 16).fill(-1);
  return (translations: Chunk['translations']): Int32Array => {
    for (let i = 0; i < translations.length; i++)
      if ((translations.flags[i]! & UNCACHED) === 0)
        ids[translations.first + i] = 5 * (translations.first + i);
    return ids;
  };
}

/** Each segment's words without those that change nothing, whatever else was left out. */
function essence({ words, segmentEnd, aside, accesses }: LineColumns, segments: SegmentColumns) {
  const result: { words: number[]; accesses: number[]; aside: number }[] = [];
  let cpu = -1;
  let at = 0;
  let last = [-1, -1];
  for (let segment = 0; segment < segments.length; segment++) {
    const kept: number[] = [];
    if (aside[segment] === 0 && segments.cpu[segment] !== cpu) {
      cpu = segments.cpu[segment]!;
      last = [-1, -1];
    }
    for (; at < segmentEnd[segment]!; at++) {
      const word = words[at]!;
      const side = (word >>> 1) & 1;
      if (((last[side]! ^ word) & (word | -2)) === 0) continue;
      kept.push(word);
      last[side] = word;
    }
    result.push({
      words: kept,
      accesses: [...accesses.subarray(4 * segment, 4 * segment + 4)],
      aside: aside[segment]!,
    });
  }
  return result;
}

/** Reads a trace's lines, and some chunks as records, and compares all with the trace itself. */
async function expectLines(
  trace: Recorded,
  rule: Rule,
  asRecords: (chunk: number) => boolean,
): Promise<number> {
  const store = await open(trace);
  const idsOf = createIds();
  const expectedIds = createIds();
  let number = 0;
  const lines: LineRequest = { ...rule, ids: idsOf, asRecords: () => asRecords(number) };
  let given = 0;
  for await (const chunk of store.chunks({ lines })) {
    const original = trace.chunks[number]!;
    const ids = expectedIds(original.translations);
    expect(chunk.length).toBe(original.length);
    if (asRecords(number)) {
      expect(chunk.lines).toBeUndefined();
      const { translation, word } = copied(chunk);
      expect([...translation]).toEqual([...original.translation]);
      // Fetches as they are, and data as far as lines depend on them.
      const outlines = original.word.map((w) => ((w & 3) === FETCH ? w : outlineOf(placedWord(w))));
      expect([...word]).toEqual([...outlines]);
    } else {
      const expected = essence(linesOfRecords(original, ids, rule), original.segments);
      const actual = essence(chunk.lines!, original.segments);
      // Comparing as text first is much faster.
      if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected);
      given++;
    }
    number++;
  }
  expect(number).toBe(trace.chunks.length);
  return given;
}

const anyRule: fc.Arbitrary<Rule> = fc.record({
  lineBits: fc.integer({ min: 4, max: 12 }),
  instructionBytes: fc.constantFrom(0 as const, 4 as const),
  asideFlags: fc.constantFrom(0, 2, 6),
});

describe('lines from a store', () => {
  it('are those of the records, for any trace', async () => {
    await fc.assert(
      fc.asyncProperty(anyTrace, anyRule, fc.nat({ max: 7 }), async (trace, rule, which) => {
        await expectLines(trace, rule, (chunk) => ((which >> (chunk % 3)) & 1) !== 0);
      }),
      { numRuns: 400 },
    );
  });

  it('are those of the records where code and data recur', async () => {
    // Loops of a few stretches of code, over operands that move as the store's coder knows it, and otherwise.
    const operand = fc.record({
      kind: fc.constantFrom(1 as const, 2 as const, 3 as const),
      page: fc.nat({ max: 6 }),
      offset: fc.integer({ min: 0, max: 4095 }),
      size: fc.constantFrom(1, 4, 8, 8, 64),
      drift: fc.constantFrom(0, 0, 0, 8, -4, 64, 300),
      hop: fc.constantFrom(0, 0, 0, 1, 3),
      fetches: fc.integer({ min: 0, max: 3 }),
    });
    const loop = fc.record({
      code: fc.nat({ max: 5 }),
      start: fc.nat({ max: 1000 }),
      bytes: fc.constantFrom(4, 4, 8, 60, 200),
      body: fc.array(operand, { maxLength: 6 }),
      times: fc.integer({ min: 1, max: 8 }),
      cpu: fc.nat({ max: 1 }),
      flags: fc.constantFrom(0, 0, 0, 1, 2, 4),
      within: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(loop, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 3 }),
        anyRule,
        fc.boolean(),
        async (loops, rounds, rule, records) => {
          const trace = record((builder, take) => {
            for (let round = 0; round < rounds; round++) {
              for (const { code, start, bytes, body, times, cpu, flags, within } of loops) {
                builder.segment(cpu, flags, 0);
                const page = builder.translate(0, 900 + code, 900 + code, code === 5 ? UNCACHED : 1);
                for (let time = 0; time < times; time++) {
                  let at = start * 4 > 3000 ? 0 : start;
                  for (const { kind, page, offset, size, drift, hop, fetches } of body) {
                    for (let n = 0; n < fetches && at + bytes <= 4096; n++, at += bytes)
                      builder.record(
                        builder.translate(0, 900 + code, 900 + code, code === 5 ? UNCACHED : 1),
                        referenceWord(0, at, bytes),
                      );
                    const where = (((offset + drift * (time + round)) % 4096) + 4096) % 4096;
                    const number = (page + hop * time) % 9;
                    const id = builder.translate(1, number, number, number === 8 ? UNCACHED : 1);
                    builder.record(id, referenceWord(kind, Math.min(where, 4096 - size), size));
                    // A segment that begins within a stretch of code.
                    if (within && time === 1) builder.segment(cpu, flags ^ 1, 3);
                  }
                  if (at + bytes <= 4096) builder.record(page, referenceWord(0, at, bytes));
                }
              }
              take();
            }
          });
          const given = await expectLines(trace, rule, (chunk) => records && chunk === 1);
          expect(given).toBe(trace.chunks.length - (records && trace.chunks.length > 1 ? 1 : 0));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('are those of the records over several groups', async () => {
    const trace = program(200_000, 1000);
    for (const lineBits of [5, 6])
      await expectLines(trace, { lineBits, instructionBytes: 4, asideFlags: 0 }, (chunk) => chunk === 140);
  });

  it('may be more than the records, and in thousands of segments', async () => {
    const trace = record((builder) => {
      for (let at = 0; at < 3000; at++) {
        builder.segment(at & 1, at % 3 === 0 ? 2 : 0, at % 7);
        const id = builder.translate(0, at % 40, at % 40, 1);
        builder.record(id, referenceWord(0, 0, 4096));
        builder.record(id, referenceWord(3, 0, 4096));
      }
    });
    expect(trace.chunks.length).toBe(1);
    await expectLines(trace, { lineBits: 4, instructionBytes: 4, asideFlags: 2 }, () => false);
  });

  it('are those of the records where all tables of the decoder grow', async () => {
    const trace = record((builder, take) => {
      for (let at = 0; at < 45_000; at++) {
        if (at % 5000 === 4999) take();
        const id = builder.translate(0, at, at, 1);
        builder.record(id, referenceWord(0, 4 * (at % 1000), 4));
        builder.record(id, referenceWord(1, at % 4000, 8));
        builder.record(id, referenceWord(3, (64 * at) % 4096, 64));
        // Runs again, with data that have not moved, or in another line.
        if (at % 3 === 0) {
          builder.record(id, referenceWord(0, 4 * (at % 1000), 4));
          builder.record(id, referenceWord(1, (at % 4000) + (at % 2) * 64, 8));
          builder.record(id, referenceWord(3, (64 * at) % 4096, 64));
        }
      }
    });
    expect(trace.chunks.length).toBeGreaterThan(4);
    await expectLines(trace, { lineBits: 4, instructionBytes: 0, asideFlags: 0 }, () => false);
  });

  it('come without events where those are not wanted', async () => {
    const trace = program(20_000, 4000);
    const read = async (options: ChunkOptions) => {
      const chunks: Chunk[] = [];
      for await (const chunk of (await open(trace)).chunks(options)) chunks.push(copied(chunk));
      return chunks;
    };
    const all = await read({});
    const without = await read({ events: false });
    expect(all.some(({ events }) => events.length > 0)).toBe(true);
    expect(without.every(({ events }) => events.length === 0)).toBe(true);
    for (const [number, chunk] of without.entries())
      expect({ ...chunk, events: null }).toEqual({ ...all[number]!, events: null });
  });
});
