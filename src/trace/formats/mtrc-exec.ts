import { DIRECT_CACHED, DIRECT_UNCACHED, directPage, segmentOf } from '../mips.ts';
import { PAGE_BYTES } from '../types.ts';
import { type BlockTable, MAX_BLOCK_ID, MAX_BLOCK_INSTRUCTIONS } from './mtrc-blocks.ts';
import { EXEC, reserve } from './mtrc-columns.ts';
import { type ByteCursor, readNumber, readSmall, wrong } from './mtrc-cursor.ts';
import type { RecordQueue } from './mtrc-queue.ts';

/** An unaligned-part store of a doubleword makes eight references; nothing makes more. */
const MAX_MEMORIES_PER_INSTRUCTION = 8;

/** Memory reference flags. */
export const MEMORY_SIZE = 3;
export const MEMORY_STORE = 4;
export const MEMORY_DEVICE = 8;
export const MEMORY_DIRECT = 16;

/** Reads EXEC records: instructions executed, with their memory references. */
export interface ExecReader {
  /** Returns what is wrong with the record, or null; nothing of it is kept if the bytes ran out. */
  read(cpu: number, whole: boolean): string | null;
  /** Whether hi:lo is where the CPU's last instruction was; true as long as it had none. */
  isLast(cpu: number, lo: number, hi: number): boolean;
}

/** `narrow`: addresses are those of a 32-bit machine, sign-extended. */
export function createExecReader(
  cursor: ByteCursor,
  cpus: number,
  narrow: boolean,
  blocks: BlockTable,
  queue: RecordQueue,
): ExecReader {
  const { buffer } = cursor;
  const c = queue.columns;
  const code = blocks.columns;
  // Per CPU: address of the last memory reference, address of the last instruction executed (once any was).
  const memoryLo = new Uint32Array(cpus);
  const memoryHi = new Uint32Array(cpus);
  const lastLo = new Uint32Array(cpus);
  const lastHi = new Uint32Array(cpus);
  const begun = new Uint8Array(cpus);

  /** Reads one zig-zag delta and moves hi:lo of the CPU's last reference by it. */
  const readAddress = (cpu: number): boolean => {
    if (!readNumber(cursor)) return false;
    const { lo, hi } = cursor;
    const sign = -(lo & 1);
    const deltaLo = (((lo >>> 1) | (hi << 31)) ^ sign) >>> 0;
    const deltaHi = (hi >>> 1) ^ sign;
    const sum = memoryLo[cpu]! + deltaLo;
    memoryLo[cpu] = sum;
    memoryHi[cpu] = memoryHi[cpu]! + deltaHi + (sum > 0xffffffff ? 1 : 0);
    return true;
  };

  const readMemories = (cpu: number, first: number, count: number, memories: number): string | null => {
    let m = c.memories;
    let previous = first;
    for (let i = 0; i < memories; i++, m++) {
      if (cursor.at > cursor.end) return null;
      const index = buffer[cursor.at]!;
      const flags = buffer[cursor.at + 1]!;
      cursor.at += 2;
      if (index < previous || index >= first + count)
        return wrong(cursor, `reference of instruction ${index}, which was not executed`);
      if (flags >= 32) return wrong(cursor, `reference with flags ${flags}`);
      previous = index;
      if (!readAddress(cpu)) return wrong(cursor, 'a number longer than 64 bits');
      const addressLo = memoryLo[cpu]!;
      const addressHi = memoryHi[cpu]!;
      if ((addressLo & (PAGE_BYTES - 1)) + (1 << (flags & MEMORY_SIZE)) > PAGE_BYTES) {
        return wrong(cursor, 'a reference that crosses a page');
      }
      if (narrow && addressHi !== (addressLo >> 31) >>> 0)
        return wrong(cursor, 'an address of more than 32 bits');
      const segment = segmentOf(addressLo, addressHi);
      const direct = segment === DIRECT_CACHED || segment === DIRECT_UNCACHED;
      if (direct !== ((flags & MEMORY_DIRECT) !== 0))
        return wrong(cursor, 'a direct flag that contradicts the address');
      c.memoryIndex[m] = index;
      c.memoryFlags[m] = flags;
      c.memoryLo[m] = addressLo;
      c.memoryHi[m] = addressHi;
      if (direct) c.memoryPage[m] = directPage(addressLo, addressHi);
      else {
        if (!readNumber(cursor) || cursor.hi >= 0x100000) return wrong(cursor, 'a physical page beyond 2^52');
        c.memoryPage[m] = cursor.hi * 0x100000000 + cursor.lo;
      }
      if ((flags & MEMORY_DEVICE) !== 0) {
        cursor.at++;
        if (!readNumber(cursor)) return wrong(cursor, 'a number longer than 64 bits');
      }
    }
    return null;
  };

  const read = (cpu: number, whole: boolean): string | null => {
    const id = readSmall(cursor, MAX_BLOCK_ID);
    const block = id < 0 ? -1 : blocks.indexOf(id);
    if (block < 0) return wrong(cursor, 'EXEC of a block that was not defined');
    const length = code.length[block]!;
    const first = whole ? 0 : readSmall(cursor, MAX_BLOCK_INSTRUCTIONS);
    const count = whole ? length : readSmall(cursor, MAX_BLOCK_INSTRUCTIONS);
    if (first < 0 || count < 1 || first + count > length)
      return wrong(cursor, `EXEC leaves its block of ${length} instructions`);
    const memories = readSmall(cursor, count * MAX_MEMORIES_PER_INSTRUCTION);
    if (memories < 0)
      return wrong(
        cursor,
        `EXEC of ${count} instructions with more than ${count * MAX_MEMORIES_PER_INSTRUCTION} references`,
      );
    reserve(c, memories);
    const beforeLo = memoryLo[cpu]!;
    const beforeHi = memoryHi[cpu]!;
    const error = readMemories(cpu, first, count, memories);
    if (error !== null || cursor.at > cursor.end) {
      memoryLo[cpu] = beforeLo;
      memoryHi[cpu] = beforeHi;
      return error;
    }
    const entry = c.length;
    c.kind[entry] = EXEC;
    c.cpu[entry] = cpu;
    c.block[entry] = block;
    c.first[entry] = first;
    c.count[entry] = count;
    c.failed[entry] = 0;
    c.operation[entry] = -1;
    c.memoryStart[entry] = c.memories;
    c.memories += memories;
    c.memoryEnd[entry] = c.memories;
    queue.enter();
    lastLo[cpu] = code.virtualLo[block]! + 4 * (first + count - 1);
    lastHi[cpu] = code.virtualHi[block]!;
    begun[cpu] = 1;
    return null;
  };

  return {
    read,
    isLast: (cpu, lo, hi) => begun[cpu] === 0 || (lo === lastLo[cpu] && hi === lastHi[cpu]),
  };
}
