import { CLASS, CP0, OP, privilegedOp, privilegedRegister, readsRegister } from '../mips.ts';
import type { BlockTable } from './mtrc-blocks.ts';
import {
  compact,
  createColumns,
  EXCEPTION,
  EXEC,
  INTERRUPT,
  LEAVE,
  type QueueColumns,
} from './mtrc-columns.ts';

/** Most records and references looked ahead for what comes late; beyond, entries are let go without it. */
const MAX_ENTRIES = 1 << 20;
const MAX_MEMORIES = 1 << 22;

/** Vector offsets of a TLB refill: 32-bit machine, 64-bit machine. */
const REFILL = 0x000;
const EXTENDED_REFILL = 0x080;

export const isRefill = (type: number, vector: number): boolean =>
  type === EXCEPTION && (vector === REFILL || vector === EXTENDED_REFILL);

/** What the queue found while it joined records. */
export interface QueueCounts {
  /** Refills whose instruction was begun, missed and came again. */
  failedAttempts: number;
  /** Of them: in a delay slot, so that the branch came again too, in the same EXEC or in the one before. */
  failedBranches: number;
  failedBranchesBefore: number;
  /** Refills on the fetch of a delay slot: the branch before it comes again. */
  fetchBranches: number;
  /** Entries let go with something missing because the look-ahead was exhausted. */
  forced: number;
}

/**
 * Records between the parser and the emitter. Some things are known only later: that the last instruction
 * of an EXEC failed (from the refill that follows it), the value an MFC0 read (its PRIV record may come
 * after records of other CPUs), the cause of an exception (from the first read of Cause after it). They
 * are filled in here; entries leave the queue when nothing is missing before them.
 */
export interface RecordQueue {
  readonly columns: QueueColumns;
  readonly counts: QueueCounts;
  /** Enters the entry that the parser has filled in at `columns.length`. */
  enter(): void;
  /** Index after the last entry that may leave: nothing is missing in it or before it. */
  settled(): number;
  /** All entries may leave: nothing more will come. */
  finish(): void;
  /** The entries before `index` have left. */
  release(index: number): void;
}

/** `vectored`: interrupts tell their line by the vector, so that no Cause is needed. */
export function createRecordQueue(cpus: number, vectored: boolean, blocks: BlockTable): RecordQueue {
  const c = createColumns();
  const code = blocks.columns;
  const counts: QueueCounts = {
    failedAttempts: 0,
    failedBranches: 0,
    failedBranchesBefore: 0,
    fetchBranches: 0,
    forced: 0,
  };
  // Per CPU: the latest EXEC, while something may be missing in it; the EXEC before it, if that ended with
  // the branch whose delay slot is all of the latest; the exits that wait for their cause.
  const latest = new Int32Array(cpus).fill(-1);
  const branchBefore = new Int32Array(cpus).fill(-1);
  const waiting: number[][] = Array.from({ length: cpus }, () => []);

  /** Class of the instruction `back` places before the end of an EXEC, or −1. */
  const classAt = (exec: number, back: number): number => {
    const count = c.count[exec]!;
    if (back > count) return -1;
    return code.classes[code.classesAt[c.block[exec]!]! + c.first[exec]! + count - back]!;
  };
  const endLo = (exec: number): number =>
    (code.virtualLo[c.block[exec]!]! + 4 * (c.first[exec]! + c.count[exec]!)) >>> 0;
  const endsWithBranch = (exec: number, before: number): boolean =>
    classAt(exec, 1) === CLASS.branch && classAt(exec, 2) !== CLASS.branch && before < 0;
  /** Whether hi:lo is `past` bytes after the last instruction of an EXEC. */
  const isAfter = (exec: number, past: number, lo: number, hi: number): boolean =>
    hi === code.virtualHi[c.block[exec]!] && lo === (endLo(exec) - 4 + past) >>> 0;

  /** Whether a later record could still concern an EXEC: it may fail, or it has an operation to come. */
  const unfinished = (exec: number, before: number): boolean => {
    const end = c.memoryEnd[exec]!;
    if (end > c.memoryStart[exec]! && c.memoryIndex[end - 1] === c.first[exec]! + c.count[exec]! - 1) {
      return false; // the last instruction made its reference
    }
    switch (classAt(exec, 1)) {
      case CLASS.integer:
      case CLASS.float:
      case CLASS.trap:
        return false;
      case CLASS.branch:
        return endsWithBranch(exec, before);
      default:
        return true;
    }
  };

  const enterExec = (exec: number, cpu: number): void => {
    const previous = latest[cpu]!;
    const block = c.block[exec]!;
    const startLo = (code.virtualLo[block]! + 4 * c.first[exec]!) >>> 0;
    const isDelaySlot =
      c.count[exec] === 1 &&
      previous >= 0 &&
      endsWithBranch(previous, branchBefore[cpu]!) &&
      isAfter(previous, 4, startLo, code.virtualHi[block]!);
    const before = isDelaySlot ? previous : -1;
    const keep = unfinished(exec, before);
    latest[cpu] = keep ? exec : -1;
    branchBefore[cpu] = keep ? before : -1;
  };

  /** Joins an operation to the EXEC that ends with it; without one it stays an entry of its own. */
  const enterOperation = (entry: number, cpu: number): void => {
    const operation = c.operation[entry]!;
    const op = privilegedOp(operation);
    if (readsRegister(op) && privilegedRegister(operation) === CP0.cause) {
      for (const leave of waiting[cpu]!) {
        c.operation[leave] = c.lo[entry]! | 0;
        c.count[leave] = 1;
      }
      waiting[cpu]!.length = 0;
    }
    const exec = latest[cpu]!;
    if (exec < 0 || c.operation[exec] !== -1) return;
    c.operation[exec] = operation;
    c.lo[exec] = c.lo[entry]!;
    c.hi[exec] = c.hi[entry]!;
    c.length--;
    // A CACHE operation on a mapped address may have missed, and then comes again.
    if (op !== OP.cache) latest[cpu] = branchBefore[cpu] = -1;
  };

  const markAttempt = (leave: number, exec: number, branch: number): void => {
    if (isAfter(exec, 0, c.lo[leave]!, c.hi[leave]!)) {
      counts.failedAttempts++;
      const withBranch = classAt(exec, 2) === CLASS.branch;
      c.failed[exec] = withBranch ? 2 : 1;
      c.first[leave] = withBranch || branch >= 0 ? 2 : 1;
      if (withBranch) counts.failedBranches++;
      else if (branch >= 0) {
        counts.failedBranchesBefore++;
        c.failed[branch] = 1;
      }
    } else if (endsWithBranch(exec, branch) && isAfter(exec, 4, c.lo[leave]!, c.hi[leave]!)) {
      counts.fetchBranches++;
      c.failed[exec] = 1;
      c.first[leave] = 1;
    }
  };

  const enterLeave = (leave: number, cpu: number): void => {
    const type = c.block[leave]! & 0xff;
    const exec = latest[cpu]!;
    if (isRefill(type, c.block[leave]! >>> 8)) {
      if (exec >= 0) markAttempt(leave, exec, branchBefore[cpu]!);
    } else if (type === EXCEPTION || (type === INTERRUPT && !vectored)) {
      const rdhwr = exec >= 0 && classAt(exec, 1) === CLASS.rdhwr;
      if (rdhwr && isAfter(exec, 0, c.lo[leave]!, c.hi[leave]!)) c.first[leave] = 1;
      waiting[cpu]!.push(leave);
    }
    latest[cpu] = branchBefore[cpu] = -1;
  };

  const firstMissing = (cpu: number): number => {
    const exec = branchBefore[cpu]! >= 0 ? branchBefore[cpu]! : latest[cpu]!;
    const leave = waiting[cpu]![0] ?? c.length;
    return exec >= 0 && exec < leave ? exec : leave;
  };

  /** Gives up waiting for what is missing before `limit`. */
  const force = (limit: number): void => {
    for (let cpu = 0; cpu < cpus; cpu++) {
      if (latest[cpu]! >= 0 && (latest[cpu]! < limit || branchBefore[cpu]! >= 0)) {
        latest[cpu] = branchBefore[cpu] = -1;
        counts.forced++;
      }
      const late = waiting[cpu]!.filter((leave) => leave < limit).length;
      waiting[cpu]!.splice(0, late);
      counts.forced += late;
    }
  };

  const settled = (): number => {
    let limit = c.length;
    for (let cpu = 0; cpu < cpus; cpu++) limit = Math.min(limit, firstMissing(cpu));
    const kept = c.head < c.length ? c.memories - c.memoryStart[c.head]! : 0;
    const half = c.head + ((c.length - c.head) >>> 1);
    if ((c.length - c.head >= MAX_ENTRIES || kept >= MAX_MEMORIES) && limit < half) {
      force(half);
      return half;
    }
    return limit;
  };

  const release = (index: number): void => {
    c.head = index;
    if (index < c.length && index < c.kind.length / 2) return;
    for (let cpu = 0; cpu < cpus; cpu++) {
      if (latest[cpu]! >= 0) latest[cpu]! -= index;
      if (branchBefore[cpu]! >= 0) branchBefore[cpu]! -= index;
      for (let i = 0; i < waiting[cpu]!.length; i++) waiting[cpu]![i]! -= index;
    }
    compact(c);
  };

  return {
    columns: c,
    counts,
    enter: () => {
      const entry = c.length++;
      const cpu = c.cpu[entry]!;
      switch (c.kind[entry]) {
        case EXEC:
          enterExec(entry, cpu);
          break;
        case LEAVE:
          enterLeave(entry, cpu);
          break;
        default:
          enterOperation(entry, cpu);
      }
    },
    settled,
    finish: () => {
      latest.fill(-1);
      branchBefore.fill(-1);
      for (const leaves of waiting) leaves.length = 0;
    },
    release,
  };
}
