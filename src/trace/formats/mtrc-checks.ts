import { createFlowCheck } from '../flow-check.ts';
import {
  CP0,
  isTlbCause,
  KERNEL_MAPPED,
  OP,
  privilegedOp,
  privilegedRegister,
  readsRegister,
  USER_SEGMENT,
  writesRegister,
} from '../mips.ts';
import { AGREE, createShadowTlb, DISAGREE } from '../shadow-tlb.ts';

/**
 * The checks that need the file's EXEC records, which the trace does not keep apart (runs that continue
 * each other are joined): the control flow from EXEC to EXEC, and the physical page of each EXEC's start.
 */
export interface MtrcChecks {
  exec(
    cpu: number,
    lo: number,
    hi: number,
    count: number,
    last: number,
    before: number,
    segment: number,
    physicalPage: number,
  ): void;
  leave(cpu: number, fromLo: number, fromHi: number, toLo: number, toHi: number): void;
  /** The exception just taken was a TLB refill, or had this cause. */
  cause(cpu: number, refill: boolean, cause: number): void;
  privileged(cpu: number, arg: number, lo: number, hi: number): void;
  totals(): Record<string, number>;
}

export function createMtrcChecks(cpus: number): MtrcChecks {
  const flow = createFlowCheck(cpus);
  const tlb = createShadowTlb(cpus);
  let agree = 0;
  let unknown = 0;
  let disagree = 0;

  return {
    exec: (cpu, lo, hi, count, last, before, segment, physicalPage) => {
      flow.run(cpu, lo, hi, count, last, before);
      if (segment !== USER_SEGMENT && segment !== KERNEL_MAPPED) return;
      const verdict = tlb.check(cpu, ((lo >>> 12) | (hi << 20)) >>> 0, hi >>> 12, physicalPage);
      if (verdict === AGREE) agree++;
      else if (verdict === DISAGREE) disagree++;
      else unknown++;
    },
    leave: (cpu, fromLo, fromHi, toLo, toHi) => flow.leave(cpu, fromLo, fromHi, toLo, toHi, -1),
    cause: (cpu, refill, cause) => {
      if (refill || isTlbCause(cause)) tlb.tlbException(cpu);
    },
    privileged: (cpu, arg, lo, hi) => {
      const op = privilegedOp(arg);
      tlb.privileged(cpu, arg, lo, hi);
      if (op === OP.eret) flow.eret(cpu);
      else if (privilegedRegister(arg) === CP0.epc && (readsRegister(op) || writesRegister(op))) {
        flow.epc(cpu, lo, hi);
      }
    },
    totals: () => {
      const { checked, wrong, eretChecked, eretWrong } = flow.counts();
      return {
        'tlb.execs.agree': agree,
        'tlb.execs.unknown': unknown,
        'tlb.execs.disagree': disagree,
        'flow.checked': checked,
        'flow.wrong': wrong,
        'flow.eret.checked': eretChecked,
        'flow.eret.wrong': eretWrong,
      };
    },
  };
}
