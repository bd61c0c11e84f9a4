import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { calibratedModules } from '../../src/paper/calibrated-modules.ts';
import { EXPERIMENTS } from '../../src/paper/experiments.ts';
import { inputsOf } from '../../src/paper/inputs.ts';
import { PARAMETERS } from '../../src/paper/parameters.ts';
import { PAPER_VALUES } from '../../src/trace/workloads/paper/values.ts';

test('values of workloads and of systems go to modules of their own', () => {
  const [workloads, systems] = calibratedModules({
    'prices.a': 2,
    'monitor.b': -1,
    'b.c': 2,
    a: 1e21,
    'machines.of_no_system': 1e-7,
  });
  expect(workloads.text).toContain("= {\n  a: 1e21,\n  'b.c': 2,\n  'machines.of_no_system': 1e-7,\n};\n");
  expect(systems.text).toContain("= {\n  'monitor.b': -1,\n  'prices.a': 2,\n};\n");
});

test('the modules that are there are those that their values give', () => {
  for (const { path, text } of calibratedModules(PARAMETERS))
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), path).toBe(text);
});

test('a workload by name has all values that the reproduction gives it', () => {
  const ofWorkloads = inputsOf(EXPERIMENTS)
    .map(({ path }) => path)
    .filter((path) => !/^(prices|monitor|pages|machine|os)\./.test(path));
  expect(Object.keys(PAPER_VALUES).sort()).toEqual(ofWorkloads.sort());
});
