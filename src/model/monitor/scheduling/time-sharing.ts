import { nodeOfCpu } from '../../hardware/nodes.ts';
import { allowedOn, nearestFirst } from './placement.ts';
import type { SchedulePolicy, ScheduleState } from './state.ts';

/**
 * Time-sharing by single vCPUs. With affinity each CPU has a queue, served round-robin, and with balance an
 * idle CPU steals from the others'; without affinity all CPUs serve one queue.
 */
export function createSharing(state: ScheduleState): SchedulePolicy {
  const { options, running, readyAt, placement } = state;
  const { cpus, nodes, affinity, balance, idleInstructions, sliceInstructions } = options;
  const allowed = allowedOn(state.machines, options.vmCpus);
  const queues: number[][] = Array.from({ length: affinity ? cpus : 1 }, () => []);
  for (const [vcpu, cpu] of placement.entries()) queues[affinity ? cpu : 0]!.push(vcpu);
  const queueOf = (cpu: number): number[] => queues[affinity ? cpu : 0]!;
  const victims = Array.from({ length: cpus }, (_, cpu) => nearestFirst(cpu, cpus, nodes).slice(1));
  /** Since when each CPU has had nothing to do; −1: it has. */
  const idleSince = new Float64Array(cpus).fill(-1);
  let retry = Number.POSITIVE_INFINITY;

  /** Index in the queue of the first vCPU that can run on a CPU at a time, or −1. */
  const firstReady = async (queue: readonly number[], cpu: number, time: number): Promise<number> => {
    for (const [at, vcpu] of queue.entries()) {
      if (!allowed(vcpu, cpu)) continue;
      if (!(await state.ready(vcpu, time))) continue;
      if (readyAt[vcpu]! <= time) return at;
      retry = Math.min(retry, readyAt[vcpu]!);
    }
    return -1;
  };

  const fill = async (cpu: number, time: number): Promise<boolean> => {
    retry = Number.POSITIVE_INFINITY;
    const own = queueOf(cpu);
    const at = await firstReady(own, cpu, time);
    if (at >= 0) {
      state.start(cpu, own.splice(at, 1)[0]!, time, false);
      idleSince[cpu] = -1;
      return true;
    }
    if (!affinity || !balance) return false;
    if (idleSince[cpu]! < 0) idleSince[cpu] = time;
    for (const victim of victims[cpu]!) {
      const near = nodeOfCpu(victim, cpus, nodes) === nodeOfCpu(cpu, cpus, nodes);
      const from =
        idleSince[cpu]! + (near ? options.stealDelayInstructions : options.farStealDelayInstructions);
      if (queueOf(victim).length === 0) continue;
      if (time < from) {
        retry = Math.min(retry, from);
        continue;
      }
      // What an idle victim could run is its own; it comes to it in this round.
      if (running[victim]! < 0) continue;
      const found = await firstReady(queueOf(victim), cpu, time);
      if (found < 0) continue;
      state.start(cpu, queueOf(victim).splice(found, 1)[0]!, time, true);
      idleSince[cpu] = -1;
      return true;
    }
    return false;
  };

  const interrupted = async (cpu: number, time: number, why: 'idle' | 'slice' | 'nothing'): Promise<void> => {
    const vcpu = running[cpu]!;
    const own = queueOf(cpu);
    const until = why === 'idle' ? time + idleInstructions : time;
    if (why !== 'nothing' && until <= time) {
      // It goes on if nobody else can.
      const other = await firstReady(own, cpu, time);
      if (other < 0) {
        state.slice[cpu] = sliceInstructions;
        return;
      }
    }
    state.stop(cpu, until);
    if (!state.ended(vcpu)) own.push(vcpu);
  };

  return { begin: async () => {}, fill, retryAt: () => retry, interrupted };
}
