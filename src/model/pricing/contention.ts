import { nodeOfCpu } from '../hardware/nodes.ts';
import type { ResolvedPrices } from '../systems/resolve.ts';
import type { Machine } from '../systems/schema.ts';
import { FLOW_KINDS, type Tally, type TallyWindow } from '../tally.ts';
import { moveShares, workColumns } from './compiled-work.ts';
import { thinkingOf } from './kept-thinking.ts';
import { CYCLE_DEFAULTS } from './queueing/cycles-workspace.ts';
import { type Demands, layDemands } from './queueing/demands.ts';
import {
  type ContentionWorkspace,
  contentionWorkspace,
  solveRun,
  solveRunInPairs,
  type Window,
} from './queueing/machine-contention.ts';
import type { Pairs, PairWindows } from './queueing/pairs/pairs.ts';
import type { RunContention } from './queueing/run-contention.ts';
import { layNetwork, type Network, stationText, type Topology } from './queueing/topology.ts';
import {
  BLOCKING_KINDS,
  type BlockingKind,
  type Flow,
  SERVICES,
  trafficCompiler,
} from './queueing/traffic.ts';
import type { ContentionPrices } from './queueing/window-bases.ts';
import { latencies } from './stalls.ts';
import { MISSES, UNITS, unitPrices } from './units.ts';
import { rounded } from './whole.ts';

/**
 * What a run's windows say of the memory system: how far messages went, and how long CPUs queued. Counts and
 * prices in, nanoseconds by CPU and kind of miss out; `price.ts` spreads them over the rows.
 */

const KINDS = BLOCKING_KINDS.length;

/** Who prices as often is likely to go on. */
const SOLVES_BEFORE_PAIRS = 3;

/** The interconnect of a machine. A mesh is as square as its number of nodes has factors. */
export function topologyOf({ interconnect, nodes }: Pick<Machine, 'interconnect' | 'nodes'>): Topology {
  if (interconnect === 'mesh') {
    let height = 1;
    for (let n = 2; n * n <= nodes; n++) if (nodes % n === 0) height = n;
    return { kind: 'mesh', width: nodes / height, height };
  }
  if (interconnect === 'hypercube') {
    let dimensions = 0;
    while (1 << dimensions < nodes) dimensions++;
    return { kind: 'hypercube', dimensions };
  }
  return { kind: interconnect, nodes };
}

/** What the memory system adds to the prices of misses. Arrays are [cpu × kinds + kind] of BLOCKING_KINDS. */
export interface Delays {
  /** Hops of the messages that CPUs waited for. */
  readonly hops: Float64Array;
  /** Queueing, and what saturated stations need beyond the minimum. Zero without contention. */
  readonly queueing_ns: Float64Array;
  /** By CPU: waiting for a slot of the buffer of posted messages. */
  readonly buffer_ns: Float64Array;
  /** The solved run; null without contention. */
  readonly solved: { readonly network: Network; readonly run: RunContention } | null;
}

/** Solves the windows of a run; null where there is nothing to know: no windows, or neither hops nor contention. */
export function memoryDelays(tally: Tally, prices: ResolvedPrices, machine: Machine): Delays | null {
  return delaysOf(tally, machine, false)(prices);
}

/**
 * The same for any prices. `keep`: holds what windows ask of the machine's stations, which is the same for all prices
 * and takes longer to find than to solve; of a large machine it is large. `pairWindows`: lays
 * windows out in pairs, which are solved faster; without, each is solved by itself.
 */
export function delaysOf(
  tally: Tally,
  machine: Machine,
  keep: boolean,
  pairWindows?: PairWindows,
): (prices: ResolvedPrices) => Delays | null {
  const { cpus } = tally;
  const contended = machine.contention !== 'none';
  if (tally.windows.length === 0) return () => null;
  const { network, works, demandsOf } = windowsOf(tally, machine);
  const units = new Float64Array(UNITS);
  let workspace: ContentionWorkspace | undefined;
  // All that the answer depends on: the memory system's prices, and each CPU's thinking in each window. Where a price
  // moves none of these, as that of a disk, the last answer is the answer.
  const asked = new Float64Array(MEMORY_PRICES + works.length * cpus);
  const thinks = works.map((_, w) =>
    asked.subarray(MEMORY_PRICES + w * cpus, MEMORY_PRICES + (w + 1) * cpus),
  );
  const think = thinkingOf(works, thinks);
  const answered = new Float64Array(asked.length);
  let answer: Delays | null = null;

  function* laid(): Generator<Window> {
    for (const [w, think_ns] of thinks.entries()) yield { demands: demandsOf(w), think_ns };
  }
  let kept: readonly Window[] | null = null;
  const windows = (): Iterable<Window> => {
    if (keep) kept ??= [...laid()];
    return kept ?? laid();
  };
  // Laid out in pairs they are solved several times as fast, with the same result; that takes as long as some solves.
  let pairs: Pairs | null = null;
  let solved = 0;
  const solveWindows = (contention: ContentionPrices): RunContention => {
    workspace ??= contentionWorkspace(cpus, network.stations.length);
    if (keep && pairWindows && ++solved === SOLVES_BEFORE_PAIRS)
      pairs = pairWindows([...windows()].map(({ demands }) => demands));
    return pairs === null || kept === null
      ? solveRun(network, cpus, windows(), contention, CYCLE_DEFAULTS, workspace)
      : solveRunInPairs(network, cpus, kept, pairs, contention, CYCLE_DEFAULTS, workspace);
  };

  const solve = (prices: ResolvedPrices): Delays => {
    const queueing_ns = new Float64Array(cpus * KINDS);
    if (machine.contention === 'none') {
      const hops = new Float64Array(cpus * KINDS);
      for (const { demands } of windows())
        for (let cell = 0; cell < hops.length; cell++) hops[cell]! += demands.hops[cell]!;
      return { hops, queueing_ns, buffer_ns: new Float64Array(cpus), solved: null };
    }
    const contention = contentionPrices(prices, machine.contention);
    const run = solveWindows(contention);
    const { hops } = run;
    for (let cell = 0; cell < cpus * KINDS; cell++) {
      const kind = BLOCKING_KINDS[cell % KINDS]!;
      const priced = run.misses[cell]! * contention.latency_ns[kind] + hops[cell]! * prices.hop_ns;
      // The solver's minimum is longer where a station cannot serve so many in so short a time. The sum of
      // windows may differ from the whole in the last digits, which is no time.
      const beyond = run.minimum_ns[cell]! - priced;
      queueing_ns[cell] = run.queueing_ns[cell]! + (beyond > priced * 1e-9 ? beyond : 0);
    }
    return { hops, queueing_ns, buffer_ns: run.buffer_ns, solved: { network, run } };
  };

  return (prices) => {
    if (!(contended || prices.hop_ns > 0)) return null;
    if (contended) {
      unitPrices(prices, units);
      asked.set(units.subarray(MISSES, MISSES + KINDS));
      asked.set(
        [prices.controller_ns, prices.memory_ns, prices.message_ns, prices.line_ns, prices.hop_ns],
        KINDS,
      );
      think(prices, units);
    }
    if (answer !== null && alike(asked, answered)) return answer;
    // Not before it is there: a solution may fail.
    answer = null;
    answer = solve(prices);
    answered.set(asked);
    return answer;
  };
}

/** What pricing contention starts from: the machine's stations, each window's work, and what it asks of the stations. */
export function windowsOf(tally: Tally, machine: Machine) {
  const { cpus, windows } = tally;
  const network = layNetwork(topologyOf(machine));
  const cpuNode = Array.from({ length: cpus }, (_, cpu) => nodeOfCpu(cpu, cpus, machine.nodes));
  const compile = trafficCompiler(network, cpuNode);
  const far = moveShares(tally);
  return {
    network,
    works: windows.map((window) => workColumns(window, far)),
    /** Not kept: of a large machine it is large. */
    demandsOf: (w: number): Demands => layDemands(compile(flowsOf(windows[w]!, cpuNode))),
  };
}

const alike = (a: Float64Array, b: Float64Array): boolean => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Prices that a solution depends on: of each kind of miss, of a hop, and of each service. */
const MEMORY_PRICES = KINDS + 1 + SERVICES.length;

/** Prices of a machine as the queueing model takes them. */
export function contentionPrices(
  prices: ResolvedPrices,
  distribution: ContentionPrices['distribution'],
): ContentionPrices {
  return {
    latency_ns: latencies(prices),
    hop_ns: prices.hop_ns,
    service_ns: {
      controller: prices.controller_ns,
      memory: prices.memory_ns,
      control: prices.message_ns,
      data: prices.line_ns,
    },
    distribution,
  };
}

/** The messages of a window, as the queueing model names them. */
function* flowsOf(window: TallyWindow, cpuNode: readonly number[]): Generator<Flow> {
  for (const [cpu, number, home, owner, count] of window.flows) {
    const kind = FLOW_KINDS[number];
    if (kind === undefined) throw new RangeError(`no kind of message has number ${number}`);
    const far = kind === 'upgrade' && home !== cpuNode[cpu];
    yield { cpu, kind: far ? 'remote_upgrade' : kind, home, owner, count };
  }
}

/** Load of one station over a run. */
export interface StationLoad {
  /** In words, e.g. `memory of node 3`. */
  readonly name: string;
  readonly kind: 'controller' | 'memory' | 'port' | 'link' | 'bus';
  /** The node it belongs to; of a link the node where it starts; null: the bus. */
  readonly node: number | null;
  /** Share of the time in which it is busy, 0 to 1: over the run, and in the window where it is busiest. */
  readonly utilisation: number;
  readonly peak: number;
  /** That window, from 0; null: never busy. */
  readonly peak_window: number | null;
}

/** Misses of one kind over a run. */
export interface KindDelay {
  readonly kind: BlockingKind;
  readonly misses: number;
  /** Mean time of one without queueing, distance included, and what queueing adds to it, in ns. */
  readonly minimum_ns: number;
  readonly queueing_ns: number;
}

/** Contention in the memory system over a run. */
export interface Contention {
  readonly windows: number;
  readonly distribution: 'deterministic' | 'exponential';
  /** Waiting for memory without queueing, all CPUs; distance included. */
  readonly minimum_ps: number;
  /** The exact sum of the breakdown's parts of cause `queueing`; of these, waiting for the buffer of posted messages. */
  readonly queueing_ps: number;
  readonly buffer_ps: number;
  /** Kinds of miss that occurred. */
  readonly kinds: readonly KindDelay[];
  /** All stations: controllers, memories, then the network. */
  readonly stations: readonly StationLoad[];
  /** Name of the station with the highest utilisation; null: none is ever busy. */
  readonly hottest: string | null;
}

/** Loads of the stations of a solved run, utilisations to six digits. */
export function stationLoads(network: Network, run: RunContention): StationLoad[] {
  return network.stations.map((station, k) => ({
    name: stationText(station),
    kind: station.kind,
    node: station.node < 0 ? null : station.node,
    utilisation: rounded(run.utilisation[k]!, 1e6),
    peak: rounded(run.peak[k]!, 1e6),
    peak_window: run.peakWindow[k]! < 0 ? null : run.peakWindow[k]!,
  }));
}

/** Means of a kind from whole sums, to a picosecond. */
export function kindDelay(
  kind: BlockingKind,
  misses: number,
  minimum_ps: number,
  queueing_ps: number,
): KindDelay {
  return {
    kind,
    misses,
    minimum_ns: Math.round(minimum_ps / misses) / 1000,
    queueing_ns: Math.round(queueing_ps / misses) / 1000,
  };
}
