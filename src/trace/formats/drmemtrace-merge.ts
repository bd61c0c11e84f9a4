import type { TraceBuilder } from '../builder.ts';
import { InputError } from '../errors.ts';
import { SERVICE_NONE, syscallService } from '../services.ts';
import {
  type Chunk,
  EVENT,
  FETCH,
  GLOBAL,
  KERNEL,
  LOAD,
  MAPPED,
  type ReferenceKind,
  SEGMENT_KERNEL,
  STORE,
} from '../types.ts';
import type { ThreadFile } from './drmemtrace-files.ts';
import { CLASS, CLASS_OF, MARKER, TYPE } from './drmemtrace-records.ts';
import { createProcesses, openThread, type Processes, type Thread } from './drmemtrace-thread.ts';
import { accessIn } from './place.ts';

/** Counts for the summary's totals. */
export interface DrmemtraceCounts {
  records: number;
  threads: number;
  noFetch: number;
  prefetches: number;
  flushes: number;
  markers: number;
  timestamps: number;
  syscalls: number;
  signals: number;
  encodings: number;
  zeroSizes: number;
  physicalMarkers: number;
}

export function zeroCounts(): DrmemtraceCounts {
  return {
    records: 0,
    threads: 0,
    noFetch: 0,
    prefetches: 0,
    flushes: 0,
    markers: 0,
    timestamps: 0,
    syscalls: 0,
    signals: 0,
    encodings: 0,
    zeroSizes: 0,
    physicalMarkers: 0,
  };
}

/** Why `advance` stopped. */
const SWITCH = 0; // at a time stamp: another thread may be due
const STARVED = 1; // the buffer ran out
const FULL = 2; // the builder wants its chunk taken
const DONE = 3; // the thread has ended

/**
 * Merges threads as DynamoRIO's own tools do by default: at every time stamp the thread with the earliest
 * next time stamp goes on, the first file among equals, until its own next time stamp.
 */
export async function* mergeThreads(
  files: readonly ThreadFile[],
  builder: TraceBuilder,
  counts: DrmemtraceCounts,
  progress: () => void,
): AsyncGenerator<Chunk> {
  const threads = files.map(openThread);
  const advance = createAdvance(builder, counts, createProcesses());
  counts.threads = threads.length;
  try {
    for (;;) {
      let due: Thread | null = null;
      for (const thread of threads) {
        if (!thread.done && (due === null || earlier(thread, due))) due = thread;
      }
      if (due === null) return;
      for (let why = advance(due); why !== SWITCH && why !== DONE; why = advance(due)) {
        if (why === FULL) yield builder.take();
        else {
          await due.refill();
          progress();
        }
      }
    }
  } finally {
    for (const thread of threads) await thread.close();
  }
}

const earlier = (a: Thread, b: Thread): boolean =>
  a.timeHi !== b.timeHi ? a.timeHi < b.timeHi : a.timeLo < b.timeLo;

/** The function that turns one thread's records, up to its next time stamp, into references and events. */
function createAdvance(
  builder: TraceBuilder,
  counts: DrmemtraceCounts,
  processes: Processes,
): (thread: Thread) => number {
  let cpus = 0;

  // Kernel halves and other processes' pages take the long way; the first process's are the common case.
  const refer = (thread: Thread, kind: ReferenceKind, lo: number, hi: number, size: number): void => {
    if (thread.cpu < 0) arrive(thread);
    if (hi < 0) accessIn(builder, -1, MAPPED | GLOBAL | KERNEL, kind, lo, hi, size);
    else if (thread.space === 0) builder.access(kind, lo, hi, size);
    else accessIn(builder, thread.space, MAPPED, kind, lo, hi, size);
  };

  const fetch = (thread: Thread, lo: number, hi: number, size: number): void => {
    thread.pcLo = lo;
    thread.pcHi = hi;
    thread.hasPc = true;
    const next = (lo >>> 0) + size;
    thread.nextLo = next | 0;
    thread.nextHi = next > 0xffffffff ? (hi + 1) | 0 : hi;
  };

  return (thread) => {
    if (builder.full()) return FULL;
    if (thread.cpu >= 0) builder.segment(thread.cpu, thread.flags, thread.service);
    else if (thread.timeHi !== 0 || thread.timeLo !== 0) arrive(thread);
    const words = thread.words;
    const end = thread.end;
    for (let at = thread.at; at < end; at++) {
      if ((at & 63) === 0 && builder.full()) {
        thread.at = at;
        return FULL;
      }
      const first = words[3 * at]!;
      const type = first & 0xffff;
      const size = first >>> 16;
      const lo = words[3 * at + 1]!;
      const hi = words[3 * at + 2]!;
      const what = type < 64 ? CLASS_OF[type]! : CLASS.unknown;
      switch (what) {
        case CLASS.fetch:
          if (size > 0) {
            fetch(thread, lo, hi, size);
            refer(thread, FETCH, lo, hi, size);
          } // size 0 only tells where the following data reference belongs to
          break;
        case CLASS.load:
        case CLASS.store:
          if (size === 0) {
            // State-saving instructions, whose extent DynamoRIO does not know: an operand, but no bytes.
            counts.zeroSizes++;
            builder.countOnly(what === CLASS.load ? LOAD : STORE);
          } else refer(thread, what === CLASS.load ? LOAD : STORE, lo, hi, size);
          break;
        case CLASS.encoding:
          counts.encodings++;
          break;
        case CLASS.prefetch:
          counts.prefetches++;
          break;
        case CLASS.flush:
          counts.flushes++;
          break;
        case CLASS.marker:
          if (size === MARKER.timestamp && !thread.repeating && !thread.granted) {
            // Seen for the first time: let the merge decide who goes on from here.
            thread.timeHi = hi >>> 0;
            thread.timeLo = lo >>> 0;
            thread.granted = true;
            thread.at = at;
            return SWITCH;
          }
          marker(thread, size, lo, hi);
          break;
        case CLASS.other:
          other(thread, type, size, lo, hi, at);
          break;
        default:
          throw new InputError(
            `${thread.file.label}: record ${thread.before + at + 1} has the unknown type ${type}; the file is corrupt or of a newer DynamoRIO`,
          );
      }
    }
    thread.at = end;
    if (!thread.ended) return STARVED;
    if (thread.footer !== thread.before - 1) {
      throw new InputError(
        `${thread.file.label}: the file is truncated: it ends after record ${thread.before} without a footer; record the trace again or get a complete copy`,
      );
    }
    counts.records += thread.before;
    thread.done = true;
    return DONE;
  };

  /** A thread gets its CPU with its first time stamp or reference, so CPUs are numbered by arrival. */
  function arrive(thread: Thread): void {
    if (thread.cpu >= 0) return;
    thread.cpu = cpus++;
    builder.segment(thread.cpu, thread.flags, thread.service);
    if (thread.space !== 0) builder.event(EVENT.spaceSwitch, thread.cpu, thread.space);
  }

  function marker(thread: Thread, size: number, lo: number, markerHi: number): void {
    counts.markers++;
    if (size === MARKER.split) {
      thread.splitHi = lo;
      return;
    }
    const hi = thread.splitHi === -1 ? markerHi : thread.splitHi;
    if (size === MARKER.syscall || size === MARKER.timestamp) arrive(thread);
    thread.splitHi = -1;
    switch (size) {
      case MARKER.timestamp:
        if (thread.repeating) break;
        thread.granted = false;
        counts.timestamps++;
        builder.event(EVENT.mark, thread.cpu, MARKER.timestamp, lo >>> 0, hi >>> 0);
        break;
      case MARKER.cpuId:
        thread.repeating = false;
        break;
      case MARKER.chunkFooter:
        thread.repeating = true;
        break;
      case MARKER.physicalAddress:
        counts.physicalMarkers++;
        break;
      case MARKER.kernelEvent:
        counts.signals++;
        break;
      case MARKER.syscall:
        counts.syscalls++;
        builder.event(EVENT.syscall, thread.cpu, lo);
        break;
      case MARKER.syscallTraceStart:
        mode(thread, SEGMENT_KERNEL, syscallService(lo));
        break;
      case MARKER.switchStart:
        mode(thread, SEGMENT_KERNEL, SERVICE_NONE);
        break;
      case MARKER.syscallTraceEnd:
      case MARKER.switchEnd:
        mode(thread, 0, SERVICE_NONE);
        break;
      default: // of no meaning here
    }
  }

  function mode(thread: Thread, flags: number, service: number): void {
    thread.flags = flags;
    thread.service = service;
    arrive(thread);
    builder.segment(thread.cpu, flags, service);
  }

  function other(thread: Thread, type: number, size: number, lo: number, hi: number, at: number): void {
    switch (type) {
      case TYPE.bundle:
        bundle(thread, size, lo, hi, at);
        break;
      case TYPE.noFetch:
        // An instruction that is not fetched again, as each turn of a string instruction.
        if (size > 0) {
          counts.noFetch++;
          fetch(thread, lo, hi, size);
        }
        break;
      case TYPE.maybeFetch:
        if (size > 0 && !(thread.hasPc && thread.pcLo === lo && thread.pcHi === hi)) {
          fetch(thread, lo, hi, size);
          refer(thread, FETCH, lo, hi, size);
        } else counts.noFetch++;
        break;
      case TYPE.thread:
      case TYPE.threadExit:
        enter(thread, processes.ofThread(lo, hi) ?? thread.space);
        thread.tidLo = lo;
        thread.tidHi = hi;
        break;
      case TYPE.pid: {
        const space = processes.spaceOf(thread.file.label, lo, hi);
        processes.setThread(thread.file.label, thread.tidLo, thread.tidHi, space);
        enter(thread, space);
        break;
      }
      case TYPE.footer:
        thread.footer = thread.before + at;
        break;
      default: // header: checked when the file was recognised
    }
  }

  function enter(thread: Thread, space: number): void {
    if (space === thread.space) return;
    thread.space = space;
    if (thread.cpu >= 0) builder.event(EVENT.spaceSwitch, thread.cpu, space);
  }

  /** Up to 8 instructions that follow the last one; their lengths are the bytes of the value. */
  function bundle(thread: Thread, size: number, lo: number, hi: number, at: number): void {
    if (size > 8 || !thread.hasPc) {
      throw new InputError(
        `${thread.file.label}: record ${thread.before + at + 1} is a bundle of ${size} instructions${thread.hasPc ? '' : ' with none before it'}; the file is corrupt`,
      );
    }
    for (let i = 0; i < size; i++) {
      const length = ((i < 4 ? lo : hi) >>> (8 * (i & 3))) & 0xff;
      if (length === 0) continue;
      const pcLo = thread.nextLo;
      const pcHi = thread.nextHi;
      fetch(thread, pcLo, pcHi, length);
      refer(thread, FETCH, pcLo, pcHi, length);
    }
  }
}
