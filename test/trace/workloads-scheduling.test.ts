import { describe, expect, it } from 'vitest';
import type { WorkloadInput } from '../../src/trace/workloads/schema.ts';
import { describeTrace, walk } from './workloads-reading.ts';

type Process = WorkloadInput['processes'][number];

const workload = (process: Partial<Process>, rest: Partial<WorkloadInput> = {}): WorkloadInput => ({
  name: 'test',
  cpus: 2,
  instructions: 60_000,
  slice: 1000,
  stretch: 1000,
  processes: [
    {
      name: 'p',
      regions: { text: { bytes: '8K' } },
      phases: [{ instructions: 10_000, code: { region: 'text' } }],
      ...process,
    },
  ],
  ...rest,
});

/** Instructions of each CPU. */
async function turns(description: WorkloadInput): Promise<number[]> {
  const instructions = [0, 0];
  await walk(describeTrace(description), {
    segment: (cpu, _flags, _service, count) => {
      instructions[cpu]! += count;
    },
  });
  return instructions;
}

describe('a CPU that has nothing to run', () => {
  const three = { count: 3, cpus: [0] };

  it('stays idle', async () => {
    expect(await turns(workload(three))).toEqual([60_000, 0]);
  });

  it('takes a thread that waits elsewhere, with `steal`', async () => {
    const instructions = await turns(workload(three, { steal: true }));
    expect(Math.abs(instructions[0]! - instructions[1]!)).toBeLessThanOrEqual(1000);
  });

  it('leaves the only thread of a CPU where it is', async () => {
    const instructions = await turns(workload({ count: 1, cpus: [0] }, { steal: true }));
    expect(instructions).toEqual([60_000, 0]);
  });
});

describe('threads that roam', () => {
  const roaming = { count: 2, cpus: [0, 1], roam: 4 };

  it('go on at the same time', async () => {
    expect(await turns(workload(roaming, { instructions: 6000 }))).toEqual([3000, 3000]);
  });

  it('go on one after the other, with `stagger`', async () => {
    // The second begins half way through its stay, and joins the first after two slices.
    const instructions = await turns(workload({ ...roaming, stagger: true }, { instructions: 6000 }));
    expect(instructions).toEqual([4000, 2000]);
  });
});
