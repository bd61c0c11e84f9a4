import type { ResolvedPrices } from '../systems/resolve.ts';
import type { System } from '../systems/schema.ts';
import type { Tally } from '../tally.ts';
import type { Part } from './breakdown.ts';
import type { Delays } from './contention.ts';
import { compileHolds, type Holds } from './held-time.ts';
import { splitExactly } from './queueing/exact-sums.ts';
import {
  type LocksAnswer,
  type LockUse,
  type Preemption,
  preemptHold,
  solveLocks,
} from './queueing/locks.ts';
import { MULTICLASS_DEFAULTS, type MulticlassOptions } from './queueing/multiclass.ts';
import { type DiskLoad, requestNetwork, type ServerLoad } from './request-waits.ts';
import { rounded, wholePs } from './whole.ts';

/**
 * Waiting that a tally does not count: for locks, for disks and for a server. Locks make CPUs wait for each other;
 * requests leave them idle when no job can run (`request-waits.ts`). CPUs that wait for requests ask less often for
 * locks, CPUs that spin leave disks more time: both are solved together.
 */

/** One lock over a run. */
export interface LockLoad {
  readonly lock: number;
  readonly kind: 'spin' | 'semaphore';
  readonly acquisitions: number;
  /** Acquisitions that had to wait, a mean. */
  readonly waits: number;
  /** Mean hold, with all that happens in it, and mean wait of all acquisitions, in ns. */
  readonly hold_ns: number;
  readonly wait_ns: number;
  /** Share of the run’s time in which it is held, 0 to 1. */
  readonly utilisation: number;
  /** All waits: exact sums of parts of cause `synchronisation`. */
  readonly wait_ps: number;
}

export interface Waiting {
  readonly locks: readonly LockLoad[];
  /** null: no request. */
  readonly disks: DiskLoad | null;
  /** null: no request, or no server that it waits for. */
  readonly server: ServerLoad | null;
}

/** Rounds in which locks and disks, or inner and outer locks, agree; each takes half the step. */
const ROUNDS = 12;

/** Refinement is quadratic in CPUs, and many are near the approximation without it. */
const solverOptions = (cpus: number): MulticlassOptions =>
  cpus > 16
    ? { ...MULTICLASS_DEFAULTS, refinements: 0, tolerance: 1e-6 }
    : { ...MULTICLASS_DEFAULTS, tolerance: 1e-7 };

/**
 * The waits of a run, as parts and in sum. `busy_ps`: by CPU, everything else. `preemption`: how often a lock’s holder is
 * descheduled; null: never.
 */
export function waitsOf(
  tally: Tally,
  prices: ResolvedPrices,
  system: Pick<System, 'machine' | 'os' | 'monitor'>,
  delays: Delays | null,
  busy_ps: readonly number[],
  preemption: Preemption | null,
  holdsFor: ReturnType<typeof compileHolds> = compileHolds(tally),
): { readonly parts: readonly Part[]; readonly waiting: Waiting | null } {
  const requests = requestNetwork(tally, prices, system);
  if (tally.locks.length === 0 && requests === null) return { parts: [], waiting: null };
  const holds = holdsFor(prices, delays);
  const busy = busy_ps.map((ps) => ps / 1000);
  const locks = lockNetwork(tally, holds, prices, preemption);
  let idle = busy.map(() => 0);
  let answer = locks.solve(busy);
  let slept = requests?.solve(busy, answer.busy_ns) ?? null;
  const rounds = (requests === null || !locks.contended) && !locks.nested ? 0 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    const next = slept;
    idle = idle.map((ns, cpu) => (ns + (next?.idle_ns[cpu] ?? 0)) / 2);
    answer = locks.solve(busy.map((ns, cpu) => ns + idle[cpu]!));
    slept = requests?.solve(busy, answer.busy_ns) ?? null;
  }
  const { parts, loads } = lockParts(tally, holds, answer, prices.context_switch_ns);
  const asleep = requests === null || slept === null ? null : requests.parts(slept);
  return {
    parts: [...parts, ...(asleep?.parts ?? [])],
    waiting: { locks: loads, disks: asleep?.disks ?? null, server: asleep?.server ?? null },
  };
}

/** What a lock does to CPUs. Arrays are [cpu × locks + lock], of all locks of the tally. */
interface LockWaits {
  readonly wait_ns: Float64Array;
  readonly blocked: Float64Array;
  readonly utilisation: Float64Array;
  /** By CPU: spinning, and switching for semaphores. */
  readonly busy_ns: Float64Array;
}

/** The locks that several CPUs want, as a network. Others are always free. */
function lockNetwork(tally: Tally, holds: Holds, prices: ResolvedPrices, preemption: Preemption | null) {
  const { cpus } = tally;
  const count = tally.locks.length;
  const wanted = tally.locks.flatMap(({ acquisitions }, lock) =>
    acquisitions.filter((times) => times > 0).length > 1 ? [lock] : [],
  );
  const stationOf = new Map(wanted.map((lock, station) => [lock, station]));
  const nests = holds.nested.filter(({ outer, inner }) => stationOf.has(outer) && stationOf.has(inner));
  /** Waits for inner locks inside outer holds. */
  const inside = new Float64Array(cpus * count);

  const use = (lock: number): LockUse => {
    const cells = Array.from({ length: cpus }, (_, cpu) => cpu * count + lock);
    const taken = cells.map((cell) => holds.acquisitions[cell]!);
    const held = cells.map((cell) => holds.held_ns[cell]! + inside[cell]!);
    const { kind, holds: ended } = tally.locks[lock]!;
    // Stalls and the monitor's time are taken to be proportional to a hold's instructions.
    const square_ratio =
      ended.instructions > 0 ? (ended.squares * ended.count) / (ended.instructions * ended.instructions) : 2;
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    const hold_ns = sum(held) / sum(taken);
    if (preemption === null || !(hold_ns > 0))
      return { kind, acquisitions: taken, held_ns: held, square_ratio };
    const longer = preemptHold({ hold_ns, square_ns2: square_ratio * hold_ns * hold_ns }, preemption);
    return {
      kind,
      acquisitions: taken,
      held_ns: held.map((ns) => (ns / hold_ns) * longer.hold_ns),
      square_ratio: longer.square_ns2 / (longer.hold_ns * longer.hold_ns),
    };
  };

  const spread = (answer: LocksAnswer | null): LockWaits => {
    const waits: LockWaits = {
      wait_ns: new Float64Array(cpus * count),
      blocked: new Float64Array(cpus * count),
      utilisation: new Float64Array(count),
      busy_ns: new Float64Array(cpus),
    };
    if (answer === null) return waits;
    for (const [lock, station] of stationOf) {
      waits.utilisation[lock] = answer.held[station]!;
      for (let cpu = 0; cpu < cpus; cpu++) {
        waits.wait_ns[cpu * count + lock] = answer.wait_ns[cpu * wanted.length + station]!;
        waits.blocked[cpu * count + lock] = answer.blocked[cpu * wanted.length + station]!;
      }
    }
    waits.busy_ns.set(answer.synchronisation_ns);
    return waits;
  };

  /**
   * While a CPU waits another works, so it waits no longer than all others are busy. Locks that are taken inside each
   * other in both orders would otherwise lengthen each other’s holds without end.
   */
  const bound = (waits: Float64Array, busy: readonly number[]): void => {
    const all = busy.reduce((a, b) => a + b, 0);
    for (let cpu = 0; cpu < cpus; cpu++) {
      const own = waits.subarray(cpu * count, (cpu + 1) * count);
      const total = own.reduce((a, b) => a + b, 0);
      const most = all - busy[cpu]!;
      if (total > most) for (let lock = 0; lock < count; lock++) own[lock]! *= most / total;
    }
  };

  const solve = (busy: readonly number[]): LockWaits => {
    if (wanted.length === 0) return spread(null);
    const waits = spread(
      solveLocks(busy, wanted.map(use), { switch_ns: prices.context_switch_ns }, solverOptions(cpus)),
    );
    const found = new Float64Array(inside.length);
    for (const { cpu, outer, inner, count: times } of nests) {
      const cell = cpu * count + inner;
      const each = waits.wait_ns[cell]! / holds.acquisitions[cell]!;
      found[cpu * count + outer]! += times * each;
    }
    bound(found, busy);
    for (let cell = 0; cell < inside.length; cell++) inside[cell] = (inside[cell]! + found[cell]!) / 2;
    return waits;
  };

  return { solve, contended: wanted.length > 0, nested: nests.length > 0 };
}

/** Waits for locks as parts, where the locks were wanted. */
function lockParts(tally: Tally, holds: Holds, waits: LockWaits, switch_ns: number) {
  const count = tally.locks.length;
  const found = new Map<string, { -readonly [K in keyof Part]: Part[K] }>();
  const add = (part: Omit<Part, 'count' | 'ps'>, times: number, ps: number): void => {
    if (ps === 0) return;
    const key = `${part.cpu} ${part.category} ${part.owner} ${part.context}`;
    const sum = found.get(key);
    if (sum === undefined) found.set(key, { ...part, count: times, ps });
    else {
      sum.count += times;
      sum.ps += ps;
    }
  };
  const loads = tally.locks.map(({ lock, kind }, index): LockLoad => {
    let [acquisitions, blocked, held_ns, wait_ps] = [0, 0, 0, 0];
    for (let cpu = 0; cpu < tally.cpus; cpu++) {
      const cell = cpu * count + index;
      acquisitions += holds.acquisitions[cell]!;
      held_ns += holds.held_ns[cell]!;
      blocked += waits.blocked[cell]!;
      const contexts = [...holds.contexts[cell]!];
      const weights = contexts.map(([, times]) => times);
      const ps = wholePs(waits.wait_ns[cell]!);
      const switched = kind === 'spin' ? 0 : wholePs(waits.blocked[cell]! * switch_ns);
      const waiting = splitExactly(ps, weights);
      const switching = splitExactly(switched, weights);
      // How often, in whole numbers as all counts are.
      const times = splitExactly(Math.round(waits.blocked[cell]!), weights);
      wait_ps += ps;
      contexts.forEach(([context], i) => {
        const owner = context === 'user' ? 'workload' : 'operating system';
        const part = { cpu, context, cause: 'synchronisation', owner } as const;
        const category = kind === 'spin' ? 'synchronisation' : 'idle';
        add({ ...part, category, kind: 'stall' }, times[i]!, waiting[i]!);
        add(
          { ...part, owner: 'operating system', category: 'kernel', kind: 'execution' },
          times[i]!,
          switching[i]!,
        );
      });
    }
    return {
      lock,
      kind,
      acquisitions,
      waits: rounded(blocked, 1e3),
      hold_ns: rounded(held_ns / acquisitions, 1e3),
      wait_ns: rounded(wait_ps / 1000 / acquisitions, 1e3),
      utilisation: rounded(waits.utilisation[index]!, 1e6),
      wait_ps,
    };
  });
  return { parts: [...found.values()], loads };
}
