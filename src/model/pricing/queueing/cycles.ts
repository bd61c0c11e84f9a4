import { closing, fill } from './cycles-load.ts';
import { solveSaturated } from './cycles-saturated.ts';
import * as workspace from './cycles-workspace.ts';
import { type Cells, CYCLE_DEFAULTS, type CycleOptions, type CycleWorkspace } from './cycles-workspace.ts';

/**
 * Approximate mean value analysis of closed networks in which every customer differs (each CPU is a class of one
 * customer) and stations serve first come, first served: the core of contention in the memory system, made for
 * pricing one structure many times.
 *
 * A cycle of customer c takes base_c without any waiting and visits station k v_ck times. T_c is the cycle time, D_ck the
 * service that it takes per cycle, and H_ck half the second moment of these services (Σ E[S²]/2), so that u = D/T is its
 * utilisation and h = H/T its part of the mean residual work of the job in service. Its work at the station (Little's law)
 * is b_ck = u_ck A_ck + h_ck, with A_ck the work that an arrival finds (Reiser, "A queueing network analysis of computer
 * communication networks with window flow control", IEEE Trans. Comm. 27(8), 1979, for such stations with general service).
 *
 * The arrival theorem wants the work of the others as it is without the arriver. Schweitzer (1979) takes B_k − b_ck, with
 * B_k = Σ b_jk: too much, since the others no longer wait for the arriver either. Each of them would find b_ck less, and so
 * hold u_jk b_ck less work: what Linearizer (Chandy & Neuse, CACM 25(2), 1982) finds by solving the networks with one
 * customer less, to first order and without solving any. That the others would also come round sooner is left out: it is of
 * higher order in the utilisation.
 *
 *   A_ck = B_k − κ_ck b_ck + P_k,   κ_ck = 1 + (Σ_{j≠c} u_jk) (1 − U_k³²),   T_c = base_c + Σ_k v_ck A_ck
 *
 * (At saturation it is Schweitzer's estimate again, with which no utilisation by misses can pass 1.) Given the cycle times this is
 * linear in the work at each station, and solved in closed form: with a = 1/(1 + κ u)
 *
 *   A_ck = a_ck (X_k − κ_ck h_ck),   X_k = B_k + P_k = Σ h_jk a_jk ÷ (1 − Σ u_jk a_jk)
 *
 * (shown without posted work), so only the cycle times have to be iterated, one number for each CPU: mostly three or four
 * times. Near saturation, where these depend steeply on each other, the same equations are solved by `cycles-saturated.ts`.
 *
 * Posted work (write-backs, invalidations) is sent without waiting for it: an open stream whose rate follows
 * the customer's cycle (mixed network: Lazowska, Zahorjan, Graham & Sevcik, "Quantitative System Performance",
 * 1984, ch. 7). It finds what a miss of its customer finds, but for its own place in the buffer, and P_k is its work.
 * A customer has a buffer of `posted_buffer` such jobs and stops while it is full: T_c ≥ (time in flight per cycle) ÷
 * entries. So posted work, too, cannot exceed what a station can do, but for some percent where it has one for itself.
 *
 * Arithmetic: + − × ÷ only. Iterations are bounded; they end early when no cycle moves any more, a decision
 * made from the same bits everywhere.
 */

// Local copies: an imported constant is looked up at each use.
const { CELL_WIDTH, VISITS, DEMAND, HALF_SQUARE, POSTED_DEMAND, POSTED_HALF_SQUARE } = workspace;
const { WAIT, PART } = workspace;

/**
 * Cycle times are iterated so often at most. What has not been found by then is near saturation, where cycles depend
 * too steeply on each other.
 */
export const LOOKS = 12;
/**
 * The highest utilisation without any waiting: above the first the search starts from cycles that are long enough for
 * it, above the second it is given up at once.
 */
export const BUSY = 0.9;
export const SATURATED = 2;

/** Solves the network. Every solve starts from its inputs alone, and so does the result. */
export function solveCycles(cells: Cells, ws: CycleWorkspace, options: CycleOptions = CYCLE_DEFAULTS): void {
  const { classes } = cells;
  const { base_ns, service_ns, cycle_ns, found, least } = ws;
  for (let c = 0; c < classes; c++) {
    const flight = service_ns[c]! / options.posted_buffer;
    least[c] = base_ns[c]! > flight ? base_ns[c]! : flight;
  }
  const most = guess(cells, ws);
  if (most > BUSY) for (let c = 0; c < classes; c++) cycle_ns[c] = (least[c]! * most) / BUSY;
  look(cells, ws, options.posted_buffer);
  ws.iterations = 1;
  while (!settled(ws, classes, options.tolerance)) {
    if (most > SATURATED || ws.iterations >= LOOKS) {
      solveSaturated(cells, ws, options);
      break;
    }
    advance(ws, classes, ws.iterations > 1);
    look(cells, ws, options.posted_buffer);
    ws.iterations++;
  }
  for (let c = 0; c < classes; c++) cycle_ns[c] = found[c]!;
}

/**
 * Cycles to start from, of random arrivals at the rate of an idle network: x = Σ h ÷ (1 − U) at each station, and what the
 * longer cycles take back of it if all get longer by the same share. Gives the highest utilisation of the idle network.
 */
function guess({ classes, stations, first, from }: Cells, ws: CycleWorkspace): number {
  const { cell, cycle_ns, least, rate, found } = ws;
  const slope = ws.away;
  for (let c = 0; c < classes; c++) {
    rate[c] = least[c]! > 0 ? 1 / least[c]! : 0;
    found[c] = 0;
    slope[c] = 0;
  }
  let most = 0;
  for (let k = 0; k < stations; k++) {
    const begin = first[k]! * CELL_WIDTH;
    const end = first[k + 1]! * CELL_WIDTH;
    let busy = 0;
    let rest = 0;
    for (let at = begin, c = from[k]!; at < end; at += CELL_WIDTH, c++) {
      busy += (cell[at + DEMAND]! + cell[at + POSTED_DEMAND]!) * rate[c]!;
      rest += (cell[at + HALF_SQUARE]! + cell[at + POSTED_HALF_SQUARE]!) * rate[c]!;
    }
    if (busy > most) most = busy;
    const steep = 1 / (1 - (busy < BUSY ? busy : BUSY));
    const x = rest * steep;
    for (let at = begin, c = from[k]!; at < end; at += CELL_WIDTH, c++) {
      const wait = x - (cell[at + HALF_SQUARE]! + cell[at + DEMAND]! * x) * rate[c]!;
      if (!(wait > 0)) continue;
      const ns = cell[at + VISITS]! * wait;
      found[c]! += ns;
      slope[c]! += ns * steep;
    }
  }
  let longer = 0;
  let back = 0;
  let active = 0;
  for (let c = 0; c < classes; c++) {
    if (least[c] === 0) continue;
    active++;
    longer += found[c]! * rate[c]!;
    back += slope[c]! * rate[c]!;
  }
  const share = active > 0 ? longer / (active + back) : 0;
  for (let c = 0; c < classes; c++) {
    const wait = found[c]! - slope[c]! * share;
    cycle_ns[c] = least[c]! + (wait > 0 ? wait : 0);
  }
  return most;
}

/** Whether no cycle moves any more. */
function settled({ cycle_ns, found }: CycleWorkspace, classes: number, tolerance: number): boolean {
  for (let c = 0; c < classes; c++)
    if (Math.abs(found[c]! - cycle_ns[c]!) > tolerance * cycle_ns[c]!) return false;
  return true;
}

/**
 * The next cycle times: Anderson's method of depth one (D. G. Anderson, "Iterative procedures for nonlinear integral
 * equations", JACM 12(4), 1965), each class in units of its own. `known`: this is not the first step.
 */
function advance(
  { cycle_ns, found, before, away, least }: CycleWorkspace,
  classes: number,
  known: boolean,
): void {
  let along = 0;
  let change2 = 0;
  for (let c = 0; c < classes; c++) {
    if (least[c] === 0) continue;
    const r = (found[c]! - cycle_ns[c]!) / least[c]!;
    const change = r - away[c]!;
    along += r * change;
    change2 += change * change;
    away[c] = r;
  }
  const theta = known && change2 > 0 ? along / change2 : 0;
  for (let c = 0; c < classes; c++) {
    const next = found[c]! - theta * (found[c]! - before[c]!);
    before[c] = found[c]!;
    cycle_ns[c] = next > least[c]! ? next : least[c]!;
  }
}

/** Waits and cycle times that follow from the cycle times at hand. */
function look(cells: Cells, ws: CycleWorkspace, entries: number): void {
  const { classes, stations, first, from } = cells;
  const { base_ns, cycle_ns, cell, utilisation, rate, found, buffer_ns, regularity, sent, service_ns } = ws;
  const entry = 1 / entries;
  const least = 1 / (8 * classes * entries);
  for (let c = 0; c < classes; c++) {
    rate[c] = cycle_ns[c]! > 0 ? 1 / cycle_ns[c]! : 0;
    found[c] = base_ns[c]!;
  }
  let longest = 0;
  for (let k = 0; k < stations; k++) {
    const begin = first[k]! * CELL_WIDTH;
    const end = first[k + 1]! * CELL_WIDTH;
    const lowest = from[k]!;
    let all = 0;
    let squares = 0;
    let posted = 0;
    for (let at = begin, c = lowest; at < end; at += CELL_WIDTH, c++) {
      const r = rate[c]!;
      const u = cell[at + DEMAND]! * r;
      all += u;
      squares += u * u;
      posted += cell[at + POSTED_DEMAND]! * r;
    }
    const busy = all + posted;
    const near = busy < 1 ? busy : 1;
    const near4 = near * near * near * near;
    const near16 = near4 * near4 * near4 * near4;
    const saturation = near16 * near16;
    const rest = regularity === 0 ? 1 : 1 + regularity * closing(all, squares, near, saturation);
    utilisation[k] = busy;
    ws.rest[k] = rest;
    const free = 1 - saturation;
    const whole = 1 + all * free;
    let share = 0;
    let work = 0;
    for (let at = begin, c = lowest; at < end; at += CELL_WIDTH, c++) {
      const r = rate[c]!;
      const u = cell[at + DEMAND]! * r;
      const up = cell[at + POSTED_DEMAND]! * r;
      const kappa = whole - u * free;
      const one = 1 + kappa * u;
      const two = 1 + up * entry;
      const both = 1 / (one * two);
      const a = both * two;
      const alone = both * one;
      const p = up * alone;
      const h = cell[at + HALF_SQUARE]! * r * a;
      const own = kappa * h;
      share += (u + p) * a;
      work += h - p * own + cell[at + POSTED_HALF_SQUARE]! * r * alone;
      cell[at + PART] = a;
      cell[at + WAIT] = own * rest;
    }
    let left = 1 - share;
    // Less than any utilisation up to 1 leaves: these cycles are much too short.
    if (left < least) left = (least * least) / (2 * least - left);
    const x = (work * rest) / left;
    if (x > longest) longest = x;
    for (let at = begin, c = lowest; at < end; at += CELL_WIDTH, c++) {
      let wait = cell[at + PART]! * x - cell[at + WAIT]!;
      // Rounding alone can leave something where nobody else is.
      if (wait < x * 1e-12) wait = 0;
      cell[at + WAIT] = wait;
      found[c]! += cell[at + VISITS]! * wait;
    }
  }
  let full = false;
  for (let c = 0; c < classes; c++) {
    buffer_ns[c] = 0;
    // No job finds more than the longest queue: mostly that is little enough.
    if (sent[c]! * longest + service_ns[c]! > found[c]! * entries) full = true;
  }
  if (full) fill(cells, ws, entries);
}
