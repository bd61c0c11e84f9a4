import type { ResolvedPrices } from '../systems/resolve.ts';
import type { System } from '../systems/schema.ts';
import type { Tally, TallyRow } from '../tally.ts';
import { type PageAction, pageActions } from './actions.ts';
import type { Breakdown, Cause, Part } from './breakdown.ts';
import { type Contention, type Delays, kindDelay, memoryDelays, stationLoads } from './contention.ts';
import { costOf, type Names, namesOf, workOf } from './costs.ts';
import { splitExactly } from './queueing/exact-sums.ts';
import type { Preemption } from './queueing/locks.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { postedOf, type Stall, stallsOf } from './stalls.ts';
import { type Waiting, waitsOf } from './waiting.ts';
import { tooLong, wholePs } from './whole.ts';

/**
 * Prices × tally = breakdown. Every part is one product (or sum of products) rounded to whole picoseconds,
 * then only added; the arithmetic is + − × ÷ so that every engine gives the same bits. What is known of a whole
 * CPU alone (hops, queueing) is rounded once and split over its rows in whole picoseconds.
 */
export interface Priced {
  readonly breakdown: Breakdown;
  /** null: no contention was solved. */
  readonly contention: Contention | null;
  /** What moving pages took, by kind of action: parts of the breakdown's time. */
  readonly actions: readonly PageAction[];
  /** Waiting for locks and disks; null: the trace names neither. */
  readonly waiting: Waiting | null;
}

/** What need not be priced, and what a tally does not say. */
export interface PriceOptions {
  /** Leaves out waiting for locks and disks. */
  readonly waits?: boolean;
  /** How often whoever holds a lock is descheduled; null: never; default: as the tally’s scheduler has it. */
  readonly preemption?: Preemption | null;
}

/** What pricing has to know of a system besides its prices. */
export type PricedSystem = Pick<System, 'machine' | 'monitor' | 'os'>;

/** Stalls of one row with what the memory system adds, in picoseconds. */
interface RowStalls {
  readonly stalls: readonly Stall[];
  /** By stall: distance. */
  readonly hop_ps: number[];
  queueing_ps: number;
}

/**
 * Virtual CPUs that share CPUs lose them while they hold locks. How often, and for how long, is what the scheduler
 * counted: a wait in every `ran ÷ waits` instructions, and `waited ÷ waits` long; in time at execution’s rate, without
 * stalls.
 */
function preemptionOf(tally: Tally, prices: ResolvedPrices, { monitor }: PricedSystem): Preemption | null {
  if (tally.schedule === null || monitor === null) return null;
  const sum = (of: 'ran' | 'waited' | 'waits'): number =>
    tally.schedule!.vcpus.reduce((all, vcpu) => all + vcpu[of], 0);
  const waits = sum('waits');
  const ran = sum('ran');
  if (waits === 0 || ran === 0) return null;
  return {
    vcpus: 1 + sum('waited') / ran,
    cpus: 1,
    slice_ns: (ran / waits) * prices.cycles_per_instruction * prices.cycle_ns,
    gang: monitor.schedule.gang,
  };
}

const KINDS = BLOCKING_KINDS.length;

/**
 * Prices one tally. Parts of no time and no count are left out.
 * @throws InputError if the total does not fit whole picoseconds.
 */
export function price(
  tally: Tally,
  prices: ResolvedPrices,
  system: PricedSystem,
  { waits = true, preemption = preemptionOf(tally, prices, system) }: PriceOptions = {},
): Priced {
  const delays = memoryDelays(tally, prices, system.machine);
  const rows = tally.rows.map((row): RowStalls => {
    const stalls = stallsOf(row, prices);
    return { stalls, hop_ps: stalls.map(() => 0), queueing_ps: 0 };
  });
  const contention = delays && spread(tally, rows, delays, prices, system);
  const parts: Part[] = [];
  const busy = new Array<number>(tally.cpus).fill(0);
  let total = 0;
  const rowPs = tally.rows.map((row, at) => {
    const before = total;
    for (const part of partsOf(row, rows[at]!, prices, system.monitor !== null)) {
      total += part.ps;
      parts.push(part);
    }
    busy[row.cpu]! += total - before;
    return total - before;
  });
  const waited = waits ? waitsOf(tally, prices, system, delays, busy, preemption) : null;
  for (const part of waited?.parts ?? []) {
    total += part.ps;
    parts.push(part);
  }
  if (!Number.isSafeInteger(total)) throw tooLong();
  const breakdown = { total_ps: total, parts };
  return {
    breakdown,
    contention,
    actions: pageActions(tally.rows, rowPs, breakdown),
    waiting: waited?.waiting ?? null,
  };
}

/** The parts of one row. */
function partsOf(row: TallyRow, memory: RowStalls, prices: ResolvedPrices, monitor: boolean): Part[] {
  const parts: Part[] = [];
  const names = namesOf(row.layer, row.context, monitor);
  const addPs = (what: Partial<Names>, kind: Part['kind'], count: number, ps: number): void => {
    if (count !== 0 || ps !== 0)
      parts.push({ cpu: row.cpu, context: row.context, ...names, ...what, kind, count, ps });
  };
  const add = (what: Partial<Names>, kind: Part['kind'], count: number, ns: number): void =>
    addPs(what, kind, count, Math.round(ns * 1000));

  const work = workOf(row);
  const cost = costOf(row.layer, work, prices);
  const stallPs = (at: number): number => {
    const { count, ns } = memory.stalls[at]!;
    return Math.round(count * ns * 1000) + memory.hop_ps[at]!;
  };
  if (row.layer === 'workload') {
    add({}, 'execution', work.instructions, cost.executed);
    const causes = new Map<Cause, { count: number; ps: number }>();
    memory.stalls.forEach(({ cause, count }, at) => {
      const sum = causes.get(cause) ?? { count: 0, ps: 0 };
      causes.set(cause, { count: sum.count + count, ps: sum.ps + stallPs(at) });
    });
    for (const [cause, { count, ps }] of causes) addPs({ cause, owner: 'architecture' }, 'stall', count, ps);
    add({ cause: 'device', owner: 'architecture' }, 'stall', work.uncached, cost.uncached);
  } else {
    // What a patched kernel would not need emulated, the operating system could remove.
    const theirs = { owner: 'operating system' } as const;
    const { count, patchable } = work;
    add({}, 'execution', count - patchable, cost.executed);
    add(theirs, 'execution', patchable, cost.patchable);
    // An activity's stalls go when the activity goes, so they have its owner.
    const share = count === 0 ? 0 : patchable / count;
    const waits = memory.stalls.reduce((sum, stall) => sum + stall.count, 0);
    const waited = memory.stalls.reduce((ns, stall) => ns + stall.count * stall.ns, 0);
    const hops = memory.hop_ps.reduce((sum, ps) => sum + ps, 0);
    const theirWaits = Math.round(waits * share);
    const theirHops = Math.round(hops * share);
    addPs({}, 'stall', waits - theirWaits, Math.round(waited * (1 - share) * 1000) + hops - theirHops);
    addPs(theirs, 'stall', theirWaits, Math.round(waited * share * 1000) + theirHops);
  }
  const misses = memory.stalls.reduce((sum, { kind, count }) => sum + (kind === null ? 0 : count), 0);
  if (memory.queueing_ps > 0)
    addPs({ cause: 'queueing', owner: 'architecture' }, 'stall', misses, memory.queueing_ps);
  return parts;
}

/**
 * Spreads the delays of each CPU over its rows, in proportion to their misses of that kind (waiting for the
 * buffer: to what they posted). Gives the contention of the run, where it was solved.
 */
function spread(
  tally: Tally,
  rows: readonly RowStalls[],
  delays: Delays,
  prices: ResolvedPrices,
  { machine }: PricedSystem,
): Contention | null {
  const misses = new Float64Array(KINDS);
  const minimum = new Float64Array(KINDS);
  const queued = new Float64Array(KINDS);
  let buffered = 0;
  for (let cpu = 0; cpu < tally.cpus; cpu++) {
    const mine = rows.filter((_, at) => tally.rows[at]!.cpu === cpu);
    BLOCKING_KINDS.forEach((kind, k) => {
      const hop_ps = wholePs(delays.hops[cpu * KINDS + k]! * prices.hop_ns);
      const queueing_ps = wholePs(delays.queueing_ns[cpu * KINDS + k]!);
      const cells = mine.flatMap((row) =>
        row.stalls.flatMap((stall, at) => (stall.kind === kind ? [{ row, stall, at }] : [])),
      );
      if (cells.length === 0 && hop_ps + queueing_ps > 0)
        throw new RangeError(
          `CPU ${cpu} has messages of kind ${kind} in its windows and no such miss in its rows`,
        );
      const weights = cells.map(({ stall }) => stall.count);
      const hops = splitExactly(hop_ps, weights);
      const waits = splitExactly(queueing_ps, weights);
      cells.forEach(({ row, stall, at }, i) => {
        row.hop_ps[at]! += hops[i]!;
        row.queueing_ps += waits[i]!;
        misses[k]! += stall.count;
        minimum[k]! += Math.round(stall.count * stall.ns * 1000) + hops[i]!;
      });
      queued[k]! += queueing_ps;
    });
    const buffer_ps = wholePs(delays.buffer_ns[cpu]!);
    if (buffer_ps === 0) continue;
    buffered += buffer_ps;
    const posted = tally.rows.filter((row) => row.cpu === cpu).map(postedOf);
    splitExactly(buffer_ps, posted).forEach((ps, i) => {
      mine[i]!.queueing_ps += ps;
    });
  }
  if (delays.solved === null || machine.contention === 'none') return null;
  const { network, run } = delays.solved;
  const sum = (list: Float64Array): number => list.reduce((a, b) => a + b, 0);
  const stations = stationLoads(network, run);
  return {
    windows: tally.windows.length,
    distribution: machine.contention,
    minimum_ps: sum(minimum),
    queueing_ps: sum(queued) + buffered,
    buffer_ps: buffered,
    kinds: BLOCKING_KINDS.flatMap((kind, k) =>
      misses[k]! === 0 ? [] : [kindDelay(kind, misses[k]!, minimum[k]!, queued[k]!)],
    ),
    stations,
    hottest: run.hot < 0 ? null : stations[run.hot]!.name,
  };
}
