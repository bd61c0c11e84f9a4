import { OUTPUTS } from '../../sweep/outputs.ts';
import { type Chart, chart, type Layer, roomFor, WIDTH } from '../charts/chart.ts';
import { count, ticks, timeFigure, timeUnit } from '../numbers.ts';
import { cleanText, shorten } from '../words.ts';
import { dotLayer, LOOKS, lineLayer, MOST_SYSTEMS, type Spot, strokeLayer, wordLayer } from './marks.ts';

/** Two outputs of every configuration, and those that no other one beats in both (less is better in either). */

export interface Candidate {
  readonly system: number;
  readonly cell: number;
  readonly a: number;
  readonly b: number;
}

/** The candidates that no other one equals or beats in one output and beats in the other, by rising `a`. */
export function paretoFront(candidates: readonly Candidate[]): Candidate[] {
  const ordered = candidates
    .filter(({ a, b }) => Number.isFinite(a) && Number.isFinite(b))
    .sort(
      (one, other) =>
        one.a - other.a || one.b - other.b || one.cell - other.cell || one.system - other.system,
    );
  const front: Candidate[] = [];
  for (const one of ordered) if (front.length === 0 || one.b < front.at(-1)!.b) front.push(one);
  return front;
}

/** Name and figures of an output. */
export function outputWords(
  key: string,
  largest: number,
): { readonly name: string; readonly figure: (value: number) => string } {
  const output = OUTPUTS.find((one) => one.key === key)!;
  if (output.unit !== 'ps') return { name: `${output.description} (${key})`, figure: count };
  const unit = timeUnit(largest);
  return { name: `${output.key}, ${unit.name}`, figure: (value) => timeFigure(value, unit) };
}

/** Least room for figures on the left. */
const LEFT = 74;
const RIGHT = WIDTH - 150;
const HEIGHT = 300;
/** Pixels between the frame and the outermost dots. */
const INSET = 14;

export function paretoChart(
  title: string,
  {
    keys,
    points,
    front,
    names,
    titleOf,
    chosen,
  }: {
    readonly keys: readonly [string, string];
    /** Drawn as dots. */
    readonly points: readonly Candidate[];
    readonly front: readonly Candidate[];
    readonly names: readonly string[];
    readonly titleOf: (candidate: Candidate) => string;
    /** The systems as they are, where a cell is that. */
    readonly chosen: readonly Candidate[];
  },
): Chart {
  const all = [...points, ...front, ...chosen];
  const rangeOf = (value: (one: Candidate) => number) => {
    const values = all.map(value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return low === high ? { low: Math.max(0, low - 1), high: high + 1 } : { low, high };
  };
  const [across, up] = [rangeOf(({ a }) => a), rangeOf(({ b }) => b)];
  const words = [outputWords(keys[0], across.high), outputWords(keys[1], up.high)] as const;
  const left = Math.max(
    LEFT,
    ...ticks(up.low, up.high, 5).map((value) => 12 + roomFor(words[1].figure(value), 11)),
  );
  // The best are at the ends of both axes: a dot there stands within the frame.
  const place = ({ a, b }: { readonly a: number; readonly b: number }): Spot => ({
    x: left + INSET + ((a - across.low) / (across.high - across.low)) * (RIGHT - left - 2 * INSET),
    y: 10 + HEIGHT - INSET - ((b - up.low) / (up.high - up.low)) * (HEIGHT - 2 * INSET),
  });
  const layers: Layer[] = axes(words, across, up, place, left);
  for (const system of names.keys()) {
    if (system >= MOST_SYSTEMS) break;
    const mine = points.filter((one) => one.system === system);
    layers.push(
      ...dotLayer(
        mine.map((one) => ({ ...place(one), title: titleOf(one) })),
        LOOKS[system]!.colour,
        { size: 22 },
      ),
    );
    layers.push(
      ...dotLayer([{ x: RIGHT + 16, y: 20 + system * 16, title: names[system]! }], LOOKS[system]!.colour, {
        size: 40,
      }),
      ...wordLayer([{ x: RIGHT + 26, y: 24 + system * 16, text: shorten(cleanText(names[system]!), 18) }], {
        align: 'left',
        fill: LOOKS[system]!.colour,
        strong: true,
      }),
    );
  }
  // A front is a staircase: between two of its points nothing better is known.
  const steps = front.flatMap((one, i) =>
    i === 0 ? [place(one)] : [place({ a: one.a, b: front[i - 1]!.b }), place(one)],
  );
  const key = 30 + Math.min(names.length, MOST_SYSTEMS) * 16;
  layers.push(
    ...lineLayer(steps, 'var(--ink)', [], 1.5),
    ...dotLayer(
      chosen.map((one) => ({ ...place(one), title: `as it is: ${titleOf(one)}` })),
      'var(--accent)',
      { size: 90, hollow: true },
    ),
  );
  const [best] = front;
  if (front.length === 1)
    layers.push(
      ...dotLayer([{ ...place(best!), title: `best in both: ${titleOf(best!)}` }], 'var(--ink)', {
        size: 150,
        ring: true,
      }),
      ...dotLayer([{ x: RIGHT + 16, y: key, title: 'best in both' }], 'var(--ink)', {
        size: 90,
        ring: true,
      }),
      ...wordLayer([{ x: RIGHT + 26, y: key + 4, text: 'best in both' }], { align: 'left' }),
    );
  if (front.length > 1)
    layers.push(
      ...strokeLayer([{ x: RIGHT + 10, x2: RIGHT + 22, y: key, y2: key }], 'var(--ink)', 1.5),
      ...wordLayer([{ x: RIGHT + 26, y: key + 4, text: 'Pareto front' }], { align: 'left' }),
    );
  if (chosen.length > 0)
    layers.push(
      ...dotLayer([{ x: RIGHT + 16, y: key + 18, title: 'as it is' }], 'var(--accent)', {
        size: 60,
        hollow: true,
      }),
      ...wordLayer([{ x: RIGHT + 26, y: key + 22, text: 'as it is' }], { align: 'left' }),
    );
  return chart(title, HEIGHT + 62, layers, false);
}

function axes(
  words: readonly { readonly name: string; readonly figure: (value: number) => string }[],
  across: { readonly low: number; readonly high: number },
  up: { readonly low: number; readonly high: number },
  place: (value: { readonly a: number; readonly b: number }) => Spot,
  left: number,
): Layer[] {
  const columns = ticks(across.low, across.high, 5).map((a) => ({ value: a, ...place({ a, b: up.low }) }));
  const rows = ticks(up.low, up.high, 5).map((b) => ({ value: b, ...place({ a: across.low, b }) }));
  return [
    ...strokeLayer(
      [
        ...columns.map(({ x }) => ({ x, x2: x, y: 10, y2: HEIGHT + 10 })),
        ...rows.map(({ y }) => ({ x: left, x2: RIGHT, y, y2: y })),
      ],
      'var(--grid)',
    ),
    ...wordLayer(
      columns.map(({ value, x }) => ({ x, y: HEIGHT + 27, text: words[0]!.figure(value) })),
      { align: 'center' },
    ),
    ...wordLayer(
      rows.map(({ value, y }) => ({ x: left - 7, y: y + 3.5, text: words[1]!.figure(value) })),
      { align: 'right' },
    ),
    ...wordLayer([{ x: left, y: HEIGHT + 45, text: `→ ${shorten(cleanText(words[0]!.name), 80)}` }], {
      align: 'left',
    }),
    ...wordLayer([{ x: left, y: HEIGHT + 60, text: `↑ ${shorten(cleanText(words[1]!.name), 80)}` }], {
      align: 'left',
    }),
  ];
}
