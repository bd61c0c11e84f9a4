import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { type System, type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { openStoreStream } from '../../src/trace/store/read-stream.ts';
import { createStoreWriter } from '../../src/trace/store/write.ts';
import {
  type ChunkOptions,
  EVENT,
  MAPPED,
  type ReferenceKind,
  referenceWord,
  type Trace,
  UNCACHED,
} from '../../src/trace/types.ts';
import { traceOf } from './trace-of.ts';

/** Caches alone are fed with lines (`src/model/lines.ts`): the counts must be those of packed records. */

const power = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((exponent) => 2 ** exponent);

const machine = fc
  .record({
    line: power(4, 7),
    fetchSets: power(0, 4),
    fetchWays: power(0, 2),
    dataSets: power(0, 4),
    dataWays: power(0, 2),
    l2: fc.option(
      fc.record({ factor: power(0, 1), sets: power(3, 6), ways: power(0, 2), shared: fc.boolean() }),
    ),
    nodes: fc.constantFrom(1, 2),
    counting: fc.constantFrom('vmtax' as const, 'dinero' as const, 'drcachesim' as const),
    rdhwr: fc.constantFrom('keep' as const, 'drop' as const),
  })
  .map(({ line, l2, ...m }): Omit<SystemInput, 'name'> => {
    const l1i = { size: line * m.fetchSets * m.fetchWays, ways: m.fetchWays, line };
    const l1d = { size: line * m.dataSets * m.dataWays, ways: m.dataWays, line };
    const l2Line = line * (l2?.factor ?? 1);
    return {
      machine: {
        cpus: 2,
        nodes: m.nodes,
        tlb: null,
        l1i,
        l1d,
        l2: l2 && {
          size: Math.max(l2.sets * l2.ways * l2Line, l1i.size, l1d.size),
          ways: l2.ways,
          line: l2Line,
          inclusive: false,
          shared: l2.shared,
        },
        coherence: 'none',
        counting: m.counting,
      },
      os: { name: 'none', overlay: false, rdhwr: m.rdhwr },
    };
  });

const loops = fc.array(
  fc.record({
    cpu: fc.nat({ max: 1 }),
    flags: fc.constantFrom(0, 0, 0, 1, 2, 4),
    code: fc.nat({ max: 3 }),
    start: fc.nat({ max: 900 }).map((at) => 4 * at),
    times: fc.integer({ min: 1, max: 6 }),
    cut: fc.constantFrom(false, false, true),
    body: fc.array(
      fc.record({
        kind: fc.constantFrom<ReferenceKind>(0, 0, 1, 2, 3),
        page: fc.nat({ max: 12 }),
        offset: fc.nat({ max: 4095 }),
        size: fc.constantFrom(1, 4, 8, 16, 64),
        drift: fc.constantFrom(0, 0, 8, 64, -12),
        event: fc.constantFrom(false, false, false, true),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  }),
  { minLength: 1, maxLength: 10 },
);

type Loops = typeof loops extends fc.Arbitrary<infer T> ? T : never;

const traceFrom = (list: Loops, instructionBytes: 0 | 4): Trace =>
  traceOf({ cpus: 2, instructionBytes }, (builder, chunk) => {
    for (const { cpu, flags, code, start, times, cut, body } of list) {
      builder.segment(cpu, flags, 0);
      for (let time = 0; time < times; time++) {
        let at = start;
        for (const { kind, page, offset, size, drift, event } of body) {
          if (event) builder.event(EVENT.privileged, cpu, 1 | (12 << 8));
          if (kind === 0) {
            // Where instructions vary in length, a page's last goes on in the next: two records.
            const bytes = instructionBytes === 4 ? Math.max(4, size) : Math.min(size, 15);
            const here = Math.min(bytes, 4096 - at);
            const id = builder.translate(0, 100 + code, code, MAPPED);
            builder.record(id, referenceWord(0, at, here));
            if (here < bytes && instructionBytes === 0)
              builder.record(
                builder.translate(0, 101 + code, code + 1, MAPPED),
                referenceWord(0, 0, bytes - here, true),
              );
            at = (at + bytes) % 4096;
          } else {
            const where = (((offset + drift * time) % 4096) + 4096) % 4096;
            const id = builder.translate(0, page, page >> 1, page === 12 ? UNCACHED : MAPPED);
            builder.record(id, referenceWord(kind, Math.min(where, 4096 - size), size));
          }
        }
      }
      if (cut) chunk();
    }
  });

/** The same trace out of a store; `lined` counts the chunks that came as lines. */
async function stored(trace: Trace): Promise<Trace & { readonly lined: () => number }> {
  const parts: Uint8Array[] = [];
  const writer = await createStoreWriter(trace.header, async (bytes) => {
    parts.push(bytes.slice());
  });
  for await (const chunk of trace.chunks()) await writer.add(chunk);
  await writer.finish(trace.summary()!);
  const bytes = new Uint8Array(Buffer.concat(parts));
  const store = openStoreStream({
    label: 'store',
    head: bytes.subarray(0, 1 << 16),
    stream: async function* () {
      yield bytes;
    },
  });
  let count = 0;
  return {
    ...store,
    summary: trace.summary,
    chunks: async function* (options?: ChunkOptions) {
      for await (const chunk of store.chunks(options)) {
        if (chunk.lines !== undefined) count++;
        yield chunk;
      }
    },
    lined: () => count,
  };
}

/** A system beside which no other is fed with lines, so that all get packed records. */
const companionOf = ({ os }: System): System =>
  systemSchema.parse({ name: 'companion', os: { rdhwr: os.rdhwr } });

describe('caches alone', () => {
  test('count the same from lines, records and packed words, wherever the warm-up ends', async () => {
    let lined = 0;
    await fc.assert(
      fc.asyncProperty(
        machine,
        loops,
        fc.constantFrom(0 as const, 4 as const),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (input, list, instructionBytes, part) => {
          const system = systemSchema.parse({ ...input, name: 'caches' });
          const trace = traceFrom(list, instructionBytes);
          const summary = trace.summary()!;
          const replayed = summary.workloadInstructions;
          fc.pre(replayed > 1);
          const warmup = part < 0.3 ? 0 : Math.floor(part * (replayed - 1));
          const store = await stored(trace);
          const run = async (of: Trace, systems = [system]) => {
            try {
              return await replayAll(of, summary, systems, { warmup });
            } catch (error) {
              // Nothing may be left to count where recorded episodes are left out.
              return { tallies: [String(error)], warmup: -1 };
            }
          };
          const expected = await run(trace, [system, companionOf(system)]);
          for (const result of [await run(store), await run(trace)]) {
            expect(result.warmup).toBe(expected.warmup);
            expect(result.tallies[0]).toEqual(expected.tallies[0]);
          }
          lined += store.lined();
          const together = await run(store, [system, systemSchema.parse({ ...input, name: 'twin' })]);
          expect(together.tallies[0]).toEqual(expected.tallies[0]);
        },
      ),
      { numRuns: 120 },
    );
    expect(lined).toBeGreaterThan(50);
  });

  test.each([
    ['an inclusive L2', { l2: { size: 65536, ways: 2, line: 64, inclusive: true }, tlb: null }],
    ['a TLB', {}],
    ['lines of two sizes', { l1d: { size: 8192, ways: 2, line: 32 }, tlb: null }],
    ['no L1', { l1i: null, l1d: null, tlb: null }],
    ['coherent L1s', { coherence: 'drcachesim', tlb: null, cpus: 2 }],
    ['cachegrind’s rule', { counting: 'cachegrind', tlb: null }],
  ] as const)('with %s see every record', async (_, special) => {
    const system = systemSchema.parse({
      name: 'special',
      machine: { l2: { size: 65536, ways: 2, line: 64, inclusive: false }, ...special },
      os: { name: 'none', overlay: false },
    });
    const store = await stored(
      traceOf({ cpus: 1 }, (builder) => {
        builder.segment(0, 0, 0);
        builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(0, 0, 4));
      }),
    );
    await replayAll(store, store.summary()!, [system], { warmup: 0 });
    expect(store.lined()).toBe(0);
  });
});
