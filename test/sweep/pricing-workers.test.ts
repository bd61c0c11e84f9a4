import { describe, expect, test } from 'vitest';
import { compilePricing } from '../../src/model/pricing/compiled.ts';
import { pairWindows } from '../../src/model/pricing/queueing/pairs/pairs.ts';
import { resolvePrices, withNodes } from '../../src/model/systems/resolve.ts';
import type { System } from '../../src/model/systems/schema.ts';
import { type PricePoints, priceCells } from '../../src/sweep/price-cells.ts';
import { replayStructures } from '../../src/sweep/replays.ts';
import { sweepTrace } from '../../src/sweep/sweep.ts';
import { pricingOn, worthThreads } from '../../src/sweep/workers/pricing.ts';
import { planOf, presets, workload } from './sweeps.ts';

/** A thread runs what is built; everything else here is the source. */
const PROGRAM = new URL('../../dist/sweep/workers/pricing-worker.js', import.meta.url);
const always = () => true;
const on = (count: number, program = PROGRAM) => pricingOn(count, program, always);

const trace = await workload('workload:services?cpus=4&instructions=60K');
const summary = trace.summary()!;
const [given] = presets('disco');
const system: System = withNodes(given!, trace.header);
const [settled] = await replayStructures(trace, summary, [system], { warmup: 1000 });
if (settled?.status !== 'fulfilled') throw new Error('the replay failed');
const tally = settled.value;

/** Prices that move contention, the monitor and idle time; a memory near saturation; and times that fit no number. */
const VALUES = Array.from({ length: 41 }, (_, i) => [
  100 + 37 * ((i * 7) % 41),
  i % 5 === 0 ? 900 : 40 + i,
  i === 13 || i === 30 ? 1e14 : undefined,
  i % 3 === 0 ? 'exponential' : 'deterministic',
]);
const points: PricePoints = {
  count: VALUES.length,
  paths: [
    ['prices', 'remote_ns'],
    ['prices', 'memory_ns'],
    ['prices', 'cycle_ns'],
    ['machine', 'contention'],
  ],
  value: (point, path) => VALUES[point]![path],
};
const alone = await priceCells(tally, summary, system, points);

describe('points on several threads', () => {
  test.each([2, 3, 64])('are what one thread finds, in its order: %d', async (count) => {
    expect(alone.failures.map(({ row }) => row)).toEqual([13, 30]);
    const rows: number[] = [];
    const progress = (done: number) => void rows.push(done);
    expect(await on(count)(tally, summary, system, points, { progress })).toEqual(alone);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
  });

  test('are priced here where threads cannot start', async () => {
    const lost = new URL('data:text/javascript,process.exit(1)');
    expect(await on(2, lost)(tally, summary, system, points)).toEqual(alone);
    const failing = new URL('data:text/javascript,throw new Error("no")');
    expect(await on(2, failing)(tally, summary, system, points)).toEqual(alone);
  });

  test('end when interrupted', async () => {
    const controller = new AbortController();
    const priced = on(2)(tally, summary, system, points, { signal: controller.signal });
    controller.abort();
    await expect(priced).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await expect(on(2)(tally, summary, system, points, { signal: controller.signal })).rejects.toThrow();
  });

  test('make the same sweep', async () => {
    const plan = planOf(['machine.l2.size=64K,256K', 'prices.memory_ns=50..400+50']);
    const systems = presets('irix', 'disco');
    const many = await sweepTrace(trace, systems, plan, { price: on(2) });
    expect(many).toEqual(await sweepTrace(trace, systems, plan));
  });
});

test('threads are for many points with contention', () => {
  expect(worthThreads(tally, system, 100_000)).toBe(true);
  expect(worthThreads(tally, system, 10)).toBe(false);
  const free = { ...system, machine: { ...system.machine, contention: 'none' as const } };
  expect(worthThreads(tally, free, 100_000_000)).toBe(false);
});

test('a point is priced as it is alone, whatever was priced before', () => {
  const rows = VALUES.filter(([, , cycle]) => cycle === undefined).map(([remote_ns, memory_ns]) => ({
    ...resolvePrices(system, summary),
    remote_ns: remote_ns as number,
    memory_ns: memory_ns as number,
  }));
  const many = compilePricing(tally, system, { pairs: pairWindows });
  const found = new Float64Array(many.columns.length);
  const single = rows.map((prices) => {
    const columns = new Float64Array(many.columns.length);
    compilePricing(tally, system).evaluate(prices, columns);
    return columns;
  });
  // Forwards, backwards, and every point twice: what was solved last is other prices, near ones, or the same.
  for (const order of [[...rows.keys()], [...rows.keys()].reverse(), [...rows.keys()].flatMap((i) => [i, i])])
    for (const i of order) {
      many.evaluate(rows[i]!, found);
      expect(found).toEqual(single[i]);
    }
});
