import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import type { Priced } from '../../src/model/pricing/compiled.ts';
import { memoryDelays } from '../../src/model/pricing/contention.ts';
import { holdsOf, timeOfRow } from '../../src/model/pricing/held-time.ts';
import { price } from '../../src/model/pricing/price.ts';
import { diskDemandFor } from '../../src/model/pricing/queueing/disk-idle.ts';
import { solveLock } from '../../src/model/pricing/queueing/locks.ts';
import { diskService, HP_97560 } from '../../src/model/systems/disk-drive.ts';
import { type ResolvedPrices, resolvePrices } from '../../src/model/systems/resolve.ts';
import { type System, type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import type { Counter, HeldRow, Tally, TallyRow } from '../../src/model/tally.ts';
import { ingest } from '../../src/trace/ingest.ts';
import type { Trace } from '../../src/trace/types.ts';
import { describeTrace } from '../trace/workloads-reading.ts';
import { oneLock, simulateSpin, stretchesOf } from './waiting-simulation.ts';
import { tallyOfWindows } from './window-tally.ts';

const system = systemSchema.parse({});
const defaults = system.prices as ResolvedPrices;
const sum = (list: Iterable<number>): number => [...list].reduce((a, b) => a + b, 0);
const timeOf = (priced: Priced, category: string, cause?: string): number =>
  sum(
    priced.breakdown.parts
      .filter((part) => part.category === category && (cause === undefined || part.cause === cause))
      .map((part) => part.ps),
  );

/** Held rows, and what CPUs do besides; the rows of the tally contain both. */
function tallyOf(
  cpus: number,
  held: readonly HeldRow[],
  besides: readonly TallyRow[],
  semaphores: readonly number[] = [],
): Tally {
  const rows = new Map<string, TallyRow & { counters: Partial<Record<Counter, number>> }>();
  for (const { cpu, context, layer, counters } of [...held, ...besides]) {
    const key = `${cpu} ${context} ${layer}`;
    const row = rows.get(key) ?? { cpu, context, layer, counters: {} };
    rows.set(key, row);
    for (const [name, count] of Object.entries(counters) as [Counter, number][])
      row.counters[name] = (row.counters[name] ?? 0) + count;
  }
  const locks = [...new Set(held.map((row) => row.locks[row.locks.length - 1]!))].sort((a, b) => a - b);
  return {
    ...tallyOfWindows(cpus, 1, []),
    rows: [...rows.values()],
    held,
    locks: locks.map((lock) => ({
      lock,
      kind: semaphores.includes(lock) ? 'semaphore' : 'spin',
      acquisitions: Array.from({ length: cpus }, (_, cpu) =>
        sum(
          held
            .filter((row) => row.cpu === cpu && row.locks[row.locks.length - 1] === lock)
            .map((row) => row.counters.lock_acquisitions ?? 0),
        ),
      ),
      holds: { count: 1, instructions: 1, squares: 2 },
    })),
  };
}

/** Every CPU holds a lock so often, for so many instructions, and computes in between. */
const hot = (
  cpus: number,
  hold: number,
  think: number,
  { times = 1000, locks = [0], context = 'read' } = {},
): readonly [HeldRow[], TallyRow[]] => [
  Array.from({ length: cpus }, (_, cpu) => ({
    cpu,
    context,
    layer: 'workload' as const,
    locks,
    counters: { instructions: hold * times, lock_acquisitions: times },
  })),
  Array.from({ length: cpus }, (_, cpu) => ({
    cpu,
    context: 'user',
    layer: 'workload' as const,
    counters: { instructions: think * times },
  })),
];

const heldRows = (cpus: number): fc.Arbitrary<HeldRow[]> =>
  fc.array(
    fc.record({
      cpu: fc.nat(cpus - 1),
      context: fc.constantFrom('user', 'kernel', 'read', 'open'),
      layer: fc.constantFrom('workload' as const, 'privileged' as const, 'trap' as const),
      locks: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 }),
      counters: fc.record({
        instructions: fc.nat(1e6),
        count: fc.nat(1000),
        l1d_load_misses: fc.nat(1000),
        lock_acquisitions: fc.nat(500),
        disk_requests: fc.nat(3),
        disk_bytes: fc.nat(1e5),
      }),
    }),
    { maxLength: 25 },
  );

const cases = fc.integer({ min: 1, max: 8 }).chain((cpus) =>
  fc.record({
    cpus: fc.constant(cpus),
    held: heldRows(cpus),
    semaphores: fc.subarray([0, 1, 2, 3, 4]),
    disks: fc.nat(4),
    jobs: fc.integer({ min: 1, max: 4 }),
  }),
);

describe('waiting', () => {
  // Of the second are locks that are taken inside each other in both orders.
  test.each([{}, { seed: 1010 }])(
    'parts are whole, one a place, and add up exactly; waits are extra %j',
    (seeded) => {
      fc.assert(
        fc.property(cases, ({ cpus, held, semaphores, disks, jobs }) => {
          const [, besides] = hot(cpus, 0, 1000);
          const tally = tallyOf(cpus, held, besides, semaphores);
          const machine = { ...system.machine, disks };
          const where: System = { ...system, machine, os: { ...system.os, jobs } };
          const priced = price(tally, defaults, where);
          const { parts, total_ps } = priced.breakdown;
          expect(sum(parts.map((part) => part.ps))).toBe(total_ps);
          const places = parts.map((p) => `${p.cpu} ${p.context} ${p.category} ${p.cause} ${p.owner}`);
          for (const part of parts) {
            expect(Number.isSafeInteger(part.ps) && Number.isSafeInteger(part.count)).toBe(true);
            expect(part.ps).toBeGreaterThanOrEqual(0);
          }
          const free = price(tally, defaults, where, { waits: false });
          const waits = parts.slice(free.breakdown.parts.length);
          expect(parts.slice(0, free.breakdown.parts.length)).toEqual(free.breakdown.parts);
          expect(new Set(places.slice(free.breakdown.parts.length)).size).toBe(waits.length);
          expect(free.waiting).toBeNull();
          const { waiting } = priced;
          if (waiting === null) expect(waits).toEqual([]);
          else {
            const locks = waits.filter((p) => p.cause === 'synchronisation' && p.kind === 'stall');
            expect(sum(waiting.locks.map((lock) => lock.wait_ps))).toBe(sum(locks.map((p) => p.ps)));
            expect(timeOf(priced, 'idle', 'idle')).toBe(waiting.disks?.idle_ps ?? 0);
          }
          if (cpus === 1) expect(waits.filter((p) => p.cause === 'synchronisation')).toEqual([]);
          expect(JSON.stringify(price(tally, defaults, where))).toBe(JSON.stringify(priced));
        }),
        { numRuns: 150, ...seeded },
      );
    },
  );

  test('nothing to wait for, nothing changed: no locks, locks of one CPU, holds of no time', () => {
    const [held, besides] = hot(4, 100, 1000);
    const none = price(tallyOf(4, [], besides), defaults, system);
    expect(none.waiting).toBeNull();
    const own = held.map((row) => ({ ...row, locks: [row.cpu] }));
    const alone = price(tallyOf(4, own, besides), defaults, system);
    expect(alone.breakdown).toEqual(
      price(tallyOf(4, own, besides), defaults, system, { waits: false }).breakdown,
    );
    expect(alone.waiting!.locks).toMatchObject([
      { wait_ps: 0, waits: 0, acquisitions: 1000, hold_ns: 250 },
      {},
      {},
      {},
    ]);
    const empty = price(tallyOf(4, hot(4, 0, 0)[0], besides), defaults, system);
    expect(empty.breakdown).toEqual(none.breakdown);
  });

  test('a spinlock’s wait is synchronisation; a semaphore’s is idle, and switches are kernel time', () => {
    const [held, besides] = hot(8, 400, 5000);
    const spin = price(tallyOf(8, held, besides), defaults, system);
    expect(timeOf(spin, 'synchronisation')).toBeGreaterThan(0);
    expect(timeOf(spin, 'idle')).toBe(0);
    expect(spin.breakdown.parts.find((p) => p.category === 'synchronisation')).toMatchObject({
      cpu: 0,
      context: 'read',
      cause: 'synchronisation',
      owner: 'operating system',
      kind: 'stall',
    });
    const sleep = price(tallyOf(8, held, besides, [0]), { ...defaults, context_switch_ns: 500 }, system);
    expect(timeOf(sleep, 'synchronisation')).toBe(0);
    expect(timeOf(sleep, 'idle', 'synchronisation')).toBe(sleep.waiting!.locks[0]!.wait_ps);
    const switches = sleep.breakdown.parts.filter(
      (p) => p.category === 'kernel' && p.cause === 'synchronisation',
    );
    expect(sum(switches.map((p) => p.ps)) / 500e3 / sleep.waiting!.locks[0]!.waits).toBeCloseTo(1, 5);
    // Whoever is switched out asks less often.
    expect(timeOf(sleep, 'idle')).toBeLessThan(timeOf(spin, 'synchronisation'));
  });

  test('waits grow with holds, with preemption of holders, and with the wait for an inner lock', () => {
    let before = 0;
    for (let hold = 50; hold <= 2000; hold += 150) {
      const [held, besides] = hot(8, hold, 5000);
      const priced = price(tallyOf(8, held, besides), defaults, system);
      expect(timeOf(priced, 'synchronisation')).toBeGreaterThan(before);
      before = timeOf(priced, 'synchronisation');
    }
    const [held, besides] = hot(8, 400, 5000);
    const tally = tallyOf(8, held, besides);
    const at = (slice_ns: number, gang = false) =>
      timeOf(
        price(tally, defaults, system, { preemption: { vcpus: 16, cpus: 8, slice_ns, gang } }),
        'synchronisation',
      );
    const never = timeOf(price(tally, defaults, system), 'synchronisation');
    expect(at(1e7, true)).toBe(never);
    expect(at(1e7)).toBeGreaterThan(1.2 * never);

    // Lock 1 inside lock 0: what waits for 1 lengthens the hold of 0.
    const [inner] = hot(8, 400, 0, { locks: [0, 1] });
    const [others] = hot(8, 400, 0, { locks: [1], times: 4000 });
    const nested = price(tallyOf(8, [...held, ...inner, ...others], besides), defaults, system);
    const apart = price(
      tallyOf(
        8,
        [...held.map((r) => ({ ...r, counters: { ...r.counters, instructions: 800_000 } })), ...others],
        besides,
      ),
      defaults,
      system,
    );
    expect(nested.waiting!.locks[0]!.hold_ns).toBe(2000);
    expect(apart.waiting!.locks[0]!.hold_ns).toBe(2000);
    expect(nested.waiting!.locks[0]!.wait_ns).toBeGreaterThan(1.1 * apart.waiting!.locks[0]!.wait_ns);
  });
});

describe('handing over', () => {
  test('each CPU that spins makes it longer: near the exact solution for alike CPUs', () => {
    for (const [hold, handoff_ns] of [
      [400, 0],
      [400, 200],
      [400, 500],
      [800, 300],
    ] as const) {
      const tally = tallyOf(8, ...hot(8, hold, 8000));
      const priced = price(tally, { ...defaults, handoff_ns }, system);
      const exact = solveLock({
        customers: 8,
        think_ns: 20_000,
        hold_ns: hold * 2.5,
        kind: 'spin',
        handoff_ns,
      });
      expect(Math.abs(priced.waiting!.locks[0]!.wait_ns / exact.wait_ns - 1)).toBeLessThan(0.18);
    }
  });

  test('a semaphore is its next owner’s while he is switched to; the monitor’s part of it is the monitor’s', () => {
    const [held, besides] = hot(8, 2000, 8000);
    const switches = (prices: Partial<ResolvedPrices>, more: readonly TallyRow[] = []) =>
      price(tallyOf(8, held, [...besides, ...more], [0]), { ...defaults, ...prices }, system);
    const quick = switches({ context_switch_ns: 0 });
    const slow = switches({ context_switch_ns: 5000 });
    expect(slow.waiting!.locks[0]!.wait_ns).toBeGreaterThan(1.5 * quick.waiting!.locks[0]!.wait_ns);
    expect(timeOf(slow, 'monitor')).toBe(0);

    const emulated = (layer: 'tlb_write' | 'privileged', count: number): TallyRow => ({
      cpu: 0,
      context: 'kernel',
      layer,
      counters: { count },
    });
    const writes = [emulated('tlb_write', 10), emulated('privileged', 20)];
    const prices = { switch_tlb_writes: 3, switch_privileged: 2 };
    const virtual = switches(prices, writes);
    const { cycle_ns, tlb_write_cycles, emulate_cycles } = defaults;
    const each = (3 * tlb_write_cycles + 2 * emulate_cycles) * cycle_ns;
    const ofMonitor = timeOf(virtual, 'monitor', 'synchronisation');
    expect(ofMonitor / 1e3 / virtual.waiting!.locks[0]!.waits / each).toBeCloseTo(1, 5);
    const without = switches({ switch_tlb_writes: 0, switch_privileged: 0 }, writes);
    expect(timeOf(without, 'monitor', 'synchronisation')).toBe(0);
    expect(timeOf(virtual, 'idle')).toBeGreaterThan(timeOf(without, 'idle'));
  });
});

describe('disks', () => {
  const second = 1e9;
  /** One CPU that computes for so many ns, and asks 1000 times for a disk. */
  const computing = (ns: number): Tally => ({
    ...tallyOfWindows(1, 1, []),
    rows: [
      {
        cpu: 0,
        context: 'user',
        layer: 'workload',
        counters: { instructions: ns / 2.5, disk_requests: 1000, disk_bytes: 4096000 },
      },
    ],
  });
  const withJobs = (jobs: number, disks = 1): System => ({
    ...system,
    machine: { ...system.machine, disks },
    os: { ...system.os, jobs },
  });

  test('two jobs fitted to IRIX’s idle time hide a quarter of what Disco adds: 27.1, 117.9 in all', () => {
    const demand = diskDemandFor({ jobs: 2, cpus: 1, disks: 1 }, 68.3 * second, 31.7 * second);
    const prices = { ...defaults, disk_ns: demand / 1000, disk_byte_ns: 0, disk_scv: 1 };
    const irix = price(computing(68.3 * second), prices, withJobs(2));
    expect(irix.breakdown.total_ps / 1e12).toBeCloseTo(100, 9);
    expect(timeOf(irix, 'idle', 'idle') / 1e12).toBeCloseTo(31.7, 9);
    const virtual = price(computing(90.8 * second), prices, withJobs(2));
    expect(timeOf(virtual, 'idle') / 1e12).toBeCloseTo(27.1, 1);
    expect(virtual.breakdown.total_ps / 1e12).toBeCloseTo(117.9, 1);
    expect(virtual.breakdown.parts.at(-1)).toMatchObject({
      cpu: 0,
      context: 'kernel',
      category: 'idle',
      owner: 'workload',
      count: 1000,
    });
  });

  test('one job waits for every request; the default service is the drive’s', () => {
    const priced = price(computing(second), defaults, withJobs(1));
    expect(priced.waiting!.disks).toMatchObject({ disks: 1, jobs: 1, requests: 1000 });
    expect(timeOf(priced, 'idle')).toBe(Math.round(priced.waiting!.disks!.service_ns * 1e6));
    for (const bytes of [0, 4096, 65536]) {
      const { mean_ns } = diskService(HP_97560, bytes, 'random');
      expect(Math.abs((defaults.disk_ns + bytes * defaults.disk_byte_ns) / mean_ns - 1)).toBeLessThan(0.002);
    }
  });

  test('more disks and more jobs idle less; idle goes to the CPUs that asked', () => {
    const four: Tally = {
      ...tallyOfWindows(4, 1, []),
      rows: [0, 1, 2, 3].map((cpu) => ({
        cpu,
        context: 'user',
        layer: 'workload' as const,
        counters: { instructions: 4e8, ...(cpu < 2 && { disk_requests: 20 * (cpu + 1) }) },
      })),
    };
    const idle = (jobs: number, disks: number) =>
      timeOf(price(four, defaults, withJobs(jobs, disks)), 'idle');
    expect(idle(1, 4)).toBeLessThan(idle(1, 1));
    expect(idle(1, 0)).toBe(idle(1, 4));
    expect(idle(2, 1)).toBeLessThan(idle(1, 1));
    const { parts } = price(four, defaults, withJobs(1)).breakdown;
    const [first, second, ...none] = parts.filter((part) => part.category === 'idle');
    expect(none).toEqual([]);
    expect([first!.cpu, second!.cpu]).toEqual([0, 1]);
    expect(Math.abs(second!.ps - 2 * first!.ps)).toBeLessThanOrEqual(2);
  });

  test('CPUs that wait for disks wait less for locks', () => {
    const [held, besides] = hot(8, 400, 2000);
    const asking = besides.map((row) => ({ ...row, counters: { ...row.counters, disk_requests: 1 } }));
    const without = price(tallyOf(8, held, besides), defaults, system);
    const waiting = price(tallyOf(8, held, asking), defaults, system);
    expect(timeOf(waiting, 'idle', 'idle')).toBeGreaterThan(0);
    expect(timeOf(waiting, 'synchronisation')).toBeLessThan(timeOf(without, 'synchronisation') / 2);
  });
});

async function replayed(trace: Trace, inputs: readonly SystemInput[]) {
  const stored = await ingest(trace);
  const systems = inputs.map((input) => systemSchema.parse(input));
  const { tallies } = await replayAll(stored, stored.summary()!, systems, { warmup: 0 });
  return { stored, systems, tallies, prices: systems.map((s) => resolvePrices(s, stored.summary()!)) };
}

describe('from a trace', () => {
  test.each([
    [200, 8000],
    [400, 4000],
    [1000, 4000],
  ])('a hot spot of %i instructions, every %i: as simulated', async (hold, every) => {
    const { stored, systems, tallies, prices } = await replayed(describeTrace(oneLock(hold, every)), [
      { name: 'native', machine: { nodes: 8 } },
    ]);
    const [tally] = tallies;
    // The simulation hands over in no time.
    const priced = price(tally!, { ...prices[0]!, handoff_ns: 0 }, systems[0]!);
    const stretches = await stretchesOf(stored, 0);
    // Mean time of an instruction with all its misses, inside and outside of the lock.
    const delays = memoryDelays(tally!, prices[0]!, systems[0]!.machine);
    const { held_ns, acquisitions } = holdsOf(tally!, prices[0]!, delays);
    const time = timeOfRow(tally!, prices[0]!, delays);
    const rates = [1, 0].map((inside) =>
      stretches.map((list, cpu) => {
        const ns =
          inside === 1
            ? held_ns[cpu]!
            : sum(tally!.rows.filter((row) => row.cpu === cpu).map(time)) - held_ns[cpu]!;
        return ns / sum(list.filter((_, i) => i % 2 === inside));
      }),
    );
    const simulated = simulateSpin(stretches, rates[1]!, rates[0]!);
    expect([...acquisitions]).toEqual(simulated.acquisitions);
    await stored.close();
    const waited = timeOf(priced, 'synchronisation') / 1000;
    const { utilisation } = priced.waiting!.locks[0]!;
    expect(utilisation).toBeGreaterThan(0.4);
    // Some 500 acquisitions of holds that are equally long but for their misses: a tenth is the sample's.
    expect(Math.abs(waited / sum(simulated.waited_ns) - 1)).toBeLessThan(0.2);
  });

  test('longer critical sections under a monitor wait more than proportionally', async () => {
    const { stored, systems, tallies, prices } = await replayed(describeTrace(oneLock(400, 16_000, '512K')), [
      { name: 'irix', machine: { nodes: 8 } },
      { name: 'disco', machine: { nodes: 8 }, monitor: { patched_hal: false } },
    ]);
    await stored.close();
    const [irix, virtual] = tallies.map((tally, i) => price(tally, prices[i]!, systems[i]!));
    const [before, after] = [irix!.waiting!.locks[0]!, virtual!.waiting!.locks[0]!];
    expect(after.acquisitions).toBe(before.acquisitions);
    const [longer, more] = [after.hold_ns / before.hold_ns, after.wait_ns / before.wait_ns];
    expect(longer).toBeGreaterThan(1.05);
    expect(more).toBeGreaterThan(1.05 * longer);
  });
});
