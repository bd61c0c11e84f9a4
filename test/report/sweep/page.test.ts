import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sweepText } from '../../../src/cli/sweep-text.ts';
import { headline } from '../../../src/report/sweep/finding.ts';
import { renderSweepPage } from '../../../src/report/sweep/page.ts';
import { type Candidate, paretoFront } from '../../../src/report/sweep/pareto.ts';
import { stepped } from '../../../src/report/sweep/view.ts';
import { breakEvenFinding, claimSentence } from '../../../src/report/sweep/words.ts';
import { parseVary } from '../../../src/sweep/axes.ts';
import { typed } from '../../../src/sweep/typed.ts';
import type { SystemBands } from '../../../src/sweep/uncertainty.ts';
import { analysed } from '../../sweep/analysed.ts';
import { planOf, presets } from '../../sweep/sweeps.ts';
import { inChromium, openAll, violations, wrongLabels } from '../chromium.ts';
import { dataOf, rowsOf, textOf } from '../page.ts';
import { FOUR, made, NUMA, tool, trace } from './made.ts';

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

test('title: the finding, computed from what was found', () => {
  const title = textOf(/<title>(.*?)<\/title>/.exec(page)![1]!);
  const places = both.analysis.breakEven.map(({ crossings }) => crossings[0]!.at!);
  expect(places.length).toBe(3);
  const figure = (value: number): string =>
    String(Number(value.toPrecision(4))).replace(/^(\d)(\d{3}\b)/, '$1,$2');
  expect(title).toBe(
    `With prices.remote_ns above ${figure(Math.min(...places))} ns to ${figure(Math.max(...places))} ns, as the rest varies, disco-numa is cheaper than irix-numa · vmtax`,
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

  test('of several systems nothing flips: on which side each is, the smaller end first', async () => {
    const view = await made(
      ['prices.remote_ns=100..900+100'],
      (system, cell) => 1e6 * (1 + [0, 0.01, -0.05, 0][system]! * (cell + 1)),
      FOUR,
    );
    expect(headline(view, 0)).toBe(
      'nothing flips: irix-uma is cheaper than irix-numa in every cell, by 5.0 % to 45.0 %; disco-numa dearer, by 1.0 % to 9.0 %; linux-mips the same',
    );
  });

  test('nothing is said not to flip where a system is dearer in one cell and cheaper in another', async () => {
    const hypercube = { kind: 'latin-hypercube', points: 20, seed: 1 } as const;
    const view = await made(
      ['prices.remote_ns=1..400+1', 'prices.local_ns=1..400+1'],
      (system, cell) => 1e6 * (1 + [0, 0.01 * ((cell % 2) - 0.5), 0.05 * (cell + 1), 0][system]!),
      FOUR,
      hypercube,
    );
    expect(headline(view, 0)).toBe('against irix-numa, disco-numa takes −0.5 % to +0.5 %');
  });

  test('a map says of each system in how many combinations it costs less', async () => {
    const view = await made(
      ['prices.remote_ns=1,2,3', 'prices.local_ns=1,2'],
      (system, cell) => 1e6 * (1 + [0, 0.01, -0.05, cell < 3 ? 1 : -1e-3][system]!),
      FOUR,
    );
    expect(textOf(await renderSweepPage(view, { tool }))).toContain(
      'Of 6 combinations, disco-numa costs less than irix-numa in none, irix-uma in all, linux-mips in 50.0 %',
    );
  });

  test('a map counts the combinations that have a result', async () => {
    const view = await made(
      ['prices.remote_ns=1,2,3', 'prices.local_ns=1,2'],
      (system, cell) =>
        cell === 4 ? Number.NaN : 1e6 * (1 + [0, 0.01, -0.05, cell < 3 ? 1 : -1e-3][system]!),
      FOUR,
    );
    expect(textOf(await renderSweepPage(view, { tool }))).toContain(
      'Of 5 combinations (1 more has no result), disco-numa costs less than irix-numa in none, irix-uma in all, linux-mips in 40.0 %',
    );
  });

  test('a flip between neighbouring cells is one between them', async () => {
    const view = await made(
      ['prices.remote_ns=100..900+100'],
      (system, cell) => 1e6 + system * 1000 * (cell - 3.5),
    );
    expect(headline(view, 0)).toBe(
      'between 400 ns and 500 ns of prices.remote_ns, disco-numa becomes dearer than irix-numa (cheaper before)',
    );
  });

  test('one crossing, several, none', () => {
    const side = (at: number, difference_ps: number) => ({ at, difference_ps });
    const found = {
      ...both.analysis.breakEven[0]!,
      others: {},
      low: side(0, 5),
      apart: side(0, 5),
      high: side(100, -5),
      crossings: [{ at: 40, before: side(39, 1), after: side(41, -1) }],
    };
    expect(breakEvenFinding(found)).toBe(
      'with prices.remote_ns above 40 ns, disco-numa is cheaper than irix-numa',
    );
    const twice = [...found.crossings, { at: 60, before: side(59, -1), after: side(61, 1) }];
    expect(breakEvenFinding({ ...found, crossings: twice })).toBe(
      'along prices.remote_ns, disco-numa flips 2 times: dearer than irix-numa at first, then cheaper at 40 ns, then dearer at 60 ns',
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

/** Headings of a page, and its title. */
const titlesOf = (html: string): string[] =>
  [
    ...html
      .replace(/<svg[\s\S]*?<\/svg>/g, '')
      .matchAll(/<(title|h1|h3)(?: id="([^"]*)")?[^>]*>(.*?)<\/\1>/gs),
  ]
    .filter(([, , id]) => id !== 'answer')
    .map(([, , , text]) => textOf(text!));

test('titles begin with a capital or a figure, whatever is found', async () => {
  const flat = await made(['prices.remote_ns=1..9+1'], () => 1e9);
  const flips = await made(['machine.l2.size=256K..4M*2'], (system, cell) => 1e9 + system * (cell - 1.5));
  const mixed = await made(
    ['prices.remote_ns=1..9+1', 'prices.local_ns=1..9+1'],
    (system, cell) => 1e9 + system * ((cell * 7) % 11) - system * 3,
  );
  const none = await made(['prices.remote_ns=1..9+1'], () => Number.NaN);
  const one = await analysed(trace, presets('irix-numa'), planOf(['prices.remote_ns=1,2']), {
    request: { sensitivity: { samples: 100, seed: 1 } },
  });
  const pages = [page];
  for (const view of [flat, flips, mixed, none, one]) pages.push(await renderSweepPage(view, { tool }));
  for (const html of pages) {
    const titles = titlesOf(html);
    expect(titles.length).toBeGreaterThan(2);
    for (const title of titles) expect(title).toMatch(/^[A-Z0-9]/);
  }
});

test('sizes are written as they are typed', async () => {
  const view = await made(['machine.l2.size=256K..4M*2'], (system, cell) => 1e9 + system * (cell - 1.5));
  const html = textOf(await renderSweepPage(view, { tool }));
  expect(headline(view, 0)).toBe(
    'between 512K bytes and 1M bytes of machine.l2.size, disco-numa becomes dearer than irix-numa (cheaper before)',
  );
  expect(html).not.toMatch(/262,?144|1,?048,?576/);
  const text = sweepText(view.layout, view.totals);
  expect(text).toContain('machine.l2.size=256K');
  expect(text).toMatch(/^1M +/m);
  expect(text).not.toMatch(/262144|1048576/);
  expect(typed(1536 * 1024, 'disco:machine.l2.size')).toBe('1536K');
  expect(typed(1000, 'machine.l2.size')).toBe('1000');
  expect(typed(1024, 'prices.local_ns')).toBe('1024');
  expect(typed(null, 'machine.l2.size')).toBe('null');
});

test('what is typed of any size is read as that size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 0, max: 30 }), (size, zeros) => {
      const bytes = size - (size % 2 ** zeros);
      expect(parseVary(`machine.l2.size=${typed(bytes, 'machine.l2.size')}`).values).toEqual([bytes]);
    }),
  );
});

describe('a map, and lines', () => {
  const draw = async (vary: readonly string[], total: (system: number, cell: number) => number) => {
    const html = await renderSweepPage(await made(vary, total), { tool });
    return { html, svg: /<svg[^>]*id="trace-1-heat-svg"[\s\S]*?<\/svg>/.exec(html)![0] };
  };

  test('explains the line and the frame where they are drawn, and only there', async () => {
    const own = `machine.l2.size=512K,1M,2M`;
    const flips = (system: number, cell: number): number => 1e9 + system * 1e6 * (cell - 3.5);
    const dearer = (system: number, cell: number): number => 1e9 + system * 1e6 * (cell + 1);
    const whole = await draw([own, 'prices.local_ns=200,300,400'], flips);
    expect(whole.svg).toContain('line: less on one side; frame: as it is');
    const frameless = await draw([own, 'prices.local_ns=201,301,401'], flips);
    expect(frameless.svg).toContain('line: less on one side');
    expect(frameless.svg).not.toContain('frame');
    const lineless = await draw([own, 'prices.local_ns=200,300,400'], dearer);
    expect(lineless.svg).toContain('>frame: as it is');
    expect(lineless.svg).not.toContain('line:');
    expect(lineless.html).not.toMatch(/On the strong line both cost the same; it runs|The strong line parts/);
    const bare = await draw([own, 'prices.local_ns=201,301,401'], dearer);
    // Cells too small for figures: the line goes through them.
    const small = await draw(
      ['machine.l2.size=512K,1M,2M', 'prices.local_ns=1..24+1'],
      (system, cell) => 1e9 + system * 1e6 * (cell - 30),
    );
    expect(small.svg).toContain('line: both cost the same');
    expect(small.html).toContain('On the strong line both cost the same; it runs');
    expect(bare.svg).not.toMatch(/line:|frame/);
  });

  test('of lines explains uprights and rings where they are drawn, and only there', async () => {
    const how = async (vary: readonly string[]): Promise<string> => {
      const html = await renderSweepPage(await made(vary, (system, cell) => 1e9 + system * cell), { tool });
      return textOf(/<figure id="trace-1-lines"[\s\S]*?<\/figure>/.exec(html)![0]);
    };
    const marked = await how(['prices.local_ns=100,300,500']);
    expect(marked).toContain('as it is');
    expect(marked).toContain('A blue upright');
    const bare = await how(['prices.local_ns=500,700,900']);
    expect(bare).not.toMatch(/as it is|upright|A ring on/);
    expect(textOf(page)).toContain('A ring on the strong line is a break-even');
  });

  test('of many values has them at one step, so that its ticks are even', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 2, max: 60 }), (length, most) => {
        const list = stepped(
          Array.from({ length }, (_, i) => i),
          most,
        );
        expect(list[0]).toBe(0);
        expect(list.length).toBeLessThanOrEqual(most);
        expect(list.length).toBeGreaterThanOrEqual(Math.min(length, Math.floor(most / 2)));
        const gaps = new Set(list.slice(1).map((value, i) => value - list[i]!));
        expect(gaps.size).toBeLessThanOrEqual(1);
      }),
    );
    expect(stepped([...Array(49).keys()], 24).at(-1)).toBe(48);
  });
});

test('whatever the size of a sweep, its page is below 1 MB, and says what it leaves out', async () => {
  const view = await made(
    ['machine.tlb.entries=32,64,128', 'prices.remote_ns=1..300+1', 'prices.local_ns=1..300+1'],
    (system, cell) =>
      1e9 + (cell % 300) * 1e6 - system * ((cell % 90_000) * 9000 + Math.floor(cell / 90_000)),
  );
  const large = await renderSweepPage(view, { tool });
  expect(large.length).toBeLessThan(1_000_000);
  expect(large).toContain('6 of 900 combinations of the other axes are drawn');
  // 299 = 13 × 23 steps: both ends are there.
  expect(large).toContain('24 × 24 of 300 × 300 cells are drawn, at even steps.');
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
