import { InputError } from '../../../trace/errors.ts';
import { nearestFirst } from './placement.ts';
import type { SchedulePolicy, ScheduleState } from './state.ts';

/**
 * Gang scheduling: time goes by in slots of one slice, and in each slot whole machines run. The first machine of
 * the queue always does; further ones do where the CPUs that they ran on last are free, or with balance
 * wherever enough are. A vCPU that is idle keeps its CPU, as its machine's others run; the slot ends early when
 * none of them can.
 */
export function createGang(state: ScheduleState): SchedulePolicy {
  const { options, machines, running, over, readyAt, lastCpu } = state;
  const { cpus, nodes, balance, sliceInstructions, idleInstructions } = options;
  for (const [at, machine] of machines.entries())
    if (machine.cpus > cpus)
      throw new InputError(
        `virtual machine ${at} has ${machine.cpus} CPUs and the machine ${cpus}: its virtual CPUs cannot all run at once; turn gang scheduling off or add CPUs`,
      );
  let queue = machines.map((_, at) => at);
  let inSlot: number[] = [];
  let slotEnd = 0;
  /** By vCPU: what it ran over its slot, which comes off its own next one, so that a machine's keep in step. */
  const owed = new Float64Array(lastCpu.length);
  const nearest = Array.from({ length: cpus }, (_, cpu) => nearestFirst(cpu, cpus, nodes));
  /** vCPUs whose streams have not ended, by machine. */
  const living = machines.map(({ firstCpu, cpus: own }) =>
    Array.from({ length: own }, (_, vcpu) => firstCpu + vcpu),
  );

  /** Whether any vCPU of a machine could run at a time. */
  const runnable = async (machine: number, time: number): Promise<boolean> => {
    let any = false;
    for (const vcpu of living[machine]!)
      if ((await state.ready(vcpu, time)) && readyAt[vcpu]! <= time) any = true;
    return any;
  };

  /** A free CPU for every vCPU of a machine, or null. */
  const seats = (machine: number, taken: readonly boolean[]): number[] | null => {
    const own = [...taken];
    const at = living[machine]!.map((vcpu) => {
      const home = lastCpu[vcpu]!;
      if (own[home]) return -1;
      own[home] = true;
      return home;
    });
    if (!balance) return at.includes(-1) ? null : at;
    for (const [index, vcpu] of living[machine]!.entries()) {
      if (at[index]! >= 0) continue;
      const free = nearest[lastCpu[vcpu]!]!.find((cpu) => !own[cpu]);
      if (free === undefined) return null;
      own[free] = true;
      at[index] = free;
    }
    return at;
  };

  const begin = async (time: number): Promise<void> => {
    for (const machine of inSlot) if (time < slotEnd && (await runnable(machine, time))) return;
    // Those that ran go to the end, in their order; streams that have ended leave.
    queue = [...queue.filter((machine) => !inSlot.includes(machine)), ...inSlot];
    const taken = new Array<boolean>(cpus).fill(false);
    const chosen: { machine: number; at: readonly number[] }[] = [];
    for (const machine of queue) {
      if (!(await runnable(machine, time))) continue;
      const at = seats(machine, taken);
      if (at === null) continue;
      for (const cpu of at) taken[cpu] = true;
      chosen.push({ machine, at });
    }
    for (let cpu = 0; cpu < cpus; cpu++) {
      const vcpu = running[cpu]!;
      if (vcpu >= 0) {
        owed[vcpu] = over[cpu]!;
        state.stop(cpu, Math.max(time, readyAt[vcpu]!));
      }
      over[cpu] = 0;
    }
    for (const { machine, at } of chosen)
      for (const [index, vcpu] of living[machine]!.entries()) {
        state.start(at[index]!, vcpu, time, false);
        over[at[index]!] = owed[vcpu]!;
      }
    inSlot = chosen.map(({ machine }) => machine);
    slotEnd = time + sliceInstructions;
  };

  const interrupted = async (cpu: number, time: number, why: 'idle' | 'slice' | 'nothing'): Promise<void> => {
    const vcpu = running[cpu]!;
    // Slots are the machine's slices, not its vCPUs'.
    if (why === 'slice') state.slice[cpu] = sliceInstructions;
    if (why === 'idle') readyAt[vcpu] = time + idleInstructions;
    if (why !== 'nothing' || !state.ended(vcpu)) return;
    for (const own of living) if (own.includes(vcpu)) own.splice(own.indexOf(vcpu), 1);
    state.stop(cpu, time);
  };

  // Who is not in the slot waits; a CPU without a seat stays idle until the next one.
  return { begin, fill: async () => false, retryAt: () => Number.POSITIVE_INFINITY, interrupted };
}
