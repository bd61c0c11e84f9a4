/**
 * Virtual CPUs on the machine's CPUs: turns a trace, whose CPUs are vCPUs, into the order in which a machine
 * with fewer CPUs runs it. Nothing is lost, and every vCPU's own records and events keep their order; what
 * changes is who runs beside whom, where, and after whom. Time is instructions. docs/virtual-machines.md has the
 * rules and where they come from.
 */
import { InputError } from '../../../trace/errors.ts';
import { CHUNK_RECORDS, SEGMENT_REFILL, type Trace } from '../../../trace/types.ts';
import type { ScheduleCounts } from '../../tally-schedule.ts';
import { createFeed, ENDED, type Feed, READY } from './feed.ts';
import { createGang } from './gang.ts';
import { placeVcpus, type VcpuRange } from './placement.ts';
import { createScheduleState, type SchedulePolicy, type ScheduleState } from './state.ts';
import { createSharing } from './time-sharing.ts';
import type { Schedule, ScheduleAction, Scheduled, ScheduleOptions } from './types.ts';

/**
 * A vCPU's trace keeps it waiting where its next record lies more than this many slices of another's ahead. Shorter
 * slices count as a chunk's worth: recordings interleave their CPUs in stretches of thousands. Assumed: one slice
 * would take turns of uneven length in the recording for waiting, and each more is memory for what the others have yet
 * to run, and a wait of up to a slice that is not seen.
 */
const LOOKAHEAD_SLICES = 4;

/**
 * The schedule of a trace on a machine. Where no two vCPUs are placed on one CPU, each has its own for
 * ever and chunks pass through as they are. Throws InputError where options do not fit the trace.
 */
export function createSchedule(trace: Trace, options: ScheduleOptions): Schedule {
  checkOptions(options);
  const { header } = trace;
  const machines: readonly VcpuRange[] = header.vms ?? [{ firstCpu: 0, cpus: header.cpus }];
  if (options.vmCpus !== null && options.gang)
    throw new InputError('monitor.vms.cpus and monitor.schedule.gang do not go together: set one of them');
  const placement = placeVcpus(machines, options.cpus, options.nodes, options.vmCpus);
  return new Set(placement).size === placement.length
    ? dedicated(trace, options, placement)
    : shared(trace, options, machines, placement);
}

function checkOptions(options: ScheduleOptions): void {
  const least = {
    cpus: 1,
    nodes: 1,
    sliceInstructions: 1,
    stretch: 1,
    stealDelayInstructions: 0,
    farStealDelayInstructions: 0,
    idleInstructions: 0,
    bufferBytes: 1,
  } as const;
  for (const [name, value] of Object.entries(least)) {
    const given = options[name as keyof typeof least];
    if (!(Number.isSafeInteger(given) && given >= value))
      throw new InputError(`schedule: ${name} ${given}: expected a whole number of at least ${value}`);
  }
  if (options.cpus > 256 || options.cpus % options.nodes !== 0)
    throw new InputError(
      `schedule: ${options.cpus} CPUs: at most 256, evenly divided by the ${options.nodes} nodes`,
    );
}

/** Every vCPU has its own CPU. */
function dedicated(trace: Trace, { cpus }: ScheduleOptions, placement: Uint8Array): Schedule {
  const own = placement.every((cpu, vcpu) => cpu === vcpu);
  const vcpus = trace.header.cpus;
  const mapped = (column: Uint8Array, length: number): Uint8Array =>
    own ? column : column.slice(0, length).map((vcpu) => placement[vcpu]!);
  const none: readonly ScheduleAction[] = [];
  const first = Array.from(
    placement,
    (cpu, vcpu): ScheduleAction => ({ segment: 0, event: 0, kind: 'switch', cpu, from: -1, to: vcpu }),
  );
  let ran = new Float64Array(vcpus);
  let switches = 0;
  async function* chunks(): AsyncGenerator<Scheduled> {
    let actions: readonly ScheduleAction[] = first;
    switches = 1;
    for await (const chunk of trace.chunks()) {
      const { segments, events } = chunk;
      for (let at = 0; at < segments.length; at++)
        if ((segments.flags[at]! & SEGMENT_REFILL) === 0)
          ran[segments.cpu[at]!]! += segments.instructions[at]!;
      yield {
        chunk,
        segmentCpu: mapped(segments.cpu, segments.length),
        eventCpu: mapped(events.cpu, events.length),
        actions,
      };
      actions = none;
    }
  }
  const counts = (): ScheduleCounts => ({
    vcpus: Array.from(ran, (of) => ({
      ran: of,
      waited: 0,
      waits: 0,
      switches,
      moves: 0,
      farMoves: 0,
      steals: 0,
    })),
    cpus: Array.from({ length: cpus }, (_, cpu) => {
      const vcpu = placement.indexOf(cpu);
      return { ran: vcpu < 0 ? 0 : ran[vcpu]!, idle: 0 };
    }),
    bufferedBytes: 0,
  });
  return {
    dedicated: true,
    placement,
    chunks,
    counts,
    clear: () => {
      ran = new Float64Array(vcpus);
      switches = 0;
    },
  };
}

/** More vCPUs than CPUs. */
function shared(
  trace: Trace,
  options: ScheduleOptions,
  machines: readonly VcpuRange[],
  placement: Uint8Array,
): Schedule {
  const { header } = trace;
  const all = Array.from({ length: header.cpus }, (_, vcpu) => vcpu);
  // Machines are read one by one where that is possible: then nothing of one that waits is held.
  const streams = trace.streams?.().map((chunks, at) => {
    const { firstCpu, cpus } = machines[at]!;
    return { chunks, vcpus: all.slice(firstCpu, firstCpu + cpus) };
  });
  const summary = trace.summary();
  const feed = createFeed({
    name: header.name,
    instructionBytes: header.instructionBytes,
    clock: summary !== null && summary.workloadInstructions === 0 ? 'references' : 'instructions',
    streams: streams ?? [{ chunks: trace.chunks(), vcpus: all }],
    vcpus: header.cpus,
    lookahead: LOOKAHEAD_SLICES * Math.max(options.sliceInstructions, CHUNK_RECORDS),
    sliceInstructions: options.sliceInstructions,
    bufferBytes: options.bufferBytes,
  });
  const state = createScheduleState(options, machines, placement, feed);
  const policy = options.gang ? createGang(state) : createSharing(state);
  return {
    dedicated: false,
    placement,
    chunks: () => runShared(feed, state, policy, header.cpus),
    counts: state.counts,
    clear: state.clear,
  };
}

async function* runShared(
  feed: Feed,
  state: ScheduleState,
  policy: SchedulePolicy,
  vcpus: number,
): AsyncGenerator<Scheduled> {
  const { options, running, over, slice, readyAt } = state;
  const { cpus, stretch } = options;
  const { collector } = feed;
  let segmentCpu = new Uint8Array(1024);
  let eventCpu = new Uint8Array(1024);

  /** Marks what was collected since a place as run by a CPU. */
  const mark = (cpu: number, segments: number, events: number): void => {
    if (collector.segments() > segmentCpu.length) segmentCpu = longer(segmentCpu, collector.segments());
    if (collector.events() > eventCpu.length) eventCpu = longer(eventCpu, collector.events());
    segmentCpu.fill(cpu, segments, collector.segments());
    eventCpu.fill(cpu, events, collector.events());
  };

  const emit = (): Scheduled => {
    // Taken before the collector starts its next chunk, whose first actions are at its beginning.
    const actions = state.actions();
    return { chunk: collector.chunk(), segmentCpu, eventCpu, actions };
  };

  try {
    for (let now = 0; ; now += stretch) {
      await policy.begin(now);
      for (let cpu = 0; cpu < cpus; cpu++) {
        const end = now + stretch;
        let time = now + over[cpu]!;
        while (time < end) {
          const vcpu = running[cpu]!;
          if (vcpu < 0) {
            if (await policy.fill(cpu, time)) continue;
            const until = Math.min(end, Math.max(time + 1, policy.retryAt()));
            state.idle(cpu, until - time);
            time = until;
          } else if (readyAt[vcpu]! > time) {
            // A gang's vCPU keeps its CPU while it is idle.
            const until = Math.min(end, readyAt[vcpu]!);
            state.idle(cpu, until - time);
            time = until;
          } else if (feed.state(vcpu) === READY || (await state.ready(vcpu, time))) {
            const segments = collector.segments();
            const events = collector.events();
            const took = feed.take(vcpu, Math.min(end - time, slice[cpu]!));
            mark(cpu, segments, events);
            state.ran(cpu, took);
            time += took;
            slice[cpu]! -= took;
            const idled = feed.idled();
            if (collector.full()) yield emit();
            if (idled) await policy.interrupted(cpu, time, 'idle');
            else if (slice[cpu]! <= 0) await policy.interrupted(cpu, time, 'slice');
          } else {
            await policy.interrupted(cpu, time, 'nothing');
            if (running[cpu] === vcpu) {
              state.idle(cpu, end - time);
              time = end;
            }
          }
        }
        over[cpu] = time - end;
      }
      let living = false;
      for (let vcpu = 0; vcpu < vcpus && !living; vcpu++) living = feed.state(vcpu) !== ENDED;
      if (!living) break;
    }
    if (!collector.empty()) yield emit();
  } finally {
    await feed.close();
  }
}

function longer(old: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const wider = new Uint8Array(Math.max(length, 2 * old.length));
  wider.set(old);
  return wider;
}
