import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Balance,
  type BalanceOptions,
  createBalance,
  type Transfer,
} from '../../src/model/monitor/balance.ts';
import { memory, scaledThresholds, type Thresholds } from '../../src/model/systems/schema-memory.ts';

const SMALL: Thresholds = { borrow_below: 2, keep: 1, unit: 2, lend_above: 4 };

const make = (shares: readonly number[], thresholds: Thresholds | null): Balance =>
  createBalance({ shares, thresholds: thresholds && shares.map(() => thresholds) });

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Page i of a VM. */
const pageOf = (vm: number, i: number): number => vm * 1000 + i;

describe('without balancing', () => {
  it('a virtual machine pages within its share: second-chance FIFO', () => {
    const balance = make([3, 3], null);
    const touch = (i: number) => {
      const fault = balance.touch(0, pageOf(0, i));
      return fault && [fault.pageOut, fault.pageIn];
    };
    expect([touch(0), touch(1), touch(2)]).toEqual(new Array(3).fill([-1, false]));
    expect([touch(0), touch(2)]).toEqual([null, null]);
    // 0 and 2 were used again, 1 was not; 0 has had its chance then, and next 2.
    expect(touch(3)).toEqual([1, false]);
    expect(touch(1)).toEqual([0, true]);
    expect(touch(4)).toEqual([3, false]);
    expect(touch(0)).toEqual([2, true]);
    expect(balance.counts(0)).toMatchObject({ faults: 7, page_ins: 2, page_outs: 4, borrows: 0 });
    expect(balance.free(1, 1)).toBe(3);
    // What is freed on disk or in memory is new when it is touched again, and room for others.
    balance.freed(3);
    balance.freed(4);
    expect(touch(3)).toEqual([-1, false]);
    expect([balance.owner(3), balance.owner(4), balance.owner(99)]).toEqual([0, -1, -1]);
  });

  it('pages as an obvious twin does', () => {
    const steps = fc.array(fc.tuple(fc.nat(14), fc.nat(9)), { maxLength: 400 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 12 }), (all, share) => {
        const balance = make([share], null);
        let queue: { page: number; used: boolean }[] = [];
        const disk = new Set<number>();
        for (const [page, what] of all) {
          if (what === 0) {
            balance.freed(page);
            queue = queue.filter((entry) => entry.page !== page);
            disk.delete(page);
            continue;
          }
          const fault = balance.touch(0, page);
          const there = queue.find((entry) => entry.page === page);
          expect(fault === null).toBe(there !== undefined);
          if (there) {
            there.used = true;
            continue;
          }
          let out = -1;
          if (queue.length === share) {
            while (queue[0]!.used) queue.push({ page: queue.shift()!.page, used: false });
            out = queue.shift()!.page;
            disk.add(out);
          }
          expect(fault).toEqual({ owner: 0, pageIn: disk.has(page), pageOut: out, transfers: [] });
          disk.delete(page);
          queue.push({ page, used: false });
        }
        expect(balance.resident(0)).toBe(queue.length);
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});

describe('with balancing', () => {
  it('borrows units of those that lend, in order, before anything goes to disk', () => {
    const balance = make([4, 6, 8], SMALL);
    const faults = Array.from({ length: 12 }, (_, i) => balance.touch(0, pageOf(0, i))!);
    const transfers = faults.flatMap(({ transfers }, i) =>
      transfers.map(({ kind, from, pages }) => `${i}: ${kind} ${pages} of ${from}`),
    );
    // Below two free pages of its own it takes a unit of each; the second VM lends once (6 > 4), the third twice.
    expect(transfers).toEqual(['3: borrow 2 of 1', '3: borrow 2 of 2', '8: borrow 2 of 2']);
    expect(faults.map(({ owner }) => owner)).toEqual([0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 0, 0]);
    expect(faults.map(({ pageOut }) => pageOut)).toEqual([...new Array<number>(10).fill(-1), 0, 1]);
    expect([balance.free(1, 1), balance.free(2, 2)]).toEqual([4, 4]);
    expect(balance.counts(0)).toMatchObject({ borrows: 3, borrowed_pages: 6, page_outs: 2 });
  });

  it('a borrower gives back what it does not need; an owner in need gets back what is free', () => {
    const balance = make([6, 10], SMALL);
    for (let i = 0; i < 9; i++) balance.touch(0, pageOf(0, i));
    expect(balance.free(1, 1)).toBe(6);
    const own = [0, 1, 2, 3].flatMap((i) => balance.freed(pageOf(0, i)));
    expect(own).toEqual([]);
    const given = [4, 5, 6, 7, 8].flatMap((i) => balance.freed(pageOf(0, i)));
    expect(given).toEqual([{ kind: 'return', from: 0, to: 1, pages: 2 }]);
    expect(balance.counts(0).returns).toBe(1);

    // The other one needs more than all of its own.
    const kinds = new Set<string>();
    for (let i = 0; i < 11; i++)
      for (const { kind } of balance.touch(1, pageOf(1, i))!.transfers) kinds.add(kind);
    expect(kinds).toEqual(new Set(['borrow', 'recall']));
    expect(balance.counts(1)).toMatchObject({ page_outs: 0, recalls: 1 });
  });

  it('who has more than its share gives way to who has less', () => {
    const balance = make([4, 12], SMALL);
    for (let i = 0; i < 20; i++) balance.touch(0, pageOf(0, i));
    expect(balance.resident(0)).toBe(12);
    const before = balance.counts(0).page_outs;
    const outs = Array.from({ length: 12 }, (_, i) => balance.touch(1, pageOf(1, i))!.pageOut);
    expect(outs.filter((page) => page >= 1000)).toEqual([]);
    expect([balance.resident(0), balance.resident(1)]).toEqual([4, 12]);
    expect(balance.counts(0).page_outs - before).toBe(8);
    expect(balance.counts(1).page_outs).toBe(0);
  });

  it('one below its share takes what is free anywhere', () => {
    const balance = make([4, 4, 4], { ...SMALL, lend_above: 3 });
    // VM 0 lives in the memory of 1; then its own is free, but too little to lend.
    for (let i = 0; i < 6; i++) balance.touch(0, pageOf(0, i));
    for (let i = 0; i < 3; i++) balance.freed(pageOf(0, i));
    const faults = Array.from({ length: 4 }, (_, i) => balance.touch(1, pageOf(1, i))!);
    expect(faults.flatMap(({ transfers }) => transfers).some(({ kind }) => kind === 'claim')).toBe(true);
    expect(faults.every(({ pageOut }) => pageOut === -1)).toBe(true);
    expect(balance.counts(1).claims).toBeGreaterThan(0);
  });
});

const shares = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(17), fc.nat(9)), { minLength: 80, maxLength: 200 });
const unit = fc.integer({ min: 1, max: 4 });
const thresholds = fc
  .record({ borrow_below: unit, keep: unit, unit, lend_above: unit })
  .map((t) => ({ ...t, lend_above: Math.max(t.lend_above, t.unit) }));

it('memory is conserved; nobody pages while another lends; who keeps to its share never pages', () => {
  let outs = 0;
  const seen = new Set<string>();
  const check = (options: BalanceOptions, all: readonly (readonly [number, number, number])[]): void => {
    const vms = options.shares.map((_, vm) => vm);
    const balance = createBalance(options);
    const used = vms.map(() => new Set<number>());
    const most = vms.map(() => 0);
    for (const [which, i, what] of all) {
      const vm = which % vms.length;
      const page = pageOf(vm, i);
      let transfers: readonly Transfer[] = [];
      if (what < 4) {
        // One page, or (a process has ended) all.
        const gone = what === 0 ? [...used[vm]!] : [page];
        transfers = gone.flatMap((one) => balance.freed(one));
        for (const one of gone) used[vm]!.delete(one);
      } else {
        const fault = balance.touch(vm, page);
        used[vm]!.add(page);
        most[vm] = Math.max(most[vm]!, used[vm]!.size);
        expect(balance.owner(page)).toBeGreaterThanOrEqual(0);
        transfers = fault?.transfers ?? [];
        if (fault && fault.pageOut >= 0) {
          outs++;
          if (options.thresholds !== null) {
            // Whatever was free before, or became it, was below what is lent, and the faulting VM had nothing.
            for (const other of vms)
              if (other !== vm)
                expect(balance.free(other, other)).toBeLessThanOrEqual(options.thresholds[other]!.lend_above);
            expect(sum(vms.map((owner) => balance.free(vm, owner)))).toBe(0);
            const loser = Math.floor(fault.pageOut / 1000);
            if (loser !== vm) expect(balance.resident(loser)).toBeGreaterThanOrEqual(options.shares[loser]!);
          } else expect(Math.floor(fault.pageOut / 1000)).toBe(vm);
        }
      }
      for (const { kind, from, to, pages } of transfers) {
        seen.add(kind);
        expect(pages).toBeGreaterThan(0);
        expect(from).not.toBe(to);
      }
      // Each VM’s memory is free or used, whoever has it.
      const inUse = vms.map(() => 0);
      const residents = vms.map(() => 0);
      for (const other of vms)
        for (const touched of used[other]!) {
          const owner = balance.owner(touched);
          if (owner < 0) continue;
          inUse[owner]!++;
          residents[other]!++;
        }
      for (const owner of vms) {
        const freePages = vms.map((holder) => balance.free(holder, owner));
        expect(Math.min(...freePages)).toBeGreaterThanOrEqual(0);
        expect(inUse[owner]! + sum(freePages)).toBe(options.shares[owner]);
        expect(balance.resident(owner)).toBe(residents[owner]);
      }
    }
    for (const vm of vms) {
      const { page_outs, page_ins, borrows } = balance.counts(vm);
      expect(page_ins).toBeLessThanOrEqual(page_outs);
      if (most[vm]! <= options.shares[vm]!) expect(page_outs).toBe(0);
      if (options.thresholds === null) expect(borrows).toBe(0);
    }
  };
  fc.assert(
    fc.property(shares, thresholds, fc.boolean(), steps, (given, of, on, all) => {
      check({ shares: given, thresholds: on ? given.map(() => of) : null }, all);
    }),
    { numRuns: 150, seed: 3 },
  );
  expect(outs).toBeGreaterThan(100);
  expect(seen).toEqual(new Set(['borrow', 'return', 'recall', 'claim']));
});

it('balancing never pages more where one needs what the others do not', () => {
  const count = (on: boolean) => {
    const of = scaledThresholds(memory.parse({}), 1000);
    const balance = createBalance({ shares: [1000, 1000, 1000], thresholds: on ? [of, of, of] : null });
    for (let round = 0; round < 3; round++)
      for (let i = 0; i < 2500; i++) {
        balance.touch(0, 3 * i);
        if (i < 200) balance.touch(1, 3 * i + 1);
      }
    return balance.counts(0);
  };
  const alone = count(false);
  const together = count(true);
  expect(alone).toMatchObject({ borrows: 0, faults: 7500, page_outs: 6500, page_ins: 5000 });
  expect(together).toMatchObject({ faults: 2500, page_outs: 0 });
  expect(together.borrowed_pages).toBeGreaterThanOrEqual(1500);
  expect(count(true)).toEqual(together);
});

it('thresholds scale with the memory of a virtual machine', () => {
  const defaults = memory.parse({});
  // 448 MB are 114,688 pages: the printed values. 32 MB: a fourteenth of them.
  expect(scaledThresholds(defaults, 114_688)).toEqual({
    borrow_below: 4096,
    keep: 1024,
    unit: 1024,
    lend_above: 8192,
  });
  expect(scaledThresholds(defaults, 8192)).toEqual({
    borrow_below: 293,
    keep: 73,
    unit: 73,
    lend_above: 585,
  });
  expect(scaledThresholds(defaults, 1)).toEqual({ borrow_below: 1, keep: 1, unit: 1, lend_above: 1 });
  expect(scaledThresholds(memory.parse({ cell_memory: '32M' }), 8192).lend_above).toBe(8192);
  expect(() => memory.parse({ lend_above: '1M' })).toThrow(/at least/);
});
