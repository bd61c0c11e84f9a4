import { describe, expect, test } from 'vitest';
import { compareSystems } from '../../src/model/run.ts';
import { presetSystem } from '../../src/model/systems/load.ts';
import { ingest } from '../../src/trace/ingest.ts';
import { openWorkload } from '../../src/trace/workloads/open.ts';

/** The workloads of the paper by name, under presets. */
async function runOf(spec: string, presets: readonly string[]) {
  const trace = await ingest(openWorkload(spec));
  const systems = presets.map((name) => presetSystem(name));
  const comparison = await compareSystems(trace, systems, { warmup: null, baseline: null, seeds: 1 });
  await trace.close();
  return comparison;
}

describe('by name under IRIX and Disco', () => {
  test.each([
    ['pmake', 1],
    ['pmake?cpus=8', 8],
    ['engineering', 8],
    ['raytrace', 16],
    ['database', 1],
    ['radix', 8],
  ])('%s: the same work on %i CPUs, and a monitor’s time on top', async (name, cpus) => {
    const spec = `workload:${name}${name.includes('?') ? '&' : '?'}instructions=${cpus * 150}K`;
    const { runs } = await runOf(spec, ['irix', 'disco']);
    const [irix, disco] = runs as [(typeof runs)[0], (typeof runs)[0]];
    const monitor = ({ breakdown }: typeof irix): number =>
      breakdown.parts.filter(({ category }) => category === 'monitor').reduce((sum, { ps }) => sum + ps, 0);
    expect([irix.tally.cpus, disco.tally.cpus]).toEqual([cpus, cpus]);
    expect(disco.tally.instructions).toBe(irix.tally.instructions);
    expect(monitor(irix)).toBe(0);
    expect(monitor(disco)).toBeGreaterThan(0);
    for (const { breakdown } of runs)
      expect(breakdown.parts.reduce((sum, { ps }) => sum + ps, 0)).toBe(breakdown.total_ps);
  });
});

test('pmake on 8 CPUs divides among 2, 4 and 8 virtual machines, which contend less', async () => {
  const presets = ['disco', 'disco-2vms', 'disco-4vms', 'disco-8vms'];
  const { runs } = await runOf('workload:pmake?cpus=8&instructions=1M', presets);
  expect(runs.map(({ system }) => system.monitor!.vms.count)).toEqual([1, 2, 4, 8]);
  expect(new Set(runs.map(({ tally }) => tally.instructions)).size).toBe(1);
  const waits = runs.map(({ breakdown }) =>
    breakdown.parts
      .filter(({ category }) => category === 'synchronisation')
      .reduce((sum, { ps }) => sum + ps, 0),
  );
  expect(waits[0]).toBeGreaterThan(waits[1]!);
  expect(waits[1]).toBeGreaterThan(waits[3]!);
});
