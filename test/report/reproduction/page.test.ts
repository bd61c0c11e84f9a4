import { beforeAll, describe, expect, test } from 'vitest';
import type { Decomposition } from '../../../src/paper/types.ts';
import { chartsOf } from '../../../src/report/reproduction/bars.ts';
import { stepsChart } from '../../../src/report/reproduction/charts.ts';
import { renderReproductionPage } from '../../../src/report/reproduction/page.ts';
import { type ReproductionResult, renderReproductionJson } from '../../../src/report/reproduction/schema.ts';
import { PART_COLOURS } from '../../../src/report/reproduction/words.ts';
import { experimentOf, input, wholeEvaluation } from '../../paper/fixture.ts';
import { dataOf, element, piecesOf, rowsOf, textOf } from '../page.ts';
import { resultOf } from './fixture.ts';

let result: ReproductionResult;
let html: string;

beforeAll(async () => {
  result = await resultOf();
  html = await renderReproductionPage(result, { commandLine: 'vmtax reproduce --html x.html' });
});

test('begins with the verdict and has a section for each exhibit', () => {
  expect(textOf(/<h1>(.*?)<\/h1>/.exec(html)![1]!)).toBe('The model misses 1 of 9 floors and meets 7 goals');
  for (const exhibit of result.exhibits) expect(html).toContain(`<section id="${exhibit}"`);
  expect(rowsOf(html, 'scores')).toHaveLength(9);
  expect(textOf(element(html, 'section', 'figure5'))).toContain('pmake.idle (workload): pmake, IRIX: idle');
  expect(html).toContain('vmtax reproduce --html x.html');
});

test('holds all 294 numbers with their roles, exact, and every input', () => {
  const rows = rowsOf(html, 'every');
  expect(rows.map(({ path }) => path)).toEqual(result.numbers.map(({ id }) => id));
  for (const [i, { values }] of rows.entries()) {
    const { value, modelled } = result.numbers[i]!;
    expect(Number(values[1])).toBeCloseTo(value, 4);
    expect(Number(values[2])).toBeCloseTo(modelled!, 2);
  }
  expect(rowsOf(html, 'ledger').map(({ path }) => path)).toEqual(result.inputs.map(({ path }) => path));
  expect(JSON.stringify(dataOf(html))).toContain('vmtax.reproduction/1');
});

test('in each chart the paper’s and the model’s bar of every system, pieces as long as their numbers', () => {
  const svg = element(html, 'figure', 'figure5-time');
  const pieces = piecesOf(svg).filter(
    ({ title }) => title.includes(', paper: ') || title.includes(', model: '),
  );
  const drawn = result.numbers.filter(
    ({ exhibit, quantity, value }) => exhibit === 'figure5' && !quantity.startsWith('total') && value > 0,
  );
  expect(pieces).toHaveLength(2 * drawn.length);
  const perPoint = pieces.map(({ title, width }) => width / Number(/, ([\d.]+) percent/.exec(title)![1]));
  // Figures are rounded to a tenth; small pieces scatter.
  const large = perPoint.filter((_, i) => pieces[i]!.width > 60);
  expect(Math.max(...large) / Math.min(...large)).toBeLessThan(1.01);
});

test('every part that is drawn has a colour', () => {
  const names = result.exhibits.flatMap((exhibit) =>
    chartsOf(result, exhibit).flatMap(({ numbers }) => numbers.map(({ quantity }) => quantity)),
  );
  const parts = new Set(names.map((name) => name.slice(name.indexOf('.') + 1)));
  for (const sum of ['total', 'total_printed', 'slowdown']) parts.delete(sum);
  expect([...parts].filter((part) => PART_COLOURS[part] === undefined)).toEqual([]);
});

async function barsOf(steps: Decomposition['steps']) {
  const { openDrawer } = await import('../../../src/report/charts/svg.ts');
  const chart = stepsChart('T', { ...result.decompositions[0]!, steps });
  const svg = await (await openDrawer()).draw(chart, { id: 'a', title: 'T', description: 'D' });
  return { svg, bars: piecesOf(svg).filter(({ title }) => title !== '') };
}

test('a waterfall: changes from where the step before ended, then what they make together', async () => {
  const { svg, bars } = await barsOf(result.decompositions[0]!.steps);
  const [disco, misses, pages] = bars;
  expect(bars.map(({ title }) => title)).toEqual(['Disco, 115.7', 'TLB misses, +21.5', 'zeroed pages, −5.8']);
  expect(misses!.left).toBeCloseTo(disco!.left, 1);
  expect(pages!.left + pages!.width).toBeCloseTo(misses!.left + misses!.width, 1);
  expect(pages!.left).toBeCloseTo(disco!.left + disco!.width, 1);
  expect(disco!.width / misses!.width).toBeCloseTo(15.7 / 21.5, 2);
  expect(svg).toContain('difference to IRIX, percent of IRIX time (left of 0: saved)');
});

test('a ladder of totals: each from zero', async () => {
  const { bars } = await barsOf([
    { name: 'a', value: 100, kind: 'total' },
    { name: 'b', value: 50, kind: 'total' },
  ]);
  expect(bars.map(({ left }) => left)).toEqual([bars[0]!.left, bars[0]!.left]);
  expect(bars[0]!.width / bars[1]!.width).toBeCloseTo(2, 2);
});

test('the same result has the same bytes, well under a megabyte, and loads nothing', async () => {
  expect(await renderReproductionPage(result, { commandLine: 'vmtax reproduce --html x.html' })).toBe(html);
  expect(Buffer.byteLength(html)).toBeLessThan(600_000);
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/(src|href)="(?!#|data:,)/);
});

test('ids are there once, and every link leads somewhere', () => {
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

describe('odd results', () => {
  test('what experiments say is text, never markup', async () => {
    const EVIL = '</script><img src=x onerror=alert(1)>&';
    const [first, second] = wholeEvaluation();
    const evil = experimentOf(
      'evil',
      [input(EVIL, { source: EVIL, description: EVIL })],
      ['table1'],
      () => [],
      {
        notes: [EVIL],
        decompositions: [
          {
            id: EVIL,
            exhibit: 'table1',
            workload: EVIL,
            question: EVIL,
            unit: 's',
            steps: [{ name: EVIL, value: -1, kind: 'change' }],
          },
        ],
      },
    );
    const page = await renderReproductionPage(await resultOf({}, [first!, second!, evil]));
    expect(page).not.toContain('<img');
    expect(page.match(/<\/script>/g)).toHaveLength(2);
  });

  test('nothing modelled: the page says so in every chart', async () => {
    const nothing = await resultOf({}, []);
    const page = await renderReproductionPage(nothing);
    expect(textOf(/<h1>(.*?)<\/h1>/.exec(page)![1]!)).toContain('misses 9 of 9 floors');
    expect(page.match(/>not modelled</g)!.length).toBeGreaterThan(50);
    expect(JSON.parse(renderReproductionJson(nothing)).inputs).toEqual([]);
  });

  test('a single exhibit', async () => {
    const page = await renderReproductionPage(await resultOf({ exhibits: ['table3'], spread: true }));
    expect(page).not.toContain('id="figure5"');
    expect(textOf(element(page, 'table', 'every'))).toContain('at 0.4');
  });
});
