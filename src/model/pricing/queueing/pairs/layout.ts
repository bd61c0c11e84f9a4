import type { Demands } from '../demands.ts';
import { BLOCKING_KINDS, SERVICES } from '../traffic.ts';

/**
 * What two windows ask of the machine, cell beside cell: every station and class that either has. What a window does
 * not have it has as zeros, which change none of its sums.
 */

const KINDS = BLOCKING_KINDS.length;

export interface Pair {
  /** Network stations that either visits. */
  readonly stations: Int32Array;
  /** By station: its first cell (one more for the end), the class of that, and its two services. */
  readonly first: Int32Array;
  readonly from: Int32Array;
  readonly services: Uint8Array;
  /** [(cell × 4 + column) × 2 + lane], columns as in `Demands`. */
  readonly visits: Float64Array;
  /** Who waits where: by [cpu × kinds + kind] the entry after its last, each a cell and [entry × 2 + lane] visits. */
  readonly ends: Int32Array;
  readonly cells: Int32Array;
  readonly counts: Float64Array;
}

/** Lays two windows of one machine out; `null`: a window in which nothing happens. */
export function pairOf(one: Demands, other: Demands | null): Pair {
  const lanes = other === null ? [one] : [one, other];
  const stations = Int32Array.from(new Set(lanes.flatMap((lane) => [...lane.stations]))).sort();
  const own = new Map(Array.from(stations, (station, k) => [station, k]));
  const width = stations.length;
  const from = new Int32Array(width).fill(one.cpus);
  const end = new Int32Array(width);
  const services = new Uint8Array(width * 2).fill(SERVICES.length);
  for (const lane of lanes)
    for (const [s, station] of lane.stations.entries()) {
      const k = own.get(station)!;
      const classes = lane.cells.first[s + 1]! - lane.cells.first[s]!;
      from[k] = Math.min(from[k]!, lane.cells.from[s]!);
      end[k] = Math.max(end[k]!, lane.cells.from[s]! + classes);
      for (const service of lane.services.subarray(s * 2, s * 2 + 2))
        if (services[k * 2] === SERVICES.length) services.fill(service, k * 2, k * 2 + 2);
        else if (services[k * 2] !== service) services[k * 2 + 1] = service;
    }
  const first = new Int32Array(width + 1);
  for (let k = 0; k < width; k++) first[k + 1] = first[k]! + end[k]! - from[k]!;

  const visits = new Float64Array(first[width]! * 8);
  /** By lane: the place of each of its cells. */
  const places = lanes.map((lane, at) => {
    const place = new Int32Array(lane.cells.first[lane.cells.stations]!);
    for (const [s, station] of lane.stations.entries()) {
      const k = own.get(station)!;
      // The services of a station may have another order.
      const turned = lane.services[s * 2] === services[k * 2] ? 0 : 1;
      const begin = lane.cells.first[s]!;
      for (let cell = begin; cell < lane.cells.first[s + 1]!; cell++) {
        place[cell] = first[k]! + lane.cells.from[s]! + cell - begin - from[k]!;
        for (let column = 0; column < 4; column++)
          visits[(place[cell]! * 4 + (column ^ turned)) * 2 + at] = lane.visits[cell * 4 + column]!;
      }
    }
    return place;
  });
  return { stations, first, from, services, visits, ...waitsOf(lanes, places) };
}

/** The entries of both windows in the order that each has. */
function waitsOf([one, other]: readonly Demands[], [places, otherPlaces]: readonly Int32Array[]) {
  const targets = one!.cpus * KINDS;
  const ends = new Int32Array(targets);
  const cells: number[] = [];
  const counts: number[] = [];
  const cellOf = (demands: Demands, place: Int32Array, at: number, target: number): number =>
    at < demands.firstWait[target + 1]! ? place[demands.waitCell[at]!]! : Infinity;
  for (let target = 0, a = 0, b = 0; target < targets; target++) {
    for (;;) {
      const first = cellOf(one!, places!, a, target);
      const second = other === undefined ? Infinity : cellOf(other, otherPlaces!, b, target);
      if (first === Infinity && second === Infinity) break;
      cells.push(first < second ? first : second);
      counts.push(first <= second ? one!.waitCount[a++]! : 0, second <= first ? other!.waitCount[b++]! : 0);
    }
    ends[target] = cells.length;
  }
  return { ends, cells: Int32Array.from(cells), counts: Float64Array.from(counts) };
}
