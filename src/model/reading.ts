import {
  type Chunk,
  type EventColumns,
  MAPPED_FILLED,
  MAPPED_RECEIVED,
  NO_BLOCK,
  STORE,
} from '../trace/types.ts';

// What single records and events of a trace say.

/** Numbers that system calls start from, by ABI (Linux MIPS: N64 5000, O32 4000). */
export const SYSCALL_BASE = { n64: 5000, o32: 4000, 'x86-64': 0, '': 0 } as const;

/** Disk block whose contents a mapped page got, by itself or over the network; −1: none that is known. */
export const blockOf = (lo: number, hi: number): number =>
  (lo === MAPPED_FILLED || lo === MAPPED_RECEIVED) && hi !== NO_BLOCK ? hi : -1;

/** Kernel id of what the first store of records start … end − 1 goes to; −1: there is none. */
export function firstStored(
  { translation, word }: Chunk,
  ids: Int32Array,
  start: number,
  end: number,
): number {
  for (let record = start; record < end; record++)
    if ((word[record]! & 3) === STORE) return ids[translation[record]!]!;
  return -1;
}

/** hi:lo of an event. */
export const numberOf = ({ hi, lo }: EventColumns, event: number): number =>
  hi[event]! * 2 ** 32 + lo[event]!;
