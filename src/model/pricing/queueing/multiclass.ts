import { load } from './multiclass-load.ts';
import { refine } from './multiclass-refine.ts';
import type { MulticlassWorkspace } from './multiclass-workspace.ts';

/**
 * Approximate mean value analysis of closed networks with many classes (one class a CPU) and first-come,
 * first-served stations: the core of lock contention. (`cycles.ts` has the memory system's.)
 *
 * A class c has N_c customers. Its cycle takes base_c without any waiting and visits station k v_ck times.
 * T_c is its cycle time, D_ck the service it takes per cycle, and H_ck half the second moment of these
 * services (Σ E[S²]/2), so that D/T is the utilisation and H/T the mean residual work of the job in
 * service. The wait per visit is the work that an arrival finds:
 *
 *   A_ck = Σ_j b_jk,      b_jk = N_j (D_jk A_jk + H_jk) / T_j,       T_c = base_c + Σ_k v_ck A_ck
 *
 * (D A/T: work of those that wait, by Little's law; H/T: what is left of the one in service. For one server
 * with Poisson arrivals this is Pollaczek & Khinchine's formula; with exponential service it is MVA's
 * D (1 + Q).) Reiser, "A queueing network analysis of computer communication networks with window flow
 * control", IEEE Trans. Comm. 27(8), 1979, for FCFS stations with general service.
 *
 * The arrival theorem wants b_jk in the network without the arriving customer. Schweitzer (1979) takes it from
 * the whole network, less the arriver's own share: pessimistic. Linearizer (Chandy & Neuse, CACM 25(2), 1982)
 * solves the networks with one customer less as well and assumes that what the removal changes is the same
 * one customer further down. Here its correction is kept as one ratio per class and station,
 * σ_ck = (work seen by c) ÷ (Schweitzer's estimate of it), so memory stays classes × stations and a negative
 * queue cannot arise; one refinement costs classes² × stations, as in de Souza e Silva & Muntz, "A note on
 * the computational cost of the Linearizer algorithm", IEEE Trans. Computers 39(6), 1990.
 *
 * Arithmetic: + − × ÷ only. Iterations are bounded; they end early when no wait moves any more, a decision
 * made from the same bits everywhere.
 */

/** How hard to try. */
export interface MulticlassOptions {
  /** Upper limit of iterations of each fixed point. */
  readonly iterations: number;
  /** Refinements of Schweitzer's estimate (0: Schweitzer). */
  readonly refinements: number;
  /** A fixed point has been reached when no wait changes by more than this share of itself. */
  readonly tolerance: number;
}

/** Linearizer's authors recommend three refinements; more change little. */
export const MULTICLASS_DEFAULTS: MulticlassOptions = {
  iterations: 200,
  refinements: 3,
  tolerance: 1e-9,
};

/** How exact the fixed point before a refinement is: digits that the refinement changes are wasted. */
const EARLY_TOLERANCE = 1e-4;
const EARLY_ITERATIONS = 32;
/** Refinements that are made anew for a network that is near: with one, waits for busy locks are off by some thousandths. */
const NEAR_REFINEMENTS = 2;

/**
 * Solves the network in the workspace. Every solve starts from an idle network, so that a result depends on
 * its inputs alone. `before`: gets the ratios before the last `NEAR_REFINEMENTS`.
 */
export function solveMulticlass(
  ws: MulticlassWorkspace,
  options: MulticlassOptions = MULTICLASS_DEFAULTS,
  before: Float64Array | null = null,
): void {
  const { classes, stations, wait_ns, ratio, closing } = ws;
  // Loops: for a few stations calls of `fill` take longer than all the rest.
  for (let i = 0; i < classes * stations; i++) {
    wait_ns[i] = 0;
    ratio[i] = 1;
  }
  for (let c = 0; c < classes; c++) ws.cycle_ns[c] = ws.base_ns[c]!;
  for (let k = 0; k < stations; k++) closing[k] = 1;
  ws.iterations = 0;
  for (let r = 0; r < options.refinements; r++) {
    settle(ws, EARLY_ITERATIONS, EARLY_TOLERANCE);
    if (r === options.refinements - NEAR_REFINEMENTS) before?.set(ratio);
    refine(ws);
  }
  settle(ws, options.iterations, options.tolerance);
  load(ws);
}

/**
 * The same for a network that is near another: with its waits, which are in the workspace, and its ratios before the last
 * refinements, which are made anew.
 */
export function solveMulticlassNear(
  ws: MulticlassWorkspace,
  options: MulticlassOptions,
  ratios: Float64Array,
): void {
  const { classes, stations, base_ns, visits, wait_ns, cycle_ns, ratio, closing } = ws;
  for (let c = 0, i = 0; c < classes; c++) {
    let waits = 0;
    for (let k = 0; k < stations; k++, i++) {
      ratio[i] = ratios[i]!;
      waits += visits[i]! * wait_ns[i]!;
    }
    cycle_ns[c] = base_ns[c]! + waits;
  }
  for (let k = 0; k < stations; k++) closing[k] = 1;
  ws.iterations = 0;
  for (let r = 0; r < Math.min(options.refinements, NEAR_REFINEMENTS); r++) {
    settle(ws, EARLY_ITERATIONS, EARLY_TOLERANCE);
    refine(ws);
  }
  settle(ws, options.iterations, options.tolerance);
  load(ws);
}

/**
 * The fixed point of waits and cycle times with the ratios as they are: Anderson's method of depth one
 * (D. G. Anderson, "Iterative procedures for nonlinear integral equations", JACM 12(4), 1965), which takes a
 * third to a half of the iterations of plain substitution.
 */
function settle(ws: MulticlassWorkspace, limit: number, tolerance: number): void {
  for (let iteration = 0; iteration < limit; iteration++) {
    ws.iterations++;
    if (ws.regularity !== 0) load(ws);
    share(ws);
    const theta = find(ws, tolerance);
    // The first step of a fixed point has no other before it.
    advance(ws, iteration > 0 ? theta : 0);
    if (!ws.moved) return;
  }
}

/** What arrivals find with the work at hand, into `next`, and whether any wait moves. Gives Anderson's factor. */
function find(ws: MulticlassWorkspace, tolerance: number): number {
  const { classes, stations, population, wait_ns, work, total, ratio, step, next } = ws;
  let moved = false;
  // Sums for Anderson's factor: f·Δf and Δf·Δf.
  let along = 0;
  let change2 = 0;
  for (let c = 0, i = 0; c < classes; c++) {
    const n = population[c]!;
    const own = n > 0 ? 1 / n : 0;
    for (let k = 0; k < stations; k++, i++) {
      const others = total[k]! - work[i]! * own;
      // Rounding alone can leave less than nothing when only this class is there.
      const a = others > 0 ? others * ratio[i]! : 0;
      const f = a - wait_ns[i]!;
      if (Math.abs(f) > tolerance * a) moved = true;
      const df = f - step[i]!;
      along += f * df;
      change2 += df * df;
      step[i] = f;
      next[i] = a;
    }
  }
  ws.moved = moved;
  return change2 > 0 ? along / change2 : 0;
}

/** The waits and cycle times that follow: what was found, or that much further along the last two findings. */
function advance(ws: MulticlassWorkspace, theta: number): void {
  const { classes, stations, base_ns, visits, wait_ns, cycle_ns, previous, next, moved } = ws;
  for (let c = 0, i = 0; c < classes; c++) {
    let waits = 0;
    for (let k = 0; k < stations; k++, i++) {
      const a = next[i]!;
      let x = moved ? a - theta * (a - previous[i]!) : a;
      if (x < 0) x = a;
      previous[i] = a;
      wait_ns[i] = x;
      waits += visits[i]! * x;
    }
    cycle_ns[c] = base_ns[c]! + waits;
  }
}

/** Work of the classes at each station, from the waits and cycle times at hand. */
function share(ws: MulticlassWorkspace): void {
  const { classes, stations, population, demand_ns, half_square_ns2, wait_ns, cycle_ns } = ws;
  const { work, total, closing } = ws;
  for (let k = 0; k < stations; k++) total[k] = 0;
  for (let c = 0, i = 0; c < classes; c++) {
    const rate = cycle_ns[c]! > 0 ? population[c]! / cycle_ns[c]! : 0;
    for (let k = 0; k < stations; k++, i++) {
      const b = (demand_ns[i]! * wait_ns[i]! + half_square_ns2[i]! * closing[k]!) * rate;
      work[i] = b;
      total[k]! += b;
    }
  }
}
