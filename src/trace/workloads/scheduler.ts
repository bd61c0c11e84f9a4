import type { TraceBuilder } from '../builder.ts';
import { EVENT, SEGMENT_KERNEL } from '../types.ts';
import type { Pages } from './pages.ts';
import { type RandomState, randomState } from './random.ts';
import type { Workload } from './schema-shape.ts';
import { nextRate, type Rate, ratesOf, type Thread, type Threads } from './thread.ts';

export interface Cpu {
  readonly number: number;
  readonly random: RandomState;
  /** Threads that could run, next first; threads that wait for a disk. */
  readonly ready: Thread[];
  readonly asleep: Thread[];
  current: Thread | null;
  /** Instructions run. */
  clock: number;
  /** Instructions left of its turn (what it ran over comes off the next), and of its thread's slice. */
  turn: number;
  slice: number;
  readonly rates: readonly Rate[];
  toRate: number;
  /** Address space that was switched to last. */
  space: number;
  /** The thread shall make room for another as soon as the services for that have run. */
  leaving: boolean;
}

/** Purpose of a CPU's random state; threads are numbered from 0. */
const CPU_KEY = 1 << 20;
/** ASIDs 1 … 255 are given to address spaces in turn. */
const ASIDS = 255;

/** Which thread runs where. */
export interface Scheduler {
  readonly cpus: readonly Cpu[];
  /** Gives the CPU a thread, if there is one; false: it has nothing to do. */
  readonly dispatch: (cpu: Cpu) => boolean;
  /** Takes the thread off the CPU: to sleep, or to the end of a queue, perhaps of another CPU. */
  readonly leave: (cpu: Cpu, thread: Thread) => void;
  /** Says so if the CPU now runs in another address space. */
  readonly switchSpace: (cpu: Cpu, thread: Thread) => void;
  readonly sayIdle: (cpu: Cpu) => void;
}

export function createScheduler(
  workload: Workload,
  { threads }: Threads,
  pages: Pages,
  builder: TraceBuilder,
): Scheduler {
  const cpus: Cpu[] = Array.from({ length: workload.cpus }, (_, number) => {
    const random = randomState(workload.seed, CPU_KEY + number);
    const rates = ratesOf(workload, 'cpu', random);
    return {
      number,
      random,
      ready: threads.filter((thread) => thread.cpus[0] === number),
      asleep: [],
      current: null,
      clock: 0,
      turn: 0,
      slice: workload.slice,
      rates,
      toRate: nextRate(rates),
      space: 0,
      leaving: false,
    };
  });

  const switchSpace = (cpu: Cpu, thread: Thread): void => {
    const space = pages.space(thread.place.owner);
    if (space === cpu.space) return;
    cpu.space = space;
    builder.event(EVENT.spaceSwitch, cpu.number, space, 1 + (space % ASIDS));
  };

  const sayIdle = (cpu: Cpu): void => {
    builder.segment(cpu.number, SEGMENT_KERNEL, 0);
    builder.event(EVENT.idle, cpu.number, 0);
  };

  /** Takes the thread that has waited longest where most wait; a CPU that just waits for disks stays by itself. */
  const steal = (cpu: Cpu): void => {
    let from = cpu;
    for (const other of cpus) if (other.ready.length > from.ready.length) from = other;
    // The only one in a queue may be about to run where it is.
    if (from.ready.length > 1 || from.current !== null) cpu.ready.push(...from.ready.splice(0, 1));
  };

  const dispatch = (cpu: Cpu): boolean => {
    if (cpu.current !== null) return true;
    for (let at = 0; at < cpu.asleep.length; ) {
      if (cpu.asleep[at]!.wakeAt <= cpu.clock) cpu.ready.push(...cpu.asleep.splice(at, 1));
      else at++;
    }
    if (workload.steal && cpu.ready.length === 0 && cpu.asleep.length === 0) steal(cpu);
    if (cpu.ready.length === 0) {
      if (cpu.asleep.length === 0) return false;
      // All wait for disks. Idle time is not instructions: the first of them goes on.
      let first = 0;
      for (let at = 1; at < cpu.asleep.length; at++)
        if (cpu.asleep[at]!.wakeAt < cpu.asleep[first]!.wakeAt) first = at;
      cpu.ready.push(...cpu.asleep.splice(first, 1));
      sayIdle(cpu);
    }
    cpu.current = cpu.ready.shift()!;
    cpu.slice = workload.slice;
    switchSpace(cpu, cpu.current);
    return true;
  };

  const leave = (cpu: Cpu, thread: Thread): void => {
    cpu.leaving = false;
    cpu.current = null;
    if (thread.sleep > 0) {
      thread.wakeAt = cpu.clock + thread.sleep;
      thread.sleep = 0;
      cpu.asleep.push(thread);
      return;
    }
    const { roam } = thread.place.spec;
    const moves = roam > 0 ? Math.floor(++thread.slices / roam) : 0;
    cpus[thread.cpus[moves % thread.cpus.length]!]!.ready.push(thread);
  };

  return { cpus, dispatch, leave, switchSpace, sayIdle };
}
