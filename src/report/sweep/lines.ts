import { type Chart, chart, type Layer, roomFor, WIDTH } from '../charts/chart.ts';
import { MINUS, ticks } from '../numbers.ts';
import { cleanText, shorten, shortenAll } from '../words.ts';
import { axisLayers, type Frame, shareBetween, shareOn } from './line-axis.ts';
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
  /** The same in short, value by value: what stands above it. */
  readonly heads: readonly string[];
  readonly axis: DrawnAxis;
  readonly lines: readonly Line[];
  /** Whether neighbours on the axis differ in nothing else. */
  readonly joined: boolean;
  /** Whether each point has a dot. */
  readonly dots: boolean;
  /** Values at which systems cost the same. */
  readonly crossings: readonly number[];
}

/** Above a panel: a line of its name, and what is marked on its axis. */
const HEAD = 20;
const HEAD_LINE = 14;
const OWN_LINE = 12;
const FOOT = 38;
const BETWEEN = 14;

/** Values above a panel, in as many lines as they need; of a long one the name is cut and never the value. */
function headLines(heads: readonly string[], room: number): string[] {
  const lines: string[] = [];
  for (const head of heads) {
    const space = head.lastIndexOf(' ');
    const value = head.slice(space + 1);
    const short =
      head.length <= room || space < 0
        ? shorten(head, room)
        : `${shorten(head.slice(0, space), Math.max(1, room - value.length - 1))} ${value}`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + short.length <= room)
      lines[lines.length - 1] = `${last}, ${short}`;
    else lines.push(short);
  }
  return lines;
}

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
  const size = across === 3 ? 10 : 11;
  const marks = marksOf(scale.low, scale.high, across === 1 ? 6 : 4);
  const margin = Math.max(46, 10 + Math.max(...marks.map((value) => roomFor(percentTick(value), size))));
  const width = WIDTH / across;
  const heads = panels.map((panel) => headLines(panel.heads, Math.floor((width - 10) / 6.4)));
  const own = panels.some(({ axis }) => showsOwn(axis)) ? OWN_LINE : 0;
  const head = HEAD + own + HEAD_LINE * Math.max(0, ...heads.map(({ length }) => length - 1));
  const rows = Math.ceil(panels.length / across);
  const layers: Layer[] = [];
  for (const [i, panel] of panels.entries()) {
    const column = i % across;
    const top = Math.floor(i / across) * (head + height + FOOT + BETWEEN) + head;
    const labels = across === 1 ? 150 : across === 2 ? 100 : 86;
    const left = column * width;
    const box = { left: left + margin, right: left + width - labels, top, bottom: top + height };
    layers.push(
      ...wordLayer(
        heads[i]!.map((text, line, { length }) => ({
          x: left,
          y: top - 8 - own - HEAD_LINE * (length - 1 - line),
          text,
        })),
        { align: 'left', fill: 'var(--ink)', strong: true },
      ),
      ...panelLayers(panel, box, scale, marks, against, across),
    );
  }
  return chart(title, rows * (head + height + FOOT + BETWEEN), layers, false);
}

/** Round numbers of a scale: three or more, where it has them. */
export function marksOf(low: number, high: number, target: number): number[] {
  for (let count = target; count < 4 * target; count++) {
    const marks = ticks(low, high, count).filter((value) => value >= low);
    if (marks.length >= 3) return marks;
  }
  return ticks(low, high, target);
}

const percentTick = (value: number): string =>
  `${value < 0 ? MINUS : value > 0 ? '+' : ''}${Math.abs(value)} %`;

function panelLayers(
  { axis, lines, joined, dots, crossings }: Panel,
  { left, right, top, bottom }: Frame,
  { low, high }: { readonly low: number; readonly high: number },
  marks: readonly number[],
  against: string,
  across: number,
): Layer[] {
  const share = shareOn(axis);
  const x = (index: number): number => left + share(index) * (right - left);
  const y = (change: number): number => bottom - ((change - low) / (high - low)) * (bottom - top);
  const size = across === 3 ? 10 : 11;
  const layers: Layer[] = [
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
    top + 10,
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

const OWN = 'as it is';

/** Where the systems stand themselves. */
function ownLayers(
  axis: DrawnAxis,
  at: (value: number) => number,
  { left, right, top, bottom }: Frame,
  size: number,
): Layer[] {
  if (!showsOwn(axis)) return [];
  const x = at(axis.own as number);
  const half = roomFor(OWN, size) / 2;
  // Above the panel, where no curve goes.
  const word = { x: Math.min(Math.max(x, left + half), right + half), y: top - 4, text: OWN };
  return [
    ...strokeLayer([{ x, x2: x, y: top - 2, y2: bottom }], 'var(--accent)', 1),
    ...wordLayer([word], {
      align: 'center',
      size,
      fill: 'var(--accent)',
    }),
  ];
}
