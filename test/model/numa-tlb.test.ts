import { describe, expect, test } from 'vitest';
import type { SystemInput } from '../../src/model/systems/schema.ts';
import { type Counter, sumCounter, type Tally } from '../../src/model/tally.ts';
import { fromReferences } from './coherence-runs.ts';
import { layerSum, talliesOf } from './numa-runs.ts';
import type { Reference } from './oracle.ts';

/** One CPU a node, TLBs that hold everything, caches of a few lines. */
const machineOf = (nodes: number, pairs = true): NonNullable<SystemInput['machine']> => ({
  cpus: nodes,
  nodes,
  coherence: 'directory',
  l1i: { size: 64, ways: 1, line: 32 },
  l1d: { size: 64, ways: 1, line: 32 },
  l2: { size: 128, ways: 2, line: 32, inclusive: true },
  tlb: { entries: 64, pairs, tags: 'asid', wired: 0, replacement: 'lru', seed: 1 },
});

const use = (cpu: number, kind: 0 | 1 | 2, page: number, offset = 0): Reference => ({
  cpu,
  kind,
  space: 0,
  mapped: true,
  page,
  physicalPage: 1000 + page,
  offset,
  size: 4,
});

const TLB: readonly Counter[] = ['tlb_fetch_misses', 'tlb_load_misses', 'tlb_store_misses'];
/** A CPU's TLB misses. */
const tlbMisses = (tally: Tally, cpu: number): number =>
  TLB.reduce((sum, name) => sum + sumCounter(tally, name, (row) => row.cpu === cpu), 0);

const monitors = [
  ['natively', {}],
  ['under a monitor', { monitor: {} }],
  ['under a monitor without a second-level TLB', { monitor: { l2tlb: { entries: 0, ways: 1 } } }],
] as const;

describe.each(monitors)('%s', (_, rest) => {
  /** Policy disco or none, chunks of `perChunk`. */
  const both = async (
    list: readonly Reference[],
    nodes: number,
    disco: object,
  ): Promise<readonly Tally[]> => {
    const pages = { policy: 'disco' as const, disco };
    const machine = machineOf(nodes);
    return talliesOf(
      [
        { name: 'moving', machine, pages, ...rest },
        { name: 'fixed', machine, ...rest },
      ],
      fromReferences(list, nodes, 1000),
    );
  };

  test('a shootdown interrupts those that hold the mapping, and their next use is a refill', async () => {
    // CPUs 0 and 2 use page 4 (and 0 its neighbour), CPU 3 another page; CPU 1 misses on page 4 until it has it.
    const before = [use(0, 1, 4), use(0, 1, 5), use(2, 1, 4), use(3, 1, 8)];
    const misses = Array.from({ length: 8 }, (_, i) => use(1, 1, 4, 64 + 32 * i));
    const after = [
      use(0, 1, 4, 512),
      use(0, 1, 5, 512),
      use(1, 1, 4, 512),
      use(2, 1, 4, 512),
      use(3, 1, 8, 512),
    ];
    const thresholds = { trigger: 8, sharing: 'infinite' };
    const [early] = await both([...before, ...misses], 4, thresholds);
    expect([0, 1, 2, 3].map((cpu) => layerSum(early!, 'shootdown', 'count', cpu))).toEqual([1, 0, 1, 0]);
    expect([0, 1, 2, 3].map((cpu) => layerSum(early!, 'migrate', 'count', cpu))).toEqual([0, 1, 0, 0]);
    const [moving, fixed] = await both([...before, ...misses, ...after], 4, thresholds);
    // Both pages of the pair went with the entry, and come back with one refill.
    const more = [0, 1, 2, 3].map((cpu) => tlbMisses(moving!, cpu) - tlbMisses(fixed!, cpu));
    expect(more).toEqual([1, 1, 1, 0]);
    expect(layerSum(moving!, 'hot_page')).toBe(1);
    expect(moving!.pages).toEqual({
      decisions: { 'migrate: private': 1 },
      fates: { migrated: 1 },
      replicas: 1,
    });
  });

  test('under a monitor, request and answer of a shootdown come from each other’s caches', async () => {
    // CPUs 1 and 0 take the page from each other: the second time, the lines of the first are in the other’s cache.
    const misses = (cpu: number) => Array.from({ length: 8 }, (_, i) => use(cpu, 1, 4, 64 + 32 * i));
    const [tally] = await both([use(0, 1, 4), ...misses(1), use(1, 1, 4), ...misses(0)], 2, {
      trigger: 8,
      sharing: 'infinite',
      migrate: 2,
    });
    const monitor = 'monitor' in rest;
    expect([0, 1].map((cpu) => layerSum(tally!, 'shootdown', 'count', cpu))).toEqual([1, 1]);
    const served = (cpu: number) =>
      layerSum(tally!, 'shootdown', 'neighbour_load_misses', cpu) +
      layerSum(tally!, 'shootdown', 'dirty_load_misses', cpu);
    expect([0, 1].map(served)).toEqual(monitor ? [1, 1] : [0, 0]);
    const heard = (cpu: number) => layerSum(tally!, 'migrate', 'dirty_load_misses', cpu);
    if (monitor) expect(Math.min(heard(0), heard(1))).toBeGreaterThan(0);
  });

  test('a copy and its collapse interrupt as well', async () => {
    const read = (cpu: number) => Array.from({ length: 8 }, (_, i) => use(cpu, 1, 4, 32 * i));
    const list = [...read(0), ...read(1), use(0, 1, 4, 512), use(1, 2, 4, 512), use(1, 2, 4, 516)];
    const [tally] = await both(list, 2, { trigger: 8, sharing: 1 });
    expect([0, 1].map((cpu) => layerSum(tally!, 'replicate', 'count', cpu))).toEqual([0, 1]);
    expect([0, 1].map((cpu) => layerSum(tally!, 'collapse', 'count', cpu))).toEqual([0, 1]);
    // CPU 0 by each of the two, as it used the page in between.
    expect([0, 1].map((cpu) => layerSum(tally!, 'shootdown', 'count', cpu))).toEqual([2, 0]);
    expect(tally!.pages!.replicas).toBe(1);
  });

  /** Scans every 100 instructions from the 100th on. */
  const balancing = (early: number): SystemInput['pages'] => ({
    policy: 'numa-balancing',
    nominal_ns_per_instruction: 10,
    'numa-balancing': { scan_delay_ns: 500, scan_period_ns: 500, early_scans: early },
  });
  const PAGES = [10, 11, 12, 13, 14, 15];
  const instructions = (cpu: number, n: number) =>
    Array.from({ length: n }, (_, i) => use(cpu, 0, 20 + 2 * cpu, 8 * (i % 4)));
  const each = (cpu: number, pages = PAGES) => pages.map((page) => use(cpu, 1, page, 512));
  const balanced = async (list: readonly Reference[], early: number, pairs = true): Promise<Tally> => {
    const input = { machine: machineOf(2, pairs), pages: balancing(early), ...rest };
    return (await talliesOf([input], fromReferences(list, 2, 1000)))[0]!;
  };

  test.each([true, false])('each withdrawn mapping is a fault (pairs: %s)', async (pairs) => {
    // CPU 0 has placed the pages; after the scan CPU 1 uses them: each faults once and moves.
    const list = [...each(0), ...instructions(0, 100), ...each(1), ...each(1), ...each(0)];
    const tally = await balanced(list, 5, pairs);
    expect(layerSum(tally, 'hint_fault', 'count', 1)).toBe(PAGES.length);
    expect(layerSum(tally, 'migrate', 'count', 1)).toBe(PAGES.length);
    expect(layerSum(tally, 'hint_fault', 'count', 0)).toBe(0);
    expect(tally.pages).toEqual({
      decisions: { 'migrate: first-fault': PAGES.length },
      fates: { migrated: PAGES.length },
      replicas: PAGES.length,
    });
  });

  test('two faults in a row of the other node, where scans are not early', async () => {
    const [one, two] = [
      [...each(0), ...instructions(0, 100), ...each(1)],
      [...instructions(0, 100), ...each(1)],
    ];
    expect((await balanced(one, 0)).pages!.decisions).toEqual({ 'leave: first-fault': PAGES.length });
    // The second scan finds CPU 0's text, too, which it is executing.
    const { decisions, replicas } = (await balanced([...one, ...two], 0)).pages!;
    expect(decisions).toEqual({
      'leave: first-fault': PAGES.length,
      'leave: local': 1,
      'migrate: same-node': PAGES.length,
    });
    expect(replicas).toBe(PAGES.length);
  });

  test('mappings that nobody has used are not withdrawn', async () => {
    // All translations of a chunk are known from its beginning on.
    const tally = await balanced([...instructions(0, 100), ...each(1)], 5);
    expect(layerSum(tally, 'hint_fault')).toBe(0);
    expect(layerSum(tally, 'migrate')).toBe(0);
  });
});

test('a refill between does not change what a reference touches', async () => {
  // Two CPUs store to words of their own in one line, each store after a TLB miss.
  const list = Array.from({ length: 40 }, (_, i): Reference => {
    const cpu = (i >>> 1) % 2;
    return i % 2 === 0 ? use(cpu, 1, 10 + 2 * (i % 8) + cpu, 0) : use(cpu, 2, 4, 8 * cpu);
  });
  const { tlb, ...machine } = machineOf(2);
  const [tally] = await talliesOf(
    [{ machine: { ...machine, tlb: { ...tlb!, entries: 1 } } }],
    fromReferences(list, 2, 1000),
  );
  const ofWork = (name: Counter): number => sumCounter(tally!, name, (row) => row.layer === 'workload');
  expect(layerSum(tally!, 'refill')).toBe(40);
  expect(ofWork('true_sharing_misses')).toBe(0);
  expect(ofWork('false_sharing_misses')).toBeGreaterThan(10);
});

describe('whom a monitor interrupts', () => {
  /** Shootdowns of each CPU: CPUs 0 and 2 use page 4, CPU 3 another; CPU 2 then uses enough others to lose it; CPU 1 takes it. */
  const interrupted = async (monitor: object, entries: number): Promise<readonly number[]> => {
    const machine = machineOf(4);
    const others = Array.from({ length: 8 }, (_, i) => use(2, 1, 100 + 2 * i));
    const misses = Array.from({ length: 8 }, (_, i) => use(1, 1, 4, 64 + 32 * i));
    const list = [use(0, 1, 4), use(2, 1, 4), use(3, 1, 8), ...others, ...misses];
    const system = {
      name: 'moving',
      machine: { ...machine, tlb: { ...machine.tlb!, entries } },
      pages: { policy: 'disco' as const, disco: { trigger: 8, sharing: 'infinite' as const } },
      monitor,
    };
    const [tally] = await talliesOf([system], fromReferences(list, 4, 1000));
    return [0, 1, 2, 3].map((cpu) => layerSum(tally!, 'shootdown', 'count', cpu));
  };

  test('those who hold it in either TLB', async () => {
    expect(await interrupted({}, 64)).toEqual([1, 0, 1, 0]);
    expect(await interrupted({}, 4)).toEqual([1, 0, 1, 0]);
    expect(await interrupted({ l2tlb: { entries: 0, ways: 1 } }, 4)).toEqual([1, 0, 0, 0]);
  });

  test('all of the virtual machine, if it does not look', async () => {
    expect(await interrupted({ shootdown: 'machine' }, 4)).toEqual([1, 0, 1, 1]);
  });
});
