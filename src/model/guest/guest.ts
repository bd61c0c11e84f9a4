import { CP0, OP } from '../../trace/mips.ts';
import { namedService } from '../../trace/services.ts';
import { KERNEL, PAGE_BYTES } from '../../trace/types.ts';
import { C, contextKey, L, PRIVILEGED } from '../counters.ts';
import { wider } from '../hardware/pages.ts';
import { createSynthetic, REGION, type Synthetic } from '../paging/synthetic.ts';
import type { PlatformParts } from '../platform.ts';

/**
 * What the guest's own handlers do, natively or under a monitor: the TLB refill handler, and, for
 * user-level traces, the overlay of page faults and timer interrupts. How a privileged instruction, an
 * exception's delivery or the zeroing of a page is carried out is the platform's business.
 */
export interface Guest {
  readonly synthetic: Synthetic;
  /** Runs the refill handler for `id` in the service UTLB_MISS. */
  refill(cpu: number, id: number): void;
  /** First touch of a page in a user-level trace: the page fault's service. Does nothing otherwise. */
  firstTouch(cpu: number, id: number, kind: number): void;
  timer(cpu: number): void;
  /** Runs `body` with service `service` of the kernel current, then restores what was. */
  within(cpu: number, context: number, body: () => void): void;
}

/** How the platform carries out what a guest handler asks of the machine. */
export interface GuestHooks {
  /** One privileged instruction of a handler. `register`: −1 where any will do. */
  readonly privileged: (cpu: number, op: number, register: number) => void;
  /** An exception of the guest's own making: delivered to its vector. */
  readonly deliver: (cpu: number) => void;
  readonly interrupt: (cpu: number) => void;
  /** Zeroes the physical page of `id`. */
  readonly zero: (cpu: number, id: number) => void;
}

export const UTLB = contextKey(true, namedService('UTLB_MISS'));
const DEMAND_ZERO = contextKey(true, namedService('DEMAND_ZERO'));
const FILE_PAGE = contextKey(true, namedService('FILE_PAGE'));
const TIMER = contextKey(true, namedService('TIMER'));

/** MIPS: the refill vector has room for 32 instructions before the next vector (R4000 User's Manual). */
const REFILL_CODE_BYTES = 128;
/** Page-table entries are 8 bytes, 512 to a page (64-bit Linux; IRIX's are taken to be the same). */
const ENTRIES_LOG2 = 9;

export function createGuest(
  parts: PlatformParts,
  hooks: GuestHooks,
  admit: (ids: readonly number[]) => void,
): Guest {
  const { system, pages, counters, tlb } = parts;
  const synthetic = createSynthetic(pages, admit);
  const tableWords = new Map<number, Int32Array>();
  const tablePages = new Map<string, number>();
  const vector: number[] = [];
  let touched = new Uint8Array(1024);

  const within = (cpu: number, context: number, body: () => void): void => {
    const { context: before, layer } = counters;
    counters.select(cpu, context);
    body();
    counters.select(cpu, before);
    counters.enter(layer);
  };

  /** Words of the handler's code lines. */
  const vectorWords = (): readonly number[] => {
    if (vector.length === 0) {
      const id = synthetic.guest(REGION.guestText, 0);
      const line = system.machine.l1i?.line ?? system.machine.l2!.line;
      for (let offset = 0; offset < REFILL_CODE_BYTES; offset += line)
        vector.push(parts.kernel().word(id, offset, true, false));
    }
    return vector;
  };

  /** Page of a page table: `level` 0 is the leaf. Allocated in the order of first use. */
  const tablePage = (space: number, level: number, index: number): number => {
    const key = `${space}:${level}:${index}`;
    let page = tablePages.get(key);
    if (page === undefined) {
      page = tablePages.size;
      tablePages.set(key, page);
    }
    return synthetic.guest(REGION.guestPageTables, page);
  };

  /**
   * Loads of a refill, as words. One load: the leaf entry. More: the last two are the pair of leaf entries,
   * the first is the CPU's page-table pointer, those between walk down from the root.
   */
  const tableLoads = (guestCpu: number, id: number): Int32Array => {
    const count = parts.refill.loads;
    const space = pages.space[id]!;
    const page = pages.virtualPage[id]!;
    const words = new Int32Array(count);
    const entry = (level: number, index: number): number => {
      const within = index % 2 ** ENTRIES_LOG2;
      const table = tablePage(space, level, (index - within) / 2 ** ENTRIES_LOG2);
      return parts.kernel().word(table, within * 8, false, false);
    };
    for (let at = 0; at < count; at++) {
      const fromEnd = count - 1 - at;
      if (count === 1) words[at] = entry(0, page);
      else if (fromEnd < 2) words[at] = entry(0, page - (page % 2) + (1 - fromEnd));
      else if (at === 0)
        words[at] = parts.kernel().word(synthetic.guest(REGION.guestData, guestCpu), 0, false, false);
      else words[at] = entry(fromEnd - 1, Math.floor(page / 2 ** (ENTRIES_LOG2 * (fromEnd - 1))));
    }
    return words;
  };

  const refill = (cpu: number, id: number): void =>
    within(cpu, UTLB, () => {
      counters.enter(L.refill);
      counters.values[counters.row + C.count]!++;
      const kernel = parts.kernel();
      // What the guest takes for a CPU is a virtual one under a monitor.
      const guestCpu = system.monitor === null ? cpu : parts.vcpuOn[cpu]!;
      const key = tlb.key(id) * Math.max(parts.cpus, parts.vcpus) + guestCpu;
      let loads = tableWords.get(key);
      if (loads === undefined) {
        loads = tableLoads(guestCpu, id);
        tableWords.set(key, loads);
      }
      for (const word of vectorWords()) kernel.touch(word);
      for (const word of loads) kernel.touch(word);
      for (const op of parts.refill.privileged) hooks.privileged(cpu, op, -1);
    });

  /** Kernel entry and exit of an overlay service: wired TLB entries, half reads, half writes of CP0, the ERET. */
  const entryAndExit = (cpu: number): void => {
    const { entry_privileged: operations, entry_tlb_writes: writes } = system.os;
    for (let i = 0; i < writes; i++) hooks.privileged(cpu, OP.tlbwi, -1);
    for (let i = 0; i < operations - 1; i++)
      hooks.privileged(cpu, i % 2 === 0 ? OP.mfc0 : OP.mtc0, i % 2 === 0 ? CP0.cause : CP0.status);
    if (operations > 0) hooks.privileged(cpu, OP.eret, -1);
  };

  const firstTouch = (cpu: number, id: number, kind: number): void => {
    if (!parts.overlay || (pages.flags[id]! & KERNEL) !== 0) return;
    const block = pages.block[id]!;
    if (block >= touched.length) touched = wider(touched, block);
    if (touched[block] === 1) return;
    touched[block] = 1;
    const zero = kind === 2 || (kind === 1 && system.os.first_load === 'zero');
    within(cpu, zero ? DEMAND_ZERO : FILE_PAGE, () => {
      hooks.deliver(cpu);
      counters.enter(zero ? L.demand_zero : L.file_page);
      counters.values[counters.row + C.count]!++;
      if (zero) hooks.zero(cpu, id);
      entryAndExit(cpu);
      hooks.privileged(cpu, OP.tlbwi, -1);
    });
  };

  const timer = (cpu: number): void =>
    within(cpu, TIMER, () => {
      hooks.interrupt(cpu);
      counters.enter(L.timer);
      counters.values[counters.row + C.count]!++;
      entryAndExit(cpu);
    });

  return { synthetic, refill, firstTouch, timer, within };
}

/** Writes every line of the physical page of `id` through the direct mapping (or the given alias). */
export function zeroPage(parts: PlatformParts, alias: number): void {
  const { machine } = parts.system;
  const line = machine.l1d?.line ?? machine.l2!.line;
  const kernel = parts.kernel();
  for (let offset = 0; offset < PAGE_BYTES; offset += line)
    kernel.touch(kernel.word(alias, offset, false, true));
  parts.counters.values[parts.counters.row + C.pages_zeroed]!++;
}

/** Copies a page line by line, by two aliases. */
export function copyPage(parts: PlatformParts, from: number, to: number): void {
  const { machine } = parts.system;
  const line = machine.l1d?.line ?? machine.l2!.line;
  const kernel = parts.kernel();
  for (let offset = 0; offset < PAGE_BYTES; offset += line) {
    kernel.touch(kernel.word(from, offset, false, false));
    kernel.touch(kernel.word(to, offset, false, true));
  }
}

/** Counts a privileged operation that the guest executes itself, in the current row. */
export function countPrivileged(parts: PlatformParts, op: number): void {
  parts.counters.values[parts.counters.row + PRIVILEGED + op]!++;
}
