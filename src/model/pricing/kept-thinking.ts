import type { ResolvedPrices } from '../systems/resolve.ts';
import { addThinking } from './compiled-work.ts';

/** Prices of the memory system and of waiting, which nobody's thinking depends on. */
const OTHERS: readonly (keyof ResolvedPrices)[] = [
  'local_ns',
  'neighbour_ns',
  'remote_ns',
  'dirty_ns',
  'upgrade_ns',
  'remote_upgrade_ns',
  'controller_ns',
  'memory_ns',
  'message_ns',
  'line_ns',
  'hop_ns',
];

/**
 * What CPUs think in all windows at some prices, into `thinks`; not found anew where the last prices were the same but for
 * those of the memory system, which are what is moved most.
 */
export function thinkingOf(
  works: readonly Float64Array[],
  thinks: readonly Float64Array[],
): (prices: ResolvedPrices, units: Float64Array) => void {
  let names: readonly (keyof ResolvedPrices)[] = [];
  let last: Float64Array | null = null;
  return (prices, units) => {
    let same = last !== null;
    if (last === null) {
      names = (Object.keys(prices) as (keyof ResolvedPrices)[]).filter((name) => !OTHERS.includes(name));
      last = new Float64Array(names.length);
    }
    for (let i = 0; i < names.length; i++) {
      const price = prices[names[i]!];
      if (last[i] !== price) same = false;
      last[i] = price;
    }
    if (same) return;
    for (let w = 0; w < works.length; w++) addThinking(works[w]!, prices, units, thinks[w]!);
  };
}
