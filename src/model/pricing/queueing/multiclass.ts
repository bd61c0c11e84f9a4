import type { MulticlassWorkspace } from './multiclass-workspace.ts';

/**
 * Approximate mean value analysis of closed networks with many classes (one class a CPU) and first-come,
 * first-served stations: the core of memory and lock contention.
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
/** U^(2^n) is what tells saturation from the rest. */
const SATURATION_SQUARINGS = 5;

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
  const { classes, stations } = ws;
  if (!warm) {
    const used = classes * stations;
    ws.wait_ns.fill(0, 0, used);
    ws.postedWork.fill(0, 0, used);
    ws.ratio.fill(1, 0, used);
    ws.buffer_ns.fill(0, 0, classes);
  }
  ws.posted.fill(0, 0, stations);
  for (let c = 0; c < classes; c++) {
    let cycle = ws.base_ns[c]! + ws.buffer_ns[c]!;
    for (let i = c * stations; i < (c + 1) * stations; i++) cycle += ws.visits[i]! * ws.wait_ns[i]!;
    ws.cycle_ns[c] = cycle;
  }
  const hasPosted = anyPosted(ws);
  ws.closing.fill(1, 0, stations);
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
  const { classes, stations, population, base_ns, visits, wait_ns, cycle_ns, posted } = ws;
  const { work, total, ratio, previous, step, next } = ws;
  for (let iteration = 0; iteration < limit; iteration++) {
    ws.iterations++;
    if (ws.regularity !== 0) load(ws, hasPosted);
    share(ws);
    if (hasPosted) sharePosted(ws, options.posted_buffer);
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
        const most = tolerance * a;
        if (f > most || -f > most) moved = true;
        const df = f - step[i]!;
        along += f * df;
        change2 += df * df;
        step[i] = f;
        next[i] = a;
      }
    }
    const theta = iteration > 0 && change2 > 0 ? along / change2 : 0;
    for (let c = 0, i = 0; c < classes; c++) {
      let waits = 0;
      for (let k = 0; k < stations; k++, i++) {
        const a = next[i]!;
        let x = a - theta * (a - previous[i]!);
        if (!moved || x < 0) x = a;
        previous[i] = a;
        wait_ns[i] = x;
        waits += visits[i]! * x;
      }
      cycle_ns[c] = base_ns[c]! + waits;
    }
    if (hasPosted) holdBack(ws, options.posted_buffer);
    if (!moved) return;
  }
}

/**
 * Utilisation of each station, and how much longer than by chance the rest of a service is that an arrival
 * finds. With constant service by chance it is half. But in a closed network a station that is always busy
 * starts the next service at the moment when a customer leaves it, and that customer's return is in step with
 * it: near saturation an arrival finds whole services (only so can utilisation not pass 1), as with
 * exponential ones. The share g of the way there is fitted to simulations of one and four stations with 2 to
 * 64 customers: g₀ = 2.5 U u/(1 + 2 u) with u the mean utilisation by one customer, and U³² close to 1.
 */
function load(ws: MulticlassWorkspace, hasPosted: boolean): void {
  const { classes, stations, population, cycle_ns, utilisation, squares, closing, demand_ns } = ws;
  for (let k = 0; k < stations; k++) {
    utilisation[k] = 0;
    squares[k] = 0;
  }
  for (let c = 0, i = 0; c < classes; c++) {
    const n = population[c]!;
    const rate = cycle_ns[c]! > 0 ? 1 / cycle_ns[c]! : 0;
    for (let k = 0; k < stations; k++, i++) {
      const one = demand_ns[i]! * rate;
      utilisation[k]! += one * n;
      squares[k]! += one * one * n;
    }
  }
  const { regularity } = ws;
  for (let k = 0; k < stations; k++) {
    const all = utilisation[k]!;
    squares[k] = all > 0 ? squares[k]! / all : 0;
  }
  if (hasPosted)
    for (let c = 0, i = 0; c < classes; c++) {
      const rate = cycle_ns[c]! > 0 ? population[c]! / cycle_ns[c]! : 0;
      for (let k = 0; k < stations; k++, i++) utilisation[k]! += ws.posted_demand_ns[i]! * rate;
    }
  if (regularity === 0) return;
  for (let k = 0; k < stations; k++) {
    const busy = Math.min(utilisation[k]!, 1);
    const u = squares[k]!;
    const near = (2.5 * busy * u) / (1 + 2 * u);
    const g = Math.min(near, 1);
    closing[k] = 1 + regularity * (g + (1 - g) * power(busy, SATURATION_SQUARINGS));
  }
}

/** x^(2^squarings), x at most 1: next to nothing but near saturation. */
function power(x: number, squarings: number): number {
  let p = Math.min(x, 1);
  for (let i = 0; i < squarings; i++) p *= p;
  return p;
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

/**
 * What a posted job of a class finds at a station: what a miss of the class finds there (its CPU is computing
 * when it posts), but for the job's own place in the class's buffer.
 */
const foundByPosted = (wait: number, own: number, entries: number): number => {
  const found = wait - own / entries;
  return Math.max(found, 0);
};

/** Work of posted jobs at each station. */
function sharePosted(ws: MulticlassWorkspace, entries: number): void {
  const { classes, stations, population, cycle_ns, posted, postedWork, wait_ns, closing } = ws;
  for (let k = 0; k < stations; k++) posted[k] = 0;
  for (let c = 0, i = 0; c < classes; c++) {
    const n = population[c]!;
    const own = n > 0 ? 1 / n : 0;
    const rate = cycle_ns[c]! > 0 ? n / cycle_ns[c]! : 0;
    for (let k = 0; k < stations; k++, i++) {
      const found = foundByPosted(wait_ns[i]!, postedWork[i]! * own, entries);
      const b = (ws.posted_demand_ns[i]! * found + ws.posted_half_square_ns2[i]! * closing[k]!) * rate;
      postedWork[i] = b;
      posted[k]! += b;
    }
  }
}

/** Lengthens the cycles of classes whose posted buffer would be full. */
function holdBack(ws: MulticlassWorkspace, entries: number): void {
  const { classes, stations, population, cycle_ns, wait_ns, postedWork } = ws;
  for (let c = 0, i = 0; c < classes; c++) {
    const own = population[c]! > 0 ? 1 / population[c]! : 0;
    let flight = 0;
    for (let k = 0; k < stations; k++, i++)
      flight +=
        ws.posted_visits[i]! * foundByPosted(wait_ns[i]!, postedWork[i]! * own, entries) +
        ws.posted_demand_ns[i]!;
    const least = flight / entries;
    const free = cycle_ns[c]!;
    ws.buffer_ns[c] = least > free ? least - free : 0;
    if (least > free) cycle_ns[c] = least;
  }
}

/**
 * One refinement: for each class, the work at each station in the network with one of its customers less,
 * whose own waits are taken as Schweitzer's estimate there times the ratios of both classes. What j finds
 * without c is what c finds without j, so each pair is looked at once.
 */
function refine(ws: MulticlassWorkspace, hasPosted: boolean): void {
  const { classes, stations, population, base_ns, buffer_ns, visits, demand_ns } = ws;
  const { work, total, ratio, removed, posted, closing, squares, utilisation } = ws;
  // Scratch of the fixed point, free between its runs: residual work, and what each class finds.
  const rest = ws.next;
  const seen = ws.step;
  for (let c = 0, i = 0; c < classes; c++)
    for (let k = 0; k < stations; k++, i++) {
      rest[i] = ws.half_square_ns2[i]! * closing[k]!;
      seen[i] = 0;
    }
  for (let c = 0; c < classes; c++) {
    const n = population[c]!;
    if (n === 0) continue;
    const ci = c * stations;
    for (let j = c; j < classes; j++) {
      const m = population[j]!;
      if (m === 0 || (j === c && n <= 1)) continue;
      const ji = j * stations;
      let cycleC = base_ns[c]! + buffer_ns[c]!;
      let cycleJ = base_ns[j]! + buffer_ns[j]!;
      for (let k = 0; k < stations; k++) {
        let a = total[k]! - work[ci + k]! / n - work[ji + k]! / m;
        a = a > 0 ? a * ratio[ci + k]! * ratio[ji + k]! : 0;
        a += posted[k]!;
        removed[k] = a;
        cycleC += visits[ci + k]! * a;
        cycleJ += visits[ji + k]! * a;
      }
      const rateJ = cycleJ > 0 ? (j === c ? n - 1 : m) / cycleJ : 0;
      const rateC = cycleC > 0 && j !== c ? n / cycleC : 0;
      for (let k = 0; k < stations; k++) {
        const a = removed[k]!;
        seen[ci + k]! += (demand_ns[ji + k]! * a + rest[ji + k]!) * rateJ;
        seen[ji + k]! += (demand_ns[ci + k]! * a + rest[ci + k]!) * rateC;
      }
    }
  }
  load(ws, hasPosted);
  for (let k = 0; k < stations; k++) squares[k] = power(utilisation[k]!, SATURATION_SQUARINGS);
  for (let c = 0, i = 0; c < classes; c++) {
    const n = population[c]!;
    for (let k = 0; k < stations; k++, i++) {
      const whole = n > 0 ? total[k]! - work[i]! / n : 0;
      const found = seen[i]! > 0 && whole > 0 ? seen[i]! / whole : 1;
      // With Schweitzer's own estimate no station can pass utilisation 1; so back to it at the very end.
      ratio[i] = found + (1 - found) * squares[k]!;
    }
  }
}
