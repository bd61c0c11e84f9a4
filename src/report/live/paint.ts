import type { Chart } from '../charts/chart.ts';
import { grouped, MINUS } from '../numbers.ts';

/**
 * Draws a chart as SVG without Vega, which is far too large for a page: the marks and the one kind of axis that the
 * charts here are made of, in the places, colours and words that Vega gives them (a test compares the two). What a chart
 * says is decided where its specification is made, so a chart that is drawn anew cannot differ from the one it replaces.
 */

/** A linear scale of a specification; null: the value is a place in pixels. */
type PaintScale = { readonly domain: readonly [number, number]; readonly range: readonly [number, number] };

interface Axis {
  readonly title: string;
  readonly grid: boolean;
  readonly ticks?: boolean;
  readonly values: readonly number[];
}

interface Channel {
  readonly field?: string;
  readonly value?: number;
  readonly scale?:
    | PaintScale
    | { readonly domain: readonly string[]; readonly range: readonly string[] }
    | null;
  readonly axis?: Axis | null;
}

/** The part of Vega-Lite that `charts/` uses. */
interface PaintLayer {
  readonly data: { readonly values: readonly Readonly<Record<string, unknown>>[] };
  readonly mark: Readonly<Record<string, unknown>> & { readonly type: 'rect' | 'text' | 'rule' };
  readonly encoding: Readonly<Record<string, Channel | undefined>>;
}

type Datum = Readonly<Record<string, unknown>>;

const ANCHOR: Readonly<Record<string, string>> = { left: '', center: 'middle', right: 'end' };

/** Content of the chart's `<svg>`: all but its title and description. */
export function paint({ spec, height }: Chart): string {
  const layers = (spec as unknown as { readonly layer: readonly PaintLayer[] }).layer;
  const { padding } = spec as unknown as { readonly padding: { left: number; top: number; bottom: number } };
  const inner = height - padding.top - padding.bottom;
  const axis = layers[0]?.encoding.x;
  const ruled = axis?.axis ? axisOf(axis.axis, axis.scale as PaintScale, inner) : '';
  return (
    `<g fill="none" stroke-miterlimit="4" transform="translate(${padding.left},${padding.top})">` +
    `${ruled}${layers.map(layerOf).join('')}</g>`
  );
}

function layerOf(layer: PaintLayer): string {
  const { values } = layer.data;
  if (values.length === 0) return '';
  if (layer.mark.type === 'rect') return rects(layer, values);
  return layer.mark.type === 'text' ? texts(layer, values) : rules(layer, values);
}

function rects({ mark, encoding }: PaintLayer, values: readonly Datum[]): string {
  const look = attributes({
    // Without any the group's `none` holds.
    fill: mark.fill === 'transparent' ? undefined : mark.fill,
    'fill-opacity': mark.fillOpacity,
    stroke: mark.stroke,
    'stroke-width': mark.strokeWidth,
  });
  const colour = colourOf(encoding.color);
  const drawn = values.map((datum) => {
    const x = place(encoding.x!, datum);
    const y = place(encoding.y!, datum);
    const width = place({ ...encoding.x!, field: encoding.x2!.field! }, datum) - x;
    const bottom = place({ ...encoding.y!, field: encoding.y2!.field! }, datum);
    const says = encoding.description?.field;
    const d = `M${round(x)},${round(y)}h${round(width)}v${round(bottom - y)}h${round(-width)}Z`;
    const start = `<path d="${d}"${attributes({ fill: colour(datum) })}`;
    return says === undefined
      ? `${start}/>`
      : `${start}><title>${escapeXml(String(datum[says]))}</title></path>`;
  });
  return `<g${look}>${drawn.join('')}</g>`;
}

function texts({ mark, encoding }: PaintLayer, values: readonly Datum[]): string {
  const size = mark.fontSize as number;
  // A baseline in the middle of digits and capitals: 0.3 em, as Vega has it.
  const down =
    ((mark.dy as number | undefined) ?? 0) + (mark.baseline === 'middle' ? Math.round(0.3 * size) : 0);
  const look = attributes({
    fill: mark.fill,
    'font-size': size === 12 ? undefined : `${size}px`,
    'font-weight': mark.fontWeight === 400 ? undefined : mark.fontWeight,
    'text-anchor': ANCHOR[mark.align as string],
  });
  const colour = colourOf(encoding.color);
  const drawn = values.map((datum) => {
    const at = attributes({
      x: round(place(encoding.x!, datum)),
      y: round(place(encoding.y!, datum) + down),
      fill: colour(datum),
    });
    return `<text${at}>${escapeXml(String(datum[encoding.text!.field!]))}</text>`;
  });
  return `<g${look}>${drawn.join('')}</g>`;
}

function rules({ mark, encoding }: PaintLayer, values: readonly Datum[]): string {
  const look = attributes({
    stroke: mark.stroke,
    'stroke-width': mark.strokeWidth,
    'stroke-dasharray': (mark.strokeDash as number[] | undefined)?.join(','),
  });
  const drawn = values.map((datum) => {
    const end = (channel: Channel, other: Channel): string =>
      round(place({ ...channel, field: other.field! }, datum));
    const at = attributes({
      x1: round(place(encoding.x!, datum)),
      y1: round(place(encoding.y!, datum)),
      x2: end(encoding.x!, encoding.x2!),
      y2: end(encoding.y!, encoding.y2!),
    });
    return `<line${at}/>`;
  });
  return `<g${look}>${drawn.join('')}</g>`;
}

/** The horizontal axis below a chart: a ruled one, or lines through the chart. */
function axisOf({ title, grid, ticks, values }: Axis, scale: PaintScale, height: number): string {
  const [left, right] = scale.range;
  const at = values.map((value) => position(scale, value));
  const lines = at.map((x) => {
    const line = grid ? `y1="${-height}" y2="0"` : 'y1="0" y2="4"';
    return `<line x1="${Math.round(x)}" x2="${Math.round(x)}" ${line}/>`;
  });
  const labels = values.map((value, i) => {
    const x = at[i]!;
    const anchor = Math.abs(x - left) <= 1 ? 'start' : Math.abs(x - right) <= 1 ? 'end' : 'middle';
    return `<text x="${round(x)}" y="${ticks ? 19 : 15}" text-anchor="${anchor}">${tickText(value)}</text>`;
  });
  const drawn = grid || ticks ? `<g stroke="var(--${grid ? 'grid' : 'muted'})">${lines.join('')}</g>` : '';
  const base = ticks ? `<line x1="${left}" x2="${right}" stroke="var(--muted)"/>` : '';
  const name =
    `<text text-anchor="middle" x="${round((left + right) / 2)}" y="${ticks ? 36 : 32}">` +
    `${escapeXml(title)}</text>`;
  return (
    `<g transform="translate(0.5,${height + 0.5})" stroke-width="1">${drawn}${base}` +
    `<g fill="var(--muted)" font-size="11px" stroke="none">${labels.join('')}${name}</g></g>`
  );
}

/** A tick's number as the format `,~r` has it: six digits, no needless zeroes. */
function tickText(value: number): string {
  const text = grouped(String(Number(Math.abs(value).toPrecision(6))));
  return value < 0 ? MINUS + text : text;
}

const position = ({ domain, range }: PaintScale, value: number): number =>
  range[0] + ((value - domain[0]) / (domain[1] - domain[0])) * (range[1] - range[0]);

function place({ field, value, scale }: Channel, datum: Datum): number {
  const given = field === undefined ? value! : (datum[field] as number);
  return scale && field !== undefined ? position(scale as PaintScale, given) : given;
}

/** The colour of a piece: named by a scale, or as the datum has it; undefined where the mark says it. */
function colourOf(channel: Channel | undefined): (datum: Datum) => string | undefined {
  if (channel?.field === undefined) return () => undefined;
  const { field, scale } = channel;
  if (!scale) return (datum) => datum[field] as string;
  const { domain, range } = scale as { domain: readonly string[]; range: readonly string[] };
  const colours = new Map(domain.map((name, i) => [name, range[i]!]));
  return (datum) => colours.get(datum[field] as string);
}

/** Attributes as they stand in a tag; what is undefined or empty is left out. */
function attributes(named: Readonly<Record<string, unknown>>): string {
  return Object.entries(named)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}

/** A hundredth of a pixel is enough. */
const round = (value: number): string => String(Math.round(value * 100) / 100);

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
