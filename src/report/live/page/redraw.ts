import type { Facts } from '../../facts.ts';
import { effectTable } from '../../html/effects.ts';
import { escapeHtml, heading, prose, sentence } from '../../html/escape.ts';
import { type FigureContent, svgId } from '../../html/figure.ts';
import { legend } from '../../html/legend.ts';
import { htmlTable } from '../../html/table.ts';
import { traceContents } from '../../html/trace-contents.ts';
import { actionsTable } from '../../numa-page-tables.ts';
import type { Table } from '../../table.ts';
import { verdictParts } from '../../verdict.ts';
import { structuresFinding, structuresTable } from '../all-structures.ts';
import { paint } from '../paint.ts';
import { comfort } from './comfort.ts';
import type { AllStructures } from './stages.ts';

/** Writes the page's findings, charts and tables anew, by the functions that wrote them at first. */
export interface Redraw {
  /** What can be seen, at once; the rest waits for `finish`. `ids`: beginnings of the ids of figures. */
  show(all: readonly Facts[], ids: readonly string[]): void;
  finish(): void;
  /** The table of all structures of a sweep's page. */
  structures(all: AllStructures): void;
}

/** A part of the page that is written as a whole. */
interface Unit {
  readonly id: string;
  /** `false`: what can be seen without opening anything. */
  readonly write: (whole: boolean) => void;
}

export function createRedraw(): Redraw {
  /** Figures near the part of the page that is on the screen. */
  const near = new Set<string>();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries)
        if (isIntersecting) near.add(target.id);
        else near.delete(target.id);
    },
    { rootMargin: '25%' },
  );
  // Of a sweep's page what is of all cells stays as it is.
  const moving = document.getElementById('choice') ?? document;
  const figures = [...moving.querySelectorAll<HTMLElement>('figure[id]:not([data-counted])')];
  for (const figure of figures) watcher.observe(figure);
  let left: Unit[] = [];
  /** Causes in the legend, as far as it was written here. */
  let causes: string | null = null;

  const finish = (): void => {
    const waiting = left;
    left = [];
    for (const unit of waiting) unit.write(true);
  };

  const show: Redraw['show'] = (all, ids) => {
    const { answer, why } = verdictParts(all);
    const reason = document.getElementById('why')!;
    setHtml('answer', heading(answer));
    setHtml('why', heading(sentence(why)));
    reason.hidden = why === '';
    if (document.getElementById('effects') !== null) writeTable('effects', effectTable(all));
    const now = causesOf(all);
    if (now !== causes) document.getElementById('legend')!.outerHTML = legend(all);
    causes = now;

    const units = all.flatMap((facts, i) => unitsOf(facts, ids[i]!));
    const drawn = new Set(units.map(({ id }) => id));
    // A finding may have nothing left to say, as when all its prices are zero.
    for (const figure of figures) figure.hidden = !drawn.has(figure.id);
    for (const unit of units) if (near.has(unit.id)) unit.write(false);
    left = units;
  };
  const structures: Redraw['structures'] = ({ names, totals, bands }) => {
    setHtml('structures-finding', prose(structuresFinding(names, totals, bands)));
    writeTable('structures', structuresTable(names, totals));
  };
  return { show, finish, structures };
}

const causesOf = (all: readonly Facts[]): string =>
  [...new Set(all.flatMap((facts) => facts.cells.map(({ cause }) => cause)))].sort().join();

function unitsOf(facts: Facts, id: string): Unit[] {
  const contents = traceContents(facts, id).filter(({ counted }) => !counted);
  const actions = `${id}-actions-table`;
  return [
    ...contents.filter((content) => document.getElementById(content.id) !== null).map(figureUnit),
    ...(document.getElementById(actions) === null
      ? []
      : [{ id: actions, write: () => writeTable(actions, actionsTable(facts)) }]),
  ];
}

/** The specification of a figure’s chart, where it can be made of such facts. */
export function specOf(all: readonly Facts[], ids: readonly string[], svg: string): object | undefined {
  const contents = all.flatMap((facts, i) => traceContents(facts, ids[i]!));
  return contents.find((content) => svgId(content) === svg)?.chart().spec;
}

function figureUnit(content: FigureContent): Unit {
  const { id, finding } = content;
  const table = `${id}-table`;
  const written = { chart: false, table: false };
  return {
    id,
    write: (whole) => {
      if (!written.chart) drawChart(content);
      if (!written.chart) setHtml(`${id}-h`, heading(finding));
      written.chart = true;
      const details = document.getElementById(`${table}-d`) as HTMLDetailsElement | null;
      if (written.table || details === null || !(whole || details.open)) return;
      writeTable(table, content.table());
      written.table = true;
    },
  };
}

function drawChart(content: FigureContent): void {
  const { id, finding, how, chart } = content;
  const svg = document.getElementById(svgId(content));
  if (svg === null) return;
  const drawn = chart();
  const { width, height } = drawn;
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` }))
    svg.setAttribute(name, String(value));
  svg.innerHTML = `<title id="${id}-svg-t">${escapeHtml(finding)}</title><desc id="${id}-svg-d">${escapeHtml(how)}</desc>${paint(drawn)}`;
  comfort.specs[svgId(content)] = drawn.spec;
}

function writeTable(id: string, table: Table): void {
  const exact = new Map<string, readonly (readonly (string | null)[])[]>();
  const html = htmlTable(exact, table, id);
  document.getElementById(id)!.outerHTML = html;
  comfort.tables[id] = exact.get(id)!;
}

function setHtml(id: string, html: string): void {
  const element = document.getElementById(id)!;
  if (element.innerHTML !== html) element.innerHTML = html;
}
