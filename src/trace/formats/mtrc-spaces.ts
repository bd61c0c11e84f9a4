import { CP0, OP, privilegedOp, privilegedRegister, readsRegister, writesRegister } from '../mips.ts';

/** What a privileged operation changed in the address spaces of its CPU (bits). */
export const SPACE_SWITCHED = 1;
export const TLB_FLUSHED = 2;

/**
 * TLBWI over so many slots without a probe between them empties a TLB: the smallest MIPS TLBs have 16
 * entries, and a kernel that changes single entries probes for each.
 */
const FLUSH_WRITES = 16;

/**
 * Address spaces of the trace: a dense id for each (CPU, ASID, generation). A generation ends when the
 * guest empties its TLB, for then it may give its ASIDs to others.
 *
 * The space that a CPU starts in has no known ASID until EntryHi is first touched: a read tells it; a
 * write is taken to be a switch to another space, since a trace does not tell whether it was the same.
 */
export interface AddressSpaces {
  /** Space of the CPU's user references. */
  current(cpu: number): number;
  asid(cpu: number): number;
  /** Follows a privileged operation (`arg` as in the event); returns what it changed. */
  privileged(cpu: number, arg: number, lo: number): number;
}

export function createAddressSpaces(cpus: number): AddressSpaces {
  const known: Map<number, number>[] = Array.from({ length: cpus }, () => new Map());
  const space = new Int32Array(cpus).fill(-1);
  const asids = new Int32Array(cpus).fill(-1);
  const slot = new Int32Array(cpus).fill(-1); // Index register, as last written
  const lastSlot = new Int32Array(cpus).fill(-1);
  const writes = new Int32Array(cpus); // TLBWI to ever other slots, in a row
  let spaces = 0;

  const current = (cpu: number): number => {
    if (space[cpu] === -1) space[cpu] = spaces++;
    return space[cpu]!;
  };

  const enter = (cpu: number, asid: number): number => {
    if (asids[cpu] === asid) return 0;
    asids[cpu] = asid;
    let id = known[cpu]!.get(asid);
    if (id === undefined) {
      id = spaces++;
      known[cpu]!.set(asid, id);
    }
    space[cpu] = id;
    return SPACE_SWITCHED;
  };

  const flush = (cpu: number): number => {
    const asid = asids[cpu]!;
    known[cpu]!.clear();
    asids[cpu] = -1;
    if (asid !== -1) return TLB_FLUSHED | enter(cpu, asid);
    space[cpu] = spaces++;
    return TLB_FLUSHED | SPACE_SWITCHED;
  };

  const writeIndexed = (cpu: number): number => {
    const other = slot[cpu] !== lastSlot[cpu] || writes[cpu] === 0;
    lastSlot[cpu] = slot[cpu]!;
    writes[cpu] = other ? writes[cpu]! + 1 : 1;
    return writes[cpu] === FLUSH_WRITES ? flush(cpu) : 0;
  };

  return {
    current,
    asid: (cpu) => asids[cpu]!,
    privileged: (cpu, arg, lo) => {
      const op = privilegedOp(arg);
      if (op === OP.tlbwi) return writeIndexed(cpu);
      if (op === OP.tlbp || op === OP.tlbwr || op === OP.tlbr || op === OP.eret) writes[cpu] = 0;
      const register = privilegedRegister(arg);
      if (register === CP0.index && writesRegister(op)) slot[cpu] = lo | 0;
      if (register !== CP0.entryHi) return 0;
      const asid = lo & 0xff;
      if (writesRegister(op)) {
        current(cpu); // the space until now keeps its number
        return enter(cpu, asid);
      }
      if (readsRegister(op)) {
        if (asids[cpu] !== -1) return enter(cpu, asid);
        asids[cpu] = asid;
        known[cpu]!.set(asid, current(cpu));
      }
      return 0;
    },
  };
}
