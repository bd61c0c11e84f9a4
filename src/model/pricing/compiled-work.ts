import type { ResolvedPrices } from '../systems/resolve.ts';
import { LAYERS, type TallyWindow } from '../tally.ts';
import { L2_HIT, PATHS } from './units.ts';

/** What CPUs do in a window besides misses to memory, as columns of numbers. */

/** Numbers of one entry of `workColumns`. */
const WORK = 9;

/** A window's work as numbers: CPU, path, what is priced by it, moves, pages zeroed, patchable, and the workload's. */
export function workColumns(window: TallyWindow, far: readonly number[]): Float64Array {
  const columns = new Float64Array(window.work.length * WORK);
  window.work.forEach((entry, at) => {
    const [cpu, number, count, patchable, pagesZeroed, instructions, uncached, l2Hits] = entry;
    const layer = LAYERS[number];
    if (layer === undefined) throw new RangeError(`no layer has number ${number}`);
    const moved = layer === 'vcpu_move' ? count * far[cpu]! : 0;
    const activity = [count - patchable - moved, moved, pagesZeroed, patchable, 0, 0];
    const workload = [0, 0, 0, 0, instructions, uncached];
    const priced = layer === 'workload' ? workload : activity;
    columns.set([cpu, PATHS + number, ...priced, l2Hits], at * WORK);
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
  const { cycles_per_instruction, cycle_ns, zero_page_cycles, vcpu_node_move_ns, uncached_ns } = prices;
  think.fill(0);
  for (let at = 0; at < work.length; at += WORK) {
    const path = units[work[at + 1]!]!;
    const zeroed = work[at + 4]! * zero_page_cycles * cycle_ns;
    const executed = work[at + 2]! * path + work[at + 3]! * vcpu_node_move_ns + zeroed;
    const instructions = work[at + 6]! * cycles_per_instruction * cycle_ns;
    think[work[at]!]! +=
      executed +
      instructions +
      work[at + 5]! * path +
      work[at + 7]! * uncached_ns +
      work[at + 8]! * units[L2_HIT]!;
  }
}
