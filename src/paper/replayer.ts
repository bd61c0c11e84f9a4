import { replayAll } from '../model/compare.ts';
import { withNodes } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import type { Tally } from '../model/tally.ts';
import type { TraceSummary } from '../trace/types.ts';
import { workloadTrace } from '../trace/workloads/open.ts';
import { checkedWorkload, type WorkloadInput } from '../trace/workloads/schema.ts';

/** One system's tally of a workload. */
export interface Run {
  readonly system: System;
  readonly tally: Tally;
  readonly summary: TraceSummary;
}

/** What to replay. The first `warmup` of the workload's instructions are not counted. */
export interface ToReplay {
  readonly workload: WorkloadInput;
  readonly systems: readonly System[];
  readonly warmup: number;
}

export type Replayer = (
  what: ToReplay,
  signal: AbortSignal | undefined,
  progress: (done: number) => void,
) => Promise<readonly Run[]>;

/** Records that one instruction makes, roughly: progress alone depends on it. */
const RECORDS = 0.035;

/**
 * Replays straight from the generator, which makes the same trace each time: a run of minutes would fill a disk. What
 * was replayed last is kept, and only its prices taken anew, where nothing else has changed.
 */
export function createReplayer(): Replayer {
  let last: { readonly key: string; readonly runs: readonly Run[] } | null = null;
  return async ({ workload, systems, warmup }, signal, progress) => {
    const structure = systems.map(({ prices: _, sources: __, ...rest }) => rest);
    const key = JSON.stringify([workload, structure, warmup]);
    if (last?.key === key)
      return last.runs.map((run, i) => ({ ...run, system: { ...run.system, prices: systems[i]!.prices } }));
    const checked = checkedWorkload(workload, workload.name);
    const trace = workloadTrace(checked);
    const summary = summaryOf(checked.instructions);
    const placed = systems.map((system) => withNodes(system, trace.header));
    const { tallies } = await replayAll(trace, summary, placed, {
      warmup,
      ...(signal && { signal }),
      progress: (records) => progress(Math.min(1, records / (checked.instructions * RECORDS))),
    });
    const runs = tallies.map((tally, i): Run => ({ system: placed[i]!, tally, summary }));
    last = { key, runs };
    return runs;
  };
}

/** What a replay asks of a summary: the length. A generated trace has no refill episodes. */
const summaryOf = (instructions: number): TraceSummary => ({
  records: 0,
  chunks: 0,
  translations: 0,
  spaces: 0,
  instructions,
  loads: 0,
  stores: 0,
  workloadInstructions: instructions,
  events: 0,
  refill: null,
  totals: {},
});
