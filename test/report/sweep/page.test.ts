import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headline } from '../../../src/report/sweep/finding.ts';
import { renderSweepPage } from '../../../src/report/sweep/page.ts';
import { type Candidate, paretoFront } from '../../../src/report/sweep/pareto.ts';
import type { SweepView } from '../../../src/report/sweep/view.ts';
import { breakEvenFinding, claimSentence } from '../../../src/report/sweep/words.ts';
import type { SystemBands } from '../../../src/sweep/uncertainty.ts';
import { analysed } from '../../sweep/analysed.ts';
import { planOf, presets, workload } from '../../sweep/sweeps.ts';
import { inChromium, openAll, violations, wrongLabels } from '../chromium.ts';
import { dataOf, rowsOf, textOf } from '../page.ts';

const tool = { name: 'vmtax', version: 'test' };
const trace = await workload('workload:zipf?cpus=4&instructions=10K&heap=262144');
const NUMA = presets('irix-numa', 'disco-numa');

const both = await analysed(
  trace,
  NUMA,
  planOf(['machine.tlb.entries=32,64,128', 'prices.remote_ns=0..4000+500']),
  {
    request: {
      breakEven: [{ path: 'prices.remote_ns', low: null, high: null }],
      sensitivity: { samples: 100, seed: 1 },
    },
    pareto: ['total', 'count.tlb_misses'],
  },
);
const page = await renderSweepPage(both, { tool, commandLine: 'vmtax sweep … <&>' });

/** A page of a sweep that is as large as one wants: totals of nothing but arithmetic. */
async function made(
  vary: readonly string[],
  total: (system: number, cell: number) => number,
): Promise<SweepView> {
  const view = await analysed(trace, NUMA, planOf(['prices.remote_ns=1,2']));
  const { layOut } = await import('../../../src/sweep/layout.ts');
  const known = { name: 'trace', identity: 'trace', header: trace.header, systems: NUMA };
  const layout = await layOut(planOf(vary), [known], { mostCells: 1e6, model: '', check: async () => {} });
  const column = (system: number) =>
    Float64Array.from({ length: layout.cells.count }, (_, cell) => total(system, cell));
  const totals = [[column(0), column(1)]];
  return {
    ...view,
    layout,
    totals,
    pareto: { keys: ['total', 'count.l2_misses'], values: [totals, totals] },
  };
}

test('title: the finding, computed from what was found', () => {
  const title = textOf(/<title>(.*?)<\/title>/.exec(page)![1]!);
  const places = both.analysis.breakEven.map(({ crossings }) => crossings[0]!.at!);
  expect(places.length).toBe(3);
  const figure = (value: number): string =>
    String(Number(value.toPrecision(4))).replace(/^(\d)(\d{3}\b)/, '$1,$2');
  expect(title).toBe(
    `prices.remote_ns above ${figure(Math.min(...places))} ns to ${figure(Math.max(...places))} ns, as the rest varies, makes disco-numa cheaper than irix-numa · vmtax`,
  );
});

test('one file: nothing from elsewhere, one policy, ids once, the same bytes again', async () => {
  expect(page).not.toMatch(/(?:src|href)="(?!#|data:)/);
  expect(page).toContain("default-src 'none'");
  expect(page).not.toContain('<&>');
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  expect(await renderSweepPage(both, { tool, commandLine: 'vmtax sweep … <&>' })).toBe(page);
});

test('the table behind has every cell to the picosecond', () => {
  const rows = rowsOf(page, 'trace-1-cells');
  const [base, mine] = both.totals[0]!;
  expect(rows.length).toBe(27);
  for (const [cell, { values }] of rows.entries())
    expect(values.slice(0, 2)).toEqual([base, mine].map((of) => String(of![cell])));
  expect(Object.keys(dataOf(page).specs)).toEqual([
    'trace-1-lines-svg',
    'trace-1-heat-svg',
    'trace-1-pareto-svg',
    'trace-1-bands-svg',
    'trace-1-tornado-disco-numa-svg',
  ]);
});

describe('findings', () => {
  test('nothing flips: it says so, with the range', async () => {
    const view = await made(
      ['prices.remote_ns=100..900+100'],
      (system, cell) => 1e6 * (1 + 0.01 * system * (cell + 1)),
    );
    expect(headline(view, 0)).toBe(
      'nothing flips: disco-numa is dearer than irix-numa in every cell, by 1.0 % to 9.0 %',
    );
  });

  test('a flip between neighbouring cells is one between them', async () => {
    const view = await made(
      ['prices.remote_ns=100..900+100'],
      (system, cell) => 1e6 + system * 1000 * (cell - 3.5),
    );
    expect(headline(view, 0)).toBe(
      'disco-numa becomes dearer than irix-numa between 400 ns and 500 ns of prices.remote_ns (cheaper before)',
    );
  });

  test('one crossing, several, none', () => {
    const side = (at: number, difference_ps: number) => ({ at, difference_ps });
    const found = {
      ...both.analysis.breakEven[0]!,
      others: {},
      low: side(0, 5),
      high: side(100, -5),
      crossings: [{ at: 40, before: side(39, 1), after: side(41, -1) }],
    };
    expect(breakEvenFinding(found)).toBe(
      'prices.remote_ns above 40 ns makes disco-numa cheaper than irix-numa',
    );
    const twice = [...found.crossings, { at: 60, before: side(59, -1), after: side(61, 1) }];
    expect(breakEvenFinding({ ...found, crossings: twice })).toBe(
      'disco-numa flips 2 times along prices.remote_ns: dearer than irix-numa at first, then cheaper at 40 ns, then dearer at 60 ns',
    );
    expect(breakEvenFinding({ ...found, crossings: [] })).toBe(
      'nothing flips: disco-numa is dearer than irix-numa at every prices.remote_ns from 0 ns to 100 ns',
    );
  });

  test('a difference is claimed only where the band of the paired difference leaves out zero', () => {
    const band = (p5: number, p95: number) => ({ p5, p50: (p5 + p95) / 2, p95 });
    const bands = (low: number, high: number): SystemBands => ({
      name: 'disco',
      total: band(90, 130),
      categories: {} as SystemBands['categories'],
      difference: band(low, high),
      ratio: band(1 + low / 100, 1 + high / 100),
    });
    expect(claimSentence(bands(-2, 3), 'irix')).toMatch(
      /^No difference is shown between disco and irix \(−2\.0 % to \+3\.0 %/,
    );
    expect(claimSentence(bands(0, 3), 'irix')).toMatch(/^No difference is shown/);
    expect(claimSentence(bands(1, 3), 'irix')).toMatch(/^disco costs more than irix: \+1\.0 % to \+3\.0 %/);
    expect(claimSentence(bands(-3, -1), 'irix')).toMatch(/^disco costs less than irix/);
  });
});

test('whatever the size of a sweep, its page is below 1 MB, and says what it leaves out', async () => {
  const view = await made(
    ['machine.tlb.entries=32,64,128', 'prices.remote_ns=1..300+1', 'prices.local_ns=1..300+1'],
    (system, cell) => 1e9 + (cell % 300) * 1e6 - system * cell * 3000,
  );
  const large = await renderSweepPage(view, { tool });
  expect(large.length).toBeLessThan(1_000_000);
  expect(large).toContain('6 of 900 combinations of the other axes are drawn');
  expect(large).toContain('24 × 24 of 300 × 300 cells are drawn');
  expect(large).toContain('160 of 270,000 cells');
});

test('a Pareto front is what nothing else beats', () => {
  const value = fc.integer({ min: 0, max: 12 });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { maxLength: 60 }), (pairs) => {
      const all = pairs.map(([a, b], cell): Candidate => ({ system: 0, cell, a, b }));
      const beats = (x: Candidate, y: Candidate): boolean =>
        x.a <= y.a && x.b <= y.b && (x.a < y.a || x.b < y.b);
      const best = all.filter((one) => !all.some((other) => beats(other, one)));
      const keys = (list: readonly Candidate[]): string[] =>
        [...new Set(list.map(({ a, b }) => `${a} ${b}`))].sort();
      const front = paretoFront(all);
      expect(keys(front)).toEqual(keys(best));
      expect(front.length).toBe(keys(best).length);
    }),
  );
});

inChromium((pages) => {
  const address = pages.address('page.html');

  test.each(['light', 'dark'] as const)('%s: silent and accessible', async (colorScheme) => {
    pages.write('page.html', page);
    const { page: tab, requests, problems, close } = await pages.open(address, { colorScheme });
    expect(await wrongLabels(tab)).toEqual([]);
    await openAll(tab);
    expect(await violations(tab)).toEqual([]);
    expect(requests).toEqual([address]);
    expect(problems).toEqual([]);
    await close();
  });

  test('narrow it does not scroll sideways; without script it is complete', async () => {
    pages.write('page.html', page);
    const { page: tab, close } = await pages.open(address, {
      viewport: { width: 360, height: 740 },
      javaScriptEnabled: false,
    });
    expect(await tab.locator('svg.chart:visible').count()).toBe(5);
    expect(await tab.locator('button:visible').count()).toBe(0);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await close();
  });
});
