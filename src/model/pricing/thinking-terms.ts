import type { ResolvedPrices } from '../systems/resolve.ts';
import { addThinking } from './compiled-work.ts';
import type { Demands } from './queueing/demands.ts';
import type { Term } from './queueing/quads/memory.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { MISSES, UNITS, unitPrices } from './units.ts';

/**
 * A CPU's time in a window without queueing as sums of counts × rates. A rate is a unit price, or one of the prices that
 * work is priced with besides; which these are, and the counts, is found by pricing with one at a time, so that
 * `addThinking` alone says what work costs.
 */

const KINDS = BLOCKING_KINDS.length;

/** A price that is a rate: as it is, or in cycles. */
interface PriceRate {
  readonly name: keyof ResolvedPrices;
  readonly inCycles: boolean;
}

export interface ThinkingTerms {
  /** How many rates there are, and what they are at some prices. */
  readonly rates: number;
  readonly ratesAt: (prices: ResolvedPrices, into: Float64Array) => void;
  /** By window and CPU: thinking, and misses with the distance they go. */
  readonly base: readonly (readonly (readonly Term[])[])[];
}

/** `works`: by window, as `addThinking` has them. `prices`: any; what prices there are. */
export function thinkingTerms(
  works: readonly Float64Array[],
  demands: readonly Demands[],
  prices: ResolvedPrices,
): ThinkingTerms {
  const { cpus } = demands[0]!;
  const names = Object.keys(prices) as (keyof ResolvedPrices)[];
  const nothing = Object.fromEntries(names.map((name) => [name, 0])) as ResolvedPrices;
  const noUnits = new Float64Array(UNITS);
  const think = new Float64Array(cpus);
  const base = works.map(() => Array.from({ length: cpus }, (): Term[] => []));
  /** Adds the counts of a rate; whether there are any. */
  const count = (rate: number, priced: ResolvedPrices, units: Float64Array): boolean => {
    let any = false;
    for (const [w, work] of works.entries()) {
      addThinking(work, priced, units, think);
      for (let cpu = 0; cpu < cpus; cpu++)
        if (think[cpu] !== 0) {
          base[w]![cpu]!.push({ rate, count: think[cpu]! });
          any = true;
        }
    }
    return any;
  };
  for (let unit = 0; unit < UNITS; unit++)
    count(
      unit,
      nothing,
      noUnits.map((_, at) => (at === unit ? 1 : 0)),
    );
  for (const [w, { misses, hops }] of demands.entries())
    for (let cpu = 0; cpu < cpus; cpu++) {
      let far = 0;
      for (let kind = 0; kind < KINDS; kind++) {
        const missed = misses[cpu * KINDS + kind]!;
        if (missed !== 0) base[w]![cpu]!.push({ rate: MISSES + kind, count: missed });
        far += hops[cpu * KINDS + kind]!;
      }
      if (far !== 0) base[w]![cpu]!.push({ rate: UNITS, count: far });
    }
  const found: PriceRate[] = [];
  for (const name of names) {
    if (name === 'cycle_ns') continue;
    for (const inCycles of [false, true]) {
      const at = UNITS + 1 + found.length;
      if (!count(at, { ...nothing, [name]: 1, cycle_ns: inCycles ? 1 : 0 }, noUnits)) continue;
      found.push({ name, inCycles });
      break;
    }
  }
  return {
    rates: UNITS + 1 + found.length,
    ratesAt: (at, into) => {
      unitPrices(at, into);
      into[UNITS] = at.hop_ns;
      for (let i = 0; i < found.length; i++) {
        const { name, inCycles } = found[i]!;
        into[UNITS + 1 + i] = inCycles ? at[name] * at.cycle_ns : at[name];
      }
    },
    base,
  };
}
