import { BUSY, LOOKS, SATURATED } from '../cycles.ts';
import type { CycleOptions } from '../cycles-workspace.ts';
import * as columns from '../cycles-workspace.ts';
import type { Demands } from '../demands.ts';
import { type Column, type WindowAnswer, whole } from '../run-contention.ts';
import { BLOCKING_KINDS } from '../traffic.ts';
import { loadBases, type PriceRow } from '../window-bases.ts';
import { CELL_BYTES, CLASS, CLASS_WIDTH, LOAD, LOAD_WIDTH, PAIR } from './cells.ts';
import { type Memory, memoryOf } from './memory.ts';

/**
 * Windows of a run solved two at a time, by a kernel that has the loops of `cycles.ts` over pairs of numbers. Each
 * window's numbers are those of `solveCycles`, to the last bit: one that is found before the other is looked at
 * again with the cycles that it has, which changes nothing; one near saturation is left to be solved by itself.
 */

const KINDS = BLOCKING_KINDS.length;
// Local copies: an imported constant is looked up at each use.
const { cycle, base, least, rate, found, slope, sent, service, before, away, buffer } = CLASS;
const WIDTH = CLASS_WIDTH * 2;
const CELL = (CELL_BYTES / PAIR) * 2;
const { POSTED_VISITS, POSTED_DEMAND, POSTED_HALF_SQUARE, WAIT } = columns;
const [busy, saturated, looks] = [BUSY, SATURATED, LOOKS];

export interface Pairs {
  /** By pair: the network stations that either window visits. */
  readonly stations: readonly Int32Array[];
  /** What all windows counted, [cpu × kinds + kind]. */
  readonly counts: { readonly misses: Float64Array; readonly hops: Float64Array };
  /** Sets the prices of what is solved from now on. */
  price(prices: PriceRow): void;
  /** Solves the windows 2 p and 2 p + 1 for each CPU's thinking. */
  solve(
    p: number,
    one: ArrayLike<number>,
    /** Null where there is no such window. */
    other: ArrayLike<number> | null,
    options: CycleOptions,
  ): void;
  /** What the window of a lane came to, until the next is solved; null: it has to be solved by itself. */
  answer(lane: number): WindowAnswer | null;
}

/** Prepares windows of one machine; null: they are to be solved one by one. */
export type PairWindows = (windows: readonly Demands[]) => Pairs | null;

export const pairWindows: PairWindows = (windows) => {
  const memory = windows.length === 0 ? null : memoryOf(windows);
  return memory && createPairs(windows, memory);
};

function createPairs(windows: readonly Demands[], memory: Memory): Pairs {
  const { kernel, numbers, people, cells, loads, most, queueing, pairs } = memory;
  const cpus = windows[0]!.cpus;
  const targets = cpus * KINDS;
  const [peopleAt, cellsAt, loadsAt] = [people / 8, cells / 8, loads / 8];
  const peopleEnd = people + cpus * CLASS_WIDTH * PAIR;
  /** By lane, of the pair at hand. */
  const minima = [new Float64Array(targets), new Float64Array(targets)];
  const bases = new Float64Array(cpus);
  const alone = [false, false];
  let at = pairs[0]!;
  let prices: PriceRow | null = null;

  /** Thinking, what is sent and the least cycle of each CPU. */
  const prepare = (lane: number, w: number, think_ns: ArrayLike<number>, options: CycleOptions): void => {
    const { posted } = windows[w]!;
    const { each_ns } = prices!;
    const services = each_ns.length;
    loadBases(windows[w]!, think_ns, prices!, minima[lane]!, bases);
    for (let c = 0; c < cpus; c++) {
      const to = peopleAt + c * WIDTH + lane;
      let count = 0;
      let ns = 0;
      for (let s = 0; s < services; s++) {
        const times = posted[c * services + s]!;
        count += times;
        ns += times * each_ns[s]!;
      }
      const flight = ns / options.posted_buffer;
      numbers[to + base * 2] = bases[c]!;
      numbers[to + sent * 2] = count;
      numbers[to + service * 2] = ns;
      numbers[to + least * 2] = bases[c]! > flight ? bases[c]! : flight;
    }
  };

  /** The end of `guess` of `cycles.ts`. */
  const start = (lane: number): void => {
    let longer = 0;
    let back = 0;
    let active = 0;
    for (let c = 0; c < cpus; c++) {
      const of = peopleAt + c * WIDTH + lane;
      if (numbers[of + least * 2] === 0) continue;
      active++;
      longer += numbers[of + found * 2]! * numbers[of + rate * 2]!;
      back += numbers[of + slope * 2]! * numbers[of + rate * 2]!;
    }
    const share = active > 0 ? longer / (active + back) : 0;
    const highest = numbers[most / 8 + lane]!;
    alone[lane] = highest > saturated;
    for (let c = 0; c < cpus; c++) {
      const of = peopleAt + c * WIDTH + lane;
      const wait = numbers[of + found * 2]! - numbers[of + slope * 2]! * share;
      const shortest = numbers[of + least * 2]!;
      numbers[of + cycle * 2] =
        highest > busy ? (shortest * highest) / busy : shortest + (wait > 0 ? wait : 0);
    }
  };

  const settled = (lane: number, tolerance: number): boolean => {
    for (let of = peopleAt + lane, c = 0; c < cpus; c++, of += WIDTH) {
      const now = numbers[of + cycle * 2]!;
      if (Math.abs(numbers[of + found * 2]! - now) > tolerance * now) return false;
    }
    return true;
  };

  /** `advance` of `cycles.ts`. */
  const advance = (lane: number, known: boolean): void => {
    let along = 0;
    let change2 = 0;
    for (let of = peopleAt + lane, c = 0; c < cpus; c++, of += WIDTH) {
      const unit = numbers[of + least * 2]!;
      if (unit === 0) continue;
      const r = (numbers[of + found * 2]! - numbers[of + cycle * 2]!) / unit;
      const change = r - numbers[of + away * 2]!;
      along += r * change;
      change2 += change * change;
      numbers[of + away * 2] = r;
    }
    const theta = known && change2 > 0 ? along / change2 : 0;
    for (let of = peopleAt + lane, c = 0; c < cpus; c++, of += WIDTH) {
      const ns = numbers[of + found * 2]!;
      const next = ns - theta * (ns - numbers[of + before * 2]!);
      const shortest = numbers[of + least * 2]!;
      numbers[of + before * 2] = ns;
      numbers[of + cycle * 2] = next > shortest ? next : shortest;
    }
  };

  /** `fill` of `cycles-load.ts`. */
  const fill = (lane: number, entries: number): void => {
    const { first, from } = at.pair;
    for (let of = peopleAt + lane, c = 0; c < cpus; c++, of += WIDTH)
      numbers[of + buffer * 2] = numbers[of + service * 2]!;
    for (let k = 0; k < from.length; k++) {
      const rest = numbers[loadsAt + (k * LOAD_WIDTH + LOAD.rest) * 2 + lane]!;
      let of = peopleAt + from[k]! * WIDTH + lane;
      for (let i = first[k]!; i < first[k + 1]!; i++, of += WIDTH) {
        const cell = cellsAt + i * CELL + lane;
        const own = numbers[cell + POSTED_HALF_SQUARE * 2]! * numbers[of + rate * 2]! * rest;
        const mine = numbers[cell + POSTED_DEMAND * 2]! * numbers[of + rate * 2]!;
        const wait = (numbers[cell + WAIT * 2]! - own / entries) / (1 + mine / entries);
        if (wait > 0) numbers[of + buffer * 2]! += numbers[cell + POSTED_VISITS * 2]! * wait;
      }
    }
    for (let of = peopleAt + lane, c = 0; c < cpus; c++, of += WIDTH) {
      const longer = numbers[of + buffer * 2]! / entries - numbers[of + found * 2]!;
      numbers[of + buffer * 2] = longer > 0 ? longer : 0;
      numbers[of + found * 2]! += numbers[of + buffer * 2]!;
    }
  };

  const look = ({ posted_buffer: entries }: CycleOptions): void => {
    const { station, stationEnd } = at;
    kernel.before(people, peopleEnd);
    kernel.sums(station, stationEnd, loads);
    kernel.saturate(loads, loads + at.pair.stations.length * LOAD_WIDTH * PAIR, prices!.regularity);
    kernel.work(station, stationEnd, loads, 1 / entries, 1 / (8 * cpus * entries));
    const full = kernel.wait(station, stationEnd, people, peopleEnd, loads, entries);
    if (full !== 0) for (let lane = 0; lane < 2; lane++) fill(lane, entries);
    else
      for (let of = peopleAt, c = 0; c < cpus; c++, of += WIDTH) {
        numbers[of + buffer * 2] = 0;
        numbers[of + buffer * 2 + 1] = 0;
      }
  };

  const answers = minima.map((minimum, lane): WindowAnswer => {
    const person = (column: number): Column => ({
      list: numbers,
      at: peopleAt + column * 2 + lane,
      step: WIDTH,
    });
    return {
      cycle_ns: person(found),
      buffer_ns: person(buffer),
      utilisation: { list: numbers, at: loadsAt + lane, step: LOAD_WIDTH * 2 },
      minimum_ns: whole(minimum),
      queueing_ns: { list: numbers, at: queueing / 8 + lane, step: 2 },
    };
  });

  return {
    stations: pairs.map(({ pair }) => pair.stations),
    counts: {
      misses: summed(windows.map(({ misses }) => misses)),
      hops: summed(windows.map(({ hops }) => hops)),
    },
    price: (row) => {
      prices = row;
      for (let s = 0; s < row.each_ns.length; s++) {
        const one = row.each_ns[s]!;
        numbers.fill(one, memory.prices / 8 + s * 4, memory.prices / 8 + s * 4 + 2);
        numbers.fill(one * one * row.half, memory.prices / 8 + s * 4 + 2, memory.prices / 8 + s * 4 + 4);
      }
    },
    solve: (p, one, other, options) => {
      at = pairs[p]!;
      const { station, stationEnd } = at;
      kernel.price(station, stationEnd, at.visits);
      prepare(0, 2 * p, one, options);
      if (other !== null) prepare(1, 2 * p + 1, other, options);
      else for (let i = 1; i < cpus * WIDTH; i += 2) numbers[peopleAt + i] = 0;
      kernel.guess(station, stationEnd, people, peopleEnd, most, busy);
      start(0);
      start(1);
      if (alone[0] && alone[1]) return;
      look(options);
      for (let count = 1; ; count++) {
        const done = alone[0] || settled(0, options.tolerance);
        const otherDone = alone[1] || settled(1, options.tolerance);
        if (done && otherDone) break;
        if (count >= looks) {
          alone[0] ||= !done;
          alone[1] ||= !otherDone;
          break;
        }
        if (!done) advance(0, count > 1);
        if (!otherDone) advance(1, count > 1);
        look(options);
      }
      kernel.collect(at.entries, at.ends, at.endsEnd, queueing);
    },
    answer: (lane) => (alone[lane] ? null : answers[lane]!),
  };
}

function summed(lists: readonly Float64Array[]): Float64Array {
  const sums = new Float64Array(lists[0]!.length);
  for (const list of lists) for (let i = 0; i < sums.length; i++) sums[i]! += list[i]!;
  return sums;
}
