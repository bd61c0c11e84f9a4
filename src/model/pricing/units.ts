import type { ResolvedPrices } from '../systems/resolve.ts';
import { LAYERS } from '../tally.ts';
import { pathOf } from './costs.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { latencies } from './stalls.ts';

/**
 * Prices of single things in ns, in a row: what a compiled tally multiplies its counts with. First an L2 hit, then the
 * misses by BLOCKING_KINDS, an uncached access, and the path of each layer.
 */

export const L2_HIT = 0;
export const MISSES = 1;
export const UNCACHED = MISSES + BLOCKING_KINDS.length;
export const PATHS = UNCACHED + 1;
export const UNITS = PATHS + LAYERS.length;

/** Writes the unit prices. */
export function unitPrices(prices: ResolvedPrices, into: Float64Array): void {
  const ns = latencies(prices);
  into[L2_HIT] = prices.l2_hit_ns;
  for (let kind = 0; kind < BLOCKING_KINDS.length; kind++) into[MISSES + kind] = ns[BLOCKING_KINDS[kind]!];
  into[UNCACHED] = prices.uncached_ns;
  for (let layer = 0; layer < LAYERS.length; layer++) into[PATHS + layer] = pathOf(LAYERS[layer]!, prices);
}
