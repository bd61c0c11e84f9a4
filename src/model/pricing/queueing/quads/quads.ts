import { CYCLE_DEFAULTS } from '../cycles-workspace.ts';
import { BLOCKING_KINDS, SERVICES } from '../traffic.ts';
import type { PriceRow } from '../window-bases.ts';
import { CLASS_BYTES, FOUND, LANES, PRICE_BYTES, QUAD } from './layout.ts';
import { type CountedWindow, type PlacedWindow, placeSums, type QuadMemory, quadMemory } from './memory.ts';
import { inverseOfRest } from './response.ts';

/**
 * Contention at many random prices near known ones: four samples at a time, in single precision, each window by the
 * equations of `cycles.ts`. A sample's search begins where its prices lead to first order from the solution at the known
 * prices, and its steps are Newton's with the derivatives there. It ends when no cycle is further from the one found than
 * `TOLERANCE` of itself, and takes one step more without looking. A sample depends on itself and the known prices alone,
 * not on those it is solved with.
 */

const KINDS = BLOCKING_KINDS.length;
const ENTRIES = CYCLE_DEFAULTS.posted_buffer;

/** Of a cycle, before the last step, which leaves a twentieth of it or less. */
export const TOLERANCE = 2e-4;
/** What is not found by then is solved by itself. */
const LOOKS = 6;
/** Change of what is differentiated by, in parts of it. */
const CHANGE = 0.01;
const ALL = 2 ** LANES - 1;

/** Where samples are near. */
export interface KnownPoint {
  readonly rates: ArrayLike<number>;
  readonly prices: PriceRow;
  /** By window, by CPU. */
  readonly cycles: readonly ArrayLike<number>[];
}

export interface Quads {
  /** Sets what a sample's rates and services cost. All have the same distribution of services. */
  load(lane: number, rates: ArrayLike<number>, prices: PriceRow): void;
  /** Solves all windows for the samples that are loaded. */
  solve(): void;
  /** Adds what queueing comes to in all windows of a sample, by [cpu × kinds + kind], but in those that are given. */
  take(lane: number, queueing_ns: Float64Array): readonly number[];
}

/** Prepares windows; null: there is no WebAssembly, and each point is to be solved by itself. */
export function layQuads(windows: readonly CountedWindow[], known: KnownPoint, rates: number): Quads | null {
  const memory = windows.length === 0 ? null : quadMemory(windows, rates);
  return memory && createQuads(memory, windows[0]!.demands.cpus, known);
}

function createQuads(memory: QuadMemory, cpus: number, known: KnownPoint): Quads {
  const { kernel, floats, shared, windows } = memory;
  const { base, service, least, cycle, away, step, before, stepBefore, next, factor } = shared;
  const { person, loads, settled, was, queueing, prices } = shared;
  const nextEnd = next + cpus * QUAD;
  const baseEnd = base + cpus * QUAD;
  const cycleEnd = cycle + cpus * QUAD;
  const factorEnd = factor + cpus * QUAD;
  const targets = cpus * KINDS;
  const calls = {
    combine: kernel.combine!,
    least: kernel.least!,
    begin: kernel.begin!,
    sums: [kernel.sums0!, kernel.sums1!, kernel.sums2!, kernel.sums3!],
    saturate: kernel.saturate!,
    work: [kernel.work0!, kernel.work1!, kernel.work2!, kernel.work3!],
    wait: [kernel.wait0!, kernel.wait0!, kernel.wait2!, kernel.wait2!],
    settle: kernel.settle!,
    advance: kernel.advance!,
    correct: kernel.correct!,
    collect: kernel.collect!,
  };
  const left = 1 / (8 * cpus * ENTRIES);
  /** By window: the samples for which it was solved, as bits; and whether it can be at the known point. */
  const found = new Uint8Array(windows.length);
  const easy = new Uint8Array(windows.length).fill(1);
  let regularity = 0;

  const look = ({ variants, loadsEnd }: PlacedWindow): void => {
    calls.begin(cycle, cycleEnd, base, person, prices);
    for (let v = 0; v < variants.length; v++) {
      const { from, to, loads: at } = variants[v]!;
      if (from !== to) calls.sums[v]!(from, to, at);
    }
    calls.saturate(loads, loadsEnd, regularity);
    for (let v = 0; v < variants.length; v++) {
      const { from, to, loads: at } = variants[v]!;
      if (from === to) continue;
      calls.work[v]!(from, to, at, 1 / ENTRIES, left);
      calls.wait[v]!(from, to, at);
    }
  };

  /** Solves a window; gives the samples for which that could be done, as bits. */
  const solveWindow = (window: PlacedWindow): number => {
    const { start, step: steps, waits, sent, loadsEnd } = window;
    calls.combine(window.base.terms, window.base.ends, window.base.endsEnd, base);
    calls.combine(start.terms, start.ends, start.endsEnd, cycle);
    calls.least(base, baseEnd, service, least, cycle, 1 / ENTRIES);
    floats.fill(0, was / 4, was / 4 + LANES);
    let bits = 0;
    for (let count = 1; ; count++) {
      look(window);
      bits = calls.settle(
        cycle,
        cycleEnd,
        person,
        away,
        sent,
        service,
        loads,
        loadsEnd,
        settled,
        TOLERANCE,
        ENTRIES,
      );
      calls.combine(steps.terms, steps.ends, steps.endsEnd, step);
      const known = count > 1 ? 1 : 0;
      calls.advance(cycle, cycleEnd, step, before, stepBefore, least, next, settled, was, known);
      if (bits === ALL || count === LOOKS) break;
    }
    calls.correct(next, nextEnd, base, person, factor);
    calls.collect(waits.terms, waits.ends, factor, factorEnd, queueing, KINDS * QUAD, settled);
    return bits;
  };

  const load: Quads['load'] = (lane, rates, row) => {
    regularity = row.regularity;
    for (let i = 0; i < rates.length; i++) floats[shared.rates / 4 + i * LANES + lane] = rates[i]!;
    for (let s = 0; s < SERVICES.length; s++) {
      const at = (prices + s * PRICE_BYTES) / 4 + lane;
      floats[at] = row.each_ns[s]!;
      floats[at + LANES] = row.each_ns[s]! * row.half;
    }
  };

  /** Derivatives at the known point, from differences. */
  const respond = (window: PlacedWindow, cycles: ArrayLike<number>): boolean => {
    for (let lane = 0; lane < LANES; lane++) load(lane, known.rates, known.prices);
    calls.combine(window.base.terms, window.base.ends, window.base.endsEnd, base);
    const foundAt = (c: number, lane: number): number =>
      floats[(person + c * CLASS_BYTES + FOUND) / 4 + lane]!;
    const jacobian = new Float64Array(cpus * cpus);
    const byService = new Float64Array(cpus * SERVICES.length);
    const setCycles = (first: number, by: number): void => {
      for (let c = 0; c < cpus; c++)
        for (let lane = 0; lane < LANES; lane++)
          floats[cycle / 4 + c * LANES + lane] = cycles[c]! * (c === first + lane ? 1 + by : 1);
    };
    for (let first = 0; first < cpus; first += LANES)
      for (const sign of [1, -1]) {
        setCycles(first, sign * CHANGE);
        look(window);
        for (let lane = 0; lane < LANES && first + lane < cpus; lane++) {
          const width = 2 * CHANGE * cycles[first + lane]!;
          for (let c = 0; width > 0 && c < cpus; c++)
            jacobian[c * cpus + first + lane]! += (sign * foundAt(c, lane)) / width;
        }
      }
    for (const sign of [1, -1]) {
      for (let s = 0; s < SERVICES.length; s++) {
        const each_ns = known.prices.each_ns.map((ns, i) => (i === s ? ns * (1 + sign * CHANGE) : ns));
        load(s, known.rates, { ...known.prices, each_ns });
      }
      setCycles(cpus, 0);
      look(window);
      for (let s = 0; s < SERVICES.length; s++) {
        const width = 2 * CHANGE * known.prices.each_ns[s]!;
        for (let c = 0; width > 0 && c < cpus; c++)
          byService[c * SERVICES.length + s]! += (sign * foundAt(c, s)) / width;
      }
    }
    const whole = inverseOfRest(jacobian, cpus);
    if (whole === null) return false;
    const rows = Array.from({ length: cpus }, (_, c) => whole.subarray(c * cpus, (c + 1) * cpus));
    const bases = rows.map((_, c) => floats[base / 4 + c * LANES]!);
    const stepOf = (row: Float64Array, from: number) =>
      Array.from(row, (count, j) => ({ at: from + j * QUAD, count }));
    placeSums(
      memory,
      window.step,
      rows.map((row) => stepOf(row, away)),
    );
    placeSums(
      memory,
      window.start,
      rows.map((row, c) => {
        const slopes = SERVICES.map((_, s) =>
          row.reduce((sum, count, j) => sum + count * byService[j * SERVICES.length + s]!, 0),
        );
        const services = slopes.map((count, s) => ({ at: prices + s * PRICE_BYTES, count }));
        let constant = cycles[c]!;
        for (let j = 0; j < cpus; j++) constant -= row[j]! * bases[j]!;
        for (let s = 0; s < slopes.length; s++) constant -= slopes[s]! * known.prices.each_ns[s]!;
        return [{ at: shared.one, count: constant }, ...stepOf(row, base), ...services];
      }),
    );
    for (let lane = 0; lane < LANES; lane++) load(lane, known.rates, known.prices);
    return solveWindow(window) === ALL;
  };
  for (const [w, window] of windows.entries()) easy[w] = respond(window, known.cycles[w]!) ? 1 : 0;

  return {
    load,
    solve: () => {
      floats.fill(0, queueing / 4, queueing / 4 + targets * LANES);
      for (let w = 0; w < windows.length; w++) found[w] = easy[w] === 1 ? solveWindow(windows[w]!) : 0;
    },
    take: (lane, queueing_ns) => {
      for (let target = 0; target < targets; target++)
        queueing_ns[target] = floats[queueing / 4 + target * LANES + lane]!;
      const missing: number[] = [];
      for (let w = 0; w < windows.length; w++) if (((found[w]! >> lane) & 1) === 0) missing.push(w);
      return missing;
    },
  };
}
