import { replayAll } from '../../model/compare.ts';
import type { System } from '../../model/systems/schema.ts';
import type { Tally } from '../../model/tally.ts';
import { withOwnReads } from '../../trace/compose/own-reads.ts';
import { splitTrace } from '../../trace/compose/split.ts';
import type { Trace, TraceSummary } from '../../trace/types.ts';
import { workloadTrace } from '../../trace/workloads/open.ts';
import type { WorkloadInput } from '../../trace/workloads/schema.ts';
import { checkedWorkload } from '../../trace/workloads/schema.ts';
import { broadcast, summaryOf } from './broadcast.ts';

/** What several systems counted on one trace. */
export interface Replayed {
  readonly summary: TraceSummary;
  /** In the order of the systems. */
  readonly tallies: readonly Tally[];
}

/**
 * Replays a workload on several systems, side by side. A monitor may divide the CPUs among virtual machines, each of
 * which then reads its files for itself. `warmup`: part of the trace that is not counted.
 */
export async function replayWorkload(
  workload: WorkloadInput,
  systems: readonly System[],
  warmup: number,
  signal?: AbortSignal,
): Promise<Replayed> {
  const trace = workloadTrace(checkedWorkload(workload, workload.name));
  const summary = await summaryOf(trace, signal);
  const readers = broadcast(trace, summary, systems.length);
  const tallies = await Promise.all(
    systems.map((system, at) => replayDivided(readers[at]!, summary, system, warmup, signal)),
  );
  return { summary, tallies };
}

async function replayDivided(
  trace: Trace,
  summary: TraceSummary,
  system: System,
  warmup: number,
  signal?: AbortSignal,
): Promise<Tally> {
  const { monitor } = system;
  const count = monitor?.vms.count ?? 1;
  // Divided here, so that what the division adds comes in; the replay then has nothing to divide.
  const divided = count === 1 ? trace : withOwnReads(splitTrace(trace, count));
  const undivided = monitor && { ...monitor, vms: { ...monitor.vms, count: 1 } };
  const { tallies } = await replayAll(divided, summary, [{ ...system, monitor: undivided }], {
    warmup: Math.floor(summary.workloadInstructions * warmup),
    ...(signal && { signal }),
  });
  return tallies[0]!;
}
