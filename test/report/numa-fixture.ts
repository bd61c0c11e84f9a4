import { MISS_CLASSES, type Numa, type SERVED } from '../../src/model/numa.ts';
import type { PageAction } from '../../src/model/pricing/actions.ts';
import type { Contention, StationLoad } from '../../src/model/pricing/contention.ts';
import type { Sensitivity } from '../../src/model/pricing/sensitivity.ts';
import type { Comparison, RunResult, SystemRun } from '../../src/model/result.ts';
import type { PageFacts } from '../../src/model/tally.ts';
import { comparisonOf, type FixtureTrace } from './fixture.ts';

/** The memory system of a made-up machine: every node misses on every other, most on a home of its own choice. */

/** What a system's memory facts are made from; all integers. */
export interface MemorySeed {
  readonly nodes: number;
  /** Misses of each node to its own and to each other home, and how many more go to node 0. */
  readonly own: number;
  readonly other: number;
  readonly crowd: number;
  readonly classes: readonly number[];
  readonly utilisation: number;
}

export function numaFacts({ nodes, own, other, crowd, classes }: MemorySeed): Numa {
  const matrix = Array.from({ length: nodes }, (_, node) =>
    Array.from({ length: nodes }, (_, home) => (node === home ? own : other) + (home === 0 ? crowd : 0)),
  );
  const at = (node: number) => {
    const all = matrix[node]!.reduce((a, b) => a + b, 0);
    const dirty = Math.floor((all - matrix[node]![node]!) / 4);
    const neighbour = Math.floor(own / 8);
    const local = matrix[node]![node]! - neighbour;
    return { local, remote: all - matrix[node]![node]! - dirty, dirty, neighbour };
  };
  const served = matrix.map((_, node) => at(node));
  const sum = (kind: (typeof SERVED)[number]): number => served.reduce((total, one) => total + one[kind], 0);
  return {
    served: { local: sum('local'), remote: sum('remote'), dirty: sum('dirty'), neighbour: sum('neighbour') },
    classes: Object.fromEntries(MISS_CLASSES.map((name, i) => [name, classes[i] ?? 0])) as Numa['classes'],
    upgrades: { local: 10, remote: 20 },
    nodes: served.map((one, node) => ({
      served: one,
      homed: matrix.reduce((total, row) => total + row[node]!, 0),
      upgrades: 3,
    })),
    matrix,
  };
}

function contentionFacts({ nodes, utilisation }: MemorySeed): Contention {
  const station = (kind: StationLoad['kind'], text: string, node: number): StationLoad => {
    const load = Math.round(((utilisation * (kind === 'memory' ? 1 : 0.7)) / (node + 1)) * 1e6) / 1e6;
    return {
      name: `${text} of node ${node}`,
      kind,
      node,
      utilisation: load,
      peak: Math.min(1, load * 1.5),
      peak_window: load > 0 ? 3 : null,
    };
  };
  const stations = Array.from({ length: nodes }, (_, node) => [
    station('controller', 'controller', node),
    station('memory', 'memory', node),
    station('port', 'output port', node),
    station('port', 'input port', node),
  ]).flat();
  return {
    windows: 64,
    distribution: 'deterministic',
    minimum_ps: 80_000_000_000,
    queueing_ps: Math.round(utilisation * 20_000_000_000),
    buffer_ps: 0,
    kinds: [
      { kind: 'local', misses: 1000, minimum_ns: 300, queueing_ns: 24.5 },
      { kind: 'remote_clean', misses: 3000, minimum_ns: 900, queueing_ns: 112.4 },
      { kind: 'remote_dirty', misses: 500, minimum_ns: 1300, queueing_ns: 143.7 },
      { kind: 'upgrade', misses: 20, minimum_ns: 200, queueing_ns: 0 },
    ],
    stations,
    hottest: utilisation > 0 ? 'memory of node 0' : null,
  };
}

const PAGES: PageFacts = {
  decisions: { 'leave: write-shared': 17, 'migrate: private': 40, 'replicate: read-shared': 12 },
  fates: { left: 9, migrated: 38, replicated: 10, 'migrated and replicated': 2 },
  replicas: 12,
};

const ACTIONS: readonly PageAction[] = [
  { layer: 'hot_page', count: 69, ps: 96_600_000, per_second: 1724.5, us_each: 1.4 },
  { layer: 'migrate', count: 40, ps: 1_640_000_000, per_second: 1000, us_each: 41 },
  { layer: 'replicate', count: 12, ps: 732_000_000, per_second: 300, us_each: 61 },
  { layer: 'shootdown', count: 30, ps: 22_500_000, per_second: 750, us_each: 0.75 },
];

const SENSITIVITY: Sensitivity = {
  step_percent: 20,
  change: 31.2,
  varied: 27,
  low: 26.5,
  high: 36.25,
  effects: [
    { path: 'prices.emulate_cycles', less: 26.5, more: 36.25 },
    { path: 'prices.cycle_ns', less: 33.5, more: 29.25 },
    { path: 'prices.l2_hit_ns', less: 31.5, more: 30.75 },
    { path: 'prices.trap_cycles', less: 31, more: 31.4 },
  ],
};

/** A run with the facts of a memory system; with a monitor also pages that moved. */
export function withMemory(run: SystemRun, seed: MemorySeed, baseline = false): SystemRun {
  const moves = run.system.monitor !== null;
  return {
    ...run,
    system: { ...run.system, machine: { ...run.system.machine, nodes: seed.nodes } },
    tally: { ...run.tally, cpus: 2 * seed.nodes, pages: moves ? PAGES : null },
    numa: numaFacts(seed),
    contention: contentionFacts(seed),
    actions: moves ? ACTIONS : [],
    sensitivity: baseline ? null : SENSITIVITY,
  };
}

export const SEEDS: readonly Omit<MemorySeed, 'nodes'>[] = [
  { own: 1000, other: 900, crowd: 10, classes: [50_000, 8000, 900, 40, 0], utilisation: 0.25 },
  { own: 4000, other: 300, crowd: 700, classes: [40_000, 30_000, 2000, 100, 60], utilisation: 0.62 },
  { own: 3000, other: 500, crowd: 0, classes: [900, 30_000, 2000, 100, 60], utilisation: 0.1 },
];

/** One trace under up to three systems on so many nodes. */
export function numaComparison(
  nodes = 8,
  names: readonly string[] = ['irix-numa', 'disco-numa', 'disco-other'],
  trace: FixtureTrace = { name: 'zipf', services: 2, level: 'user' },
): Comparison {
  const plain = comparisonOf(trace, names);
  return {
    ...plain,
    runs: plain.runs.map((run, i) => withMemory(run, { nodes, ...SEEDS[i % SEEDS.length]! }, i === 0)),
  };
}

export function numaResult(nodes = 8, names?: readonly string[]): RunResult {
  return {
    schema: 'vmtax.run/1',
    tool: { name: 'vmtax', version: '0.1.0' },
    comparisons: [numaComparison(nodes, names)],
  };
}
