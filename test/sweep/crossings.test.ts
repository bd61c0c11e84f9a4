import { describe, expect, test } from 'vitest';
import { compareSystems } from '../../src/model/run.ts';
import { applyOverrides, parseOverride } from '../../src/model/systems/load.ts';
import { findCrossings } from '../../src/sweep/crossings.ts';
import { InputError } from '../../src/trace/errors.ts';
import { analysed } from './analysed.ts';
import { planOf, presets, workload } from './sweeps.ts';

const numa = await workload('workload:zipf?cpus=2&instructions=10K&heap=262144');
const services = await workload('workload:services?cpus=1&instructions=2K');
// Without queues: they are solved anew at every point.
const NUMA = applyOverrides(presets('irix-numa', 'disco-numa'), [parseOverride('machine.contention=none')]);
const BOTH = presets('irix', 'disco');
const ask = (path: string, low: number | null = null, high: number | null = null) => ({
  request: { breakEven: [{ path, low, high }] },
});

/** The second system’s total less the first one’s, as a run has it. */
async function difference(trace: typeof numa, systems: typeof NUMA, set: readonly string[]): Promise<number> {
  const { runs } = await compareSystems(trace, applyOverrides(systems, set.map(parseOverride)), {
    warmup: null,
    baseline: null,
    seeds: 1,
  });
  return runs[1]!.breakdown.total_ps - runs[0]!.breakdown.total_ps;
}

describe('break-even of a price', () => {
  test('both sides of each crossing are what runs say, and nothing flips elsewhere', async () => {
    const vary = ['machine.tlb.entries=32,128', 'prices.remote_ns=0..4000+500'];
    const { analysis } = await analysed(numa, NUMA, planOf(vary), ask('prices.remote_ns'));
    expect(analysis.breakEven.map(({ others }) => others)).toEqual([
      { 'machine.tlb.entries': 32 },
      { 'machine.tlb.entries': 128 },
    ]);
    for (const { others, crossings, low, high, system, baseline } of analysis.breakEven) {
      expect([baseline, system]).toEqual(['irix-numa', 'disco-numa']);
      const set = [`machine.tlb.entries=${others['machine.tlb.entries']}`];
      const at = (value: unknown) => difference(numa, NUMA, [...set, `prices.remote_ns=${value}`]);
      expect(crossings.length).toBe(1);
      const [{ at: place, before, after }] = crossings as [(typeof crossings)[number]];
      expect(Math.sign(before.difference_ps)).toBe(-Math.sign(after.difference_ps));
      expect([before.at, place, after.at]).toEqual(
        [before.at, place, after.at].toSorted((a, b) => Number(a) - Number(b)),
      );
      expect(Number(after.at) - Number(before.at)).toBeLessThan(0.01);
      for (const side of [before, after]) expect(await at(side.at)).toBe(side.difference_ps);
      if (others['machine.tlb.entries'] === 32) continue;
      // Whatever lies on one side of the crossing has the sign of that side.
      expect(Math.sign(await at(place! * 0.6))).toBe(Math.sign(low.difference_ps));
      expect(Math.sign(await at(place! + (4000 - place!) * 0.4))).toBe(Math.sign(high.difference_ps));
    }
  });

  test('a range of its own goes beyond what is varied; where nothing flips it says so', async () => {
    const plan = planOf(['prices.local_ns=200,300']);
    const { analysis } = await analysed(services, BOTH, plan, ask('disco:prices.trap_cycles', 0, 500));
    expect(analysis.breakEven.map(({ crossings }) => crossings)).toEqual([[], []]);
    const [{ low, high, others }] = analysis.breakEven as [(typeof analysis.breakEven)[number]];
    expect(others).toEqual({ 'prices.local_ns': 200 });
    const set = (cycles: number) => ['prices.local_ns=200', `disco:prices.trap_cycles=${cycles}`];
    expect(low.difference_ps).toBe(await difference(services, BOTH, set(0)));
    expect(high.difference_ps).toBe(await difference(services, BOTH, set(500)));
  });
});

test('a system that cannot be replayed has no break-even, and is no reason to end', async () => {
  const { layout, totals } = await analysed(services, BOTH, planOf(['prices.local_ns=200,300']));
  const found = await findCrossings(
    layout,
    0,
    { path: 'prices.local_ns', low: null, high: null },
    { trace: services, summary: services.summary()!, warmup: null, tallyOf: () => null, totals },
  );
  expect(found).toEqual([]);
});

test('of structures the listed values are all there is', async () => {
  const plan = planOf(['disco:prices.l2tlb_cycles=17', 'monitor.l2tlb.entries=0,16,1024']);
  const view = await analysed(services, BOTH, plan, ask('monitor.l2tlb.entries'));
  const [found, ...more] = view.analysis.breakEven;
  expect(more).toEqual([]);
  expect(found!.kind).toBe('list');
  const [base, mine] = view.totals[0]!;
  const differences = Array.from(mine!, (ps, cell) => ps - base![cell]!);
  expect(found!.low).toEqual({ at: 0, difference_ps: differences[0] });
  expect(found!.high).toEqual({ at: 1024, difference_ps: differences[2] });
  const flips = differences.slice(1).filter((ps, i) => Math.sign(ps) !== Math.sign(differences[i]!));
  expect(found!.crossings.length).toBe(flips.length);
});

test('a list in any order gives the findings of its numbers in order', async () => {
  const foundIn = async (values: string) => {
    const plan = planOf(['disco:prices.l2tlb_cycles=17', `monitor.l2tlb.entries=${values}`]);
    return (await analysed(services, BOTH, plan, ask('monitor.l2tlb.entries'))).analysis.breakEven;
  };
  expect(await foundIn('1024,0,16')).toEqual(await foundIn('0,16,1024'));
});

describe('what cannot be asked is one line before any replay', () => {
  test.each([
    [
      'machine.tlb.entries',
      null,
      null,
      ['prices.local_ns=1,2'],
      /--break-even machine\.tlb\.entries: vary it, too/,
    ],
    ['machine.tlb.entries', 1, 2, ['machine.tlb.entries=1,2'], /a range is for prices/],
    ['prices.local_ns', null, null, ['prices.remote_ns=1,2'], /give a range, prices\.local_ns=lo\.\.hi/],
    ['prices.local_ns', 5, 5, ['prices.remote_ns=1,2'], /the range is empty/],
    ['prices.nothing', 1, 2, ['prices.remote_ns=1,2'], /no system of this sweep has such a field/],
    [
      'prices.local_ns',
      1,
      2,
      ['prices.remote_ns=1..100+1'],
      /100 combinations of the other axes are more than 64/,
    ],
  ])('%s %s..%s with %j', async (path, low, high, vary, message) => {
    const asked = analysed(services, BOTH, planOf(vary), ask(path, low, high));
    await expect(asked).rejects.toThrow(InputError);
    await expect(asked).rejects.toThrow(message);
  });

  test('a single system', async () => {
    const asked = analysed(
      services,
      presets('disco'),
      planOf(['prices.remote_ns=1,2']),
      ask('prices.remote_ns'),
    );
    await expect(asked).rejects.toThrow(/needs two systems/);
  });
});
