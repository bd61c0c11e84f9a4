import { splitTrace } from '../trace/compose/split.ts';
import type { Trace } from '../trace/types.ts';
import { createSchedule } from './monitor/scheduling/schedule.ts';
import type { Schedule, ScheduleOptions } from './monitor/scheduling/types.ts';
import type { System } from './systems/schema.ts';

/**
 * In what form a system takes the trace: as it is, divided among virtual machines, or reordered because there are
 * more virtual CPUs than CPUs. Systems that take it in the same form share one pass over it.
 */
export interface StreamForm {
  readonly vms: number;
  /** Null: every CPU of the trace runs as recorded. */
  readonly schedule: ScheduleOptions | null;
}

/** CPUs of a system's machine on a trace of so many. */
export const cpusOf = ({ machine }: System, traceCpus: number): number =>
  machine.cpus === 0 ? traceCpus : machine.cpus;

export function streamForm(system: System, traceCpus: number): StreamForm {
  const { machine, monitor } = system;
  if (monitor === null) return { vms: 1, schedule: null };
  const cpus = cpusOf(system, traceCpus);
  const scheduled = cpus < traceCpus && machine.cpu_assignment === 'one-to-one';
  const { schedule } = monitor;
  return {
    vms: monitor.vms.count,
    schedule: scheduled
      ? {
          cpus,
          nodes: machine.nodes,
          sliceInstructions: schedule.slice_instructions,
          stretch: schedule.stretch,
          affinity: schedule.affinity,
          balance: schedule.balance,
          gang: schedule.gang,
          stealDelayInstructions: schedule.steal_delay_instructions,
          farStealDelayInstructions: schedule.far_steal_delay_instructions,
          idleInstructions: schedule.idle_instructions,
          bufferBytes: schedule.buffer_bytes,
        }
      : null,
  };
}

/** The trace in that form. */
export function streamOf(trace: Trace, form: StreamForm): { trace: Trace; schedule: Schedule | null } {
  const divided = splitTrace(trace, form.vms);
  return { trace: divided, schedule: form.schedule === null ? null : createSchedule(divided, form.schedule) };
}
