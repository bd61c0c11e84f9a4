import { CLASS } from './mips.ts';

/** Counts of a control-flow check. */
export interface FlowCounts {
  readonly checked: number;
  readonly wrong: number;
  /** Of them: returns from exceptions to the shadow EPC. */
  readonly eretChecked: number;
  readonly eretWrong: number;
}

/**
 * Checks that instructions follow from each other, CPU by CPU. After an exception the next instruction is
 * at the vector; after ERET at EPC (as last written, read, or set by an exception); after a branch that is
 * no delay slot at the next address or the one after (a branch-likely not taken skips its delay slot);
 * after a delay slot anywhere (not checked); otherwise at the next address.
 */
export interface FlowCheck {
  /**
   * `count` instructions from address hi:lo on, ending with one of class `last`; `before` is the class of
   * the one before the last (unused if `count` is 1).
   */
  run(cpu: number, lo: number, hi: number, count: number, last: number, before: number): void;
  /** Control goes from `from` to `to`; only the bits of `toMask` in to's lower half and all of `toHi` if
   * `toMask` is −1 are known. */
  leave(cpu: number, fromLo: number, fromHi: number, toLo: number, toHi: number, toMask: number): void;
  eret(cpu: number): void;
  /** EPC was read or written. */
  epc(cpu: number, lo: number, hi: number): void;
  counts(): FlowCounts;
}

const ANYWHERE = 0;
const NEXT = 1;
const AFTER_BRANCH = 2;
const VECTOR = 3;
const RETURN = 4;

export function createFlowCheck(cpus: number): FlowCheck {
  const expect = new Uint8Array(cpus); // what comes next
  const nextLo = new Uint32Array(cpus); // address after the last instruction, or the vector
  const nextHi = new Uint32Array(cpus);
  const vectorMask = new Int32Array(cpus);
  const branchPending = new Uint8Array(cpus); // the last instruction was a branch, its delay slot is next
  const delaySlot = new Uint8Array(cpus); // the last instruction was a delay slot
  const lastLo = new Uint32Array(cpus);
  const lastHi = new Uint32Array(cpus);
  const epcKnown = new Uint8Array(cpus);
  const epcLo = new Uint32Array(cpus);
  const epcHi = new Uint32Array(cpus);
  let checked = 0;
  let wrong = 0;
  let eretChecked = 0;
  let eretWrong = 0;

  const verdict = (cpu: number, lo: number, hi: number): void => {
    let right: boolean;
    switch (expect[cpu]) {
      case NEXT:
        right = lo === nextLo[cpu] && hi === nextHi[cpu];
        break;
      case AFTER_BRANCH:
        right = hi === nextHi[cpu] && (lo === nextLo[cpu] || lo === (nextLo[cpu]! + 4) >>> 0);
        break;
      case VECTOR: {
        const mask = vectorMask[cpu]!;
        right = ((lo ^ nextLo[cpu]!) & mask) === 0 && (mask !== -1 || hi === nextHi[cpu]);
        break;
      }
      case RETURN:
        if (epcKnown[cpu] === 0) return;
        right = lo === epcLo[cpu] && hi === epcHi[cpu];
        eretChecked++;
        if (!right) eretWrong++;
        break;
      default:
        return;
    }
    checked++;
    if (!right) wrong++;
  };

  return {
    run: (cpu, lo, hi, count, last, before) => {
      verdict(cpu, lo, hi);
      const follows = branchPending[cpu] !== 0 && lo === nextLo[cpu] && hi === nextHi[cpu];
      const isDelaySlot = count > 1 ? before === CLASS.branch : follows;
      const bytes = count * 4;
      const end = lo + bytes;
      lastLo[cpu] = end - 4;
      lastHi[cpu] = hi;
      nextLo[cpu] = end;
      nextHi[cpu] = end > 0xffffffff ? hi + 1 : hi;
      delaySlot[cpu] = isDelaySlot ? 1 : 0;
      const branch = last === CLASS.branch && !isDelaySlot;
      branchPending[cpu] = branch ? 1 : 0;
      expect[cpu] = isDelaySlot ? ANYWHERE : branch ? AFTER_BRANCH : NEXT;
    },
    leave: (cpu, fromLo, fromHi, toLo, toHi, toMask) => {
      // The interrupted instruction is a delay slot if it was begun as one, or if its branch came last.
      const begun = lastLo[cpu] === fromLo && lastHi[cpu] === fromHi && delaySlot[cpu] !== 0;
      const next = branchPending[cpu] !== 0 && nextLo[cpu] === fromLo && nextHi[cpu] === fromHi;
      const back = begun || next ? 4 : 0;
      epcKnown[cpu] = 1;
      epcLo[cpu] = fromLo - back;
      epcHi[cpu] = fromLo < back ? fromHi - 1 : fromHi;
      expect[cpu] = VECTOR;
      nextLo[cpu] = toLo;
      nextHi[cpu] = toHi;
      vectorMask[cpu] = toMask;
      branchPending[cpu] = delaySlot[cpu] = 0;
    },
    eret: (cpu) => {
      expect[cpu] = RETURN;
    },
    epc: (cpu, lo, hi) => {
      epcKnown[cpu] = 1;
      epcLo[cpu] = lo;
      epcHi[cpu] = hi;
    },
    counts: () => ({ checked, wrong, eretChecked, eretWrong }),
  };
}
