import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sweepText } from '../../../src/cli/sweep-text.ts';
import { inertAxes, spreadAlong } from '../../../src/report/sweep/effects.ts';
import { bestText, headline, inertText, rangeText } from '../../../src/report/sweep/finding.ts';
import { renderSweepPage } from '../../../src/report/sweep/page.ts';
import { heatMaps, linePanels, mainAxis, movingAxes } from '../../../src/report/sweep/panels.ts';
import { textOf } from '../page.ts';
import { FOUR, made, NUMA, tool } from './made.ts';

/** 3 × 4 × 5 cells. */
const AXES = ['machine.l2.size=256K,512K,1M', 'prices.remote_ns=1..4+1', 'machine.tlb.entries=16..256*2'];
const indexes = (cell: number): readonly number[] => [
  Math.floor(cell / 20),
  Math.floor(cell / 5) % 4,
  cell % 5,
];

describe('what an axis does', () => {
  test('is nothing exactly where no result depends on it', async () => {
    const { layout } = await made(AXES, () => 1);
    fc.assert(
      fc.property(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), fc.nat(59), (weights, missing) => {
        const values = Array.from({ length: 60 }, (_, cell) =>
          cell === missing
            ? Number.NaN
            : 10 + indexes(cell).reduce((sum, at, i) => sum + at * weights[i]!, 0),
        );
        expect(inertAxes(layout, [values])).toEqual([0, 1, 2].filter((at) => weights[at] === 0));
      }),
    );
  });

  test('is the range along it, mean of all combinations, of the column that it moves most', async () => {
    const { layout } = await made(AXES, () => 1);
    const plain = Array.from({ length: 60 }, (_, cell) => 3 * indexes(cell)[0]! + 7 * indexes(cell)[1]!);
    const half = plain.map((value) => value / 2);
    expect([0, 1, 2].map((at) => spreadAlong(layout, at, [half, plain]))).toEqual([6, 21, 0]);
  });

  test('one at a time it is compared with the systems as they are', async () => {
    const { layout } = await made(['prices.remote_ns=1,2', 'prices.local_ns=1,2'], () => 1, NUMA, {
      kind: 'one-at-a-time',
    });
    // As they are, two of the first axis, two of the second.
    expect(inertAxes(layout, [[5, 5, 5, 6, 6]])).toEqual([0]);
    expect(spreadAlong(layout, 1, [[5, 5, 5, 6, 6]])).toBe(1);
  });

  test('nothing is known of it where no two cells differ in it alone', async () => {
    const hypercube = { kind: 'latin-hypercube', points: 4, seed: 1 } as const;
    const { layout } = await made(
      ['prices.remote_ns=1..4+1', 'prices.local_ns=1..4+1'],
      () => 1,
      NUMA,
      hypercube,
    );
    expect(inertAxes(layout, [[1, 1, 1, 1]])).toEqual([]);
    const one = await made(['prices.remote_ns=1,2'], () => 1);
    expect(inertAxes(one.layout, [[1, Number.NaN]])).toEqual([]);
  });
});

describe('an axis without effect', () => {
  // The second one does nothing; the third moves disco-numa most, the baseline not at all.
  const total = (system: number, cell: number): number => {
    const [size, , entries] = indexes(cell);
    return 1e9 + 1e6 * size! + system * 1e8 * (5 - entries!) + system * 1e7 * size!;
  };

  test('is not drawn where others are, and is said to do nothing', async () => {
    const view = await made(AXES, total);
    expect(movingAxes(view, 0)).toEqual([2, 0]);
    expect(mainAxis(view, 0).path).toBe('machine.tlb.entries');
    const { items, left } = linePanels(view, 0);
    expect(items.map(({ name }) => name)).toEqual([
      'machine.l2.size 256K bytes',
      'machine.l2.size 512K bytes',
      'machine.l2.size 1M bytes',
    ]);
    expect(left).toBe('');
    const [map] = heatMaps(view, 0).items;
    expect([map!.across.path, map!.down.path]).toEqual(['machine.tlb.entries', 'machine.l2.size']);
    expect(inertText(view, 0)).toBe('Of what is varied, prices.remote_ns changes nothing here.');
    const page = textOf(await renderSweepPage(view, { tool }));
    expect(page).toContain('Of what is varied, prices.remote_ns changes nothing here.');
    expect(page).toContain('Over all cells, disco-numa takes');
  });

  test('is not named with the cells that matter', async () => {
    const view = await made(AXES, total);
    expect(rangeText(view, 0, 1)).not.toContain('remote_ns');
    expect(rangeText(view, 0, 1)).toContain('machine.tlb.entries 256 entries');
    // What is least of a system leaves out what moves others alone.
    expect(bestText(view, 0, 0)).toMatch(/^irix-numa is cheapest with machine\.l2\.size 256K bytes: /);
    const text = sweepText(view.layout, view.totals);
    expect(text).toMatch(/takes \+10\.[^\n]*\(machine\.l2\.size=\w+, machine\.tlb\.entries=256\)/);
    expect(text).toContain('\nOf what is varied, prices.remote_ns changes nothing here.\n');
    const page = textOf(await renderSweepPage(view, { tool }));
    expect(page).toContain('One configuration is best in both: irix-numa, machine.l2.size 256K bytes#');
  });

  test('alone it is drawn all the same', async () => {
    const view = await made(['prices.remote_ns=1..4+1'], (system) => 1e9 + system * 1e8);
    expect(linePanels(view, 0).items[0]!.lines[0]!.points.length).toBe(4);
    expect(rangeText(view, 0, 1)).toMatch(/whatever is varied$/);
  });
});

test('a chart that draws some cells speaks of those', async () => {
  // 7 × 7 panels along the axis that moves most are too many.
  const vary = ['machine.tlb.entries=16..256*2', 'prices.remote_ns=1..7+1', 'prices.local_ns=1..7+1'];
  const view = await made(vary, (system, cell) => {
    const [entries, remote, local] = [Math.floor(cell / 49), Math.floor(cell / 7) % 7, cell % 7];
    return 1e9 + system * (1e8 * entries + 1e7 * remote + 1e6 * local);
  });
  const page = textOf(await renderSweepPage(view, { tool }));
  expect(page).toContain('In the cells that are drawn, disco-numa takes +0.6 % to +46.6 % against irix-numa');
  expect(page).toContain('6 of 49 combinations of the other axes are drawn, all with prices.local_ns 7 ns.');
});

describe('where rows are missing', () => {
  const some = (system: number, cell: number): number => (cell === 2 ? Number.NaN : 1e9 + system * 1e8);

  test('nothing is said of whatever is varied, nor of every cell', async () => {
    const view = await made(['prices.remote_ns=1..4+1'], some);
    const where = 'in every cell that has a result';
    expect(rangeText(view, 0, 1)).toBe(`disco-numa takes +10.0 % against irix-numa, ${where}`);
    expect(sweepText(view.layout, view.totals)).toContain(
      `disco-numa takes +10.0 % against irix-numa, ${where}.`,
    );
    expect(headline(view, 0)).toBe(`nothing flips: disco-numa is dearer than irix-numa ${where}, by 10.0 %`);
    expect(inertText(view, 0)).toContain('changes nothing here, where there are results.');
  });
});

describe('a terminal without room for a table', () => {
  test('says where the cells are, unless they are written', async () => {
    const three = await made(AXES, (system, cell) => 1e9 + system * cell);
    const hint = '--csv FILE has all 60 cells, --html FILE draws them.';
    expect(sweepText(three.layout, three.totals)).toContain(hint);
    expect(sweepText(three.layout, three.totals, false)).not.toContain('--csv');
    const hypercube = { kind: 'latin-hypercube', points: 4, seed: 1 } as const;
    const points = await made(
      ['prices.remote_ns=1..4+1'],
      (system, cell) => 1e9 + system * cell,
      FOUR,
      hypercube,
    );
    expect(sweepText(points.layout, points.totals)).toContain('--csv FILE has all 4 cells');
    const two = await made(AXES.slice(1), (system, cell) => 1e9 + system * cell);
    expect(sweepText(two.layout, two.totals)).not.toContain('--csv');
  });
});
