import type { Demands } from './demands.ts';
import { BLOCKING_KINDS } from './traffic.ts';

/** The windows of a run, added up in their order. */

const KINDS = BLOCKING_KINDS.length;

/** Every so many numbers of a list, from one on: those of one of several windows that are solved together. */
export interface Column {
  readonly list: Float64Array;
  readonly at: number;
  readonly step: number;
}
export const whole = (list: Float64Array): Column => ({ list, at: 0, step: 1 });

/** What one window comes to. */
export interface WindowAnswer {
  /** By CPU: its time in the window, and the part in which it waits for its posted buffer. */
  readonly cycle_ns: Column;
  readonly buffer_ns: Column;
  /** By station that is visited. */
  readonly utilisation: Column;
  /** By [cpu × kinds + kind]: stall without any queueing, and what queueing adds to it. */
  readonly minimum_ns: Column;
  readonly queueing_ns: Column;
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
  const { time_ns, think_ns: thought_ns, buffer_ns: buffered_ns } = run;
  const [cycles, buffers] = [cycle_ns.list, buffer_ns.list];
  for (let cpu = 0, a = cycle_ns.at, b = buffer_ns.at; cpu < time_ns.length; cpu++) {
    const cycle = cycles[a]!;
    if (cycle > 0) active++;
    time += cycle;
    time_ns[cpu]! += cycle;
    thought_ns[cpu]! += think_ns[cpu]!;
    buffered_ns[cpu]! += buffers[b]!;
    a += cycle_ns.step;
    b += buffer_ns.step;
  }
  addColumn(run.minimum_ns, minimum_ns);
  addColumn(run.queueing_ns, queueing_ns);
  const length = active > 0 ? time / active : 0;
  sums.duration_ns += length;
  for (let k = 0, at = utilisation.at; k < stations.length; k++, at += utilisation.step) {
    const station = stations[k]!;
    const busy = utilisation.list[at]!;
    run.utilisation[station]! += busy * length;
    if (busy > run.peak[station]!) {
      run.peak[station] = busy;
      run.peakWindow[station] = sums.windows;
    }
  }
  sums.windows++;
}

function addColumn(sums: Float64Array, { list, at, step }: Column): void {
  for (let i = 0, from = at; i < sums.length; i++, from += step) sums[i]! += list[from]!;
}

/** The whole run. */
export function wholeRun({ run, duration_ns }: RunSums): RunContention {
  for (let k = 0; k < run.utilisation.length; k++) {
    if (duration_ns > 0) run.utilisation[k]! /= duration_ns;
    if (run.utilisation[k]! > (run.hot < 0 ? 0 : run.utilisation[run.hot]!)) run.hot = k;
  }
  return run;
}
