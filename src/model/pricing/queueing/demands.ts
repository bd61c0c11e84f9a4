import type { Cells, CycleWorkspace } from './cycles-workspace.ts';
import * as workspace from './cycles-workspace.ts';
import { BLOCKING_KINDS, SERVICES, type Traffic } from './traffic.ts';

/**
 * A window's traffic laid out for the solver: how often each CPU asks each station for which service, so that with
 * the prices of services a network is there at once. Counts only; made once per structure.
 */

const KINDS = BLOCKING_KINDS.length;
// Local copies: an imported constant is looked up at each use.
const { CELL_WIDTH, VISITS, DEMAND, HALF_SQUARE, POSTED_VISITS, POSTED_DEMAND, POSTED_HALF_SQUARE } =
  workspace;

export interface Demands {
  readonly cpus: number;
  /** Network stations that are visited at all. */
  readonly stations: Int32Array;
  /** Misses, and hops on their way, [cpu × kinds + kind]. */
  readonly misses: Float64Array;
  readonly hops: Float64Array;
  readonly cells: Cells;
  /** [cell × 4]: visits for the station's first and second service, and those of posted work. */
  readonly visits: Float64Array;
  /** [station × 2]: its two services (indices into SERVICES; of a controller or a memory twice the same). */
  readonly services: Uint8Array;
  /** Visits by posted work, [cpu × services]. */
  readonly posted: Float64Array;
  /** Who waits where: by [cpu × kinds + kind] (one more for the end) cells, and visits of them. */
  readonly firstWait: Int32Array;
  readonly waitCell: Int32Array;
  readonly waitCount: Float64Array;
  /**
   * What one station has to serve, [entry × services], by [cpu × kinds + kind] (one more for the end): of stations that
   * serve no more than another of any service there is no entry.
   */
  readonly firstServed: Int32Array;
  readonly served: Float64Array;
  /** The most of that per miss, [kind × services]. */
  readonly mostServed: Float64Array;
}

/** Lays out the traffic of a window. */
export function layDemands(traffic: Traffic): Demands {
  const { cpus, stations, misses, hops, waits, posted } = traffic;
  const width = stations.length;
  const lists = [waits, posted];
  // Each station's CPUs, from the first to the last.
  const from = new Int32Array(width).fill(cpus);
  const last = new Int32Array(width).fill(-1);
  const services = new Uint8Array(width * 2).fill(SERVICES.length);
  for (const list of lists)
    for (let i = 0; i < list.length; i++) {
      const [station, cpu, service] = [list.station[i]!, list.cpu[i]!, list.service[i]!];
      if (cpu < from[station]!) from[station] = cpu;
      if (cpu > last[station]!) last[station] = cpu;
      const at = station * 2;
      if (services[at] === SERVICES.length) services.fill(service, at, at + 2);
      else if (services[at] !== service) services[at + 1] = service;
    }
  const first = new Int32Array(width + 1);
  for (let k = 0; k < width; k++) first[k + 1] = first[k]! + last[k]! - from[k]! + 1;
  const cellOf = (station: number, cpu: number): number => first[station]! + cpu - from[station]!;
  const visits = new Float64Array(first[width]! * 4);
  lists.forEach((list, kind) => {
    for (let i = 0; i < list.length; i++) {
      const station = list.station[i]!;
      const second = services[station * 2] === list.service[i] ? 0 : 1;
      visits[cellOf(station, list.cpu[i]!) * 4 + kind * 2 + second]! += list.count[i]!;
    }
  });
  const sent = new Float64Array(cpus * SERVICES.length);
  for (let i = 0; i < posted.length; i++)
    sent[posted.cpu[i]! * SERVICES.length + posted.service[i]!]! += posted.count[i]!;
  return {
    cpus,
    stations,
    misses,
    hops,
    cells: { classes: cpus, stations: width, first, from },
    visits,
    services,
    posted: sent,
    ...layWaits(traffic, cellOf),
    ...layServed(traffic),
  };
}

/** The visits of waits are sorted by CPU, kind and station already. */
function layWaits({ cpus, waits }: Traffic, cellOf: (station: number, cpu: number) => number) {
  const firstWait = new Int32Array(cpus * KINDS + 1);
  const waitCell = new Int32Array(waits.length);
  for (let i = 0; i < waits.length; i++) {
    firstWait[waits.cpu[i]! * KINDS + waits.kind[i]! + 1] = i + 1;
    waitCell[i] = cellOf(waits.station[i]!, waits.cpu[i]!);
  }
  for (let cell = 0; cell < cpus * KINDS; cell++)
    firstWait[cell + 1] = Math.max(firstWait[cell]!, firstWait[cell + 1]!);
  return { firstWait, waitCell, waitCount: waits.count };
}

/** The visits of one station follow each other within a CPU and kind. */
function layServed({ cpus, waits, misses }: Traffic) {
  const width = SERVICES.length;
  const firstServed = new Int32Array(cpus * KINDS + 1);
  const mostServed = new Float64Array(KINDS * width);
  const served: number[] = [];
  const each = new Float64Array(width);
  /** Whether an entry serves no more than `each` of anything, or no less. */
  const within = (entry: number, less: boolean): boolean => {
    for (let s = 0; s < width; s++)
      if (less ? served[entry + s]! > each[s]! : served[entry + s]! < each[s]!) return false;
    return true;
  };
  /** Adds `each` to the entries from `begin` on, unless another serves as much; what it surpasses goes. */
  const keep = (begin: number): void => {
    for (let entry = begin; entry < served.length; entry += width) if (within(entry, false)) return;
    for (let entry = served.length - width; entry >= begin; entry -= width)
      if (within(entry, true)) served.splice(entry, width);
    for (let s = 0; s < width; s++) served.push(each[s]!);
  };
  for (let target = 0, at = 0; target < cpus * KINDS; target++) {
    const begin = served.length;
    const cpu = Math.floor(target / KINDS);
    const kind = target % KINDS;
    while (at < waits.length && waits.cpu[at] === cpu && waits.kind[at] === kind) {
      const station = waits.station[at]!;
      each.fill(0);
      for (; waits.station[at] === station && waits.cpu[at] === cpu && waits.kind[at] === kind; at++)
        each[waits.service[at]!]! += waits.count[at]!;
      keep(begin);
    }
    for (let i = begin; i < served.length; i++) {
      const most = kind * width + (i % width);
      mostServed[most] = Math.max(mostServed[most]!, served[i]! / misses[target]!);
    }
    firstServed[target + 1] = served.length / width;
  }
  return { firstServed, served: Float64Array.from(served), mostServed };
}

/**
 * Writes the network's inputs but the cycles without waiting. `each_ns`: price of each service; `half`: E[S²]/2 as a share
 * of the price squared, (1 + cv²)/2.
 */
export function loadDemands(
  { cpus, cells, visits, services, posted }: Demands,
  each_ns: Float64Array,
  half: number,
  { cell, sent, service_ns }: CycleWorkspace,
): void {
  const { stations, first } = cells;
  for (let k = 0; k < stations; k++) {
    const one = each_ns[services[k * 2]!]!;
    const two = each_ns[services[k * 2 + 1]!]!;
    const halfOne = one * one * half;
    const halfTwo = two * two * half;
    const end = first[k + 1]!;
    for (let i = first[k]!; i < end; i++) {
      const from = i * 4;
      const at = i * CELL_WIDTH;
      const a = visits[from]!;
      const b = visits[from + 1]!;
      const c = visits[from + 2]!;
      const d = visits[from + 3]!;
      cell[at + VISITS] = a + b;
      cell[at + DEMAND] = a * one + b * two;
      cell[at + HALF_SQUARE] = a * halfOne + b * halfTwo;
      cell[at + POSTED_VISITS] = c + d;
      cell[at + POSTED_DEMAND] = c * one + d * two;
      cell[at + POSTED_HALF_SQUARE] = c * halfOne + d * halfTwo;
    }
  }
  const kinds = each_ns.length;
  for (let cpu = 0; cpu < cpus; cpu++) {
    let count = 0;
    let ns = 0;
    for (let s = 0; s < kinds; s++) {
      const times = posted[cpu * kinds + s]!;
      count += times;
      ns += times * each_ns[s]!;
    }
    sent[cpu] = count;
    service_ns[cpu] = ns;
  }
}
