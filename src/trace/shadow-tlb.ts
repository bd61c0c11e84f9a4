import { CP0, OP, privilegedOp, privilegedRegister, readsRegister, writesRegister } from './mips.ts';

/** What the shadow TLB says of a mapped reference. */
export const ASID_UNKNOWN = 0;
export const AGREE = 1;
export const NO_ENTRY = 2;
export const DISAGREE = 3;

const GLOBAL_ASID = 256;

/**
 * A table of what the guest's TLB writes said, kept per CPU from privileged operations alone; nothing is
 * ever evicted. It predicts the physical page of mapped references: the check that a trace's references,
 * privileged operations and exceptions still belong together.
 */
export interface ShadowTlb {
  /** A privileged event: `arg` = op | register << 8 | select << 16, hi:lo its value. */
  privileged(cpu: number, arg: number, lo: number, hi: number): void;
  /** A TLB refill, invalid or modified exception: the next BadVAddr read tells the page of EntryHi. */
  tlbException(cpu: number): void;
  /** Compares the prediction for virtual page hi:lo (in pages, low 32 bits in `lo`) with `physicalPage`. */
  check(cpu: number, pageLo: number, pageHi: number, physicalPage: number): number;
}

export function createShadowTlb(cpus: number): ShadowTlb {
  const entryHiLo = new Uint32Array(cpus);
  const entryHiHi = new Uint32Array(cpus);
  const asid = new Int32Array(cpus).fill(-1);
  const armed = new Uint8Array(cpus);
  // The pair as last written to EntryLo0 and EntryLo1: page number, or −1 if not valid or not known.
  const pair = new Float64Array(cpus * 2).fill(-1);

  // Open addressing, keyed by (cpu, ASID, virtual page pair); two physical pages per entry.
  let keyLo = new Uint32Array(1024);
  let keyHi = new Uint32Array(1024);
  let keyTag = new Int32Array(1024).fill(-1); // cpu × 512 + ASID
  let pages = new Float64Array(2048);
  let mask = 1023;
  let used = 0;

  const slotOf = (lo: number, hi: number, tag: number): number => {
    let h = Math.imul(lo ^ Math.imul(hi, 0x9e3779b1) ^ Math.imul(tag, 0x85ebca6b), 0x9e3779b1);
    h ^= h >>> 15;
    let slot = (Math.imul(h, 0x2c1b3c6d) >>> 8) & mask;
    while (keyTag[slot] !== -1 && (keyLo[slot] !== lo || keyHi[slot] !== hi || keyTag[slot] !== tag)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  };

  const grow = (): void => {
    const [oldLo, oldHi, oldTag, oldPages] = [keyLo, keyHi, keyTag, pages];
    const size = (mask + 1) * 2;
    keyLo = new Uint32Array(size);
    keyHi = new Uint32Array(size);
    keyTag = new Int32Array(size).fill(-1);
    pages = new Float64Array(size * 2);
    mask = size - 1;
    for (let i = 0; i < oldTag.length; i++) {
      if (oldTag[i] === -1) continue;
      const slot = slotOf(oldLo[i]!, oldHi[i]!, oldTag[i]!);
      keyLo[slot] = oldLo[i]!;
      keyHi[slot] = oldHi[i]!;
      keyTag[slot] = oldTag[i]!;
      pages[slot * 2] = oldPages[i * 2]!;
      pages[slot * 2 + 1] = oldPages[i * 2 + 1]!;
    }
  };

  /** Entries with address bits 63–62 = 11 are global (the kernel's). */
  const tagOf = (cpu: number, highBits: number): number =>
    cpu * 512 + (highBits >>> 30 === 3 ? GLOBAL_ASID : asid[cpu]!);

  const write = (cpu: number): void => {
    if (asid[cpu] === -1) return;
    const lo = ((entryHiLo[cpu]! >>> 13) | (entryHiHi[cpu]! << 19)) >>> 0;
    const hi = entryHiHi[cpu]! >>> 13;
    const slot = slotOf(lo, hi, tagOf(cpu, entryHiHi[cpu]!));
    if (keyTag[slot] === -1) {
      keyTag[slot] = tagOf(cpu, entryHiHi[cpu]!);
      keyLo[slot] = lo;
      keyHi[slot] = hi;
      used++;
    }
    pages[slot * 2] = pair[cpu * 2]!;
    pages[slot * 2 + 1] = pair[cpu * 2 + 1]!;
    if (used * 2 > mask) grow();
  };

  const register = (cpu: number, op: number, number: number, lo: number, hi: number): void => {
    if (number === CP0.badVAddr && readsRegister(op) && armed[cpu] !== 0) {
      armed[cpu] = 0;
      entryHiLo[cpu] = (lo & ~0x1fff) | (entryHiLo[cpu]! & 0x1fff);
      entryHiHi[cpu] = hi;
    } else if (writesRegister(op)) {
      if (number === CP0.entryHi) {
        entryHiLo[cpu] = lo;
        entryHiHi[cpu] = hi;
        asid[cpu] = lo & 0xff;
      } else if (number === CP0.entryLo0 || number === CP0.entryLo1) {
        // Bit 1 is valid; the page number starts at bit 6; the top two bits are no part of it.
        const page =
          op === OP.mtc0 ? (lo & 0x3fffffff) >>> 6 : (hi & 0x3fffffff) * 0x4000000 + ((lo >>> 6) & 0x3ffffff);
        pair[cpu * 2 + number - CP0.entryLo0] = (lo & 2) === 0 ? -1 : page;
      }
    }
  };

  return {
    privileged: (cpu, arg, lo, hi) => {
      const op = privilegedOp(arg);
      if (op <= OP.dmtc0) register(cpu, op, privilegedRegister(arg), lo, hi);
      else if (op === OP.tlbwi || op === OP.tlbwr) write(cpu);
    },
    tlbException: (cpu) => {
      armed[cpu] = 1;
    },
    check: (cpu, pageLo, pageHi, physicalPage) => {
      if (asid[cpu] === -1) return ASID_UNKNOWN;
      const lo = ((pageLo >>> 1) | (pageHi << 31)) >>> 0;
      // Bits 63–62 of the address are bits 51–50 of the page number: 19–18 of its upper half.
      const slot = slotOf(lo, pageHi >>> 1, tagOf(cpu, pageHi << 12));
      if (keyTag[slot] === -1) return NO_ENTRY;
      const predicted = pages[slot * 2 + (pageLo & 1)]!;
      if (predicted < 0) return NO_ENTRY;
      return predicted === physicalPage ? AGREE : DISAGREE;
    },
  };
}
