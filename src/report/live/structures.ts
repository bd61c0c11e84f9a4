import type { Priced } from '../../model/pricing/compiled.ts';
import type { SystemRun } from '../../model/result.ts';
import { resolvePrices } from '../../model/systems/resolve.ts';
import type { System } from '../../model/systems/schema.ts';
import type { CountedTally, Tally } from '../../model/tally.ts';
import type { TraceHeader, TraceSummary } from '../../trace/types.ts';
import type { PriceBand } from '../facts.ts';
import { type LiveComparison, type LiveRun, liveRun } from './reprice.ts';
import { type CarriedTally, packWindows, unpackWindows } from './windows.ts';

/**
 * The replayed structures that the page of a sweep carries, to be priced in it. Structures share most of their systems,
 * and many share a replay, so both are carried once.
 */

/** What one replay counted. */
export interface CarriedCounts extends CarriedTally {
  readonly tally: CountedTally;
}

/** One system of a structure. */
export interface CarriedRun {
  /** Indexes into the sweep's systems and counts. */
  readonly system: number;
  readonly counts: number;
  /** Where the counts have lost their windows: at the starting prices, with contention. */
  readonly start?: Priced;
}

export interface CarriedStructure {
  /** As the address names it. */
  readonly id: string;
  /** Index into the sweep's traces. */
  readonly trace: number;
  /** Its values in words; empty: nothing of the structure is varied. */
  readonly label: string;
  /** The same in few words, for a list. */
  readonly short: string;
  /** The same as `path=value`, for `--set`. */
  readonly sets: readonly string[];
  readonly runs: readonly CarriedRun[];
}

export interface CarriedSweep {
  readonly traces: readonly {
    readonly header: TraceHeader;
    readonly summary: TraceSummary;
    /** Id of the structure that is the starting point. */
    readonly start: string;
    /** Of each system’s difference to the baseline; empty: not asked for. */
    readonly bands: readonly (PriceBand | null)[];
  }[];
  /** Without what people are told of them. */
  readonly systems: readonly System[];
  readonly counts: readonly CarriedCounts[];
  /** In the order of the cells, trace by trace. */
  readonly structures: readonly CarriedStructure[];
}

/** A replay as a page carries it. `windows` false: without what solving contention anew takes. */
export function carriedCounts({ windows, held, ...tally }: Tally, withWindows: boolean): CarriedCounts {
  const packed = withWindows || windows.length === 0 ? packWindows(windows) : null;
  return { tally, windows: packed, held };
}

/** A carried structure as a comparison of its systems at their own prices, ready to be priced anew. */
export function structureComparison(
  { traces, systems, counts }: Pick<CarriedSweep, 'traces' | 'systems' | 'counts'>,
  { trace: at, runs: carried }: CarriedStructure,
): LiveComparison {
  const { header, summary } = traces[at]!;
  const runs = carried.map((run): LiveRun => {
    const system = systems[run.system]!;
    const { tally, windows, held } = counts[run.counts]!;
    const whole: Tally = { ...tally, windows: unpackWindows(windows ?? []), held };
    return liveRun(system.name, whole, system, windows === null);
  });
  const start = runs.map(({ label, system, pricing }, i): SystemRun => {
    const priced = carried[i]!.start ?? pricing().priced(resolvePrices(system, summary));
    return {
      name: label,
      system,
      tally: counts[carried[i]!.counts]!.tally,
      ...priced,
      numa: null,
      sensitivity: null,
      seeds: [{ seed: system.machine.tlb?.seed ?? 0, total_ps: priced.breakdown.total_ps }],
      notes: [],
      caveat: null,
    };
  });
  return {
    start: {
      trace: { header, summary },
      // A sweep has the warm-up in its plan, and nothing here is made from it.
      warmup: { requested_instructions: 0, instructions: 0 },
      baseline: start[0]!.name,
      runs: start,
    },
    runs,
  };
}
