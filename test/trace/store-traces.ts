import fc from 'fast-check';
import { createTraceBuilder, type TraceBuilder } from '../../src/trace/builder.ts';
import {
  CHUNK_RECORDS,
  type Chunk,
  type EventKind,
  type ReferenceKind,
  referenceWord,
  type Trace,
  type TraceHeader,
  type TraceSummary,
} from '../../src/trace/types.ts';

/** Traces for the tests of the store. */

export const HEADER: TraceHeader = {
  name: 'test — ünïcode',
  format: 'lackey',
  level: 'user',
  cpus: 2,
  instructionBytes: 4,
  addressBits: 64,
  physical: true,
  abi: 'n64',
  provenance: { tool: 'vitest', note: 'line\nbreak "quoted" \ud800' },
};

export interface Recorded {
  readonly chunks: readonly Chunk[];
  readonly summary: TraceSummary;
}

const COLUMNS = ['segments', 'events', 'translations', 'code'] as const;

/** The chunk's columns in arrays of their own, cut to their lengths. */
export function copied(chunk: Chunk): Chunk {
  const { length } = chunk;
  const columns = COLUMNS.map((name) => {
    const entries = Object.entries(chunk[name]).map(([key, value]) => {
      if (!ArrayBuffer.isView(value)) return [key, value];
      return [key, (value as Uint8Array).slice(0, key === 'classes' ? undefined : chunk[name].length)];
    });
    return [name, Object.fromEntries(entries)];
  });
  return {
    length,
    translation: chunk.translation.slice(0, length),
    word: chunk.word.slice(0, length),
    ...Object.fromEntries(columns),
  } as Chunk;
}

export async function collect(chunks: AsyncIterable<Chunk>): Promise<Chunk[]> {
  const all: Chunk[] = [];
  for await (const chunk of chunks) all.push(copied(chunk));
  return all;
}

/** A trace of chunks in memory; like a text source it knows its summary only after the last chunk. */
export function traceOf({ chunks, summary }: Recorded, header: TraceHeader = HEADER): Trace {
  let done = false;
  return {
    header,
    summary: () => (done ? summary : null),
    chunks: async function* () {
      yield* chunks;
      done = true;
    },
    close: async () => undefined,
  };
}

/** Runs `make` on a builder, with a function that takes a chunk, and takes the rest. */
export function record(make: (builder: TraceBuilder, take: () => void) => void): Recorded {
  const builder = createTraceBuilder({ instructionBytes: 4 });
  const chunks: Chunk[] = [];
  const take = () => {
    chunks.push(copied(builder.take()));
  };
  make(builder, take);
  if (!builder.empty()) take();
  return { chunks, summary: builder.summary({ skippedLines: 3, 'odd name': 0.5 }) };
}

/** A program-like trace: loops over some code with a stack, an array and far pages. */
export function program(records: number, chunkRecords = CHUNK_RECORDS - 2048): Recorded {
  return record((builder, take) => {
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let made = 0;
    let inChunk = 0;
    for (let turn = 0; made < records; turn++) {
      const routine = random(40);
      const code = builder.translate(-1, 0x80000 + (routine >> 2), (routine * 7) >> 3, 7);
      const stack = builder.translate(turn & 1, 0xffff0 - (random(9) === 0 ? 1 : 0), 77, 1);
      const far = builder.translate(turn & 1, 2 ** 40 + random(300), 1000 + random(300), 1);
      builder.segment(turn & 1, random(3) === 0 ? 1 : 0, random(5));
      const start = (routine & 3) * 1024;
      for (let step = 0; step < 4 + routine; step += 2) {
        builder.record(code, referenceWord(0, start + 16 * step, 16));
        const offset = (turn * 8) & 4088;
        if (step % 6 === 0) builder.record(far, referenceWord(1, offset, 8));
        else builder.record(stack, referenceWord(2, 2000 + 8 * step - 16 * random(3), 4));
        made += 2;
        inChunk += 2;
      }
      if (random(10) === 0) builder.event(1, turn & 1, 0x100 | random(4), random(2 ** 32), random(2));
      if (random(30) === 0) builder.code(routine, start, 4, Uint8Array.of(0, 1, 2, 3), 0);
      if (inChunk >= chunkRecords) {
        take();
        inChunk = 0;
      }
    }
  });
}

const page = fc.oneof(fc.nat({ max: 5 }), fc.constantFrom(2 ** 52 - 1, 2 ** 32, 2 ** 51 + 1), fc.nat());
const u32 = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('record' as const),
      kind: fc.integer({ min: 0, max: 3 }),
      page,
      offset: fc.integer({ min: 0, max: 4095 }),
      size: fc.oneof(fc.constantFrom(1, 2, 4, 8, 3), fc.integer({ min: 1, max: 4096 })),
      tail: fc.boolean(),
      times: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: -90, max: 90 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('access' as const),
      kind: fc.integer({ min: 0, max: 3 }),
      lo: u32,
      hi: u32,
      size: fc.integer({ min: 1, max: 9000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('event' as const),
      kind: fc.integer({ min: 0, max: 255 }),
      cpu: fc.integer({ min: 0, max: 255 }),
      arg: fc.integer(),
      lo: u32,
      hi: u32,
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('segment' as const),
      cpu: fc.integer({ min: 0, max: 255 }),
      flags: fc.integer({ min: 0, max: 255 }),
      service: fc.integer({ min: 0, max: 65535 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('code' as const),
      page,
      offset: fc.integer({ min: 0, max: 65535 }),
      classes: fc.uint8Array({ maxLength: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('take' as const) }) },
);

/** Any trace that a builder can make, of up to some hundred records. */
export const anyTrace: fc.Arbitrary<Recorded> = fc
  .array(fc.tuple(step, fc.integer({ min: -1, max: 3 }), fc.nat({ max: 255 })), { maxLength: 60 })
  .map((steps) =>
    record((builder, take) => {
      for (const [one, space, flags] of steps) {
        if (one.op === 'record') {
          const size = Math.min(one.size, 4096 - one.offset);
          const id = builder.translate(space, one.page, one.page % 1000, flags);
          for (let time = 0; time < one.times; time++) {
            const offset = Math.min(4096 - size, Math.max(0, one.offset + time * one.stride));
            builder.record(id, referenceWord(one.kind as ReferenceKind, offset, size, one.tail));
          }
        } else if (one.op === 'access') builder.access(one.kind as ReferenceKind, one.lo, one.hi, one.size);
        else if (one.op === 'event') {
          for (let time = 0; time < one.times; time++) {
            builder.event(one.kind as EventKind, one.cpu, one.arg, (one.lo + time) >>> 0, one.hi);
          }
        } else if (one.op === 'segment') builder.segment(one.cpu, one.flags, one.service);
        else if (one.op === 'code') {
          builder.code(one.page, one.offset, one.classes.length, one.classes, 0);
        } else take();
      }
    }),
  );
