import { InputError } from '../errors.ts';
import type { ThreadFile } from './drmemtrace-files.ts';
import { RECORD_BYTES } from './drmemtrace-records.ts';

/** Processes that a trace may hold; each becomes an address space. */
const MAX_PROCESSES = 65536;

/**
 * One thread's (or core's) records on their way into the merge: a buffer that is refilled as it runs out,
 * and what the records said so far.
 */
export interface Thread {
  readonly file: ThreadFile;
  /** CPU that the thread is given when its first records are merged, or −1. */
  cpu: number;
  /** Buffered records: `words` in threes (type and size, low half, high half), from `at` to `end`. */
  words: Int32Array;
  at: number;
  end: number;
  /** Records before the buffer, for messages. */
  before: number;
  /** The file has no more bytes than those buffered. */
  ended: boolean;
  /** All records are merged. */
  done: boolean;
  /** Time of the next records (unsigned halves of microseconds); 0 before the first time stamp. */
  timeHi: number;
  timeLo: number;
  /** The time stamp at `at` is the one that the merge has already decided on. */
  granted: boolean;
  /** Index of the last footer record, or −1. */
  footer: number;
  /** A chunk ended: the next chunk begins by repeating time stamp and CPU. */
  repeating: boolean;
  /** Upper half for the next marker, or −1. */
  splitHi: number;
  /** Address of the last instruction, and of what follows it. */
  pcLo: number;
  pcHi: number;
  nextLo: number;
  nextHi: number;
  hasPc: boolean;
  /** Segment flags and service of the moment. */
  flags: number;
  service: number;
  /** Address space of the moment, and the id of the software thread. */
  space: number;
  tidLo: number;
  tidHi: number;
  readonly refill: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens one pass over a thread file. */
export function openThread(file: ThreadFile): Thread {
  const iterator = file.stream()[Symbol.asyncIterator]();
  let store = new ArrayBuffer(0);
  let bytes = new Uint8Array(store);
  let left = 0; // bytes after the whole records
  const thread: Thread = {
    file,
    cpu: -1,
    words: new Int32Array(store),
    at: 0,
    end: 0,
    before: 0,
    ended: false,
    done: false,
    timeHi: 0,
    timeLo: 0,
    granted: false,
    footer: -1,
    repeating: false,
    splitHi: -1,
    pcLo: 0,
    pcHi: 0,
    nextLo: 0,
    nextHi: 0,
    hasPc: false,
    flags: 0,
    service: 0,
    space: 0,
    tidLo: 0,
    tidHi: 0,
    refill: async () => {
      const next = await iterator.next();
      thread.before += thread.end;
      const whole = thread.end * RECORD_BYTES;
      if (next.done) {
        thread.ended = true;
        thread.at = thread.end = 0;
        if (left > 0) {
          throw new InputError(
            `${file.label}: the file is truncated: record ${thread.before + 1} has ${left} of ${RECORD_BYTES} bytes; record the trace again or get a complete copy`,
          );
        }
        return;
      }
      const size = left + next.value.length;
      if (size > store.byteLength) {
        const wider = new ArrayBuffer(Math.ceil(size / 4096) * 4096 + 4096);
        new Uint8Array(wider).set(bytes.subarray(whole, whole + left));
        store = wider;
        bytes = new Uint8Array(store);
        thread.words = new Int32Array(store);
      } else bytes.copyWithin(0, whole, whole + left);
      bytes.set(next.value, left);
      thread.at = 0;
      thread.end = Math.floor(size / RECORD_BYTES);
      left = size - thread.end * RECORD_BYTES;
    },
    close: async () => {
      await iterator.return?.();
    },
  };
  return thread;
}

/** Dense address-space ids by process; the first process is space 0. */
export interface Processes {
  /** Space of the process with this id (halves of a 64-bit number). */
  spaceOf(label: string, lo: number, hi: number): number;
  /** Remembers a thread's process, and gives it back. */
  setThread(label: string, lo: number, hi: number, space: number): void;
  ofThread(lo: number, hi: number): number | undefined;
}

export function createProcesses(): Processes {
  const spaces = new Map<string, number>();
  const threads = new Map<string, number>();
  const tooMany = (label: string): InputError =>
    new InputError(
      `${label}: more than ${MAX_PROCESSES} processes or threads in one trace; the file is corrupt`,
    );
  return {
    spaceOf(label, lo, hi) {
      const key = `${hi}:${lo}`;
      let space = spaces.get(key);
      if (space === undefined) {
        if (spaces.size === MAX_PROCESSES) throw tooMany(label);
        space = spaces.size;
        spaces.set(key, space);
      }
      return space;
    },
    setThread(label, lo, hi, space) {
      const key = `${hi}:${lo}`;
      if (threads.size === MAX_PROCESSES && !threads.has(key)) throw tooMany(label);
      threads.set(key, space);
    },
    ofThread: (lo, hi) => threads.get(`${hi}:${lo}`),
  };
}
