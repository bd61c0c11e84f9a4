import type { ResolvedPrices } from '../systems/resolve.ts';
import type { Tally, TallyRow } from '../tally.ts';
import type { Delays } from './contention.ts';
import { costOf, workOf } from './costs.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { postedOf, stallsOf } from './stalls.ts';

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

/**
 * Time of a row in ns, of all of it or of any part. Misses take what distance and queueing add to the mean miss of
 * their kind on their CPU, posted messages what waiting for the buffer adds to the mean one.
 */
export function timeOfRow(tally: Tally, prices: ResolvedPrices, delays: Delays | null) {
  const misses = new Float64Array(tally.cpus * KINDS);
  const posted = new Float64Array(tally.cpus);
  if (delays !== null)
    for (const row of tally.rows) {
      for (const { kind, count } of stallsOf(row, prices))
        if (kind !== null) misses[row.cpu * KINDS + BLOCKING_KINDS.indexOf(kind)]! += count;
      posted[row.cpu]! += postedOf(row);
    }
  const added = Float64Array.from(misses, (count, cell) =>
    delays === null || count === 0
      ? 0
      : (delays.hops[cell]! * prices.hop_ns + delays.queueing_ns[cell]!) / count,
  );
  const buffer = Float64Array.from(posted, (count, cpu) =>
    delays === null || count === 0 ? 0 : delays.buffer_ns[cpu]! / count,
  );
  return (row: TallyRow): number => {
    const { executed, patchable, uncached } = costOf(row.layer, workOf(row), prices);
    let ns = executed + patchable + uncached + postedOf(row) * buffer[row.cpu]!;
    for (const stall of stallsOf(row, prices)) {
      const more = stall.kind === null ? 0 : added[row.cpu * KINDS + BLOCKING_KINDS.indexOf(stall.kind)]!;
      ns += stall.count * (stall.ns + more);
    }
    return ns;
  };
}

/** The holds of a tally's locks. A lock that a CPU held from before the count, and never acquired, is left out. */
export function holdsOf(tally: Tally, prices: ResolvedPrices, delays: Delays | null): Holds {
  const { cpus, locks } = tally;
  const indexOf = new Map(locks.map(({ lock }, index) => [lock, index]));
  const cells = cpus * locks.length;
  const acquisitions = new Float64Array(cells);
  const held_ns = new Float64Array(cells);
  const contexts = Array.from({ length: cells }, () => new Map<string, number>());
  const nested = new Map<string, { cpu: number; outer: number; inner: number; count: number }>();
  const time = timeOfRow(tally, prices, delays);
  for (const row of tally.held) {
    const { cpu, context } = row;
    const found = [...new Set(row.locks)].flatMap((lock) => indexOf.get(lock) ?? []);
    const ns = time(row);
    for (const lock of found) held_ns[cpu * locks.length + lock]! += ns;
    const taken = row.counters.lock_acquisitions ?? 0;
    const inner = indexOf.get(row.locks[row.locks.length - 1]!);
    if (taken === 0 || inner === undefined) continue;
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
  for (let cell = 0; cell < cells; cell++) if (acquisitions[cell] === 0) held_ns[cell] = 0;
  return { acquisitions, held_ns, nested: [...nested.values()], contexts };
}
