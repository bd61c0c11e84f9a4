import { namedService } from '../trace/services.ts';
import { type Chunk, SEGMENT_KERNEL, type TraceHeader, UNCACHED } from '../trace/types.ts';
import { C, contextKey, createCounters } from './counters.ts';
import { createEvents } from './events.ts';
import { createNative } from './guest/native.ts';
import { coherenceOf, createKernel, type Kernel, type KernelOptions } from './hardware/kernel.ts';
import { isAsideEvent, type Packed } from './hardware/pack.ts';
import type { Pages } from './hardware/pages.ts';
import { createPlacement } from './hardware/placement.ts';
import { createIdealTlb, createTlb } from './hardware/tlb.ts';
import { cachesAlone } from './lines.ts';
import { createHeldLocks } from './locks.ts';
import { createDisco } from './monitor/disco.ts';
import type { ScheduleAction, Scheduled } from './monitor/scheduling/types.ts';
import type { PlatformParts } from './platform.ts';
import { firstStored } from './reading.ts';
import { createCachesReplay } from './replay-caches.ts';
import type { RefillTemplate } from './systems/resolve.ts';
import type { System } from './systems/schema.ts';
import type { Tally } from './tally.ts';
import type { ScheduleCounts } from './tally-schedule.ts';
import { createVisits } from './visits.ts';
import { createWindows } from './windows.ts';

/**
 * One system's replay: chunk after chunk in, a tally out. The trace's CPU c runs on CPU c modulo the system's
 * (`cpu_assignment`; where there are as many as recorded, that is its own).
 */
export interface Replay {
  /** New translations of the trace, by kernel id. */
  admit(ids: readonly number[]): void;
  /** `ids`: kernel ids by the trace's translation id (for `unmap` events). `scheduled`: which CPU runs what. */
  run(chunk: Chunk, packed: Packed, ids: Int32Array, scheduled: Scheduled | null): void;
  /** End of warm-up: state stays, counts start from 0. `instructions`: of the trace from here on. */
  clear(instructions: number): void;
  /**
   * What was counted. `physicalPages`: pages of the trace so far, which all systems share; `schedule`: what the
   * scheduler did, if there is one.
   */
  tally(physicalPages: number, schedule: ScheduleCounts | null): Tally;
}

const ZERO_PAGE = namedService('ZERO_PAGE');
/** Footprints that are kept over a run without windows. */
const SAMPLES = 16;

export function createReplay(
  system: System,
  header: TraceHeader,
  pages: Pages,
  cpus: number,
  refill: RefillTemplate,
  makeKernel: (options: KernelOptions) => Kernel = createKernel,
): Replay {
  const { machine, os } = system;
  const overlay = os.overlay && header.level === 'user';
  const dropRdhwr = os.rdhwr === 'drop';
  const coherent = coherenceOf(machine, cpus) === 'directory';
  const movesPages = coherent && system.pages.policy !== 'none' && machine.nodes > 1;
  const vms = header.vms ?? [];
  const sharesPages = coherent && vms.length > 1 && (system.monitor?.memory.sharing ?? false);
  /** By CPU: the virtual CPU (of the trace) that it runs. */
  const vcpuOn = Int32Array.from({ length: cpus }, (_, cpu) => cpu);
  const holding = { nestOf: new Int32Array(Math.max(header.cpus, cpus)), vcpuOn };
  const counters = createCounters(holding);
  const locks = createHeldLocks(
    holding,
    counters,
    header.instructionBytes,
    (id) => (pages.flags[id]! & UNCACHED) !== 0,
  );
  // drcachesim's rule has no network.
  const contended = (cpus > 1 || machine.nodes > 1) && coherenceOf(machine, cpus) !== 'drcachesim';
  const windows = contended ? createWindows(counters, cpus, machine.nodes, machine.contention_windows) : null;
  const tlb = machine.tlb === null ? createIdealTlb(pages, cpus) : createTlb(machine.tlb, pages, cpus);
  const vcpus = header.cpus;
  const parts: PlatformParts = {
    system,
    cpus,
    vcpus,
    vcpuOn,
    movesPages,
    sharesPages,
    vms,
    pages,
    counters,
    tlb,
    kernel: () => kernel,
    overlay,
    refill,
  };
  const platform = system.monitor === null ? createNative(parts) : createDisco(parts, system.monitor);
  const kernel: Kernel = makeKernel({
    machine,
    cpus,
    pages,
    counters,
    stamps: machine.tlb?.replacement === 'lru' ? tlb.stamp : null,
    usable: tlb.resident,
    onMiss: platform.miss,
    place: createPlacement(machine, pages, cpus, vms),
    traffic: windows?.traffic ?? null,
    movable: movesPages || sharesPages,
    onGuarded: platform.guarded,
    counted: platform.moves?.counted ?? null,
    onHot: (cpu, page) => platform.moves?.onHot(cpu, page),
  });
  // By CPU of the trace, of which several may run on one of the machine's.
  const contexts = new Int32Array(header.cpus);
  const monitorZeroes = system.monitor?.zeroes_pages ?? false;
  /** By CPU of the trace: the translation whose page is being zeroed by the monitor; −1: none. */
  const zeroed = new Int32Array(header.cpus).fill(-1);
  /** Records replayed, by CPU of the machine: the time of device accesses. */
  const replayed = new Float64Array(cpus);
  const sinceTimer = new Float64Array(cpus);
  let instructions = 0;
  /** Instructions replayed, warm-up included. */
  let time = 0;
  // Without windows, at whose ends footprints are kept.
  let betweenSamples = Number.POSITIVE_INFINITY;
  let nextSample = Number.POSITIVE_INFINITY;

  const { runs, visit, leave } = createVisits(counters, kernel, vcpuOn);
  const arrive = createEvents({ platform, counters, locks, visits: { visit, leave }, contexts, header });

  const handle = (chunk: Chunk, event: number, ids: Int32Array, position: number): void => {
    const { events } = chunk;
    if (isAsideEvent(events.kind[event]!, events.flags[event]!, dropRdhwr)) return;
    const traceCpu = events.cpu[event]!;
    const cpu = placed === null ? traceCpu % cpus : placed.eventCpu[event]!;
    runs(cpu, traceCpu);
    arrive(chunk, event, ids, cpu, replayed[cpu]! + position);
  };

  const timers = (cpu: number, context: number, count: number): void => {
    if (!overlay || os.timer_instructions === 0) return;
    sinceTimer[cpu]! += count;
    while (sinceTimer[cpu]! >= os.timer_instructions) {
      sinceTimer[cpu]! -= os.timer_instructions;
      visit(cpu, context);
      platform.timer(cpu);
      leave();
    }
  };

  /** So many instructions of the trace are done, by whomever. */
  const pass = (count: number): void => {
    instructions += count;
    time += count;
    const ended = windows?.advance(count) ?? time >= nextSample;
    if (ended) {
      platform.memory?.sample(time);
      while (nextSample <= time) nextSample += betweenSamples;
    }
    platform.moves?.advance(time);
  };

  const runCaches = cachesAlone(system) ? createCachesReplay(cpus, counters, kernel, runs, pass) : null;

  /** Which CPU runs what of the chunk being replayed; null: as recorded. */
  let placed: Scheduled | null = null;
  let nextAction = 0;

  const act = (action: ScheduleAction): void => {
    if (action.kind === 'idle') return;
    const cpu = action.kind === 'switch' ? action.cpu : action.to;
    const vcpu = action.kind === 'switch' ? action.to : action.vcpu;
    runs(cpu, vcpu);
    visit(cpu, contexts[vcpu]!);
    if (action.kind === 'switch') platform.worldSwitch(cpu, action.from, vcpu);
    else platform.vcpuMove(cpu, action.from);
    leave();
  };

  /** Carries out what the scheduler does before a segment and an event. */
  const actBefore = (segment: number, event: number): void => {
    const { actions } = placed!;
    for (; nextAction < actions.length; nextAction++) {
      const action = actions[nextAction]!;
      if (action.segment > segment || action.event > event) break;
      act(action);
    }
  };

  const run = (chunk: Chunk, packed: Packed, ids: Int32Array, scheduled: Scheduled | null): void => {
    tlb.reserve();
    kernel.reserve();
    if (runCaches !== null) {
      runCaches(chunk, packed);
      return;
    }
    const { segments } = chunk;
    placed = scheduled;
    nextAction = 0;
    const { at: recordOf, length: events } = chunk.events;
    const { words, eventAt, segmentEnd, spans } = packed;
    let event = 0;
    let start = 0;
    let at = 0;
    for (let segment = 0; segment < segments.length; segment++) {
      const end = segments.end[segment]!;
      const traceCpu = segments.cpu[segment]!;
      const cpu = scheduled === null ? traceCpu % cpus : scheduled.segmentCpu[segment]!;
      // An event at the boundary is the doing of the segment before it (an ERET ends the kernel's).
      while (event < events && recordOf[event]! <= start) {
        if (scheduled !== null) actBefore(segment, event);
        handle(chunk, event++, ids, 0);
      }
      if (scheduled !== null) actBefore(segment, event);
      runs(cpu, traceCpu);
      if (monitorZeroes && segments.service[segment] === ZERO_PAGE) {
        // The guest's own zeroing is left out: the monitor does it, once a page.
        contexts[traceCpu] = contextKey(true, ZERO_PAGE);
        const id = firstStored(chunk, ids, start, end);
        if (id >= 0 && zeroed[traceCpu] !== id) {
          zeroed[traceCpu] = id;
          visit(cpu, contexts[traceCpu]!);
          platform.zero(cpu, id);
          leave();
        }
        pass(segments.instructions[segment]!);
        while (event < events && recordOf[event]! < end) handle(chunk, event++, ids, 0);
      } else if (packed.aside[segment] === 1) {
        while (event < events && recordOf[event]! < end) handle(chunk, event++, ids, 0);
      } else {
        const kernelMode = (segments.flags[segment]! & SEGMENT_KERNEL) !== 0;
        const context = contextKey(kernelMode, segments.service[segment]!);
        contexts[traceCpu] = context;
        zeroed[traceCpu] = -1;
        counters.select(cpu, context);
        const { values, row } = counters;
        for (let kind = 0; kind < 4; kind++)
          values[row + C.fetch_accesses + kind]! += packed.accesses[segment * 4 + kind]!;
        values[row + C.instructions]! += segments.instructions[segment]!;
        const uncached = packed.accesses[segment * 4 + 3]!;
        locks.begin(chunk, ids, start, traceCpu, uncached, segments.instructions[segment]!);
        while (event < events && recordOf[event]! < end) {
          kernel.run(words, at, eventAt[event]!, cpu, spans);
          at = eventAt[event]!;
          handle(chunk, event, ids, recordOf[event]! - start);
          event++;
        }
        kernel.run(words, at, segmentEnd[segment]!, cpu, spans);
        locks.end();
        replayed[cpu]! += end - start;
        timers(cpu, context, segments.instructions[segment]!);
        pass(segments.instructions[segment]!);
      }
      at = segmentEnd[segment]!;
      start = end;
    }
    while (event < events) handle(chunk, event++, ids, 0);
    if (scheduled !== null) actBefore(segments.length, events);
  };

  return {
    admit: platform.admit,
    run,
    clear: (left) => {
      counters.clear();
      locks.clear();
      kernel.clear();
      windows?.restart(left);
      // Without footprints to keep there is nothing to do at a sample: V8 need not see it done and compile again.
      if (platform.memory !== null) {
        betweenSamples = Math.max(1, Math.ceil(left / SAMPLES));
        nextSample = time + betweenSamples;
      }
      platform.moves?.clear();
      instructions = 0;
    },
    tally: (physicalPages, schedule) => {
      const dirty = kernel.dirtyLines();
      const underLocks = locks.facts(cpus);
      return {
        cpus,
        instructions,
        rows: counters.rows(),
        state: {
          dirty_l1_lines: dirty.l1,
          dirty_l2_lines: dirty.l2,
          physical_pages: physicalPages,
          lost_lines: kernel.lostLines(),
        },
        pages: platform.moves?.facts() ?? null,
        memory: platform.memory?.facts() ?? null,
        schedule,
        locks: underLocks.locks,
        held: underLocks.held,
        windows: windows?.finish() ?? [],
      };
    },
  };
}
