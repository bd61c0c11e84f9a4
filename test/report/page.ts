import { inflateRawSync } from 'node:zlib';
import type { RunResult } from '../../src/model/result.ts';
import { DECODE } from '../../src/report/html/base85.ts';
import { type HtmlOptions, type HtmlReport, renderHtml } from '../../src/report/html.ts';
import { fixtureDifference, fixtureLedger } from './fixture.ts';

/** Renders a page with the fixture's ledger. */
export function pageOf(result: RunResult, options: Partial<HtmlOptions> = {}): Promise<HtmlReport> {
  return renderHtml(result, { ledger: fixtureLedger, difference: fixtureDifference, ...options });
}

/** Text of HTML: entities resolved, tags dropped. */
export function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replaceAll('\u00A0', ' ');
}

/** One element by its id, with what is inside. */
export function element(html: string, tag: string, id: string): string {
  const found = new RegExp(`<${tag} id="${id}"[\\s\\S]*?</${tag}>`).exec(html)?.[0];
  if (!found) throw new Error(`the page has no ${tag} ${id}`);
  return found;
}

export interface Row {
  readonly path: string;
  readonly kind: string;
  /** Exact values. */
  readonly values: readonly string[];
  readonly texts: readonly string[];
}

/** What the page's script makes downloads from. */
export function dataOf(html: string): {
  readonly specs: Readonly<Record<string, { readonly $schema: string }>>;
  readonly tables: Readonly<Record<string, readonly (readonly (string | null)[])[]>>;
} {
  return inflated(html, 'data');
}

/** What the page's script puts into it: what prices are moved with. */
export const liveOf = (html: string): { readonly panel: string; readonly script: string } =>
  inflated(html, 'live');

function inflated<T>(html: string, id: string): T {
  const text = new RegExp(`<script type="application/json" id="${id}">(.*?)</script>`).exec(html)![1]!;
  const { data } = JSON.parse(text) as { data: string };
  return JSON.parse(inflateRawSync(bytesOf(data)).toString());
}

/** What the page's own script makes of such text. */
export const bytesOf = new Function('text', `${DECODE} return bytesOf(text);`) as (
  text: string,
) => Uint8Array;

/** Rows of a table's body; those without figures have no values. */
export function rowsOf(html: string, id: string): Row[] {
  const body = /<tbody>([\s\S]*)<\/tbody>/.exec(element(html, 'table', id))![1]!;
  const exact = dataOf(html).tables[id]!.slice(1).values();
  return [...body.matchAll(/<tr(?: class="(\w+)")?>([\s\S]*?)<\/tr>/g)].map(([, kind, row]) => {
    const texts = [...row!.matchAll(/<(t[hd])[^>]*>([\s\S]*?)<\/\1>/g)].map(([, , content]) =>
      textOf(content!),
    );
    const [label = '', ...figures] = texts;
    const [path, ...values] = figures.length === 0 ? [label] : exact.next().value!;
    return {
      kind: kind ?? 'part',
      path: path!,
      values: values.map((value, i) => value ?? figures[i]!),
      texts: figures,
    };
  });
}

export interface Piece {
  readonly title: string;
  readonly left: number;
  readonly width: number;
}

/** Rectangles of a chart with their titles and places in pixels. */
export function piecesOf(svg: string): Piece[] {
  return [
    ...svg.matchAll(/<path d="M(-?[\d.]+),-?[\d.]+h(-?[\d.]+)v[^"]*"[^>]*><title>([^<]*)<\/title>/g),
  ].map(([, left, width, title]) => ({ title: textOf(title!), left: Number(left), width: Number(width) }));
}
