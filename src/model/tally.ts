/**
 * The tally: integers only, what a replay counted. One row per CPU, context (user, or the kernel service
 * that was open) and layer (who ran: the recorded workload, a modelled handler, one activity of the
 * monitor). Pricing turns rows into cycles; nothing here knows a price.
 */

/** Counters of a row, in order. All are counts; `accesses` follow the machine's counting rule. */
export const COUNTERS = [
  'count', // times the layer's activity happened (0 for the workload layer)
  'instructions',
  'fetch_accesses',
  'load_accesses',
  'store_accesses',
  'uncached_accesses',
  'l1i_misses',
  'l1d_load_misses',
  'l1d_store_misses',
  'l2_fetch_misses',
  'l2_load_misses',
  'l2_store_misses',
  'remote_fetch_misses', // the part of the L2 misses whose home is another node
  'remote_load_misses',
  'remote_store_misses',
  'l1_writebacks',
  'l2_writebacks',
  'l2_writeback_misses', // write-backs of an L1 line that a non-inclusive L2 no longer holds
  'pages_zeroed',
  'patchable', // emulated operations that a patched hardware abstraction layer would not need
  'tlb_fetch_misses',
  'tlb_load_misses',
  'tlb_store_misses',
] as const;
export type Counter = (typeof COUNTERS)[number];

/** Privileged operations, as in the traces (op codes 0–15). */
export const PRIVILEGED_OPS = [
  'mfc0',
  'mtc0',
  'dmfc0',
  'dmtc0',
  'di',
  'ei',
  'tlbr',
  'tlbwi',
  'tlbwr',
  'tlbp',
  'eret',
  'wait',
  'cache',
  'syscall',
  'rdhwr',
  'other',
] as const;
export type PrivilegedOp = (typeof PRIVILEGED_OPS)[number];

/**
 * Layers: who ran.
 * Guest: `workload` (recorded references), `refill` (its TLB refill handler, for the modelled TLB's
 * misses), `demand_zero`, `file_page`, `timer` (what the overlay adds to user-level traces).
 * Monitor: `l2tlb` (a miss served by its second-level TLB), `trap` (an exception delivered to the guest's
 * vector), `interrupt` (one posted and delivered), `privileged` (an instruction emulated), `tlb_write`
 * (a guest's TLB write emulated), `kernel_tlb` (a miss on a relocated kernel page, which the monitor
 * serves itself), `backing` (a physical page without a machine page), `call` (a monitor call), `device`
 * (an intercepted device access).
 */
export const LAYERS = [
  'workload',
  'refill',
  'demand_zero',
  'file_page',
  'timer',
  'l2tlb',
  'trap',
  'interrupt',
  'privileged',
  'tlb_write',
  'kernel_tlb',
  'backing',
  'call',
  'device',
] as const;
export type Layer = (typeof LAYERS)[number];

/** Whether a layer is the monitor's own execution. */
export function isMonitorLayer(layer: Layer): boolean {
  return LAYERS.indexOf(layer) >= LAYERS.indexOf('l2tlb');
}

/** One row; counters that are 0 are left out. */
export interface TallyRow {
  readonly cpu: number;
  /** `user`, `kernel`, or the name of the open service. */
  readonly context: string;
  readonly layer: Layer;
  readonly counters: Readonly<Partial<Record<Counter, number>>>;
  /**
   * Privileged operations by kind, where the layer has any. In the workload and refill layers: executed by
   * the guest as plain instructions (natively, or turned into loads and stores by a patched hardware
   * abstraction layer). In the layers `privileged` and `tlb_write`: emulated by the monitor.
   */
  readonly privileged?: Readonly<Partial<Record<PrivilegedOp, number>>>;
}

/** What one replay counted, warm-up excluded. */
export interface Tally {
  readonly cpus: number;
  /** Instructions of the trace that were counted, all CPUs. */
  readonly instructions: number;
  readonly rows: readonly TallyRow[];
  /** What is left at the end: dirty lines in the caches, pages touched. */
  readonly state: {
    readonly dirty_l1_lines: number;
    readonly dirty_l2_lines: number;
    readonly physical_pages: number;
  };
}

/** Sum of one counter over the rows that `where` accepts. */
export function sumCounter(tally: Tally, counter: Counter, where: (row: TallyRow) => boolean = () => true) {
  let sum = 0;
  for (const row of tally.rows) if (where(row)) sum += row.counters[counter] ?? 0;
  return sum;
}
