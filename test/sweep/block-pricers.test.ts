import { afterEach, describe, expect, test, vi } from 'vitest';
import { CATEGORIES, sumBy } from '../../src/model/pricing/breakdown.ts';
import { addThinking } from '../../src/model/pricing/compiled-work.ts';
import { delaysOf, windowsOf } from '../../src/model/pricing/contention.ts';
import { price } from '../../src/model/pricing/price.ts';
import { pairWindows } from '../../src/model/pricing/queueing/pairs/pairs.ts';
import { BLOCKING_KINDS } from '../../src/model/pricing/queueing/traffic.ts';
import { sampledDelays } from '../../src/model/pricing/sampled-contention.ts';
import { thinkingTerms } from '../../src/model/pricing/thinking-terms.ts';
import { UNITS, unitPrices } from '../../src/model/pricing/units.ts';
import { type ResolvedPrices, resolvePrices, withNodes } from '../../src/model/systems/resolve.ts';
import { replayStructures } from '../../src/sweep/replays.ts';
import { MEASURES, priceSamples } from '../../src/sweep/samples.ts';
import { priceAt, rangesOf, type UncertainSystem } from '../../src/sweep/uncertainty-ranges.ts';
import { fraction, randomState } from '../../src/trace/workloads/random.ts';
import { presets, workload } from './sweeps.ts';

async function systemsOf(spec: string, ...names: readonly string[]): Promise<UncertainSystem[]> {
  const trace = await workload(spec);
  const summary = trace.summary()!;
  const given = presets(...names).map((system) => withNodes(system, trace.header));
  const settled = await replayStructures(trace, summary, given, { warmup: 1000 });
  return settled.map((one, at): UncertainSystem => {
    if (one.status !== 'fulfilled') throw new Error('the replay failed');
    const system = given[at]!;
    return { name: system.name, tally: one.value, prices: resolvePrices(system, summary), system };
  });
}

const queued = await systemsOf('workload:zipf?cpus=4&instructions=60K', 'irix', 'disco');
const waiting = await systemsOf('workload:services?cpus=4&instructions=60K', 'irix', 'disco');

/** The prices of samples, drawn as the samples are. */
function drawn(
  { prices }: UncertainSystem,
  ranges: ReturnType<typeof rangesOf>,
  seed: number,
  samples: number,
): ResolvedPrices[] {
  const streams = ranges.map(({ path }) => randomState(seed, ...Array.from(path, (c) => c.charCodeAt(0))));
  return Array.from({ length: samples }, () => {
    const moved = { ...prices };
    for (const [i, range] of ranges.entries())
      moved[range.name] = priceAt(range, prices, fraction(streams[i]!));
    return moved;
  });
}

describe('a sample is its prices’ breakdown but for some millionths of the total', () => {
  test.each([
    ['queues in the memory system', queued],
    ['locks and disks, too', waiting],
  ])('%s', async (_, systems) => {
    const samples = 45;
    const ranges = rangesOf(systems);
    const columns = new Float64Array(systems.length * MEASURES * samples);
    await priceSamples({ systems, ranges, seed: 3, samples }, { from: 0, to: samples }, columns);
    for (const [i, system] of systems.entries()) {
      const at = (measure: number, sample: number): number =>
        columns[(i * MEASURES + measure) * samples + sample]!;
      for (const [sample, prices] of drawn(system, ranges, 3, samples).entries()) {
        const { breakdown } = price(system.tally, prices, system.system);
        const close = (found: number, ps: number): void =>
          expect(Math.abs(found - ps) / breakdown.total_ps).toBeLessThan(5e-6);
        close(at(0, sample), breakdown.total_ps);
        const sums = sumBy(breakdown, ({ category }) => category);
        let sum = 0;
        for (const [k, category] of CATEGORIES.entries()) {
          close(at(k + 1, sample), sums.get(category) ?? 0);
          sum += at(k + 1, sample);
        }
        expect(sum).toBe(at(0, sample));
      }
    }
  });
});

test('where locks have much of the time, a sample is as near as twelve rounds of a run are to their end', async () => {
  const dear = { disk_ns: 0, disk_byte_ns: 0, handoff_ns: 2000 };
  const systems = waiting.map((one) => ({
    ...one,
    prices: { ...one.prices, ...dear },
    system: { ...one.system, prices: { ...one.system.prices, ...dear } },
  }));
  const ranges = rangesOf(systems);
  const columns = new Float64Array(systems.length * MEASURES * 10);
  await priceSamples({ systems, ranges, seed: 6, samples: 10 }, { from: 0, to: 10 }, columns);
  for (const [i, system] of systems.entries())
    for (const [sample, prices] of drawn(system, ranges, 6, 10).entries()) {
      const { breakdown } = price(system.tally, prices, system.system);
      const waits = sumBy(breakdown, ({ cause }) => cause).get('synchronisation') ?? 0;
      expect(waits / breakdown.total_ps).toBeGreaterThan(0.01);
      const off = columns[i * MEASURES * 10 + sample]! / breakdown.total_ps - 1;
      expect(Math.abs(off)).toBeLessThan(3e-4);
    }
});

describe('queueing of samples', () => {
  const one = queued[1]!;
  const ranges = rangesOf(queued);
  const points = drawn(one, ranges, 9, 12);

  test('is that of each by itself, by CPU and kind', () => {
    const sampled = sampledDelays(one.tally, one.system.machine, one.prices, pairWindows)!;
    const exact = delaysOf(one.tally, one.system.machine, true);
    for (let first = 0; first < points.length; first += 4) {
      const some = points.slice(first, first + 4);
      for (const [lane, found] of sampled(some).entries()) {
        const { queueing_ns, buffer_ns, hops, solved } = exact(some[lane]!)!;
        const time = solved!.run.time_ns.reduce((sum, ns) => sum + ns, 0);
        expect(found.hops).toEqual(hops);
        for (const [cell, ns] of queueing_ns.entries())
          expect(Math.abs(found.queueing_ns[cell]! - ns) / time).toBeLessThan(1e-6);
        expect(found.buffer_ns).toEqual(buffer_ns);
      }
    }
  });

  test('is exactly that where a station cannot serve misses as fast as they are said to be', () => {
    const sampled = sampledDelays(one.tally, one.system.machine, one.prices, pairWindows)!;
    const slow = { ...one.prices, local_ns: one.prices.memory_ns / 2 };
    const exact = delaysOf(one.tally, one.system.machine, true)(slow)!;
    const [before, found] = sampled([one.prices, slow]);
    expect(found!.queueing_ns).toEqual(exact.queueing_ns);
    expect(before!.queueing_ns).not.toEqual(exact.queueing_ns);
  });

  test('a price far from the known one is still solved', () => {
    const sampled = sampledDelays(one.tally, one.system.machine, one.prices, pairWindows)!;
    for (const by of [0, 0.1, 2.1]) {
      const far = { ...one.prices, memory_ns: one.prices.memory_ns * by, local_ns: one.prices.local_ns * 3 };
      const exact = delaysOf(one.tally, one.system.machine, true)(far)!;
      const time = exact.solved!.run.time_ns.reduce((sum, ns) => sum + ns, 0);
      for (const [cell, ns] of sampled([far])[0]!.queueing_ns.entries())
        expect(Math.abs(ns - exact.queueing_ns[cell]!) / time).toBeLessThan(1e-5);
    }
  });
});

test('terms of thinking are what `addThinking` adds up', () => {
  for (const { tally, system, prices } of [...queued, ...waiting]) {
    const { works, demandsOf } = windowsOf(tally, system.machine);
    const demands = works.map((_, w) => demandsOf(w));
    const { rates, ratesAt, base } = thinkingTerms(works, demands, prices);
    const some = drawn({ name: '', tally, system, prices }, rangesOf(queued), 4, 1)[0]!;
    const row = new Float64Array(rates);
    const units = new Float64Array(UNITS);
    const think = new Float64Array(tally.cpus);
    ratesAt(some, row);
    unitPrices(some, units);
    for (const [w, work] of works.entries()) {
      addThinking(work, some, units, think);
      const { misses, hops } = demands[w]!;
      for (const [cpu, terms] of base[w]!.entries()) {
        let ns = think[cpu]!;
        for (let kind = 0; kind < BLOCKING_KINDS.length; kind++) {
          const cell = cpu * BLOCKING_KINDS.length + kind;
          ns += misses[cell]! * units[1 + kind]! + hops[cell]! * some.hop_ns;
        }
        const sum = terms.reduce((all, { rate, count }) => all + count * row[rate]!, 0);
        expect(Math.abs(sum - ns)).toBeLessThanOrEqual(1e-9 * ns);
      }
    }
  }
});

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  test('samples are the same but for some millionths', async () => {
    const plan = { systems: queued, ranges: rangesOf(queued), seed: 5, samples: 13 };
    const columns = () => new Float64Array(queued.length * MEASURES * plan.samples);
    const [quick, slow] = [columns(), columns()];
    await priceSamples(plan, { from: 0, to: plan.samples }, quick);
    vi.stubGlobal('WebAssembly', undefined);
    await priceSamples(plan, { from: 0, to: plan.samples }, slow);
    for (const [at, ps] of slow.entries())
      expect(Math.abs(quick[at]! - ps)).toBeLessThanOrEqual(Math.max(100, 5e-6 * slow[at % plan.samples]!));
  });
});
