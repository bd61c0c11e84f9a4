import type { ResolvedPrices } from '../systems/resolve.ts';
import type { Counter, TallyRow } from '../tally.ts';
import type { Cause } from './breakdown.ts';
import type { BlockingKind } from './queueing/traffic.ts';

/** Memory stalls: what a row's misses cost without any queueing, by what served them and by side. */

type Side = 'instruction' | 'data';

const SIDES: readonly {
  readonly side: Side;
  readonly l1: readonly Counter[];
  readonly of: readonly string[];
}[] = [
  { side: 'instruction', l1: ['l1i_misses'], of: ['fetch'] },
  { side: 'data', l1: ['l1d_load_misses', 'l1d_store_misses'], of: ['load', 'store'] },
];

/** Misses of a row that cost the same each. */
export interface Misses {
  readonly cause: Cause;
  /** Kind of traffic in the memory system; null: within the CPU's own caches. */
  readonly kind: BlockingKind | null;
  readonly count: number;
}

export interface Stall extends Misses {
  /** Uncontended minimum of one, without distance. */
  readonly ns: number;
}

/** The uncontended minimum of each kind of miss, without distance, in ns. */
export function latencies(prices: ResolvedPrices): Readonly<Record<BlockingKind, number>> {
  return {
    local: prices.local_ns,
    local_cache: prices.neighbour_ns,
    remote_clean: prices.remote_ns,
    remote_dirty: prices.dirty_ns,
    upgrade: prices.upgrade_ns,
    remote_upgrade: prices.remote_upgrade_ns,
  };
}

/**
 * The misses of a row in the order of the causes' taxonomy within a side. An L2 miss that no other counter claims was
 * served by local memory. Misses that did not happen are left out.
 */
export function missesOf(row: TallyRow): Misses[] {
  const sum = (names: readonly Counter[]): number =>
    names.reduce((total, name) => total + (row.counters[name] ?? 0), 0);
  const stalls = SIDES.flatMap(({ side, l1, of }): Misses[] => {
    const misses = sum(of.map((kind) => `l2_${kind}_misses` as Counter));
    const remote = sum(of.map((kind) => `remote_${kind}_misses` as Counter));
    const dirty = sum(of.map((kind) => `dirty_${kind}_misses` as Counter));
    const neighbour = sum(of.map((kind) => `neighbour_${kind}_misses` as Counter));
    // Without an L1 its misses are not counted and an L2 hit is the fastest access there is.
    const l2Hits = Math.max(0, sum(l1) - misses);
    const local = misses - remote - dirty - neighbour;
    return [
      { cause: `stall_l2_${side}`, kind: null, count: l2Hits },
      { cause: `stall_local_${side}`, kind: 'local', count: local },
      { cause: `stall_remote_${side}`, kind: 'remote_clean', count: remote },
      { cause: `stall_dirty_${side}`, kind: 'remote_dirty', count: dirty },
      { cause: `stall_neighbour_${side}`, kind: 'local_cache', count: neighbour },
    ];
  });
  const far = row.counters.remote_upgrades ?? 0;
  const near = (row.counters.upgrades ?? 0) - far;
  return [
    ...stalls,
    { cause: 'stall_upgrade' as const, kind: 'upgrade' as const, count: near },
    { cause: 'stall_upgrade' as const, kind: 'remote_upgrade' as const, count: far },
  ].filter((stall) => stall.count !== 0);
}

/** The same with what one of each costs. */
export function stallsOf(row: TallyRow, prices: ResolvedPrices): Stall[] {
  const ns = latencies(prices);
  return missesOf(row).map((misses) => ({
    ...misses,
    ns: misses.kind === null ? prices.l2_hit_ns : ns[misses.kind],
  }));
}

/** Messages of a row that nobody waits for. */
export function postedOf({ counters }: TallyRow): number {
  return (counters.l2_writebacks ?? 0) + (counters.replacement_hints ?? 0) + (counters.invalidations ?? 0);
}
