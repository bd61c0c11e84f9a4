import type { Chart } from '../charts/chart.ts';
import type { Drawer } from '../charts/svg.ts';
import type { Table } from '../table.ts';
import { heading, prose } from './escape.ts';
import { downloads, type ExactValues, scrollable, tableDetails } from './table.ts';

/** One chart of the page: the question, the finding, the picture, how to read it, and its table. */
export interface FigureContent {
  /** Unique in the page; ids of parts are made from it. */
  readonly id: string;
  /** Stem of the names of downloaded files. */
  readonly file: string;
  readonly question: string;
  readonly finding: string;
  readonly how: string;
  /** Made when they are drawn: a page whose prices are moved needs few of them at a time. */
  readonly chart: () => Chart;
  readonly table: () => Table;
  /** Whether it is of counts alone, so that no price changes it. */
  readonly counted?: boolean;
  /** HTML between question and picture, e.g. what differs between the systems. */
  readonly before?: string;
}

/** What the page's parts are written with: charts are drawn, and their specifications kept for download. */
export interface Writer {
  readonly drawer: Drawer;
  readonly specs: Map<string, object>;
  readonly exact: ExactValues;
}

/** Id of a figure’s chart. */
export const svgId = ({ id }: FigureContent): string => `${id}-svg`;

export async function figure(writer: Writer, content: FigureContent): Promise<string> {
  const { id, finding, file } = content;
  const chart = content.chart();
  const drawn = svgId(content);
  writer.specs.set(drawn, chart.spec);
  const svg = await writer.drawer.draw(chart, { id: drawn, title: finding, description: content.how });
  return (
    `<figure id="${id}"${content.counted ? ' data-counted' : ''}>` +
    `<figcaption class="lead"><p class="asks">${prose(content.question)}</p>` +
    `<h3><span id="${id}-h">${heading(finding)}</span>${anchor(id)}</h3></figcaption>` +
    `${content.before ?? ''}` +
    `<div class="plot">${scrollable(`${id}-h`, svg)}</div>` +
    `<p class="how">${prose(content.how)}</p>` +
    tableDetails(writer.exact, content.table(), `${id}-table`, 'The same numbers as a table') +
    downloads(`${id}-h`, [
      { kind: 'svg', of: drawn, name: file },
      { kind: 'csv', of: `${id}-table`, name: file },
      { kind: 'spec', of: drawn, name: file },
    ]) +
    '</figure>'
  );
}

/** A link to a heading, to be copied from the address bar. */
export function anchor(id: string): string {
  return `<a class="anchor" href="#${id}" aria-label="Link to this part">#</a>`;
}
