import type { TraceHeader, TraceSummary } from '../trace/types.ts';
import type { Caveat } from './caveat.ts';
import type { Numa } from './numa.ts';
import type { PageAction } from './pricing/actions.ts';
import type { Breakdown } from './pricing/breakdown.ts';
import type { Contention } from './pricing/contention.ts';
import type { Sensitivity } from './pricing/sensitivity.ts';
import type { Waiting } from './pricing/waiting.ts';
import type { System } from './systems/schema.ts';
import type { CountedTally } from './tally.ts';

/** What one seed gave. */
export interface SeedTotal {
  readonly seed: number;
  readonly total_ps: number;
}

/** One system's run over one trace. */
export interface SystemRun {
  readonly name: string;
  readonly system: System;
  readonly tally: CountedTally;
  readonly breakdown: Breakdown;
  /** Contention in the memory system; null: none was solved (one CPU and node, or switched off). */
  readonly contention: Contention | null;
  /** Waiting for locks and disks; null: the trace names neither. */
  readonly waiting: Waiting | null;
  /** Where misses were served; null: one CPU and one node. */
  readonly numa: Numa | null;
  /** What moving pages took, by kind of action; those that happened. */
  readonly actions: readonly PageAction[];
  /** How the difference to the baseline moves with prices that were not measured; null: the baseline itself. */
  readonly sensitivity: Sensitivity | null;
  /**
   * Totals with other seeds of the random TLB replacement, this run's own first; one entry where nothing is
   * random or no other seed was asked for.
   */
  readonly seeds: readonly SeedTotal[];
  /** What was assumed or is missing, one sentence each. */
  readonly notes: readonly string[];
  /** The weightiest note of this run and the baseline; null: there is none. */
  readonly caveat: Caveat | null;
}

/** One trace under several systems. */
export interface Comparison {
  readonly trace: {
    readonly header: TraceHeader;
    readonly summary: TraceSummary;
  };
  readonly warmup: {
    /** Instructions of warm-up asked for and where the cut fell (the next record boundary). */
    readonly requested_instructions: number;
    readonly instructions: number;
  };
  /** Name of the system that the others are compared with; it is the first of `runs`. */
  readonly baseline: string;
  readonly runs: readonly SystemRun[];
}

/** What `vmtax run` produces: the content of its JSON. */
export interface RunResult {
  readonly schema: 'vmtax.run/1';
  readonly tool: { readonly name: 'vmtax'; readonly version: string };
  readonly comparisons: readonly Comparison[];
}
