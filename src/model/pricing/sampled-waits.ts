import type { ResolvedPrices } from '../systems/resolve.ts';
import type { System } from '../systems/schema.ts';
import type { Tally } from '../tally.ts';
import { CATEGORIES } from './breakdown.ts';
import { BY_CPU, preemptionOf } from './compiled.ts';
import { type Delays, delaysOf } from './contention.ts';
import { compileEmulated, handoverOf } from './handover.ts';
import { compileHolds } from './held-time.ts';
import { type LockNetwork, lockNetwork, REACHED, ROUNDS } from './lock-waits.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { compileRequests } from './request-waits.ts';

/**
 * Waiting for locks, disks and a server at random prices near known ones, for samples: what `waiting.ts` finds, within a
 * tolerance that no band of samples shows, and by category alone. All that the search is told are times which, without queueing for
 * memory, are counts × prices: what CPUs do besides waiting, how long locks are held, what a switch has emulated. So they need not be
 * priced anew, and queueing adds to each in proportion.
 *
 * The search begins where it ended at the known prices, takes whole steps before half ones, and ends where nothing moves
 * much.
 */

const KINDS = BLOCKING_KINDS.length;
const SYNCHRONISATION = CATEGORIES.indexOf('synchronisation');
const IDLE = CATEGORIES.indexOf('idle');
const KERNEL = CATEGORIES.indexOf('kernel');
const MONITOR = CATEGORIES.indexOf('monitor');

/** The share of CPUs' time that may still move where a search ends. */
const NEAR = 2e-6;
/** Whole steps, before half ones. */
const WHOLE_STEPS = 3;
/** Of disks, in each solution. Fewer rounds would end searches early, as they near the end by a small part of what is left. */
const DISKS = { rounds: 100, stays: 1e-5 };
const PS = 1000;

export interface SampledWaits {
  /** How many times the search is told. */
  readonly times: number;
  /**
   * These at some prices without queueing, in ps, each a sum of counts × prices. `columns`: of a breakdown at these prices
   * without queueing and waits. Overwritten by the next call.
   */
  readonly timesAt: (prices: ResolvedPrices, columns: Float64Array) => Float64Array;
  /** Adds the waits by category, in ps. `delays` null: nothing queues for memory. */
  readonly add: (
    prices: ResolvedPrices,
    times: ArrayLike<number>,
    delays: Delays | null,
    into: Float64Array,
  ) => void;
}

/** Prepares a tally's waits; null: it has none. `known`: prices that samples are near. */
export function sampledWaits(
  tally: Tally,
  system: Pick<System, 'machine' | 'os' | 'monitor'>,
  known: ResolvedPrices,
): SampledWaits | null {
  const { cpus } = tally;
  const requestsFor = compileRequests(tally, system, DISKS);
  if (tally.locks.length === 0 && requestsFor(known) === null) return null;
  const freeDelays = delaysOf(tally, { ...system.machine, contention: 'none' }, true);
  const holdsFor = compileHolds(tally);
  const emulatedFor = compileEmulated(tally);
  const lendCpu = preemptionOf(tally, system);
  const { acquisitions, nested, contexts } = holdsFor(known, null);
  const cells = acquisitions.length;
  const times = cpus + cells + 2;
  const at = new Float64Array(times);

  /** Holds, then what is emulated, in ns. */
  const heldAt = (prices: ResolvedPrices, delays: Delays | null): number[] => [
    ...holdsFor(prices, delays).held_ns,
    ...emulatedFor(prices, delays),
  ];
  const timesAt: SampledWaits['timesAt'] = (prices, columns) => {
    at.set(columns.subarray(BY_CPU, BY_CPU + cpus));
    for (const [i, ns] of heldAt(prices, freeDelays(prices)).entries()) at[cpus + i] = ns * PS;
    return at;
  };
  const queued = queueingIn(tally, known, heldAt);
  const network = lockNetwork(tally, { acquisitions, nested }, true);
  const search = searchOf(cpus, network);
  const busy = new Float64Array(cpus);
  const held_ns = new Float64Array(cells);
  const rest = new Float64Array(cells + 2);
  const spins = tally.locks.map(({ kind }) => kind === 'spin');
  let speeds: readonly Float64Array[] | null = null;

  const add: SampledWaits['add'] = (prices, told, delays, into) => {
    for (let cpu = 0; cpu < cpus; cpu++) {
      let ns = told[cpu]! / PS;
      if (delays !== null) {
        ns += delays.buffer_ns[cpu]!;
        for (let cell = cpu * KINDS; cell < (cpu + 1) * KINDS; cell++) ns += delays.queueing_ns[cell]!;
      }
      busy[cpu] = ns;
    }
    for (let i = 0; i < rest.length; i++) rest[i] = told[cpus + i]! / PS;
    if (delays !== null) for (const one of queued) one(delays, rest);
    held_ns.set(rest.subarray(0, cells));
    const handover = handoverOf(prices, rest.subarray(cells));
    const requests = requestsFor(prices, speeds);
    network.begin(held_ns, handover, lendCpu(prices));
    const { waits, slept } = search(busy, requests);
    if (speeds === null) {
      speeds = requests?.speeds() ?? [];
      network.keep();
    }
    for (let cell = 0; cell < cells; cell++) {
      if (contexts[cell]!.size === 0) continue;
      const spinning = spins[cell % spins.length]!;
      into[spinning ? SYNCHRONISATION : IDLE]! += waits.wait_ns[cell]! * PS;
      if (spinning) continue;
      const sleepers = waits.blocked[cell]!;
      into[KERNEL]! += sleepers * (handover.switch_ns - handover.emulated_ns) * PS;
      into[MONITOR]! += sleepers * handover.emulated_ns * PS;
    }
    if (slept !== null) into[IDLE]! += (slept.at_disks_ns + slept.at_server_ns) * PS;
  };
  return { times, timesAt, add };
}

type Requests = ReturnType<ReturnType<typeof compileRequests>>;

/** Locks and requests that agree. The first search ends where all others begin. */
function searchOf(cpus: number, network: LockNetwork) {
  const [idle, first, awake] = [new Float64Array(cpus), new Float64Array(cpus), new Float64Array(cpus)];
  let begun = false;
  return (busy: Float64Array, requests: Requests) => {
    idle.set(first);
    for (let cpu = 0; cpu < cpus; cpu++) awake[cpu] = busy[cpu]! + idle[cpu]!;
    let waits = network.solve(awake, true);
    let slept = requests?.solve(busy, waits.busy_ns) ?? null;
    const rounds = network.contended ? ROUNDS : 0;
    for (let round = 0; round < rounds; round++) {
      let [moved, all] = [waits.moved_ns, 0];
      for (let cpu = 0; cpu < cpus; cpu++) {
        const found = (slept?.idle_ns[cpu] ?? 0) * REACHED;
        const next = round < WHOLE_STEPS ? found : (idle[cpu]! + found) / 2;
        moved += Math.abs(next - idle[cpu]!);
        idle[cpu] = next;
        awake[cpu] = busy[cpu]! + next;
        all += awake[cpu]!;
      }
      if (moved <= NEAR * all) break;
      waits = network.solve(awake, round + 1 < WHOLE_STEPS);
      slept = requests?.solve(busy, waits.busy_ns) ?? null;
    }
    if (!begun) first.set(idle);
    begun = true;
    return { waits, slept };
  };
}

/**
 * What queueing adds to each of some times: found by having it queue for one nanosecond at one place at a time, as each is
 * a sum of counts × what it adds to a miss.
 */
function queueingIn(
  { cpus, windows }: Tally,
  known: ResolvedPrices,
  heldAt: (prices: ResolvedPrices, delays: Delays) => readonly number[],
): ((delays: Delays, times: Float64Array) => void)[] {
  if (windows.length === 0) return [];
  const nothing = Object.fromEntries(
    Object.keys(known).map((name) => [name, 0]),
  ) as unknown as ResolvedPrices;
  const delays = {
    hops: new Float64Array(cpus * KINDS),
    queueing_ns: new Float64Array(cpus * KINDS),
    buffer_ns: new Float64Array(cpus),
    solved: null,
  };
  return (['queueing_ns', 'buffer_ns'] as const).flatMap((name) =>
    Array.from(delays[name].keys(), (place) => {
      delays[name][place] = 1;
      const weights = heldAt(nothing, delays);
      delays[name][place] = 0;
      const times = Int32Array.from(weights.keys()).filter((i) => weights[i] !== 0);
      const each = Float64Array.from(times, (i) => weights[i]!);
      return (found: Delays, into: Float64Array): void => {
        const ns = found[name][place]!;
        for (let i = 0; i < times.length; i++) into[times[i]!]! += ns * each[i]!;
      };
    }),
  );
}
