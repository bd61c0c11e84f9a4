import type { Demands } from './demands.ts';
import { BLOCKING_KINDS, type BlockingKind, SERVICES, type Service } from './traffic.ts';

/** What the machine's prices are as numbers, and what misses take without queueing. */

const KINDS = BLOCKING_KINDS.length;

/** All that pricing needs to know of the machine. */
export interface ContentionPrices {
  /** Uncontended minimum of a miss, without distance. */
  readonly latency_ns: Readonly<Record<BlockingKind, number>>;
  /** Added for each hop of each message for which the CPU waits. */
  readonly hop_ns: number;
  /**
   * Time for which one visit occupies its station; part of the latency, not added to it. Services of one miss may
   * overlap (a line leaves a port while memory still sends it), so their sum may exceed the latency.
   */
  readonly service_ns: Readonly<Record<Service, number>>;
  /** Of the service times. */
  readonly distribution: 'deterministic' | 'exponential';
}

/** Prices as numbers in a row, by service and by kind. */
export interface PriceRow {
  readonly each_ns: Float64Array;
  readonly latency_ns: Float64Array;
  hop_ns: number;
  /** E[S²]/2 = E[S]² (1 + cv²)/2: the last factor; and (1 − cv²)/(1 + cv²). */
  half: number;
  regularity: number;
}

export const priceRow = (): PriceRow => ({
  each_ns: new Float64Array(SERVICES.length),
  latency_ns: new Float64Array(KINDS),
  hop_ns: 0,
  half: 0,
  regularity: 0,
});

/** Below a femtosecond is no time: its reciprocal, a rate, might be infinite. */
const time = (ns: number): number => (ns < 1e-6 ? 0 : ns);

/** Once for all windows. */
export function loadPrices(prices: ContentionPrices, row: PriceRow): void {
  for (let i = 0; i < SERVICES.length; i++) row.each_ns[i] = time(prices.service_ns[SERVICES[i]!]);
  for (let i = 0; i < KINDS; i++) row.latency_ns[i] = prices.latency_ns[BLOCKING_KINDS[i]!];
  const random = prices.distribution === 'exponential';
  row.hop_ns = prices.hop_ns;
  row.half = random ? 1 : 0.5;
  row.regularity = random ? 0 : 1;
}

/** What each CPU's misses and its whole window take without queueing; arrays [cpu × kinds + kind] and by CPU. */
export function loadBases(
  { cpus, misses, hops, firstServed, served, mostServed }: Demands,
  think_ns: ArrayLike<number>,
  { each_ns, latency_ns, hop_ns }: PriceRow,
  minimum_ns: Float64Array,
  base_ns: Float64Array,
): void {
  const services = each_ns.length;
  for (let cpu = 0; cpu < cpus; cpu++) base_ns[cpu] = think_ns[cpu]!;
  for (let kind = 0; kind < KINDS; kind++) {
    const latency = latency_ns[kind]!;
    let most = 0;
    for (let s = 0; s < services; s++) most += mostServed[kind * services + s]! * each_ns[s]!;
    for (let cpu = 0; cpu < cpus; cpu++) {
      const target = cpu * KINDS + kind;
      let minimum = misses[target]! * latency + hops[target]! * hop_ns;
      // Misses cannot be faster than the busiest of the stations that serve them, whatever the latency says.
      if (most > latency)
        for (let entry = firstServed[target]!; entry < firstServed[target + 1]!; entry++) {
          let held = 0;
          for (let s = 0; s < services; s++) held += served[entry * services + s]! * each_ns[s]!;
          if (held > minimum) minimum = held;
        }
      minimum_ns[target] = minimum;
      base_ns[cpu]! += minimum;
    }
  }
  for (let cpu = 0; cpu < cpus; cpu++) base_ns[cpu] = time(base_ns[cpu]!);
}
