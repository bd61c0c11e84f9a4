import type { ResolvedPrices } from '../systems/resolve.ts';
import type { Tally } from '../tally.ts';
import { type Priced, type PricedSystem, type PriceOptions, priceOnce } from './compiled.ts';

/**
 * Prices × tally = breakdown, once; `compiled.ts` does the same for many prices. Parts of no time and no count are left
 * out.
 * @throws InputError if the total does not fit whole picoseconds.
 */
export function price(
  tally: Tally,
  prices: ResolvedPrices,
  system: PricedSystem,
  options: PriceOptions = {},
): Priced {
  return priceOnce(tally, prices, system, options);
}
