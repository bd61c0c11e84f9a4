import type { ResolvedPrices } from '../systems/resolve.ts';
import { LAYERS, sumCounter, type Tally, type TallyWindow } from '../tally.ts';
import { L2_HIT, PATHS } from './units.ts';

/** What CPUs do in a window besides misses to memory, as columns of numbers. */

/** Numbers of one entry of `workColumns`. */
const WORK = 11;
/** What an entry has besides L2 hits: anything, actions alone, or what the workload does. */
const [ANY, ACTIONS, WORKLOAD] = [0, 1, 2];

/** By CPU: the shares of its virtual CPUs' moves that went to another node of the cell and to another cell. */
export interface MoveShares {
  readonly node: readonly number[];
  readonly cell: readonly number[];
}

/** These shares over the whole run, as windows do not tell them. */
export function moveShares(tally: Tally): MoveShares {
  const shares = (counter: 'node_moves' | 'cell_moves'): number[] =>
    Array.from({ length: tally.cpus }, (_, cpu) => {
      const moves = (of: 'count' | typeof counter) =>
        sumCounter(tally, of, (row) => row.layer === 'vcpu_move' && row.cpu === cpu);
      const all = moves('count');
      return all > 0 ? moves(counter) / all : 0;
    });
  return { node: shares('node_moves'), cell: shares('cell_moves') };
}

/** A window's work as numbers: CPU, path, what is priced by it, moves to nodes and to cells, pages zeroed, patchable, and the workload's. */
export function workColumns(window: TallyWindow, far: MoveShares): Float64Array {
  const columns = new Float64Array(window.work.length * WORK);
  window.work.forEach((entry, at) => {
    const [cpu, number, count, patchable, pagesZeroed, instructions, uncached, l2Hits] = entry;
    const layer = LAYERS[number];
    if (layer === undefined) throw new RangeError(`no layer has number ${number}`);
    const moves = layer === 'vcpu_move' ? count : 0;
    const moved = moves * far.node[cpu]!;
    const away = moves * far.cell[cpu]!;
    const activity = [count - patchable - moved - away, moved, away, pagesZeroed, patchable, 0, 0];
    const workload = [0, 0, 0, 0, 0, instructions, uncached];
    const priced = layer === 'workload' ? workload : activity;
    const actions = layer !== 'workload' && activity.slice(1).every((times) => times === 0);
    const kind = layer === 'workload' ? WORKLOAD : actions ? ACTIONS : ANY;
    columns.set([cpu, PATHS + number, ...priced, l2Hits, kind], at * WORK);
  });
  return columns;
}

/** Each CPU's time in a window apart from misses to memory, as `costOf` has it. */
export function addThinking(
  work: Float64Array,
  prices: ResolvedPrices,
  units: Float64Array,
  think: Float64Array,
): void {
  const { cycles_per_instruction, cycle_ns, zero_page_cycles, uncached_ns } = prices;
  const { vcpu_node_move_ns, vcpu_cell_move_ns } = prices;
  const l2_hit_ns = units[L2_HIT]!;
  think.fill(0);
  for (let at = 0; at < work.length; at += WORK) {
    // The same sums without the products that are 0: most of them.
    const kind = work[at + 10]!;
    const hits = work[at + 9]! * l2_hit_ns;
    if (kind === ACTIONS) {
      think[work[at]!]! += work[at + 2]! * units[work[at + 1]!]! + hits;
      continue;
    }
    if (kind === WORKLOAD) {
      think[work[at]!]! +=
        work[at + 7]! * cycles_per_instruction * cycle_ns + work[at + 8]! * uncached_ns + hits;
      continue;
    }
    const path = units[work[at + 1]!]!;
    const zeroed = work[at + 5]! * zero_page_cycles * cycle_ns;
    const executed =
      work[at + 2]! * path + work[at + 3]! * vcpu_node_move_ns + work[at + 4]! * vcpu_cell_move_ns + zeroed;
    const instructions = work[at + 7]! * cycles_per_instruction * cycle_ns;
    think[work[at]!]! += executed + instructions + work[at + 6]! * path + work[at + 8]! * uncached_ns + hits;
  }
}
