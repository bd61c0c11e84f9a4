import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import type { Tally } from '../../src/model/tally.ts';
import { GLOBAL, KERNEL, MAPPED, referenceWord, type Trace } from '../../src/trace/types.ts';
import { oracle, type Reference } from './oracle.ts';
import { traceOf } from './trace-of.ts';

/** A full-system trace made of references, in chunks of at most `perChunk` records. */
const fromReferences = (references: readonly Reference[], cpus: number, perChunk: number): Trace =>
  traceOf({ cpus }, (builder, chunk) => {
    for (const [i, r] of references.entries()) {
      builder.segment(r.cpu, 0, 0);
      const flags = r.mapped ? MAPPED | (r.space < 0 ? GLOBAL | KERNEL : 0) : KERNEL | GLOBAL;
      const id = builder.translate(r.mapped ? r.space : -1, r.page, r.physicalPage, flags);
      builder.record(id, referenceWord(r.kind, r.offset, r.size));
      if ((i + 1) % perChunk === 0) chunk();
    }
  });

const power = (from: number, to: number) => fc.integer({ min: from, max: to }).map((n) => 2 ** n);

/** A cache of 1 to 32 lines. */
const cacheOf = (line: number) =>
  fc.tuple(power(0, 3), power(0, 3)).map(([sets, ways]) => ({ size: sets * ways * line, ways, line }));

const machineArbitrary = fc
  .record({
    fetchLine: power(4, 7),
    dataLine: power(4, 7),
    l2LineFactor: power(0, 2),
    inclusive: fc.boolean(),
    hasL1: fc.boolean(),
    hasL2: fc.boolean(),
    pairs: fc.boolean(),
    hasTlb: fc.boolean(),
    replacement: fc.constantFrom('random' as const, 'lru' as const),
    entries: fc.integer({ min: 2, max: 9 }),
    wired: fc.integer({ min: 0, max: 1 }),
    nodes: fc.constantFrom(1, 2),
    placement: fc.constantFrom('first-touch' as const, 'round-robin' as const),
    counting: fc.constantFrom('vmtax' as const, 'dinero' as const, 'drcachesim' as const),
    loads: fc.integer({ min: 0, max: 5 }),
    seed: fc.nat(1000),
    sameL1: fc.boolean(),
  })
  .chain((m) => {
    const dataLine = m.sameL1 ? m.fetchLine : m.dataLine;
    const l2Line = Math.max(m.fetchLine, dataLine) * m.l2LineFactor;
    return fc
      .record({ l1i: cacheOf(m.fetchLine), l1d: cacheOf(dataLine), l2Sets: power(0, 5), l2Ways: power(0, 3) })
      .map((g): SystemInput => {
        const l1i = m.sameL1 ? { ...g.l1d, line: m.fetchLine } : g.l1i;
        const size = Math.max(g.l2Sets * g.l2Ways * l2Line, l1i.size, g.l1d.size);
        const hasL1 = m.hasL1 || !m.hasL2;
        const inclusive = m.inclusive && m.hasL2;
        return {
          machine: {
            cpus: 2,
            nodes: m.nodes,
            placement: m.placement,
            coherence: 'none',
            l1i: hasL1 ? l1i : null,
            l1d: hasL1 ? g.l1d : null,
            l2: m.hasL2 ? { size, ways: g.l2Ways, line: l2Line, inclusive } : null,
            tlb: m.hasTlb
              ? {
                  entries: m.entries,
                  pairs: m.pairs,
                  tags: 'asid',
                  wired: m.wired,
                  replacement: m.replacement,
                  seed: m.seed,
                }
              : null,
            counting: inclusive ? 'vmtax' : m.counting,
          },
          os: { refill_loads: m.loads, refill_privileged: {} },
        };
      });
  });

const referencesArbitrary = fc
  .array(
    fc.record({
      cpu: fc.nat(1),
      kind: fc.constantFrom(0, 1, 2, 3) as fc.Arbitrary<0 | 1 | 2 | 3>,
      space: fc.constantFrom(-1, 0, 1),
      page: fc.oneof(fc.nat(7), fc.constantFrom(2 ** 40, 2 ** 40 + 1, 513)),
      frame: fc.nat(9),
      mapped: fc.constantFrom(true, true, true, false),
      offset: fc.oneof(fc.nat(255), fc.nat(4095)),
      size: fc.constantFrom(1, 4, 8, 16, 64),
      remap: fc.constantFrom(0, 0, 0, 0, 0, 1),
    }),
    { maxLength: 400 },
  )
  .map((list) => {
    // A virtual page keeps its frame, but for the odd remap; unmapped pages are their own.
    const frames = new Map<string, number>();
    return list.map(({ frame, remap, ...r }): Reference => {
      const size = Math.min(r.size, 4096 - r.offset);
      if (!r.mapped) return { ...r, size, space: -1, page: 2 ** 51 + frame, physicalPage: frame };
      const key = `${r.space}:${r.page}`;
      if (!frames.has(key) || remap === 1) frames.set(key, frame);
      return { ...r, size, physicalPage: frames.get(key)! };
    });
  });

/** The counters of one CPU and layer in a tally. */
function countersOf(tally: Tally, cpu: number, layer: string): Record<string, number> {
  const row = tally.rows.find((r) => r.cpu === cpu && r.layer === layer);
  const { instructions: _, ...counters } = (row?.counters ?? {}) as Record<string, number>;
  return counters;
}

const sorted = (counts: Record<string, number>) =>
  Object.fromEntries(
    Object.entries(counts)
      .filter(([, n]) => n !== 0)
      .sort(),
  );

describe('replay kernel', () => {
  test('agrees with the slow oracle to the last count on random machines and traces', async () => {
    await fc.assert(
      fc.asyncProperty(
        machineArbitrary,
        referencesArbitrary,
        fc.integer({ min: 1, max: 200 }),
        async (input, references, perChunk) => {
          const system = systemSchema.parse(input);
          const trace = fromReferences(references, 2, perChunk);
          const { tallies } = await replayAll(trace, trace.summary()!, [system], { warmup: 0 });
          const expected = oracle(system, references, 2);
          for (const cpu of [0, 1]) {
            expect(sorted(countersOf(tallies[0]!, cpu, 'workload'))).toEqual(sorted(expected[cpu]!.workload));
            expect(sorted(countersOf(tallies[0]!, cpu, 'refill'))).toEqual(sorted(expected[cpu]!.refill));
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('systems replayed side by side count what each counts alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(machineArbitrary, { minLength: 2, maxLength: 3 }),
        referencesArbitrary,
        async (inputs, references) => {
          const systems = inputs.map((input) => systemSchema.parse(input));
          const trace = fromReferences(references, 2, 100);
          const together = await replayAll(trace, trace.summary()!, systems, { warmup: 0 });
          for (const [i, system] of systems.entries()) {
            const alone = await replayAll(trace, trace.summary()!, [system], { warmup: 0 });
            expect(together.tallies[i]!.rows).toEqual(alone.tallies[0]!.rows);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
