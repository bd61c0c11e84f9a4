import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXPERIMENTS } from '../../src/paper/experiments.ts';
import { inputsOf, inputValues } from '../../src/paper/inputs.ts';
import { PARAMETERS } from '../../src/paper/parameters.ts';
import { galleryPage, ledgerPage, numbersPage } from '../../src/report/reproduction/markdown.ts';
import { picturesOf } from '../../src/report/reproduction/pictures.ts';
import { resultOf } from '../report/reproduction/fixture.ts';

test('docs/ledger.md is what the experiments and the parameters say', async () => {
  const inputs = inputsOf(EXPERIMENTS);
  const values = inputValues(inputs, PARAMETERS);
  const page = ledgerPage(inputs.map((input) => ({ ...input, value: values[input.path]!, set: false })));
  await expect(page).toMatchFileSnapshot('../../docs/ledger.md');
});

test('parameters are those of inputs that there are, and within their ranges', () => {
  const inputs = new Map(inputsOf(EXPERIMENTS).map((input) => [input.path, input]));
  for (const [path, value] of Object.entries(PARAMETERS)) {
    const input = inputs.get(path);
    expect(input, path).toBeDefined();
    const [low, high] = input!.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    expect(value, path).toBeGreaterThanOrEqual(low);
    expect(value, path).toBeLessThanOrEqual(high);
    if (input!.role !== 'calibrated') expect(value, path).toBe(input!.prior);
  }
});

test('pages of the documentation hold every number and every chart', async () => {
  const result = await resultOf();
  const numbers = numbersPage(result);
  const rows = numbers
    .slice(numbers.indexOf('## Numbers'))
    .split('\n')
    .filter((line) => line.startsWith('| '));
  expect(rows).toHaveLength(1 + 294);
  expect(rows[2]).toMatch(/^\| Figure 5, pmake, IRIX: kernel \| percent of IRIX time \| 18\.7 \| 18\.7 \|/);
  expect(numbers).toContain('**The model misses 1 of 9 floors and meets 7 goals.**');
  const pictures = picturesOf(result);
  expect(galleryPage(pictures).match(/\.svg\)/g)).toHaveLength(pictures.length);
  expect(new Set(pictures.map(({ id }) => id)).size).toBe(pictures.length);
});

test('docs/reproduction.md has the floors and goals that are judged', async () => {
  const page = readFileSync(new URL('../../docs/reproduction.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('| score |')).split('\n').slice(2, 11);
  const limits = table.map((line) =>
    line
      .split('|')
      .slice(2, 4)
      .map((cell) => Number.parseFloat(cell)),
  );
  const { scores } = await resultOf();
  expect(limits).toEqual(scores.map(({ floor, goal }) => [floor, goal]));
});
