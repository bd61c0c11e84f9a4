import { expect, test } from 'vitest';
import { compareSystems } from '../../src/model/run.ts';
import { applyOverrides, parseOverride, presetSystem } from '../../src/model/systems/load.ts';
import { factsOf } from '../../src/report/facts.ts';
import { footprintTable } from '../../src/report/footprints.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { ingest } from '../../src/trace/ingest.ts';

const tableOf = async (vms: number) => {
  const trace = await ingest(await openTrace('workload:services?cpus=4&instructions=200K'));
  const systems = applyOverrides(['irix', 'disco'].map(presetSystem), [
    parseOverride(`monitor.vms.count=${vms}`),
  ]);
  const comparison = await compareSystems(trace, systems, { warmup: null, baseline: null, seeds: 1 });
  await trace.close();
  return footprintTable(factsOf(comparison));
};

test('memory of several virtual machines is shown by class, kernel text once', async () => {
  const table = (await tableOf(4))!;
  expect(table.groups.map(({ name }) => name)).toEqual(['disco']);
  const row = (label: string) =>
    table.rows.find((one) => one.label === label)!.cells.map(({ value }) => Number(value));
  const [virtual, machine] = row('kernel text');
  expect(machine).toBeGreaterThan(0);
  expect(virtual).toBeGreaterThan(machine!);
  const classes = table.rows.slice(
    0,
    table.rows.findIndex(({ label }) => label === 'all'),
  );
  for (const column of [0, 1])
    expect(classes.reduce((sum, one) => sum + Number(one.cells[column]!.value), 0)).toBe(row('all')[column]);
});

test('one machine has no such table', async () => {
  expect(await tableOf(1)).toBeNull();
});
