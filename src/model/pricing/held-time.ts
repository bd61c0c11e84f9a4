import type { ResolvedPrices } from '../systems/resolve.ts';
import { LAYERS, type Tally, type TallyRow } from '../tally.ts';
import type { Delays } from './contention.ts';
import { workOf } from './costs.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { missesOf, postedOf } from './stalls.ts';
import { L2_HIT, MISSES, PATHS, UNITS, unitPrices } from './units.ts';

/** How long locks are held: what was done under them, priced as the breakdown prices it. */

const KINDS = BLOCKING_KINDS.length;

/** Of each lock, in the order of the tally's. Arrays are [cpu × locks + lock]. */
export interface Holds {
  readonly acquisitions: Float64Array;
  /** All holds together: stalls, queueing and the monitor's time inside, and holds of inner locks. */
  readonly held_ns: Float64Array;
  /** Acquisitions of one lock while another was held. */
  readonly nested: readonly {
    readonly cpu: number;
    readonly outer: number;
    readonly inner: number;
    readonly count: number;
  }[];
  /** Acquisitions by cell and context. */
  readonly contexts: readonly ReadonlyMap<string, number>[];
}

/** Numbers of one entry of a compiled row: its work. Stalls follow in arrays of their own. */
interface RowTime {
  readonly workload: boolean;
  readonly cpu: number;
  readonly path: number;
  /** Of the workload instructions and uncached accesses, else activities, patchable ones, moves to other nodes and cells, pages zeroed. */
  readonly own: number;
  readonly patchable: number;
  readonly moved: number;
  readonly away: number;
  readonly zeroed: number;
  readonly uncached: number;
  readonly posted: number;
  /** By stall: unit price, cell of [cpu × kinds + kind] or −1, count. */
  readonly stalls: readonly { readonly unit: number; readonly cell: number; readonly count: number }[];
}

function compileRow(row: TallyRow): RowTime {
  const { layer, cpu } = row;
  const workload = layer === 'workload';
  const work = workOf(row);
  const moves = layer === 'vcpu_move';
  const moved = moves ? work.nodeMoves : 0;
  const away = moves ? work.cellMoves : 0;
  return {
    workload,
    cpu,
    path: PATHS + LAYERS.indexOf(layer),
    own: workload ? work.instructions : work.count - work.patchable - moved - away,
    patchable: work.patchable,
    moved,
    away,
    zeroed: work.pagesZeroed,
    uncached: work.uncached,
    posted: postedOf(row),
    stalls: missesOf(row).map(({ kind, count }) => {
      const of = kind === null ? -1 : BLOCKING_KINDS.indexOf(kind);
      return { unit: of < 0 ? L2_HIT : MISSES + of, cell: of < 0 ? -1 : cpu * KINDS + of, count };
    }),
  };
}

/**
 * Time of a row in ns, of all of it or of any part. Misses take what distance and queueing add to the mean miss of
 * their kind on their CPU, posted messages what waiting for the buffer adds to the mean one.
 */
export function timeOfRow(tally: Tally, prices: ResolvedPrices, delays: Delays | null) {
  const time = rowTimes(tally)(prices, delays);
  return (row: TallyRow): number => time(compileRow(row));
}

/** Mean time of an action of each of some layers, in ns; 0 where there is none. */
export function compileMeans(
  tally: Tally,
  layers: readonly TallyRow['layer'][],
): (prices: ResolvedPrices, delays: Delays | null) => number[] {
  const times = rowTimes(tally);
  const ofLayers = layers.map((layer) => {
    const rows = tally.rows.filter((row) => row.layer === layer);
    const count = rows.reduce((sum, { counters }) => sum + (counters.count ?? 0), 0);
    return { count, rows: count > 0 ? rows.map(compileRow) : [] };
  });
  return (prices, delays) => {
    const time = times(prices, delays);
    return ofLayers.map(({ count, rows }) =>
      count === 0 ? 0 : rows.reduce((sum, row) => sum + time(row), 0) / count,
    );
  };
}

/** The same for many prices. */
function rowTimes(tally: Tally) {
  const misses = new Float64Array(tally.cpus * KINDS);
  const posted = new Float64Array(tally.cpus);
  for (const row of tally.rows) {
    for (const { kind, count } of missesOf(row))
      if (kind !== null) misses[row.cpu * KINDS + BLOCKING_KINDS.indexOf(kind)]! += count;
    posted[row.cpu]! += postedOf(row);
  }
  const units = new Float64Array(UNITS);
  return (prices: ResolvedPrices, delays: Delays | null) => {
    unitPrices(prices, units);
    const { cycles_per_instruction, cycle_ns, zero_page_cycles, uncached_ns } = prices;
    const { vcpu_node_move_ns, vcpu_cell_move_ns } = prices;
    const added = misses.map((count, cell) =>
      delays === null || count === 0
        ? 0
        : (delays.hops[cell]! * prices.hop_ns + delays.queueing_ns[cell]!) / count,
    );
    const buffer = posted.map((count, cpu) =>
      delays === null || count === 0 ? 0 : delays.buffer_ns[cpu]! / count,
    );
    return (row: RowTime): number => {
      const path = units[row.path]!;
      let ns = row.workload
        ? row.own * cycles_per_instruction * cycle_ns + row.uncached * uncached_ns
        : row.own * path +
          row.moved * vcpu_node_move_ns +
          row.away * vcpu_cell_move_ns +
          row.zeroed * zero_page_cycles * cycle_ns +
          row.patchable * path;
      ns += row.posted * buffer[row.cpu]!;
      for (const { unit, cell, count } of row.stalls)
        ns += count * (units[unit]! + (cell < 0 ? 0 : added[cell]!));
      return ns;
    };
  };
}

/** The holds of a tally's locks. A lock that a CPU held from before the count, and never acquired, is left out. */
export function holdsOf(tally: Tally, prices: ResolvedPrices, delays: Delays | null): Holds {
  return compileHolds(tally)(prices, delays);
}

/** The same for many prices: all but the times is counted once. */
export function compileHolds(tally: Tally): (prices: ResolvedPrices, delays: Delays | null) => Holds {
  const { cpus, locks } = tally;
  const indexOf = new Map(locks.map(({ lock }, index) => [lock, index]));
  const cells = cpus * locks.length;
  const acquisitions = new Float64Array(cells);
  const contexts = Array.from({ length: cells }, () => new Map<string, number>());
  const nested = new Map<string, { cpu: number; outer: number; inner: number; count: number }>();
  const rows = tally.held.map((row) => {
    const { cpu, context } = row;
    const found = [...new Set(row.locks)].flatMap((lock) => indexOf.get(lock) ?? []);
    const taken = row.counters.lock_acquisitions ?? 0;
    const inner = indexOf.get(row.locks[row.locks.length - 1]!);
    if (taken !== 0 && inner !== undefined) {
      const cell = cpu * locks.length + inner;
      acquisitions[cell]! += taken;
      contexts[cell]!.set(context, (contexts[cell]!.get(context) ?? 0) + taken);
      for (const outer of found) {
        if (outer === inner) continue;
        const key = `${cpu} ${outer} ${inner}`;
        const nest = nested.get(key) ?? { cpu, outer, inner, count: 0 };
        nest.count += taken;
        nested.set(key, nest);
      }
    }
    return { row: compileRow(row), cells: found.map((lock) => cpu * locks.length + lock) };
  });
  const nests = [...nested.values()];
  const times = rowTimes(tally);
  return (prices, delays) => {
    const held_ns = new Float64Array(cells);
    const time = times(prices, delays);
    for (const { row, cells: within } of rows) {
      const ns = time(row);
      for (const cell of within) held_ns[cell]! += ns;
    }
    for (let cell = 0; cell < cells; cell++) if (acquisitions[cell] === 0) held_ns[cell] = 0;
    return { acquisitions, held_ns, nested: nests, contexts };
  };
}
