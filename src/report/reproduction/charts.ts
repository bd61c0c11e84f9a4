import type { Cause } from '../../model/pricing/breakdown.ts';
import type { Decomposition } from '../../paper/types.ts';
import {
  type Chart,
  chart,
  type Layer,
  type PlainBar,
  pixels,
  plainBars,
  roomFor,
  rules,
  type Scale,
  type Segment,
  segmentLayers,
  type TextRow,
  textAtValue,
  textColumn,
  timeAxis,
  WIDTH,
} from '../charts/chart.ts';
import { cleanText, shorten } from '../words.ts';
import { figure, signedFigure, unitName } from './words.ts';

/** Charts of the reproduction: pairs of bars, the paper's over the model's, and the steps of a decomposition. */

export interface PairPiece {
  readonly cause: Cause;
  readonly name: string;
  readonly size: number;
  /** Written on it where there is room. */
  readonly label: string;
  /** For pointing at. */
  readonly title: string;
}

export interface Pair {
  readonly name: string;
  readonly paper: readonly PairPiece[];
  /** Null: not modelled. */
  readonly model: readonly PairPiece[] | null;
  readonly figures: { readonly paper: string; readonly model: string; readonly residual: string };
}

export interface PairGroup {
  /** Empty: no heading. */
  readonly label: string;
  readonly pairs: readonly Pair[];
}

const RANGE = [214, 600] as const;
const WHOSE_X = 204;
const FIGURE_X = 684;
const BAR = 15;
const PAIR_GAP = 9;
const GROUP_GAP = 10;
const HEAD = 22;
const SIZE = 9.5;
const LEGEND_ROW = 20;

/** Stacked bars in pairs on one scale from zero. `title`: what the chart finds; `axis`: what its bars measure. */
export function pairedChart(title: string, axis: string, groups: readonly PairGroup[]): Chart {
  const pieces = groups.flatMap(({ pairs }) =>
    pairs.flatMap(({ paper, model }) => [...paper, ...(model ?? [])]),
  );
  const bars = groups.flatMap(({ pairs }) => pairs.flatMap(({ paper, model }) => [paper, model ?? []]));
  const length = (bar: readonly PairPiece[]): number => bar.reduce((sum, { size }) => sum + size, 0);
  const largest = Math.max(0, ...bars.map(length));
  const scale: Scale = { domain: [0, largest === 0 ? 1 : largest], range: RANGE };
  const legend = legendOf(pieces, scale);
  let at = legend.height + 18;
  const heads: TextRow[] = [];
  const names: TextRow[] = [];
  const whose: TextRow[] = [];
  const totals: TextRow[] = [];
  const residuals: TextRow[] = [];
  const absent: { y: number; text: string; at: number }[] = [];
  const segments: Segment[] = [];
  for (const group of groups) {
    if (group.label !== '') {
      heads.push({ y: at + 13, text: shorten(cleanText(group.label), 80) });
      at += HEAD;
    }
    for (const pair of group.pairs) {
      names.push({ y: at + BAR + 4, text: shorten(cleanText(pair.name), 22) });
      for (const [i, bar] of [pair.paper, pair.model].entries()) {
        const top = at + i * (BAR + 1);
        const base = top + BAR / 2 + 4;
        whose.push({ y: base, text: i === 0 ? 'paper' : 'model' });
        if (bar === null) absent.push({ y: base, text: 'not modelled', at: 0 });
        else segments.push(...segmentsOf(bar, scale, `${pair.name}, ${i === 0 ? 'paper' : 'model'}`, top));
        totals.push({ y: base, text: i === 0 ? pair.figures.paper : pair.figures.model });
        if (i === 1) residuals.push({ y: base, text: pair.figures.residual });
      }
      at += 2 * BAR + 1 + PAIR_GAP;
    }
    at += GROUP_GAP;
  }
  const small = { size: 11, muted: true } as const;
  const headed = groups.some(({ label }) => label !== '');
  return chart(title, at - GROUP_GAP, [
    ...segmentLayers(segments, scale, timeAxis(scale, axis), SIZE),
    ...legend.layers,
    ...(absent.length > 0 ? [textAtValue(absent, scale, 11)] : []),
    textColumn(heads, { x: 0, align: 'left', strong: true }),
    textColumn(names, headed ? { x: 10, align: 'left' } : { x: 0, align: 'left', strong: true }),
    textColumn(whose, { x: WHOSE_X, align: 'right', ...small }),
    textColumn(totals, { x: FIGURE_X, align: 'right' }),
    textColumn(residuals, { x: WIDTH, align: 'right' }),
    textColumn([{ y: legend.height + 10, text: 'total' }], { x: FIGURE_X, align: 'right', ...small }),
    textColumn([{ y: legend.height + 10, text: 'residual' }], { x: WIDTH, align: 'right', ...small }),
  ]);
}

function segmentsOf(bar: readonly PairPiece[], scale: Scale, system: string, top: number): Segment[] {
  let sum = 0;
  return bar
    .filter(({ size }) => size > 0)
    .map(({ cause, size, title, label }) => {
      const from = sum;
      sum += size;
      const fits = roomFor(label, SIZE) + 6 <= pixels(scale, size);
      const place = { from, to: sum, top, bottom: top + BAR };
      return { system, group: '', cause, ...place, title: `${system}: ${title}`, label: fits ? label : '' };
    });
}

interface Legend {
  readonly layers: readonly Layer[];
  readonly height: number;
}

/** Colours and what they mean, in rows above the bars and on their scale; none where there is one colour. */
function legendOf(pieces: readonly PairPiece[], scale: Scale): Legend {
  const names = new Map(pieces.filter(({ size }) => size > 0).map(({ name, cause }) => [name, cause]));
  if (names.size < 2) return { layers: [], height: 0 };
  const [low, high] = scale.domain;
  const [left, right] = scale.range;
  const valueAt = (pixel: number): number => low + ((pixel - left) / (right - left)) * (high - low);
  const squares: Segment[] = [];
  const texts: { y: number; text: string; at: number }[] = [];
  let [x, y] = [0, 0];
  for (const [name, cause] of names) {
    const room = 16 + roomFor(name, 11) + 14;
    if (x > 0 && x + room > WIDTH) [x, y] = [0, y + LEGEND_ROW];
    const square = { from: valueAt(x), to: valueAt(x + 12), top: y + 2, bottom: y + 14 };
    squares.push({ system: '', group: '', cause, ...square, title: name, label: '' });
    texts.push({ y: y + 12, text: name, at: valueAt(x + 17) });
    x += room;
  }
  const height = y + LEGEND_ROW + 6;
  // Lines of the grid end below it.
  const cover = { from: valueAt(0), to: valueAt(WIDTH), top: -2, bottom: height, title: '' };
  return {
    layers: [
      plainBars([cover], scale, 'var(--background)'),
      segmentLayers(squares, scale, NO_AXIS, SIZE)[0]!,
      textAtValue(texts, scale, 11),
    ],
    height,
  };
}

const NO_AXIS = { title: null, labels: false, ticks: false, domain: false, grid: false };

const STEP = 24;
const STEP_RANGE = [286, 660] as const;

/**
 * The steps of a waterfall or ladder. With changes after a first total the axis is the difference to that total: each
 * change hangs from where the step before ended, to the right what is added, to the left what is saved, and a later
 * total shows what all changes make together. Totals alone stand on zero.
 */
export function stepsChart(title: string, { steps, unit }: Decomposition): Chart {
  const [first] = steps;
  const isWaterfall = first?.kind === 'total' && steps.some(({ kind }) => kind === 'change');
  const base = isWaterfall ? first.value : 0;
  const totals: PlainBar[] = [];
  const added: PlainBar[] = [];
  const saved: PlainBar[] = [];
  const links: { at: number; top: number; bottom: number }[] = [];
  const names: TextRow[] = [];
  const strongNames: TextRow[] = [];
  const figures: TextRow[] = [];
  const strongFigures: TextRow[] = [];
  let sum = 0;
  let [low, high] = [0, 0];
  for (const [i, { name, value, kind }] of steps.entries()) {
    const from = kind === 'total' ? 0 : sum;
    sum = kind === 'total' ? value - base : sum + value;
    const text = kind === 'total' ? figure(value, unit) : signedFigure(value, unit);
    const place = { top: i * STEP + 4, bottom: i * STEP + 20, title: `${cleanText(name)}, ${text}` };
    const bar = { from: Math.min(from, sum), to: Math.max(from, sum), ...place };
    if (sum !== from) (kind === 'total' ? totals : value >= 0 ? added : saved).push(bar);
    if (isWaterfall && i + 1 < steps.length)
      links.push({ at: sum, top: place.bottom, bottom: place.bottom + STEP - 16 });
    const row = { y: i * STEP + 16, text: shorten(cleanText(name), 42) };
    (kind === 'total' ? strongNames : names).push(row);
    (kind === 'total' ? strongFigures : figures).push({ ...row, text });
    low = Math.min(low, sum);
    high = Math.max(high, sum);
  }
  const scale: Scale = { domain: low === high ? [0, 1] : [low, high], range: STEP_RANGE };
  const height = steps.length * STEP + 4;
  const what = isWaterfall
    ? `difference to ${shorten(cleanText(first.name), 40)}, ${unitName(unit)} (left of 0: saved)`
    : unitName(unit);
  return chart(title, height, [
    axisLayer(scale, what, height),
    plainBars(totals, scale, 'var(--ink)'),
    plainBars(added, scale, 'var(--accent)'),
    plainBars(saved, scale, 'var(--muted)'),
    rules(links, scale, { colour: 'var(--muted)', width: 1 }),
    rules([{ at: 0, top: 0, bottom: height }], scale, { colour: 'var(--ink)', width: 1 }),
    textColumn(names, { x: 0, align: 'left' }),
    textColumn(strongNames, { x: 0, align: 'left', strong: true }),
    textColumn(figures, { x: WIDTH, align: 'right' }),
    textColumn(strongFigures, { x: WIDTH, align: 'right', strong: true }),
  ]);
}

/** Nothing but the axis, which belongs to the first layer. */
function axisLayer(scale: Scale, title: string, height: number): Layer {
  const zero = [{ from: 0, to: 0, top: 0, bottom: height }];
  const layer = plainBars(
    zero.map((row) => ({ ...row, title: '' })),
    scale,
    'transparent',
  );
  const { encoding } = layer as { encoding: { x: object } };
  return {
    ...layer,
    encoding: { ...encoding, x: { ...encoding.x, axis: timeAxis(scale, title) } },
  } as Layer;
}
