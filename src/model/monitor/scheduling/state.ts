import { SEGMENT_REFILL } from '../../../trace/types.ts';
import { nodeOfCpu } from '../../hardware/nodes.ts';
import type { ScheduleCounts, VcpuCounts } from '../../tally-schedule.ts';
import { DRY, ENDED, type Feed, READY, STARVED } from './feed.ts';
import type { VcpuRange } from './placement.ts';
import type { ScheduleAction, Scheduled, ScheduleOptions } from './types.ts';

/** Who is where, since when, and what has been done. Policies decide, this keeps the books. */
export interface ScheduleState {
  readonly options: ScheduleOptions;
  readonly machines: readonly VcpuRange[];
  readonly placement: Uint8Array;
  /** vCPU on each CPU; −1: none. */
  readonly running: Int32Array;
  /** By CPU: what ran over the end of the last stretch, as instructions end where they end. */
  readonly over: Float64Array;
  /** Instructions left of the slice of what is running. */
  readonly slice: Float64Array;
  /** By vCPU: when it could run again, as far as is known. */
  readonly readyAt: Float64Array;
  /** By vCPU: CPU that it ran on last, at first that of its placement. */
  readonly lastCpu: Uint8Array;
  /** Whether a vCPU has something to run at a time; reads on where that is not known. */
  ready(vcpu: number, time: number): Promise<boolean>;
  /** Whether a vCPU has nothing to run any more. */
  ended(vcpu: number): boolean;
  /** Puts a vCPU on a CPU that runs none. */
  start(cpu: number, vcpu: number, time: number, stolen: boolean): void;
  /** Takes the vCPU off its CPU; it could run again from `readyAt` on. */
  stop(cpu: number, readyAt: number): void;
  ran(cpu: number, time: number): void;
  idle(cpu: number, time: number): void;
  /** What was done since the last call. */
  actions(): readonly ScheduleAction[];
  counts(): ScheduleCounts;
  clear(rest?: Scheduled): void;
}

const NO_ACTIONS: readonly ScheduleAction[] = [];

export function createScheduleState(
  options: ScheduleOptions,
  machines: readonly VcpuRange[],
  placement: Uint8Array,
  feed: Feed,
): ScheduleState {
  const { cpus, nodes } = options;
  const vcpus = placement.length;
  const running = new Int32Array(cpus).fill(-1);
  const over = new Float64Array(cpus);
  const slice = new Float64Array(cpus);
  const readyAt = new Float64Array(vcpus);
  const lastCpu = placement.slice();
  /** Whose state each CPU holds. */
  const loaded = new Int32Array(cpus).fill(-1);
  const idling = new Uint8Array(cpus);
  let actions: ScheduleAction[] = [];
  const zero = (): { -readonly [K in keyof VcpuCounts]: number } => ({
    ran: 0,
    waited: 0,
    waits: 0,
    switches: 0,
    moves: 0,
    farMoves: 0,
    steals: 0,
  });
  let ofVcpu = Array.from({ length: vcpus }, zero);
  let ofCpu = Array.from({ length: cpus }, () => ({ ran: 0, idle: 0 }));

  const place = () => ({ segment: feed.collector.segments(), event: feed.collector.events() });

  return {
    options,
    machines,
    placement,
    running,
    over,
    slice,
    readyAt,
    lastCpu,
    ready: async (vcpu, time) => {
      let state = feed.state(vcpu);
      while (state === DRY) {
        await feed.pull(vcpu);
        state = feed.state(vcpu);
      }
      // What its trace keeps waiting does not wait for a CPU.
      if (state === STARVED && readyAt[vcpu]! < time) readyAt[vcpu] = time;
      return state === READY;
    },
    ended: (vcpu) => feed.state(vcpu) === ENDED,
    start: (cpu, vcpu, time, stolen) => {
      const counts = ofVcpu[vcpu]!;
      const from = lastCpu[vcpu]!;
      if (from !== cpu) {
        const sameNode = nodeOfCpu(from, cpus, nodes) === nodeOfCpu(cpu, cpus, nodes);
        actions.push({ ...place(), kind: 'move', vcpu, from, to: cpu, sameNode, stolen });
        counts.moves++;
        if (!sameNode) counts.farMoves++;
        if (stolen) counts.steals++;
        // What it left behind there is stale once it has run elsewhere.
        if (loaded[from] === vcpu) loaded[from] = -1;
        lastCpu[vcpu] = cpu;
      }
      if (loaded[cpu] !== vcpu) {
        actions.push({ ...place(), kind: 'switch', cpu, from: loaded[cpu]!, to: vcpu });
        loaded[cpu] = vcpu;
        counts.switches++;
      }
      if (time > readyAt[vcpu]!) {
        counts.waited += time - readyAt[vcpu]!;
        counts.waits++;
      }
      running[cpu] = vcpu;
      slice[cpu] = options.sliceInstructions;
      idling[cpu] = 0;
    },
    stop: (cpu, ready) => {
      readyAt[running[cpu]!] = ready;
      running[cpu] = -1;
    },
    ran: (cpu, time) => {
      ofVcpu[running[cpu]!]!.ran += time;
      ofCpu[cpu]!.ran += time;
      idling[cpu] = 0;
    },
    idle: (cpu, time) => {
      if (idling[cpu] === 0) actions.push({ ...place(), kind: 'idle', cpu });
      idling[cpu] = 1;
      ofCpu[cpu]!.idle += time;
    },
    actions: () => {
      if (actions.length === 0) return NO_ACTIONS;
      const done = actions;
      actions = [];
      return done;
    },
    counts: () => ({ vcpus: ofVcpu, cpus: ofCpu, bufferedBytes: feed.peakBytes() }),
    clear: (rest) => {
      ofVcpu = Array.from({ length: vcpus }, zero);
      ofCpu = Array.from({ length: cpus }, () => ({ ran: 0, idle: 0 }));
      if (rest === undefined) return;
      const { segments } = rest.chunk;
      for (let at = 0; at < segments.length; at++) {
        const ran = (segments.flags[at]! & SEGMENT_REFILL) !== 0 ? 0 : segments.instructions[at]!;
        ofVcpu[segments.cpu[at]!]!.ran += ran;
        ofCpu[rest.segmentCpu[at]!]!.ran += ran;
      }
      for (const action of rest.actions) {
        if (action.kind === 'switch') ofVcpu[action.to]!.switches++;
        if (action.kind !== 'move') continue;
        const counts = ofVcpu[action.vcpu]!;
        counts.moves++;
        if (!action.sameNode) counts.farMoves++;
        if (action.stolen) counts.steals++;
      }
    },
  };
}

/** Who runs next. Times are those of the CPU that asks. */
export interface SchedulePolicy {
  /** At the start of each round, in which every CPU has one stretch. */
  begin(time: number): Promise<void>;
  /** Something for a CPU that runs none, which it has started; false: there is nothing. */
  fill(cpu: number, time: number): Promise<boolean>;
  /** After a `fill` of false: when it is worth asking again (Infinity: in the next round). */
  retryAt(): number;
  /** The vCPU on `cpu` went idle, used up its slice, or has nothing to run. It stays or is stopped. */
  interrupted(cpu: number, time: number, why: 'idle' | 'slice' | 'nothing'): Promise<void>;
}
