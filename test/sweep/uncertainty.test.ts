import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sumBy } from '../../src/model/pricing/breakdown.ts';
import { price } from '../../src/model/pricing/price.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { type System, systemSchema } from '../../src/model/systems/schema.ts';
import type { Layer, Tally } from '../../src/model/tally.ts';
import { samplesFor } from '../../src/sweep/sample-cost.ts';
import { claim, monteCarlo, tornado } from '../../src/sweep/uncertainty.ts';
import {
  PERCENT_BY_ROLE,
  priceAt,
  rangesOf,
  type UncertainSystem,
} from '../../src/sweep/uncertainty-ranges.ts';
import { InputError } from '../../src/trace/errors.ts';
import { tallyOfWindows } from '../model/window-tally.ts';

const row = (layer: Layer, counters: Tally['rows'][number]['counters'], context = 'user') => ({
  cpu: 0,
  context,
  layer,
  counters,
});
const work = [
  row('workload', { instructions: 900_000, l1d_load_misses: 30_000, l2_load_misses: 8_000 }),
  row('workload', { instructions: 100_000, l1i_misses: 5_000, l2_fetch_misses: 700 }, 'kernel'),
  row('refill', { count: 3_000 }, 'kernel'),
];
const monitor = [
  row('privileged', { count: 2_000, patchable: 300 }, 'kernel'),
  row('l2tlb', { count: 2_500, l1d_load_misses: 900 }, 'kernel'),
  row('trap', { count: 800 }, 'kernel'),
];
const systemOf = (name: string, rows: Tally['rows'], system: System): UncertainSystem => ({
  name,
  tally: { ...tallyOfWindows(1, 1, []), rows },
  prices: system.prices as ResolvedPrices,
  system,
});
const native = systemOf('native', work, systemSchema.parse({}));
const disco = systemOf('disco', [...work, ...monitor], systemSchema.parse({ monitor: {} }));
const pair = [native, disco];
const totalOf = ({ tally, prices, system }: UncertainSystem, some: Partial<ResolvedPrices>): number =>
  price(tally, { ...prices, ...some }, system).breakdown.total_ps;

describe('ranges', () => {
  test('follow the least certain role of a price, and leave out choices and zeros', () => {
    const ranges = rangesOf(pair);
    const of = (path: string) => ranges.find((range) => range.path === path);
    expect(of('prices.emulate_cycles')).toMatchObject({ kind: 'factor', low: 0.8, high: 1.2 });
    expect(of('prices.local_ns')).toMatchObject({ role: 'measured', low: 0.95, high: 1.05 });
    expect(of('prices.hop_ns')).toBeUndefined();
    const guessed = systemSchema.parse({ sources: { 'prices.local_ns': { source: 'x', role: 'assumed' } } });
    expect(
      rangesOf([native, { ...disco, system: guessed }]).find(({ path }) => path === 'prices.local_ns'),
    ).toMatchObject({ role: 'assumed', low: 0.8, high: 1.2 });
    expect(rangesOf(pair, { percentByRole: { ...PERCENT_BY_ROLE, measured: 0 } })).not.toContainEqual(
      expect.objectContaining({ path: 'prices.local_ns' }),
    );
  });

  test('may be stated, in percent or as values, for prices alone', () => {
    const stated = { 'prices.hop_ns': { low: 5, high: 25 }, 'prices.local_ns': { percent: 10 } };
    const ranges = rangesOf(pair, { stated });
    const of = (path: string) => ranges.find((range) => range.path === path)!;
    expect(priceAt(of('prices.hop_ns'), native.prices, 0.5)).toBe(15);
    expect(priceAt(of('prices.local_ns'), native.prices, 1)).toBeCloseTo(330, 9);
    expect(of('prices.hop_ns').role).toBeNull();
    expect(() => rangesOf(pair, { stated: { 'machine.l2.size': { percent: 5 } } })).toThrow(InputError);
    expect(() => rangesOf(pair, { stated: { 'prices.hop_ns': { low: 5, high: 2 } } })).toThrow(InputError);
    expect(() => rangesOf(pair, { stated: { 'prices.hop_ns': { percent: Number.NaN } } })).toThrow(
      InputError,
    );
  });
});

describe('tornado', () => {
  test('is each system priced with one price moved, the widest first', () => {
    const ranges = rangesOf(pair);
    const [base, other] = tornado(pair, ranges);
    expect(base).toMatchObject({ name: 'native', difference: null, ratio: null });
    expect(base!.total.now).toBe(totalOf(native, {}));
    const now = totalOf(disco, {}) - totalOf(native, {});
    expect(other!.difference!.now).toBe(now);
    const names = new Set(other!.difference!.effects.map(({ path }) => path));
    // Moving what both have in common moves their ratio, not their difference.
    expect(names.has('prices.uncached_ns')).toBe(false);
    expect(names.has('prices.refill_cycles')).toBe(false);
    expect(other!.ratio!.effects.map(({ path }) => path)).toContain('prices.refill_cycles');
    for (const { path, low, high } of other!.difference!.effects) {
      const range = ranges.find((one) => one.path === path)!;
      for (const [share, found] of [
        [0, low],
        [1, high],
      ] as const) {
        const moved = (of: UncertainSystem) => ({ [range.name]: priceAt(range, of.prices, share) });
        expect(found).toBe(totalOf(disco, moved(disco)) - totalOf(native, moved(native)));
      }
    }
    for (const { effects, now: middle } of [other!.total, other!.difference!, other!.ratio!]) {
      const reach = effects.map(({ low, high }) => Math.max(Math.abs(low - middle), Math.abs(high - middle)));
      expect(reach).toEqual([...reach].sort((a, b) => b - a));
      expect(reach.length).toBeGreaterThan(3);
    }
  });
});

describe('Monte Carlo', () => {
  test('one uniform price: the quantiles of a straight line', async () => {
    const ranges = rangesOf(pair, { percentByRole: { measured: 0, calibrated: 0, assumed: 0, chosen: 0 } });
    expect(ranges).toEqual([]);
    const stated = { 'prices.trap_cycles': { low: 100, high: 300 } };
    const one = rangesOf(pair, {
      stated,
      percentByRole: { measured: 0, calibrated: 0, assumed: 0, chosen: 0 },
    });
    const { systems, samples } = await monteCarlo(pair, one, { samples: 20_000 });
    expect(samples).toBe(20_000);
    const at = (share: number) => totalOf(disco, { trap_cycles: 100 + 200 * share });
    const width = at(1) - at(0);
    for (const [key, share] of [
      ['p5', 0.05],
      ['p50', 0.5],
      ['p95', 0.95],
    ] as const)
      expect(Math.abs(systems[1]!.total[key] - at(share)) / width).toBeLessThan(0.01);
    // Nothing in the native system depends on it.
    expect(systems[0]!.total.p5).toBe(systems[0]!.total.p95);
    expect(
      Math.abs(systems[1]!.difference!.p50 - (systems[1]!.total.p50 - systems[0]!.total.p50)),
    ).toBeLessThan(2);
  });

  test('every sample is priced as a run is: categories and totals lie on the samples’ own breakdowns', async () => {
    // A range of no width: the bands are the run at those prices.
    const stated = { 'prices.local_ns': { low: 412.3, high: 412.3 }, 'prices.trap_cycles': { percent: 0 } };
    const ranges = rangesOf(pair, {
      stated,
      percentByRole: { measured: 0, calibrated: 0, assumed: 0, chosen: 0 },
    });
    const { systems } = await monteCarlo(pair, ranges, { samples: 100 });
    for (const [i, side] of pair.entries()) {
      const { breakdown } = price(side.tally, { ...side.prices, local_ns: 412.3 }, side.system);
      const ps = breakdown.total_ps;
      expect(systems[i]!.total).toEqual({ p5: ps, p50: ps, p95: ps });
      const sums = sumBy(breakdown, ({ category }) => category);
      for (const [category, band] of Object.entries(systems[i]!.categories))
        expect(band.p50).toBe(sums.get(category as never) ?? 0);
    }
  });

  test('is a function of the seed; a range more leaves the other prices’ samples as they were', async () => {
    const ranges = rangesOf(pair);
    const run = (seed: number, of = ranges) => monteCarlo(pair, of, { samples: 2_000, seed });
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect((await run(8)).systems).not.toEqual(first.systems);
    const unused = { path: 'prices.packet_cycles', name: 'packet_cycles', role: 'assumed' } as const;
    const more = [{ ...unused, kind: 'factor', low: 0.5, high: 2 } as const, ...ranges.slice().reverse()];
    expect((await run(7, more)).systems).toEqual(first.systems);
  });

  test('common samples: the difference is far surer than the totals are', async () => {
    const { systems } = await monteCarlo(pair, rangesOf(pair), { samples: 5_000 });
    const [base, other] = systems;
    const width = ({ p5, p95 }: { p5: number; p95: number }): number => p95 - p5;
    expect(width(other!.difference!)).toBeLessThan(0.7 * width(base!.total));
    expect(claim(other!.difference!)).toBe('greater');
    expect(base).toMatchObject({ difference: null, ratio: null });
    expect(other!.ratio!.p5).toBeGreaterThan(1);
    // The same system twice, under another name: no difference at all.
    const twin = await monteCarlo([disco, { ...disco, name: 'twin' }], rangesOf(pair), { samples: 500 });
    expect(twin.systems[1]!.difference).toEqual({ p5: 0, p50: 0, p95: 0 });
    expect(claim(twin.systems[1]!.difference!)).toBe('no difference shown');
  });

  test('a claim needs a band that leaves out zero', () => {
    const ends = fc
      .tuple(fc.integer(), fc.integer())
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(ends, ([p5, p95]) => {
        const expected = p5 > 0 ? 'greater' : p95 < 0 ? 'less' : 'no difference shown';
        expect(claim({ p5, p95 })).toBe(expected);
        const turned = { greater: 'less', less: 'greater' }[claim({ p5, p95 }) as string];
        expect(claim({ p5: -p95, p95: -p5 })).toBe(turned ?? 'no difference shown');
      }),
    );
  });

  test('solves contention in every sample', async () => {
    const machine = { ...native.system.machine, nodes: 2, contention: 'deterministic' as const };
    const place = { context: 'user', layer: 'workload' as const };
    const busy = [0, 1].flatMap((cpu) => [
      { ...place, cpu, work: { instructions: 20_000 } },
      { ...place, cpu, kind: 'remote_clean' as const, side: 'load' as const, home: 1 - cpu, count: 900 },
      { ...place, cpu, kind: 'local' as const, side: 'load' as const, home: cpu, count: 900 },
    ]);
    const tally = tallyOfWindows(2, 2, [busy, busy]);
    const free = {
      ...native,
      name: 'free',
      tally,
      system: { ...native.system, machine: { ...machine, contention: 'none' as const } },
    };
    const queued = { ...native, name: 'queued', tally, system: { ...native.system, machine } };
    const ranges = rangesOf([free, queued]);
    const { systems } = await monteCarlo([free, queued], ranges, { samples: 200 });
    expect(claim(systems[1]!.difference!)).toBe('greater');
    const turned = await monteCarlo([queued, free], ranges, { samples: 200 });
    expect(claim(turned.systems[1]!.difference!)).toBe('less');
    const [, other] = tornado([free, queued], ranges);
    expect(other!.difference!.now).toBe(totalOf(queued, {}) - totalOf(free, {}));
  });

  test('takes fewer samples only where they take long, whatever the machine is doing', () => {
    const large = (cpus: number): UncertainSystem => ({
      ...native,
      tally: tallyOfWindows(
        cpus,
        cpus,
        Array.from({ length: 64 }, () => []),
      ),
      system: { ...native.system, machine: { ...native.system.machine, contention: 'deterministic' } },
    });
    expect(samplesFor([native, disco])).toBe(100_000);
    // Of a large machine, with locks and disks, 100,000 too: they are what is promised.
    for (const cpus of [2, 8, 16, 32]) expect(samplesFor([large(cpus), large(cpus)])).toBe(100_000);
    const many = samplesFor(Array.from({ length: 20 }, () => large(32)));
    expect(many).toBeLessThan(100_000);
    expect(many).toBeGreaterThan(10_000);
    expect(many % 10_000).toBe(0);
    expect(samplesFor(Array.from({ length: 300 }, () => large(32)))).toBe(10_000);
  });

  test('too few samples, or times too long, get one line', async () => {
    await expect(monteCarlo(pair, [], { samples: 99 })).rejects.toThrow(InputError);
    await expect(monteCarlo(pair, [], { samples: 1e3 + 0.5 })).rejects.toThrow(InputError);
    const stated = { 'prices.cycle_ns': { low: 1, high: 1e9 } };
    await expect(monteCarlo(pair, rangesOf(pair, { stated }), { samples: 100 })).rejects.toThrow(InputError);
  });
});
