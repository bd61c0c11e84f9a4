import { describe, expect, it } from 'vitest';
import { LIBRARY } from '../../src/trace/workloads/library.ts';
import { pmakesValues } from '../../src/trace/workloads/paper/from-values.ts';
import { multiprocessorPmake } from '../../src/trace/workloads/paper/pmake-mp.ts';
import { PAPER_VALUES } from '../../src/trace/workloads/paper/values.ts';
import { complaint } from './reading.ts';
import { balanceCheck, digest, open, walk } from './workloads-reading.ts';

/** The workloads of the paper by name, besides what holds of all ready-made workloads. */

const describedOn = (name: string, cpus: number) => LIBRARY[name]!.describe({ cpus });

describe.each(['pmake', 'engineering', 'raytrace', 'radix'])('%s', (name) => {
  it.each([1, 2, 64])('runs on %i CPUs, all of which work', async (cpus) => {
    const worked = new Set<number>();
    const balance = balanceCheck(cpus);
    const trace = open(`${name}?cpus=${cpus}&instructions=300K`);
    await walk(trace, { segment: (cpu) => worked.add(cpu), event: balance.event });
    expect(trace.header).toMatchObject({ cpus, level: 'system' });
    expect(worked.size).toBe(cpus);
    expect(balance.open()).toBe(0);
  });

  it('is another for another seed', async () => {
    const [one, other] = [1, 2].map((seed) => digest(open(`${name}?cpus=2&instructions=300K&seed=${seed}`)));
    expect(await one).not.toBe(await other);
  });

  it('does not run on more than 64 CPUs', async () => {
    expect(await complaint(Promise.resolve().then(() => open(`${name}?cpus=65`)))).toBe(
      `workload:${name}: cpus=65: expected a whole number from 1 to 64 (number of CPUs)`,
    );
  });
});

it('database runs on one CPU', async () => {
  expect((await walk(open('database?cpus=1&instructions=200K'))).instructions).toBeGreaterThanOrEqual(200e3);
  expect(await complaint(Promise.resolve().then(() => open('database?cpus=2')))).toBe(
    'workload:database: cpus=2: expected 1 (number of CPUs: one process has use for one)',
  );
});

it('pmake on one CPU is that of one CPU; on several each has a pmake of two jobs', () => {
  const [alone, several] = [describedOn('pmake', 1), describedOn('pmake', 8)];
  expect([alone.name, several.name]).toEqual(['pmake', 'pmake-mp']);
  const jobs = (workload: typeof alone) => workload.processes.map(({ count }) => count);
  expect([jobs(alone), jobs(several)]).toEqual([[2], [16]]);
});

it('disk requests of pmake by name take the time of whole requests, on one CPU and on several', () => {
  const rate = (workload: ReturnType<typeof describedOn>) => workload.kernel!.services.DISK!.when;
  const every = PAPER_VALUES['pmake.disk_every'];
  expect(rate(describedOn('pmake', 1))).toMatchObject({ on: 'rate', every });
  expect(rate(describedOn('pmake', 8))).toMatchObject({ on: 'rate', every, spacing: 'staggered' });
  const size = { cpus: 8, instructions: 1e6, seed: 1 };
  const cut = multiprocessorPmake(pmakesValues(PAPER_VALUES, size, { requestCut: 1 / 4 }));
  expect(rate(cut)).toMatchObject({ every: every! / 4, spacing: 'staggered' });
});

it.each([
  [1, 1],
  [2, 2],
  [8, 6],
  [64, 48],
])('engineering on %i CPUs has %i processes of each program', (cpus, count) => {
  expect(describedOn('engineering', cpus).processes.map((process) => process.count)).toEqual([count, count]);
});
