import { type Chart, chart, type Layer, WIDTH } from '../charts/chart.ts';
import { MINUS, ticks } from '../numbers.ts';
import { cleanText, shorten, shortenAll } from '../words.ts';
import { apart, dotLayer, LOOKS, lineLayer, type Spot, strokeLayer, type Word, wordLayer } from './marks.ts';
import type { DrawnAxis } from './view.ts';
import { leafFigure } from './words.ts';

/** Lines over one axis, a panel for each combination of the others, all on one vertical scale in percent. */

export interface LinePoint {
  /** Index of the value on the axis. */
  readonly index: number;
  readonly change: number;
}

export interface Line {
  /** Index of the system. */
  readonly system: number;
  readonly name: string;
  readonly points: readonly LinePoint[];
}

export interface Panel {
  /** Values of the other axes; empty where there are none. */
  readonly name: string;
  readonly axis: DrawnAxis;
  readonly lines: readonly Line[];
  /** Whether neighbours on the axis differ in nothing else. */
  readonly joined: boolean;
  /** Whether each point has a dot. */
  readonly dots: boolean;
  /** Values at which systems cost the same. */
  readonly crossings: readonly number[];
}

/** Positions on an axis, 0 to 1: numbers by their value (or its logarithm), everything else evenly. */
export function shareOn({ numeric, geometric, order, values }: DrawnAxis): (index: number) => number {
  const between = numeric ? shareBetween({ geometric, order, values }) : null;
  if (between !== null) return (index) => between(values[index] as number);
  const places = new Map(
    order.map((index, at) => [index, order.length === 1 ? 0.5 : at / (order.length - 1)]),
  );
  return (index) => places.get(index)!;
}

/** The same for any number within the axis; null where it has no length. */
export function shareBetween({
  geometric,
  order,
  values,
}: Pick<DrawnAxis, 'geometric' | 'order' | 'values'>): ((value: number) => number) | null {
  const scaled = (value: number): number => (geometric ? Math.log(value) : value);
  const low = scaled(values[order[0]!] as number);
  const high = scaled(values[order.at(-1)!] as number);
  return low === high ? null : (value) => (scaled(value) - low) / (high - low);
}

const HEAD = 20;
const FOOT = 38;

/** `across`: panels in a row. */
export function linesChart(
  title: string,
  panels: readonly Panel[],
  { against, across }: { readonly against: string; readonly across: number },
): Chart {
  const changes = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map((p) => p.change)));
  const low = Math.min(0, ...changes);
  const high = Math.max(0, ...changes);
  const scale = high === low ? { low: -1, high: 1 } : { low, high };
  const height = across === 1 ? 260 : across === 2 ? 180 : 130;
  const rows = Math.ceil(panels.length / across);
  const layers: Layer[] = [];
  for (const [i, panel] of panels.entries()) {
    const column = i % across;
    const top = Math.floor(i / across) * (HEAD + height + FOOT + 14) + HEAD;
    const width = WIDTH / across;
    const labels = across === 1 ? 150 : across === 2 ? 100 : 86;
    const left = column * width + 46;
    const box = { left, right: (column + 1) * width - labels, top, bottom: top + height };
    layers.push(...panelLayers(panel, box, scale, against, across));
  }
  return chart(title, rows * (HEAD + height + FOOT + 14), layers, false);
}

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const percentTick = (value: number): string =>
  `${value < 0 ? MINUS : value > 0 ? '+' : ''}${Math.abs(value)} %`;

function panelLayers(
  { name, axis, lines, joined, dots, crossings }: Panel,
  { left, right, top, bottom }: Frame,
  { low, high }: { readonly low: number; readonly high: number },
  against: string,
  across: number,
): Layer[] {
  const share = shareOn(axis);
  const x = (index: number): number => left + share(index) * (right - left);
  const y = (change: number): number => bottom - ((change - low) / (high - low)) * (bottom - top);
  const marks = ticks(low, high, across === 1 ? 6 : 4);
  const size = across === 3 ? 10 : 11;
  const layers: Layer[] = [
    ...wordLayer([{ x: left, y: top - 8, text: shorten(name, across === 1 ? 90 : 34) }], {
      align: 'left',
      fill: 'var(--ink)',
      strong: true,
    }),
    ...strokeLayer(
      marks.map((value) => ({ x: left, x2: right, y: y(value), y2: y(value) })),
      'var(--grid)',
    ),
    ...strokeLayer([{ x: left, x2: right, y: y(0), y2: y(0) }], 'var(--ink)', 1.5),
    ...wordLayer(
      marks.map((value) => ({ x: left - 6, y: y(value) + 3.5, text: percentTick(value) })),
      { align: 'right', size },
    ),
    ...axisLayers(axis, x, { left, right, top, bottom }, size),
  ];
  const between = axis.numeric ? shareBetween(axis) : null;
  const at = (value: number): number => left + between!(value) * (right - left);
  // A label of a break-even stands where no line comes from.
  const [path] = lines;
  const rises = (path?.points.at(-1)?.change ?? 0) > (path?.points[0]?.change ?? 0);
  if (between !== null) {
    layers.push(
      ...strokeLayer(
        crossings.map((value) => ({ x: at(value), x2: at(value), y: top, y2: bottom })),
        'var(--muted)',
        1,
        [3, 3],
      ),
      ...dotLayer(
        crossings.map((value) => ({
          x: at(value),
          y: y(0),
          title: `break-even at ${leafFigure(value, axis.unit)} ${axis.unit}`,
        })),
        'var(--ink)',
        { size: 50, hollow: true },
      ),
      ...wordLayer(
        crossings.map((value) => ({
          x: at(value) + 7,
          y: y(0) + (rises ? 15 : -7),
          text: leafFigure(value, axis.unit),
        })),
        { align: 'left', size, fill: 'var(--ink)' },
      ),
    );
    layers.push(...ownLayers(axis, at, { left, right, top, bottom }, size));
  }
  const ends: { readonly spot: Spot; readonly text: string; readonly colour: string }[] = [];
  const short = shortenAll(
    lines.map((line) => cleanText(line.name)),
    across === 1 ? 22 : across === 2 ? 13 : 11,
  );
  for (const [i, { system, name, points }] of lines.entries()) {
    const { colour, dash } = LOOKS[system]!;
    const spots = points.map(({ index, change }) => ({
      x: x(index),
      y: y(change),
      title: `${cleanText(name)}, ${axis.path} ${axis.labels[index]}: ${percentTick(Number(change.toFixed(2)))}`,
    }));
    if (joined) layers.push(...lineLayer(spots, colour, dash));
    if (dots) layers.push(...dotLayer(spots, colour, { size: across === 1 ? 28 : 16 }));
    const last = spots.reduce<Spot | null>(
      (best, spot) => (best === null || spot.x >= best.x ? spot : best),
      null,
    );
    if (last !== null) ends.push({ spot: last, text: short[i]!, colour });
  }
  ends.push({
    spot: { x: right, y: y(0) },
    text: shorten(against, across === 1 ? 22 : across === 2 ? 13 : 11),
    colour: 'var(--ink)',
  });
  const heights = apart(
    ends.map(({ spot }) => spot.y + 4),
    13,
    top + 4,
    bottom + 4,
  );
  for (const [i, { text, colour }] of ends.entries()) {
    const word: Word = { x: right + 7, y: heights[i]!, text };
    layers.push(...wordLayer([word], { align: 'left', size: size + 0.5, fill: colour, strong: true }));
  }
  return layers;
}

/** Whether a panel marks what the systems have themselves: a number between those that are drawn. */
export function showsOwn({ own, numeric, order, values }: DrawnAxis): boolean {
  if (!numeric || typeof own !== 'number' || order.length === 0) return false;
  return own >= (values[order[0]!] as number) && own <= (values[order.at(-1)!] as number);
}

/** Where the systems stand themselves. */
function ownLayers(
  axis: DrawnAxis,
  at: (value: number) => number,
  { top, bottom }: Frame,
  size: number,
): Layer[] {
  if (!showsOwn(axis)) return [];
  const x = at(axis.own as number);
  return [
    ...strokeLayer([{ x, x2: x, y: top, y2: bottom }], 'var(--accent)', 1),
    ...wordLayer([{ x: x + 4, y: bottom - 5, text: 'as it is' }], {
      align: 'left',
      size,
      fill: 'var(--accent)',
    }),
  ];
}

/** Few values are their own ticks; many numbers on a straight scale have round ones. */
const OWN_TICKS = 14;

function axisLayers(
  axis: DrawnAxis,
  x: (index: number) => number,
  { left, right, bottom }: Frame,
  size: number,
): Layer[] {
  const { order, values, numeric, geometric } = axis;
  const between = numeric && !geometric && order.length > OWN_TICKS ? shareBetween(axis) : null;
  const marks =
    between === null
      ? order.map((index) => ({ x: x(index), text: shorten(axis.labels[index]!, 14) }))
      : ticks(values[order[0]!] as number, values[order.at(-1)!] as number, right - left > 300 ? 7 : 4).map(
          (value) => ({ x: left + between(value) * (right - left), text: leafFigure(value, axis.unit) }),
        );
  const words: Word[] = [];
  let free = -Infinity;
  for (const { x: at, text } of marks) {
    const half = (text.length * size * 0.58) / 2;
    if (at - half < free) continue;
    words.push({ x: at, y: bottom + 16, text });
    free = at + half + 6;
  }
  const strokes = marks.length <= 60 ? marks : [];
  return [
    ...strokeLayer(
      strokes.map(({ x: at }) => ({ x: at, x2: at, y: bottom, y2: bottom + 4 })),
      'var(--muted)',
    ),
    ...wordLayer(words, { align: 'center', size }),
    ...wordLayer([{ x: (left + right) / 2, y: bottom + 31, text: shorten(axis.name, 48) }], {
      align: 'center',
      size,
    }),
  ];
}
