import { type Breakdown, type Cause, type Part, sumBy } from '../../src/model/pricing/breakdown.ts';
import type { PricedSystem } from '../../src/model/pricing/compiled.ts';
import { contentionPrices, type Delays, topologyOf } from '../../src/model/pricing/contention.ts';
import { costOf, type Names, namesOf, workOf } from '../../src/model/pricing/costs.ts';
import { layDemands } from '../../src/model/pricing/queueing/demands.ts';
import { splitExactly } from '../../src/model/pricing/queueing/exact-sums.ts';
import { solveRun } from '../../src/model/pricing/queueing/machine-contention.ts';
import { layNetwork } from '../../src/model/pricing/queueing/topology.ts';
import { BLOCKING_KINDS, compileTraffic } from '../../src/model/pricing/queueing/traffic.ts';
import { postedOf, stallsOf } from '../../src/model/pricing/stalls.ts';
import { compileWaits } from '../../src/model/pricing/waiting.ts';
import { wholePs } from '../../src/model/pricing/whole.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { FLOW_KINDS, LAYERS, sumCounter, type Tally, type TallyRow } from '../../src/model/tally.ts';

/**
 * Pricing as one would write it down: row by row, by name, from the tally and the prices each time. Slow, and the oracle of
 * the compiled one. What it shares with it: the price of a layer's work, the misses of a row, the solvers of queues.
 */

const KINDS = BLOCKING_KINDS.length;

/** The breakdown of a tally; virtual CPUs are not preempted. */
export function obviousBreakdown(tally: Tally, prices: ResolvedPrices, system: PricedSystem): Breakdown {
  const delays = obviousDelays(tally, prices, system);
  const rows = tally.rows.map((row) => {
    const stalls = stallsOf(row, prices);
    return { row, stalls, hop_ps: stalls.map(() => 0), queueing_ps: 0 };
  });
  if (delays !== null)
    for (let cpu = 0; cpu < tally.cpus; cpu++) {
      const mine = rows.filter(({ row }) => row.cpu === cpu);
      BLOCKING_KINDS.forEach((kind, k) => {
        const cells = mine.flatMap((row) =>
          row.stalls.flatMap((stall, at) => (stall.kind === kind ? [{ row, stall, at }] : [])),
        );
        const weights = cells.map(({ stall }) => stall.count);
        const hops = splitExactly(wholePs(delays.hops[cpu * KINDS + k]! * prices.hop_ns), weights);
        const waits = splitExactly(wholePs(delays.queueing_ns[cpu * KINDS + k]!), weights);
        cells.forEach(({ row, at }, i) => {
          row.hop_ps[at]! += hops[i]!;
          row.queueing_ps += waits[i]!;
        });
      });
      const buffer = splitExactly(
        wholePs(delays.buffer_ns[cpu]!),
        mine.map(({ row }) => postedOf(row)),
      );
      mine.forEach((row, i) => {
        row.queueing_ps += buffer[i]!;
      });
    }
  const parts = rows.flatMap((row) => partsOf(row, prices, system.monitor !== null));
  const busy = new Array<number>(tally.cpus).fill(0);
  for (const part of parts) busy[part.cpu]! += part.ps;
  parts.push(...compileWaits(tally, system)(prices, delays, busy, null).parts);
  return { total_ps: parts.reduce((sum, part) => sum + part.ps, 0), parts };
}

interface RowStalls {
  readonly row: TallyRow;
  readonly stalls: ReturnType<typeof stallsOf>;
  readonly hop_ps: readonly number[];
  readonly queueing_ps: number;
}

function partsOf(
  { row, stalls, hop_ps, queueing_ps }: RowStalls,
  prices: ResolvedPrices,
  monitor: boolean,
): Part[] {
  const parts: Part[] = [];
  const names = namesOf(row.layer, row.context, monitor);
  const add = (what: Partial<Names>, kind: Part['kind'], count: number, ps: number): void => {
    if (count !== 0 || ps !== 0)
      parts.push({ cpu: row.cpu, context: row.context, ...names, ...what, kind, count, ps });
  };
  const rounded = (ns: number): number => Math.round(ns * 1000);
  const work = workOf(row);
  const cost = costOf(row.layer, work, prices);
  if (row.layer === 'workload') {
    add({}, 'execution', work.instructions, rounded(cost.executed));
    const causes = new Map<Cause, { count: number; ps: number }>();
    stalls.forEach(({ cause, count, ns }, at) => {
      const sum = causes.get(cause) ?? { count: 0, ps: 0 };
      causes.set(cause, { count: sum.count + count, ps: sum.ps + rounded(count * ns) + hop_ps[at]! });
    });
    for (const [cause, { count, ps }] of causes) add({ cause, owner: 'architecture' }, 'stall', count, ps);
    add({ cause: 'device', owner: 'architecture' }, 'stall', work.uncached, rounded(cost.uncached));
  } else {
    const theirs = { owner: 'operating system' } as const;
    const { count, patchable } = work;
    add({}, 'execution', count - patchable, rounded(cost.executed));
    add(theirs, 'execution', patchable, rounded(cost.patchable));
    const share = count === 0 ? 0 : patchable / count;
    const waits = stalls.reduce((sum, stall) => sum + stall.count, 0);
    const waited = stalls.reduce((ns, stall) => ns + stall.count * stall.ns, 0);
    const hops = hop_ps.reduce((sum, ps) => sum + ps, 0);
    const theirWaits = Math.round(waits * share);
    const theirHops = Math.round(hops * share);
    add({}, 'stall', waits - theirWaits, rounded(waited * (1 - share)) + hops - theirHops);
    add(theirs, 'stall', theirWaits, rounded(waited * share) + theirHops);
  }
  const misses = stalls.reduce((sum, { kind, count }) => sum + (kind === null ? 0 : count), 0);
  if (queueing_ps > 0) add({ cause: 'queueing', owner: 'architecture' }, 'stall', misses, queueing_ps);
  return parts;
}

function obviousDelays(tally: Tally, prices: ResolvedPrices, { machine }: PricedSystem): Delays | null {
  const contended = machine.contention !== 'none';
  if (tally.windows.length === 0 || !(contended || prices.hop_ns > 0)) return null;
  const { cpus } = tally;
  const network = layNetwork(topologyOf(machine));
  // Nodes have equal shares of the CPUs, in order.
  const cpuNode = Array.from({ length: cpus }, (_, cpu) => Math.floor((cpu * machine.nodes) / cpus));
  const windows = tally.windows.map((window) => {
    const think_ns = new Float64Array(cpus);
    for (const [cpu, number, count, patchable, pagesZeroed, instructions, uncached, l2Hits] of window.work) {
      const layer = LAYERS[number]!;
      const of = (counter: 'count' | 'node_moves' | 'cell_moves'): number =>
        sumCounter(tally, counter, (row) => row.layer === layer && row.cpu === cpu);
      const share = (counter: 'node_moves' | 'cell_moves'): number =>
        layer === 'vcpu_move' && of('count') > 0 ? of(counter) / of('count') : 0;
      const nodeMoves = count * share('node_moves');
      const cellMoves = count * share('cell_moves');
      const work = { count, patchable, pagesZeroed, nodeMoves, cellMoves, instructions, uncached };
      const cost = costOf(layer, work, prices);
      think_ns[cpu]! += cost.executed + cost.patchable + cost.uncached + l2Hits * prices.l2_hit_ns;
    }
    const flows = window.flows.map(([cpu, number, home, owner, count]) => {
      const kind = FLOW_KINDS[number]!;
      const far = kind === 'upgrade' && home !== cpuNode[cpu];
      return { cpu, kind: far ? ('remote_upgrade' as const) : kind, home, owner, count };
    });
    return { demands: layDemands(compileTraffic(network, cpuNode, flows)), think_ns };
  });
  const hops = new Float64Array(cpus * KINDS);
  for (const { demands } of windows)
    demands.hops.forEach((count, cell) => {
      hops[cell]! += count;
    });
  const none = { hops, queueing_ns: new Float64Array(cpus * KINDS), buffer_ns: new Float64Array(cpus) };
  if (machine.contention === 'none') return { ...none, solved: null };
  const contention = contentionPrices(prices, machine.contention);
  const run = solveRun(network, cpus, windows, contention);
  const queueing_ns = run.queueing_ns.map((ns, cell) => {
    const latency = contention.latency_ns[BLOCKING_KINDS[cell % KINDS]!];
    const priced = run.misses[cell]! * latency + hops[cell]! * prices.hop_ns;
    const beyond = run.minimum_ns[cell]! - priced;
    return ns + (beyond > priced * 1e-9 ? beyond : 0);
  });
  return { hops, queueing_ns, buffer_ns: run.buffer_ns, solved: { network, run } };
}

/** The breakdown in the columns of `pricingColumns`, by name. */
export function obviousColumns({ total_ps, parts }: Breakdown, cpus: number): Record<string, number> {
  const columns: Record<string, number> = { total_ps };
  const breakdown = { total_ps, parts };
  for (const key of ['category', 'cause'] as const)
    for (const [name, ps] of sumBy(breakdown, (part) => part[key])) columns[`${key}.${name}`] = ps;
  for (let cpu = 0; cpu < cpus; cpu++)
    columns[`cpu.${cpu}`] = parts.reduce((sum, part) => sum + (part.cpu === cpu ? part.ps : 0), 0);
  columns.elapsed_ps = Math.max(0, ...Array.from({ length: cpus }, (_, cpu) => columns[`cpu.${cpu}`]!));
  return columns;
}
