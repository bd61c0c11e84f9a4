import { expect, test } from 'vitest';
import { compareSystems } from '../../src/model/run.ts';
import { applyOverrides, parseOverride, presetSystem } from '../../src/model/systems/load.ts';
import { PAGE_CLASSES } from '../../src/model/tally-memory.ts';
import { footprintChart } from '../../src/report/charts/footprints.ts';
import { factsOf } from '../../src/report/facts.ts';
import {
  footprintFinding,
  footprintsTable,
  footprintTable,
  sampledRuns,
  samplesOf,
} from '../../src/report/footprints.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { ingest } from '../../src/trace/ingest.ts';

const factsFor = async (vms: number, ...settings: string[]) => {
  const trace = await ingest(await openTrace('workload:services?cpus=4&instructions=200K'));
  const systems = applyOverrides(['irix', 'disco'].map(presetSystem), [
    ...[`monitor.vms.count=${vms}`, ...settings].map(parseOverride),
  ]);
  const comparison = await compareSystems(trace, systems, { warmup: null, baseline: null, seeds: 1 });
  await trace.close();
  return factsOf(comparison);
};
const tableOf = async (vms: number) => footprintTable(await factsFor(vms));

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

test('memory over time ends as the table of the end has it, and is never more than unshared', async () => {
  const facts = await factsFor(2);
  const [run] = sampledRuns(facts);
  const samples = samplesOf(facts, run!);
  expect(samples.length).toBeGreaterThan(30);
  for (const [i, { instructions, machine, virtual }] of samples.entries()) {
    if (i > 0) expect(instructions).toBeGreaterThan(samples[i - 1]!.instructions);
    for (const name of PAGE_CLASSES) expect(machine[name]).toBeLessThanOrEqual(virtual[name]);
  }
  const end = footprintTable(facts)!
    .rows.find(({ label }) => label === 'all')!
    .cells.map(({ value }) => value);
  const over = footprintsTable(facts);
  expect(
    over.rows
      .at(-1)!
      .cells.slice(-2)
      .map(({ value }) => value),
  ).toEqual([end[1], end[0]]);
  expect(over.rows.length).toBe(1 + samples.length);
  expect(footprintFinding(facts)).toMatch(/^Machine memory at the end: disco .* saved by sharing$/);
  expect(JSON.stringify(footprintChart(facts).spec)).toContain('if nothing were shared');
});

test('without windows there are samples, too: of one CPU that runs two machines', async () => {
  const trace = await ingest(await openTrace('vms:[workload:services?cpus=1&instructions=100K]*2'));
  const system = applyOverrides([presetSystem('disco')], [parseOverride('machine.cpus=1')]);
  const { runs } = await compareSystems(trace, system, { warmup: 20_000, baseline: null, seeds: 1 });
  await trace.close();
  const { samples } = runs[0]!.tally.memory!;
  expect(samples.length).toBeGreaterThanOrEqual(14);
  expect(samples.length).toBeLessThanOrEqual(16);
  expect(samples[0]!.instructions).toBeGreaterThan(20_000);
});
