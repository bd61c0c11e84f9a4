import { expect, test } from 'vitest';
import { renderReproduction } from '../../../src/report/reproduction/text.ts';
import { wholeEvaluation } from '../../paper/fixture.ts';
import { resultOf } from './fixture.ts';

const PLAIN = { width: 80, color: false };
const squeezed = (text: string): string => text.replace(/\s+/g, ' ');

test('an exhibit: finding, published, modelled, residual and role', async () => {
  const result = await resultOf({ exhibits: ['figure5'] });
  await expect(renderReproduction(result, PLAIN)).toMatchFileSnapshot('golden/figure5.txt');
});

test('everything: no line is wider than the terminal, the verdict stands at the end', async () => {
  const text = renderReproduction(await resultOf(), PLAIN);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(squeezed(text)).toContain('The model misses 1 of 9 floors and meets 7 goals.');
  expect(text).toContain('Missed: Figure 5, totals on Disco');
  for (const name of ['Table 1', 'Table 2', 'Table 3', 'Figure 5', 'Figure 6', 'Figure 7', 'Figure 8'])
    expect(text).toContain(`\n${name}: `.trimStart());
  expect(text.indexOf('Scores')).toBeGreaterThan(text.indexOf('Figure 8'));
  expect(text).not.toContain('\x1b');
});

test('what is not modelled is said, not left out', async () => {
  const result = await resultOf({}, wholeEvaluation().slice(1));
  const text = squeezed(renderReproduction(result, PLAIN));
  expect(text).toContain('The model does not give this exhibit.');
  expect(text).toMatch(/Figure 5, totals on Disco missed – points/);
  expect(text).toContain('Figure 5, totals on Disco: 4 not modelled.');
  expect(text).toMatch(/; \d+ are not modelled\./);
});

test('the spread has a column for each scale', async () => {
  const text = renderReproduction(await resultOf({ exhibits: ['table3'], spread: true }), PLAIN);
  expect(text).toMatch(/published modelled residual at 0\.2 at 0\.4 +role/);
  expect(squeezed(text)).toContain(
    'At scales 0.1, 0.2, 0.4 half of 8 numbers differ by less than 3.0 % of the published one',
  );
  expect(text).toMatch(/migrations +2,461 +2,486 +\+25 +2,510 +2,559 predicted/);
});

test('nothing to judge', async () => {
  const text = renderReproduction(await resultOf({ exhibits: ['table1'] }), PLAIN);
  expect(squeezed(text)).toContain('All 4 numbers that can say something are as published.');
  expect(squeezed(text)).toContain('There is nothing to judge');
});
