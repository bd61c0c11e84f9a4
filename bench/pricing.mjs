/**
 * The rows `pricing`: one tally at many prices, compiled once, against pricing it afresh each time as a single run does;
 * equal totals. Prices of the memory system and of the monitor move from point to point, so every point is solved. And
 * Monte Carlo samples, all prices moving, on all cores against one; equal bands.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { replayAll } from '../dist/model/compare.js';
import { compilePricing, TOTAL } from '../dist/model/pricing/compiled.js';
import { price } from '../dist/model/pricing/price.js';
import { pairWindows } from '../dist/model/pricing/queueing/pairs/pairs.js';
import { presetSystem } from '../dist/model/systems/load.js';
import { resolvePrices, withNodes } from '../dist/model/systems/resolve.js';
import { monteCarlo } from '../dist/sweep/uncertainty.js';
import { rangesOf } from '../dist/sweep/uncertainty-ranges.js';
import { samplingOn } from '../dist/sweep/workers/sampling.js';
import { openTrace } from '../dist/trace/formats/registry.js';
import { ingest } from '../dist/trace/ingest.js';
import { cpuSeconds, paired, rate } from './measure.mjs';

const ROOT = join(import.meta.dirname, '..');

/** What is priced, and at how many points compiled and afresh (both in one turn of about a second). */
const RUNS = {
  system: { trace: 'traces/malta64-pmake.vmt', system: 'disco-linux-mips', compiled: 200_000, afresh: 2_000 },
  '2 CPUs': {
    trace: 'traces/malta32x2-pmake.vmt',
    system: 'disco-linux-mips',
    compiled: 20_000,
    afresh: 400,
  },
  '8 CPUs': { trace: 'workload:zipf?cpus=8&instructions=500K', system: 'disco', compiled: 2_000, afresh: 30 },
  '8 CPUs, locks and disks': {
    trace: 'workload:services?cpus=8&instructions=1M',
    system: 'disco',
    compiled: 800,
    afresh: 30,
  },
};

/** Systems that are compared, and how many joint samples. */
const SAMPLED = {
  'Monte Carlo': {
    trace: 'traces/malta64-pmake.vmt',
    systems: ['linux-mips', 'disco-linux-mips'],
    samples: 2_000_000,
  },
  'Monte Carlo, 2 CPUs': {
    trace: 'traces/malta32x2-pmake.vmt',
    systems: ['linux-mips', 'disco-linux-mips'],
    samples: 100_000,
  },
  'Monte Carlo, 8 CPUs': { trace: RUNS['8 CPUs'].trace, systems: ['irix', 'disco'], samples: 20_000 },
  'Monte Carlo, 8 CPUs, locks and disks': {
    trace: RUNS['8 CPUs, locks and disks'].trace,
    systems: ['irix', 'disco'],
    samples: 8_000,
  },
};

async function tallyOf({ trace: named, system: preset }) {
  const trace = await ingest(await openTrace(named.startsWith('traces/') ? join(ROOT, named) : named));
  const summary = trace.summary();
  const system = withNodes(presetSystem(preset), trace.header);
  const warmup = Math.floor(summary.workloadInstructions / 10);
  const { tallies } = await replayAll(trace, summary, [system], { warmup });
  await trace.close();
  return { tally: tallies[0], prices: resolvePrices(system, summary), system };
}

export async function pricingRow(which, options) {
  await (which in SAMPLED ? sampledRow(which, options) : pricedRow(which, options));
}

/** Samples of several systems, which move together; wall time, as threads are for that. */
async function sampledRow(which, { quick, rounds, warmups, report }) {
  const { trace, systems: names, samples: all } = SAMPLED[which];
  const systems = [];
  for (const name of names) systems.push({ name, ...(await tallyOf({ trace, system: name })) });
  const samples = quick ? all / 4 : all;
  const cores = availableParallelism();
  const variant = (name, threads) => ({
    name,
    run: async () => {
      const before = performance.now();
      const { systems: bands } = await monteCarlo(systems, rangesOf(systems), {
        samples,
        sampler: samplingOn(threads),
      });
      const seconds = (performance.now() - before) / 1000;
      return { seconds: seconds / (samples * systems.length), counts: bands.map(({ total }) => total.p50) };
    },
  });
  const result = await paired(which, [variant('all cores', cores), variant('one', 1)], rounds, warmups);
  const points = (seconds) => rate(1000, seconds);
  report({
    name: `pricing, ${cores} cores ÷ one: ${which}`,
    ratio: result.ratios[1],
    ours: points(result.seconds[0]),
    theirs: points(result.seconds[1]),
    unit: 'thousand points/s',
    note: `${samples.toLocaleString('en')} joint samples of ${systems.length} systems, wall time, threads started and bands found in it`,
  });
}

async function pricedRow(which, { quick, rounds, warmups, report }) {
  const { tally, prices, system } = await tallyOf(RUNS[which]);
  const compiled = compilePricing(tally, system, { pairs: pairWindows });
  const columns = new Float64Array(compiled.columns.length);
  const moved = { ...prices };
  /** Totals of the first points, and the time of one point. */
  const variant = (name, points, totalAt) => ({
    name,
    run: () => {
      const counts = [];
      const before = cpuSeconds();
      for (let point = 0; point < points; point++) {
        const share = (point % 1000) / 1000;
        moved.local_ns = prices.local_ns * (0.8 + 0.4 * share);
        moved.memory_ns = prices.memory_ns * (1.2 - 0.4 * share);
        moved.emulate_cycles = prices.emulate_cycles * (0.8 + 0.4 * share);
        const total = totalAt(moved);
        if (point < 20) counts.push(total);
      }
      return { seconds: (cpuSeconds() - before) / points, counts };
    },
  });
  const part = quick ? 4 : 1;
  const { compiled: many, afresh: few } = RUNS[which];
  const result = await paired(
    which,
    [
      variant('compiled', Math.max(20, many / part), (at) => {
        compiled.evaluate(at, columns);
        return columns[TOTAL];
      }),
      variant('afresh', Math.max(20, few / part), (at) => price(tally, at, system).breakdown.total_ps),
    ],
    rounds,
    warmups,
  );
  const thousands = (seconds) => rate(1000, seconds);
  const queues = tally.windows.length > 0 && system.machine.contention !== 'none';
  report({
    name: `pricing, compiled ÷ afresh: ${which}`,
    ratio: result.ratios[1],
    ours: thousands(result.seconds[0]),
    theirs: thousands(result.seconds[1]),
    unit: 'thousand points/s',
    note:
      `${tally.rows.length} rows` +
      (queues ? `, contention solved in ${tally.windows.length} windows at each point` : ', no queueing') +
      (tally.locks.length > 0 ? `, ${tally.locks.length} locks` : ''),
  });
}
