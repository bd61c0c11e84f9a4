import { expect, test } from 'vitest';
import { inputValues } from '../../../src/paper/inputs.ts';
import { numberId } from '../../../src/paper/keys.ts';
import { PARAMETERS } from '../../../src/paper/parameters.ts';
import { PUBLISHED } from '../../../src/paper/published.ts';
import type { Outcome } from '../../../src/paper/types.ts';
import { uniprocessorExperiment } from '../../../src/paper/uniprocessor/experiment.ts';
import { TABLE_2_COLUMNS, TABLE_2_SERVICES } from '../../../src/paper/uniprocessor/table2.ts';

const SHORT = 0.008;

function valuesOf({ modelled }: Outcome): Map<string, number> {
  return new Map(modelled.map((number) => [numberId(number), number.value]));
}

const inputs = inputValues(uniprocessorExperiment.inputs, PARAMETERS);

test('pmake on one CPU gives every number of its exhibits, and the parts make up the totals', async () => {
  const outcome = await uniprocessorExperiment.run({ inputs, scale: SHORT, seed: 1 });
  const values = valuesOf(outcome);
  const asked = PUBLISHED.filter(
    ({ exhibit, workload, quantity }) =>
      workload === 'pmake' &&
      (exhibit === 'table1' ||
        exhibit === 'table2' ||
        (exhibit === 'figure5' && quantity !== 'total_printed')),
  );
  expect(asked.filter((number) => !values.has(numberId(number)))).toEqual([]);
  for (const system of ['irix', 'disco']) {
    const part = (quantity: string) => values.get(`figure5/pmake/${system}/${quantity}`)!;
    const sum = part('user') + part('kernel') + part('monitor') + part('idle');
    expect(part('total')).toBeCloseTo(sum, 6);
  }
  expect(values.get('figure5/pmake/irix/total')).toBeCloseTo(100, 9);
  for (const name of Object.keys(TABLE_2_SERVICES)) {
    const of = (quantity: string) => values.get(`table2/pmake/disco/${name}.${quantity}`)!;
    expect(TABLE_2_COLUMNS.reduce((sum, column) => sum + of(column), 0)).toBeCloseTo(of('slowdown'), 9);
  }
  const [waterfall] = outcome.decompositions;
  const steps = waterfall!.steps;
  const reached = steps.slice(0, -1).reduce((sum, { value }) => sum + value, 0);
  expect(reached).toBeCloseTo(steps.at(-1)!.value, 6);
});

test('prices alone move nothing that was counted: twice the price of an emulated instruction', async () => {
  const before = valuesOf(await uniprocessorExperiment.run({ inputs, scale: SHORT, seed: 1 }));
  const dearer = { ...inputs, 'prices.emulate_cycles': 2 * inputs['prices.emulate_cycles']! };
  const after = valuesOf(await uniprocessorExperiment.run({ inputs: dearer, scale: SHORT, seed: 1 }));
  for (const [id, value] of before)
    if (id.includes('/irix/') || id.includes('kernel_tlb_faults')) expect(after.get(id), id).toBe(value);
  const privileged = 'table2/pmake/disco/quick_fault.other_privileged';
  expect(after.get(privileged)!).toBeGreaterThan(1.3 * before.get(privileged)!);
});
