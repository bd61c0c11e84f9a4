import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sumBy } from '../../src/model/pricing/breakdown.ts';
import { price } from '../../src/model/pricing/price.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import { COUNTERS, LAYERS, type Tally, type TallyRow } from '../../src/model/tally.ts';
import { InputError } from '../../src/trace/errors.ts';

const native = systemSchema.parse({});
const disco = systemSchema.parse({ monitor: {} });
const defaults = native.prices as ResolvedPrices;
const priceNames = Object.keys(defaults) as (keyof ResolvedPrices)[];

const pricesArbitrary = fc
  .array(fc.double({ min: 0, max: 300, noNaN: true }), {
    minLength: priceNames.length,
    maxLength: priceNames.length,
  })
  .map(
    (values) =>
      Object.fromEntries(priceNames.map((name, i) => [name, values[i]])) as unknown as ResolvedPrices,
  );

const rowArbitrary: fc.Arbitrary<TallyRow> = fc
  .record({
    cpu: fc.nat(3),
    context: fc.constantFrom('user', 'kernel', 'syscall 3', 'UTLB_MISS'),
    layer: fc.constantFrom(...LAYERS),
    counters: fc.dictionary(fc.constantFrom(...COUNTERS), fc.nat(1_000_000)),
  })
  .map((row) => {
    // Remote misses are a part of the L2's, those a part of the L1's; patched operations of all emulated.
    const c: Record<string, number> = { ...row.counters };
    for (const kind of ['fetch', 'load', 'store']) {
      let left = c[`l2_${kind}_misses`] ?? 0;
      for (const place of ['remote', 'dirty', 'neighbour']) {
        const name = `${place}_${kind}_misses`;
        c[name] = Math.min(c[name] ?? 0, left);
        left -= c[name];
      }
    }
    c.remote_upgrades = Math.min(c.remote_upgrades ?? 0, c.upgrades ?? 0);
    c.node_moves = Math.min(c.node_moves ?? 0, c.count ?? 0);
    c.cell_moves = Math.min(c.cell_moves ?? 0, (c.count ?? 0) - c.node_moves);
    c.patchable = row.layer === 'privileged' ? Math.min(c.patchable ?? 0, c.count ?? 0) : 0;
    return { ...row, counters: c };
  });

const tallyOf = (rows: readonly TallyRow[]): Tally => ({
  cpus: 4,
  instructions: 0,
  rows,
  state: { dirty_l1_lines: 0, dirty_l2_lines: 0, physical_pages: 0, lost_lines: [] },
  pages: null,
  memory: null,
  schedule: null,
  locks: [],
  held: [],
  windows: [],
});

describe('pricing', () => {
  test('parts are whole picoseconds and add up to the total exactly, whatever the prices', () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { maxLength: 30 }), pricesArbitrary, (rows, prices) => {
        const { breakdown, contention } = price(tallyOf(rows), prices, disco);
        expect(contention).toBeNull();
        let sum = 0;
        for (const part of breakdown.parts) {
          expect(Number.isSafeInteger(part.ps)).toBe(true);
          expect(part.ps).toBeGreaterThanOrEqual(0);
          sum += part.ps;
        }
        expect(breakdown.total_ps).toBe(sum);
        for (const key of ['category', 'cause', 'owner', 'context'] as const) {
          const total = [...sumBy(breakdown, (part) => part[key]).values()].reduce((a, b) => a + b, 0);
          expect(total).toBe(breakdown.total_ps);
        }
      }),
    );
  });

  test('a total that picoseconds cannot hold exactly is refused', () => {
    const row: TallyRow = { cpu: 0, context: 'user', layer: 'workload', counters: { instructions: 1e9 } };
    expect(() => price(tallyOf([row]), { ...defaults, cycle_ns: 1e5 }, native)).toThrow(InputError);
  });

  test('a dearer price never makes a run cheaper', () => {
    fc.assert(
      fc.property(
        fc.array(rowArbitrary, { maxLength: 10 }),
        pricesArbitrary,
        fc.constantFrom(...priceNames),
        fc.double({ min: 0, max: 1000, noNaN: true }),
        (rows, prices, name, more) => {
          const before = price(tallyOf(rows), prices, native).breakdown.total_ps;
          const dearer = { ...prices, [name]: prices[name] + more };
          const after = price(tallyOf(rows), dearer, native).breakdown.total_ps;
          expect(after).toBeGreaterThanOrEqual(before);
        },
      ),
    );
  });

  test('a priced event stands alone: count × price, in its own cause', () => {
    const row = (layer: TallyRow['layer'], counters: TallyRow['counters'], context = 'kernel'): TallyRow => ({
      cpu: 0,
      context,
      layer,
      counters,
    });
    const only = (r: TallyRow) => price(tallyOf([r]), defaults, disco).breakdown;
    expect(only(row('l2tlb', { count: 1000 }))).toMatchObject({
      total_ps: Math.round(1000 * defaults.l2tlb_cycles * 2500),
      parts: [{ category: 'monitor', cause: 'l2tlb_reload', owner: 'architecture' }],
    });
    expect(only(row('workload', { instructions: 3 }, 'user'))).toMatchObject({
      total_ps: 7500,
      parts: [{ category: 'user', cause: 'execution', owner: 'workload' }],
    });
    // 10 L1 misses: 6 hit in the L2, 3 go to local memory, 1 to remote memory.
    expect(
      only(row('workload', { l1d_load_misses: 10, l2_load_misses: 4, remote_load_misses: 1 })).parts.map(
        (p) => [p.cause, p.ps],
      ),
    ).toEqual([
      ['stall_l2_data', 6 * 51300],
      ['stall_local_data', 3 * 300000],
      ['stall_remote_data', 900000],
    ]);
    const emulation = defaults.emulate_cycles * 2500;
    // Emulated operations that a patched kernel would not need are the operating system's to remove.
    expect(
      only(row('privileged', { count: 10, patchable: 7 })).parts.map((p) => [p.owner, p.count, p.ps]),
    ).toEqual([
      ['architecture', 3, 3 * emulation],
      ['operating system', 7, 7 * emulation],
    ]);
    // Zeroing a page costs its instructions wherever it is done; the misses come from the tally.
    const faulted = only(row('demand_zero', { count: 1, pages_zeroed: 1 })).total_ps;
    expect(faulted).toBe((defaults.demand_zero_ns + defaults.zero_page_cycles * 2.5) * 1000);
  });
});
