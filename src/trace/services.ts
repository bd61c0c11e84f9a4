/**
 * Services: what the operating system was doing, as a 16-bit id: class in the upper 4 bits, number in the
 * lower 12. 0 is "none": user code, or kernel code outside any recognised entry.
 */

export const SERVICE_NONE = 0;
const SYSCALL = 1;
const INTERRUPT = 2;
const EXCEPTION = 3;
const NAMED = 4;

/** Exceptions by the code of the Cause register (MIPS64 architecture, Cause.ExcCode). */
export const MIPS_CAUSES: Readonly<Record<number, string>> = {
  0: 'interrupt',
  1: 'TLB modified',
  2: 'TLB invalid (load)',
  3: 'TLB invalid (store)',
  4: 'address error (load)',
  5: 'address error (store)',
  8: 'syscall',
  9: 'breakpoint',
  10: 'reserved instruction',
  11: 'coprocessor unusable',
  12: 'overflow',
  13: 'trap',
  15: 'floating-point exception',
};

/** Services of synthetic traces and of the guest overlay, by name (the paper's Table 2 and a few more). */
export const NAMED_SERVICES = [
  'DEMAND_ZERO',
  'QUICK_FAULT',
  'UTLB_MISS',
  'open',
  'read',
  'write',
  'execve',
  'fork',
  'exit',
  'FILE_PAGE',
  'TIMER',
  'other',
  'ZERO_PAGE',
  'SWITCH',
  'DISK',
  'NETWORK',
  'close',
  'stat',
  'brk',
  'mmap',
  'wait',
] as const;
export type NamedService = (typeof NAMED_SERVICES)[number];

export const syscallService = (number: number): number => (SYSCALL << 12) | (number & 0xfff);
export const interruptService = (line: number): number => (INTERRUPT << 12) | (line & 0xfff);
export const exceptionService = (cause: number): number => (EXCEPTION << 12) | (cause & 0xfff);
export const namedService = (name: NamedService): number => (NAMED << 12) | NAMED_SERVICES.indexOf(name);

/** Readable name of a service id, e.g. `syscall 3`, `interrupt 7`, `TLB invalid (store)`. */
export function serviceName(id: number): string {
  const number = id & 0xfff;
  switch (id >>> 12) {
    case SYSCALL:
      return `syscall ${number}`;
    case INTERRUPT:
      return `interrupt ${number}`;
    case EXCEPTION:
      return MIPS_CAUSES[number] ?? `exception ${number}`;
    case NAMED:
      return NAMED_SERVICES[number] ?? `service ${number}`;
    default:
      return 'none';
  }
}
