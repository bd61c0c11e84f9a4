import type { ResolvedPrices } from '../systems/resolve.ts';
import { type Counter, LAYERS, type PrivilegedOp, type Tally, type TallyRow } from '../tally.ts';
import { compilePricing, type PricedSystem, TOTAL } from './compiled.ts';

/**
 * How far the difference between two systems rests on prices that nobody has measured. Each such price is moved
 * up and down by itself, in both systems together, and the counts are priced again. That is no error bar: the size of
 * the step is a convention, prices are not moved together, and what no price says (sizes, policies, the counts
 * themselves) is not moved at all. Queueing, distance and whatever else windows decide keep the time that
 * they have in the run.
 */

/** By how much of itself a price is moved up and down. */
export const STEP = 0.2;

/** One price, and the difference to the baseline with less and with more of it, in percent of the baseline's total. */
export interface PriceEffect {
  /** Path in the system, e.g. `prices.emulate_cycles`. */
  readonly path: string;
  readonly less: number;
  readonly more: number;
}

export interface Sensitivity {
  /** By how many percent each price was moved. */
  readonly step_percent: number;
  /** Difference to the baseline as it is, in percent of the baseline's total. */
  readonly change: number;
  /** How many prices were moved, one at a time; those that act through waiting or distance alone are not. */
  readonly varied: number;
  /** Lowest and highest difference that any one of them gives. */
  readonly low: number;
  readonly high: number;
  /** Those that move the difference, the one that moves it most first. */
  readonly effects: readonly PriceEffect[];
}

/** One side of a comparison. */
export interface PricedRun {
  readonly tally: Tally;
  readonly prices: ResolvedPrices;
  readonly system: PricedSystem;
  /** As the run has it: queueing and everything else included. */
  readonly total_ps: number;
}

/** Prices that act through waiting or distance alone, whose time is kept. */
const KEPT: readonly string[] = [
  'hop_ns',
  'controller_ns',
  'memory_ns',
  'message_ns',
  'line_ns',
  'handoff_ns',
  'context_switch_ns',
  'switch_tlb_writes',
  'switch_privileged',
  'disk_ns',
  'disk_byte_ns',
  'disk_scv',
  'server_ns',
];

/** Prices differ by less than this many percentage points: rounding. */
const NOTHING = 1e-6;

/**
 * The difference of a run to its baseline as prices move. `given`: the prices to move, one at a time; those of
 * queues are kept. Null where the baseline takes no time or there is nothing to move.
 */
export function sensitivityOf(
  baseline: PricedRun,
  run: PricedRun,
  given: readonly (keyof ResolvedPrices)[],
): Sensitivity | null {
  const names = given.filter((name) => !KEPT.includes(name));
  if (baseline.total_ps === 0 || names.length === 0) return null;
  // One price more makes a total longer by at most the step; it has to stay a whole number of picoseconds.
  if (Math.max(baseline.total_ps, run.total_ps) * (1 + STEP) > Number.MAX_SAFE_INTEGER / 2) return null;
  const [before, after] = [totalOf(baseline), totalOf(run)];
  const change = (name: keyof ResolvedPrices | null, factor: number): number => {
    const base = before(name, factor);
    return base <= 0 ? Number.NaN : (100 * (after(name, factor) - base)) / base;
  };
  const effects = names
    .map((name) => ({
      path: `prices.${name}`,
      less: change(name, 1 - STEP),
      more: change(name, 1 + STEP),
    }))
    .filter(({ less, more }) => Number.isFinite(less) && Number.isFinite(more));
  const now = change(null, 1);
  const ends = [now, ...effects.flatMap(({ less, more }) => [less, more])];
  const reach = ({ less, more }: PriceEffect): number => Math.max(Math.abs(less - now), Math.abs(more - now));
  return {
    step_percent: STEP * 100,
    change: now,
    varied: names.length,
    low: Math.min(...ends),
    high: Math.max(...ends),
    effects: effects.filter((effect) => reach(effect) > NOTHING).sort((a, b) => reach(b) - reach(a)),
  };
}

/** The total of a run with one price times a factor. What counts and prices alone do not say is added as it was. */
function totalOf({ tally, prices, system, total_ps }: PricedRun) {
  const small: Tally = { ...tally, rows: rowsByLayer(tally.rows), windows: [] };
  const { columns, evaluate } = compilePricing(small, system, { waits: false });
  const priced = new Float64Array(columns.length);
  const uncontended = (changed: ResolvedPrices): number => {
    evaluate(changed, priced);
    return priced[TOTAL]!;
  };
  const rest = total_ps - uncontended(prices);
  return (name: keyof ResolvedPrices | null, factor: number): number =>
    rest + uncontended(name === null ? prices : { ...prices, [name]: prices[name] * factor });
}

/** Rows summed over CPUs and contexts: the total of all is the same, but for rounding, and there are few. */
function rowsByLayer(rows: readonly TallyRow[]): TallyRow[] {
  return LAYERS.flatMap((layer): TallyRow[] => {
    const mine = rows.filter((row) => row.layer === layer);
    if (mine.length === 0) return [];
    const counters: Partial<Record<Counter, number>> = {};
    const privileged: Partial<Record<PrivilegedOp, number>> = {};
    for (const row of mine) {
      for (const [name, count] of Object.entries(row.counters) as [Counter, number][])
        counters[name] = (counters[name] ?? 0) + count;
      for (const [op, count] of Object.entries(row.privileged ?? {}) as [PrivilegedOp, number][])
        privileged[op] = (privileged[op] ?? 0) + count;
    }
    return [{ cpu: 0, context: 'user', layer, counters, privileged }];
  });
}
