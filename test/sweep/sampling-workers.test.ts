import { describe, expect, test } from 'vitest';
import { resolvePrices, withNodes } from '../../src/model/systems/resolve.ts';
import { replayStructures } from '../../src/sweep/replays.ts';
import { samplesFor } from '../../src/sweep/sample-cost.ts';
import { priceSamples, sampleHere } from '../../src/sweep/samples.ts';
import { monteCarlo } from '../../src/sweep/uncertainty.ts';
import { rangesOf, type UncertainSystem } from '../../src/sweep/uncertainty-ranges.ts';
import { samplingOn } from '../../src/sweep/workers/sampling.ts';
import { InputError } from '../../src/trace/errors.ts';
import { presets, workload } from './sweeps.ts';

/** A thread runs what is built; everything else here is the source. */
const PROGRAM = new URL('../../dist/sweep/workers/sampling-worker.js', import.meta.url);
const always = () => true;
const on = (count: number, program = PROGRAM) => samplingOn(count, program, always);

const trace = await workload('workload:services?cpus=4&instructions=60K');
const summary = trace.summary()!;
const given = presets('irix', 'disco').map((system) => withNodes(system, trace.header));
const settled = await replayStructures(trace, summary, given, { warmup: 1000 });
const systems = settled.map((one, at): UncertainSystem => {
  if (one.status !== 'fulfilled') throw new Error('the replay failed');
  const system = given[at]!;
  return { name: system.name, tally: one.value, prices: resolvePrices(system, summary), system };
});
const ranges = rangesOf(systems);
const plan = { systems, ranges, seed: 5, samples: 211 };
const alone = await sampleHere(plan, {});

describe('samples on several threads', () => {
  test.each([2, 5])('are what one thread finds, to the last bit: %d', async (count) => {
    const rows: number[] = [];
    expect(await on(count)(plan, { progress: (done) => void rows.push(done) })).toEqual(alone);
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
  });

  test('and so are the bands', async () => {
    const options = { samples: plan.samples, seed: plan.seed };
    const bands = await monteCarlo(systems, ranges, options);
    expect(await monteCarlo(systems, ranges, { ...options, sampler: on(2) })).toEqual(bands);
    expect(bands.systems[1]!.difference!.p50).toBeGreaterThan(0);
  });

  test('any share of them is that part of all', async () => {
    const some = new Float64Array(alone.length).fill(-1);
    await priceSamples(plan, { from: 90, to: 101 }, some);
    some.forEach((ps, at) => {
      const sample = at % plan.samples;
      expect(ps).toBe(sample >= 90 && sample < 101 ? alone[at] : -1);
    });
  });

  test('are priced here where threads cannot start', async () => {
    const failing = new URL('data:text/javascript,throw new Error("no")');
    expect(await on(2, failing)(plan, {})).toEqual(alone);
  });

  test('of a time that does not fit are refused', async () => {
    const long = rangesOf(systems, { stated: { 'prices.cycle_ns': { low: 1e9, high: 1e9 } } });
    await expect(on(2)({ ...plan, ranges: long }, {})).rejects.toThrow(InputError);
  });

  test('end when interrupted', async () => {
    const controller = new AbortController();
    const many = { ...plan, samples: 1e6 };
    const priced = on(2)(many, { signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    await expect(priced).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await expect(on(2)(many, { signal: controller.signal })).rejects.toThrow();
    const here = new AbortController();
    setTimeout(() => here.abort(), 100);
    await expect(sampleHere(many, { signal: here.signal })).rejects.toThrow();
  });
});

test('threads are for many samples', async () => {
  const lost = new URL('data:text/javascript,process.exit(1)');
  // Few are priced here, where nothing is lost.
  expect(await samplingOn(2, lost)(plan, {})).toEqual(alone);
  expect(samplesFor(systems)).toBeGreaterThan(10_000);
});
