import { PAGE_BYTES } from '../../trace/types.ts';
import { C, L } from '../counters.ts';
import { nodeOfCpu } from '../hardware/nodes.ts';
import { REGION, type Region, type Synthetic } from '../paging/synthetic.ts';
import type { PlatformParts } from '../platform.ts';
import type { Monitor } from '../systems/schema.ts';

/**
 * What each activity of the monitor touches: its code lines and the lines of its tables. Running a template
 * counts the activity and sends the references through the caches of the CPU that runs it, so the
 * monitor's footprint displaces the guest's lines and waits for memory like any other code.
 *
 * The paper prints 72 KB of code and names the tables, not which lines an activity touches: how much is
 * assumed, in the system's `code_bytes_per_cycle`, `routine_bytes` and `table_entry_bytes`. Code is laid out
 * one activity after the other.
 */

/** Cycles of each activity's path by and large, from which the extent of its code is taken. They are structure: a
 * price that is changed or fitted anew moves no code. A test holds them against the schema's defaults. */
export const PATH_CYCLES = {
  l2tlb: 17,
  trap: 100,
  interrupt: 300,
  privileged: 170,
  tlb_write: 300,
  kernel_tlb: 40,
  backing: 400,
  call: 150,
  device: 400,
} as const;
export type Activity = keyof typeof PATH_CYCLES;

/** Pages kept for each node's copy of the monitor's code (the paper's 72 KB are 18). */
const TEXT_PAGES = 1024;

export interface Footprint {
  /** Enters the activity's layer, counts it, touches its code and the vCPU's state. Gives the layer before. */
  begin(cpu: number, activity: Activity): number;
  /** The routine that emulates one kind of privileged operation. */
  routine(cpu: number, op: number): void;
  /** One entry of a table indexed by a page number or a set number. */
  table(region: Region, index: number, store: boolean): void;
  /** A line of the page of registers of the vCPU that runs on a CPU: `slot` 0–63. */
  vcpu(cpu: number, slot: number, store: boolean): void;
  /** Changes the lines of the record of the virtual machine that runs on a CPU. */
  record(cpu: number): void;
  /** The same of any vCPU, by the CPU that runs. */
  state(vcpu: number, slot: number, store: boolean): void;
}

export function createFootprint(parts: PlatformParts, synthetic: Synthetic, monitor: Monitor): Footprint {
  const { counters } = parts;
  const { footprint: enabled, routine_bytes: routineBytes, table_entry_bytes: entryBytes } = monitor;
  const codeBytes = (activity: Activity): number =>
    Math.max(4, Math.round(PATH_CYCLES[activity] * monitor.code_bytes_per_cycle));
  const codeLine = parts.system.machine.l1i?.line ?? parts.system.machine.l2!.line;
  // Words by node × kind: the monitor's code is replicated on every node (SOSP'97, section 4.2).
  const codeWords = new Map<number, readonly number[]>();
  const routineWords = new Map<number, readonly number[]>();

  const codeAt = (node: number, start: number, bytes: number): readonly number[] => {
    const words: number[] = [];
    const first = start - (start % codeLine);
    for (let byte = first; byte < start + bytes; byte += codeLine) {
      const id = synthetic.monitor(REGION.monitorText, node * TEXT_PAGES + Math.floor(byte / PAGE_BYTES));
      words.push(parts.kernel().word(id, byte % PAGE_BYTES, true, false));
    }
    return words;
  };

  const nodeOf = (cpu: number): number => nodeOfCpu(cpu, parts.cpus, parts.system.machine.nodes);

  const offsetOf = (activity: Activity): number => {
    let offset = 0;
    for (const name of Object.keys(PATH_CYCLES) as Activity[]) {
      if (name === activity) break;
      offset += codeBytes(name);
    }
    return offset;
  };
  const routines = (Object.keys(PATH_CYCLES) as Activity[]).reduce((sum, name) => sum + codeBytes(name), 0);

  const run = (words: readonly number[]): void => {
    const kernel = parts.kernel();
    for (const word of words) kernel.touch(word);
  };

  const begin = (cpu: number, activity: Activity): number => {
    const before = counters.enter(L[activity]);
    counters.values[counters.row + C.count]!++;
    if (enabled) {
      const node = nodeOf(cpu);
      const key = node * 64 + L[activity];
      let words = codeWords.get(key);
      if (words === undefined) {
        words = codeAt(node, offsetOf(activity), codeBytes(activity));
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
    const key = node * 64 + op;
    let words = routineWords.get(key);
    if (words === undefined) {
      words = codeAt(node, routines + op * routineBytes, routineBytes);
      routineWords.set(key, words);
    }
    run(words);
  };

  const touchAt = (region: Region, byte: number, store: boolean): void => {
    const id = synthetic.monitor(region, Math.floor(byte / PAGE_BYTES));
    const kernel = parts.kernel();
    kernel.touch(kernel.word(id, byte % PAGE_BYTES, false, store));
  };

  const state = (vcpu: number, slot: number, store: boolean): void => {
    if (enabled) touchAt(REGION.vcpu, vcpu * PAGE_BYTES + slot * 64, store);
  };
  const vcpu = (cpu: number, slot: number, store: boolean): void => state(parts.vcpuOn[cpu]!, slot, store);

  const table = (region: Region, index: number, store: boolean): void => {
    if (enabled) touchAt(region, index * entryBytes, store);
  };

  const recordLine = parts.system.machine.l2?.line ?? codeLine;
  const recordLines = Math.round(monitor.machine_lines);
  const machineOf = (vcpu: number): number =>
    parts.vms.findLastIndex(({ firstCpu }) => firstCpu <= vcpu) + (parts.vms.length === 0 ? 1 : 0);
  const record = (cpu: number): void => {
    if (!enabled || recordLines === 0) return;
    const at = machineOf(parts.vcpuOn[cpu]!) * PAGE_BYTES;
    for (let line = 0; line < recordLines; line++)
      touchAt(REGION.machineRecord, at + ((line * recordLine) % PAGE_BYTES), true);
  };

  return { begin, routine, table, vcpu, state, record };
}
