import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Priced } from '../../src/model/pricing/compiled.ts';
import { price } from '../../src/model/pricing/price.ts';
import { type Client, clientsIdle } from '../../src/model/pricing/queueing/client-idle.ts';
import { diskIdle } from '../../src/model/pricing/queueing/disk-idle.ts';
import { compareSystems } from '../../src/model/run.ts';
import { presetSystem } from '../../src/model/systems/load.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { type System, systemSchema } from '../../src/model/systems/schema.ts';
import { type Counter, sumCounter, type Tally } from '../../src/model/tally.ts';
import { ingest } from '../../src/trace/ingest.ts';
import { servicesWorkload } from '../../src/trace/workloads/library-services.ts';
import { describeTrace } from '../trace/workloads-reading.ts';
import { seeded } from './queueing-des.ts';
import { serverIdle } from './server-oracle.ts';
import { tallyOfWindows } from './window-tally.ts';

const base = systemSchema.parse({});
const defaults = base.prices as ResolvedPrices;
const SERVER = defaults.server_ns;

const systemOf = (server: System['os']['server'], vms = 1, jobs = 1): System => {
  const { monitor } = systemSchema.parse({ monitor: { vms: { count: vms } } });
  return { ...base, os: { ...base.os, server, jobs }, monitor };
};

/** CPUs that compute, and ask a disk or the network so often. */
function tallyOf(
  rows: readonly { readonly instructions: number; readonly disk?: number; readonly network?: number }[],
): Tally {
  return {
    ...tallyOfWindows(rows.length, 1, []),
    rows: rows.map(({ instructions, disk = 0, network = 0 }, cpu) => ({
      cpu,
      context: 'user',
      layer: 'workload' as const,
      counters: {
        instructions,
        ...(disk > 0 && { disk_requests: disk, disk_bytes: 4096 * disk }),
        ...(network > 0 && { network_requests: network }),
      } as Partial<Record<Counter, number>>,
    })),
  };
}

const sum = (list: Iterable<number>): number => [...list].reduce((a, b) => a + b, 0);
const idleOf = ({ breakdown }: Priced, cause: string): number =>
  sum(breakdown.parts.filter((p) => p.category === 'idle' && p.cause === cause).map((p) => p.ps));

/** Jobs of machines with a CPU each that alternate between it and the server, event by event; idle ÷ computing. */
function simulate(machines: number, jobs: number, cpu_ns: number, server_ns: number, cycles: number): number {
  const random = seeded(machines * 100 + jobs);
  const after = (mean: number): number => -mean * Math.log(1 - random());
  const ready = new Array<number>(machines).fill(jobs);
  const doneAt = new Array<number>(machines).fill(Number.POSITIVE_INFINITY);
  const atServer: number[] = [];
  let servedAt = Number.POSITIVE_INFINITY;
  let [now, done, idle] = [0, 0, 0];
  while (done < cycles) {
    for (let m = 0; m < machines; m++)
      if (ready[m]! > 0 && doneAt[m] === Number.POSITIVE_INFINITY) doneAt[m] = now + after(cpu_ns);
    if (atServer.length > 0 && servedAt === Number.POSITIVE_INFINITY) servedAt = now + after(server_ns);
    const next = Math.min(servedAt, ...doneAt);
    idle += (next - now) * ready.filter((waiting) => waiting === 0).length;
    now = next;
    if (next === servedAt) {
      ready[atServer.shift()!]!++;
      servedAt = Number.POSITIVE_INFINITY;
    } else {
      const m = doneAt.indexOf(next);
      doneAt[m] = Number.POSITIVE_INFINITY;
      ready[m]!--;
      atServer.push(m);
      done++;
    }
  }
  return idle / done;
}

describe('machines that share a server', () => {
  const one = { jobs: 1, cpus: 1, disks: 1 };
  const client: Client = { network: one, cpu_ns: 70, disk_ns: 0, server_ns: 30 };
  const alike = (count: number, more: Partial<Client>): Client[] =>
    Array.from({ length: count }, () => ({ ...client, ...more }));

  test('a single client with one job waits for its services, no more and no less', () => {
    expect(clientsIdle([client])[0]!.idle_ns).toBeCloseTo(30, 12);
    const [both] = clientsIdle([{ ...client, disk_ns: 20 }]);
    expect(both!.idle_ns).toBeCloseTo(50, 12);
    expect(both!.server_share).toBeCloseTo(0.6, 12);
  });

  test('without demand it is the network of CPUs and disks, and as one more disk if it is one', () => {
    for (const network of [one, { jobs: 3, cpus: 1, disks: 2 }, { jobs: 16, cpus: 8, disks: 8 }]) {
      const { jobs, cpus, disks } = network;
      const [free] = clientsIdle([{ network, cpu_ns: 50, disk_ns: 30, server_ns: 0 }]);
      const known = diskIdle(network, 50, 30);
      expect(free!.idle_ns).toBeCloseTo(known.idle_ns, 9);
      expect(free!.disk_utilisation).toBeCloseTo(known.disk_utilisation, 9);
      const [disk] = clientsIdle([{ network, cpu_ns: 50, disk_ns: 30, server_ns: 30 / disks }]);
      const more = diskIdle({ jobs, cpus, disks: disks + 1 }, 50, 30 + 30 / disks);
      expect(disk!.idle_ns).toBeCloseTo(more.idle_ns, 9);
      expect(disk!.server_share).toBeCloseTo(1 / (disks + 1), 9);
    }
  });

  test('alike machines with one job each: exact mean value analysis', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 128 }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (machines, server_ns) => {
          const exact = serverIdle(machines, 70, server_ns);
          const [first, ...rest] = clientsIdle(alike(machines, { server_ns }));
          expect(first!.idle_ns / exact.idle_ns).toBeCloseTo(1, 9);
          expect(machines * first!.server_utilisation).toBeCloseTo(exact.utilisation, 9);
          for (const other of rest) expect(other.idle_ns / first!.idle_ns).toBeCloseTo(1, 9);
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each([
    [3, 2, 20],
    [4, 2, 40],
    [8, 3, 6],
    [2, 4, 50],
  ])('%i machines with %i jobs each, services of %i in 100: as simulated', (machines, jobs, server_ns) => {
    const made = alike(machines, { network: { ...one, jobs }, cpu_ns: 100, server_ns });
    const { idle_ns } = clientsIdle(made)[0]!;
    const simulated = simulate(machines, jobs, 100, server_ns, 200_000);
    expect(Math.abs((100 + idle_ns) / (100 + simulated) - 1)).toBeLessThan(0.01);
  });

  test('a machine that asks more makes the others wait; hundreds of jobs are no trouble', () => {
    const quiet = clientsIdle(alike(4, {}))[0]!.idle_ns;
    const [other, busy] = clientsIdle([client, { ...client, server_ns: 90 }, ...alike(2, {})]);
    expect(other!.idle_ns).toBeGreaterThan(quiet);
    expect(busy!.idle_ns).toBeGreaterThan(other!.idle_ns);
    const crowd = clientsIdle(alike(16, { network: { jobs: 512, cpus: 8, disks: 8 }, disk_ns: 20 }));
    const used = crowd.reduce((all, { server_utilisation }) => all + server_utilisation, 0);
    expect(used).toBeGreaterThan(0.99);
    expect(used).toBeLessThan(1 + 1e-9);
  });
});

describe('a server in a breakdown', () => {
  test('requests × service for a single client, and a place of its own', () => {
    const tally = tallyOf([{ instructions: 4e8, network: 20 }]);
    const priced = price(tally, defaults, systemOf('network'));
    expect(idleOf(priced, 'network')).toBe(20 * SERVER * 1000);
    expect(idleOf(priced, 'idle')).toBe(0);
    expect(priced.waiting).toMatchObject({
      disks: null,
      server: { machines: 1, requests: 20, service_ns: SERVER, idle_ns: SERVER, idle_ps: 20 * SERVER * 1000 },
    });
  });

  test('changes nothing for requests that nobody waits for', () => {
    const disks = tallyOf([{ instructions: 4e8, disk: 20 }, { instructions: 2e8 }]);
    const network = tallyOf([{ instructions: 4e8, network: 20 }]);
    const none = tallyOf([{ instructions: 4e8 }]);
    const text = (tally: Tally, server: System['os']['server']): string =>
      JSON.stringify(price(tally, defaults, systemOf(server)));
    expect(text(disks, 'network')).toBe(text(disks, 'none'));
    for (const server of ['none', 'network', 'all'] as const)
      expect(text(none, server)).toBe(text(none, 'none'));
    expect(price(network, defaults, systemOf('none')).waiting).toBeNull();
  });

  test('the disks of `all` are the server’s', () => {
    const tally = tallyOf([{ instructions: 4e8, disk: 12, network: 8 }]);
    const priced = price(tally, defaults, systemOf('all'));
    expect(priced.waiting).toMatchObject({ disks: null, server: { requests: 20 } });
    expect(idleOf(priced, 'network')).toBe(20 * SERVER * 1000);
    const both = price(tally, defaults, systemOf('network'));
    expect(both.waiting).toMatchObject({ disks: { requests: 12 }, server: { requests: 8 } });
  });

  test('alike virtual machines: the closed form that Figure 7 is made with', () => {
    const vms = 8;
    const tally = tallyOf(Array.from({ length: vms }, () => ({ instructions: 4e8, network: 30 })));
    const priced = price(tally, defaults, systemOf('network', vms));
    const busy =
      sum(priced.breakdown.parts.filter((p) => p.category !== 'idle').map((p) => p.ps)) / vms / 1000;
    const { idle_ns, utilisation } = serverIdle(vms, busy, 30 * SERVER);
    expect(idleOf(priced, 'network') / 1000 / vms / idle_ns).toBeCloseTo(1, 9);
    expect(priced.waiting!.server!.utilisation).toBeCloseTo(utilisation, 5);
  });

  test('parts add up exactly; idle grows with services, requests and machines, and falls with jobs', () => {
    const rows = fc.array(
      fc.record({ instructions: fc.integer({ min: 1e6, max: 1e9 }), disk: fc.nat(20), network: fc.nat(20) }),
      { minLength: 4, maxLength: 4 },
    );
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom('network' as const, 'all' as const),
        fc.constantFrom(1, 2, 4),
        fc.integer({ min: 1, max: 3 }),
        (made, server, vms, jobs) => {
          const where = systemOf(server, vms, jobs);
          const at = (times: number, tally = tallyOf(made)): Priced =>
            price(tally, { ...defaults, server_ns: SERVER * times }, where);
          const priced = at(1);
          const { parts, total_ps } = priced.breakdown;
          expect(sum(parts.map(({ ps }) => ps))).toBe(total_ps);
          for (const { ps } of parts) expect(Number.isSafeInteger(ps) && ps >= 0).toBe(true);
          expect(idleOf(priced, 'network')).toBe(priced.waiting?.server?.idle_ps ?? 0);
          expect(idleOf(priced, 'idle')).toBe(priced.waiting?.disks?.idle_ps ?? 0);
          expect(at(1.5).breakdown.total_ps).toBeGreaterThanOrEqual(total_ps);
          const more = tallyOf(made.map((row) => ({ ...row, network: row.network * 2 })));
          expect(at(1, more).breakdown.total_ps).toBeGreaterThanOrEqual(total_ps);
          // The more of its jobs a machine of several has at the server, the longer those of others wait there.
          if (vms > 1) return;
          expect(
            price(tallyOf(made), defaults, systemOf(server, vms, jobs + 1)).breakdown.total_ps,
          ).toBeLessThanOrEqual(total_ps * (1 + 1e-9));
        },
      ),
      { numRuns: 80 },
    );
  });
});

/** The workload of services on 2 CPUs, which write often, and to the network. */
function sendingWrites(instructions: number) {
  const { kernel, ...made } = servicesWorkload({ cpus: 2, jobs: 1 });
  const write = {
    ...kernel!.services.write!,
    when: { on: 'rate' as const, every: '10K' },
    network: { bytes: '1K' },
  };
  return describeTrace({
    ...made,
    instructions,
    kernel: { ...kernel!, services: { ...kernel!.services, write } },
  });
}

test('from a workload: virtual machines that have their files on a server wait for it', async () => {
  const trace = await ingest(sendingWrites(1e6));
  const two = presetSystem('disco-2vms');
  const systems = [presetSystem('irix'), two, { ...two, name: 'nfs', os: presetSystem('disco-8vms-nfs').os }];
  const { runs } = await compareSystems(trace, systems, { warmup: null, baseline: null, seeds: 1 });
  await trace.close();
  const [irix, own, nfs] = runs as [(typeof runs)[0], (typeof runs)[0], (typeof runs)[0]];
  expect(nfs.tally).toEqual(own.tally);
  expect(own.waiting).toMatchObject({ server: null });
  expect(nfs.waiting).toMatchObject({ disks: null, server: { machines: 2 } });
  expect(nfs.waiting!.server!.requests).toBe(
    sumCounter(own.tally, 'disk_requests') + sumCounter(own.tally, 'network_requests'),
  );
  expect(nfs.notes.join(' ')).toMatch(
    /Waiting for the server is computed, not recorded: \d+ requests of 2 machines/,
  );
  expect(irix.notes.join(' ')).toMatch(/nobody waits for them: --set os\.server=network/);
});
