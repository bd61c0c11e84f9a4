import type { ResolvedPrices } from '../systems/resolve.ts';
import type { System } from '../systems/schema.ts';
import type { Tally } from '../tally.ts';
import type { Part } from './breakdown.ts';
import type { Delays } from './contention.ts';
import { compileHandover } from './handover.ts';
import { compileHolds } from './held-time.ts';
import { type LockLoad, type LockNetwork, lockNetwork, lockParts, ROUNDS } from './lock-waits.ts';
import type { Preemption } from './queueing/locks.ts';
import { compileRequests, type DiskLoad, type ServerLoad } from './request-waits.ts';

/**
 * Waiting that a tally does not count: for locks, for disks and for a server. Locks make CPUs wait for each other;
 * requests leave them idle when no job can run (`request-waits.ts`). CPUs that wait for requests ask less often for
 * locks, CPUs that spin leave disks more time: both are solved together.
 */

export interface Waiting {
  readonly locks: readonly LockLoad[];
  /** null: no request. */
  readonly disks: DiskLoad | null;
  /** null: no request, or no server that it waits for. */
  readonly server: ServerLoad | null;
}

/**
 * The waits of a tally’s runs, as parts and in sum. `busy_ps`: by CPU, everything else. `preemption`: how often a lock’s
 * holder is descheduled; null: never. (`sampled-waits.ts` searches for the same, less exactly.)
 */
export function compileWaits(tally: Tally, system: Pick<System, 'machine' | 'os' | 'monitor'>) {
  const holdsFor = compileHolds(tally);
  const handoverFor = compileHandover(tally);
  const requestsFor = compileRequests(tally, system);
  let compiled: { readonly network: LockNetwork; readonly partsOf: ReturnType<typeof lockParts> } | null =
    null;
  return (
    prices: ResolvedPrices,
    delays: Delays | null,
    busy_ps: readonly number[],
    preemption: Preemption | null,
  ): { readonly parts: readonly Part[]; readonly waiting: Waiting | null } => {
    const requests = requestsFor(prices);
    if (tally.locks.length === 0 && requests === null) return { parts: [], waiting: null };
    const holds = holdsFor(prices, delays);
    compiled ??= { network: lockNetwork(tally, holds), partsOf: lockParts(tally, holds) };
    const { network, partsOf } = compiled;
    const busy = busy_ps.map((ps) => ps / 1000);
    const idle = busy.map(() => 0);
    const awake = [...busy];
    const handover = handoverFor(prices, delays);
    network.begin(holds.held_ns, handover, preemption);
    let waits = network.solve(busy);
    let slept = requests?.solve(busy, waits.busy_ns) ?? null;
    const rounds = network.contended ? ROUNDS : 0;
    for (let round = 0; round < rounds; round++) {
      for (let cpu = 0; cpu < busy.length; cpu++) {
        idle[cpu] = (idle[cpu]! + (slept?.idle_ns[cpu] ?? 0)) / 2;
        awake[cpu] = busy[cpu]! + idle[cpu]!;
      }
      waits = network.solve(awake);
      slept = requests?.solve(busy, waits.busy_ns) ?? null;
    }
    const { parts, loads } = partsOf(holds.held_ns, waits, handover);
    const asleep = requests?.parts() ?? null;
    return {
      parts: [...parts, ...(asleep?.parts ?? [])],
      waiting: { locks: loads, disks: asleep?.disks ?? null, server: asleep?.server ?? null },
    };
  };
}
