/**
 * The tally: integers only, what a replay counted. One row per CPU, context (user, or the kernel service
 * that was open) and layer (who ran: the recorded workload, a modelled handler, one activity of the
 * monitor). Pricing turns rows into cycles; nothing here knows a price.
 */

import type { MemoryFacts } from './tally-memory.ts';
import type { ScheduleCounts } from './tally-schedule.ts';

/** Counters that only a machine with coherent caches has: docs/coherence.md. Classes of the L2 misses come first. */
export const COHERENCE_COUNTERS = [
  'cold_misses',
  'capacity_misses',
  'true_sharing_misses',
  'false_sharing_misses',
  'moved_misses',
  'upgrades', // stores to shared lines
  'remote_upgrades', // the part whose home is another node
  'interventions', // requests that the home sent on to an owner
  'invalidations', // lines that other CPUs lost to this row’s stores
  'stale_messages', // interventions and invalidations that found nothing
  'sharing_writebacks',
  'replacement_hints',
] as const;

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
  'remote_fetch_misses', // the part of the L2 misses that memory of another node served (two hops)
  'remote_load_misses',
  'remote_store_misses',
  'dirty_fetch_misses', // the part that a modified line in a cache of another node served (three hops)
  'dirty_load_misses',
  'dirty_store_misses',
  'neighbour_fetch_misses', // the part that a modified line in another cache of the node served
  'neighbour_load_misses',
  'neighbour_store_misses',
  'l1_writebacks',
  'l2_writebacks',
  'l2_writeback_misses', // write-backs of an L1 line that a non-inclusive L2 no longer holds
  ...COHERENCE_COUNTERS,
  'pages_zeroed',
  'patchable', // emulated operations that a patched hardware abstraction layer would not need
  'node_moves', // the part of a `vcpu_move` layer's count that went to another node of the cell
  'cell_moves', // the part that went to another cell
  'tlb_fetch_misses',
  'tlb_load_misses',
  'tlb_store_misses',
  'lock_acquisitions',
  'disk_requests',
  'disk_bytes',
  'network_requests',
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
 * Of whoever manages memory and CPUs (the monitor, or natively the operating system): `hot_page` (an interrupt
 * for a hot page, and what is decided), `migrate`, `replicate` and `collapse` (a page moved, copied, its
 * replicas dropped because of a store), `shootdown` (a CPU interrupted to drop a TLB entry), `copy_on_write` (a
 * shared page gets a copy of its own), `hint_fault` (a mapping withdrawn to see who uses it), `world_switch`
 * (another virtual CPU), `vcpu_move` (one goes to another CPU), `borrow` (memory from another VM's share),
 * `page_out` (a page to disk or back), `packet` (a message of the virtual network).
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
  'hot_page',
  'migrate',
  'replicate',
  'collapse',
  'shootdown',
  'copy_on_write',
  'hint_fault',
  'world_switch',
  'vcpu_move',
  'borrow',
  'page_out',
  'packet',
] as const;
export type Layer = (typeof LAYERS)[number];

/** Whether a layer is the monitor's own execution (or, of memory and CPU management, natively the kernel's). */
export function isMonitorLayer(layer: Layer): boolean {
  return LAYERS.indexOf(layer) >= LAYERS.indexOf('l2tlb');
}

/** Whether a layer is management of memory and CPUs, which natively is the operating system's. */
export function isManagementLayer(layer: Layer): boolean {
  return LAYERS.indexOf(layer) >= LAYERS.indexOf('hot_page');
}

/** Kinds of traffic in the memory system: those that a CPU waits for first, then those that it posts. */
export const FLOW_KINDS = [
  'local',
  'local_cache',
  'remote_clean',
  'remote_dirty',
  'upgrade',
  'writeback',
  'hint',
  'invalidation',
] as const;
export type FlowKind = (typeof FLOW_KINDS)[number];

/**
 * So many messages of one kind: CPU, index into FLOW_KINDS, home node, other node (of `remote_dirty` and
 * `local_cache` the node that has the line, of `invalidation` the sharer's; else the home again), count.
 */
export type FlowCount = readonly [cpu: number, kind: number, home: number, other: number, count: number];

/**
 * What one CPU did in one layer in a window, apart from misses to memory: times the activity happened, of these
 * patchable ones, pages zeroed, instructions, uncached accesses, L1 misses that hit in the L2.
 */
export type WindowWork = readonly [
  cpu: number,
  layer: number,
  count: number,
  patchable: number,
  pagesZeroed: number,
  instructions: number,
  uncached: number,
  l2Hits: number,
];

/** One window of the counted part of a run, for contention. All integers. */
export interface TallyWindow {
  readonly instructions: number;
  readonly work: readonly WindowWork[];
  readonly flows: readonly FlowCount[];
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

/** A part of a row: what was done while locks were held. */
export interface HeldRow extends TallyRow {
  /** Locks held, the outermost first. An acquisition counts as made with its lock held. */
  readonly locks: readonly number[];
}

/** A lock of the trace: a spinlock's waiter spins, a semaphore's is switched out. */
export interface LockCount {
  readonly lock: number;
  readonly kind: 'spin' | 'semaphore';
  /** By CPU. */
  readonly acquisitions: readonly number[];
  /** Holds that ended: how many, their instructions, and the sum of the squares of these. */
  readonly holds: { readonly count: number; readonly instructions: number; readonly squares: number };
}

/** What became of pages under a page policy. */
export interface PageFacts {
  /** Decisions by `action: reason`, warm-up excluded. */
  readonly decisions: Readonly<Record<string, number>>;
  /** Pages that were ever hot, by what was done with them: `left`, `migrated`, `replicated`, both. */
  readonly fates: Readonly<Record<string, number>>;
  /** Machine pages at the end that are copies, or that pages have moved to. */
  readonly replicas: number;
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
    /** By CPU: lines that it lost to other CPUs' stores. Empty where caches are not coherent. */
    readonly lost_lines: readonly number[];
  };
  /** Where a page policy is at work; else null. */
  readonly pages: PageFacts | null;
  /** Under a monitor. */
  readonly memory: MemoryFacts | null;
  /** What the scheduler of virtual CPUs did, where there are more than CPUs; else null. */
  readonly schedule: ScheduleCounts | null;
  /** Locks that were acquired, by number. */
  readonly locks: readonly LockCount[];
  /** The part of the rows that was done while locks were held, for pricing. */
  readonly held: readonly HeldRow[];
  /** Windows in order, where there are several CPUs or nodes; else none. */
  readonly windows: readonly TallyWindow[];
}

/** A tally as a result keeps it: windows and held rows are for pricing, and may be larger than all the rest. */
export type CountedTally = Omit<Tally, 'windows' | 'held'>;

/** Sum of one counter over the rows that `where` accepts. */
export function sumCounter(
  tally: CountedTally,
  counter: Counter,
  where: (row: TallyRow) => boolean = () => true,
) {
  let sum = 0;
  for (const row of tally.rows) if (where(row)) sum += row.counters[counter] ?? 0;
  return sum;
}
