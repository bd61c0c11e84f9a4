import { solveCycles } from './cycles.ts';
import {
  CELL_WIDTH,
  CYCLE_DEFAULTS,
  type CycleOptions,
  type CycleWorkspace,
  cycleWorkspace,
  WAIT,
} from './cycles-workspace.ts';
import { type Demands, loadDemands } from './demands.ts';
import type { Pairs } from './pairs/pairs.ts';
import {
  addCounts,
  addWindow,
  type RunContention,
  runSums,
  type WindowAnswer,
  whole,
  wholeRun,
} from './run-contention.ts';
import type { Network } from './topology.ts';
import { BLOCKING_KINDS } from './traffic.ts';
import { type ContentionPrices, loadBases, loadPrices, type PriceRow, priceRow } from './window-bases.ts';

/**
 * Contention in the memory system: each CPU is a class of one customer, who computes, misses, and waits until
 * the miss is served (one outstanding miss: rule of a closed network). Controllers, memories, links or the bus
 * are the stations. Latency and run time are one fixed point: longer latencies slow the CPUs, slower CPUs load
 * the stations less. See docs/contention.md.
 */

const KINDS = BLOCKING_KINDS.length;

/** Memory of a solve and its answer for one window; [cpu × kinds + kind] for the arrays by kind. */
export interface ContentionWorkspace {
  /** By CPU, and by station of the demands. */
  readonly network: CycleWorkspace;
  /** Stall without any queueing. */
  readonly minimum_ns: Float64Array;
  /** What queueing adds to it. */
  readonly queueing_ns: Float64Array;
  /** The same as an answer. */
  readonly answer: WindowAnswer;
  readonly prices: PriceRow;
}

/** A workspace for up to so many CPUs and stations. */
export function contentionWorkspace(cpus: number, stations: number): ContentionWorkspace {
  const network = cycleWorkspace(cpus, stations);
  const { cycle_ns, buffer_ns, utilisation } = network;
  const minimum_ns = new Float64Array(cpus * KINDS);
  const queueing_ns = new Float64Array(cpus * KINDS);
  return {
    network,
    minimum_ns,
    queueing_ns,
    answer: {
      cycle_ns: whole(cycle_ns),
      buffer_ns: whole(buffer_ns),
      utilisation: whole(utilisation),
      minimum_ns: whole(minimum_ns),
      queueing_ns: whole(queueing_ns),
    },
    prices: priceRow(),
  };
}

/**
 * Solves one window. `think_ns[c]` is all of CPU c's time in it that is not spent waiting on misses: execution,
 * and idle time if there is any. Afterwards `workspace.network.cycle_ns[c]` is CPU c's time in the window:
 * think + minimum + queueing (by kind) + `network.buffer_ns[c]`.
 */
export function solveWindow(
  demands: Demands,
  think_ns: ArrayLike<number>,
  prices: ContentionPrices,
  workspace: ContentionWorkspace,
  options: CycleOptions = CYCLE_DEFAULTS,
): void {
  loadPrices(prices, workspace.prices);
  solvePriced(demands, think_ns, workspace, options);
}

function solvePriced(
  demands: Demands,
  think_ns: ArrayLike<number>,
  { network, minimum_ns, queueing_ns, prices }: ContentionWorkspace,
  options: CycleOptions,
): void {
  const { cpus, cells, firstWait, waitCell, waitCount } = demands;
  const { cell } = network;
  if (
    cpus > network.base_ns.length ||
    cells.stations > network.utilisation.length ||
    cells.first[cells.stations]! * CELL_WIDTH > cell.length
  )
    throw new RangeError('the workspace is too small for this network');
  network.regularity = prices.regularity;
  loadDemands(demands, prices.each_ns, prices.half, network);
  loadBases(demands, think_ns, prices, minimum_ns, network.base_ns);
  solveCycles(cells, network, options);
  for (let target = 0; target < cpus * KINDS; target++) {
    let ns = 0;
    const end = firstWait[target + 1]!;
    for (let i = firstWait[target]!; i < end; i++)
      ns += waitCount[i]! * cell[waitCell[i]! * CELL_WIDTH + WAIT]!;
    queueing_ns[target] = ns;
  }
}

/** One window of a run: its demands (structure) and the CPUs' other time (priced by the caller). */
export interface Window {
  readonly demands: Demands;
  readonly think_ns: ArrayLike<number>;
}

/**
 * Solves each window by itself and adds up. Windows are asked for one at a time, so that those of a large machine
 * need not be held together. Each has `cpus` CPUs.
 */
export function solveRun(
  network: Network,
  cpus: number,
  windows: Iterable<Window>,
  prices: ContentionPrices,
  options: CycleOptions = CYCLE_DEFAULTS,
  workspace: ContentionWorkspace = contentionWorkspace(cpus, network.stations.length),
): RunContention {
  const sums = runSums(cpus, network.stations.length);
  loadPrices(prices, workspace.prices);
  for (const { demands, think_ns } of windows) {
    solvePriced(demands, think_ns, workspace, options);
    addCounts(sums, demands);
    addWindow(sums, demands.stations, think_ns, workspace.answer);
  }
  return wholeRun(sums);
}

/** The same, to the last bit, of windows that are laid out in pairs. */
export function solveRunInPairs(
  network: Network,
  cpus: number,
  windows: readonly Window[],
  pairs: Pairs,
  prices: ContentionPrices,
  options: CycleOptions = CYCLE_DEFAULTS,
  workspace: ContentionWorkspace = contentionWorkspace(cpus, network.stations.length),
): RunContention {
  const sums = runSums(cpus, network.stations.length);
  loadPrices(prices, workspace.prices);
  addCounts(sums, pairs.counts);
  pairs.price(workspace.prices);
  for (let w = 0; w < windows.length; w++) {
    const { demands, think_ns } = windows[w]!;
    if (w % 2 === 0) pairs.solve(w / 2, think_ns, windows[w + 1]?.think_ns ?? null, options);
    const answer = pairs.answer(w % 2);
    if (answer !== null) addWindow(sums, pairs.stations[w >> 1]!, think_ns, answer);
    else {
      solvePriced(demands, think_ns, workspace, options);
      addWindow(sums, demands.stations, think_ns, workspace.answer);
    }
  }
  return wholeRun(sums);
}
