import type { Tally } from '../tally.ts';
import { CATEGORIES } from './breakdown.ts';
import { compileRows } from './compiled-rows.ts';
import type { Delays } from './contention.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { postedOf } from './stalls.ts';

/**
 * Queueing by category, in proportion to misses and to what was posted, as `compiled-spread.ts` spreads it over rows, but not
 * in whole picoseconds: the two differ by less than a picosecond for each row and kind.
 */

const KINDS = BLOCKING_KINDS.length;

/** Shares of one CPU's queueing of one kind, or for its buffer, by category. */
interface Shares {
  /** Index of `queueing_ns`, or of `buffer_ns`. */
  readonly of: number;
  readonly category: Int32Array;
  readonly share: Float64Array;
}

/** Adds the queueing of each category, in ps. `monitor`: whether the system has one. */
export function queueingShares(tally: Tally, monitor: boolean): (delays: Delays, into: Float64Array) => void {
  const { stalls, parts, queueing } = compileRows(tally.rows, monitor, true);
  const categoryOf = (row: number): number => CATEGORIES.indexOf(parts[queueing[row]!]!.category);
  const waits = sharesOf(tally.cpus * KINDS, (add) => {
    stalls.row.forEach((row, stall) => {
      const kind = stalls.kind[stall]!;
      if (kind >= 0) add(tally.rows[row]!.cpu * KINDS + kind, categoryOf(row), stalls.count[stall]!);
    });
  });
  const posts = sharesOf(tally.cpus, (add) => {
    for (const [at, row] of tally.rows.entries()) add(row.cpu, categoryOf(at), postedOf(row));
  });
  return ({ queueing_ns, buffer_ns }, into) => {
    addShares(waits, queueing_ns, into);
    addShares(posts, buffer_ns, into);
  };
}

function addShares(shares: readonly Shares[], ns: Float64Array, into: Float64Array): void {
  for (let i = 0; i < shares.length; i++) {
    const { of, category, share } = shares[i]!;
    const ps = ns[of]! * 1000;
    for (let k = 0; k < share.length; k++) into[category[k]!]! += ps * share[k]!;
  }
}

function sharesOf(
  width: number,
  each: (add: (of: number, category: number, weight: number) => void) => void,
): Shares[] {
  const weights = Array.from({ length: width }, () => new Float64Array(CATEGORIES.length));
  each((of, category, weight) => {
    weights[of]![category]! += weight;
  });
  return weights.flatMap((list, of): Shares[] => {
    const sum = list.reduce((a, b) => a + b, 0);
    if (sum === 0) return [];
    const category = Int32Array.from(list.keys()).filter((k) => list[k]! > 0);
    return [{ of, category, share: Float64Array.from(category, (k) => list[k]! / sum) }];
  });
}
