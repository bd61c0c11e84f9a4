import { describe, expect, test } from 'vitest';
import { headline } from '../../../src/report/sweep/finding.ts';
import { renderSweepPage } from '../../../src/report/sweep/page.ts';
import { breakEvenFinding } from '../../../src/report/sweep/words.ts';
import { breakEvenOfList } from '../../../src/sweep/break-even.ts';
import type { FoundBreakEven } from '../../../src/sweep/crossings.ts';
import type { Leaf } from '../../../src/sweep/types.ts';
import { textOf } from '../page.ts';
import { made, tool } from './made.ts';

/** The break-even of a list: each value with the system’s total less the baseline’s. */
function listed(path: string, values: readonly (readonly [Leaf, number])[]): FoundBreakEven {
  const sides = values.map(([at, difference_ps]) => ({ at, difference_ps }));
  const { crossings, equal } = breakEvenOfList(values.map(([, difference]) => difference));
  return {
    trace: 'trace',
    path,
    kind: 'list',
    baseline: 'irix',
    system: 'disco',
    others: {},
    low: sides[0]!,
    high: sides.at(-1)!,
    crossings: crossings.map(({ before, after }) => ({
      at: null,
      before: sides[before]!,
      after: sides[after]!,
    })),
    equal: equal.map(({ before, after }) => ({ from: sides[before]!.at, to: sides[after]!.at })),
    apart: sides.find(({ difference_ps }) => difference_ps !== 0) ?? null,
    points: sides.length,
  };
}

const sizes = (...differences: number[]): FoundBreakEven =>
  listed(
    'machine.l2.size',
    differences.map((difference, i) => [2 ** (15 + i), difference]),
  );

test('a title says where systems cost the same, where that was asked for; a table, too', async () => {
  const differences = [-5e8, -4e8, 0, 0];
  const view = await made(
    ['machine.l2.size=64K,128K,512K,1M'],
    (system, cell) => 1e9 + system * differences[cell]!,
  );
  const found = listed(
    'machine.l2.size',
    differences.map((difference, i) => [view.layout.axes[0]!.values[i]!, difference]),
  );
  const breakEven = [{ ...found, baseline: 'irix-numa', system: 'disco-numa' }];
  const asked = { ...view, analysis: { ...view.analysis, breakEven } };
  const finding =
    'disco-numa is cheaper than irix-numa with machine.l2.size below 512K bytes, and costs the same from 512K bytes to 1M bytes';
  expect(headline(asked, 0)).toBe(`nothing flips: ${finding}`);
  const page = textOf(await renderSweepPage(asked, { tool }));
  expect(page).toContain(`Nothing flips: ${finding}`);
  expect(page).toContain('nowhere; the same from 512K bytes to 1M bytes');
  // Not asked for, its range says so.
  expect(headline(view, 0)).toBe('against irix-numa, disco-numa takes −50.0 % to 0 %');
});

describe('equal at some values', () => {
  test.each([
    [[-5, -6, -7], 'disco is cheaper than irix at every machine.l2.size from 32K bytes to 128K bytes'],
    [[0, 0, 0], 'disco and irix cost the same at every machine.l2.size'],
    [
      [-5, -6, -7, 0, 0, 0],
      'disco is cheaper than irix with machine.l2.size below 256K bytes, and costs the same from 256K bytes to 1M bytes',
    ],
    [
      [0, 0, 4, 5],
      'disco is dearer than irix with machine.l2.size above 64K bytes, and costs the same from 32K bytes to 64K bytes',
    ],
    [
      [0, -4, 0],
      'disco is cheaper than irix at every machine.l2.size from 32K bytes to 128K bytes but at 32K bytes and at 128K bytes, where both cost the same',
    ],
    [
      [3, 0, 0, 2],
      'disco is dearer than irix at every machine.l2.size from 32K bytes to 256K bytes but from 64K bytes to 128K bytes, where both cost the same',
    ],
  ])('%j', (differences, said) => {
    expect(breakEvenFinding(sizes(...differences))).toBe(`nothing flips: ${said}`);
  });

  test('beside a flip', () => {
    expect(breakEvenFinding(sizes(3, -2, 0, 0))).toBe(
      'between 32K bytes and 64K bytes of machine.l2.size, disco becomes cheaper than irix (dearer before); both cost the same from 128K bytes to 256K bytes',
    );
  });

  test('of words, which have no order', () => {
    const found = listed('machine.placement', [
      ['first-touch', -1],
      ['round-robin', 0],
    ]);
    expect(breakEvenFinding(found)).toBe(
      'nothing flips: disco is cheaper than irix at every machine.placement but at round-robin, where both cost the same',
    );
  });

  test('a price whose totals meet at one end', () => {
    const found = listed('prices.remote_ns', [
      [0, 0],
      [500, 7],
    ]);
    expect(breakEvenFinding({ ...found, kind: 'price', points: 65 })).toBe(
      'nothing flips: disco is dearer than irix with prices.remote_ns above 0 ns, and costs the same at 0 ns',
    );
  });
});
