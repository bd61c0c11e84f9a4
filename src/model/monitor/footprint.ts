import { L } from '../counters.ts';
import { REGION, type Region, type Synthetic } from '../guest/synthetic.ts';
import type { PlatformParts } from '../platform.ts';

/**
 * What each activity of the monitor touches: its code lines and the lines of its tables. Running a template
 * counts the activity and sends the references through the caches of the CPU that runs it, so the
 * monitor's footprint displaces the guest's lines and waits for memory like any other code.
 *
 * The paper prints 72 KB of code and names the tables, not which lines an activity touches. Assumed: 4
 * bytes of code for each cycle of the activity's default path (docs/model.md), code laid out one activity
 * after the other; table entries of 32 bytes (Cellular Disco: 1024 L2TLB entries in 32 KB).
 */
const CODE_BYTES = {
  l2tlb: 68,
  trap: 400,
  interrupt: 1200,
  privileged: 400,
  tlb_write: 1000,
  kernel_tlb: 160,
  backing: 1600,
  call: 600,
  device: 1600,
} as const;
export type Activity = keyof typeof CODE_BYTES;

/** Bytes of a table entry. */
const ENTRY = 32;
/** Pages of the monitor's code: 72 KB. */
const TEXT_PAGES = 18;
/** Privileged operations each have a routine of their own after the common decoding. */
const ROUTINE_BYTES = 256;

export interface Footprint {
  /** Enters the activity's layer, counts it, touches its code and the vCPU's state. Gives the layer before. */
  begin(cpu: number, activity: Activity): number;
  /** The routine that emulates one kind of privileged operation. */
  routine(cpu: number, op: number): void;
  /** One entry of a table indexed by a page number or a set number. */
  table(region: Region, index: number, store: boolean): void;
  /** A line of the vCPU's page of registers: `slot` 0–63. */
  vcpu(cpu: number, slot: number, store: boolean): void;
}

export function createFootprint(parts: PlatformParts, synthetic: Synthetic, enabled: boolean): Footprint {
  const { counters } = parts;
  const codeLine = parts.system.machine.l1i?.line ?? parts.system.machine.l2!.line;
  // Words by node × kind: the monitor's code is replicated on every node (SOSP'97, section 4.2).
  const codeWords = new Map<number, readonly number[]>();
  const routineWords = new Map<number, readonly number[]>();
  const cpusPerNode = Math.max(1, Math.floor(parts.cpus / parts.system.machine.nodes));

  const codeAt = (node: number, start: number, bytes: number): readonly number[] => {
    const words: number[] = [];
    const first = start - (start % codeLine);
    for (let byte = first; byte < start + bytes; byte += codeLine) {
      const id = synthetic.monitor(REGION.monitorText, node * TEXT_PAGES + Math.floor(byte / 4096));
      words.push(parts.kernel().word(id, byte % 4096, true, false));
    }
    return words;
  };

  const nodeOf = (cpu: number): number =>
    Math.min(parts.system.machine.nodes - 1, Math.floor(cpu / cpusPerNode));

  const offsetOf = (activity: Activity): number => {
    let offset = 0;
    for (const [name, bytes] of Object.entries(CODE_BYTES)) {
      if (name === activity) break;
      offset += bytes;
    }
    return offset;
  };
  const routines = Object.values(CODE_BYTES).reduce((sum, bytes) => sum + bytes, 0);

  const run = (words: readonly number[]): void => {
    const kernel = parts.kernel();
    for (const word of words) kernel.touch(word);
  };

  const begin = (cpu: number, activity: Activity): number => {
    const before = counters.enter(L[activity]);
    counters.values[counters.row]!++; // 'count' is the first counter
    if (enabled) {
      const node = nodeOf(cpu);
      const key = node * 16 + L[activity];
      let words = codeWords.get(key);
      if (words === undefined) {
        words = codeAt(node, offsetOf(activity), CODE_BYTES[activity]);
        codeWords.set(key, words);
      }
      run(words);
      vcpu(cpu, 0, false);
    }
    return before;
  };

  const routine = (cpu: number, op: number): void => {
    if (!enabled) return;
    const node = nodeOf(cpu);
    const key = node * 16 + op;
    let words = routineWords.get(key);
    if (words === undefined) {
      words = codeAt(node, routines + op * ROUTINE_BYTES, ROUTINE_BYTES);
      routineWords.set(key, words);
    }
    run(words);
  };

  const touchAt = (region: Region, byte: number, store: boolean): void => {
    const id = synthetic.monitor(region, Math.floor(byte / 4096));
    const kernel = parts.kernel();
    kernel.touch(kernel.word(id, byte % 4096, false, store));
  };

  const vcpu = (cpu: number, slot: number, store: boolean): void => {
    if (enabled) touchAt(REGION.vcpu, cpu * 4096 + slot * 64, store);
  };

  const table = (region: Region, index: number, store: boolean): void => {
    if (enabled) touchAt(region, index * ENTRY, store);
  };

  return { begin, routine, table, vcpu };
}
