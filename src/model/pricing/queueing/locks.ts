import { foundBusy } from './arrivals.ts';
import {
  MULTICLASS_DEFAULTS,
  type MulticlassOptions,
  solveMulticlass,
  solveMulticlassNear,
} from './multiclass.ts';
import { type MulticlassWorkspace, multiclassWorkspace } from './multiclass-workspace.ts';
import { type MvaStation, mvaWorkspace, solveMva } from './mva.ts';

/**
 * Waiting for locks: the holders and waiters of a lock are a closed queueing network in which the lock is the
 * server and the hold time, with all stalls and monitor time inside it, is the service. Whoever spins burns
 * its CPU: synchronisation. Whoever waits for a semaphore is descheduled: context switches, and idle time.
 *
 * Gilbert, "Modeling spin locks with queuing networks", ACM SIGOPS Operating Systems Review 12(1), 1978, for
 * the lock as a station; Reiser & Lavenberg 1980 for its solution.
 */

/** How long a lock is held, and what lengthens it. */
export interface Hold {
  /** Time between acquisition and release, stalls and monitor time inside included. */
  readonly hold_ns: number;
  /** Mean of the square; left out: exponential, 2 × hold². */
  readonly square_ns2?: number;
}

/** How virtual CPUs share CPUs. */
export interface Preemption {
  readonly vcpus: number;
  readonly cpus: number;
  readonly slice_ns: number;
  /** All virtual CPUs of a machine run together: no holder is descheduled while a waiter runs. */
  readonly gang: boolean;
}

/** A hold with the time in which its holder is descheduled. */
export interface PreemptedHold {
  readonly hold_ns: number;
  readonly square_ns2: number;
  /** Of a hold to meet the end of a slice. */
  readonly probability: number;
  /** Until the holder runs again. */
  readonly away_ns: number;
}

/**
 * Lengthens a hold by the preemption of its holder: probability × residual slice. A slice ends within a hold
 * with probability hold ÷ slice (at most 1); then the other virtual CPUs of that CPU have a slice each,
 * (vcpus ÷ cpus − 1) × slice. With a CPU for each virtual CPU, or gang scheduling, nothing changes.
 */
export function preemptHold(hold: Hold, how: Preemption): PreemptedHold {
  const square = hold.square_ns2 ?? 2 * hold.hold_ns * hold.hold_ns;
  if (how.gang || how.vcpus <= how.cpus || !(how.slice_ns > 0))
    return { hold_ns: hold.hold_ns, square_ns2: square, probability: 0, away_ns: 0 };
  const ratio = hold.hold_ns / how.slice_ns;
  const probability = Math.min(ratio, 1);
  const away_ns = (how.vcpus / how.cpus - 1) * how.slice_ns;
  return {
    hold_ns: hold.hold_ns + probability * away_ns,
    square_ns2: square + probability * (2 * hold.hold_ns * away_ns + away_ns * away_ns),
    probability,
    away_ns,
  };
}

/** One lock and P alike customers. */
export interface LockQuestion {
  readonly customers: number;
  /** Between a release and the next request of the same customer. */
  readonly think_ns: number;
  readonly hold_ns: number;
  readonly kind: 'spin' | 'semaphore';
  /** Semaphores: a customer that has to wait is switched out and in again. */
  readonly switch_ns?: number;
  /** Spinlocks: each waiter lengthens the hand-over by this much (its copy of the line is invalidated). */
  readonly handoff_ns?: number;
}

/** Per acquisition of one customer. */
export interface LockAnswer {
  readonly wait_ns: number;
  /** Probability of having to wait. */
  readonly blocked: number;
  readonly cycle_ns: number;
  /** Utilisation of the lock: how much of the time it is held. */
  readonly held: number;
  /** Where the wait shows: all of it here for a spinlock; for a semaphore the two context switches. */
  readonly synchronisation_ns: number;
  /** Semaphores: the wait. */
  readonly idle_ns: number;
}

/** Iterations for a semaphore's price of switching, which depends on the answer. */
const SWITCH_ITERATIONS = 40;

/** Exact mean value analysis of one lock. */
export function solveLock(question: LockQuestion): LockAnswer {
  const { customers, think_ns, hold_ns, kind, handoff_ns = 0 } = question;
  const switch_ns = kind === 'semaphore' ? (question.switch_ns ?? 0) : 0;
  const station: MvaStation =
    kind === 'spin' && handoff_ns > 0
      ? {
          kind: 'rates',
          demand_ns: hold_ns,
          rates: Array.from(
            { length: customers },
            (_, waiters) => hold_ns / (hold_ns + handoff_ns * waiters),
          ),
        }
      : { kind: 'queue', demand_ns: hold_ns };
  const workspace = mvaWorkspace(1, Math.max(customers, 1));
  // An arrival waits if the lock is held in the network of one customer less.
  const blockedAt = (think: number): number => {
    if (customers < 2 || hold_ns === 0) return 0;
    const less = solveMva([station], customers - 1, think, workspace);
    if (station.kind === 'queue') return less.utilisation[0]!;
    return 1 - workspace.marginals[0]!;
  };
  let blocked = blockedAt(think_ns);
  if (switch_ns > 0)
    for (let i = 0; i < SWITCH_ITERATIONS; i++)
      // Longer thinking, less waiting: the half step converges without swinging.
      blocked = (blocked + blockedAt(think_ns + blocked * switch_ns)) / 2;
  const switches = blocked * switch_ns;
  const whole = solveMva([station], customers, think_ns + switches, workspace);
  const wait = customers > 0 ? Math.max(0, whole.residence_ns[0]! - hold_ns) : 0;
  const held = station.kind === 'queue' ? whole.utilisation[0]! : 1 - workspace.marginals[0]!;
  return {
    wait_ns: wait,
    blocked,
    cycle_ns: whole.cycle_ns,
    held,
    synchronisation_ns: kind === 'spin' ? wait : switches,
    idle_ns: kind === 'spin' ? 0 : wait,
  };
}

/** One of many locks, with what each CPU does to it in a window. */
export interface LockUse {
  readonly kind: 'spin' | 'semaphore';
  /** By CPU. */
  readonly acquisitions: ArrayLike<number>;
  /** By CPU: all holds together, stalls and monitor time inside included. */
  readonly held_ns: ArrayLike<number>;
  /** Second moment of a hold ÷ its mean squared; left out: 2, exponential. */
  readonly square_ratio?: number;
}

/** By CPU, and by [cpu × locks + lock]. */
export interface LocksAnswer {
  readonly time_ns: Float64Array;
  readonly wait_ns: Float64Array;
  /** Acquisitions that had to wait. */
  readonly blocked: Float64Array;
  readonly synchronisation_ns: Float64Array;
  readonly idle_ns: Float64Array;
  /** By lock: how much of the time it is held. */
  readonly held: Float64Array;
}

/** How regular holds are on average, weighted by how long locks are held: 0 exponential, 1 constant. */
function regularityOf(locks: readonly LockUse[]): number {
  let held = 0;
  let regular = 0;
  for (const { held_ns, square_ratio = 2 } of locks)
    for (let cpu = 0; cpu < held_ns.length; cpu++) {
      held += held_ns[cpu]!;
      regular += held_ns[cpu]! * Math.max(0, 2 / Math.max(square_ratio, 1) - 1);
    }
  return held > 0 ? regular / held : 0;
}

/** Iterations in which the price of switching and the waits agree. */
const SWITCH_ROUNDS = 12;
/** Whole steps, where these are taken at first. */
const WHOLE_STEPS = 4;

/** How hard to try. */
export interface LocksOptions extends MulticlassOptions {
  /**
   * Ends the iterations where the price of switching moves by no more than this share of a CPU's time, and takes whole
   * steps at first; without: none ends early, and all steps are half ones.
   */
  readonly switching?: number;
}

/**
 * Options for so many CPUs: refinement is quadratic in them, and many are near the approximation without it. `near`: for
 * samples, where digits beyond what bands show are not worth their time.
 */
export function locksOptions(cpus: number, near: boolean): LocksOptions {
  const few = near ? { tolerance: 1e-5, switching: 1e-6 } : { tolerance: cpus > 16 ? 1e-6 : 1e-7 };
  return { ...MULTICLASS_DEFAULTS, ...few, ...(cpus > 16 && { refinements: 0 }) };
}

/** Memory of a solve, and its answer, which the next one overwrites. */
export interface LocksWorkspace {
  readonly network: MulticlassWorkspace;
  readonly answer: LocksAnswer;
  /** By CPU: switching. */
  readonly switched: Float64Array;
  /** For samples: ratios before the last refinement, where the waits of the network are those of one that is near. */
  readonly ratios: Float64Array;
  near: boolean;
}

/** A workspace for so many CPUs and locks. */
export function locksWorkspace(cpus: number, locks: number): LocksWorkspace {
  const network = multiclassWorkspace(cpus, locks);
  network.population.fill(1);
  return {
    network,
    answer: {
      time_ns: network.cycle_ns,
      wait_ns: new Float64Array(cpus * locks),
      blocked: new Float64Array(cpus * locks),
      synchronisation_ns: new Float64Array(cpus),
      idle_ns: new Float64Array(cpus),
      held: network.utilisation,
    },
    switched: new Float64Array(cpus),
    ratios: new Float64Array(cpus * locks).fill(1),
    near: false,
  };
}

/**
 * Many locks and CPUs with different habits, together: waiting for one lock relieves the others.
 * `busy_ns[c]` is CPU c's time with all its holds in it and without any waiting. Nested holds are separate
 * stations: a wait inside an outer hold does not lengthen it (give the outer hold with the wait in it).
 */
export function solveLocks(
  busy_ns: ArrayLike<number>,
  locks: readonly LockUse[],
  { switch_ns }: { readonly switch_ns: number },
  options: LocksOptions = MULTICLASS_DEFAULTS,
  workspace: LocksWorkspace = locksWorkspace(busy_ns.length, locks.length),
): LocksAnswer {
  const { network, answer, switched, ratios } = workspace;
  const cpus = busy_ns.length;
  const count = locks.length;
  if (network.classes !== cpus || network.stations !== count)
    throw new RangeError('the workspace is for other numbers of CPUs and locks');
  const { wait_ns, blocked, synchronisation_ns, idle_ns } = answer;
  for (let k = 0; k < count; k++) {
    const { acquisitions, held_ns, square_ratio = 2 } = locks[k]!;
    for (let cpu = 0; cpu < cpus; cpu++) {
      const cell = cpu * count + k;
      const times = acquisitions[cpu]!;
      const held = held_ns[cpu]!;
      network.visits[cell] = times;
      network.demand_ns[cell] = held;
      network.half_square_ns2[cell] = times > 0 ? (square_ratio * held * held) / times / 2 : 0;
    }
  }
  network.regularity = regularityOf(locks);
  switched.fill(0);
  const semaphores = switch_ns > 0 && locks.some((lock) => lock.kind === 'semaphore');
  const rounds = semaphores ? SWITCH_ROUNDS : 1;
  const whole = options.switching === undefined ? 1 : WHOLE_STEPS;
  const ends = options.switching ?? Number.NaN;
  for (let round = 0; round < rounds; round++) {
    for (let cpu = 0; cpu < cpus; cpu++) network.base_ns[cpu] = busy_ns[cpu]! + switched[cpu]!;
    if (workspace.near) solveMulticlassNear(network, options, ratios);
    else solveMulticlass(network, options, ratios);
    foundBusy(network, blocked);
    let moved = round === 0;
    for (let cpu = 0, i = 0; cpu < cpus; cpu++) {
      let price = 0;
      for (let k = 0; k < count; k++, i++) {
        blocked[i]! *= network.visits[i]!;
        if (locks[k]!.kind === 'semaphore') price += blocked[i]! * switch_ns;
      }
      if (!(Math.abs(price - switched[cpu]!) <= ends * busy_ns[cpu]!)) moved = true;
      switched[cpu] = round < whole ? price : (switched[cpu]! + price) / 2;
    }
    if (!moved) break;
  }
  for (let cpu = 0, i = 0; cpu < cpus; cpu++) {
    // The price that was in the cycle, so that busy + synchronisation + idle is the time.
    synchronisation_ns[cpu] = network.base_ns[cpu]! - busy_ns[cpu]!;
    idle_ns[cpu] = 0;
    for (let k = 0; k < count; k++, i++) {
      const wait = network.visits[i]! * network.wait_ns[i]!;
      wait_ns[i] = wait;
      if (locks[k]!.kind === 'spin') synchronisation_ns[cpu]! += wait;
      else idle_ns[cpu]! += wait;
    }
  }
  return answer;
}
