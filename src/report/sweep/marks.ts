import type { Layer } from '../charts/chart.ts';

/** Marks at places in pixels: charts of sweeps have scales of their own in each panel. */

const place = (field: string) => ({ field, type: 'quantitative' as const, scale: null, axis: null });

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface Word extends Spot {
  readonly text: string;
}

export function wordLayer(
  values: readonly Word[],
  look: {
    readonly align: 'left' | 'center' | 'right';
    readonly size?: number;
    readonly fill?: string;
    readonly strong?: boolean;
  },
): Layer[] {
  if (values.length === 0) return [];
  return [
    {
      data: { values: [...values] },
      mark: {
        type: 'text',
        align: look.align,
        baseline: 'alphabetic',
        fontSize: look.size ?? 11,
        fontWeight: look.strong ? 600 : 400,
        fill: look.fill ?? 'var(--muted)',
        aria: false,
      },
      encoding: { x: place('x'), y: place('y'), text: { field: 'text' } },
    },
  ];
}

/** A line through places, from left to right. */
export function lineLayer(
  values: readonly Spot[],
  colour: string,
  dash: readonly number[] = [],
  width = 2,
): Layer[] {
  if (values.length < 2) return [];
  return [
    {
      data: { values: values.map((spot, order) => ({ ...spot, order })) },
      mark: {
        type: 'line',
        stroke: colour,
        strokeWidth: width,
        aria: false,
        ...(dash.length > 0 ? { strokeDash: [...dash] } : {}),
      },
      encoding: { x: place('x'), y: place('y'), order: { field: 'order', type: 'quantitative' } },
    },
  ];
}

/** Dots; `title` is what one says when it is pointed at. Hollow ones cover what is below them, rings do not. */
export function dotLayer(
  values: readonly (Spot & { readonly title: string })[],
  colour: string,
  {
    size = 28,
    hollow = false,
    ring = false,
  }: { readonly size?: number; readonly hollow?: boolean; readonly ring?: boolean } = {},
): Layer[] {
  if (values.length === 0) return [];
  return [
    {
      data: { values: [...values] },
      mark: {
        type: 'point',
        shape: 'circle',
        size,
        opacity: 1,
        fill: ring ? 'transparent' : hollow ? 'var(--background)' : colour,
        stroke: colour,
        strokeWidth: ring || hollow ? 2 : 0,
      },
      encoding: { x: place('x'), y: place('y'), description: { field: 'title' } },
    },
  ];
}

export interface Stroke extends Spot {
  readonly x2: number;
  readonly y2: number;
}

export function strokeLayer(
  values: readonly Stroke[],
  colour: string,
  width = 1,
  dash: readonly number[] = [],
): Layer[] {
  if (values.length === 0) return [];
  return [
    {
      data: { values: [...values] },
      mark: {
        type: 'rule',
        stroke: colour,
        strokeWidth: width,
        aria: false,
        ...(dash.length > 0 ? { strokeDash: [...dash] } : {}),
      },
      encoding: { x: place('x'), x2: { field: 'x2' }, y: place('y'), y2: { field: 'y2' } },
    },
  ];
}

export interface Box extends Stroke {
  /** What it says when it is pointed at. */
  readonly title?: string;
}

export function boxLayer(
  values: readonly Box[],
  look: {
    readonly fill: string;
    readonly opacity?: number;
    readonly stroke?: string;
    readonly width?: number;
  },
): Layer[] {
  if (values.length === 0) return [];
  const titled = values.some(({ title }) => title !== undefined);
  return [
    {
      data: { values: [...values] },
      mark: {
        type: 'rect',
        fill: look.fill,
        fillOpacity: look.opacity ?? 1,
        ...(look.stroke === undefined ? {} : { stroke: look.stroke, strokeWidth: look.width ?? 1 }),
        ...(titled ? {} : { aria: false }),
      },
      encoding: {
        x: place('x'),
        x2: { field: 'x2' },
        y: place('y'),
        y2: { field: 'y2' },
        ...(titled ? { description: { field: 'title' } } : {}),
      },
    },
  ];
}

/** How systems look: the baseline in ink, the others in hues that tell them apart, each with dashes of its own. */
export const LOOKS: readonly { readonly colour: string; readonly dash: readonly number[] }[] = [
  { colour: 'var(--ink)', dash: [] },
  { colour: 'var(--c-ex)', dash: [] },
  { colour: 'var(--c-ld)', dash: [6, 3] },
  { colour: 'var(--c-tr)', dash: [2, 3] },
  { colour: 'var(--c-tw)', dash: [8, 3, 2, 3] },
  { colour: 'var(--c-sy)', dash: [4, 2] },
  { colour: 'var(--c-pm)', dash: [1, 2] },
  { colour: 'var(--c-li)', dash: [10, 4] },
];

/** Systems that a chart of lines has room for. */
export const MOST_SYSTEMS = LOOKS.length;

/** Heights moved apart so that labels of a line’s height do not cover each other, in the order given. */
export function apart(heights: readonly number[], room: number, low: number, high: number): number[] {
  const order = [...heights.keys()].sort((a, b) => heights[a]! - heights[b]!);
  const placed = [...heights];
  let last = low - room;
  for (const i of order) {
    placed[i] = Math.max(heights[i]!, last + room);
    last = placed[i]!;
  }
  let next = high + room;
  for (const i of order.toReversed()) {
    placed[i] = Math.min(placed[i]!, next - room);
    next = placed[i]!;
  }
  return placed;
}
