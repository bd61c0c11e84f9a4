import { describe, expect, it } from 'vitest';
import { barOf, uniformBarOf } from '../../../src/paper/numa/bars.ts';
import { createReplayer } from '../../../src/paper/replayer.ts';
import { paperSystem } from '../../../src/paper/systems.ts';
import type { WorkloadInput } from '../../../src/trace/workloads/schema.ts';

/** Two CPUs, each of which runs through memory of its own that no cache holds; then one that only computes. */
const sweeping: WorkloadInput = {
  name: 'sweeping',
  cpus: 2,
  instructions: 400_000,
  line: 128,
  processes: [
    {
      name: 'sweeper',
      count: 2,
      regions: { text: { bytes: 4096, share: 'text' }, data: { bytes: '4M' } },
      phases: [
        {
          instructions: 1_000_000,
          code: { region: 'text', bytes: 1024 },
          fetch: 10,
          data: [{ region: 'data', load: 1, size: 8, place: { kind: 'sequential', stride: 128 } }],
        },
      ],
    },
  ],
  kernel: { regions: { text: { bytes: 4096 } }, services: {} },
};

const run = async (placement: string, set: readonly string[] = []) => {
  const system = paperSystem('irix-numa', {}, [`machine.placement=${placement}`, 'machine.tlb=null', ...set]);
  const what = { workload: sweeping, systems: [system], warmup: 40_000 };
  return (await createReplayer()(what, undefined, () => {}))[0]!;
};

describe('a bar of Figure 8', () => {
  it('is the sum of its parts, and local where pages are touched first', async () => {
    const { execution, local_stall, remote_stall, monitor, total, misses_local } = barOf(
      await run('first-touch'),
    );
    expect(execution + local_stall + remote_stall + monitor).toBeCloseTo(total, 9);
    // The one page of text that both share.
    expect(remote_stall).toBeLessThan(0.1);
    expect(monitor).toBeCloseTo(0, 9);
    expect(misses_local).toBeGreaterThan(99.9);
    // One miss of 300 ns in ten instructions of 2.5 ns; few wait for others.
    expect(local_stall).toBeGreaterThanOrEqual(30);
    expect(local_stall).toBeLessThan(33);
    expect(execution).toBeGreaterThanOrEqual(2.5);
    expect(execution).toBeLessThan(2.6);
  });

  it('has half of its misses local where all memory is on one of two nodes, and waits there', async () => {
    const bar = barOf(await run('fixed'));
    expect(bar.misses_local).toBeGreaterThan(49);
    expect(bar.misses_local).toBeLessThan(51);
    expect(bar.remote_stall).toBeGreaterThan(2.5 * bar.local_stall);
    const alone = barOf(await run('fixed', ['machine.contention=none']));
    expect(bar.remote_stall).toBeGreaterThan(alone.remote_stall);
    expect(bar.execution).toBeCloseTo(alone.execution, 9);
  });

  it('of the UMA machine does not depend on where pages were', async () => {
    const [here, there] = [await run('first-touch'), await run('fixed')].map(uniformBarOf);
    expect(here!.total).toBeCloseTo(there!.total, 9);
    expect(here!.misses_local).toBe(100);
    expect(here!.local_stall).toBeGreaterThanOrEqual(30);
  });

  it('of a run is there again without a replay when only prices change', async () => {
    const replay = createReplayer();
    const system = paperSystem('irix-numa', {}, ['machine.placement=fixed']);
    const what = { workload: sweeping, systems: [system], warmup: 40_000 };
    const [first] = await replay(what, undefined, () => {});
    const dearer = paperSystem('irix-numa', { 'prices.remote_ns': 1800 }, ['machine.placement=fixed']);
    const [second] = await replay({ ...what, systems: [dearer] }, undefined, () => {});
    expect(second!.tally).toBe(first!.tally);
    expect(barOf(second!).remote_stall).toBeGreaterThan(1.5 * barOf(first!).remote_stall);
    const [third] = await replay({ ...what, workload: { ...sweeping, seed: 2 } }, undefined, () => {});
    expect(third!.tally).not.toBe(first!.tally);
  });
});
