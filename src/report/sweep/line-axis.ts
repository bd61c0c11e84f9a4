import type { Layer } from '../charts/chart.ts';
import { ticks } from '../numbers.ts';
import { shorten } from '../words.ts';
import { strokeLayer, type Word, wordLayer } from './marks.ts';
import type { DrawnAxis } from './view.ts';
import { leafFigure } from './words.ts';

/** The horizontal axis of a panel of lines: where its values are, and what stands below. */

/** Edges of a panel, in pixels. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
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

/** Few values are their own ticks; many numbers on a straight scale have round ones. */
const OWN_TICKS = 14;

/** Ticks with as many figures as have room, and the axis' name. */
export function axisLayers(
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
