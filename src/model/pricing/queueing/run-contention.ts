import type { Demands } from './demands.ts';
import { BLOCKING_KINDS } from './traffic.ts';

/** The windows of a run, added up in their order. */

const KINDS = BLOCKING_KINDS.length;

/** What one window comes to. */
export interface WindowAnswer {
  /** By CPU: its time in the window, and the part in which it waits for its posted buffer. */
  readonly cycle_ns: Float64Array;
  readonly buffer_ns: Float64Array;
  /** By station that is visited. */
  readonly utilisation: Float64Array;
  /** By [cpu × kinds + kind]: stall without any queueing, and what queueing adds to it. */
  readonly minimum_ns: Float64Array;
  readonly queueing_ns: Float64Array;
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

/** Sums in the making. */
export interface RunSums {
  readonly run: { -readonly [K in keyof RunContention]: RunContention[K] };
  windows: number;
  duration_ns: number;
}

export const runSums = (cpus: number, stations: number): RunSums => ({
  run: {
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
    hot: -1,
  },
  windows: 0,
  duration_ns: 0,
});

/** Adds what the next window counted, at whatever prices. */
export function addCounts({ run }: RunSums, { misses, hops }: Pick<Demands, 'misses' | 'hops'>): void {
  for (let i = 0; i < run.misses.length; i++) {
    run.misses[i]! += misses[i]!;
    run.hops[i]! += hops[i]!;
  }
}

/**
 * Adds the time of the next window. A CPU's time in it is its own; its duration, for utilisation, is the mean over the CPUs
 * that were active in it. `stations`: those of the network that the answer's are.
 */
export function addWindow(
  sums: RunSums,
  stations: Int32Array,
  think_ns: ArrayLike<number>,
  { cycle_ns, buffer_ns, utilisation, minimum_ns, queueing_ns }: WindowAnswer,
): void {
  const { run } = sums;
  let active = 0;
  let time = 0;
  for (let cpu = 0; cpu < run.time_ns.length; cpu++) {
    const cycle = cycle_ns[cpu]!;
    if (cycle > 0) active++;
    time += cycle;
    run.time_ns[cpu]! += cycle;
    run.think_ns[cpu]! += think_ns[cpu]!;
    run.buffer_ns[cpu]! += buffer_ns[cpu]!;
  }
  for (let i = 0; i < run.minimum_ns.length; i++) {
    run.minimum_ns[i]! += minimum_ns[i]!;
    run.queueing_ns[i]! += queueing_ns[i]!;
  }
  const length = active > 0 ? time / active : 0;
  sums.duration_ns += length;
  for (let k = 0; k < stations.length; k++) {
    const station = stations[k]!;
    const busy = utilisation[k]!;
    run.utilisation[station]! += busy * length;
    if (busy > run.peak[station]!) {
      run.peak[station] = busy;
      run.peakWindow[station] = sums.windows;
    }
  }
  sums.windows++;
}

/** The whole run. */
export function wholeRun({ run, duration_ns }: RunSums): RunContention {
  for (let k = 0; k < run.utilisation.length; k++) {
    if (duration_ns > 0) run.utilisation[k]! /= duration_ns;
    if (run.utilisation[k]! > (run.hot < 0 ? 0 : run.utilisation[run.hot]!)) run.hot = k;
  }
  return run;
}
