/**
 * The breakdown: where every picosecond of CPU time went. Each part is an integer, each total is the sum
 * of its parts, exactly.
 */

/** Who was running. The order is the order of every chart. */
export const CATEGORIES = ['user', 'kernel', 'monitor', 'synchronisation', 'idle'] as const;
export type Category = (typeof CATEGORIES)[number];

/** Why the time went. One fixed taxonomy, in this order, for every table and chart. */
export const CAUSES = [
  'execution',
  'stall_l2_instruction',
  'stall_l2_data',
  'stall_local_instruction',
  'stall_local_data',
  'stall_remote_instruction',
  'stall_remote_data',
  'stall_dirty_instruction',
  'stall_dirty_data',
  'stall_neighbour_instruction',
  'stall_neighbour_data',
  'stall_upgrade',
  'queueing',
  'tlb_refill',
  'page_fault',
  'timer',
  'trap_delivery',
  'interrupt_delivery',
  'privileged_emulation',
  'l2tlb_reload',
  'tlb_write_emulation',
  'kernel_tlb_fault',
  'monitor_call',
  'device',
  'page_move',
  'page_sharing',
  'world_switch',
  'memory_balance',
  'network',
  'synchronisation',
  'idle',
] as const;
export type Cause = (typeof CAUSES)[number];

/** Who could remove the cost. */
export const OWNERS = ['workload', 'architecture', 'operating system', 'monitor'] as const;
export type Owner = (typeof OWNERS)[number];

/** One part: all time of one category, cause and owner in one context on one CPU. */
export interface Part {
  readonly cpu: number;
  /** `user`, `kernel`, or a service's name: as in the tally. */
  readonly context: string;
  readonly category: Category;
  readonly cause: Cause;
  readonly owner: Owner;
  /** Whether the time is instruction execution or waiting: for memory, locks or disks. */
  readonly kind: 'execution' | 'stall';
  /** How often the thing that costs happened (instructions, misses, traps …). */
  readonly count: number;
  /** Time in picoseconds, an integer. */
  readonly ps: number;
}

export interface Breakdown {
  /** Picoseconds, all CPUs: the exact sum of the parts. */
  readonly total_ps: number;
  readonly parts: readonly Part[];
}

/** Exact sums of parts by any key, in the order in which the keys first occur. */
export function sumBy<K extends string>(
  breakdown: Breakdown,
  key: (part: Part) => K,
  where: (part: Part) => boolean = () => true,
): Map<K, number> {
  const sums = new Map<K, number>();
  for (const part of breakdown.parts) {
    if (!where(part)) continue;
    const k = key(part);
    sums.set(k, (sums.get(k) ?? 0) + part.ps);
  }
  return sums;
}
