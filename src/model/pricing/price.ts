import { InputError } from '../../trace/errors.ts';
import type { ResolvedPrices } from '../systems/resolve.ts';
import type { Counter, Layer, Tally, TallyRow } from '../tally.ts';
import { isMonitorLayer } from '../tally.ts';
import type { Breakdown, Category, Cause, Owner, Part } from './breakdown.ts';

/**
 * Prices × tally = breakdown. Every part is one product (or sum of products) rounded to whole picoseconds,
 * then only added; the arithmetic is + − × ÷ so that every engine gives the same bits.
 */

/** What a layer's time is called and who could remove it. */
interface Attribution {
  readonly cause: Cause;
  readonly owner: Owner;
  /** Execution time of one activity, in ns, given its prices. */
  readonly path: (prices: ResolvedPrices) => number;
}

const cycles = (pick: (p: ResolvedPrices) => number) => (p: ResolvedPrices) => pick(p) * p.cycle_ns;

/**
 * Owners: who could remove the cost. A refill, a trap, a reload and a relocated kernel's TLB fault are there
 * because of how the processor translates and traps; a page fault, a tick and an instruction that need not
 * be privileged because of how the operating system is written; the rest is the monitor's own doing.
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
};

const SIDES = [
  ['instruction', ['l1i_misses'], ['l2_fetch_misses'], ['remote_fetch_misses']],
  [
    'data',
    ['l1d_load_misses', 'l1d_store_misses'],
    ['l2_load_misses', 'l2_store_misses'],
    ['remote_load_misses', 'remote_store_misses'],
  ],
] as const satisfies readonly (readonly [
  string,
  readonly Counter[],
  readonly Counter[],
  readonly Counter[],
])[];

interface Stall {
  readonly cause: Cause;
  readonly count: number;
  readonly ns: number;
}

/** The memory stalls of a row, by level and side. */
function stalls(row: TallyRow, prices: ResolvedPrices): Stall[] {
  const sum = (names: readonly Counter[]): number =>
    names.reduce((total, name) => total + (row.counters[name] ?? 0), 0);
  return SIDES.flatMap(([side, l1, l2, far]): Stall[] => {
    const misses = sum(l2);
    const remote = sum(far);
    // Without an L1 its misses are not counted and an L2 hit is the fastest access there is.
    const l2Hits = Math.max(0, sum(l1) - misses);
    return [
      { cause: `stall_l2_${side}`, count: l2Hits, ns: prices.l2_hit_ns },
      { cause: `stall_local_${side}`, count: misses - remote, ns: prices.local_ns },
      { cause: `stall_remote_${side}`, count: remote, ns: prices.remote_ns },
    ];
  });
}

/** Prices one tally. Parts of no time and no count are left out. */
export function price(tally: Tally, prices: ResolvedPrices): Breakdown {
  const parts: Part[] = [];
  let total = 0;
  const add = (
    row: TallyRow,
    category: Category,
    cause: Cause,
    owner: Owner,
    kind: Part['kind'],
    count: number,
    ns: number,
  ): void => {
    const ps = Math.round(ns * 1000);
    if (count === 0 && ps === 0) return;
    total += ps;
    parts.push({ cpu: row.cpu, context: row.context, category, cause, owner, kind, count, ps });
  };

  for (const row of tally.rows) {
    const { layer } = row;
    const count = row.counters.count ?? 0;
    if (layer === 'workload') {
      const category = row.context === 'user' ? 'user' : 'kernel';
      const instructions = row.counters.instructions ?? 0;
      const uncached = row.counters.uncached_accesses ?? 0;
      const owner = category === 'user' ? 'workload' : 'operating system';
      const executed = instructions * prices.cycles_per_instruction * prices.cycle_ns;
      add(row, category, 'execution', owner, 'execution', instructions, executed);
      for (const stall of stalls(row, prices))
        add(row, category, stall.cause, 'architecture', 'stall', stall.count, stall.count * stall.ns);
      add(row, category, 'device', 'architecture', 'stall', uncached, uncached * prices.uncached_ns);
      continue;
    }
    const category = isMonitorLayer(layer) ? 'monitor' : 'kernel';
    const { cause, owner, path } = LAYER[layer];
    const zeroed = (row.counters.pages_zeroed ?? 0) * prices.zero_page_cycles * prices.cycle_ns;
    // What a patched kernel would not need emulated, the operating system could remove.
    const patchable = row.counters.patchable ?? 0;
    add(
      row,
      category,
      cause,
      owner,
      'execution',
      count - patchable,
      (count - patchable) * path(prices) + zeroed,
    );
    add(row, category, cause, 'operating system', 'execution', patchable, patchable * path(prices));
    const waits = stalls(row, prices).filter((stall) => stall.count > 0);
    const waited = waits.reduce((sum, stall) => sum + stall.count, 0);
    const waitedNs = waits.reduce((ns, stall) => ns + stall.count * stall.ns, 0);
    // An activity's stalls go when the activity goes, so they have its owner.
    const share = count === 0 ? 0 : patchable / count;
    const theirs = Math.round(waited * share);
    add(row, category, cause, owner, 'stall', waited - theirs, waitedNs * (1 - share));
    add(row, category, cause, 'operating system', 'stall', theirs, waitedNs * share);
  }
  if (!Number.isSafeInteger(total))
    throw new InputError(
      `the priced time is over ${Math.floor(Number.MAX_SAFE_INTEGER / 1e12)} s, more than sums exactly in ` +
        'picoseconds: lower the prices or replay less at a time',
    );
  return { total_ps: total, parts };
}
