import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import type { Kernel } from '../../src/model/hardware/kernel.ts';
import type { Pages } from '../../src/model/hardware/pages.ts';
import { compareSystems } from '../../src/model/run.ts';
import { presetSystem } from '../../src/model/systems/load.ts';
import { type System, systemSchema } from '../../src/model/systems/schema.ts';
import { sumCounter, type Tally } from '../../src/model/tally.ts';
import { ingest } from '../../src/trace/ingest.ts';
import type { Trace } from '../../src/trace/types.ts';
import { openWorkload } from '../../src/trace/workloads/open.ts';
import { COHERENCE_ONLY, fromReferences, onCpus, references, runs } from './coherence-runs.ts';
import { countsOf, layerSum, numaMachine, talliesOf } from './numa-runs.ts';
import type { Reference } from './oracle.ts';

/** Kernels that replays made, and the pages they know. */
const made = vi.hoisted((): { kernel: Kernel; pages: Pages; nodes: number }[] => []);
vi.mock('../../src/model/hardware/kernel.ts', async (original) => {
  const module = await original<typeof import('../../src/model/hardware/kernel.ts')>();
  const createKernel: typeof module.createKernel = (options) => {
    const kernel = module.createKernel(options);
    made.push({ kernel, pages: options.pages, nodes: options.machine.nodes });
    return kernel;
  };
  return { ...module, createKernel };
});

const REMOTE = ['remote', 'dirty'].flatMap((far) =>
  (['fetch', 'load', 'store'] as const).map(
    (kind) => `${far}_${kind}_misses` as `remote_${typeof kind}_misses`,
  ),
);
const remote = (tally: Tally): number =>
  REMOTE.reduce((sum, name) => sum + sumCounter(tally, name, ({ layer }) => layer === 'workload'), 0);

/** The same references, each CPU on pages of its own. */
const apart = (list: readonly Reference[], cpus: number): Reference[] =>
  onCpus(list, cpus).map((r) => {
    const frame = (r.physicalPage % 8) + 8 * r.cpu;
    const page = r.space < 0 ? 2 ** 51 + frame : (r.page % 32) + 32 * r.cpu;
    // Pages of one colour have as many translations as before; none has two pages.
    return { ...r, physicalPage: r.space < 0 ? frame : 1024 + page, page };
  });

describe('everything local is one node', () => {
  test('counts and prices', async () => {
    await fc.assert(
      fc.asyncProperty(numaMachine, references(200), async ({ input, cpus }, list) => {
        const pages = { policy: 'none' } as const;
        const base = { ...input, pages };
        const machine = { ...input.machine, placement: 'first-touch', contention: 'none' } as const;
        const many = systemSchema.parse({ ...base, name: 'many', machine });
        const one = systemSchema.parse({
          ...base,
          name: 'one',
          machine: { ...machine, nodes: 1, placement_node: 0 },
        });
        const trace = fromReferences(apart(list, cpus), cpus, 64);
        const { runs: both } = await compareSystems(trace, [many, one], {
          warmup: 0,
          baseline: null,
          seeds: 1,
        });
        expect(both[0]!.tally.rows).toEqual(both[1]!.tally.rows);
        expect(both[0]!.tally.state).toEqual(both[1]!.tally.state);
        expect(both[0]!.breakdown.total_ps).toBe(both[1]!.breakdown.total_ps);
        expect(REMOTE.every((name) => sumCounter(both[0]!.tally, name) === 0)).toBe(true);
      }),
      runs(40),
    );
  });
});

test('an infinite trigger is no policy', async () => {
  await fc.assert(
    fc.asyncProperty(numaMachine, references(250), async ({ input, cpus }, list) => {
      const disco = { ...input.pages!.disco, trigger: 'infinite' } as const;
      const off = { ...input, pages: { ...input.pages, disco } };
      const trace = fromReferences(onCpus(list, cpus), cpus, 100);
      const [infinite, none] = await talliesOf([off, { ...input, pages: { policy: 'none' } }], trace);
      expect(infinite!.rows).toEqual(none!.rows);
      expect(infinite!.state).toEqual(none!.state);
      expect(infinite!.pages).toEqual({ decisions: {}, fates: {}, replicas: 0 });
    }),
    runs(40),
  );
});

const few = (least: number, most: number) => fc.integer({ min: least, max: most });

/** A machine of one CPU a node whose caches hold two lines of 32 bytes. */
const smallNodes = (nodes: number, disco: object) => ({
  machine: {
    cpus: nodes,
    nodes,
    coherence: 'directory' as const,
    l1i: { size: 32, ways: 1, line: 32 },
    l1d: { size: 32, ways: 1, line: 32 },
    l2: { size: 64, ways: 2, line: 32, inclusive: true },
    tlb: null,
  },
  os: { overlay: false },
  pages: { policy: 'disco' as const, nominal_ns_per_instruction: 10, disco },
});

const at = (cpu: number, kind: 1 | 2, page: number, offset: number): Reference => ({
  cpu,
  kind,
  space: 0,
  mapped: true,
  page,
  physicalPage: page,
  offset,
  size: 4,
});

/** All CPUs go over the lines of all pages, side by side, so many times. */
const rounds = (nodes: number, pages: number, times: number, kind: 1 | 2): Reference[] => {
  const list: Reference[] = [];
  for (let round = 0; round < times; round++)
    for (let page = 0; page < pages; page++)
      for (let line = 0; line < 128; line++)
        for (let cpu = 0; cpu < nodes; cpu++) list.push(at(cpu, kind, page, line * 32));
  return list;
};

test('pages that all nodes read are local to all after the first round', async () => {
  await fc.assert(
    fc.asyncProperty(
      few(2, 4),
      few(1, 3),
      few(2, 40).chain((trigger) =>
        fc.record({ trigger: fc.constant(trigger), sharing: few(1, trigger - 1) }),
      ),
      async (nodes, pages, thresholds) => {
        const system = smallNodes(nodes, { ...thresholds, write: 0 });
        const [first] = await talliesOf([system], fromReferences(rounds(nodes, pages, 1, 1), nodes, 1000));
        const [later] = await talliesOf([system], fromReferences(rounds(nodes, pages, 4, 1), nodes, 1000));
        expect(remote(first!)).toBeGreaterThan(0);
        expect(remote(later!)).toBe(remote(first!));
        expect(sumCounter(later!, 'l2_load_misses', (row) => row.layer === 'workload')).toBe(
          4 * sumCounter(first!, 'l2_load_misses', (row) => row.layer === 'workload'),
        );
        expect(later!.pages).toEqual({
          decisions: { 'replicate: read-shared': pages * (nodes - 1) },
          fates: { replicated: pages },
          replicas: pages * (nodes - 1),
        });
      },
    ),
    runs(20),
  );
});

test('on the bus of irix-uma whatever serves a miss takes 300 ns', async () => {
  // Memory serves what is touched first, another CPU's cache what that one has stored to.
  const trace = await ingest(openWorkload('workload:migratory?cpus=8&lines=64&rounds=20'));
  const options = { warmup: 0, baseline: null, seeds: 1 };
  const { runs: made } = await compareSystems(trace, [presetSystem('irix-uma')], options);
  await trace.close();
  const served = made[0]!.breakdown.parts.filter(({ cause }) =>
    /^stall_(?:local|remote|dirty|neighbour)_/.test(cause),
  );
  const causes = new Set(served.map(({ cause }) => cause));
  expect([...causes].sort()).toEqual(['stall_local_instruction', 'stall_neighbour_data']);
  for (const { count, ps, cause } of served) expect(ps, cause).toBe(count * 300_000);
});

test('pages that two nodes write in every interval never move', async () => {
  await fc.assert(
    fc.asyncProperty(
      few(2, 12).chain((trigger) =>
        fc.record({
          trigger: fc.constant(trigger),
          sharing: few(1, trigger - 1),
          write: few(0, trigger - 1),
          migrate: few(0, 3),
        }),
      ),
      few(40, 500),
      few(1, 2),
      async (thresholds, interval, pages) => {
        // An instruction for each store, so that intervals pass.
        const list = rounds(2, pages, 2, 2).flatMap((r): Reference[] => [
          r,
          { ...r, kind: 0, page: 100 + r.cpu, physicalPage: 100 + r.cpu, offset: 0 },
        ]);
        const system = smallNodes(2, { ...thresholds, reset_interval_ns: interval * 5 });
        const [tally] = await talliesOf([system], fromReferences(list, 2, 1000));
        expect(tally!.pages!.fates).toEqual({ left: pages });
        expect(Object.keys(tally!.pages!.decisions)).toEqual(['leave: write-shared']);
        for (const layer of ['migrate', 'replicate', 'collapse'] as const)
          expect(layerSum(tally!, layer)).toBe(0);
      },
    ),
    runs(30),
  );
});

/** What must hold of the machine pages of a replay; `own`: physical pages of the trace. */
function checkMachinePages(
  { kernel, pages, nodes }: (typeof made)[number],
  own: ReadonlySet<number>,
): number {
  const { of, home, guarded } = kernel.machinePages;
  const users = new Map<number, number>();
  let copies = 0;
  const found = new Set<number>();
  for (let page = 0; page < pages.physicalSize; page++) {
    const number = pages.physicalPage[page]!;
    // Copies have numbers above those of the trace. Ids that no page has yet say 0: they are of another colour than
    // page 0, or above its id.
    const colours = 1 << pages.colourBits;
    if (!own.has(number) || found.has(number) || (number - page) % colours !== 0) continue;
    found.add(number);
    const machinePages = new Set(Array.from({ length: nodes }, (_, node) => of(page, node)));
    for (const machinePage of machinePages) {
      expect(users.has(machinePage), `machine page ${machinePage} is two pages'`).toBe(false);
      users.set(machinePage, page);
      if (machinePage === page) continue;
      copies++;
      expect(home(machinePage)).toBeLessThan(nodes);
      expect(pages.physicalPage[machinePage]).toBeGreaterThanOrEqual(2 ** 52);
    }
    expect(guarded(page)).toBe(machinePages.size > 1);
  }
  expect(found).toEqual(own);
  return copies;
}

test('machine pages are conserved, and none is two pages’', async () => {
  await fc.assert(
    fc.asyncProperty(numaMachine, references(250), few(1, 20), async ({ input, cpus }, list, perChunk) => {
      const trace = fromReferences(onCpus(list, cpus), cpus, perChunk);
      const seen = new Set<number>();
      let done = 0;
      const progress = (records: number): void => {
        for (; done < records; done++) seen.add(list[done]!.physicalPage);
        checkMachinePages(made.at(-1)!, seen);
      };
      const system = systemSchema.parse(input);
      const { tallies } = await replayAll(trace, trace.summary()!, [system], { warmup: 0, progress });
      if (list.length > 0) expect(checkMachinePages(made.at(-1)!, seen)).toBe(tallies[0]!.pages!.replicas);
    }),
    runs(60),
  );
});

describe('one virtual CPU', () => {
  const small: Partial<System['machine']> = {
    l1i: { size: 2048, ways: 2, line: 32 },
    l1d: { size: 2048, ways: 2, line: 32 },
    l2: { size: 16384, ways: 2, line: 128, inclusive: true, shared: false },
    tlb: { entries: 8, pairs: true, tags: 'asid', wired: 0, replacement: 'random', seed: 1 },
  };

  const same = async (open: () => Trace, preset: string, machine: Partial<System['machine']>) => {
    const base = presetSystem(preset);
    const pages = { ...base.pages, policy: 'disco' as const, disco: { ...base.pages.disco, trigger: 2 } };
    const systems = (['directory', 'none'] as const).map((coherence): System => {
      const all = { ...base.machine, ...machine, coherence };
      return { ...base, name: coherence, pages, machine: all };
    });
    const trace = open();
    for await (const _ of trace.chunks()); // its summary is known after that
    const { tallies } = await replayAll(trace, trace.summary()!, systems, { warmup: 0 });
    const [coherent, plain] = tallies.map((tally) =>
      tally.rows.map(({ counters, ...row }) => ({
        ...row,
        counters: Object.fromEntries(
          Object.entries(counters).filter(([name]) => !COHERENCE_ONLY.includes(name)),
        ),
      })),
    );
    expect(coherent).toEqual(plain);
    const left = ({ lost_lines: _, ...state }: Tally['state']) => state;
    expect(left(tallies[0]!.state)).toEqual(left(tallies[1]!.state));
    expect(tallies[0]!.pages).toBeNull();
  };

  test.each(['irix', 'disco', 'disco-linux-mips-unmodified'])('%s, random references', async (preset) => {
    await fc.assert(
      fc.asyncProperty(references(300), async (list) => {
        const one = onCpus(list, 1);
        await same(() => fromReferences(one, 1, 100), preset, small);
      }),
      runs(15),
    );
  });

  test.each(['irix', 'disco'])('%s, a workload', async (preset) => {
    const open = () => openWorkload('workload:zipf?cpus=1&instructions=200000');
    await same(open, preset, {});
    await same(open, preset, small);
  });
});

test('counts in the oracle’s form leave nothing out', async () => {
  const trace = fromReferences(rounds(2, 1, 1, 1), 2, 1000);
  const [tally] = await talliesOf([smallNodes(2, { trigger: 4, sharing: 1 })], trace);
  const sums = countsOf(tally!).rows.flatMap((layers) => Object.values(layers));
  expect(sums.reduce((sum, row) => sum + (row.load_accesses ?? 0), 0)).toBe(
    sumCounter(tally!, 'load_accesses'),
  );
});
