import type { Tally } from '../tally.ts';
import type { Part } from './breakdown.ts';
import { type Handover, switchAlone } from './handover.ts';
import type { Holds } from './held-time.ts';
import { splitter } from './queueing/exact-sums.ts';
import {
  type LockUse,
  locksOptions,
  locksWorkspace,
  type Preemption,
  preemptHold,
  solveLocks,
} from './queueing/locks.ts';
import { rounded, wholePs } from './whole.ts';

/** Waiting for the locks of a tally: those that several CPUs want, as a network. Others are always free. */

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

/** What locks do to CPUs. Arrays are [cpu × locks + lock], of all locks of the tally; a solve overwrites them. */
export interface LockWaits {
  readonly wait_ns: Float64Array;
  readonly blocked: Float64Array;
  readonly utilisation: Float64Array;
  /** By CPU: spinning, and switching for semaphores. */
  readonly busy_ns: Float64Array;
  /** By CPU: all of the run, waits included. */
  readonly time_ns: Float64Array;
  /** By how much holds are longer or shorter for the next solve, of all CPUs together. */
  moved_ns: number;
}

/** Rounds in which locks, hand-overs, inner and outer locks, and disks agree; each takes half the step. */
export const ROUNDS = 12;
/** How far that comes from nothing, which samples that take whole steps go, too. */
export const REACHED = 1 - 1 / 2 ** ROUNDS;

export interface LockNetwork {
  /** Whether several CPUs want any lock. */
  readonly contended: boolean;
  /** Begins with new holds, without waits and hand-overs inside them, or with those that were kept. */
  begin(held_ns: Float64Array, handover: Handover, preemption: Preemption | null): void;
  /**
   * Solves the locks for CPUs that are busy for so long; the next solve has half of these waits and hand-overs in holds, or
   * the whole of them.
   */
  solve(busy_ns: ArrayLike<number>, whole?: boolean): LockWaits;
  /** For samples: the solution at hand is where all others begin from now on. */
  keep(): void;
}

/** A use whose times change. */
type Use = { -readonly [K in keyof LockUse]: LockUse[K] } & {
  readonly acquisitions: Float64Array;
  readonly held_ns: Float64Array;
};

/** Lays out the locks that are contended. `holds`: of the tally, at any prices. `near`: for samples, less exactly. */
export function lockNetwork(
  tally: Tally,
  holds: Pick<Holds, 'acquisitions' | 'nested'>,
  near = false,
): LockNetwork {
  const { cpus } = tally;
  const count = tally.locks.length;
  const wanted = tally.locks.flatMap(({ acquisitions }, lock) =>
    acquisitions.filter((times) => times > 0).length > 1 ? [lock] : [],
  );
  const stations = new Set(wanted);
  const nests = holds.nested.filter(({ outer, inner }) => stations.has(outer) && stations.has(inner));
  const uses = wanted.map((lock): Use => {
    const { kind } = tally.locks[lock]!;
    const acquisitions = Float64Array.from(
      { length: cpus },
      (_, cpu) => holds.acquisitions[cpu * count + lock]!,
    );
    return { kind, acquisitions, held_ns: new Float64Array(cpus), square_ratio: 2 };
  });
  const taken = uses.map(({ acquisitions }) => total(acquisitions, 0, cpus));
  // Stalls and the monitor's time are taken to be proportional to a hold's instructions.
  const ratios = wanted.map((lock) => {
    const { instructions, squares, count: times } = tally.locks[lock]!.holds;
    return instructions > 0 ? (squares * times) / (instructions * instructions) : 2;
  });
  /** Waits for inner locks inside outer holds, and what the last solve found them to be. */
  const inside = new Float64Array(cpus * count);
  const found = new Float64Array(cpus * count);
  /** What handing over each lock that is wanted adds to a hold. */
  const handed = new Float64Array(wanted.length);
  const waits: LockWaits = {
    wait_ns: new Float64Array(cpus * count),
    blocked: new Float64Array(cpus * count),
    utilisation: new Float64Array(count),
    busy_ns: new Float64Array(cpus),
    time_ns: new Float64Array(cpus),
    moved_ns: 0,
  };
  const workspace = locksWorkspace(cpus, wanted.length);
  const options = locksOptions(cpus, near);
  const reached = near ? REACHED : 1;
  const kept = {
    inside: new Float64Array(cpus * count),
    handed: new Float64Array(wanted.length),
    wait_ns: new Float64Array(cpus * wanted.length),
  };
  let held = new Float64Array(cpus * count);
  let handover = switchAlone(0);
  let lent: Preemption | null = null;

  const load = (station: number): void => {
    const use = uses[station]!;
    const lock = wanted[station]!;
    for (let cpu = 0; cpu < cpus; cpu++)
      use.held_ns[cpu] =
        held[cpu * count + lock]! + inside[cpu * count + lock]! + handed[station]! * use.acquisitions[cpu]!;
    const square_ratio = ratios[station]!;
    use.square_ratio = square_ratio;
    if (lent === null) return;
    const hold_ns = total(use.held_ns, 0, cpus) / taken[station]!;
    if (!(hold_ns > 0)) return;
    const longer = preemptHold({ hold_ns, square_ns2: square_ratio * hold_ns * hold_ns }, lent);
    for (let cpu = 0; cpu < cpus; cpu++) use.held_ns[cpu] = (use.held_ns[cpu]! / hold_ns) * longer.hold_ns;
    use.square_ratio = longer.square_ns2 / (longer.hold_ns * longer.hold_ns);
  };

  /**
   * Who spins makes the next hand-over longer: an arrival that finds q CPUs spinning waits for q + 1 hand-overs with q + 1, q
   * … 1 of them, so for 1 + q ÷ 2 on average; q is the mean while the lock is held. Who sleeps has to be switched to while the lock is his already: a semaphore
   * is given to the thread that waits longest, and nobody else can take it meanwhile.
   */
  const handOver = (station: number, whole: boolean): void => {
    const lock = wanted[station]!;
    let [spinning, sleepers] = [0, 0];
    for (let cpu = 0; cpu < cpus; cpu++) {
      const cell = cpu * count + lock;
      if (waits.time_ns[cpu]! > 0) spinning += waits.wait_ns[cell]! / waits.time_ns[cpu]!;
      sleepers += waits.blocked[cell]!;
    }
    const busy = waits.utilisation[lock]!;
    const spinners = busy > 0 ? 1 + spinning / busy / 2 : 0;
    const more =
      uses[station]!.kind === 'spin'
        ? spinners * handover.spin_ns
        : (sleepers / taken[station]!) * handover.switch_ns;
    const target = more * reached;
    const next = whole ? target : (handed[station]! + target) / 2;
    waits.moved_ns += Math.abs(next - handed[station]!) * taken[station]!;
    handed[station] = next;
  };

  /** The waits of the inner locks of each outer one. */
  const nest = (busy_ns: ArrayLike<number>, whole: boolean): void => {
    found.fill(0);
    for (const { cpu, outer, inner, count: times } of nests) {
      const cell = cpu * count + inner;
      found[cpu * count + outer]! += times * (waits.wait_ns[cell]! / holds.acquisitions[cell]!);
    }
    // While a CPU waits another works, so it waits no longer than all others are busy. Locks that are taken inside
    // each other in both orders would otherwise lengthen each other's holds without end.
    const all = total(busy_ns, 0, cpus);
    for (let cpu = 0; cpu < cpus; cpu++) {
      const own = total(found, cpu * count, (cpu + 1) * count);
      const most = all - busy_ns[cpu]!;
      if (own > most) for (let lock = 0; lock < count; lock++) found[cpu * count + lock]! *= most / own;
    }
    for (let cell = 0; cell < inside.length; cell++) {
      const target = found[cell]! * reached;
      const next = whole ? target : (inside[cell]! + target) / 2;
      waits.moved_ns += Math.abs(next - inside[cell]!);
      inside[cell] = next;
    }
  };

  return {
    contended: wanted.length > 0,
    begin: (held_ns, handing, preemption) => {
      inside.set(kept.inside);
      handed.set(kept.handed);
      if (workspace.near) workspace.network.wait_ns.set(kept.wait_ns);
      held = held_ns as typeof held;
      handover = handing;
      lent = preemption;
    },
    solve: (busy_ns, whole = false) => {
      waits.moved_ns = 0;
      if (wanted.length === 0) return waits;
      for (let station = 0; station < uses.length; station++) load(station);
      const {
        held: share,
        wait_ns,
        blocked,
        synchronisation_ns,
        time_ns,
      } = solveLocks(busy_ns, uses, handover, options, workspace);
      for (let station = 0; station < wanted.length; station++) {
        const lock = wanted[station]!;
        waits.utilisation[lock] = share[station]!;
        for (let cpu = 0; cpu < cpus; cpu++) {
          waits.wait_ns[cpu * count + lock] = wait_ns[cpu * wanted.length + station]!;
          waits.blocked[cpu * count + lock] = blocked[cpu * wanted.length + station]!;
        }
      }
      waits.busy_ns.set(synchronisation_ns);
      waits.time_ns.set(time_ns);
      for (let station = 0; station < wanted.length; station++) handOver(station, whole);
      if (nests.length > 0) nest(busy_ns, whole);
      return waits;
    },
    keep: () => {
      kept.inside.set(inside);
      kept.handed.set(handed);
      kept.wait_ns.set(workspace.network.wait_ns);
      workspace.near = true;
    },
  };
}

function total(list: ArrayLike<number>, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += list[i]!;
  return sum;
}

/** Waits for locks as parts, where the locks were wanted. `holds`: of the tally, at any prices. */
export function lockParts(
  tally: Tally,
  { acquisitions, contexts }: Pick<Holds, 'acquisitions' | 'contexts'>,
) {
  const count = tally.locks.length;
  const plans: Omit<Part, 'count' | 'ps'>[] = [];
  const planOf = new Map<string, number>();
  const plan = (part: Omit<Part, 'count' | 'ps'>): number => {
    const key = `${part.cpu} ${part.category} ${part.owner} ${part.context}`;
    const known = planOf.get(key);
    if (known !== undefined) return known;
    planOf.set(key, plans.length);
    return plans.push(part) - 1;
  };
  /** By cell: who waits there, and the parts of that. */
  const cells = contexts.map((within, cell) => {
    const cpu = Math.floor(cell / count);
    const spins = tally.locks[cell % count]!.kind === 'spin';
    const weights = [...within.values()];
    const each = [...within.keys()].map((context) => {
      const owner = context === 'user' ? 'workload' : 'operating system';
      const part = { cpu, context, cause: 'synchronisation', owner } as const;
      return {
        waiting: plan({ ...part, category: spins ? 'synchronisation' : 'idle', kind: 'stall' }),
        switching: plan({ ...part, owner: 'operating system', category: 'kernel', kind: 'execution' }),
        emulated: plan({ ...part, owner: 'monitor', category: 'monitor', kind: 'execution' }),
      };
    });
    return {
      spins,
      each,
      waited: splitter(weights),
      switched: splitter(weights),
      emulated: splitter(weights),
      times: splitter(weights),
    };
  });
  const times = new Float64Array(plans.length);
  const ps = new Float64Array(plans.length);

  return (held_ns: Float64Array, waits: LockWaits, { switch_ns, emulated_ns }: Handover) => {
    times.fill(0);
    ps.fill(0);
    /** Parts of some time, in the order in which they are found. */
    const found: number[] = [];
    const add = (part: number, often: number, time: number): void => {
      if (time === 0) return;
      if (ps[part] === 0) found.push(part);
      times[part]! += often;
      ps[part]! += time;
    };
    const loads = tally.locks.map(({ lock, kind }, index): LockLoad => {
      let [taken, blocked, held, wait_ps] = [0, 0, 0, 0];
      for (let cpu = 0; cpu < tally.cpus; cpu++) {
        const cell = cpu * count + index;
        taken += acquisitions[cell]!;
        held += held_ns[cell]!;
        blocked += waits.blocked[cell]!;
        const { spins, each, ...split } = cells[cell]!;
        const time = wholePs(waits.wait_ns[cell]!);
        wait_ps += time;
        if (each.length === 0) continue;
        const waited = split.waited(time);
        const sleepers = spins ? 0 : waits.blocked[cell]!;
        const switched = split.switched(wholePs(sleepers * (switch_ns - emulated_ns)));
        const emulated = split.emulated(wholePs(sleepers * emulated_ns));
        // How often, in whole numbers as all counts are.
        const often = split.times(Math.round(waits.blocked[cell]!));
        for (let i = 0; i < each.length; i++) {
          add(each[i]!.waiting, often[i]!, waited[i]!);
          add(each[i]!.switching, often[i]!, switched[i]!);
          add(each[i]!.emulated, often[i]!, emulated[i]!);
        }
      }
      return {
        lock,
        kind,
        acquisitions: taken,
        waits: rounded(blocked, 1e3),
        hold_ns: rounded(held / taken, 1e3),
        wait_ns: rounded(wait_ps / 1000 / taken, 1e3),
        utilisation: rounded(waits.utilisation[index]!, 1e6),
        wait_ps,
      };
    });
    const parts = found.map((part): Part => ({ ...plans[part]!, count: times[part]!, ps: ps[part]! }));
    return { parts, loads };
  };
}
