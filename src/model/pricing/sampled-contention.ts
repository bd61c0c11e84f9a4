import type { ResolvedPrices } from '../systems/resolve.ts';
import type { Machine } from '../systems/schema.ts';
import type { Tally } from '../tally.ts';
import { addThinking } from './compiled-work.ts';
import { contentionPrices, type Delays, delaysOf, windowsOf } from './contention.ts';
import type { Demands } from './queueing/demands.ts';
import { contentionWorkspace, solveWindow } from './queueing/machine-contention.ts';
import type { PairWindows } from './queueing/pairs/pairs.ts';
import { LANES } from './queueing/quads/layout.ts';
import { layQuads } from './queueing/quads/quads.ts';
import { BLOCKING_KINDS, SERVICES } from './queueing/traffic.ts';
import { loadPrices, priceRow } from './queueing/window-bases.ts';
import { thinkingTerms } from './thinking-terms.ts';
import { UNITS, unitPrices } from './units.ts';

/**
 * Contention at random prices near known ones, for samples: the fixed point that `contention.ts` finds, within a
 * tolerance that no band of samples shows (`quads.ts`). Windows near saturation, and prices at which a station cannot
 * serve misses as fast as they are said to be, are solved as there.
 */

const KINDS = BLOCKING_KINDS.length;

/** How many samples are solved at once. */
export const SAMPLES_AT_ONCE = LANES;

/** What the memory system adds at up to `SAMPLES_AT_ONCE` prices. Overwritten by the next call. */
export type SampledDelays = (samples: readonly ResolvedPrices[]) => readonly Delays[];

/** Prepares the windows of a tally; null: nothing queues for memory, or there is nothing to solve four at a time with. */
export function sampledDelays(
  tally: Tally,
  machine: Machine,
  known: ResolvedPrices,
  pairs: PairWindows,
): SampledDelays | null {
  const { cpus } = tally;
  if (tally.windows.length === 0 || machine.contention === 'none') return null;
  const distribution = machine.contention;
  const { network, works, demandsOf } = windowsOf(tally, machine);
  const demands = works.map((_, w) => demandsOf(w));
  const { base, rates, ratesAt } = thinkingTerms(works, demands, known);
  const row = priceRow();
  const rateRow = new Float64Array(rates);
  const units = new Float64Array(UNITS);
  const think = new Float64Array(cpus);
  const workspace = contentionWorkspace(cpus, network.stations.length);
  const solveAlone = (w: number, prices: ResolvedPrices): void => {
    unitPrices(prices, units);
    addThinking(works[w]!, prices, units, think);
    solveWindow(demands[w]!, think, contentionPrices(prices, distribution), workspace);
  };
  const cycles = works.map((_, w) => {
    solveAlone(w, known);
    return workspace.network.cycle_ns.slice(0, cpus);
  });
  ratesAt(known, rateRow);
  loadPrices(contentionPrices(known, distribution), row);
  const quads = layQuads(
    demands.map((counts, w) => ({ demands: counts, base: base[w]! })),
    { rates: rateRow.slice(), prices: row, cycles },
    rates,
  );
  if (quads === null) return null;

  const hops = new Float64Array(cpus * KINDS);
  for (const counts of demands)
    for (let cell = 0; cell < hops.length; cell++) hops[cell]! += counts.hops[cell]!;
  const served = mostServed(demands);
  const asFast = ({ each_ns, latency_ns }: typeof row): boolean => {
    for (const { kind, services } of served) {
      let ns = 0;
      for (let s = 0; s < services.length; s++) ns += services[s]! * each_ns[s]!;
      if (ns > latency_ns[kind]!) return false;
    }
    return true;
  };
  const exact = delaysOf(tally, machine, true, pairs);
  const answers = Array.from(
    { length: LANES },
    (): Delays => ({
      hops,
      queueing_ns: new Float64Array(cpus * KINDS),
      buffer_ns: new Float64Array(cpus),
      solved: null,
    }),
  );
  const alone = new Array<boolean>(LANES).fill(false);

  return (samples) => {
    const last = samples.length - 1;
    for (let lane = 0; lane < LANES; lane++) {
      const prices = samples[Math.min(lane, last)]!;
      ratesAt(prices, rateRow);
      loadPrices(contentionPrices(prices, distribution), row);
      alone[lane] = !asFast(row);
      quads.load(lane, rateRow, row);
    }
    quads.solve();
    return samples.map((prices, lane) => {
      if (alone[lane]) return exact(prices)!;
      const answer = answers[lane]!;
      const { queueing_ns, buffer_ns } = answer;
      buffer_ns.fill(0);
      for (const w of quads.take(lane, queueing_ns)) {
        solveAlone(w, prices);
        for (let cell = 0; cell < queueing_ns.length; cell++)
          queueing_ns[cell]! += workspace.queueing_ns[cell]!;
        for (let cpu = 0; cpu < cpus; cpu++) buffer_ns[cpu]! += workspace.network.buffer_ns[cpu]!;
      }
      return answer;
    });
  };
}

/** Of each kind of miss, the most that any station serves per miss, by the services that stations have together. */
function mostServed(windows: readonly Demands[]) {
  const width = SERVICES.length;
  const most = new Map<string, { readonly kind: number; readonly services: Float64Array }>();
  for (const { cpus, misses, firstServed, served } of windows)
    for (let target = 0; target < cpus * KINDS; target++)
      for (let entry = firstServed[target]!; entry < firstServed[target + 1]!; entry++) {
        const counts = served.subarray(entry * width, (entry + 1) * width);
        const kind = target % KINDS;
        const key = [kind, ...counts.map((count) => (count > 0 ? 1 : 0))].join();
        const { services } = most.get(key) ?? { services: new Float64Array(width) };
        for (let s = 0; s < width; s++) services[s] = Math.max(services[s]!, counts[s]! / misses[target]!);
        most.set(key, { kind, services });
      }
  return [...most.values()];
}
