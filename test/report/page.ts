import type { RunResult } from '../../src/model/result.ts';
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

/** Rows of a table's body. */
export function rowsOf(table: string): Row[] {
  const body = /<tbody>([\s\S]*)<\/tbody>/.exec(table)![1]!;
  return [...body.matchAll(/<tr(?: class="(\w+)")?>([\s\S]*?)<\/tr>/g)].map(([, kind, row]) => {
    const cells = [...row!.matchAll(/<(t[hd])([^>]*)>([\s\S]*?)<\/\1>/g)].map(
      ([, , attributes, content]) => ({
        text: textOf(content!),
        value: textOf(/ data-v="([^"]*)"/.exec(attributes!)?.[1] ?? content!),
      }),
    );
    return {
      kind: kind ?? 'part',
      path: cells[0]!.value,
      values: cells.slice(1).map((cell) => cell.value),
      texts: cells.slice(1).map((cell) => cell.text),
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
