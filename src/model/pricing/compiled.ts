import type { ResolvedPrices } from '../systems/resolve.ts';
import type { System } from '../systems/schema.ts';
import type { Tally } from '../tally.ts';
import { type PageAction, pageActions } from './actions.ts';
import { type Breakdown, CATEGORIES, CAUSES, type Part } from './breakdown.ts';
import { type CompiledRows, compileRows } from './compiled-rows.ts';
import { type Spread, spreadOf } from './compiled-spread.ts';
import { type Contention, type Delays, delaysOf, kindDelay, stationLoads } from './contention.ts';
import type { Preemption } from './queueing/locks.ts';
import type { PairWindows } from './queueing/pairs/pairs.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { UNITS, unitPrices } from './units.ts';
import { compileWaits, type Waiting } from './waiting.ts';
import { tooLong } from './whole.ts';

/**
 * A tally made ready for many prices: whatever depends on counts alone is done once. This is the only place where a
 * tally is priced; `price.ts` does it once. Every part is one product (or sum of products) rounded to whole
 * picoseconds, then only added; the arithmetic is + − × ÷ so that every engine gives the same bits. What is known of a
 * whole CPU alone (hops, queueing) is rounded once and split over its rows in whole picoseconds. Nothing is carried over
 * from one set of prices to the next: the same prices give the same bits, whatever was priced before.
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
  /**
   * `pairWindows`, for many prices: contention is solved several times as fast, by WebAssembly, with the same result. Without, each
   * window is solved by itself: in a page, whose policy does not allow it.
   */
  readonly pairs?: PairWindows;
}

/** What pricing has to know of a system besides its prices. */
export type PricedSystem = Pick<System, 'machine' | 'monitor' | 'os'>;

/**
 * Columns of `evaluate`, all in whole picoseconds: the total of all CPUs, the time from start to end (the longest CPU's),
 * then the total by category, by cause and by CPU: exact sums of the breakdown's parts.
 */
export function pricingColumns(cpus: number): string[] {
  return [
    'total_ps',
    'elapsed_ps',
    ...CATEGORIES.map((category) => `category.${category}`),
    ...CAUSES.map((cause) => `cause.${cause}`),
    ...Array.from({ length: cpus }, (_, cpu) => `cpu.${cpu}`),
  ];
}

/** Where the columns of one kind begin. */
export const TOTAL = 0;
export const ELAPSED = 1;
export const BY_CATEGORY = 2;
export const BY_CAUSE = BY_CATEGORY + CATEGORIES.length;
export const BY_CPU = BY_CAUSE + CAUSES.length;

export interface CompiledPricing {
  readonly columns: readonly string[];
  /**
   * Prices the tally and writes the columns from `at` on. `delays`: what the memory system adds, where somebody else has
   * found it (`sampled-contention.ts`).
   * @throws InputError if the total does not fit whole picoseconds.
   */
  evaluate(prices: ResolvedPrices, into: Float64Array, at?: number, delays?: Delays): void;
  /** The same as a breakdown with everything that is known about it. */
  priced(prices: ResolvedPrices): Priced;
}

/** Compiles a tally for many prices. */
export function compilePricing(
  tally: Tally,
  system: PricedSystem,
  options: PriceOptions = {},
): CompiledPricing {
  return compile(tally, system, options, true);
}

/** Prices a tally once: what only later prices would need is not held. */
export function priceOnce(
  tally: Tally,
  prices: ResolvedPrices,
  system: PricedSystem,
  options: PriceOptions,
): Priced {
  return compile(tally, system, options, false).priced(prices);
}

function compile(
  tally: Tally,
  system: PricedSystem,
  { waits = true, preemption, pairs }: PriceOptions,
  keep: boolean,
): CompiledPricing {
  const { cpus } = tally;
  const rows = compileRows(tally.rows, system.monitor !== null, tally.windows.length > 0);
  const delaysFor = delaysOf(tally, system.machine, keep, pairs);
  const spread = spreadOf(tally, rows);
  const lendCpu = preemptionOf(tally, system);
  const waitsFor = compileWaits(tally, system);
  const units = new Float64Array(UNITS);
  const ps = new Float64Array(rows.parts.length);
  const waiting =
    waits &&
    (tally.locks.length > 0 ||
      tally.rows.some(
        ({ counters }) => (counters.disk_requests ?? 0) + (counters.network_requests ?? 0) > 0,
      ));

  /** Prices the rows into `ps`; CPUs' times into `busy`. */
  const priceRows = (
    prices: ResolvedPrices,
    given?: Delays,
  ): { readonly delays: Delays | null; readonly spread: Spread } => {
    unitPrices(prices, units);
    const delays = given ?? delaysFor(prices);
    const found = spread(delays, prices);
    rows.price(prices, units, found.hop_ps, ps);
    for (let row = 0; row < rows.queueing.length; row++) ps[rows.queueing[row]!] = found.queueing_ps[row]!;
    return { delays, spread: found };
  };
  const waited = (prices: ResolvedPrices, delays: Delays | null, busy: readonly number[]) =>
    waitsFor(prices, delays, busy, preemption === undefined ? lendCpu(prices) : preemption);

  // Parts that add to the same columns, by category, cause and CPU.
  const groupOf = new Map<string, number>();
  const groups: number[] = [];
  const memberOf = Int32Array.from(rows.parts, ({ category, cause, cpu }) => {
    const key = `${category} ${cause} ${cpu}`;
    let group = groupOf.get(key);
    if (group === undefined) {
      group = groupOf.size;
      groupOf.set(key, group);
      groups.push(...columnsOf(category, cause, cpu));
    }
    return group;
  });
  const columnOf = Int32Array.from(groups);
  const sums = new Float64Array(groupOf.size);
  const columns = pricingColumns(cpus);

  const evaluate = (prices: ResolvedPrices, into: Float64Array, at = 0, given?: Delays): void => {
    const { delays } = priceRows(prices, given);
    sums.fill(0);
    for (let part = 0; part < ps.length; part++) sums[memberOf[part]!]! += ps[part]!;
    into.fill(0, at, at + columns.length);
    for (let group = 0; group < sums.length; group++) {
      const sum = sums[group]!;
      into[at + TOTAL]! += sum;
      for (let i = 0; i < 3; i++) into[at + columnOf[3 * group + i]!]! += sum;
    }
    if (waiting) {
      const busy = Array.from(into.subarray(at + BY_CPU, at + BY_CPU + cpus));
      for (const part of waited(prices, delays, busy).parts) {
        into[at + TOTAL]! += part.ps;
        for (const column of columnsOf(part.category, part.cause, part.cpu)) into[at + column]! += part.ps;
      }
    }
    if (!Number.isSafeInteger(into[at + TOTAL])) throw tooLong();
    let elapsed = 0;
    for (let cpu = 0; cpu < cpus; cpu++) elapsed = Math.max(elapsed, into[at + BY_CPU + cpu]!);
    into[at + ELAPSED] = elapsed;
  };

  const priced = (prices: ResolvedPrices): Priced => {
    const { delays, spread: found } = priceRows(prices);
    const parts: Part[] = [];
    const busy = new Array<number>(cpus).fill(0);
    const rowPs = tally.rows.map((row, at) => {
      let sum = 0;
      for (let part = rows.first[at]!; part < rows.first[at + 1]!; part++) {
        const plan = rows.parts[part]!;
        // Queueing is there where it takes time, whatever else was there.
        if (ps[part] === 0 && (plan.count === 0 || part === rows.queueing[at])) continue;
        sum += ps[part]!;
        parts.push({ ...plan, ps: ps[part]! });
      }
      busy[row.cpu]! += sum;
      return sum;
    });
    const last = waiting ? waited(prices, delays, busy) : null;
    parts.push(...(last?.parts ?? []));
    const total = parts.reduce((sum, part) => sum + part.ps, 0);
    if (!Number.isSafeInteger(total)) throw tooLong();
    const breakdown = { total_ps: total, parts };
    return {
      breakdown,
      contention: delays && contentionOf(tally, rows, delays, found, units, system),
      actions: pageActions(tally.rows, rowPs, breakdown),
      waiting: last?.waiting ?? null,
    };
  };
  return { columns, evaluate, priced };
}

const columnsOf = (category: Part['category'], cause: Part['cause'], cpu: number): number[] => [
  BY_CATEGORY + CATEGORIES.indexOf(category),
  BY_CAUSE + CAUSES.indexOf(cause),
  BY_CPU + cpu,
];

/**
 * Virtual CPUs that share CPUs lose them while they hold locks. How often, and for how long, is what the scheduler
 * counted: a wait in every `ran ÷ waits` instructions, and `waited ÷ waits` long; in time at execution’s rate, without
 * stalls.
 */
export function preemptionOf(
  tally: Tally,
  { monitor }: PricedSystem,
): (prices: ResolvedPrices) => Preemption | null {
  if (tally.schedule === null || monitor === null) return () => null;
  const sum = (of: 'ran' | 'waited' | 'waits'): number =>
    tally.schedule!.vcpus.reduce((all, vcpu) => all + vcpu[of], 0);
  const waits = sum('waits');
  const ran = sum('ran');
  if (waits === 0 || ran === 0) return () => null;
  const vcpus = 1 + sum('waited') / ran;
  return (prices) => ({
    vcpus,
    cpus: 1,
    slice_ns: (ran / waits) * prices.cycles_per_instruction * prices.cycle_ns,
    gang: monitor.schedule.gang,
  });
}

/** The contention of a run, where it was solved. */
function contentionOf(
  tally: Tally,
  { stalls }: CompiledRows,
  delays: Delays,
  { hop_ps, queued_ps, buffered_ps }: Spread,
  units: Float64Array,
  { machine }: PricedSystem,
): Contention | null {
  if (delays.solved === null || machine.contention === 'none') return null;
  const misses = new Float64Array(BLOCKING_KINDS.length);
  const minimum = new Float64Array(BLOCKING_KINDS.length);
  stalls.kind.forEach((kind, stall) => {
    if (kind < 0) return;
    const count = stalls.count[stall]!;
    misses[kind]! += count;
    minimum[kind]! += Math.round(count * units[stalls.unit[stall]!]! * 1000) + hop_ps[stall]!;
  });
  const { network, run } = delays.solved;
  const sum = (list: Float64Array): number => list.reduce((a, b) => a + b, 0);
  const stations = stationLoads(network, run);
  return {
    windows: tally.windows.length,
    distribution: machine.contention,
    minimum_ps: sum(minimum),
    queueing_ps: sum(queued_ps) + buffered_ps,
    buffer_ps: buffered_ps,
    kinds: BLOCKING_KINDS.flatMap((kind, k) =>
      misses[k]! === 0 ? [] : [kindDelay(kind, misses[k]!, minimum[k]!, queued_ps[k]!)],
    ),
    stations,
    hottest: run.hot < 0 ? null : stations[run.hot]!.name,
  };
}
