/** Random machines and traces for the tests of coherence, and what a replay counted in the oracles' form. */
import fc from 'fast-check';
import { replayAll } from '../../src/model/compare.ts';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { COHERENCE_COUNTERS, type Tally } from '../../src/model/tally.ts';
import {
  FETCH,
  KERNEL,
  MAPPED,
  OFFSET_MASK,
  OFFSET_SHIFT,
  type ReferenceKind,
  referenceWord,
  SIZE_SHIFT,
  type Trace,
} from '../../src/trace/types.ts';
import type { Reference } from './oracle.ts';
import type { CoherenceCounts } from './oracle-caches.ts';
import { traceOf } from './trace-of.ts';

/** Counters that only a machine with coherent caches has. */
export const COHERENCE_ONLY: readonly string[] = COHERENCE_COUNTERS;

/**
 * Runs of a property: a number times COHERENCE_RUNS (default 1; 20 is a soak), from COHERENCE_SEED if that is set.
 * Without a seed each time starts elsewhere.
 */
export function runs(numRuns: number): { numRuns: number; interruptAfterTimeLimit?: number; seed?: number } {
  const { COHERENCE_RUNS, COHERENCE_SEED } = process.env;
  const seed = COHERENCE_SEED === undefined ? {} : { seed: Number(COHERENCE_SEED) };
  // Shrinking a failure ends before the test's time does, so that the smallest so far is shown.
  if (COHERENCE_RUNS === undefined) return { numRuns, interruptAfterTimeLimit: 45_000, ...seed };
  return { numRuns: Math.ceil(numRuns * Number(COHERENCE_RUNS)), ...seed };
}

/**
 * A full-system trace made of references, in chunks of at most `perChunk` records. With `instructionBytes` 4
 * fetches must be of whole instructions, and stand for as many.
 */
export const fromReferences = (
  references: readonly Reference[],
  cpus: number,
  perChunk: number,
  instructionBytes: 0 | 4 = 0,
): Trace =>
  traceOf({ cpus, instructionBytes }, (builder, chunk) => {
    for (const [i, r] of references.entries()) {
      builder.segment(r.cpu, 0, 0);
      const flags = r.space < 0 ? KERNEL : MAPPED;
      const id = builder.translate(r.space, r.page, r.physicalPage, flags);
      builder.record(id, referenceWord(r.kind, r.offset, r.size));
      if ((i + 1) % perChunk === 0) chunk();
    }
  });

/** The references of a trace on CPUs modulo `cpus`, runs of instructions taken apart. */
export async function referencesIn(trace: Trace, cpus: number): Promise<Reference[]> {
  const list: Reference[] = [];
  const pages: number[] = [];
  for await (const { segments, translations, translation, word } of trace.chunks()) {
    for (let i = 0; i < translations.length; i++) pages.push(translations.physicalPage[i]!);
    let at = 0;
    for (let segment = 0; segment < segments.length; segment++)
      for (; at < segments.end[segment]!; at++) {
        const kind = (word[at]! & 3) as ReferenceKind;
        const size = word[at]! >>> SIZE_SHIFT;
        const step =
          kind === FETCH && trace.header.instructionBytes > 0 ? trace.header.instructionBytes : size;
        const first = (word[at]! >>> OFFSET_SHIFT) & OFFSET_MASK;
        const page = pages[translation[at]!]!;
        for (let offset = first; offset < first + size; offset += step)
          list.push({
            cpu: segments.cpu[segment]! % cpus,
            kind,
            space: 0,
            page,
            physicalPage: page,
            mapped: true,
            offset,
            size: step,
          });
      }
  }
  return list;
}

export const nonZero = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(counts)
      .filter(([, n]) => n !== 0)
      .sort(),
  );

/** What the fast kernel counts. */
export async function replayed(input: SystemInput, trace: Trace): Promise<CoherenceCounts> {
  return (await replayedTogether([input], trace))[0]!;
}

/** What it counts for several systems side by side. */
export async function replayedTogether(
  inputs: readonly SystemInput[],
  trace: Trace,
): Promise<CoherenceCounts[]> {
  const systems = inputs.map((input) => systemSchema.parse(input));
  const { tallies } = await replayAll(trace, trace.summary()!, systems, { warmup: 0 });
  return tallies.map(countsOf);
}

function countsOf({ rows, cpus, state }: Tally): CoherenceCounts {
  if (rows.some((row) => row.layer !== 'workload')) throw new Error('somebody else than the workload ran');
  return {
    rows: Array.from({ length: cpus }, (_, cpu) => {
      const sums: Record<string, number> = {};
      for (const row of rows)
        if (row.cpu === cpu)
          for (const [name, n] of Object.entries(row.counters)) sums[name] = (sums[name] ?? 0) + n;
      return nonZero(sums);
    }),
    lostLines: state.lost_lines,
    dirtyL1Lines: state.dirty_l1_lines,
    dirtyL2Lines: state.dirty_l2_lines,
  };
}

/** Counts without the counters that are 0, for comparison. */
export const tidy = (counts: CoherenceCounts): CoherenceCounts => ({
  ...counts,
  rows: counts.rows.map(nonZero),
});

const power = (from: number, to: number) => fc.integer({ min: from, max: to }).map((n) => 2 ** n);

/** A cache of 1 to 32 lines: sets and ways. */
const shape = (most: number) =>
  fc.tuple(power(0, 5), power(0, 3)).map(([sets, ways]) => ({ sets: Math.min(sets, most / ways), ways }));

const sized = ({ sets, ways }: { sets: number; ways: number }, line: number) => ({
  size: sets * ways * line,
  ways,
  line,
});

export interface Case {
  readonly input: SystemInput;
  readonly cpus: number;
}

const divisors = (n: number, most: number): number[] =>
  Array.from({ length: most }, (_, i) => i + 1).filter((d) => n % d === 0);

const nodesOf = (cpus: number) =>
  fc.record({
    nodes: fc.constantFrom(...divisors(cpus, cpus > 12 ? 64 : 4)),
    placement: fc.constantFrom('first-touch' as const, 'round-robin' as const, 'fixed' as const),
    node: fc.nat(63),
  });

/** Machines with a directory and inclusive L2s. */
export const directoryMachine = (cpuCounts: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc
    .record({
      cpus: cpuCounts,
      fetchLine: power(4, 8),
      dataLine: power(4, 8),
      sameLine: fc.boolean(),
      l2LineFactor: power(0, 2),
      hasL1: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
      l1i: shape(16),
      l1d: shape(16),
      l2: shape(32),
      hints: fc.boolean(),
      byDefault: fc.boolean(),
    })
    .chain((m) =>
      nodesOf(m.cpus).map((n): Case => {
        const dataLine = m.sameLine ? m.fetchLine : m.dataLine;
        const l1i = sized(m.l1i, m.fetchLine);
        const l1d = sized(m.l1d, dataLine);
        const line = Math.max(m.fetchLine, dataLine) * m.l2LineFactor;
        const l2 = sized(m.l2, line);
        const size = m.hasL1 ? Math.max(l2.size, l1i.size, l1d.size) : l2.size;
        return {
          cpus: m.cpus,
          input: {
            machine: {
              cpus: m.byDefault ? 0 : m.cpus,
              nodes: n.nodes,
              placement: n.placement,
              placement_node: n.node % n.nodes,
              coherence: m.cpus > 1 && m.byDefault ? 'auto' : 'directory',
              replacement_hints: m.hints,
              l1i: m.hasL1 ? l1i : null,
              l1d: m.hasL1 ? l1d : null,
              l2: { ...l2, size, inclusive: true },
              tlb: null,
            },
            os: { overlay: false },
          },
        };
      }),
    );

/** Machines with coherence among the L1Ds alone. */
export const snoopingMachine = (cpuCounts: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc
    .record({
      cpus: cpuCounts,
      fetchLine: power(4, 8),
      dataLine: power(4, 8),
      l2LineFactor: power(0, 2),
      l1i: shape(16),
      l1d: shape(32),
      l2: shape(32),
      below: fc.constantFrom('none' as const, 'own' as const, 'shared' as const),
      counting: fc.constantFrom('vmtax' as const, 'dinero' as const, 'drcachesim' as const),
      hints: fc.boolean(),
    })
    .chain((m) =>
      nodesOf(m.cpus).map((n): Case => {
        const line = Math.max(m.fetchLine, m.dataLine) * m.l2LineFactor;
        const shared = m.below === 'shared';
        return {
          cpus: m.cpus,
          input: {
            machine: {
              cpus: m.cpus,
              nodes: n.nodes,
              placement: n.placement,
              placement_node: n.node % n.nodes,
              coherence: 'drcachesim',
              replacement_hints: m.hints,
              counting: m.counting,
              l1i: sized(m.l1i, m.fetchLine),
              l1d: sized(m.l1d, m.dataLine),
              l2: m.below === 'none' ? null : { ...sized(m.l2, line), inclusive: false, shared },
              tlb: null,
            },
            os: { overlay: false },
          },
        };
      }),
    );

const referencesOf = (most: number, far: fc.Arbitrary<number>, sizes: readonly number[]) =>
  fc.array(
    fc.record({
      cpu: fc.nat(127),
      stay: fc.boolean(),
      kind: fc.constantFrom(0, 1, 1, 1, 2, 2, 2, 3) as fc.Arbitrary<0 | 1 | 2 | 3>,
      space: fc.constantFrom(-1, 0, 1),
      alias: fc.nat(1),
      frame: fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 2 ** 40),
      near: fc.nat(47),
      far,
      size: fc.constantFrom(...sizes),
    }),
    { maxLength: most, size: 'max' },
  );

/**
 * References of CPUs below 128 (to be taken modulo the machine's) to few pages: in some traces to few bytes of
 * them, in others anywhere; a CPU makes two in a row on average. A physical page has several virtual ones, in several spaces and direct.
 */
export const references = (most: number): fc.Arbitrary<Reference[]> =>
  fc
    .oneof(
      referencesOf(most, fc.constant(0), [1, 1, 2, 3, 4, 4, 4, 8]),
      referencesOf(most, fc.constantFrom(0, 0, 0, 16, 64, 100, 256, 512), [1, 1, 2, 4, 4, 8, 24, 64]),
      referencesOf(most, fc.nat(4095), [1, 2, 3, 4, 8, 16, 24, 64, 200, 4096]),
    )
    .map((list) => {
      let cpu = 0;
      return list.map(({ stay, alias, frame, near, far, size, ...r }): Reference => {
        if (!stay) cpu = r.cpu;
        const offset = (far + near) % 4096;
        const page = r.space < 0 ? 2 ** 51 + frame : 2 * frame + alias + 8 * r.space;
        const fits = Math.min(size, 4096 - offset);
        return { ...r, cpu, mapped: r.space >= 0, page, physicalPage: frame, offset, size: fits };
      });
    });

/** The same references with fetches of whole instructions of 4 bytes. */
export const wholeInstructions = (list: readonly Reference[]): Reference[] =>
  list.map((r) => {
    if (r.kind !== 0) return r;
    const offset = r.offset - (r.offset % 4);
    return { ...r, offset, size: Math.min(Math.ceil(r.size / 4) * 4, 4096 - offset) };
  });

/** The same references on fewer CPUs. */
export const onCpus = (list: readonly Reference[], cpus: number): Reference[] =>
  list.map((reference) => ({ ...reference, cpu: reference.cpu % cpus }));
