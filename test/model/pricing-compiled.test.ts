import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATEGORIES, CAUSES } from '../../src/model/pricing/breakdown.ts';
import { BY_CATEGORY, BY_CAUSE, BY_CPU, compilePricing } from '../../src/model/pricing/compiled.ts';
import { price } from '../../src/model/pricing/price.ts';
import { splitExactly, splitter } from '../../src/model/pricing/queueing/exact-sums.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { type System, systemSchema } from '../../src/model/systems/schema.ts';
import {
  COUNTERS,
  FLOW_KINDS,
  type HeldRow,
  LAYERS,
  type LockCount,
  type Tally,
  type TallyRow,
} from '../../src/model/tally.ts';
import { InputError } from '../../src/trace/errors.ts';
import { obviousBreakdown, obviousColumns } from './pricing-oracle.ts';
import { type Did, type Sent, tallyOfWindows } from './window-tally.ts';

const native = systemSchema.parse({});
const disco = systemSchema.parse({ monitor: {} });
const defaults = native.prices as ResolvedPrices;
const names = Object.keys(defaults) as (keyof ResolvedPrices)[];

/** None, or something: no price is a millionth of a picosecond. */
const amount = (max: number) => fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max, noNaN: true }));

/** Prices near what they are, some of them anything. */
const pricesArbitrary: fc.Arbitrary<ResolvedPrices> = fc
  .tuple(
    fc.array(amount(2), {
      minLength: names.length,
      maxLength: names.length,
    }),
    fc.dictionary(fc.constantFrom(...names, 'hop_ns'), amount(700)),
  )
  .map(([factors, some]) => ({
    ...(Object.fromEntries(names.map((name, i) => [name, defaults[name] * factors[i]!])) as ResolvedPrices),
    ...some,
  }));

const rowArbitrary = (cpus: number): fc.Arbitrary<TallyRow> =>
  fc
    .record({
      cpu: fc.nat(cpus - 1),
      context: fc.constantFrom('user', 'kernel', 'syscall 3', 'UTLB_MISS'),
      layer: fc.constantFrom(...LAYERS),
      counters: fc.dictionary(fc.constantFrom(...COUNTERS), fc.nat(100_000)),
    })
    .map((row) => {
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
      c.patchable = Math.min(c.patchable ?? 0, c.count ?? 0);
      c.node_moves = Math.min(c.node_moves ?? 0, (c.count ?? 0) - c.patchable);
      c.cell_moves = Math.min(c.cell_moves ?? 0, (c.count ?? 0) - c.patchable - c.node_moves);
      if (c.disk_requests !== undefined) c.disk_requests %= 50;
      return { ...row, counters: c };
    });

/** Rows of which some are repeated as held, under one lock or two. */
const lockedTally: fc.Arbitrary<Tally> = fc
  .tuple(
    fc.array(rowArbitrary(3), { minLength: 1, maxLength: 12 }),
    fc.array(
      fc.tuple(fc.nat(11), fc.constantFrom([0], [1], [0, 1], [1, 0]), fc.integer({ min: 1, max: 90 })),
      {
        maxLength: 8,
      },
    ),
    fc.constantFrom<readonly LockCount['kind'][]>(['spin', 'semaphore'], ['semaphore', 'spin']),
  )
  .map(([rows, holds, kinds]) => {
    const held = holds.map(([at, locks, taken]): HeldRow => {
      const row = rows[at % rows.length]!;
      return { ...row, locks, counters: { ...row.counters, lock_acquisitions: taken } };
    });
    const taken = (lock: number) =>
      [0, 1, 2].map((cpu) =>
        held.reduce(
          (sum, row) =>
            sum +
            (row.cpu === cpu && row.locks[row.locks.length - 1] === lock
              ? row.counters.lock_acquisitions!
              : 0),
          0,
        ),
      );
    const locks = [0, 1]
      .map(
        (lock): LockCount => ({
          lock,
          kind: kinds[lock]!,
          acquisitions: taken(lock),
          holds: { count: 2, instructions: 10, squares: 80 },
        }),
      )
      .filter(({ acquisitions }) => acquisitions.some((times) => times > 0));
    return { ...tallyOfWindows(3, 1, []), rows, held, locks };
  });

/** A machine and a run with windows on it. */
const contended: fc.Arbitrary<{ readonly system: System; readonly tally: Tally }> = fc
  .constantFrom<readonly [System['machine']['interconnect'], number, number]>(
    ['uniform', 4, 4],
    ['mesh', 4, 4],
    ['bus', 2, 1],
  )
  .chain(([interconnect, cpus, nodes]) => {
    const place = {
      cpu: fc.nat(cpus - 1),
      context: fc.constantFrom('user', 'kernel'),
      layer: fc.constantFrom('workload' as const, 'privileged' as const, 'vcpu_move' as const),
    };
    const did: fc.Arbitrary<Did> = fc
      .record({
        ...place,
        work: fc.record({
          instructions: fc.nat(20000),
          count: fc.nat(20),
          pages_zeroed: fc.nat(2),
          uncached_accesses: fc.nat(3),
          l1i_misses: fc.nat(100),
        }),
      })
      .map((one) =>
        one.layer === 'vcpu_move'
          ? {
              ...one,
              work: { ...one.work, node_moves: one.work.count >> 1, cell_moves: one.work.count >> 2 },
            }
          : one,
      );
    const sent: fc.Arbitrary<Sent> = fc
      .record({
        ...place,
        kind: fc.constantFrom(...FLOW_KINDS),
        side: fc.constantFrom('fetch' as const, 'load' as const, 'store' as const),
        home: fc.nat(nodes - 1),
        other: fc.nat(nodes - 1),
        count: fc.nat(2000),
      })
      .map((flow) => {
        const own = Math.floor(flow.cpu / (cpus / nodes));
        if (flow.kind === 'local') return { ...flow, home: own, other: own };
        return flow.kind === 'local_cache' ? { ...flow, other: own } : flow;
      });
    return fc
      .record({
        windows: fc.array(fc.array(fc.oneof(did, sent), { maxLength: 20 }), { minLength: 1, maxLength: 3 }),
        contention: fc.constantFrom('deterministic' as const, 'exponential' as const, 'none' as const),
      })
      .map(({ windows, contention }) => ({
        system: { ...disco, machine: { ...disco.machine, interconnect, nodes, contention } },
        tally: tallyOfWindows(cpus, nodes, windows),
      }));
  });

/** Null: a time too long for picoseconds. */
function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** The same bits from the compiled tally, its columns, a single pricing, and the oracle: at each of several prices. */
function agree(tally: Tally, system: System, points: readonly ResolvedPrices[]): void {
  const compiled = compilePricing(tally, system, { preemption: null });
  const columns = new Float64Array(compiled.columns.length + 2).fill(-1);
  // And back to the first: nothing is carried over from one point to the next.
  for (const prices of [...points, points[0]!]) {
    const expected = orNull(() => obviousBreakdown(tally, prices, system));
    if (expected === null || !Number.isSafeInteger(expected.total_ps)) {
      expect(() => compiled.evaluate(prices, new Float64Array(columns.length))).toThrow(InputError);
      expect(() => compiled.priced(prices)).toThrow(InputError);
      continue;
    }
    const priced = compiled.priced(prices);
    expect(priced.breakdown).toEqual(expected);
    expect(price(tally, prices, system, { preemption: null })).toEqual(priced);
    compiled.evaluate(prices, columns, 1);
    const sums = obviousColumns(expected, tally.cpus);
    compiled.columns.forEach((name, i) => {
      expect(columns[i + 1], name).toBe(sums[name] ?? 0);
    });
    expect([columns[0], columns[columns.length - 1]]).toEqual([-1, -1]);
  }
}

describe('a compiled tally', () => {
  const points = fc.array(pricesArbitrary, { minLength: 1, maxLength: 3 });

  test('prices as the oracle does, to the bit: rows of all layers', () => {
    fc.assert(
      fc.property(
        fc.array(rowArbitrary(4), { maxLength: 25 }),
        points,
        fc.constantFrom(native, disco),
        (rows, at, system) => {
          agree({ ...tallyOfWindows(4, 1, []), rows }, system, at);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('with locks and disks', () => {
    fc.assert(
      fc.property(lockedTally, points, (tally, at) => {
        agree(tally, disco, at);
      }),
      { numRuns: 60 },
    );
  });

  test('with distance and contention', () => {
    fc.assert(
      fc.property(contended, points, ({ tally, system }, at) => {
        // Also prices that contention does not depend on.
        const besides = at.map((prices) => ({ ...prices, timer_ns: prices.timer_ns + 1, disk_ns: 1 }));
        agree(
          tally,
          system,
          at.flatMap((prices, i) => [prices, besides[i]!]),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('says where its columns are', () => {
    const { columns } = compilePricing(tallyOfWindows(2, 1, []), disco);
    expect(columns.slice(0, BY_CATEGORY)).toEqual(['total_ps', 'elapsed_ps']);
    expect(columns.slice(BY_CATEGORY, BY_CAUSE)).toEqual(CATEGORIES.map((name) => `category.${name}`));
    expect(columns.slice(BY_CAUSE, BY_CPU)).toEqual(CAUSES.map((name) => `cause.${name}`));
    expect(columns.slice(BY_CPU)).toEqual(['cpu.0', 'cpu.1']);
  });
});

test('a splitter splits as its slow twin does', () => {
  const weight = fc.oneof(fc.nat(5), fc.nat(1_000_000), fc.double({ min: 0, max: 1e6, noNaN: true }));
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 1, maxLength: 30 }),
      fc.array(fc.oneof(fc.nat(100), fc.maxSafeNat()), { minLength: 1, maxLength: 4 }),
      (weights, totals) => {
        const split = splitter(weights);
        for (const total of totals) expect([...split(total)]).toEqual(splitExactly(total, weights));
      },
    ),
    { numRuns: 2000 },
  );
  expect([...splitter([])(0)]).toEqual([]);
  expect(() => splitter([1])(0.5)).toThrow(RangeError);
});
