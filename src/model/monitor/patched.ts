import { OP } from '../../trace/mips.ts';
import type { Monitor } from '../systems/schema.ts';

/** CP0 registers by number (MIPS64 privileged architecture). */
const COUNT = 9;
/**
 * Registers whose writes have no side effect, so that a patched kernel may keep them in memory: EntryLo0,
 * EntryLo1, Context, EPC, XContext, ErrorEPC, scratch. A write of any other traps always: Status, Cause and
 * Compare change interrupts, EntryHi changes the address space, Index and PageMask feed TLB operations.
 */
const PLAIN_WRITES: ReadonlySet<number> = new Set([2, 3, 4, 14, 20, 30, 31]);

/** Whether a patched kernel carries an operation out as a load or store. `register` −1: a plain one. */
export function isPatched(monitor: Monitor, op: number, register: number): boolean {
  return monitor.patched_hal && isPatchable(op, register, monitor.patched_interrupt_enable);
}

/** Whether a patched kernel could; `interruptEnable`: DI and EI are patched, too. */
export function isPatchable(op: number, register: number, interruptEnable: boolean): boolean {
  switch (op) {
    case OP.mfc0:
    case OP.dmfc0:
      return register !== COUNT;
    case OP.mtc0:
    case OP.dmtc0:
      return register === -1 || PLAIN_WRITES.has(register);
    case OP.di:
    case OP.ei:
      return interruptEnable;
    default:
      return false;
  }
}
