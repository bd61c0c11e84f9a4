import { splitTrace } from '../trace/compose/split.ts';
import { InputError } from '../trace/errors.ts';
import type { Trace } from '../trace/types.ts';
import { createSchedule } from './monitor/scheduling/schedule.ts';
import type { Schedule, ScheduleOptions } from './monitor/scheduling/types.ts';
import type { System } from './systems/schema.ts';
import { cpusOfVms } from './systems/vm-lists.ts';

/**
 * In what form a system takes the trace: as it is, divided among virtual machines, or reordered because there are
 * more virtual CPUs than CPUs. Systems that take it in the same form share one pass over it.
 */
export interface StreamForm {
  readonly vms: number;
  /** Null: every CPU of the trace runs as recorded. */
  readonly schedule: Omit<ScheduleOptions, 'vmCpus'> | null;
  /** CPUs of each machine, as `monitor.vms.cpus` has them. */
  readonly vmCpus: string;
}

/** CPUs of a system's machine on a trace of so many. */
export const cpusOf = ({ machine }: System, traceCpus: number): number =>
  machine.cpus === 0 ? traceCpus : machine.cpus;

export function streamForm(system: System, traceCpus: number): StreamForm {
  const { machine, monitor } = system;
  if (monitor === null) return { vms: 1, vmCpus: 'all', schedule: null };
  const cpus = cpusOf(system, traceCpus);
  // Who has CPUs of its own is placed on them, even where there are enough for all.
  const scheduled =
    (cpus < traceCpus || monitor.vms.cpus !== 'all') && machine.cpu_assignment === 'one-to-one';
  const { schedule } = monitor;
  return {
    vms: monitor.vms.count,
    vmCpus: monitor.vms.cpus,
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
  if (form.schedule === null) {
    if (form.vmCpus !== 'all')
      throw new InputError(
        'monitor.vms.cpus needs machine.cpu_assignment=one-to-one: otherwise the CPUs of the trace are dealt out',
      );
    return { trace: divided, schedule: null };
  }
  const vmCpus = cpusOfVms(form.vmCpus, divided.header.vms?.length ?? 1, form.schedule.cpus);
  return { trace: divided, schedule: createSchedule(divided, { ...form.schedule, vmCpus }) };
}
