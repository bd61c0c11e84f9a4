import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elapsedPs, PAGE_ACTIONS } from '../../src/model/pricing/actions.ts';
import { price } from '../../src/model/pricing/price.ts';
import { STEP, sensitivityOf } from '../../src/model/pricing/sensitivity.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import { COUNTERS, LAYERS, type Tally, type TallyRow } from '../../src/model/tally.ts';
import { tallyOfWindows } from './window-tally.ts';

const system = systemSchema.parse({ machine: { nodes: 2 }, monitor: {} });
const prices = system.prices as ResolvedPrices;

const row: fc.Arbitrary<TallyRow> = fc
  .record({
    cpu: fc.nat(3),
    context: fc.constantFrom('user', 'syscall 3'),
    layer: fc.constantFrom(...LAYERS),
    count: fc.nat(1000),
    instructions: fc.nat(100_000),
    l1: fc.nat(5000),
    l2: fc.nat(2000),
    remote: fc.nat(1000),
  })
  .map(({ l1, l2, remote, count, instructions, ...place }) => ({
    ...place,
    counters: {
      count,
      instructions,
      l1d_load_misses: l1 + l2,
      l2_load_misses: l2,
      remote_load_misses: Math.min(remote, l2),
    },
  }));

const tally = fc
  .array(row, { maxLength: 12 })
  .map((rows): Tally => ({ ...tallyOfWindows(4, 2, []), rows, windows: [] }));

describe('actions of a page policy', () => {
  test('their times are parts of the breakdown, to the picosecond', () => {
    fc.assert(
      fc.property(tally, (counted) => {
        const { actions, breakdown } = price(counted, prices, system);
        const moving = breakdown.parts.filter((part) => part.cause === 'page_move');
        const kept = counted.rows.filter(
          ({ layer, counters }) => PAGE_ACTIONS.some((name) => name === layer) && counters.count === 0,
        );
        // A row whose activity never happened is no action; its waiting is in the breakdown all the same.
        const lost = price({ ...counted, rows: kept }, prices, system).breakdown.total_ps;
        const all = moving.reduce((sum, { ps }) => sum + ps, 0);
        const sum = actions.reduce((total, { ps }) => total + ps, 0);
        const happened = PAGE_ACTIONS.filter((layer) =>
          counted.rows.some((one) => one.layer === layer && one.counters.count! > 0),
        );
        if (kept.length === 0) expect(sum).toBe(all);
        else expect(sum).toBeGreaterThanOrEqual(all - lost);
        expect(actions.map(({ layer }) => layer)).toEqual(happened);
      }),
    );
  });

  test('how often a second, and how long each: by hand', () => {
    const rows: TallyRow[] = [
      { cpu: 0, context: 'user', layer: 'workload', counters: { instructions: 400_000 } }, // 1 ms
      {
        cpu: 1,
        context: 'user',
        layer: 'migrate',
        counters: { count: 4, l1d_load_misses: 10, l2_load_misses: 10 },
      },
    ];
    const { actions, breakdown } = price({ ...tallyOfWindows(4, 2, []), rows }, prices, system);
    expect(elapsedPs(breakdown)).toBe(1e9);
    const ps = (4 * prices.migrate_ns + 10 * prices.local_ns) * 1000;
    expect(actions).toEqual([{ layer: 'migrate', count: 4, ps, per_second: 4000, us_each: ps / 4 / 1e6 }]);
  });

  test('an empty run has none', () => {
    expect(price(tallyOfWindows(4, 2, []), prices, system).actions).toEqual([]);
    expect(elapsedPs({ total_ps: 0, parts: [] })).toBe(0);
  });
});

describe('differences as prices move', () => {
  const names = ['emulate_cycles', 'cycle_ns', 'l2_hit_ns', 'migrate_ns', 'controller_ns'] as const;

  test('are those of pricing everything again', () => {
    fc.assert(
      fc.property(tally, tally, (one, other) => {
        const total = (counted: Tally, changed: ResolvedPrices): number =>
          price(counted, changed, system).breakdown.total_ps;
        const priced = (counted: Tally) => ({
          tally: counted,
          prices,
          system,
          total_ps: total(counted, prices),
        });
        const found = sensitivityOf(priced(one), priced(other), names);
        if (total(one, prices) === 0) {
          expect(found).toBeNull();
          return;
        }
        expect(found!.varied).toBe(4);
        const change = (changed: ResolvedPrices): number =>
          (100 * (total(other, changed) - total(one, changed))) / total(one, changed);
        for (const { path, less, more } of found!.effects) {
          const name = path.slice('prices.'.length) as keyof ResolvedPrices;
          for (const [factor, value] of [
            [1 - STEP, less],
            [1 + STEP, more],
          ] as const) {
            const expected = change({ ...prices, [name]: prices[name] * factor });
            expect(Math.abs(value - expected)).toBeLessThan(1e-3 * Math.max(1, Math.abs(expected)));
          }
          expect(found!.low).toBeLessThanOrEqual(Math.min(less, more, found!.change));
          expect(found!.high).toBeGreaterThanOrEqual(Math.max(less, more, found!.change));
        }
        const reach = found!.effects.map(({ less, more }) =>
          Math.max(Math.abs(less - found!.change), Math.abs(more - found!.change)),
        );
        expect(reach).toEqual([...reach].sort((a, b) => b - a));
      }),
    );
  });

  test('every price that is moved can have an effect: those that act through waiting or distance alone are left out', () => {
    const everything = LAYERS.map(
      (layer): TallyRow => ({
        cpu: 0,
        context: 'user',
        layer,
        counters: Object.fromEntries(
          COUNTERS.map((name) => [
            name,
            name.startsWith('l1') ? 9000 : name.startsWith('l2') || name === 'upgrades' ? 900 : 90,
          ]),
        ),
      }),
    );
    const nothing: TallyRow[] = [
      { cpu: 0, context: 'user', layer: 'workload', counters: { instructions: 1e6 } },
    ];
    const priced = (rows: readonly TallyRow[]) => {
      const counted: Tally = { ...tallyOfWindows(4, 2, []), rows, windows: [] };
      return { tally: counted, prices, system, total_ps: price(counted, prices, system).breakdown.total_ps };
    };
    const all = Object.keys(prices) as (keyof ResolvedPrices)[];
    const found = sensitivityOf(priced(nothing), priced(everything), all)!;
    const moved = new Set(found.effects.map(({ path }) => path));
    expect(found.varied).toBeGreaterThan(20);
    expect(found.effects.length, all.filter((name) => !moved.has(`prices.${name}`)).join()).toBe(
      found.varied,
    );
  });

  test('time that pricing did not say, such as queueing, is kept', () => {
    const rows: TallyRow[] = [
      { cpu: 0, context: 'user', layer: 'workload', counters: { instructions: 1000 } },
    ];
    const counted: Tally = { ...tallyOfWindows(4, 2, []), rows };
    const base = { tally: counted, prices, system, total_ps: 2_500_000 };
    // As long again in queues: a cycle a fifth longer makes a tenth of the doubled total.
    const found = sensitivityOf(base, { ...base, total_ps: 5_000_000 }, ['cycle_ns'])!;
    expect(found.change).toBe(100);
    expect(found.effects[0]!.more).toBeCloseTo((100 * 2_500_000) / 3_000_000, 9);
  });

  test('nothing to move, or nothing to divide by: none', () => {
    const base = { tally: tallyOfWindows(4, 2, []), prices, system, total_ps: 0 };
    expect(sensitivityOf(base, base, names)).toBeNull();
    expect(sensitivityOf({ ...base, total_ps: 5 }, base, [])).toBeNull();
    expect(sensitivityOf({ ...base, total_ps: 9e15 }, base, names)).toBeNull();
  });
});
