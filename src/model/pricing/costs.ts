import type { ResolvedPrices } from '../systems/resolve.ts';
import { isManagementLayer, isMonitorLayer, type Layer, type TallyRow } from '../tally.ts';
import type { Category, Cause, Owner } from './breakdown.ts';

/**
 * What a layer's activity costs apart from misses to memory, what its time is called and who could remove it.
 * The breakdown and the contention of a run take it from here, so they cannot disagree.
 */

interface Attribution {
  readonly cause: Cause;
  readonly owner: Owner;
  /** Execution time of one activity, in ns, given its prices. */
  readonly path: (prices: ResolvedPrices) => number;
}

const cycles = (pick: (p: ResolvedPrices) => number) => (p: ResolvedPrices) => pick(p) * p.cycle_ns;

/**
 * Owners: who could remove the cost. A refill, a trap, a reload and a relocated kernel's TLB fault are there
 * because of how the processor translates and traps; pages are moved, and their users found and interrupted,
 * because memory is not uniform and TLBs are not kept coherent; a page fault, a tick and an instruction that
 * need not be privileged because of how the operating system is written; the rest is the monitor's own doing.
 */
const LAYER: Readonly<Record<Exclude<Layer, 'workload'>, Attribution>> = {
  refill: { cause: 'tlb_refill', owner: 'architecture', path: cycles((p) => p.refill_cycles) },
  demand_zero: { cause: 'page_fault', owner: 'operating system', path: (p) => p.demand_zero_ns },
  file_page: { cause: 'page_fault', owner: 'operating system', path: (p) => p.file_page_ns },
  timer: { cause: 'timer', owner: 'operating system', path: (p) => p.timer_ns },
  l2tlb: { cause: 'l2tlb_reload', owner: 'architecture', path: cycles((p) => p.l2tlb_cycles) },
  trap: { cause: 'trap_delivery', owner: 'architecture', path: cycles((p) => p.trap_cycles) },
  interrupt: { cause: 'interrupt_delivery', owner: 'architecture', path: cycles((p) => p.interrupt_cycles) },
  privileged: { cause: 'privileged_emulation', owner: 'architecture', path: cycles((p) => p.emulate_cycles) },
  tlb_write: { cause: 'tlb_write_emulation', owner: 'monitor', path: cycles((p) => p.tlb_write_cycles) },
  kernel_tlb: { cause: 'kernel_tlb_fault', owner: 'architecture', path: cycles((p) => p.kernel_tlb_cycles) },
  backing: { cause: 'page_fault', owner: 'monitor', path: cycles((p) => p.backing_cycles) },
  call: { cause: 'monitor_call', owner: 'monitor', path: cycles((p) => p.call_cycles) },
  device: { cause: 'device', owner: 'operating system', path: cycles((p) => p.device_cycles) },
  hot_page: { cause: 'page_move', owner: 'architecture', path: cycles((p) => p.hot_page_cycles) },
  migrate: { cause: 'page_move', owner: 'architecture', path: (p) => p.migrate_ns },
  replicate: { cause: 'page_move', owner: 'architecture', path: (p) => p.replicate_ns },
  collapse: { cause: 'page_move', owner: 'monitor', path: (p) => p.collapse_ns },
  shootdown: { cause: 'page_move', owner: 'architecture', path: cycles((p) => p.shootdown_cycles) },
  copy_on_write: { cause: 'page_sharing', owner: 'monitor', path: cycles((p) => p.copy_on_write_cycles) },
  hint_fault: { cause: 'page_move', owner: 'architecture', path: cycles((p) => p.hint_fault_cycles) },
  world_switch: { cause: 'world_switch', owner: 'monitor', path: cycles((p) => p.world_switch_cycles) },
  vcpu_move: { cause: 'world_switch', owner: 'monitor', path: (p) => p.vcpu_move_ns },
  borrow: { cause: 'memory_balance', owner: 'monitor', path: (p) => p.borrow_ns },
  page_out: { cause: 'memory_balance', owner: 'monitor', path: (p) => p.page_out_ns },
  packet: { cause: 'network', owner: 'monitor', path: cycles((p) => p.packet_cycles) },
};

/** Execution time of one activity of a layer in ns, without page zeroing; of the workload, which has no path, 0. */
export function pathOf(layer: Layer, prices: ResolvedPrices): number {
  return layer === 'workload' ? 0 : LAYER[layer].path(prices);
}

/** What the time of a layer is called. */
export interface Names {
  readonly category: Category;
  readonly cause: Cause;
  readonly owner: Owner;
}

/**
 * Names of a row's time. Management of memory and CPUs is the monitor's where there is one, else the operating
 * system's, and then in the kernel's time.
 */
export function namesOf(layer: Layer, context: string, monitor: boolean): Names {
  if (layer === 'workload')
    return context === 'user'
      ? { category: 'user', cause: 'execution', owner: 'workload' }
      : { category: 'kernel', cause: 'execution', owner: 'operating system' };
  const { cause, owner } = LAYER[layer];
  if (isManagementLayer(layer) && !monitor)
    return { category: 'kernel', cause, owner: owner === 'monitor' ? 'operating system' : owner };
  return { category: isMonitorLayer(layer) ? 'monitor' : 'kernel', cause, owner };
}

/** What a layer did, apart from misses to memory. All are counts. */
export interface Work {
  readonly count: number;
  /** Of these, activities that a patched kernel would not need. */
  readonly patchable: number;
  readonly pagesZeroed: number;
  /** Of the moves of virtual CPUs those to another node of the cell, and those to another cell. */
  readonly nodeMoves: number;
  readonly cellMoves: number;
  readonly instructions: number;
  readonly uncached: number;
}

/** The work of a row of a tally. */
export function workOf({ counters }: TallyRow): Work {
  return {
    count: counters.count ?? 0,
    patchable: counters.patchable ?? 0,
    pagesZeroed: counters.pages_zeroed ?? 0,
    nodeMoves: counters.node_moves ?? 0,
    cellMoves: counters.cell_moves ?? 0,
    instructions: counters.instructions ?? 0,
    uncached: counters.uncached_accesses ?? 0,
  };
}

/** Time of a layer's work in ns; memory stalls are not in it. */
export interface Cost {
  readonly executed: number;
  /** Execution that a patched kernel would not need. */
  readonly patchable: number;
  readonly uncached: number;
}

/**
 * Prices the work of one layer. Of the workload the instructions and uncached accesses count; of a modelled
 * activity its path, however many instructions were replayed for it.
 */
export function costOf(layer: Layer, work: Work, prices: ResolvedPrices): Cost {
  if (layer === 'workload')
    return {
      executed: work.instructions * prices.cycles_per_instruction * prices.cycle_ns,
      patchable: 0,
      uncached: work.uncached * prices.uncached_ns,
    };
  const path = LAYER[layer].path(prices);
  const zeroed = work.pagesZeroed * prices.zero_page_cycles * prices.cycle_ns;
  const own = work.count - work.patchable;
  const moves = layer === 'vcpu_move';
  const moved = moves ? work.nodeMoves : 0;
  const away = moves ? work.cellMoves : 0;
  return {
    executed:
      (own - moved - away) * path +
      moved * prices.vcpu_node_move_ns +
      away * prices.vcpu_cell_move_ns +
      zeroed,
    patchable: work.patchable * path,
    uncached: 0,
  };
}
