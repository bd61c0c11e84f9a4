import { doubled } from './mtrc-blocks.ts';

/** Kinds of queue entries, by the record kinds of the file. */
export const EXEC = 1;
export const PRIVILEGED = 3;
export const LEAVE = 4;

/** Types of a LEAVE (the file's DISCON). */
export const INTERRUPT = 0;
export const EXCEPTION = 1;
export const HOST_CALL = 2;

/** The columns of a record queue: entries `head` to `length`, and their memory references. */
export interface QueueColumns {
  length: number;
  head: number;
  kind: Uint8Array;
  cpu: Uint8Array;
  /** EXEC: dense block index. LEAVE: type | low 12 bits of the vector << 8. */
  block: Int32Array;
  /**
   * EXEC: first instruction in the block. LEAVE: of a refill, the instructions of its failed attempt; of
   * another exception, 1 if an RDHWR took it.
   */
  first: Uint8Array;
  /** EXEC: number of instructions. LEAVE: 1 if Cause is known. */
  count: Uint8Array;
  /** EXEC: how many of the last instructions (0–2) are the failed attempt of a refill that follows. */
  failed: Uint8Array;
  /** EXEC, PRIVILEGED: op | register << 8 | select << 16, or −1. LEAVE: the Cause register. */
  operation: Int32Array;
  /** EXEC, PRIVILEGED: the value read or written. LEAVE: the address left. */
  lo: Uint32Array;
  hi: Uint32Array;
  /** LEAVE: the address gone to. */
  toLo: Uint32Array;
  toHi: Uint32Array;
  /** Where the entry's memory references start and end. */
  memoryStart: Int32Array;
  memoryEnd: Int32Array;
  /** Memory references: instruction in the block, flags as in the file, address, physical page. */
  memories: number;
  memoryIndex: Uint8Array;
  memoryFlags: Uint8Array;
  memoryLo: Uint32Array;
  memoryHi: Uint32Array;
  memoryPage: Float64Array;
}

export function createColumns(): QueueColumns {
  const entries = 1 << 14;
  const references = 1 << 15;
  return {
    length: 0,
    head: 0,
    kind: new Uint8Array(entries),
    cpu: new Uint8Array(entries),
    block: new Int32Array(entries),
    first: new Uint8Array(entries),
    count: new Uint8Array(entries),
    failed: new Uint8Array(entries),
    operation: new Int32Array(entries),
    lo: new Uint32Array(entries),
    hi: new Uint32Array(entries),
    toLo: new Uint32Array(entries),
    toHi: new Uint32Array(entries),
    memoryStart: new Int32Array(entries),
    memoryEnd: new Int32Array(entries),
    memories: 0,
    memoryIndex: new Uint8Array(references),
    memoryFlags: new Uint8Array(references),
    memoryLo: new Uint32Array(references),
    memoryHi: new Uint32Array(references),
    memoryPage: new Float64Array(references),
  };
}

/** Makes room for one more entry with `memories` memory references. */
export function reserve(c: QueueColumns, memories: number): void {
  if (c.length === c.kind.length) {
    c.kind = doubled(c.kind);
    c.cpu = doubled(c.cpu);
    c.block = doubled(c.block);
    c.first = doubled(c.first);
    c.count = doubled(c.count);
    c.failed = doubled(c.failed);
    c.operation = doubled(c.operation);
    c.lo = doubled(c.lo);
    c.hi = doubled(c.hi);
    c.toLo = doubled(c.toLo);
    c.toHi = doubled(c.toHi);
    c.memoryStart = doubled(c.memoryStart);
    c.memoryEnd = doubled(c.memoryEnd);
  }
  while (c.memories + memories > c.memoryFlags.length) {
    c.memoryIndex = doubled(c.memoryIndex);
    c.memoryFlags = doubled(c.memoryFlags);
    c.memoryLo = doubled(c.memoryLo);
    c.memoryHi = doubled(c.memoryHi);
    c.memoryPage = doubled(c.memoryPage);
  }
}

/** Moves the entries from `head` on to the front. */
export function compact(c: QueueColumns): void {
  const { head, length } = c;
  const base = head < length ? c.memoryStart[head]! : c.memories;
  c.kind.copyWithin(0, head, length);
  c.cpu.copyWithin(0, head, length);
  c.block.copyWithin(0, head, length);
  c.first.copyWithin(0, head, length);
  c.count.copyWithin(0, head, length);
  c.failed.copyWithin(0, head, length);
  c.operation.copyWithin(0, head, length);
  c.lo.copyWithin(0, head, length);
  c.hi.copyWithin(0, head, length);
  c.toLo.copyWithin(0, head, length);
  c.toHi.copyWithin(0, head, length);
  c.length = length - head;
  c.head = 0;
  for (let i = 0; i < c.length; i++) {
    c.memoryStart[i] = c.memoryStart[i + head]! - base;
    c.memoryEnd[i] = c.memoryEnd[i + head]! - base;
  }
  c.memoryIndex.copyWithin(0, base, c.memories);
  c.memoryFlags.copyWithin(0, base, c.memories);
  c.memoryLo.copyWithin(0, base, c.memories);
  c.memoryHi.copyWithin(0, base, c.memories);
  c.memoryPage.copyWithin(0, base, c.memories);
  c.memories -= base;
}
