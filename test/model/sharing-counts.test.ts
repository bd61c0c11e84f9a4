import { describe, expect, test } from 'vitest';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import type { Trace } from '../../src/trace/types.ts';
import { openWorkload } from '../../src/trace/workloads/open.ts';
import { fromReferences, referencesIn, replayed } from './coherence-runs.ts';
import { directoryOracle } from './directory-oracle.ts';
import type { Reference } from './oracle.ts';
import type { CoherenceCounts } from './oracle-caches.ts';

/**
 * Kernels of sharing whose counts follow from docs/coherence.md by arithmetic, here for P CPUs on N nodes, L
 * lines of one page and R rounds. Caches hold everything and all have lines of the same length, so each L1 miss
 * is an L2 miss, and a line is lost to stores alone. CPU 0 touches everything shared first: homes are on node 0.
 */
interface Shape {
  readonly cpus: number;
  readonly nodes: number;
  readonly lines: number;
  readonly rounds: number;
}
type Counts = Record<string, number>;

const LINE = 128;

const machine = ({ cpus, nodes }: Shape): SystemInput => ({
  machine: {
    cpus,
    nodes,
    coherence: 'directory',
    l1i: { size: 32768, ways: 2, line: LINE },
    l1d: { size: 32768, ways: 2, line: LINE },
    l2: { size: 262144, ways: 8, line: LINE, inclusive: true },
    tlb: null,
  },
  os: { overlay: false },
});

/** Sums over all CPUs, accesses and instructions set aside. */
const sums = ({ rows }: CoherenceCounts): Counts => {
  const all: Counts = {};
  for (const row of rows)
    for (const [name, n] of Object.entries(row))
      if (n !== 0 && name !== 'instructions' && !name.endsWith('_accesses')) all[name] = (all[name] ?? 0) + n;
  return all;
};

const add = (...counts: readonly Counts[]): Counts => {
  const all: Counts = {};
  for (const each of counts)
    for (const [name, n] of Object.entries(each)) if (n !== 0) all[name] = (all[name] ?? 0) + n;
  return all;
};

/** So many operand misses of one kind, each an L1D and an L2 miss. */
const misses = (kind: 'load' | 'store', n: number): Counts => ({
  [`l1d_${kind}_misses`]: n,
  [`l2_${kind}_misses`]: n,
});

/**
 * The one line of text that all fetch: each CPU misses once, cold. CPU 0 gets it E; the second CPU's request is
 * sent on to it, which had it clean, so memory supplies; from then on there is no owner. Remote to all CPUs
 * that are not on node 0.
 */
const text = ({ cpus, nodes }: Shape): Counts => ({
  l1i_misses: cpus,
  l2_fetch_misses: cpus,
  cold_misses: cpus,
  interventions: 1,
  remote_fetch_misses: cpus - cpus / nodes,
});

/**
 * A modified line goes from CPU to CPU, round and round, P·R visits: each but the first finds it M in the cache
 * of the CPU before. That one is on another node at each of the N borders in each round, but for the way back
 * to the first CPU after the last round; with one node never.
 */
const passedOn = ({ cpus, nodes, rounds }: Shape, kind: 'load' | 'store'): Counts => {
  const far = nodes === 1 ? 0 : nodes * rounds - 1;
  return { [`dirty_${kind}_misses`]: far, [`neighbour_${kind}_misses`]: cpus * rounds - 1 - far };
};

const each = (lines: number, counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, n * lines]));

/** Each line's counts, all CPUs. */
const PER_LINE: Record<string, (shape: Shape) => Counts> = {
  /*
   * P·R stores to one word, each by another CPU than the last. The first by each CPU is cold. The first of all
   * is served by memory of the own node; every other is an intervention that takes the line from an owner who
   * has it M, who thereby loses it. A CPU that comes again lost it to a store to the very word: true sharing.
   * The directory always has an owner and never another sharer: no upgrade, nothing stale, no data go home.
   */
  'ping-pong': (s) => ({
    ...misses('store', s.cpus * s.rounds),
    ...passedOn(s, 'store'),
    cold_misses: s.cpus,
    true_sharing_misses: s.cpus * (s.rounds - 1),
    interventions: s.cpus * s.rounds - 1,
    invalidations: s.cpus * s.rounds - 1,
  }),
  /*
   * The same, but each CPU stores to a byte of its own (P is at most the bytes of the line): since a CPU lost the
   * line there were stores, and none to what it stores to.
   */
  'false-sharing': (s) => {
    const { true_sharing_misses: again, ...others } = PER_LINE['ping-pong']!(s);
    return { ...others, false_sharing_misses: again! };
  },
  /*
   * CPU 0 stores, CPUs 1 to P−1 load, R times. CPU 0 misses once, cold; in every later round it has the line S:
   * an upgrade (at home: not remote), which takes it from P−1 others. CPU 1 is the first to load: the request
   * is sent on to CPU 0, which has it M, keeps it S and writes it back. CPUs 2 to P−1 find no owner: memory of
   * node 0 supplies, remote to those elsewhere. In round 1 their misses are cold, later true sharing.
   */
  'producer-consumer': ({ cpus, nodes, rounds }) => {
    const near = cpus / nodes > 1; // CPU 1 is on CPU 0's node
    const away = cpus - cpus / nodes;
    return {
      l1d_store_misses: 1,
      l2_store_misses: 1,
      ...misses('load', (cpus - 1) * rounds),
      neighbour_load_misses: near ? rounds : 0,
      dirty_load_misses: near ? 0 : rounds,
      remote_load_misses: rounds * (near ? away : away - 1),
      cold_misses: cpus,
      true_sharing_misses: (cpus - 1) * (rounds - 1),
      interventions: rounds,
      sharing_writebacks: rounds,
      upgrades: rounds - 1,
      invalidations: (cpus - 1) * (rounds - 1),
    };
  },
  /*
   * One store by CPU 0, then loads alone: the producer's first round, and hits for ever.
   */
  'read-shared': (s) => PER_LINE['producer-consumer']!({ ...s, rounds: 1 }),
  /*
   * P·R visits, each a load and then a store. The very first finds nobody: E, and the store makes it M without a
   * message. Every other loads what the CPU before has M (an intervention; it keeps it S, the data go home too),
   * gets it S and must upgrade, which takes it from that CPU and nobody else. Upgrades are remote for the CPUs
   * that are not on node 0. Who comes again lost the line to a store to the word it now loads.
   */
  migratory: (s) => ({
    ...misses('load', s.cpus * s.rounds),
    ...passedOn(s, 'load'),
    cold_misses: s.cpus,
    true_sharing_misses: s.cpus * (s.rounds - 1),
    interventions: s.cpus * s.rounds - 1,
    sharing_writebacks: s.cpus * s.rounds - 1,
    upgrades: s.cpus * s.rounds - 1,
    remote_upgrades: s.rounds * (s.cpus - s.cpus / s.nodes),
    invalidations: s.cpus * s.rounds - 1,
  }),
  /*
   * Lines of one's own: the first load is cold, in memory of the own node, and gives E; the store is silent.
   */
  private: ({ cpus }) => ({ ...misses('load', cpus), cold_misses: cpus }),
};

/** What each CPU loses of a line: it is taken from it after each of its visits, but for the very last. */
const lostInTurns = ({ cpus, rounds, lines }: Shape): number[] =>
  Array.from({ length: cpus }, (_, cpu) => lines * (cpu === cpus - 1 ? rounds - 1 : rounds));

const LOST: Record<string, (shape: Shape) => number[]> = {
  'ping-pong': lostInTurns,
  'false-sharing': lostInTurns,
  migratory: lostInTurns,
  'producer-consumer': ({ cpus, rounds, lines }) =>
    Array.from({ length: cpus }, (_, cpu) => (cpu === 0 ? 0 : lines * (rounds - 1))),
};

const SHAPES: Shape[] = [
  { cpus: 2, nodes: 1, lines: 5, rounds: 4 },
  { cpus: 2, nodes: 2, lines: 5, rounds: 4 },
  { cpus: 8, nodes: 4, lines: 3, rounds: 5 },
  { cpus: 64, nodes: 8, lines: 2, rounds: 2 },
  { cpus: 64, nodes: 64, lines: 1, rounds: 3 },
];

/** By the slow simulator and by the kernel. */
async function counted(shape: Shape, open: () => Trace): Promise<Record<string, CoherenceCounts>> {
  const list = await referencesIn(open(), shape.cpus);
  const oracle = directoryOracle(systemSchema.parse(machine(shape)), list, shape.cpus);
  const trace = open();
  for await (const _ of trace.chunks()); // its summary is known after that
  return { oracle, kernel: await replayed(machine(shape), trace) };
}

describe.each(Object.keys(PER_LINE))('%s', (name) => {
  test.each(SHAPES)('$cpus CPUs on $nodes nodes', async (shape) => {
    const { cpus, lines, rounds } = shape;
    const spec = `workload:${name}?cpus=${cpus}&lines=${lines}&rounds=${rounds}&line=${LINE}`;
    const expected = add(text(shape), each(lines, PER_LINE[name]!(shape)));
    const lost = LOST[name]?.(shape) ?? new Array<number>(cpus).fill(0);
    for (const [who, counts] of Object.entries(await counted(shape, () => openWorkload(spec)))) {
      expect(sums(counts), who).toEqual(expected);
      expect(counts.lostLines, who).toEqual(lost);
    }
  });
});

/**
 * False sharing. CPUs store in turn to granules of their own of one line, G CPUs to each granule. All happens as in
 * ping-pong but the class of the misses after the first of each CPU. Since its last store each other CPU has
 * stored once; who shares its granule among them makes the miss true sharing, so with G = 1 all are false.
 */
describe('false sharing', () => {
  const stores = ({ cpus, lines, rounds }: Shape, bytes: number, skew: number): Reference[] => {
    const list: Reference[] = [];
    for (let round = 0; round < rounds; round++)
      for (let cpu = 0; cpu < cpus; cpu++)
        for (let line = 0; line < lines; line++) {
          const offset = line * bytes + cpu * skew;
          list.push({ cpu, kind: 2, space: 0, page: 3, physicalPage: 7, mapped: true, offset, size: 1 });
        }
    return list;
  };

  const system = (shape: Shape, line: number): SystemInput => {
    const cache = { size: 32768, ways: 2, line };
    const { machine: base, ...rest } = machine(shape);
    return { ...rest, machine: { ...base, l1i: cache, l1d: cache, l2: { ...cache, inclusive: true } } };
  };

  test.each([
    { cpus: 2, nodes: 1, line: 16, skew: 4, all: 'false' },
    { cpus: 2, nodes: 2, line: 128, skew: 64, all: 'false' },
    { cpus: 8, nodes: 2, line: 32, skew: 4, all: 'false' },
    { cpus: 32, nodes: 4, line: 128, skew: 4, all: 'false' },
    // Bytes of their own.
    { cpus: 8, nodes: 2, line: 32, skew: 1, all: 'false' },
    { cpus: 64, nodes: 8, line: 128, skew: 2, all: 'false' },
    // A line of 512 bytes has granules of 4: at 2 bytes, two CPUs share one.
    { cpus: 32, nodes: 4, line: 512, skew: 4, all: 'false' },
    { cpus: 32, nodes: 4, line: 512, skew: 2, all: 'true' },
  ])(
    '$cpus CPUs, lines of $line bytes, $skew bytes apart: all $all',
    async ({ line, skew, all, ...rest }) => {
      const shape = { ...rest, lines: 3, rounds: 4 };
      const list = stores(shape, line, skew);
      const { true_sharing_misses: again, ...others } = PER_LINE['ping-pong']!(shape);
      const expected = add(each(shape.lines, { ...others, [`${all}_sharing_misses`]: again! }));
      const input = system(shape, line);
      const counts = {
        oracle: directoryOracle(systemSchema.parse(input), list, shape.cpus),
        kernel: await replayed(input, fromReferences(list, shape.cpus, 1000)),
      };
      for (const [who, found] of Object.entries(counts)) {
        expect(sums(found), who).toEqual(expected);
        expect(found.lostLines, who).toEqual(lostInTurns(shape));
      }
    },
  );

  // 64 CPUs on two lines, 32 on each: granules of their own again. Each line is a ping-pong of 32 CPUs; on
  // four nodes these are all there is of the first two and of the last two nodes.
  test('64 CPUs, half of them on each line: all false', async () => {
    const half = { cpus: 32, nodes: 2, lines: 1, rounds: 4 };
    const shape = { ...half, cpus: 64, nodes: 4 };
    const list = stores({ ...shape, lines: 1 }, LINE, 0).map(
      (r): Reference => ({ ...r, offset: Math.floor(r.cpu / 32) * LINE + (r.cpu % 32) * 4 }),
    );
    const { true_sharing_misses: again, ...others } = PER_LINE['ping-pong']!(half);
    // The second line's page was placed by CPU 0, so its very first store is remote.
    const both = each(2, { ...others, false_sharing_misses: again! });
    const expected = add(both, { remote_store_misses: 1 });
    const input = machine(shape);
    const counts = {
      oracle: directoryOracle(systemSchema.parse(input), list, 64),
      kernel: await replayed(input, fromReferences(list, 64, 1000)),
    };
    for (const [who, found] of Object.entries(counts)) expect(sums(found), who).toEqual(expected);
  });
});
