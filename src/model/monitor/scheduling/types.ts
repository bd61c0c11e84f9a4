import type { Chunk } from '../../../trace/types.ts';
import type { ScheduleCounts } from '../../tally-schedule.ts';

/** How virtual CPUs share the machine's CPUs. All times are instructions of one CPU; none is a price. */
export interface ScheduleOptions {
  /** CPUs of the machine, and its nodes, which divide them evenly. */
  readonly cpus: number;
  readonly nodes: number;
  /** Instructions after which a vCPU makes room for another. */
  readonly sliceInstructions: number;
  /** Instructions of a CPU before it is the next CPU's turn in the replay's order. */
  readonly stretch: number;
  /** A vCPU stays with its CPU; else all CPUs serve one queue, and vCPUs run wherever one is free. */
  readonly affinity: boolean;
  /** A CPU without work steals a waiting vCPU, from the nearest node first. */
  readonly balance: boolean;
  /** All vCPUs of a machine run at the same time, or none does. */
  readonly gang: boolean;
  /** CPUs of each machine, which its vCPUs do not leave; null: all. */
  readonly vmCpus: readonly (readonly number[])[] | null;
  /** How long a CPU has been idle before it steals from its own node, and from another. */
  readonly stealDelayInstructions: number;
  readonly farStealDelayInstructions: number;
  /** How long a vCPU that went idle cannot run; 0: it has only given up its slice. */
  readonly idleInstructions: number;
  /** Most bytes of what waiting vCPUs have yet to run. */
  readonly bufferBytes: number;
}

/** What the scheduler did, in order among the segments and events of a chunk. */
export type ScheduleAction = {
  /**
   * It happened before the records of this segment of the chunk, and between the event before `event` and that
   * one; the numbers of segments and events: after the last.
   */
  readonly segment: number;
  readonly event: number;
} & (
  | {
      /** Another vCPU's state comes onto a CPU; `from` −1: none was there, or it has moved away since. */
      readonly kind: 'switch';
      readonly cpu: number;
      readonly from: number;
      readonly to: number;
    }
  | {
      /** A vCPU goes on on another CPU than it ran on last; its `switch` follows. */
      readonly kind: 'move';
      readonly vcpu: number;
      readonly from: number;
      readonly to: number;
      readonly sameNode: boolean;
      /** Taken by an idle CPU from another one's queue. */
      readonly stolen: boolean;
    }
  | {
      /** A CPU has nothing to run. */
      readonly kind: 'idle';
      readonly cpu: number;
    }
);

/** A chunk in the order in which the machine runs it. Its columns hold until the next one is asked for. */
export interface Scheduled {
  /** `segments.cpu` and `events.cpu` are vCPUs, as in the trace. */
  readonly chunk: Chunk;
  /** CPU of the machine that runs each segment and each event; may be longer than there are. */
  readonly segmentCpu: Uint8Array;
  readonly eventCpu: Uint8Array;
  readonly actions: readonly ScheduleAction[];
}

/** A trace's chunks, scheduled. */
export interface Schedule {
  /** Whether every vCPU has a CPU of its own, so that chunks pass unchanged. */
  readonly dedicated: boolean;
  /** CPU of each vCPU at the start. */
  readonly placement: Uint8Array;
  /** Once. */
  readonly chunks: () => AsyncIterable<Scheduled>;
  /** What happened so far, or since `clear`. */
  readonly counts: () => ScheduleCounts;
  /**
   * End of warm-up: counts start from 0, the state stays. `rest`: the part after it of the chunk that was given last,
   * whose instructions, switches and moves count (its idle and waiting times are lost).
   */
  readonly clear: (rest?: Scheduled) => void;
}
