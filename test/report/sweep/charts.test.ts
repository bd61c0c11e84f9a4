import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Chart, roomFor } from '../../../src/report/charts/chart.ts';
import { tornadoChart } from '../../../src/report/sweep/bands.ts';
import { heatChart } from '../../../src/report/sweep/heat.ts';
import { linesChart, marksOf } from '../../../src/report/sweep/lines.ts';
import { renderSweepPage } from '../../../src/report/sweep/page.ts';
import { heatMaps, linePanels } from '../../../src/report/sweep/panels.ts';
import { type Candidate, paretoChart } from '../../../src/report/sweep/pareto.ts';
import { tornadoTable } from '../../../src/report/sweep/tables.ts';
import type { SweepView } from '../../../src/report/sweep/view.ts';
import { changeFigure, digitsApart } from '../../../src/report/sweep/words.ts';
import type { Tornado } from '../../../src/sweep/uncertainty.ts';
import { inChromium, wrongLabels } from '../chromium.ts';
import { FOUR, made, NUMA, tool } from './made.ts';

/** Where things stand in charts of sweeps. */

interface Mark {
  readonly type: string;
  readonly align?: string;
  readonly fontSize?: number;
  readonly fillOpacity?: number;
  readonly strokeWidth?: number;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly x2?: number;
  readonly y2?: number;
  readonly text?: string;
}

/** What a chart is made of: marks with their places in pixels. */
function placed({ spec }: Chart): (Place & Mark)[] {
  const { layer } = spec as unknown as { layer: { mark: Mark; data: { values: Place[] } }[] };
  return layer.flatMap(({ mark, data }) => data.values.map((value) => ({ ...mark, ...value })));
}

const textsOf = (chart: Chart) => placed(chart).filter(({ type }) => type === 'text');

function lines(view: SweepView): Chart {
  const { items } = linePanels(view, 0);
  const across = items.length === 1 ? 1 : items.length <= 4 ? 2 : 3;
  return linesChart('title', items, { against: 'irix-numa', across });
}

const heat = (view: SweepView): Chart => heatChart('title', heatMaps(view, 0).items, 'irix-numa');

/** Many panels with long names, the own size at the end of the axis, a curve that ends at the top. */
const panels = await made(
  [
    'machine.l2.size=256K..1M*2',
    'pages.disco.trigger=32,128,512',
    'machine.placement=first-touch,round-robin',
  ],
  (system, cell) => 1e9 * (1 + system * (Math.floor(cell / 6) + 0.1 * (cell % 6) - 0.05)),
);
const alone = await made(
  ['prices.remote_ns=0..900+100', 'prices.local_ns=100,300'],
  (system, cell) => 1e9 * (1 + system * cell),
  NUMA,
  { kind: 'one-at-a-time' },
);
const hypercube = await made(
  ['prices.remote_ns=0..900+100', 'machine.l2.size=256K..1M*2'],
  (system, cell) => 1e9 * (1 + system * (cell % 13)),
  FOUR,
  { kind: 'latin-hypercube', points: 40, seed: 1 },
);
const single = await made(['prices.remote_ns=0..900+100'], (system, cell) => 1e9 * (1 + system * 1.3 * cell));
/** Half of it cheaper, half dearer, with figures in the cells. */
const flipping = await made(
  ['machine.l2.size=256K..1M*2', 'prices.local_ns=100..400+100'],
  (system, cell) => 1e9 * (1 + system * 0.03 * (cell - 5.6)),
);

describe('lines', () => {
  test('above each panel are the values that tell it from the others, whole', () => {
    const said = textsOf(lines(panels)).map(({ text }) => text);
    for (const trigger of [32, 128, 512])
      expect(said.filter((text) => text === `disco.trigger ${trigger}`)).toHaveLength(2);
    for (const placement of ['first-touch', 'round-robin'])
      expect(said.filter((text) => text === `machine.placement ${placement}`)).toHaveLength(3);
  });

  test.each([
    ['panels', panels],
    ['one at a time', alone],
    ['a hypercube', hypercube],
    ['a single panel', single],
  ])('%s: figures of the vertical axis have room', (_, view) => {
    for (const { x, text, fontSize, align } of textsOf(lines(view)))
      if (align === 'right') expect(x - roomFor(text!, fontSize!)).toBeGreaterThanOrEqual(2);
  });

  test('what the systems have themselves is named above the panel, and curves end below its name', () => {
    const texts = textsOf(lines(panels));
    const own = texts.filter(({ text }) => text === 'as it is');
    expect(own).toHaveLength(6);
    const curves = placed(lines(panels)).filter(({ type }) => type === 'line' || type === 'point');
    const first = Math.min(...curves.map(({ y }) => y));
    const row = own.filter(({ y }) => y === own[0]!.y);
    expect(row.length).toBe(3);
    for (const { y } of row) expect(y).toBeLessThan(first);
    const heads = texts.filter(({ text }) => text!.startsWith('machine.placement'));
    for (const name of texts.filter(({ text }) => text === 'disco-numa' || text === 'irix-numa')) {
      const above = heads.filter(({ y }) => y < name.y).map(({ y }) => name.y - y);
      expect(Math.min(...above)).toBeGreaterThanOrEqual(16);
    }
  });

  test('a curve that ends at the top is named below the name of its panel', async () => {
    const rising = await made(
      ['prices.local_ns=500..900+100', 'machine.tlb.entries=32,64'],
      (system, cell) => 1e9 * (1 + system * (Math.floor(cell / 2) + 0.01 * (cell % 2))),
    );
    const texts = textsOf(lines(rising));
    const heads = texts.filter(({ text }) => text!.startsWith('tlb.entries'));
    const names = texts.filter(({ text }) => text === 'disco-numa');
    expect([heads.length, names.length]).toEqual([2, 2]);
    for (const { y } of names) expect(y - heads[0]!.y).toBeGreaterThanOrEqual(16);
  });

  test('a scale has three figures or more, and not too many', () => {
    expect(marksOf(-48, 49, 4)).toEqual([-40, -20, 0, 20, 40]);
    const bound = fc.double({ min: 0.01, max: 1000, noNaN: true });
    fc.assert(
      fc.property(bound, bound, fc.constantFrom(4, 6), (low, high, target) => {
        const marks = marksOf(-low, high, target);
        expect(marks.length).toBeGreaterThanOrEqual(3);
        expect(marks.length).toBeLessThanOrEqual(11);
        expect(marks[0]!).toBeGreaterThanOrEqual(-low * (1 + 1e-9));
        expect(marks.at(-1)!).toBeLessThanOrEqual(high * (1 + 1e-6) + 1e-6);
      }),
    );
  });
});

describe('a map', () => {
  test('no line crosses a figure', () => {
    const marks = placed(heat(flipping));
    const figures = marks.filter(({ type, text }) => type === 'text' && /^[+−][\d.]+$/.test(text!));
    expect(figures).toHaveLength(12);
    const strokes = marks.filter(({ type, strokeWidth }) => type === 'rule' && strokeWidth === 2.5);
    expect(strokes.length).toBeGreaterThan(2);
    for (const { x, y, text, fontSize } of figures) {
      const half = roomFor(text!, fontSize!) / 2;
      for (const stroke of strokes) {
        const beside = Math.max(stroke.x, stroke.x2!) < x - half || Math.min(stroke.x, stroke.x2!) > x + half;
        const apart = Math.max(stroke.y, stroke.y2!) < y - 9 || Math.min(stroke.y, stroke.y2!) > y + 2;
        expect(beside || apart).toBe(true);
      }
    }
  });

  test('the line parts what costs less from what does not', () => {
    const marks = placed(heat(flipping));
    const figures = marks.filter(({ type, text }) => type === 'text' && /^[+−][\d.]+$/.test(text!));
    for (const stroke of marks.filter(({ type, strokeWidth }) => type === 'rule' && strokeWidth === 2.5)) {
      const middle = { x: (stroke.x + stroke.x2!) / 2, y: (stroke.y + stroke.y2!) / 2 };
      const far = (one: Place): number => Math.hypot(one.x - middle.x, one.y - 3.5 - middle.y);
      const sides = [...figures].sort((a, b) => far(a) - far(b)).slice(0, 2);
      expect(new Set(sides.map(({ text }) => text![0])).size).toBe(2);
    }
  });

  test('of next to nothing is pale, and says so', async () => {
    const darkest = (chart: Chart): number =>
      Math.max(...placed(chart).flatMap((one) => ('title' in one ? [one.fillOpacity ?? 0] : [])));
    const view = (size: number) =>
      made(
        ['machine.l2.size=256K..1M*2', 'prices.local_ns=100..400+100'],
        (system, cell) => 1e9 * (1 + system * size * (1 - cell / 40)),
      );
    const [pale, dark] = [heat(await view(0.007)), heat(await view(0.8))];
    expect(darkest(pale)).toBeLessThan(darkest(dark) / 2);
    const legend = (chart: Chart): string =>
      textsOf(chart)
        .map(({ text }) => text)
        .join(' ');
    expect(legend(pale)).toContain('darkest: 5 % and more, which no cell has');
    expect(legend(dark)).not.toContain('darkest');
  });
});

describe('a Pareto chart', () => {
  const draw = (points: readonly Candidate[], front: readonly Candidate[]): Chart =>
    paretoChart('title', {
      keys: ['total', 'elapsed'],
      points,
      front,
      names: ['irix', 'disco'],
      titleOf: ({ cell }) => `cell ${cell}`,
      chosen: [],
    });

  test('the only best one is marked, and stands within the frame', () => {
    const best = { system: 0, cell: 0, a: 1e9, b: 1e9 };
    const worse = { system: 1, cell: 1, a: 3e9, b: 2e9 };
    const chart = draw([best, worse], [best]);
    expect(textsOf(chart).map(({ text }) => text)).toContain('best in both');
    const marks = placed(chart);
    const grid = marks.filter(({ type }) => type === 'rule');
    const left = Math.min(...grid.map(({ x }) => x));
    const bottom = Math.max(...grid.map(({ y, y2 }) => Math.max(y, y2!)));
    for (const { x, y } of marks.filter(({ type }) => type === 'point')) {
      expect(x).toBeGreaterThan(left + 5);
      expect(y).toBeLessThan(bottom - 5);
    }
    const both = draw([best, worse], [best, { ...worse, b: 5e8 }]);
    expect(textsOf(both).map(({ text }) => text)).not.toContain('best in both');
  });
});

describe('a tornado', () => {
  const effects = [
    { path: 'prices.a_ns', low: 1.0136, high: 1.0144, span: 0 },
    { path: 'prices.b_ns', low: 1.01399, high: 1.01401, span: 0 },
  ];
  const tornado = { now: 1.014, effects } as unknown as Tornado;

  test('has as many digits as tell the ends apart, in chart and table', () => {
    const said = textsOf(tornadoChart('title', tornado, 'irix')).map(({ text }) => text);
    for (const figure of ['+1.360', '+1.440', '+1.399', '+1.401']) expect(said).toContain(figure);
    const rows = tornadoTable(tornado).rows as readonly {
      readonly cells: readonly { readonly text: string }[];
    }[];
    expect(rows[1]!.cells.map(({ text }) => text)).toEqual(['+1.399', '+1.400', '+1.401']);
  });

  test('no more digits than are needed, and never so many that nobody reads them', () => {
    const end = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(end, end), { maxLength: 8 }), (pairs) => {
        const digits = digitsApart(pairs);
        const apart = (count: number): boolean =>
          pairs.every(([a, b]) => a === b || changeFigure(a, count) !== changeFigure(b, count));
        expect(digits).toBeGreaterThanOrEqual(1);
        expect(digits).toBeLessThanOrEqual(4);
        if (digits < 4) expect(apart(digits)).toBe(true);
      }),
    );
    expect(digitsApart([[1, 2]])).toBe(1);
    expect(changeFigure(1e-9, 4)).toBe('+<0.0001');
    expect(changeFigure(0, 2)).toBe('0');
  });
});

inChromium((pages) => {
  test.each([
    ['panels', panels],
    ['one at a time', alone],
    ['a hypercube', hypercube],
    ['a single panel', single],
    ['a map', flipping],
  ])('%s: no label is cut off or covered', async (_, view) => {
    const address = pages.write('page.html', await renderSweepPage(view, { tool }));
    const { page, close } = await pages.open(address);
    expect(await wrongLabels(page)).toEqual([]);
    await close();
  });
});
