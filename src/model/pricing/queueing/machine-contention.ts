import { solveCycles } from './cycles.ts';
import {
  CELL_WIDTH,
  CYCLE_DEFAULTS,
  type CycleOptions,
  type CycleWorkspace,
  cycleWorkspace,
  WAIT,
} from './cycles-workspace.ts';
import { type Demands, loadDemands } from './demands.ts';
import type { Network } from './topology.ts';
import { BLOCKING_KINDS, type BlockingKind, SERVICES, type Service } from './traffic.ts';

/**
 * Contention in the memory system: each CPU is a class of one customer, who computes, misses, and waits until
 * the miss is served (one outstanding miss: rule of a closed network). Controllers, memories, links or the bus
 * are the stations. Latency and run time are one fixed point: longer latencies slow the CPUs, slower CPUs load
 * the stations less. See docs/contention.md.
 */

/** All that pricing needs to know of the machine. */
export interface ContentionPrices {
  /** Uncontended minimum of a miss, without distance. */
  readonly latency_ns: Readonly<Record<BlockingKind, number>>;
  /** Added for each hop of each message for which the CPU waits. */
  readonly hop_ns: number;
  /**
   * Time for which one visit occupies its station; part of the latency, not added to it. Services of one miss may
   * overlap (a line leaves a port while memory still sends it), so their sum may exceed the latency.
   */
  readonly service_ns: Readonly<Record<Service, number>>;
  /** Of the service times. */
  readonly distribution: 'deterministic' | 'exponential';
}

const KINDS = BLOCKING_KINDS.length;

/** Memory of a solve and its answer for one window; [cpu × kinds + kind] for the arrays by kind. */
export interface ContentionWorkspace {
  /** By CPU, and by station of the demands. */
  readonly network: CycleWorkspace;
  /** Stall without any queueing. */
  readonly minimum_ns: Float64Array;
  /** What queueing adds to it. */
  readonly queueing_ns: Float64Array;
  /** Prices by service and by kind. */
  readonly each_ns: Float64Array;
  readonly latency_ns: Float64Array;
}

/** A workspace for up to so many CPUs and stations. */
export function contentionWorkspace(cpus: number, stations: number): ContentionWorkspace {
  return {
    network: cycleWorkspace(cpus, stations),
    minimum_ns: new Float64Array(cpus * KINDS),
    queueing_ns: new Float64Array(cpus * KINDS),
    each_ns: new Float64Array(SERVICES.length),
    latency_ns: new Float64Array(KINDS),
  };
}

/** Below a femtosecond is no time: its reciprocal, a rate, might be infinite. */
const time = (ns: number): number => (ns < 1e-6 ? 0 : ns);

/**
 * Solves one window. `think_ns[c]` is all of CPU c's time in it that is not spent waiting on misses: execution,
 * and idle time if there is any. Afterwards `workspace.network.cycle_ns[c]` is CPU c's time in the window:
 * think + minimum + queueing (by kind) + `network.buffer_ns[c]`.
 */
export function solveWindow(
  demands: Demands,
  think_ns: ArrayLike<number>,
  prices: ContentionPrices,
  workspace: ContentionWorkspace,
  options: CycleOptions = CYCLE_DEFAULTS,
): void {
  loadPrices(prices, workspace);
  solvePriced(demands, think_ns, prices, workspace, options);
}

/** Prices as numbers in a row, once for all windows. */
function loadPrices(prices: ContentionPrices, { network, each_ns, latency_ns }: ContentionWorkspace): void {
  for (let i = 0; i < each_ns.length; i++) each_ns[i] = time(prices.service_ns[SERVICES[i]!]);
  for (let i = 0; i < KINDS; i++) latency_ns[i] = prices.latency_ns[BLOCKING_KINDS[i]!];
  network.regularity = prices.distribution === 'exponential' ? 0 : 1;
}

function solvePriced(
  demands: Demands,
  think_ns: ArrayLike<number>,
  { hop_ns, distribution }: ContentionPrices,
  workspace: ContentionWorkspace,
  options: CycleOptions,
): void {
  const { cpus, cells, firstWait, waitCell, waitCount } = demands;
  const { network, queueing_ns, each_ns } = workspace;
  const { cell } = network;
  if (
    cpus > network.base_ns.length ||
    cells.stations > network.utilisation.length ||
    cells.first[cells.stations]! * CELL_WIDTH > cell.length
  )
    throw new RangeError('the workspace is too small for this network');
  // E[S²]/2 = E[S]² (1 + cv²)/2.
  loadDemands(demands, each_ns, distribution === 'exponential' ? 1 : 0.5, network);
  loadBases(demands, think_ns, hop_ns, workspace);
  solveCycles(cells, network, options);
  for (let target = 0; target < cpus * KINDS; target++) {
    let ns = 0;
    const end = firstWait[target + 1]!;
    for (let i = firstWait[target]!; i < end; i++)
      ns += waitCount[i]! * cell[waitCell[i]! * CELL_WIDTH + WAIT]!;
    queueing_ns[target] = ns;
  }
}

/** What each CPU's misses and its whole window take without queueing. */
function loadBases(
  { cpus, misses, hops, firstServed, served, mostServed }: Demands,
  think_ns: ArrayLike<number>,
  hop_ns: number,
  { network, minimum_ns, each_ns, latency_ns }: ContentionWorkspace,
): void {
  const services = each_ns.length;
  for (let cpu = 0; cpu < cpus; cpu++) network.base_ns[cpu] = think_ns[cpu]!;
  for (let kind = 0; kind < KINDS; kind++) {
    const latency = latency_ns[kind]!;
    let most = 0;
    for (let s = 0; s < services; s++) most += mostServed[kind * services + s]! * each_ns[s]!;
    for (let cpu = 0; cpu < cpus; cpu++) {
      const target = cpu * KINDS + kind;
      let minimum = misses[target]! * latency + hops[target]! * hop_ns;
      // Misses cannot be faster than the busiest of the stations that serve them, whatever the latency says.
      if (most > latency)
        for (let entry = firstServed[target]!; entry < firstServed[target + 1]!; entry++) {
          let held = 0;
          for (let s = 0; s < services; s++) held += served[entry * services + s]! * each_ns[s]!;
          if (held > minimum) minimum = held;
        }
      minimum_ns[target] = minimum;
      network.base_ns[cpu]! += minimum;
    }
  }
  for (let cpu = 0; cpu < cpus; cpu++) network.base_ns[cpu] = time(network.base_ns[cpu]!);
}

/** One window of a run: its demands (structure) and the CPUs' other time (priced by the caller). */
export interface Window {
  readonly demands: Demands;
  readonly think_ns: ArrayLike<number>;
}

/** All windows of a run together. Arrays by CPU, by [cpu × kinds + kind], or by station of the network. */
export interface RunContention {
  readonly time_ns: Float64Array;
  readonly think_ns: Float64Array;
  readonly misses: Float64Array;
  readonly hops: Float64Array;
  readonly minimum_ns: Float64Array;
  readonly queueing_ns: Float64Array;
  /** Waiting for a slot of the write-back buffer. */
  readonly buffer_ns: Float64Array;
  /** Utilisation of each station: the windows', weighted with their durations. */
  readonly utilisation: Float64Array;
  /** The highest utilisation of each station in any window, and that window. */
  readonly peak: Float64Array;
  readonly peakWindow: Int32Array;
  /** The station with the highest utilisation (the first of equals), or −1 without any traffic. */
  readonly hot: number;
}

/**
 * Solves each window by itself and adds up. A CPU's time in a window is its own; the duration of a window, for
 * utilisation, is the mean over the CPUs that were active in it. Windows are asked for one at a time, so that
 * those of a large machine need not be held together. Each has `cpus` CPUs.
 */
export function solveRun(
  network: Network,
  cpus: number,
  windows: Iterable<Window>,
  prices: ContentionPrices,
  options: CycleOptions = CYCLE_DEFAULTS,
  workspace: ContentionWorkspace = contentionWorkspace(cpus, network.stations.length),
): RunContention {
  const stations = network.stations.length;
  const run = {
    time_ns: new Float64Array(cpus),
    think_ns: new Float64Array(cpus),
    misses: new Float64Array(cpus * KINDS),
    hops: new Float64Array(cpus * KINDS),
    minimum_ns: new Float64Array(cpus * KINDS),
    queueing_ns: new Float64Array(cpus * KINDS),
    buffer_ns: new Float64Array(cpus),
    utilisation: new Float64Array(stations),
    peak: new Float64Array(stations),
    peakWindow: new Int32Array(stations).fill(-1),
  };
  const { network: solved, minimum_ns, queueing_ns } = workspace;
  loadPrices(prices, workspace);
  let duration = 0;
  let w = 0;
  for (const { demands, think_ns } of windows) {
    solvePriced(demands, think_ns, prices, workspace, options);
    let active = 0;
    let time = 0;
    for (let cpu = 0; cpu < cpus; cpu++) {
      const cycle = solved.cycle_ns[cpu]!;
      if (cycle > 0) active++;
      time += cycle;
      run.time_ns[cpu]! += cycle;
      run.think_ns[cpu]! += think_ns[cpu]!;
      run.buffer_ns[cpu]! += solved.buffer_ns[cpu]!;
    }
    for (let i = 0; i < cpus * KINDS; i++) {
      run.misses[i]! += demands.misses[i]!;
      run.hops[i]! += demands.hops[i]!;
      run.minimum_ns[i]! += minimum_ns[i]!;
      run.queueing_ns[i]! += queueing_ns[i]!;
    }
    const length = active > 0 ? time / active : 0;
    duration += length;
    for (let k = 0; k < demands.stations.length; k++) {
      const station = demands.stations[k]!;
      const busy = solved.utilisation[k]!;
      run.utilisation[station]! += busy * length;
      if (busy > run.peak[station]!) {
        run.peak[station] = busy;
        run.peakWindow[station] = w;
      }
    }
    w++;
  }
  let hot = -1;
  for (let k = 0; k < stations; k++) {
    if (duration > 0) run.utilisation[k]! /= duration;
    if (run.utilisation[k]! > (hot < 0 ? 0 : run.utilisation[hot]!)) hot = k;
  }
  return { ...run, hot };
}
