import type { TraceBuilder } from '../builder.ts';
import { namedService } from '../services.ts';
import {
  EVENT,
  FETCH,
  LOAD,
  MAPPED_FILLED,
  MAPPED_KNOWN,
  MAPPED_RECEIVED,
  MAPPED_ZEROED,
  NO_BLOCK,
  PAGE_BITS,
  PAGE_BYTES,
  referenceWord,
  SEGMENT_KERNEL,
  STORE,
} from '../types.ts';
import { type Layout, LOCK_BYTES, LOCKS_REGION } from './layout.ts';
import type { Pages } from './pages.ts';
import type { Step } from './program.ts';
import { below, fraction } from './random.ts';
import type { Runner } from './runner.ts';
import type { Workload } from './schema-shape.ts';
import type { Stream } from './stream.ts';
import type { Frame, Thread, Threads } from './thread.ts';

/** Carries out the steps of kernel services. */
export interface KernelSteps {
  /**
   * Goes on with a thread's innermost service: one step, or `budget` instructions of it. Returns the
   * instructions that ran.
   */
  go(thread: Thread, cpu: number, budget: number): number;
  /** Maps a page with its events, without a service. */
  map(thread: Thread, cpu: number, flat: number): void;
}

/** A call to a file server or its answer without data: headers, a file handle and a few numbers (assumed). */
export const CALL_BYTES = 128;

const ZERO_PAGE = namedService('ZERO_PAGE');
/** Bytes a turn of the zeroing loop clears: eight double words, eight stores and two more instructions. */
const ZERO_STEP = 64;

export function createKernelSteps(
  workload: Workload,
  layout: Layout,
  threads: Threads,
  pages: Pages,
  builder: TraceBuilder,
  runner: Runner,
  /** What is to be done about a page that a service found missing. */
  onMissing: (thread: Thread, cpu: number, flat: number) => void,
): KernelSteps {
  const lockKinds = Object.values(workload.kernel?.locks ?? {}).flatMap((lock) =>
    Array.from({ length: lock.count }, () => (lock.kind === 'semaphore' ? 1 : 0)),
  );
  const zeroing = workload.kernel?.zeroing === 'stores';

  const go = (thread: Thread, cpu: number, budget: number): number => {
    const frame = thread.frames[thread.frames.length - 1]!;
    const step = frame.program.steps[frame.step]!;
    let ran = 0;
    if (step.do === 'run') {
      if (frame.left < 0)
        frame.left = step.scaled ? Math.round(step.instructions * frame.scale) : step.instructions;
      ran = runner.run(step.stream, Math.min(budget, frame.left), cpu);
      frame.left -= ran;
      const missing = runner.missing();
      if (missing >= 0) {
        onMissing(thread, cpu, missing);
        return ran;
      }
      if (frame.left > 0) return ran;
      frame.left = -1;
    } else ran = act(step, frame, thread, cpu);
    frame.step++;
    if (frame.step === frame.program.steps.length) thread.frames.pop();
    return ran;
  };

  /** Steps that take no instructions, but for those that fill a page. */
  const act = (step: Exclude<Step, { do: 'run' }>, frame: Frame, thread: Thread, cpu: number): number => {
    switch (step.do) {
      case 'begin':
        builder.segment(cpu, SEGMENT_KERNEL, step.service);
        frame.service = step.service;
        builder.event(EVENT.serviceBegin, cpu, step.service);
        return 0;
      case 'end':
        builder.event(EVENT.serviceEnd, cpu, step.service);
        return 0;
      case 'event':
        builder.event(step.kind, cpu, step.arg);
        return 0;
      case 'acquire': {
        const lock = step.first + (step.count === 1 ? 0 : below(thread.kernel, step.count));
        frame.locks.push(lock);
        builder.event(EVENT.lockAcquire, cpu, lock, step.semaphore);
        lockWord(lock, LOAD);
        lockWord(lock, STORE);
        return 0;
      }
      case 'release': {
        const lock = frame.locks.pop()!;
        lockWord(lock, STORE);
        builder.event(EVENT.lockRelease, cpu, lock, lockKinds[lock]!);
        return 0;
      }
      case 'page':
        return frame.page < 0 ? 0 : fillAndMap(step.stream, frame, thread, cpu);
      case 'clear':
        return fraction(thread.kernel) < step.probability ? clear(step, frame, cpu) : 0;
      case 'disk':
        requestDisk(step.request, frame, thread, cpu);
        return 0;
      case 'network':
        if (fraction(thread.kernel) < step.probability)
          builder.event(EVENT.networkRequest, cpu, step.bytes, step.peer);
        return 0;
      case 'renew':
        pages.renew(thread.place.owner, (id) => builder.event(EVENT.pageFreed, cpu, id));
        return 0;
    }
  };

  const lockWord = (lock: number, kind: typeof LOAD | typeof STORE): void => {
    const offset = lock * LOCK_BYTES;
    const flat = layout.kernel.get(LOCKS_REGION)!.instances[0]!.first + (offset >>> PAGE_BITS);
    const id = pages.ids[flat]! < 0 ? pages.map(flat) : pages.ids[flat]!;
    builder.record(id, referenceWord(kind, offset & (PAGE_BYTES - 1), 4));
  };

  const requestDisk = (request: number, frame: Frame, thread: Thread, cpu: number): void => {
    const use = threads.diskUses[request]!;
    if (fraction(thread.kernel) >= use.probability) return;
    const block = thread.blocks[request]!;
    thread.blocks[request] = (block + Math.max(1, Math.ceil(use.bytes / 4096))) % use.blocks;
    builder.event(EVENT.diskRequest, cpu, use.bytes, layout.files.get(use.file)! + block);
    thread.sleep = Math.max(thread.sleep, frame.program.sleep);
  };

  /** Gives a page its content: how, and the instructions that took. */
  const fill = (stream: Stream | null, frame: Frame | null, thread: Thread, cpu: number, flat: number) => {
    const instance = pages.instanceOf(flat);
    if (pages.filled(flat)) return { how: MAPPED_KNOWN, block: 0, ran: 0 };
    pages.fill(flat);
    if (instance.fault === 'file') {
      if (instance.block < 0) return { how: MAPPED_FILLED, block: NO_BLOCK, ran: 0 };
      const block = instance.block + flat - instance.first;
      const sent = instance.peer >= 0;
      if (sent) builder.event(EVENT.networkRequest, cpu, CALL_BYTES, instance.peer);
      else builder.event(EVENT.diskRequest, cpu, PAGE_BYTES, block);
      if (frame !== null) thread.sleep = Math.max(thread.sleep, frame.program.sleep);
      return { how: sent ? MAPPED_RECEIVED : MAPPED_FILLED, block, ran: 0 };
    }
    const ran = stream !== null && zeroing ? zero(stream, cpu, flat) : 0;
    return { how: MAPPED_ZEROED, block: 0, ran };
  };

  const fillAndMap = (stream: Stream, frame: Frame, thread: Thread, cpu: number): number => {
    const { how, block, ran } = fill(stream, frame, thread, cpu, frame.page);
    if (ran > 0) builder.segment(cpu, SEGMENT_KERNEL, frame.service);
    builder.event(EVENT.pageMapped, cpu, pages.map(frame.page), how, block);
    return ran;
  };

  /** Pages cleared so far, by region. */
  const cleared = new Map<string, number>();

  const clear = ({ region, stream }: Extract<Step, { do: 'clear' }>, frame: Frame, cpu: number): number => {
    if (!zeroing) return 0;
    const instance = layout.kernel.get(region)!.instances[0]!;
    const before = cleared.get(region) ?? 0;
    cleared.set(region, before + 1);
    const flat = instance.first + (before % instance.pages);
    if (pages.ids[flat]! < 0) pages.map(flat);
    const ran = zero(stream, cpu, flat);
    builder.segment(cpu, SEGMENT_KERNEL, frame.service);
    return ran;
  };

  /** Clears a page through the kernel's direct segment, in the nested service ZERO_PAGE. */
  const zero = (stream: Stream, cpu: number, flat: number): number => {
    const target = pages.direct(flat);
    const room = (stream.codeEnd - stream.codeFrom) >>> 2;
    const fetch = (index: number, count: number): void => {
      const pc = stream.codeFrom + 4 * Math.min(index, room - 1);
      const code = stream.codePage + (pc >>> PAGE_BITS);
      const id = pages.ids[code]! < 0 ? pages.map(code) : pages.ids[code]!;
      for (let i = 0; i < count; i++) {
        builder.record(id, referenceWord(FETCH, pc & (PAGE_BYTES - 1), 4));
      }
    };
    builder.segment(cpu, SEGMENT_KERNEL, ZERO_PAGE);
    builder.event(EVENT.serviceBegin, cpu, ZERO_PAGE);
    for (let offset = 0; offset < PAGE_BYTES; offset += 8) {
      fetch((offset % ZERO_STEP) / 8, 1);
      builder.record(target, referenceWord(STORE, offset, 8));
      if ((offset + 8) % ZERO_STEP === 0) fetch(8, 2);
    }
    builder.event(EVENT.serviceEnd, cpu, ZERO_PAGE);
    return (PAGE_BYTES / ZERO_STEP) * 10;
  };

  return {
    go,
    map: (thread, cpu, flat) => {
      const frame = thread.frames[thread.frames.length - 1] ?? null;
      const { how, block } = fill(null, frame, thread, cpu, flat);
      builder.event(EVENT.pageMapped, cpu, pages.map(flat), how, block);
    },
  };
}
