import type { Chart } from './chart.ts';
import { parseSvg, type SvgElement, writeSvg } from './svg-tree.ts';

/** Draws charts as SVG text, without a browser. */

export interface SvgText {
  /** Id of the `<svg>`, unique in its page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

export interface Drawer {
  /** The chart as one `<svg>` element with title and description. */
  readonly draw: (chart: Chart, text: SvgText) => Promise<string>;
}

/**
 * Loads Vega (half a second, so only when a page is made). One drawer per page: ids of definitions start
 * anew with each, so that the same page always has the same bytes and no id twice.
 */
export async function openDrawer(): Promise<Drawer> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  vega.resetSVGDefIds();
  return {
    async draw(chart, text) {
      const { spec } = vegaLite.compile(chart.spec, { logger: vega.logger(vega.Error) });
      const view = new vega.View(vega.parse(spec), { renderer: 'none', logLevel: vega.Error });
      const svg = await view.toSVG();
      view.finalize();
      return compact(svg, chart, text);
    },
  };
}

/**
 * Vega's SVG with what a reader never needs taken out: roles of every mark (the whole is one image with a
 * title and a description, its numbers are in the table beside it), empty backgrounds, repeated defaults.
 * A piece's label becomes its `<title>`, which browsers show when it is pointed at.
 */
export function compact(svg: string, chart: Chart, text: SvgText): string {
  const { id } = text;
  const words = (name: string, suffix: string, content: string): SvgElement => ({
    name,
    attributes: { id: `${id}-${suffix}` },
    children: [escapeXml(content)],
  });
  return writeSvg({
    name: 'svg',
    attributes: {
      id,
      class: 'chart',
      xmlns: 'http://www.w3.org/2000/svg',
      role: 'img',
      'aria-labelledby': `${id}-t ${id}-d`,
      width: String(chart.width),
      height: String(chart.height),
      viewBox: `0 0 ${chart.width} ${chart.height}`,
      'font-family': 'system-ui, sans-serif',
      'font-size': '12',
    },
    children: [
      words('title', 't', text.title),
      words('desc', 'd', text.description),
      ...parseSvg(svg).children.flatMap(simplified),
    ],
  });
}

/** Attributes that only assist, or repeat what the root element says. */
const NEEDLESS = new Set([
  'class',
  'role',
  'aria-hidden',
  'aria-roledescription',
  'aria-label',
  'pointer-events',
  'font-family',
]);
const DEFAULTS: Readonly<Record<string, string>> = {
  opacity: '1',
  'font-weight': '400',
  'font-size': '12px',
  'text-anchor': 'start',
  transform: 'translate(0,0)',
};
/** Attributes that hold coordinates; a hundredth of a pixel is enough. */
const COORDINATES = new Set(['d', 'transform', 'x', 'y', 'x2', 'y2']);

function simplified(node: SvgElement | string): (SvgElement | string)[] {
  if (typeof node === 'string') return [node];
  const { name, attributes } = node;
  if (/^(?:background|foreground)$/.test(attributes.class ?? '')) return [];
  if (attributes.opacity === '0') return [];
  const kept = Object.entries(attributes)
    .filter(([key, value]) => !NEEDLESS.has(key) && DEFAULTS[key] !== value)
    .map(
      ([key, value]) => [key, COORDINATES.has(key) ? value.replace(/(\.\d\d)\d+/g, '$1') : value] as const,
    );
  const place =
    name === 'text' ? /^translate\((-?[\d.]+),(-?[\d.]+)\)$/.exec(attributes.transform ?? '') : null;
  if (place !== null)
    kept.splice(
      kept.findIndex(([key]) => key === 'transform'),
      1,
      ...(['x', 'y'] as const).flatMap((key, i) => {
        const value = place[i + 1]!.replace(/(\.\d\d)\d+/g, '$1');
        return value === '0' ? [] : [[key, value] as const];
      }),
    );
  const label = name === 'path' ? attributes['aria-label'] : undefined;
  const title: SvgElement[] =
    label === undefined ? [] : [{ name: 'title', attributes: {}, children: [label] }];
  const children = [...title, ...joined(node.children.flatMap(simplified))];
  if (name !== 'g') return [{ name, attributes: Object.fromEntries(kept), children }];
  if (children.length === 0) return [];
  return kept.length === 0 ? children : [shared({ name, attributes: Object.fromEntries(kept), children })];
}

/** Joins neighbouring outlines that look the same and say nothing into one. */
function joined(children: readonly (SvgElement | string)[]): (SvgElement | string)[] {
  const look = (node: SvgElement): string => JSON.stringify({ ...node.attributes, d: '' });
  const result: (SvgElement | string)[] = [];
  for (const child of children) {
    const last = result.at(-1);
    const silent = typeof child === 'object' && child.name === 'path' && child.children.length === 0;
    const same =
      silent &&
      typeof last === 'object' &&
      last.name === 'path' &&
      last.children.length === 0 &&
      look(last) === look(child);
    if (same)
      result[result.length - 1] = {
        ...last,
        attributes: { ...last.attributes, d: `${last.attributes.d}${child.attributes.d}` },
      };
    else result.push(child);
  }
  return result;
}

const SHARED = ['stroke', 'stroke-width', 'fill', 'font-size', 'font-weight', 'text-anchor'];

/** Moves attributes that neighbouring marks share to a group around them. */
function shared(group: SvgElement): SvgElement {
  const runs: { key: string; marks: SvgElement[] }[] = [];
  for (const child of group.children) {
    if (typeof child === 'string') return group;
    const own = Object.entries(child.attributes).filter(([key]) => SHARED.includes(key));
    const key = child.name === 'g' ? '' : JSON.stringify([child.name, own.filter(([k]) => k !== 'fill')]);
    const last = runs.at(-1);
    if (key !== '' && last?.key === key) last.marks.push(child);
    else runs.push({ key, marks: [child] });
  }
  const children = runs.flatMap(({ key, marks }): SvgElement[] => {
    if (key === '' || marks.length < 3) return marks;
    const common = SHARED.filter((name) => {
      const value = marks[0]!.attributes[name];
      return value !== undefined && marks.every((mark) => mark.attributes[name] === value);
    });
    if (common.length === 0) return marks;
    const without = marks.map((mark) => ({
      ...mark,
      attributes: Object.fromEntries(
        Object.entries(mark.attributes).filter(([name]) => !common.includes(name)),
      ),
    }));
    const attributes = Object.fromEntries(common.map((name) => [name, marks[0]!.attributes[name]!]));
    return [{ name: 'g', attributes, children: without }];
  });
  return { ...group, children };
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
