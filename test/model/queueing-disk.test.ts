import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientsIdle } from '../../src/model/pricing/queueing/client-idle.ts';
import { diskDemandFor, diskIdle } from '../../src/model/pricing/queueing/disk-idle.ts';
import { diskService, HP_97560, seek_ns } from '../../src/model/systems/disk-drive.ts';
import { seeded } from './queueing-des.ts';

const one = (jobs: number) => ({ jobs, cpus: 1, disks: 1 });
/** pmake in points of IRIX's run: CPU demand of IRIX and of Disco, and IRIX's idle time. */
const IRIX = { cpu: 68.3, idle: 31.7 };
const DISCO = 90.8;

describe('idle time from a closed network of CPUs and disks', () => {
  it.each([
    [2, 27.1],
    [3, 23.9],
    [4, 21.6],
  ])('%i jobs fitted to IRIX’s idle absorb Disco’s CPU demand: idle %d', (jobs, idle) => {
    const disk = diskDemandFor(one(jobs), IRIX.cpu, IRIX.idle);
    expect(diskIdle(one(jobs), IRIX.cpu, disk).idle_ns).toBeCloseTo(IRIX.idle, 9);
    const disco = diskIdle(one(jobs), DISCO, disk);
    // The inputs are printed to a tenth.
    expect(Math.abs(disco.idle_ns - idle)).toBeLessThan(0.1);
    if (jobs === 2) expect(Math.abs(disco.total_ns - 117.9)).toBeLessThan(0.05);
    expect(disco.total_ns).toBe(DISCO + disco.idle_ns);
  });

  it('a share of the run with a single job left: four jobs, 15 %', () => {
    const disk = diskDemandFor(one(4), IRIX.cpu, IRIX.idle, 0.15);
    expect(Math.abs(disk - 78.0)).toBeLessThan(0.05);
    expect(Math.abs(diskIdle(one(4), 91, disk, 0.15).idle_ns - 24.7)).toBeLessThan(0.1);
  });

  it('limits: one job hides nothing; no disk, no idle; more CPUs with as many jobs and disks', () => {
    expect(diskIdle(one(1), 50, 30).idle_ns).toBeCloseTo(30, 12);
    expect(diskIdle(one(3), 50, 0).idle_ns).toBe(0);
    expect(diskDemandFor(one(3), 50, 0)).toBe(0);
    const many = diskIdle({ jobs: 16, cpus: 8, disks: 8 }, 50, 30);
    expect(many.cpu_utilisation).toBeLessThan(1);
    expect(many.disk_utilisation).toBeCloseTo((many.cpu_utilisation * 30) / 50, 9);
    // Pooled CPUs lose less time than one CPU with its own disk and two jobs does.
    expect(many.idle_ns).toBeLessThan(diskIdle(one(2), 50, 30).idle_ns + 1e-9);
    expect(() => diskDemandFor(one(2), 50, Number.NaN)).toThrow(RangeError);
  });
});

describe('bounds of closed networks hold however little is computed', () => {
  const network = fc.record({
    jobs: fc.integer({ min: 1, max: 512 }),
    cpus: fc.integer({ min: 1, max: 64 }),
    disks: fc.integer({ min: 1, max: 64 }),
    disk_scv: fc.constantFrom(1, 0.5, 0.3, 0.064, 0.05, 0),
  });
  // From a picosecond to hours.
  const ns = fc.double({ min: -3, max: 13, noNaN: true }).map((digits) => 10 ** digits);

  it('with disks alone', () => {
    fc.assert(
      fc.property(network, ns, ns, ({ jobs, cpus, disks, disk_scv }, cpu, disk) => {
        const { total_ns } = diskIdle({ jobs, cpus, disks, disk_scv }, cpu, disk);
        // No station does more than it can, and no job waits for itself.
        const least = Math.max(cpu, (disk * cpus) / disks, (cpus * (cpu + disk)) / jobs);
        expect(total_ns).toBeGreaterThanOrEqual(least * 0.99);
        expect(total_ns).toBeLessThanOrEqual(1.01 * cpus * (cpu + disk));
      }),
      { numRuns: 120 },
    );
  });

  it('with a server, too', () => {
    fc.assert(
      fc.property(network, ns, ns, ns, ({ jobs, cpus, disks, disk_scv }, cpu, disk, server) => {
        const client = { network: { jobs: Math.min(jobs, 64), cpus, disks, disk_scv }, cpu_ns: cpu };
        const [found] = clientsIdle([{ ...client, disk_ns: disk, server_ns: server }]);
        const most = cpus * (cpu + disk + server);
        const least = Math.max(cpu, (disk * cpus) / disks, cpus * server, most / client.network.jobs);
        const total = cpu + found!.idle_ns;
        expect(total).toBeGreaterThanOrEqual(least * 0.99);
        expect(total).toBeLessThanOrEqual(1.01 * most);
      }),
      { numRuns: 120 },
    );
  });
});

describe('service times of the HP 97560', () => {
  it('seeks by the published curve', () => {
    expect(seek_ns(HP_97560, 0)).toBe(0);
    expect(seek_ns(HP_97560, 100)).toBeCloseTo(7.24e6, 3);
    expect(seek_ns(HP_97560, 383)).toBeCloseTo(11.064e6, 3);
  });

  it('takes on average what sampling random requests gives', () => {
    const random = seeded(5);
    const revolution = 60e9 / 4002;
    const runs = 200_000;
    let sum = 0;
    let squares = 0;
    const { transfer_ns, mean_ns, cv2 } = diskService(HP_97560, 4096, 'random');
    for (let i = 0; i < runs; i++) {
      const from = Math.floor(random() * 1962);
      const to = Math.floor(random() * 1962);
      const time = seek_ns(HP_97560, Math.abs(from - to)) + random() * revolution + transfer_ns;
      sum += time;
      squares += time * time;
    }
    const mean = sum / runs;
    expect(Math.abs(mean_ns / mean - 1)).toBeLessThan(0.005);
    expect(Math.abs(cv2 - (squares / runs / mean ** 2 - 1))).toBeLessThan(0.01);
    expect(mean_ns).toBeGreaterThan(15e6);
    expect(diskService(HP_97560, 4096, 'sequential').mean_ns).toBeLessThan(2e6);
  });
});
