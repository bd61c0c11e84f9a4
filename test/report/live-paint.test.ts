import { expect, test } from 'vitest';
import { breakdownChart } from '../../src/report/charts/breakdown.ts';
import type { Chart } from '../../src/report/charts/chart.ts';
import { ownerChart, serviceChart } from '../../src/report/charts/groups.ts';
import {
  classChart,
  fatesChart,
  latencyChart,
  loadChart,
  matrixChart,
  servedChart,
} from '../../src/report/charts/numa.ts';
import { openDrawer } from '../../src/report/charts/svg.ts';
import { parseSvg, type SvgElement } from '../../src/report/charts/svg-tree.ts';
import { waterfallChart } from '../../src/report/charts/waterfall.ts';
import { factsOf } from '../../src/report/facts.ts';
import { paint } from '../../src/report/live/paint.ts';
import { fixture } from './fixture.ts';
import { numaResult } from './numa-fixture.ts';

/** Charts that the page draws anew are those that Vega drew: same marks, places, colours and words. */

const facts = factsOf(fixture().comparisons[0]!);
const two = factsOf(fixture().comparisons[2]!);
const numa = factsOf(numaResult().comparisons[0]!);
const many = factsOf(numaResult(64).comparisons[0]!);

test.each<[string, Chart]>([
  ['breakdown', breakdownChart(facts)],
  ['breakdown, two CPUs', breakdownChart(two)],
  ['waterfall', waterfallChart(facts, facts.others[0]!)],
  ['waterfall of the other system', waterfallChart(facts, facts.others[1]!)],
  ['waterfall with savings', waterfallChart({ ...facts, baseline: facts.others[0]! }, facts.baseline)],
  ['owners', ownerChart(facts)],
  ['services', serviceChart(facts)],
  ['what serves misses', servedChart(numa)],
  ['classes', classChart(numa)],
  ['map of nodes', matrixChart(numa)],
  ['map of 64 nodes', matrixChart(many)],
  ['fates of pages', fatesChart(numa)],
  ['latencies', latencyChart(numa)],
  ['loads', loadChart(numa)],
])('%s', async (_, chart) => {
  const text = { id: 'a', title: 'T', description: 'D' };
  const vega = marksOf(parseSvg(await (await openDrawer()).draw(chart, text)));
  const ours = marksOf(parseSvg(`<svg font-size="12">${paint(chart)}</svg>`));
  expect(vega.length).toBeGreaterThan(5);
  expect(ours.map(({ what }) => what)).toEqual(vega.map(({ what }) => what));
  for (const [i, mark] of ours.entries())
    for (const [k, at] of mark.at.entries())
      expect(Math.abs(at - vega[i]!.at[k]!), `${mark.what}: ${mark.at} for ${vega[i]!.at}`).toBeLessThan(
        0.03,
      );
});

/** A mark with all that it looks like and says, and its coordinates in the chart. */
interface Mark {
  readonly what: string;
  readonly at: readonly number[];
}

const LOOKS = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray'];
const TEXT_LOOKS = ['fill', 'font-size', 'font-weight', 'text-anchor'];
const DEFAULTS: Readonly<Record<string, string>> = {
  'font-size': '12',
  'font-weight': '400',
  'text-anchor': 'start',
  'fill-opacity': '1',
};

/** All marks in one order, whatever groups they stand in. */
function marksOf(root: SvgElement): Mark[] {
  const marks: Mark[] = [];
  const visit = (
    node: SvgElement,
    inherited: Readonly<Record<string, string>>,
    x: number,
    y: number,
  ): void => {
    const { transform, ...own } = node.attributes;
    const look = { ...inherited, ...own };
    const [, dx = '0', dy = '0'] = /translate\((-?[\d.]+),(-?[\d.]+)\)/.exec(transform ?? '') ?? [];
    const [left, top] = [x + Number(dx), y + Number(dy)];
    const number = (name: string): number => Number(node.attributes[name] ?? 0);
    const add = (kind: string, names: readonly string[], says: string, at: readonly number[]): void => {
      const seen = names.map((name) => (look[name] ?? DEFAULTS[name] ?? '').replace('px', ''));
      marks.push({ what: [kind, ...seen, says].join(' | '), at });
    };
    if (node.name === 'path') {
      const title = node.children.find((child) => typeof child === 'object') as SvgElement | undefined;
      const says = String(title?.children[0] ?? '');
      for (const [, px, py, width, height] of node.attributes.d!.matchAll(
        /M(-?[\d.]+),(-?[\d.]+)h(-?[\d.]+)v(-?[\d.]+)/g,
      ))
        add('path', LOOKS, says, [left + Number(px), top + Number(py), Number(width), Number(height)]);
    } else if (node.name === 'text')
      add('text', TEXT_LOOKS, String(node.children[0]), [left + number('x'), top + number('y')]);
    else if (node.name === 'line') {
      const ends = [number('x1'), number('x2'), number('y1'), number('y2')];
      const across = [Math.min(ends[0]!, ends[1]!), Math.max(ends[0]!, ends[1]!)].map(
        (value) => left + value,
      );
      const down = [Math.min(ends[2]!, ends[3]!), Math.max(ends[2]!, ends[3]!)].map((value) => top + value);
      add('line', LOOKS.slice(2), '', [...across, ...down]);
    }
    for (const child of node.children)
      if (typeof child === 'object' && node.name !== 'path') visit(child, look, left, top);
  };
  visit(root, {}, 0, 0);
  const key = ({ what, at }: Mark): string =>
    `${what} ${at.map((value) => value.toFixed(0).padStart(6)).join()}`;
  return marks.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
