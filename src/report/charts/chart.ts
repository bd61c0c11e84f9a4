import type { TopLevelSpec } from 'vega-lite';
import { CAUSES, type Cause } from '../../model/pricing/breakdown.ts';
import { ticks } from '../numbers.ts';
import { causeColour, onCauseColour } from '../palette.ts';

/**
 * What all charts share: a frame of fixed width whose rows are laid out in pixels, one horizontal scale in
 * the chart's unit, and one colour scale over all causes. Colours are CSS custom properties, so one SVG
 * follows the page's scheme. Layout never depends on measured text: there is no font at build time.
 */

export interface Chart {
  readonly spec: TopLevelSpec;
  readonly width: number;
  readonly height: number;
}

/** Width of every chart, in pixels of its own coordinate system. */
export const WIDTH = 760;

export type Layer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number];

/** A guess of a text's width that is rarely too small: 0.6 em a character. */
export function roomFor(text: string, size: number): number {
  return [...text].length * size * 0.6;
}

/** The horizontal scale: values from `domain` to pixels of `range`. */
export interface Scale {
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
}

/** Length in pixels of `value` units on a scale. */
export function pixels(scale: Scale, value: number): number {
  const span = scale.domain[1] - scale.domain[0];
  return span === 0 ? 0 : (value / span) * (scale.range[1] - scale.range[0]);
}

/** One coloured piece of a bar, from and to in the chart's unit, top and bottom in pixels. */
export interface Segment {
  readonly system: string;
  readonly group: string;
  readonly cause: Cause;
  readonly from: number;
  readonly to: number;
  readonly top: number;
  readonly bottom: number;
  /** What the segment says when pointed at; the page's test reads the number back. */
  readonly title: string;
  /** Text on the segment, or empty. */
  readonly label: string;
}

const COLOURS = { domain: [...CAUSES], range: CAUSES.map(causeColour) };

const x = (field: string, scale: Scale, axis: object | null) => ({
  field,
  type: 'quantitative' as const,
  scale: { domain: [...scale.domain], range: [...scale.range], nice: false, zero: false },
  axis,
});

const y = (field: string) => ({
  field,
  type: 'quantitative' as const,
  scale: null,
  axis: null,
});

/**
 * The axis below a chart; one per chart, carried by its first layer of bars. `grid`: lines through the
 * chart, else a ruled axis, for charts whose text would be crossed.
 */
export function timeAxis(scale: Scale, title: string, grid = true): object {
  return {
    title,
    grid,
    ...(grid ? {} : { domain: true, ticks: true }),
    values: ticks(scale.domain[0], scale.domain[1]),
    format: ',~r',
    labelOverlap: false,
    labelFlush: true,
  };
}

/** Bars' segments and, on those that are wide enough, their labels. */
export function segmentLayers(
  segments: readonly Segment[],
  scale: Scale,
  axis: object,
  size: number,
): Layer[] {
  return [
    {
      data: { values: segments.map(({ label: _, ...segment }) => segment) },
      mark: { type: 'rect', stroke: 'var(--background)', strokeWidth: 1 },
      encoding: {
        x: x('from', scale, axis),
        x2: { field: 'to' },
        y: y('top'),
        y2: { field: 'bottom' },
        color: { field: 'cause', type: 'nominal', scale: COLOURS, legend: null },
        description: { field: 'title' },
      },
    },
    {
      data: {
        values: segments
          .filter((segment) => segment.label !== '')
          .map((segment) => ({
            ink: onCauseColour(segment.cause),
            middle: (segment.from + segment.to) / 2,
            centre: (segment.top + segment.bottom) / 2,
            label: segment.label,
          })),
      },
      mark: { type: 'text', fontSize: size, align: 'center', baseline: 'middle', dy: 0.5, aria: false },
      encoding: {
        x: x('middle', scale, null),
        y: y('centre'),
        text: { field: 'label' },
        color: { field: 'ink', type: 'nominal', scale: null },
      },
    },
  ];
}

/** A line of text at a height in pixels. */
export interface TextRow {
  readonly y: number;
  readonly text: string;
}

export interface TextLook {
  readonly x: number;
  readonly align: 'left' | 'right';
  readonly size?: number;
  readonly strong?: boolean;
  readonly muted?: boolean;
  /** Another colour than the page's text has. */
  readonly ink?: string;
}

/** Texts in one column at `look.x` pixels, standing on their y. */
export function textColumn(rows: readonly TextRow[], look: TextLook): Layer {
  return {
    data: { values: [...rows] },
    mark: {
      type: 'text',
      align: look.align,
      baseline: 'alphabetic',
      fontSize: look.size ?? 12,
      fontWeight: look.strong ? 600 : 400,
      fill: look.ink ?? (look.muted ? 'var(--muted)' : 'var(--ink)'),
      aria: false,
    },
    encoding: { x: { value: look.x }, y: y('y'), text: { field: 'text' } },
  };
}

/** Text that starts at a value of the scale. */
export function textAtValue(
  rows: readonly (TextRow & { readonly at: number })[],
  scale: Scale,
  size: number,
): Layer {
  return {
    data: { values: [...rows] },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'alphabetic',
      fontSize: size,
      fill: 'var(--muted)',
      aria: false,
    },
    encoding: { x: x('at', scale, null), y: y('y'), text: { field: 'text' } },
  };
}

/** Horizontal or vertical hairlines: vertical where `to` is left out. */
export function rules(
  rows: readonly {
    readonly at: number;
    readonly to?: number;
    readonly top: number;
    readonly bottom: number;
  }[],
  scale: Scale,
  look: { readonly colour: string; readonly width: number; readonly dash?: number[] },
): Layer {
  return {
    data: { values: rows.map((row) => ({ ...row, to: row.to ?? row.at })) },
    mark: {
      type: 'rule',
      stroke: look.colour,
      strokeWidth: look.width,
      aria: false,
      ...(look.dash ? { strokeDash: look.dash } : {}),
    },
    encoding: { x: x('at', scale, null), x2: { field: 'to' }, y: y('top'), y2: { field: 'bottom' } },
  };
}

/** A bar without a cause: a sum. */
export type PlainBar = Pick<Segment, 'from' | 'to' | 'top' | 'bottom' | 'title'>;

/** Bars of one colour, for what is a sum and has no cause. */
export function plainBars(rows: readonly PlainBar[], scale: Scale, colour: string): Layer {
  return {
    data: { values: [...rows] },
    mark: { type: 'rect', fill: colour },
    encoding: {
      x: x('from', scale, null),
      x2: { field: 'to' },
      y: y('top'),
      y2: { field: 'bottom' },
      description: { field: 'title' },
    },
  };
}

/** Coloured areas, each of the points of one key from left to right. Top and bottom in pixels. */
export function areas(
  points: readonly {
    readonly at: number;
    readonly top: number;
    readonly bottom: number;
    readonly cause: Cause;
    readonly key: string;
  }[],
  scale: Scale,
  axis: object,
): Layer {
  return {
    data: { values: [...points] },
    mark: { type: 'area', stroke: 'var(--background)', strokeWidth: 0.5 },
    encoding: {
      x: x('at', scale, axis),
      y: { ...y('top'), stack: null },
      y2: { field: 'bottom' },
      color: { field: 'cause', type: 'nominal', scale: COLOURS, legend: null },
      detail: { field: 'key', type: 'nominal' },
    },
  };
}

/** Dashed lines, each through the points of one key from left to right. `y` in pixels. */
export function trail(
  points: readonly { readonly at: number; readonly y: number; readonly key: string }[],
  scale: Scale,
): Layer {
  return {
    data: { values: [...points] },
    mark: { type: 'line', stroke: 'var(--ink)', strokeWidth: 1.2, strokeDash: [4, 3] },
    encoding: {
      x: x('at', scale, null),
      y: y('y'),
      detail: { field: 'key', type: 'nominal' },
    },
  };
}

/** A complete specification around layers. `axis`: whether there is one, which needs room below. */
export function chart(title: string, height: number, layers: readonly Layer[], axis = true): Chart {
  const padding = { left: 1, right: 1, top: 2, bottom: axis ? 40 : 4 };
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: title,
    width: WIDTH,
    height,
    autosize: { type: 'none' },
    padding,
    background: 'transparent',
    layer: [...layers],
    // One axis, that of the first layer; the others have none.
    resolve: { axis: { x: 'independent' } },
    config: {
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      axis: {
        domain: false,
        ticks: false,
        domainColor: 'var(--muted)',
        gridColor: 'var(--grid)',
        tickColor: 'var(--muted)',
        tickSize: 4,
        labelColor: 'var(--muted)',
        labelFontSize: 11,
        labelPadding: 6,
        titleColor: 'var(--muted)',
        titleFontSize: 11,
        titleFontWeight: 400,
        titlePadding: 6,
      },
    },
  };
  return {
    spec,
    width: WIDTH + padding.left + padding.right,
    height: height + padding.top + padding.bottom,
  };
}
