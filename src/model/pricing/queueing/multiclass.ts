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
 * Posted work (write-backs, invalidations) is sent without waiting for it: an open stream whose rate follows
 * the class's cycle (mixed network: Lazowska, Zahorjan, Graham & Sevcik, "Quantitative System Performance",
 * 1984, ch. 7). It finds what a miss of its class finds. A customer has a buffer of `posted_buffer` such jobs
 * and stops while it is full: T_c ≥ (time in flight per cycle) ÷ entries. So posted work, too, cannot exceed
 * what a station can do.
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
  /** Posted jobs that one customer can have in flight, at least 1. */
  readonly posted_buffer: number;
}

/** Linearizer's authors recommend three refinements; more change little. */
export const MULTICLASS_DEFAULTS: MulticlassOptions = {
  iterations: 200,
  refinements: 3,
  tolerance: 1e-9,
  posted_buffer: 4,
};

/** How exact the fixed point before a refinement is: digits that the refinement changes are wasted. */
const EARLY_TOLERANCE = 1e-4;
const EARLY_ITERATIONS = 32;

/**
 * Solves the network in the workspace. Every solve starts from an idle network, so that a result depends on
 * its inputs alone. `warm` starts from the waits and ratios that the workspace holds (of a neighbouring
 * network of the same size), which saves iterations; its result then depends on that network a little, as
 * if it had been refined more often.
 */
export function solveMulticlass(
  ws: MulticlassWorkspace,
  options: MulticlassOptions = MULTICLASS_DEFAULTS,
  warm = false,
): void {
  const { classes, stations, wait_ns, postedWork, ratio, buffer_ns, base_ns, visits, cycle_ns } = ws;
  if (!warm) {
    for (let i = 0; i < classes * stations; i++) {
      wait_ns[i] = 0;
      postedWork[i] = 0;
      ratio[i] = 1;
    }
    for (let c = 0; c < classes; c++) buffer_ns[c] = 0;
  }
  for (let c = 0; c < classes; c++) {
    let cycle = base_ns[c]! + buffer_ns[c]!;
    for (let i = c * stations; i < (c + 1) * stations; i++) cycle += visits[i]! * wait_ns[i]!;
    cycle_ns[c] = cycle;
  }
  const hasPosted = anyPosted(ws);
  const { posted, closing } = ws;
  for (let k = 0; k < stations; k++) {
    posted[k] = 0;
    closing[k] = 1;
  }
  ws.iterations = 0;
  for (let r = 0; r < options.refinements; r++) {
    settle(ws, options, EARLY_ITERATIONS, EARLY_TOLERANCE, hasPosted);
    refine(ws, hasPosted);
  }
  settle(ws, options, options.iterations, options.tolerance, hasPosted);
  load(ws, hasPosted);
}

function anyPosted(ws: MulticlassWorkspace): boolean {
  const used = ws.classes * ws.stations;
  for (let i = 0; i < used; i++) if (ws.posted_visits[i]! > 0) return true;
  return false;
}

/**
 * The fixed point of waits and cycle times with the ratios as they are: Anderson's method of depth one
 * (D. G. Anderson, "Iterative procedures for nonlinear integral equations", JACM 12(4), 1965), which takes a
 * third to a half of the iterations of plain substitution.
 */
function settle(
  ws: MulticlassWorkspace,
  options: MulticlassOptions,
  limit: number,
  tolerance: number,
  hasPosted: boolean,
): void {
  for (let iteration = 0; iteration < limit; iteration++) {
    ws.iterations++;
    if (ws.regularity !== 0) load(ws, hasPosted);
    share(ws, options.posted_buffer, hasPosted);
    const theta = find(ws, tolerance);
    // The first step of a fixed point has no other before it.
    advance(ws, iteration > 0 ? theta : 0, options.posted_buffer, hasPosted);
    if (!ws.moved) return;
  }
}

/** What arrivals find with the work at hand, into `next`, and whether any wait moves. Gives Anderson's factor. */
function find(ws: MulticlassWorkspace, tolerance: number): number {
  const { classes, stations, population, wait_ns, posted, work, total, ratio, step, next } = ws;
  let moved = false;
  // Sums for Anderson's factor: f·Δf and Δf·Δf.
  let along = 0;
  let change2 = 0;
  for (let c = 0, i = 0; c < classes; c++) {
    const n = population[c]!;
    const own = n > 0 ? 1 / n : 0;
    for (let k = 0; k < stations; k++, i++) {
      let a = total[k]! - work[i]! * own;
      // Rounding alone can leave less than nothing when only this class is there.
      a = a > 0 ? a * ratio[i]! : 0;
      a += posted[k]!;
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

/**
 * The waits and cycle times that follow: what was found, or that much further along the last two findings. Cycles of
 * classes whose posted buffer would be full are lengthened.
 */
function advance(ws: MulticlassWorkspace, theta: number, entries: number, hasPosted: boolean): void {
  const { classes, stations, population, base_ns, visits, wait_ns, cycle_ns, buffer_ns, moved } = ws;
  const { previous, next, postedWork, posted_visits, posted_demand_ns } = ws;
  for (let c = 0, i = 0; c < classes; c++) {
    const own = population[c]! > 0 ? 1 / population[c]! : 0;
    let waits = 0;
    let flight = 0;
    for (let k = 0; k < stations; k++, i++) {
      const a = next[i]!;
      let x = moved ? a - theta * (a - previous[i]!) : a;
      if (x < 0) x = a;
      previous[i] = a;
      wait_ns[i] = x;
      waits += visits[i]! * x;
      if (hasPosted)
        flight += posted_visits[i]! * foundByPosted(x, postedWork[i]! * own, entries) + posted_demand_ns[i]!;
    }
    const free = base_ns[c]! + waits;
    const least = flight / entries;
    const full = hasPosted && least > free;
    cycle_ns[c] = full ? least : free;
    if (hasPosted) buffer_ns[c] = full ? least - free : 0;
  }
}

/** Work of the classes at each station, from the waits and cycle times at hand, and that of posted jobs. */
function share(ws: MulticlassWorkspace, entries: number, hasPosted: boolean): void {
  const { classes, stations, population, demand_ns, half_square_ns2, wait_ns, cycle_ns } = ws;
  const { work, total, closing, posted, postedWork, posted_demand_ns, posted_half_square_ns2 } = ws;
  for (let k = 0; k < stations; k++) {
    total[k] = 0;
    posted[k] = 0;
  }
  for (let c = 0, i = 0; c < classes; c++) {
    const n = population[c]!;
    const own = n > 0 ? 1 / n : 0;
    const rate = cycle_ns[c]! > 0 ? n / cycle_ns[c]! : 0;
    for (let k = 0; k < stations; k++, i++) {
      const wait = wait_ns[i]!;
      const rest = closing[k]!;
      const b = (demand_ns[i]! * wait + half_square_ns2[i]! * rest) * rate;
      work[i] = b;
      total[k]! += b;
      if (!hasPosted) continue;
      const found = foundByPosted(wait, postedWork[i]! * own, entries);
      const p = (posted_demand_ns[i]! * found + posted_half_square_ns2[i]! * rest) * rate;
      postedWork[i] = p;
      posted[k]! += p;
    }
  }
}

/**
 * What a posted job of a class finds at a station: what a miss of the class finds there (its CPU is computing
 * when it posts), but for the job's own place in the class's buffer.
 */
const foundByPosted = (wait: number, own: number, entries: number): number => {
  const found = wait - own / entries;
  return Math.max(found, 0);
};
