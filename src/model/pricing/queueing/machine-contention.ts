import { MULTICLASS_DEFAULTS, type MulticlassOptions, solveMulticlass } from './multiclass.ts';
import { type MulticlassWorkspace, multiclassWorkspace, resizeMulticlass } from './multiclass-workspace.ts';
import type { Network } from './topology.ts';
import { BLOCKING_KINDS, type BlockingKind, SERVICES, type Service, type Traffic } from './traffic.ts';

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

/**
 * Memory of a solve and its answer for one window. [cpu × kinds + kind] for the arrays by kind,
 * [cpu × stations + station] inside `network`, with the traffic's own station numbers.
 */
export interface ContentionWorkspace {
  readonly network: MulticlassWorkspace;
  /** Stall without any queueing. */
  readonly minimum_ns: Float64Array;
  /** What queueing adds to it. */
  readonly queueing_ns: Float64Array;
  /** What the misses of a CPU and kind need of the station that they need most. */
  readonly service: Float64Array;
  /** Prices by service and by kind. */
  readonly each_ns: Float64Array;
  readonly latency_ns: Float64Array;
}

/** A workspace for up to so many CPUs and stations. */
export function contentionWorkspace(cpus: number, stations: number): ContentionWorkspace {
  return {
    network: multiclassWorkspace(cpus, stations),
    minimum_ns: new Float64Array(cpus * KINDS),
    queueing_ns: new Float64Array(cpus * KINDS),
    service: new Float64Array(cpus * KINDS),
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
  traffic: Traffic,
  think_ns: ArrayLike<number>,
  prices: ContentionPrices,
  workspace: ContentionWorkspace,
  options: MulticlassOptions = MULTICLASS_DEFAULTS,
): void {
  const { cpus, stations, waits, posted, misses, hops } = traffic;
  const { network, minimum_ns, queueing_ns, service, each_ns, latency_ns } = workspace;
  const width = stations.length;
  resizeMulticlass(network, cpus, width);
  // E[S²]/2 = E[S]² (1 + cv²)/2.
  const half = prices.distribution === 'exponential' ? 1 : 0.5;
  network.regularity = prices.distribution === 'exponential' ? 0 : 1;

  const { visits, demand_ns, half_square_ns2, base_ns, population } = network;
  const { posted_visits, posted_demand_ns, posted_half_square_ns2 } = network;
  for (let i = 0; i < each_ns.length; i++) each_ns[i] = time(prices.service_ns[SERVICES[i]!]);
  for (let i = 0; i < KINDS; i++) latency_ns[i] = prices.latency_ns[BLOCKING_KINDS[i]!];
  for (let i = 0; i < cpus * KINDS; i++) {
    service[i] = 0;
    queueing_ns[i] = 0;
  }
  let held = 0;
  for (let i = 0; i < waits.length; i++) {
    const cpu = waits.cpu[i]!;
    const cell = cpu * width + waits.station[i]!;
    const count = waits.count[i]!;
    const each = each_ns[waits.service[i]!]!;
    visits[cell]! += count;
    demand_ns[cell]! += count * each;
    half_square_ns2[cell]! += count * each * each * half;
    // Visits are sorted: those of one CPU, kind and station follow each other.
    const kind = waits.kind[i]!;
    const before = i - 1;
    const again =
      i > 0 &&
      waits.station[before] === waits.station[i] &&
      waits.kind[before] === kind &&
      waits.cpu[before] === cpu;
    held = (again ? held : 0) + count * each;
    const longest = cpu * KINDS + kind;
    if (held > service[longest]!) service[longest] = held;
  }
  for (let i = 0; i < posted.length; i++) {
    const cell = posted.cpu[i]! * width + posted.station[i]!;
    const count = posted.count[i]!;
    const each = each_ns[posted.service[i]!]!;
    posted_visits[cell]! += count;
    posted_demand_ns[cell]! += count * each;
    posted_half_square_ns2[cell]! += count * each * each * half;
  }
  for (let cpu = 0; cpu < cpus; cpu++) {
    let base = think_ns[cpu]!;
    for (let kind = 0; kind < KINDS; kind++) {
      const cell = cpu * KINDS + kind;
      const priced = misses[cell]! * latency_ns[kind]! + hops[cell]! * prices.hop_ns;
      // Misses cannot be faster than the busiest of the stations that serve them, whatever the latency says.
      const minimum = Math.max(priced, service[cell]!);
      minimum_ns[cell] = minimum;
      base += minimum;
    }
    base_ns[cpu] = time(base);
    population[cpu] = 1;
  }

  if (width === 0) {
    network.cycle_ns.set(network.base_ns);
    network.buffer_ns.fill(0);
    return;
  }
  solveMulticlass(network, options);
  for (let i = 0; i < waits.length; i++) {
    const cpu = waits.cpu[i]!;
    queueing_ns[cpu * KINDS + waits.kind[i]!]! +=
      waits.count[i]! * network.wait_ns[cpu * width + waits.station[i]!]!;
  }
}

/** One window of a run: its traffic (structure) and the CPUs' other time (priced by the caller). */
export interface Window {
  readonly traffic: Traffic;
  readonly think_ns: ArrayLike<number>;
}

/** All windows of a run together. Arrays by CPU, by [cpu × kinds + kind], or by station of the network. */
export interface RunContention {
  readonly time_ns: Float64Array;
  readonly think_ns: Float64Array;
  readonly misses: Float64Array;
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
  options: MulticlassOptions = MULTICLASS_DEFAULTS,
  workspace: ContentionWorkspace = contentionWorkspace(cpus, network.stations.length),
): RunContention {
  const stations = network.stations.length;
  const run = {
    time_ns: new Float64Array(cpus),
    think_ns: new Float64Array(cpus),
    misses: new Float64Array(cpus * KINDS),
    minimum_ns: new Float64Array(cpus * KINDS),
    queueing_ns: new Float64Array(cpus * KINDS),
    buffer_ns: new Float64Array(cpus),
    utilisation: new Float64Array(stations),
    peak: new Float64Array(stations),
    peakWindow: new Int32Array(stations).fill(-1),
  };
  let duration = 0;
  let w = 0;
  for (const { traffic, think_ns } of windows) {
    solveWindow(traffic, think_ns, prices, workspace, options);
    let active = 0;
    let time = 0;
    for (let cpu = 0; cpu < cpus; cpu++) {
      const cycle = workspace.network.cycle_ns[cpu]!;
      if (cycle > 0) active++;
      time += cycle;
      run.time_ns[cpu]! += cycle;
      run.think_ns[cpu]! += think_ns[cpu]!;
      run.buffer_ns[cpu]! += workspace.network.buffer_ns[cpu]!;
    }
    for (let i = 0; i < cpus * KINDS; i++) {
      run.misses[i]! += traffic.misses[i]!;
      run.minimum_ns[i]! += workspace.minimum_ns[i]!;
      run.queueing_ns[i]! += workspace.queueing_ns[i]!;
    }
    const length = active > 0 ? time / active : 0;
    duration += length;
    traffic.stations.forEach((station, k) => {
      const busy = workspace.network.utilisation[k]!;
      run.utilisation[station]! += busy * length;
      if (busy > run.peak[station]!) {
        run.peak[station] = busy;
        run.peakWindow[station] = w;
      }
    });
    w++;
  }
  let hot = -1;
  for (let k = 0; k < stations; k++) {
    if (duration > 0) run.utilisation[k]! /= duration;
    if (run.utilisation[k]! > (hot < 0 ? 0 : run.utilisation[hot]!)) hot = k;
  }
  return { ...run, hot };
}
