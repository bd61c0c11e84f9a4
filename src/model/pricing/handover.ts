import type { ResolvedPrices } from '../systems/resolve.ts';
import type { Tally } from '../tally.ts';
import type { Delays } from './contention.ts';
import { compileMeans } from './held-time.ts';

/** What handing over a lock that is waited for takes, in ns. */
export interface Handover {
  /** A spinlock, for each CPU that spins for it. */
  readonly spin_ns: number;
  /** A semaphore: switching to the thread that has it next, all of it, and the monitor's part of that. */
  readonly switch_ns: number;
  readonly emulated_ns: number;
}

/** Nothing but a switch, of one price. */
export const switchAlone = (switch_ns: number): Handover => ({ spin_ns: 0, switch_ns, emulated_ns: 0 });

/**
 * A monitor lengthens a switch by what it emulates for it, each at the mean cost of such an action in this run, stalls and
 * queueing included.
 */
export function compileHandover(tally: Tally) {
  const means = compileEmulated(tally);
  return (prices: ResolvedPrices, delays: Delays | null): Handover =>
    handoverOf(prices, means(prices, delays));
}

/** Mean times of what a switch has a monitor emulate, in ns: a TLB write, and a privileged instruction. */
export const compileEmulated = (tally: Tally) => compileMeans(tally, ['tlb_write', 'privileged']);

/** Handing over where these take so long. */
export function handoverOf(prices: ResolvedPrices, emulated: ArrayLike<number>): Handover {
  const emulated_ns = prices.switch_tlb_writes * emulated[0]! + prices.switch_privileged * emulated[1]!;
  return {
    spin_ns: prices.handoff_ns,
    switch_ns: prices.context_switch_ns + emulated_ns,
    emulated_ns,
  };
}
