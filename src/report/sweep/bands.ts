import { CATEGORIES } from '../../model/pricing/breakdown.ts';
import type { Band, Effect, SystemBands, Tornado } from '../../sweep/uncertainty.ts';
import { type Chart, chart, type Layer, WIDTH } from '../charts/chart.ts';
import { MINUS, ticks, timeFigure, timeUnit } from '../numbers.ts';
import { cleanText, shorten } from '../words.ts';
import { boxLayer, strokeLayer, wordLayer } from './marks.ts';
import { changeFigure, digitsApart } from './words.ts';

/** How sure numbers are: bars with the band that nine tenths of the samples lie in, and what moves a difference most. */

const LEFT = 190;
const RIGHT = WIDTH - 130;
const ROW = 22;

/** A bar for each system and each of its categories, to the middle sample, with its band. */
export function bandsChart(title: string, systems: readonly SystemBands[]): Chart {
  const largest = Math.max(...systems.map(({ total }) => total.p95));
  const unit = timeUnit(largest);
  const x = (ps: number): number => LEFT + (largest === 0 ? 0 : (ps / largest) * (RIGHT - LEFT));
  const rows = systems.flatMap(({ name, total, categories }, i) => [
    { name: cleanText(name), band: total, whole: true, gap: i > 0 },
    ...CATEGORIES.filter((category) => categories[category].p95 > 0).map((category) => ({
      name: category as string,
      band: categories[category],
      whole: false,
      gap: false,
    })),
  ]);
  let at = 4;
  const placed = rows.map((row) => {
    at += row.gap ? 12 : 0;
    const top = at;
    at += ROW;
    return { ...row, top };
  });
  const bar = ({ name, band, top }: (typeof placed)[number]) => ({
    x: LEFT,
    x2: x(band.p50),
    y: top + 3,
    y2: top + ROW - 5,
    title: `${name}: ${timeFigure(band.p50, unit)} ${unit.name}, ${timeFigure(band.p5, unit)} to ${timeFigure(band.p95, unit)} in nine tenths of the samples`,
  });
  const whisker = ({ band, top }: (typeof placed)[number]) => {
    const y = top + ROW / 2 - 1;
    return [
      { x: x(band.p5), x2: x(band.p95), y, y2: y },
      { x: x(band.p5), x2: x(band.p5), y: y - 5, y2: y + 5 },
      { x: x(band.p95), x2: x(band.p95), y: y - 5, y2: y + 5 },
    ];
  };
  const text = ({ p5, p95 }: Band): string => `${timeFigure(p5, unit)} – ${timeFigure(p95, unit)}`;
  const line = (row: (typeof placed)[number], words: string, where: number) => ({
    x: where,
    y: row.top + 15,
    text: words,
  });
  const marks = ticks(0, largest / unit.ps);
  const grid = marks.map((value) => ({ x: x(value * unit.ps), x2: x(value * unit.ps), y: 0, y2: at }));
  const wholes = placed.filter(({ whole }) => whole);
  const parts = placed.filter(({ whole }) => !whole);
  return chart(
    title,
    at + 36,
    [
      ...strokeLayer(grid, 'var(--grid)'),
      ...boxLayer(wholes.map(bar), { fill: 'var(--accent)', opacity: 0.75 }),
      ...boxLayer(parts.map(bar), { fill: 'var(--muted)', opacity: 0.45 }),
      ...strokeLayer(placed.flatMap(whisker), 'var(--ink)', 1.5),
      ...wordLayer(
        wholes.map((row) => line(row, shorten(row.name, 26), 0)),
        { align: 'left', size: 12, fill: 'var(--ink)', strong: true },
      ),
      ...wordLayer(
        parts.map((row) => line(row, row.name, 12)),
        { align: 'left', size: 12, fill: 'var(--ink)' },
      ),
      ...wordLayer(
        placed.map((row) => line(row, text(row.band), WIDTH)),
        { align: 'right', fill: 'var(--ink)' },
      ),
      ...wordLayer(
        grid.map(({ x: place }, i) => ({ x: place, y: at + 14, text: String(marks[i]) })),
        { align: 'center' },
      ),
      ...wordLayer([{ x: (LEFT + RIGHT) / 2, y: at + 30, text: `time, ${unit.name} (less is better)` }], {
        align: 'center',
      }),
    ],
    false,
  );
}

/** Inputs in a tornado: the table has all. */
export const TORNADO_BARS = 14;

/** Before the name of an input that is structure. */
export const STRUCTURE_MARK = '◆';
const LABEL = 28;

/** What each input does to the ratio of two totals, by itself: in percent of the baseline’s. */
export function tornadoChart(title: string, { now, effects }: Tornado, baseline: string): Chart {
  const shown = effects.slice(0, TORNADO_BARS);
  const change = (ratio: number): number => 100 * (ratio - 1);
  const digits = digitsApart(shown.map(({ low, high }) => [change(low), change(high)]));
  const figure = (value: number): string => changeFigure(value, digits);
  const values = shown.flatMap(({ low, high }) => [change(low), change(high)]);
  const [least, most] = [Math.min(change(now), ...values), Math.max(change(now), ...values)];
  const span = least === most ? 1 : most - least;
  const [from, to] = [LEFT + 70, WIDTH - 64];
  const x = (value: number): number => from + ((value - least) / span) * (to - from);
  const height = shown.length * ROW + 4;
  const piece = (value: number, i: number, path: string) => ({
    x: Math.min(x(change(now)), x(value)),
    x2: Math.max(x(change(now)), x(value)),
    y: i * ROW + 5,
    y2: i * ROW + ROW - 3,
    title: `${path}: ${figure(value)} %`,
  });
  const ends = shown.flatMap(({ low, high }, i) => {
    const [left, right] = [change(low), change(high)].sort((a, b) => a - b) as [number, number];
    return [
      { x: x(left) - 5, y: i * ROW + 15, text: figure(left), align: 'right' as const },
      { x: x(right) + 5, y: i * ROW + 15, text: figure(right), align: 'left' as const },
    ];
  });
  const marks = ticks(least, most, 5);
  const zero = least < 0 && most > 0 ? [{ x: x(0), x2: x(0), y: 0, y2: height }] : [];
  const layers: Layer[] = [
    ...strokeLayer(
      marks.map((value) => ({ x: x(value), x2: x(value), y: 0, y2: height })),
      'var(--grid)',
    ),
    ...boxLayer(
      shown.map(({ path, kind, low }, i) => piece(change(low), i, `${nameOf(path, kind)} at its low end`)),
      { fill: 'var(--muted)', opacity: 0.55 },
    ),
    ...boxLayer(
      shown.map(({ path, kind, high }, i) => piece(change(high), i, `${nameOf(path, kind)} at its high end`)),
      { fill: 'var(--accent)', opacity: 0.8 },
    ),
    ...strokeLayer(zero, 'var(--ink)', 1, [3, 3]),
    ...strokeLayer([{ x: x(change(now)), x2: x(change(now)), y: 0, y2: height }], 'var(--ink)', 1.5),
    ...wordLayer(
      shown.map(({ path, kind }, i) => ({
        x: 0,
        y: i * ROW + 15,
        text: labelOf(path, kind),
      })),
      { align: 'left', size: 12, fill: 'var(--ink)' },
    ),
    ...(['left', 'right'] as const).flatMap((align) =>
      wordLayer(
        ends.filter((end) => end.align === align),
        { align, fill: 'var(--ink)' },
      ),
    ),
    ...wordLayer(
      marks.map((value) => ({
        x: x(value),
        y: height + 14,
        text: `${value < 0 ? MINUS : value > 0 ? '+' : ''}${Math.abs(value)}`,
      })),
      { align: 'center' },
    ),
    ...wordLayer(
      [
        {
          x: (from + to) / 2,
          y: height + 30,
          text: `total against ${shorten(cleanText(baseline), 30)}, percent; line: as it is${zero.length > 0 ? ', dashes: no difference' : ''}`,
        },
      ],
      { align: 'center' },
    ),
  ];
  return chart(title, height + 36, layers, false);
}

type Kind = Effect['kind'];

const nameOf = (path: string, kind: Kind): string => (kind === undefined ? path : `${path} (${kind})`);

/** Of structure the end of the path says what it is: the beginning goes where there is no room. */
function labelOf(path: string, kind: Kind): string {
  if (kind === undefined) return shorten(cleanText(path.replace(/^prices\./, '')), LABEL);
  const name = cleanText(path);
  const room = LABEL - STRUCTURE_MARK.length - 1;
  return `${STRUCTURE_MARK} ${shorten(name.length > room ? name.slice(name.lastIndexOf('.') + 1) : name, room)}`;
}
