import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numaOf } from '../../src/model/numa.ts';
import type { Priced } from '../../src/model/pricing/compiled.ts';
import { contentionPrices, topologyOf } from '../../src/model/pricing/contention.ts';
import { price } from '../../src/model/pricing/price.ts';
import { layNetwork, nodesOf } from '../../src/model/pricing/queueing/topology.ts';
import type { Flow } from '../../src/model/pricing/queueing/traffic.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { type System, systemSchema } from '../../src/model/systems/schema.ts';
import { FLOW_KINDS, type Tally } from '../../src/model/tally.ts';
import { type Machine, simulate } from './queueing-des.ts';
import { type Did, type Sent, tallyOfWindows } from './window-tally.ts';

const systemOf = (machine: Partial<System['machine']>, monitor = true): System => {
  const base = systemSchema.parse(monitor ? { monitor: {} } : {});
  return { ...base, machine: { ...base.machine, ...machine } };
};
const defaults = systemOf({}).prices as ResolvedPrices;
const idle = { ...defaults, controller_ns: 0, memory_ns: 0, message_ns: 0, line_ns: 0 };
const sum = (list: Iterable<number>): number => [...list].reduce((a, b) => a + b, 0);
const queueingOf = ({ breakdown }: Priced): number =>
  sum(breakdown.parts.filter((part) => part.cause === 'queueing').map((part) => part.ps));

/** A machine, and a run on it whose rows and windows agree. */
interface Case {
  readonly system: System;
  readonly tally: Tally;
}

const shapes = fc.constantFrom<readonly [System['machine']['interconnect'], number, number]>(
  ['uniform', 4, 4],
  ['uniform', 8, 2],
  ['mesh', 6, 6],
  ['hypercube', 8, 8],
  ['bus', 4, 1],
  ['uniform', 1, 1],
);

const cases: fc.Arbitrary<Case> = shapes.chain(([interconnect, cpus, nodes]) => {
  const place = {
    cpu: fc.nat(cpus - 1),
    context: fc.constantFrom('user', 'kernel', 'syscall 3'),
    layer: fc.constantFrom('workload' as const, 'trap' as const, 'privileged' as const, 'migrate' as const),
  };
  const did: fc.Arbitrary<Did> = fc.record({
    ...place,
    work: fc.record({ instructions: fc.nat(20000), count: fc.nat(20), l1i_misses: fc.nat(100) }),
  });
  const sent: fc.Arbitrary<Sent> = fc
    .record({
      ...place,
      kind: fc.constantFrom(...FLOW_KINDS),
      side: fc.constantFrom('fetch' as const, 'load' as const, 'store' as const),
      home: fc.nat(nodes - 1),
      other: fc.nat(nodes - 1),
      count: fc.nat(2000),
    })
    .map((flow) => {
      const own = Math.floor(flow.cpu / (cpus / nodes));
      if (flow.kind === 'local') return { ...flow, home: own, other: own };
      return flow.kind === 'local_cache' ? { ...flow, other: own } : flow;
    });
  const window = fc.array(fc.oneof(did, sent), { maxLength: 25 });
  return fc
    .record({
      windows: fc.array(window, { maxLength: 4 }),
      contention: fc.constantFrom('deterministic' as const, 'exponential' as const),
      monitor: fc.boolean(),
    })
    .map(({ windows, contention, monitor }) => ({
      system: systemOf({ interconnect, nodes, contention }, monitor),
      tally: tallyOfWindows(cpus, nodes, windows),
    }));
});

/** All prices, some of them none. */
const anyPrices = fc.dictionary(
  fc.constantFrom(...(Object.keys(defaults) as (keyof ResolvedPrices)[])),
  fc.double({ min: 0, max: 500, noNaN: true }),
);

describe('pricing with windows', () => {
  test('parts are whole and add up exactly; queueing is its own part, and all of it is there', () => {
    fc.assert(
      fc.property(cases, anyPrices, ({ system, tally }, some) => {
        const prices: ResolvedPrices = { ...defaults, hop_ns: 10, ...some };
        const priced = price(tally, prices, system);
        const { parts, total_ps } = priced.breakdown;
        for (const part of parts) {
          expect(Number.isSafeInteger(part.ps)).toBe(true);
          expect(part.ps).toBeGreaterThanOrEqual(0);
        }
        expect(sum(parts.map((part) => part.ps))).toBe(total_ps);
        expect(priced.contention === null).toBe(tally.windows.length === 0);
        if (priced.contention === null) return;
        expect(queueingOf(priced)).toBe(priced.contention.queueing_ps);
        expect(priced.contention.buffer_ps).toBeLessThanOrEqual(priced.contention.queueing_ps);
        // What is left without the queueing is the uncontended run.
        const free = price(tally, prices, {
          ...system,
          machine: { ...system.machine, contention: 'none' },
        });
        expect(free.contention).toBeNull();
        expect(queueingOf(free)).toBe(0);
        expect(free.breakdown.total_ps).toBe(total_ps - priced.contention.queueing_ps);
        expect(free.breakdown.parts).toEqual(parts.filter((part) => part.cause !== 'queueing'));
        expect(JSON.stringify(price(tally, prices, system))).toBe(JSON.stringify(priced));
      }),
      { numRuns: 150 },
    );
  });

  test('without service nobody waits', () => {
    fc.assert(
      fc.property(cases, ({ system, tally }) => {
        const priced = price(tally, idle, system);
        expect(queueingOf(priced)).toBe(0);
        expect(priced.contention?.hottest ?? null).toBeNull();
        const none = { ...system, machine: { ...system.machine, contention: 'none' as const } };
        expect(priced.breakdown).toEqual(price(tally, idle, none).breakdown);
      }),
      { numRuns: 60 },
    );
  });

  test('distance is in the minimum, to the picosecond: each hop of each message that is waited for', () => {
    const system = systemOf({ interconnect: 'mesh', nodes: 4 });
    const at = { context: 'user', layer: 'workload', side: 'load' } as const;
    const tally = tallyOfWindows(4, 4, [
      [
        { ...at, cpu: 0, kind: 'remote_clean', home: 3, count: 7 }, // two hops there, two back
        { ...at, cpu: 0, context: 'kernel', kind: 'remote_clean', home: 1, count: 3 }, // one and one
        { ...at, cpu: 1, layer: 'trap', kind: 'remote_dirty', home: 0, other: 2, count: 5 }, // 1 + 1 + 2
        { ...at, cpu: 1, kind: 'upgrade', home: 0, count: 1 },
        { ...at, cpu: 2, kind: 'writeback', home: 1, count: 100 },
        { ...at, cpu: 3, kind: 'local', home: 3, count: 9 },
      ],
    ]);
    const time = (hop_ns: number) => price(tally, { ...idle, hop_ns }, system).breakdown;
    const hops = 7 * 4 + 3 * 2 + 5 * 4 + 2;
    expect(time(41).total_ps - time(0).total_ps).toBe(hops * 41000);
    const data = (hop_ns: number) =>
      time(hop_ns).parts.flatMap((p) => (p.cause === 'stall_remote_data' ? [[p.context, p.ps]] : []));
    // What is known of the CPU is shared by its rows' misses: 34 hops, 7 to 3.
    expect(data(1)).toEqual([
      ['user', 7 * 900_000 + 23_800],
      ['kernel', 3 * 900_000 + 10_200],
    ]);
  });

  test('stalls by what served the miss, upgrades by home', () => {
    const at = { cpu: 0, context: 'user', layer: 'workload', side: 'store', home: 0 } as const;
    const tally = tallyOfWindows(2, 2, [
      [
        { ...at, kind: 'local', count: 1 },
        { ...at, kind: 'remote_clean', home: 1, count: 2 },
        { ...at, kind: 'remote_dirty', home: 0, other: 1, count: 3 },
        { ...at, kind: 'local_cache', count: 4, side: 'fetch' },
        { ...at, kind: 'upgrade', count: 5 },
        { ...at, kind: 'upgrade', home: 1, count: 6 },
      ],
    ]);
    const { breakdown, contention } = price(tally, idle, systemOf({ nodes: 2 }));
    expect(breakdown.parts.map((p) => [p.cause, p.count, p.ps])).toEqual([
      ['stall_neighbour_instruction', 4, 4 * 430_000],
      ['stall_local_data', 1, 300_000],
      ['stall_remote_data', 2, 2 * 900_000],
      ['stall_dirty_data', 3, 3 * 1_300_000],
      ['stall_upgrade', 11, 5 * 200_000 + 6 * 800_000],
    ]);
    expect(contention!.minimum_ps).toBe(breakdown.total_ps);
    expect(contention!.kinds.map((k) => [k.kind, k.misses, k.minimum_ns, k.queueing_ns])).toEqual([
      ['local', 1, 300, 0],
      ['local_cache', 4, 430, 0],
      ['remote_clean', 2, 900, 0],
      ['remote_dirty', 3, 1300, 0],
      ['upgrade', 5, 200, 0],
      ['remote_upgrade', 6, 800, 0],
    ]);
    expect(numaOf(tally, 2)).toMatchObject({
      served: { local: 1, remote: 2, dirty: 3, neighbour: 4 },
      upgrades: { local: 5, remote: 6 },
      matrix: [
        [8, 2],
        [0, 0],
      ],
      nodes: [
        { homed: 8, upgrades: 11 },
        { homed: 2, served: { local: 0 } },
      ],
    });
    expect(numaOf({ ...tally, cpus: 1 }, 1)).toBeNull();
  });

  test('a hot home is the busiest, in its window, and its users wait', () => {
    const run = (home: (cpu: number) => number) => {
      const window = Array.from({ length: 8 }, (_, cpu) => [
        { cpu, context: 'user', layer: 'workload', work: { instructions: 40_000 } } as const,
        {
          cpu,
          context: 'user',
          layer: 'workload',
          kind: home(cpu) === cpu ? 'local' : 'remote_clean',
          side: 'load',
          home: home(cpu),
          count: 500,
        } as const,
      ]).flat();
      const quiet = Array.from({ length: 8 }, (_, cpu) => ({
        cpu,
        context: 'user',
        layer: 'workload' as const,
        work: { instructions: 400_000 },
      }));
      return price(tallyOfWindows(8, 8, [quiet, window]), defaults, systemOf({ nodes: 8 }));
    };
    const hot = run(() => 5);
    const even = run((cpu) => (cpu + 1) % 8);
    expect(hot.contention!.hottest).toMatch(/ of node 5$/);
    const station = hot.contention!.stations.find(({ name }) => name === hot.contention!.hottest)!;
    expect(station).toMatchObject({ node: 5, peak_window: 1 });
    expect(station.peak).toBeGreaterThan(1.5 * station.utilisation);
    expect(station.peak).toBeLessThanOrEqual(1.001);
    expect(queueingOf(hot)).toBeGreaterThan(10 * queueingOf(even));
    // Queueing belongs to whoever was running.
    expect(hot.breakdown.parts.find((part) => part.cause === 'queueing')).toMatchObject({
      cpu: 0,
      context: 'user',
      category: 'user',
      owner: 'architecture',
      kind: 'stall',
      count: 500,
    });
  });

  test('agrees with a discrete-event simulation of the same run', () => {
    const prices = { ...defaults, controller_ns: 60, memory_ns: 120, line_ns: 80, hop_ns: 20 };
    const system = systemOf({ nodes: 4, contention: 'exponential' });
    const events = Array.from({ length: 8 }, (_, cpu) => {
      const node = Math.floor(cpu / 2);
      const at = { cpu, context: 'user', layer: 'workload', side: 'load' } as const;
      return [
        { cpu, context: 'user', layer: 'workload', work: { instructions: 60_000 + 20_000 * cpu } } as const,
        { cpu, context: 'kernel', layer: 'trap', work: { count: 300, l1i_misses: 900 } } as const,
        { ...at, kind: 'local', home: node, count: 400 } as const,
        { ...at, kind: 'remote_clean', home: (node + 1) % 4, count: 300 } as const,
        { ...at, kind: 'remote_clean', home: node === 0 ? 1 : 0, layer: 'trap', count: 700 } as const,
        { ...at, kind: 'remote_dirty', home: node, other: (node + 2) % 4, count: 100 } as const,
        { ...at, kind: 'upgrade', home: (node + 3) % 4, count: 100 } as const,
        { ...at, kind: 'writeback', home: node, count: 200 } as const,
      ];
    }).flat();
    const tally = tallyOfWindows(8, 4, [events]);
    const priced = price(tally, prices, system);
    const busiest = Math.max(...priced.contention!.stations.map((station) => station.utilisation));
    expect(busiest).toBeGreaterThan(0.4);
    expect(busiest).toBeLessThan(0.8);

    const own = (cpu: number, what: (cause: string) => boolean): number =>
      sum(priced.breakdown.parts.filter((p) => p.cpu === cpu && what(p.cause)).map((p) => p.ps)) / 1000;
    const cpuNode = Array.from({ length: 8 }, (_, cpu) => Math.floor(cpu / 2));
    const machine: Machine = {
      network: layNetwork({ kind: 'uniform', nodes: 4 }),
      cpuNode,
      flows: tally.windows[0]!.flows.map(([cpu, kind, home, owner, count]): Flow => {
        const name = FLOW_KINDS[kind]!;
        return { cpu, kind: name === 'upgrade' ? 'remote_upgrade' : name, home, owner, count };
      }),
      // Instructions, traps, and L1 misses that hit in the L2: by the prices, not by the breakdown.
      think_ns: cpuNode.map(
        (_, cpu) => (60_000 + 20_000 * cpu) * 2.5 + 300 * 100 * 2.5 + 900 * prices.l2_hit_ns,
      ),
      prices: contentionPrices(prices, 'exponential'),
    };
    const simulated = simulate(machine, 20_000, 7);
    const misses = 1600;
    const errors = cpuNode.map((_, cpu) => {
      const time = own(cpu, () => true) / misses;
      expect(Math.abs(time / simulated.cycle_ns[cpu]! - 1)).toBeLessThan(0.05);
      const latency = time - machine.think_ns[cpu]! / misses;
      return Math.abs(latency / simulated.latency_ns[cpu]! - 1);
    });
    expect(sum(errors) / 8).toBeLessThan(0.05);
    const queued = sum(cpuNode.map((_, cpu) => own(cpu, (cause) => cause === 'queueing'))) / (8 * misses);
    expect(queued / (sum(simulated.queueing_ns) / 8)).toBeGreaterThan(0.9);
    expect(queued / (sum(simulated.queueing_ns) / 8)).toBeLessThan(1.1);
  });

  test('rows and windows that disagree are an error, not a wrong number', () => {
    const tally = tallyOfWindows(2, 2, [
      [{ cpu: 0, context: 'user', layer: 'workload', kind: 'remote_clean', side: 'load', home: 1, count: 9 }],
    ]);
    const rows = tally.rows.map((row) => ({ ...row, counters: {} }));
    const system = systemOf({ nodes: 2 });
    expect(() => price({ ...tally, rows }, { ...defaults, hop_ns: 1 }, system)).toThrow(/windows/);
  });
});

describe('the interconnect of a machine', () => {
  test('has the machine’s nodes; a mesh is as square as it goes', () => {
    const mesh = (nodes: number) => topologyOf({ interconnect: 'mesh', nodes });
    expect(mesh(16)).toEqual({ kind: 'mesh', width: 4, height: 4 });
    expect(mesh(12)).toEqual({ kind: 'mesh', width: 4, height: 3 });
    expect(mesh(7)).toEqual({ kind: 'mesh', width: 7, height: 1 });
    for (let nodes = 1; nodes <= 64; nodes++) expect(nodesOf(mesh(nodes))).toBe(nodes);
    for (const nodes of [1, 2, 8, 64])
      expect(nodesOf(topologyOf({ interconnect: 'hypercube', nodes }))).toBe(nodes);
    expect(topologyOf({ interconnect: 'bus', nodes: 1 })).toEqual({ kind: 'bus', nodes: 1 });
    expect(topologyOf({ interconnect: 'uniform', nodes: 3 })).toEqual({ kind: 'uniform', nodes: 3 });
  });
});

describe('management of memory and CPUs', () => {
  const row = (
    layer: Tally['rows'][number]['layer'],
    counters: Tally['rows'][number]['counters'],
  ): Tally => ({
    ...tallyOfWindows(1, 1, []),
    rows: [{ cpu: 0, context: 'kernel', layer, counters }],
  });
  test('is the monitor’s where there is one, else the kernel’s', () => {
    const move = row('migrate', { count: 10, l2_load_misses: 4 });
    const parts = (monitor: boolean) =>
      price(move, defaults, systemOf({}, monitor)).breakdown.parts.map((p) => [
        p.category,
        p.cause,
        p.owner,
        p.kind,
        p.ps,
      ]);
    const of = (category: string) => [
      [category, 'page_move', 'architecture', 'execution', 10 * defaults.migrate_ns * 1000],
      [category, 'page_move', 'architecture', 'stall', 4 * 300_000],
    ];
    expect(parts(true)).toEqual(of('monitor'));
    expect(parts(false)).toEqual(of('kernel'));
    const paged = price(row('page_out', { count: 2 }), defaults, systemOf({}, false)).breakdown.parts;
    expect(paged).toMatchObject([
      { category: 'kernel', cause: 'memory_balance', owner: 'operating system', ps: 2 * 14_300_000_000 },
    ]);
  });

  test('moves of virtual CPUs cost more between nodes, and most between cells', () => {
    const moved = price(row('vcpu_move', { count: 9, node_moves: 2, cell_moves: 4 }), defaults, systemOf({}));
    expect(moved.breakdown.total_ps).toBe(3 * 37_000_000 + 2 * 520_000_000 + 4 * 1_520_000_000);
  });
});
