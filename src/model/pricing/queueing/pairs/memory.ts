import type { Demands } from '../demands.ts';
import { allocation, startKernel } from '../start-kernel.ts';
import { BLOCKING_KINDS, SERVICES } from '../traffic.ts';
import {
  CELL_BYTES,
  CLASS_BYTES,
  ENTRY_BYTES,
  LOAD_WIDTH,
  PAIR,
  PRICE_BYTES,
  STATION_WORDS,
  VISIT_BYTES,
} from './cells.ts';
import { FUNCTIONS, type Kernel } from './kernel.ts';
import { type Pair, pairOf } from './layout.ts';

/** The kernel's memory: what all pairs use in turn, then the structure of each. Addresses are in bytes. */

export interface Memory {
  readonly kernel: Kernel;
  readonly numbers: Float64Array;
  readonly prices: number;
  readonly people: number;
  readonly cells: number;
  /** By station what is found of it. */
  readonly loads: number;
  readonly most: number;
  /** By [cpu × kinds + kind]. */
  readonly queueing: number;
  readonly pairs: readonly PlacedPair[];
}

export interface PlacedPair {
  readonly pair: Pair;
  readonly station: number;
  readonly stationEnd: number;
  readonly visits: number;
  readonly entries: number;
  readonly ends: number;
  readonly endsEnd: number;
}

/** Lays windows out in a kernel's memory; null: there is no kernel. */
export function memoryOf(windows: readonly Demands[]): Memory | null {
  const { cpus } = windows[0]!;
  const pairs: Pair[] = [];
  for (let w = 0; w < windows.length; w += 2) pairs.push(pairOf(windows[w]!, windows[w + 1] ?? null));
  const { take, used } = allocation();
  const most = (of: (pair: Pair) => number): number => Math.max(...pairs.map(of));
  const targets = cpus * BLOCKING_KINDS.length;
  const shared = {
    prices: take(SERVICES.length * PRICE_BYTES),
    people: take(cpus * CLASS_BYTES),
    cells: take(most(({ first }) => first.at(-1)!) * CELL_BYTES),
    loads: take(most(({ stations }) => stations.length) * LOAD_WIDTH * PAIR),
    most: take(PAIR),
    queueing: take(targets * PAIR),
  };
  const placed = pairs.map((pair): PlacedPair => {
    const station = take((pair.stations.length + 1) * STATION_WORDS * 4);
    const ends = take(targets * 4);
    return {
      pair,
      station,
      stationEnd: station + pair.stations.length * STATION_WORDS * 4,
      visits: take(pair.first.at(-1)! * VISIT_BYTES),
      entries: take(pair.cells.length * ENTRY_BYTES),
      ends,
      endsEnd: ends + targets * 4,
    };
  });
  const started = startKernel<Kernel>(FUNCTIONS, used());
  if (started === null) return null;
  const words = new Int32Array(started.buffer);
  const numbers = new Float64Array(started.buffer);
  for (const { pair, station, visits, entries, ends } of placed) {
    const { first, from, services } = pair;
    const cellAt = (cell: number): number => shared.cells + cell * CELL_BYTES;
    for (let k = 0; k < first.length; k++) words[station / 4 + k * STATION_WORDS] = cellAt(first[k]!);
    for (let k = 0; k < from.length; k++)
      words.set(
        [
          shared.people + from[k]! * CLASS_BYTES,
          shared.prices + services[k * 2]! * PRICE_BYTES,
          shared.prices + services[k * 2 + 1]! * PRICE_BYTES,
        ],
        station / 4 + k * STATION_WORDS + 1,
      );
    numbers.set(pair.visits, visits / 8);
    for (let entry = 0; entry < pair.cells.length; entry++) {
      const at = entries + entry * ENTRY_BYTES;
      words[at / 4] = cellAt(pair.cells[entry]!);
      numbers.set(pair.counts.subarray(entry * 2, entry * 2 + 2), (at + PAIR) / 8);
    }
    words.set(
      pair.ends.map((entry) => entries + entry * ENTRY_BYTES),
      ends / 4,
    );
  }
  return { kernel: started.kernel, numbers, pairs: placed, ...shared };
}
