/**
 * What the recorded MIPS machines are made of: privileged operations, CP0 registers, instruction classes,
 * address segments. Numbers are those of the MIPS64 architecture and of the trace vocabulary's privileged
 * events (`arg` = op | register << 8 | select << 16).
 */

/** Privileged operations, by the op of a privileged event. */
export const OP = {
  mfc0: 0,
  mtc0: 1,
  dmfc0: 2,
  dmtc0: 3,
  di: 4,
  ei: 5,
  tlbr: 6,
  tlbwi: 7,
  tlbwr: 8,
  tlbp: 9,
  eret: 10,
  wait: 11,
  cache: 12,
  syscall: 13,
  rdhwr: 14,
  other: 15,
} as const;

/** Names of the privileged operations, by op. */
export const OP_NAMES: readonly string[] = [
  'MFC0',
  'MTC0',
  'DMFC0',
  'DMTC0',
  'DI',
  'EI',
  'TLBR',
  'TLBWI',
  'TLBWR',
  'TLBP',
  'ERET',
  'WAIT',
  'CACHE',
  'SYSCALL',
  'RDHWR',
  'other',
];

/** CP0 registers, select 0, as `privilegedRegister` gives them. */
export const CP0 = {
  index: 0,
  entryLo0: 2,
  entryLo1: 3,
  context: 4,
  badVAddr: 8,
  entryHi: 10,
  status: 12,
  cause: 13,
  epc: 14,
} as const;

/** Op of a privileged event's `arg`. */
export const privilegedOp = (arg: number): number => arg & 0xff;
/** Register | select << 8 of a privileged event's `arg`: select 0 gives the number in `CP0`. */
export const privilegedRegister = (arg: number): number => (arg >>> 8) & 0xffff;

/** Whether an op reads (MFC0, DMFC0) or writes (MTC0, DMTC0) a CP0 register. */
export const readsRegister = (op: number): boolean => op === OP.mfc0 || op === OP.dmfc0;
export const writesRegister = (op: number): boolean => op === OP.mtc0 || op === OP.dmtc0;

/** Cause codes that this code tells apart (Cause.ExcCode). */
export const CAUSE = { modified: 1, invalidLoad: 2, invalidStore: 3, syscall: 8, reserved: 10 } as const;
/** Cause code of an exception whose Cause register the trace never shows. */
export const CAUSE_UNKNOWN = 255;
/** ExcCode, bits 6–2 of the Cause register. */
export const causeCode = (cause: number): number => (cause >>> 2) & 31;

/** Whether an exception of this cause, as a TLB refill does, sets the page part of EntryHi. */
export const isTlbCause = (cause: number): boolean => cause >= CAUSE.modified && cause <= CAUSE.invalidStore;

/** Instruction classes of a trace's code columns. */
export const CLASS = {
  integer: 0,
  load: 1,
  store: 2,
  branch: 3,
  float: 4,
  syscall: 5,
  trap: 6,
  privileged: 7,
  loadLinked: 8,
  storeConditional: 9,
  rdhwr: 10,
  sync: 11,
} as const;

/** Names of the instruction classes, by number. */
export const CLASS_NAMES: readonly string[] = [
  'integer, other',
  'load',
  'store',
  'branch, jump',
  'floating point',
  'syscall',
  'break, trap',
  'privileged',
  'load-linked',
  'store-conditional',
  'rdhwr',
  'sync, pref',
];

/**
 * Segments of the address space. Addresses are 64 bits wide in two unsigned halves; those of a 32-bit
 * machine are sign-extended.
 */
export const USER_SEGMENT = 0; // mapped, by address space
export const DIRECT_CACHED = 1; // kseg0, XKPHYS
export const DIRECT_UNCACHED = 2; // kseg1
export const KERNEL_MAPPED = 3; // kseg2, kseg3, xkseg: mapped, global

/** Whether an address, by its upper half, is a user's: mode (of an instruction) and translation follow. */
export const isUser = (hi: number): boolean => hi >>> 30 <= 1;

/** Segment of address hi:lo. Bits 63–62 tell, but for the 32-bit compatibility segments at the top. */
export function segmentOf(lo: number, hi: number): number {
  if (isUser(hi)) return USER_SEGMENT;
  // XKPHYS is taken as cached whatever its attribute (bits 61–59): Linux takes the attribute of its direct
  // map from Config.K0, which the emulated board leaves at "uncached", and then reaches all memory through
  // it. What really goes around the caches are devices, and those are marked reference by reference.
  if (hi >>> 30 === 2) return DIRECT_CACHED;
  if (hi >>> 0 === 0xffffffff) {
    if (lo >>> 29 === 4) return DIRECT_CACHED;
    if (lo >>> 29 === 5) return DIRECT_UNCACHED;
  }
  return KERNEL_MAPPED;
}

/** Physical page of a direct address: its low 29 bits (kseg0, kseg1) or low 59 bits (XKPHYS), ÷ 4096. */
export function directPage(lo: number, hi: number): number {
  if (hi >>> 30 === 3) return (lo & 0x1fffffff) >>> 12;
  return (hi & 0x07ffffff) * 0x100000 + (lo >>> 12);
}
