import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DiskNetwork,
  diskDemandFor,
  diskIdle,
  diskIdleMemory,
} from '../../src/model/pricing/queueing/disk-idle.ts';
import { phasesOf, speedsOf } from '../../src/model/pricing/queueing/general-service.ts';
import { type MvaStation, solveMva } from '../../src/model/pricing/queueing/mva.ts';
import { diskService, HP_97560 } from '../../src/model/systems/disk-drive.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import { seeded } from './queueing-des.ts';

const defaultPrices = systemSchema.parse({}).prices;
const scvs = fc.double({ min: 1 / 64, max: 1, noNaN: true });

/** Time of one job's cycle ÷ jobs, as simulated: exponential computing, services of `phases` exponential parts. */
function simulated(
  { jobs, cpus, disks }: DiskNetwork,
  [computing, service]: readonly [number, number],
  phases: number,
): number {
  const random = seeded(7);
  const exponential = (mean: number): number => -mean * Math.log(1 - random());
  const serviceTime = (): number =>
    Array.from({ length: phases }, () => exponential(service / phases)).reduce((a, b) => a + b, 0);
  const events: { at: number; disk: number | null }[] = [];
  const queues = new Array<number>(disks).fill(0);
  let [now, ready, busy, cycles] = [0, jobs, 0, 0];
  const runs = 150_000;
  while (cycles < runs) {
    for (; ready > 0 && busy < cpus; ready--, busy++)
      events.push({ at: now + exponential(computing), disk: null });
    const next = events.reduce((first, event, i) => (event.at < events[first]!.at ? i : first), 0);
    const [{ at, disk }] = events.splice(next, 1) as [(typeof events)[number]];
    now = at;
    if (disk === null) {
      busy--;
      const chosen = Math.floor(random() * disks);
      if (queues[chosen]!++ === 0) events.push({ at: now + serviceTime(), disk: chosen });
    } else {
      cycles++;
      ready++;
      if (--queues[disk]! > 0) events.push({ at: now + serviceTime(), disk });
    }
  }
  return now / cycles;
}

/** Probability of each state of one server with phases, from the equations of balance: slow and obvious. */
function speedsByBalance(scv: number, arrivals: readonly number[]): number[] {
  const { count, skip, rate } = phasesOf(scv);
  const most = arrivals.length;
  const at = (n: number, phase: number): number => (n === 0 ? 0 : 1 + (n - 1) * count + phase);
  const size = 1 + most * count;
  const flow = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const first = [[0, 1 - skip] as const, ...(count > 1 ? [[1, skip] as const] : [])];
  for (let n = 0; n <= most; n++)
    for (let phase = 0; phase < (n === 0 ? 1 : count); phase++) {
      const here = flow[at(n, phase)]!;
      if (n === 0) for (const [begun, share] of first) here[at(1, begun)]! += share * arrivals[0]!;
      else if (n < most) here[at(n + 1, phase)]! += arrivals[n]!;
      if (n === 0) continue;
      if (phase < count - 1) here[at(n, phase + 1)]! += rate;
      else if (n === 1) here[0]! += rate;
      else for (const [begun, share] of first) here[at(n - 1, begun)]! += share * rate;
    }
  // By powers of a chain with the same equilibrium.
  const fastest = Math.max(...flow.map((row) => row.reduce((a, b) => a + b, 0))) * 1.1;
  let states = new Array<number>(size).fill(1 / size);
  for (let round = 0; round < 40_000; round++) {
    const next = states.slice();
    for (const [from, row] of flow.entries())
      for (const [to, speed] of row.entries()) {
        if (speed === 0) continue;
        const moved = (states[from]! * speed) / fastest;
        next[from]! -= moved;
        next[to]! += moved;
      }
    const still = next.every((p, i) => Math.abs(p - states[i]!) < 1e-16);
    states = next;
    if (still) break;
  }
  return Array.from({ length: most }, (_, i) => {
    const level = states.slice(at(i + 1, 0), at(i + 1, 0) + count);
    return (rate * level.at(-1)!) / level.reduce((a, b) => a + b, 0);
  });
}

describe('services that are not exponential', () => {
  it('phases have the mean and the variance asked for', () => {
    fc.assert(
      fc.property(scvs, (scv) => {
        const { count, skip, rate } = phasesOf(scv);
        // A sum of k phases has mean k ÷ rate and mean square k (k + 1) ÷ rate².
        const mean = ((1 - skip) * count + skip * (count - 1)) / rate;
        const square = ((1 - skip) * count * (count + 1) + skip * (count - 1) * count) / rate ** 2;
        expect(mean).toBeCloseTo(1, 12);
        expect(square - 1).toBeCloseTo(scv, 9);
      }),
    );
    expect(phasesOf(0)).toEqual(phasesOf(1 / 64));
  });

  it('speeds are those that the equations of balance give', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.15, max: 1, noNaN: true }),
        fc.array(fc.double({ min: 0.1, max: 3, noNaN: true }), { minLength: 1, maxLength: 4 }),
        (scv, arrivals) => {
          const speeds = new Float64Array(arrivals.length + 1);
          speedsOf(phasesOf(scv), Float64Array.from(arrivals), arrivals.length, speeds);
          for (const [i, speed] of speedsByBalance(scv, arrivals).entries())
            expect(Math.abs(speeds[i + 1]! / speed - 1)).toBeLessThan(1e-8);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('disks whose services vary less than exponential ones', () => {
  it('as much as exponential ones: mean value analysis', () => {
    fc.assert(
      fc.property(
        fc.record({
          jobs: fc.integer({ min: 1, max: 40 }),
          cpus: fc.integer({ min: 1, max: 16 }),
          disks: fc.integer({ min: 1, max: 12 }),
        }),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        (network, cpu, disk) => {
          const { jobs, cpus, disks } = network;
          const stations: MvaStation[] = [
            { kind: 'servers', demand_ns: cpu, servers: cpus },
            ...Array.from({ length: disks }, () => ({ kind: 'queue', demand_ns: disk / disks }) as const),
          ];
          const { throughput_per_ns } = solveMva(stations, jobs, 0);
          const { total_ns } = diskIdle(network, cpu, disk);
          expect(Math.abs((total_ns * throughput_per_ns) / cpus - 1)).toBeLessThan(1e-9);
        },
      ),
    );
  });

  it.each([
    [{ jobs: 2, cpus: 1, disks: 1 }, [68, 77], 0.005],
    [{ jobs: 5, cpus: 1, disks: 3 }, [68, 60], 0.01],
    [{ jobs: 4, cpus: 2, disks: 2 }, [68, 77], 0.015],
    [{ jobs: 16, cpus: 8, disks: 10 }, [68, 60], 0.01],
  ] as const)('as simulated: %o', (network, times, tolerance) => {
    const [cpu, disk] = times;
    const { total_ns } = diskIdle({ ...network, disk_scv: 1 / 14 }, cpu, disk);
    expect(Math.abs(total_ns / network.cpus / simulated(network, times, 14) - 1)).toBeLessThan(tolerance);
  });

  it('the less they vary, the less idle; going on from an alike solution changes nothing that counts', () => {
    fc.assert(
      fc.property(
        scvs,
        scvs,
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 1, max: 6 }),
        (one, other, jobs, disks) => {
          const network = { jobs, cpus: 2, disks };
          const idleAt = (disk_scv: number, memory = diskIdleMemory(network)): number =>
            diskIdle({ ...network, disk_scv }, 50, 60, 0, memory).idle_ns;
          const [low, high] = [Math.min(one, other), Math.max(one, other)];
          expect(idleAt(low)).toBeLessThanOrEqual(idleAt(high) * (1 + 1e-6) + 1e-6);
          const memory = diskIdleMemory(network);
          idleAt(high, memory);
          expect(idleAt(low, memory)).toBeCloseTo(idleAt(low), 6);
        },
      ),
    );
  });

  it('the default is the drive’s: requests of 8 KB at random places', () => {
    expect(defaultPrices).toMatchObject({ disk_ns: 20_300_000, disk_byte_ns: 450, disk_scv: 0.064 });
    expect(defaultPrices.disk_scv).toBeCloseTo(diskService(HP_97560, 8192, 'random').cv2, 3);
  });

  it('pmake’s two jobs, fitted to IRIX: 26.0 points idle at Disco’s demand, with exponential services 27.1', () => {
    const pmake = { jobs: 2, cpus: 1, disks: 1, disk_scv: defaultPrices.disk_scv };
    const disk = diskDemandFor(pmake, 68.3, 31.7);
    expect(diskIdle(pmake, 90.8, disk).idle_ns).toBeCloseTo(26.0, 1);
  });

  it('more jobs than are followed, machines without anything to do, and disks that nobody asks', () => {
    const many = diskIdle({ jobs: 5000, cpus: 4, disks: 2, disk_scv: 0.1 }, 100, 30);
    expect(many.idle_ns).toBeCloseTo(0, 6);
    expect(diskIdle({ jobs: 5000, cpus: 4, disks: 2, disk_scv: 0.1 }, 100, 90).disk_utilisation).toBeCloseTo(
      1,
      3,
    );
    expect(diskIdle({ jobs: 2, cpus: 1, disks: 1, disk_scv: 0.1 }, 0, 0).idle_ns).toBe(0);
    expect(diskIdle({ jobs: 2, cpus: 1, disks: 1, disk_scv: 0.1 }, 70, 0).idle_ns).toBe(0);
    expect(diskIdle({ jobs: 2, cpus: 1, disks: 1, disk_scv: 0.1 }, 0, 70).idle_ns).toBeCloseTo(70, 9);
  });
});
