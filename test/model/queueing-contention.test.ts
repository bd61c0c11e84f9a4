import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layDemands } from '../../src/model/pricing/queueing/demands.ts';
import { picoseconds, splitExactly } from '../../src/model/pricing/queueing/exact-sums.ts';
import {
  contentionWorkspace,
  solveRun,
  solveWindow,
} from '../../src/model/pricing/queueing/machine-contention.ts';
import { layNetwork, meanHops, stationText } from '../../src/model/pricing/queueing/topology.ts';
import { BLOCKING_KINDS, compileTraffic, type Flow } from '../../src/model/pricing/queueing/traffic.ts';
import type { ContentionPrices } from '../../src/model/pricing/queueing/window-bases.ts';
import { type Machine, randomMachine, simulate } from './queueing-des.ts';

const KINDS = BLOCKING_KINDS.length;
const prices: ContentionPrices = {
  latency_ns: {
    local: 300,
    local_cache: 200,
    remote_clean: 700,
    remote_dirty: 1000,
    upgrade: 500,
    remote_upgrade: 500,
  },
  hop_ns: 20,
  service_ns: { controller: 30, memory: 80, control: 4, data: 20 },
  distribution: 'exponential',
};
const idleMachine: ContentionPrices = {
  ...prices,
  service_ns: { controller: 0, memory: 0, control: 0, data: 0 },
};

const solve = (machine: Machine, what: ContentionPrices = machine.prices) => {
  const traffic = compileTraffic(machine.network, machine.cpuNode, machine.flows);
  return solveRun(
    machine.network,
    traffic.cpus,
    [{ demands: layDemands(traffic), think_ns: machine.think_ns }],
    what,
  );
};
const sum = (list: ArrayLike<number>): number => Array.from(list).reduce((a, b) => a + b, 0);

describe('topologies', () => {
  it('route by dimension, as many links as hops', () => {
    const mesh = layNetwork({ kind: 'mesh', width: 4, height: 3 });
    expect(mesh.route(0, 11).map((k) => stationText(mesh.stations[k]!))).toEqual([
      'link 0 → 1',
      'link 1 → 2',
      'link 2 → 3',
      'link 3 → 7',
      'link 7 → 11',
    ]);
    expect(mesh.route(11, 8).map((k) => stationText(mesh.stations[k]!))).toEqual([
      'link 11 → 10',
      'link 10 → 9',
      'link 9 → 8',
    ]);
    const cube = layNetwork({ kind: 'hypercube', dimensions: 6 });
    expect(cube.nodes).toBe(64);
    expect(cube.route(0, 0b101001).map((k) => cube.stations[k]!.to)).toEqual([1, 0b1001, 0b101001]);
    expect(cube.stations.length).toBe(64 * 2 + 64 * 6);
    expect(meanHops(cube)).toBeCloseTo((6 / 2) * (64 / 63), 12);
    for (const network of [mesh, cube])
      for (let from = 0; from < network.nodes; from++)
        for (let to = 0; to < network.nodes; to++) {
          let at = from;
          for (const link of network.route(from, to)) {
            expect(network.stations[link]!.node).toBe(at);
            at = network.stations[link]!.to as number;
          }
          expect(at).toBe(to);
        }
  });

  it('uniform networks pass two ports, a bus always itself', () => {
    const uniform = layNetwork({ kind: 'uniform', nodes: 4 });
    expect(uniform.route(2, 2)).toEqual([]);
    expect(uniform.route(2, 1).map((k) => stationText(uniform.stations[k]!))).toEqual([
      'output port of node 2',
      'input port of node 1',
    ]);
    const bus = layNetwork({ kind: 'bus', nodes: 1 });
    expect(bus.route(0, 0).map((k) => stationText(bus.stations[k]!))).toEqual(['bus']);
    expect(() => layNetwork({ kind: 'mesh', width: 0, height: 3 })).toThrow(RangeError);
  });
});

describe('traffic', () => {
  it('counts the visits of each kind’s path', () => {
    const network = layNetwork({ kind: 'uniform', nodes: 3 });
    const traffic = compileTraffic(
      network,
      [0, 1, 2],
      [
        { cpu: 0, kind: 'remote_dirty', home: 1, owner: 2, count: 10 },
        { cpu: 0, kind: 'remote_dirty', home: 1, owner: 2, count: 5 },
        { cpu: 1, kind: 'local', home: 1, count: 7 },
      ],
    );
    const list = (visits: typeof traffic.waits) =>
      Array.from({ length: visits.length }, (_, i) => [
        visits.cpu[i],
        stationText(network.stations[traffic.stations[visits.station[i]!]!]!),
        visits.count[i],
      ]);
    expect(list(traffic.waits)).toEqual([
      [0, 'controller of node 1', 15],
      [0, 'controller of node 2', 15],
      [0, 'output port of node 0', 15],
      [0, 'input port of node 0', 15],
      [0, 'output port of node 1', 15],
      [0, 'input port of node 1', 15],
      [0, 'output port of node 2', 15],
      [0, 'input port of node 2', 15],
      [1, 'controller of node 1', 7],
      [1, 'memory of node 1', 7],
    ]);
    // The sharing write-back.
    expect(list(traffic.posted)).toEqual([
      [0, 'controller of node 1', 15],
      [0, 'memory of node 1', 15],
      [0, 'input port of node 1', 15],
      [0, 'output port of node 2', 15],
    ]);
    expect(traffic.hops[BLOCKING_KINDS.indexOf('remote_dirty')]).toBe(45);
    expect(() => compileTraffic(network, [0], [{ cpu: 0, kind: 'local', home: 3, count: 1 }])).toThrow(
      /impossible flow/,
    );
  });
});

describe('contention in the memory system', () => {
  it('without service is exactly the uncontended machine', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const machine = randomMachine(seed, 'exponential');
      const run = solve(machine, idleMachine);
      expect(run.hot).toBe(-1);
      expect(sum(run.queueing_ns) + sum(run.buffer_ns)).toBe(0);
      machine.cpuNode.forEach((node, cpu) => {
        const expected = machine.flows
          .filter((flow) => flow.cpu === cpu && (BLOCKING_KINDS as readonly string[]).includes(flow.kind))
          .reduce((ns, flow) => {
            const { network } = machine;
            const there = network.hops(node, flow.home);
            const hops =
              flow.kind === 'remote_dirty'
                ? there + network.hops(flow.home, flow.owner!) + network.hops(flow.owner!, node)
                : 2 * there;
            return ns + flow.count * (prices.latency_ns[flow.kind as 'local'] + hops * prices.hop_ns);
          }, 0);
        expect(run.time_ns[cpu]! / (machine.think_ns[cpu]! + expected)).toBeCloseTo(1, 12);
      });
    }
  });

  it('one CPU alone without posted traffic waits for nothing', () => {
    const network = layNetwork({ kind: 'uniform', nodes: 2 });
    const flows: Flow[] = [{ cpu: 0, kind: 'remote_clean', home: 1, count: 1000 }];
    const run = solve({ network, cpuNode: [0], flows, think_ns: [1e5], prices });
    expect(run.time_ns[0]).toBe(1e5 + 1000 * (700 + 2 * 20));
    expect(sum(run.queueing_ns)).toBe(0);
  });

  it('parts add up to the time; utilisation is work over time; dearer service never helps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.boolean(), (seed, constant) => {
        const machine = randomMachine(seed, constant ? 'deterministic' : 'exponential');
        const run = solve(machine);
        machine.cpuNode.forEach((_, cpu) => {
          const part = (list: Float64Array) => sum(list.subarray(cpu * KINDS, (cpu + 1) * KINDS));
          const parts =
            run.think_ns[cpu]! + part(run.minimum_ns) + part(run.queueing_ns) + run.buffer_ns[cpu]!;
          expect(parts / run.time_ns[cpu]!).toBeCloseTo(1, 6);
        });
        for (const u of run.utilisation) expect(u).toBeLessThan(1.001);
        const service_ns = { ...machine.prices.service_ns, memory: machine.prices.service_ns.memory * 1.3 };
        const dearer = solve(machine, { ...machine.prices, service_ns });
        expect(sum(dearer.time_ns)).toBeGreaterThanOrEqual(sum(run.time_ns) * (1 - 1e-7));
      }),
      { numRuns: 40, seed: 31 },
    );
  });

  it('symmetric nodes get equal results; the numbering of CPUs and flows does not matter', () => {
    for (const topology of [
      { kind: 'uniform', nodes: 8 },
      { kind: 'hypercube', dimensions: 3 },
    ] as const) {
      const network = layNetwork(topology);
      const cpuNode = Array.from({ length: 8 }, (_, cpu) => cpu);
      const flows = cpuNode.flatMap((cpu) =>
        cpuNode.flatMap((home): Flow[] =>
          home === cpu
            ? [{ cpu, kind: 'local', home, count: 500 }]
            : [
                { cpu, kind: 'remote_clean', home, count: 300 },
                { cpu, kind: 'writeback', home, count: 50 },
              ],
        ),
      );
      const think_ns = cpuNode.map(() => 2e5);
      const run = solve({ network, cpuNode, flows, think_ns, prices });
      for (let cpu = 1; cpu < 8; cpu++) expect(run.time_ns[cpu]! / run.time_ns[0]!).toBeCloseTo(1, 8);
      const shuffled = solve({ network, cpuNode, flows: [...flows].reverse(), think_ns, prices });
      expect([...shuffled.time_ns]).toEqual([...run.time_ns]);
    }
    const machine = randomMachine(3, 'exponential');
    const last = machine.cpuNode.length - 1;
    const turned: Machine = {
      ...machine,
      cpuNode: [...machine.cpuNode].reverse(),
      think_ns: [...machine.think_ns].reverse(),
      flows: machine.flows.map((flow) => ({ ...flow, cpu: last - flow.cpu })),
    };
    const [there, back] = [solve(machine), solve(turned)];
    machine.cpuNode.forEach((_, cpu) => {
      expect(back.time_ns[last - cpu]! / there.time_ns[cpu]!).toBeCloseTo(1, 7);
    });
    expect(back.hot).toBe(there.hot);
  });

  it('shows a hot home, and spreading the homes relieves it', () => {
    const network = layNetwork({ kind: 'uniform', nodes: 8 });
    const cpuNode = Array.from({ length: 8 }, (_, cpu) => cpu);
    const think_ns = cpuNode.map(() => 4e5);
    const to = (home: (cpu: number) => number): Flow[] =>
      cpuNode.map((cpu) => ({ cpu, kind: 'remote_clean', home: home(cpu), count: 1000 }));
    const hot = solve({ network, cpuNode, flows: to(() => 0), think_ns, prices });
    const even = solve({ network, cpuNode, flows: to((cpu) => (cpu + 1) % 8), think_ns, prices });
    expect(stationText(network.stations[hot.hot]!)).toBe('memory of node 0');
    expect(hot.peak[hot.hot]).toBe(hot.utilisation[hot.hot]);
    expect(hot.utilisation[hot.hot]!).toBeGreaterThan(4 * even.utilisation[even.hot]!);
    expect(sum(hot.queueing_ns)).toBeGreaterThan(20 * sum(even.queueing_ns));
  });

  it('sums windows: equal windows are one times n, a burst costs more than its average', () => {
    const machine = randomMachine(9, 'exponential');
    const { network, cpuNode, flows, think_ns } = machine;
    const window = (share: number) => ({
      demands: layDemands(
        compileTraffic(
          network,
          cpuNode,
          flows.map((flow) => ({ ...flow, count: flow.count * share })),
        ),
      ),
      think_ns,
    });
    const one = solveRun(network, cpuNode.length, [window(1)], machine.prices);
    const many = solveRun(
      network,
      cpuNode.length,
      Array.from({ length: 64 }, () => window(1)),
      machine.prices,
    );
    expect(many.time_ns[0]! / one.time_ns[0]!).toBeCloseTo(64, 8);
    expect(many.utilisation[many.hot]! / one.utilisation[one.hot]!).toBeCloseTo(1, 9);
    const even = solveRun(network, cpuNode.length, [window(0.5), window(0.5)], machine.prices);
    const burst = solveRun(network, cpuNode.length, [window(0.9), window(0.1)], machine.prices);
    expect(sum(burst.queueing_ns)).toBeGreaterThan(sum(even.queueing_ns));
    expect(burst.peakWindow[burst.hot]).toBe(0);
    const nothing = solveRun(
      network,
      cpuNode.length,
      [{ demands: layDemands(compileTraffic(network, cpuNode, [])), think_ns: cpuNode.map(() => 0) }],
      prices,
    );
    expect(sum(nothing.time_ns)).toBe(0);
  });

  it('agrees with discrete-event simulation within 5 % below 80 % utilisation', () => {
    for (const distribution of ['exponential', 'deterministic'] as const) {
      const latency: number[] = [];
      const time: number[] = [];
      const queueing: number[] = [];
      const relative: number[] = [];
      for (let seed = 1; seed <= 24; seed++) {
        const machine = randomMachine(seed, distribution);
        const traffic = compileTraffic(machine.network, machine.cpuNode, machine.flows);
        const workspace = contentionWorkspace(traffic.cpus, traffic.stations.length);
        solveWindow(layDemands(traffic), machine.think_ns, machine.prices, workspace);
        if (Math.max(...workspace.network.utilisation.subarray(0, traffic.stations.length)) >= 0.8) continue;
        const cpus = traffic.cpus;
        const simulated = simulate(machine, Math.max(400, 100_000 / cpus), seed + 1000);
        machine.cpuNode.forEach((_, cpu) => {
          const misses = sum(traffic.misses.subarray(cpu * KINDS, (cpu + 1) * KINDS));
          const cycle = workspace.network.cycle_ns[cpu]! / misses;
          const stall = cycle - machine.think_ns[cpu]! / misses;
          latency.push(Math.abs(stall / simulated.latency_ns[cpu]! - 1));
          time.push(Math.abs(cycle / simulated.cycle_ns[cpu]! - 1));
          const waited = sum(workspace.queueing_ns.subarray(cpu * KINDS, (cpu + 1) * KINDS)) / misses;
          const queued = simulated.queueing_ns[cpu]!;
          queueing.push(Math.abs(waited - queued) / simulated.latency_ns[cpu]!);
          if (queued > 0.1 * simulated.latency_ns[cpu]!) relative.push(Math.abs(waited / queued - 1));
        });
      }
      const mean = (list: readonly number[]): number => sum(list) / list.length;
      expect(latency.length).toBeGreaterThan(100);
      // docs/contention.md has the measured errors; the goal is 5 % for latency and time.
      const exponential = distribution === 'exponential';
      expect(mean(latency)).toBeLessThan(exponential ? 0.015 : 0.03);
      expect(mean(time)).toBeLessThan(exponential ? 0.015 : 0.03);
      expect(mean(queueing)).toBeLessThan(exponential ? 0.01 : 0.03);
      // Where a tenth of the latency and more is queueing, as a share of the queueing itself.
      expect(relative.length).toBeGreaterThan(40);
      expect(mean(relative)).toBeLessThan(exponential ? 0.05 : 0.25);
    }
  });

  it('needs no memory beyond the workspace and few iterations', () => {
    const machine = randomMachine(30, 'exponential');
    const traffic = compileTraffic(machine.network, machine.cpuNode, machine.flows);
    const workspace = contentionWorkspace(traffic.cpus, traffic.stations.length);
    solveWindow(layDemands(traffic), machine.think_ns, machine.prices, workspace);
    expect(workspace.network.iterations).toBeLessThan(100);
    const first = [...workspace.network.cycle_ns];
    solveWindow(layDemands(traffic), machine.think_ns, machine.prices, workspace);
    expect([...workspace.network.cycle_ns]).toEqual(first);
    const small = contentionWorkspace(1, 1);
    expect(() => solveWindow(layDemands(traffic), machine.think_ns, machine.prices, small)).toThrow(
      /too small/,
    );
  });
});

describe('sums in whole picoseconds', () => {
  it('split any total exactly, in proportion, each part within one of its share', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 40 }),
        (total, weights) => {
          const parts = splitExactly(total, weights);
          expect(sum(parts)).toBe(total);
          const all = sum(weights);
          if (all > 0)
            parts.forEach((part, i) => {
              expect(Math.abs(part - (weights[i]! / all) * total)).toBeLessThanOrEqual(1.001);
              if (weights[i] === 0) expect(part).toBe(0);
            });
        },
      ),
      { seed: 41 },
    );
    expect(splitExactly(10, [1, 1, 1])).toEqual([4, 3, 3]);
    expect(splitExactly(7, [0, 0])).toEqual([7, 0]);
    expect(picoseconds(1.2345)).toBe(1235);
    expect(() => picoseconds(Number.NaN)).toThrow(RangeError);
    expect(() => splitExactly(1.5, [1])).toThrow(RangeError);
  });
});
