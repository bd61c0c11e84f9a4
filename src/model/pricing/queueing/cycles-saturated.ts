import { closing, fill } from './cycles-load.ts';
import type { Cells, CycleOptions, CycleWorkspace } from './cycles-workspace.ts';
import * as workspace from './cycles-workspace.ts';

/**
 * The equations of `cycles.ts` near saturation, where waits are many times as long as services and cycle times
 * found from each other swing ever further. Here waits are found from waits: each step adds the work of one more round
 * of customers, as in a network that fills, which always converges.
 */

const { CELL_WIDTH, VISITS, DEMAND, HALF_SQUARE, POSTED_DEMAND, POSTED_HALF_SQUARE, WAIT } = workspace;

/** Solves the network from an idle one on, by Anderson's method of depth one in the waits. */
export function solveSaturated(cells: Cells, ws: CycleWorkspace, options: CycleOptions): void {
  const { classes, stations, first } = cells;
  const { cell, cycle_ns, least, found, rate } = ws;
  for (let i = 0; i < first[stations]!; i++) cell[i * CELL_WIDTH + WAIT] = 0;
  cycle_ns.set(least);
  for (let iteration = 0; iteration < options.iterations; iteration++) {
    ws.iterations++;
    for (let c = 0; c < classes; c++) rate[c] = cycle_ns[c]! > 0 ? 1 / cycle_ns[c]! : 0;
    const { moved, theta } = find(cells, ws, options);
    advance(cells, ws, moved && iteration > 0 ? theta : 0);
    fill(cells, ws, options.posted_buffer);
    cycle_ns.set(found);
    if (!moved) return;
  }
}

/** What arrivals find with the waits and cycles at hand, into `next`; whether any wait moves, and Anderson's factor. */
function find(
  { stations, first, from }: Cells,
  { cell, rate, rest, utilisation, work, next, step, regularity }: CycleWorkspace,
  { tolerance, posted_buffer }: CycleOptions,
): { readonly moved: boolean; readonly theta: number } {
  let moved = false;
  let along = 0;
  let change2 = 0;
  for (let k = 0; k < stations; k++) {
    const end = first[k + 1]!;
    let all = 0;
    let squares = 0;
    let sent = 0;
    for (let i = first[k]!, c = from[k]!; i < end; i++, c++) {
      const u = cell[i * CELL_WIDTH + DEMAND]! * rate[c]!;
      all += u;
      squares += u * u;
      sent += cell[i * CELL_WIDTH + POSTED_DEMAND]! * rate[c]!;
    }
    const near = Math.min(all + sent, 1);
    const near4 = near * near * near * near;
    const near16 = near4 * near4 * near4 * near4;
    const saturation = near16 * near16;
    utilisation[k] = all + sent;
    rest[k] = regularity === 0 ? 1 : 1 + regularity * closing(all, squares, near, saturation);
    let total = 0;
    let posted = 0;
    for (let i = first[k]!, c = from[k]!; i < end; i++, c++) {
      const at = i * CELL_WIDTH;
      const wait = cell[at + WAIT]!;
      work[i] = (cell[at + DEMAND]! * wait + cell[at + HALF_SQUARE]! * rest[k]!) * rate[c]!;
      total += work[i]!;
      const own = cell[at + POSTED_HALF_SQUARE]! * rate[c]! * rest[k]!;
      const mine = cell[at + POSTED_DEMAND]! * rate[c]!;
      const alone = (wait - own / posted_buffer) / (1 + mine / posted_buffer);
      posted += own + (alone > 0 ? mine * alone : 0);
    }
    for (let i = first[k]!, c = from[k]!; i < end; i++, c++) {
      const u = cell[i * CELL_WIDTH + DEMAND]! * rate[c]!;
      const others = total - (1 + (all - u) * (1 - saturation)) * work[i]!;
      // Rounding alone can leave something where nobody else is.
      const wait = posted + (others < total * 1e-12 ? 0 : others);
      const f = wait - cell[i * CELL_WIDTH + WAIT]!;
      if (Math.abs(f) > tolerance * wait) moved = true;
      const change = f - step[i]!;
      along += f * change;
      change2 += change * change;
      step[i] = f;
      next[i] = wait;
    }
  }
  return { moved, theta: change2 > 0 ? along / change2 : 0 };
}

/** The waits that follow, and the cycles: what was found, or that much further along the last two findings. */
function advance({ classes, stations, first, from }: Cells, ws: CycleWorkspace, theta: number): void {
  const { cell, base_ns, found, next, previous } = ws;
  for (let c = 0; c < classes; c++) found[c] = base_ns[c]!;
  for (let k = 0; k < stations; k++)
    for (let i = first[k]!, c = from[k]!; i < first[k + 1]!; i++, c++) {
      const wait = next[i]!;
      const further = wait - theta * (wait - previous[i]!);
      previous[i] = wait;
      cell[i * CELL_WIDTH + WAIT] = further < 0 ? wait : further;
      found[c]! += cell[i * CELL_WIDTH + VISITS]! * cell[i * CELL_WIDTH + WAIT]!;
    }
}
