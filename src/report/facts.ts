import { elapsedPs } from '../model/pricing/actions.ts';
import {
  type Breakdown,
  CATEGORIES,
  CAUSES,
  type Category,
  type Cause,
  OWNERS,
  type Owner,
  type Part,
} from '../model/pricing/breakdown.ts';
import type { Comparison, SystemRun } from '../model/result.ts';
import { cleanText, shorten } from './words.ts';

/**
 * What every view of a comparison is computed from: exact sums of parts, in picoseconds. Text, tables,
 * charts and findings all take their numbers here, so they cannot disagree.
 */

/** One field of the breakdown: who ran, and why the time went. */
export interface Cell {
  readonly category: Category;
  readonly cause: Cause;
}

/**
 * How far prices that nobody has measured move the difference of a run to its baseline: below and above what it is, in
 * percentage points of the baseline's time. At other prices of the same page it keeps its size.
 */
export interface PriceBand {
  readonly below: number;
  readonly above: number;
  /** What the band is of, after its ends: `if …`, `in …`. */
  readonly when: string;
}

export interface RunFacts {
  /** Name made safe to print. */
  readonly name: string;
  readonly run: SystemRun;
  /** Of all CPUs together. */
  readonly total: number;
  /** Time from start to end: that of the CPU that takes longest. */
  readonly elapsed: number;
  readonly cpus: number;
  /** Of the difference to the baseline; null: no prices were moved. */
  readonly band: PriceBand | null;
  /** Sum of a cell. */
  readonly cell: (cell: Cell) => number;
  readonly category: (category: Category) => number;
  readonly owner: (owner: Owner) => number;
}

export interface Facts {
  /** Name of the trace, safe to print. */
  readonly trace: string;
  /** The same short enough for a sentence. */
  readonly short: string;
  readonly comparison: Comparison;
  /** The system that the others are compared with. */
  readonly baseline: RunFacts;
  /** Baseline first. */
  readonly runs: readonly RunFacts[];
  /** All but the baseline. */
  readonly others: readonly RunFacts[];
  /** Cells that are not zero in some run, in the fixed order of categories, then causes. */
  readonly cells: readonly Cell[];
}

const UNNAMED = '(no name)';

/** Characters of a trace's name in a sentence at most. */
const SENTENCE = 48;

const cellKey = ({ category, cause }: Cell): string => `${category}/${cause}`;

/** All cells in order: by category, then by cause. */
export const ALL_CELLS: readonly Cell[] = CATEGORIES.flatMap((category) =>
  CAUSES.map((cause) => ({ category, cause })),
);

/** Sums of picoseconds of the parts by a key. */
export function sums<K extends string>(
  breakdown: Breakdown,
  key: (part: Part) => K,
): (k: NoInfer<K>) => number {
  const map = new Map<K, number>();
  for (const part of breakdown.parts) map.set(key(part), (map.get(key(part)) ?? 0) + part.ps);
  return (k) => map.get(k) ?? 0;
}

/** The band of prices that were moved one at a time. */
function oneByOne({ sensitivity }: SystemRun): PriceBand | null {
  if (sensitivity === null) return null;
  const { change, low, high, step_percent: step } = sensitivity;
  const when = `if assumed or calibrated prices were ${step} % lower or higher, one at a time`;
  return { below: low - change, above: high - change, when };
}

function runFacts(run: SystemRun, band: PriceBand | null): RunFacts {
  const byCell = sums<string>(run.breakdown, cellKey);
  return {
    name: cleanText(run.name) || UNNAMED,
    run,
    total: run.breakdown.total_ps,
    elapsed: elapsedPs(run.breakdown),
    cpus: run.tally.cpus,
    band,
    cell: (cell) => byCell(cellKey(cell)),
    category: sums(run.breakdown, (part) => part.category),
    owner: sums(run.breakdown, (part) => part.owner),
  };
}

/**
 * The facts of one trace under its systems. The baseline is the run of that name, or the first.
 * @throws Error if the comparison has no run.
 */
export const factsOf = (comparison: Comparison): Facts => factsWithBands(comparison, []);

/** The same with bands that are known otherwise than by each run's own prices, in the order of the runs. */
export function factsWithBands(comparison: Comparison, bands: readonly (PriceBand | null)[]): Facts {
  const all = comparison.runs.map((run, i) => runFacts(run, bands[i] ?? oneByOne(run)));
  const at = comparison.runs.findIndex((run) => run.name === comparison.baseline);
  const baseline = all[Math.max(0, at)];
  if (!baseline) throw new Error(`the comparison of ${comparison.trace.header.name} has no run`);
  const others = all.filter((run) => run !== baseline);
  const runs = [baseline, ...others];
  const cells = ALL_CELLS.filter((cell) => runs.some((run) => run.cell(cell) !== 0));
  const trace = cleanText(comparison.trace.header.name) || UNNAMED;
  return { trace, short: shorten(trace, SENTENCE), comparison, baseline, runs, others, cells };
}

/** Difference of a cell to the baseline. */
export interface Step extends Cell {
  readonly ps: number;
}

/** How a system's total differs from the baseline's: the steps sum exactly to `difference`. */
export interface Change {
  readonly difference: number;
  /** Non-zero steps, in the fixed order. */
  readonly steps: readonly Step[];
  /** Sum of the steps that add time, and of those that save it (negative). */
  readonly added: number;
  readonly saved: number;
}

/** The change from `from` to `to`, cell by cell, without netting savings against costs. */
export function changeBetween(from: RunFacts, to: RunFacts): Change {
  const steps = ALL_CELLS.map((cell) => ({ ...cell, ps: to.cell(cell) - from.cell(cell) })).filter(
    (step) => step.ps !== 0,
  );
  let added = 0;
  let saved = 0;
  for (const step of steps) {
    if (step.ps > 0) added += step.ps;
    else saved += step.ps;
  }
  return { difference: to.total - from.total, steps, added, saved };
}

/** The step that adds most (`sign` 1) or saves most (−1), as the waterfall draws it; of equal ones the first. Null: none does. */
export const largestStep = ({ steps }: Change, sign: 1 | -1): Step | null =>
  steps.reduce<Step | null>((most, step) => (step.ps * sign > (most?.ps ?? 0) * sign ? step : most), null);

/**
 * How long a run takes beside its baseline. With as many CPUs, all CPUs together; the sums of machines of different sizes
 * say nothing of how long one waits, so these are compared from start to end.
 */
export interface Pace {
  readonly time: number;
  readonly base: number;
  /** Whether these are times from start to end. */
  readonly elapsed: boolean;
}

export const paceOf = (run: RunFacts, baseline: RunFacts): Pace =>
  run.cpus === baseline.cpus
    ? { time: run.total, base: baseline.total, elapsed: false }
    : { time: run.elapsed, base: baseline.elapsed, elapsed: true };

/** The other system whose time differs most from the baseline's (the first of equals), if there is any. */
export function focusOf(facts: Facts): RunFacts | null {
  let focus: RunFacts | null = null;
  const size = (run: RunFacts): number => {
    const { time, base } = paceOf(run, facts.baseline);
    // Of machines of different sizes each has a scale of its own.
    return base > 0 ? Math.abs(time / base - 1) : time;
  };
  for (const run of facts.others) if (!focus || size(run) > size(focus)) focus = run;
  return focus;
}

/** Whether the comparison is native against virtualised: a baseline without a monitor, another with one. */
export function asksForMonitor(facts: Facts): boolean {
  return (
    facts.baseline.run.system.monitor === null && facts.others.some((run) => run.run.system.monitor !== null)
  );
}

/** Contexts (user code, services) with the sums of a run's time by category and cause in each. */
export interface ContextFacts {
  readonly context: string;
  /** Per run, in the order of `facts.runs`. */
  readonly runs: readonly {
    readonly total: number;
    readonly outside: number;
    readonly cell: (c: Cell) => number;
  }[];
}

/**
 * Time by context, largest first. `outside` leaves out the user category: what the operating system and
 * the monitor did for this context.
 */
export function contextsOf(facts: Facts): ContextFacts[] {
  const perRun = facts.runs.map((run) => {
    const contexts = new Map<string, Map<string, number>>();
    for (const part of run.run.breakdown.parts) {
      const cells = contexts.get(part.context) ?? new Map<string, number>();
      contexts.set(part.context, cells);
      cells.set(cellKey(part), (cells.get(cellKey(part)) ?? 0) + part.ps);
    }
    return contexts;
  });
  const names = [...new Set(perRun.flatMap((contexts) => [...contexts.keys()]))];
  const result = names.map((context) => ({
    context,
    runs: perRun.map((contexts) => {
      const cells = contexts.get(context);
      let total = 0;
      let outside = 0;
      for (const [key, ps] of cells ?? []) {
        total += ps;
        if (!key.startsWith('user/')) outside += ps;
      }
      return { total, outside, cell: (c: Cell) => cells?.get(cellKey(c)) ?? 0 };
    }),
  }));
  const largest = (c: ContextFacts): number => Math.max(...c.runs.map((run) => run.outside));
  return result.sort((a, b) => largest(b) - largest(a) || (a.context < b.context ? -1 : 1));
}

/** Owners that have time in some run, in order. */
export function ownersOf(facts: Facts): Owner[] {
  return OWNERS.filter((owner) => facts.runs.some((run) => run.owner(owner) !== 0));
}

/** Sum of a cell among the parts of one owner. */
export function ownerCells(run: RunFacts, owner: Owner): (cell: Cell) => number {
  const parts = run.run.breakdown.parts.filter((part) => part.owner === owner);
  const byCell = sums<string>({ total_ps: 0, parts }, cellKey);
  return (cell) => byCell(cellKey(cell));
}
