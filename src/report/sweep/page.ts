import { fieldDoc } from '../../model/systems/ledger.ts';
import { placeOf } from '../../sweep/leaves.ts';
import { InputError } from '../../trace/errors.ts';
import { openDrawer } from '../charts/svg.ts';
import { capital, escapeHtml, heading, prose } from '../html/escape.ts';
import { anchor, figure, type Writer } from '../html/figure.ts';
import { documentOf } from '../html/parts.ts';
import { payload } from '../html/payload.ts';
import { downloads, htmlTable, scrollable, tableDetails } from '../html/table.ts';
import { liveScript } from '../live/asset.ts';
import { byteSize } from '../numbers.ts';
import { cleanText, plural } from '../words.ts';
import { figuresOf, isDrawable, rangesOf } from './figures.ts';
import { bestText, headline, inertText } from './finding.ts';
import { type Choice, choiceOf } from './live.ts';
import { priceBands } from './price-bands.ts';
import { breakEvenTable, cellsTable } from './tables.ts';
import { comparedSystems, type SweepView, structuresWithResults } from './view.ts';
import { claimSentence, leafText } from './words.ts';

export interface SweepPageOptions {
  readonly tool: { readonly name: string; readonly version: string };
  /** Printed in the page so that a reader can repeat the sweep. */
  readonly commandLine?: string;
}

const MOST_BYTES = 1_000_000;
/** Traces with charts of their own. */
const MOST_TRACES = 4;
/** Values of an axis that are named one by one. */
const MOST_NAMED = 12;

/**
 * A sweep as one HTML page: no network, readable without script. The same input gives the same bytes; whatever the
 * sweep’s size, what is drawn is thinned out and says so.
 * @throws InputError if the page is larger than 1 MB all the same.
 */
export async function renderSweepPage(
  view: SweepView,
  { tool, commandLine }: SweepPageOptions,
): Promise<string> {
  const writer: Writer = { drawer: await openDrawer(), specs: new Map(), exact: new Map() };
  const traces = [...view.layout.traces.keys()];
  const sections: string[] = [];
  for (const trace of traces.slice(0, MOST_TRACES)) sections.push(await traceSection(writer, view, trace));
  const card = verdictCard(writer, view);
  const page = (choice: Choice | null): string => {
    const body = `<a class="skip" href="#main">Skip to the report</a>
<header class="wrap top"><span><strong>vmtax</strong> sweep</span><button type="button" id="theme" data-script hidden>Theme</button>${choice?.button ?? ''}</header>
<main class="wrap" id="main">
${card}
${contents(view, choice !== null)}
${sections.join('\n')}
${choice === null ? '' : `${choice.section}\n`}${provenance(view, tool, commandLine)}
</main>
<footer class="wrap">One file, nothing loaded from elsewhere. Times are modelled from counted events and prices.</footer>`;
    const title = capital(headline(view, bestTrace(view)));
    const result = { schema: 'vmtax.sweep-page/1', tool, plan: planOf(view), ...view.analysis };
    const data = payload(JSON.stringify(result), choice?.writer ?? writer, choice?.carried ?? null);
    const part = choice === null ? null : { script: liveScript(), panel: choice.panel };
    return documentOf(`${title} · vmtax`, body, data, part);
  };
  const still = page(null);
  const bytes = Buffer.byteLength(still);
  if (bytes > MOST_BYTES)
    throw new InputError(
      `the page would be ${byteSize(bytes)}, more than ${byteSize(MOST_BYTES)}: sweep fewer systems or traces at a time`,
    );
  const choice = await choiceOf(writer, view.offers, priceBands(view), page, MOST_BYTES);
  return choice === null ? still : page(choice);
}

/** The trace that the title speaks of: the first on which something can be compared. */
const bestTrace = (view: SweepView): number =>
  Math.max(
    0,
    [...view.layout.traces.keys()].findIndex((trace) => isDrawable(view, trace)),
  );

/** The plan without long lists: its command line has them. */
function planOf({ layout }: SweepView) {
  const { axes, ...plan } = layout.plan;
  return {
    ...plan,
    axes: axes.map(({ path, values }) =>
      values.length <= 200
        ? { path, values }
        : { path, count: values.length, first: values[0], last: values.at(-1) },
    ),
  };
}

const items = (texts: readonly string[]): string => texts.map((text) => `<li>${prose(text)}</li>`).join('');

function verdictCard(writer: Writer, view: SweepView): string {
  const { layout, failed, analysis } = view;
  const at = bestTrace(view);
  const several = layout.traces.length > 1;
  const rows = layout.cells.count * layout.traces.reduce((sum, { systems }) => sum + systems.length, 0);
  const planned = layout.structures.length;
  const replayed = structuresWithResults(view);
  const certainty = analysis.sensitivity.flatMap(({ trace, monteCarlo }) =>
    monteCarlo.systems
      .filter(({ difference }) => difference !== null)
      .map(
        (bands) =>
          `${several ? `${cleanText(trace)}: ` : ''}${claimSentence(bands, monteCarlo.systems[0]!.name)}`,
      ),
  );
  const facts = [
    ['Varied', layout.axes.map((_, axis) => axisText(view, axis)).join('; ')],
    [
      'Sweep',
      `${layout.cells.count.toLocaleString('en')} ${plural(layout.cells.count, 'cell')}, ${rows.toLocaleString('en')} rows, ${replayed.toLocaleString('en')} ${plural(replayed, 'structure')} of systems replayed${replayed < planned ? ` of ${planned.toLocaleString('en')} planned` : ''}. The same inputs give the same numbers to the last digit.`,
    ],
    ['Without effect', inertText(view, at)],
    [
      'Least',
      // What is cheapest of prices alone goes without saying.
      layout.axes.every(({ price }) => price)
        ? ''
        : comparedSystems(view, at)
            .slice(0, 4)
            .map((system) => bestText(view, at, system))
            .join(' '),
    ],
    [
      'Certainty',
      certainty.length === 0
        ? 'Not asked for: --sensitivity says how far these numbers rest on inputs that nobody measured.'
        : certainty.slice(0, 6).join(' '),
    ],
    [
      'Missing',
      failed === 0 ? '' : `${failed.toLocaleString('en')} ${plural(failed, 'row')} without a result.`,
    ],
    [
      'Not drawn',
      several && layout.traces.length > MOST_TRACES
        ? `${layout.traces.length - MOST_TRACES} more traces; the files have them.`
        : '',
    ],
  ].filter(([, text]) => text !== '');
  const others = [...layout.traces.keys()]
    .filter((trace) => trace !== at)
    .map((trace) => `${cleanText(layout.traces[trace]!.name)}: ${headline(view, trace)}.`);
  return (
    '<div class="verdict"><p class="asks">What would it cost if?</p>' +
    `<h1>${heading(capital(headline(view, at)))}</h1>` +
    `<p class="why">${prose(rangesOf(view, at).slice(0, 4).join(' '))}</p>` +
    (several
      ? `<p class="facts">${prose(`That is on ${cleanText(layout.traces[at]!.name)}; the other traces:`)}</p><ul class="notes">${items(others.slice(0, 12))}</ul>`
      : '') +
    breakEvens(writer, view) +
    `<dl class="facts-list">${facts.map(([term, text]) => `<dt>${term}</dt><dd>${prose(text!)}</dd>`).join('')}</dl>` +
    (analysis.breakEven.length === 0
      ? ''
      : downloads('break-even-c', [{ kind: 'csv', of: 'break-even', name: 'vmtax-sweep-break-even' }])) +
    '</div>'
  );
}

/** A few break-evens are in the card, many below a disclosure. */
function breakEvens(writer: Writer, { analysis }: SweepView): string {
  const { length } = analysis.breakEven;
  if (length === 0) return '';
  const table = breakEvenTable(analysis.breakEven);
  return length <= 4
    ? scrollable('break-even-c', htmlTable(writer.exact, table, 'break-even'))
    : tableDetails(writer.exact, table, 'break-even', `All ${length} break-evens`);
}

/** `machine.l2.size: 256K bytes, …`, or how many there are and where they end. */
function axisText({ layout }: SweepView, at: number): string {
  const { path, values } = layout.axes[at]!;
  const [first, last] = [values[0]!, values.at(-1)!];
  const list =
    values.length <= MOST_NAMED
      ? values.map((value) => leafText(value, path)).join(', ')
      : `${values.length.toLocaleString('en')} values from ${leafText(first, path)} to ${leafText(last, path)}`;
  const { description } = fieldDoc(placeOf({ path }).path);
  return `${cleanText(path)}${description === '' ? '' : ` (${description})`}: ${list}`;
}

const traceId = (trace: number): string => `trace-${trace + 1}`;

function contents({ layout }: SweepView, withChoice: boolean): string {
  const links = [
    ...layout.traces.slice(0, MOST_TRACES).map(({ name }, trace) => [traceId(trace), cleanText(name)]),
    ...(withChoice
      ? [
          ['choice', 'One structure, part by part'],
          ['legend', 'Causes'],
        ]
      : []),
    ['provenance', 'Provenance'],
  ];
  return `<nav aria-label="Contents"><ul class="toc">${links.map(([id, name]) => `<li><a href="#${id}">${escapeHtml(name!)}</a></li>`).join('')}</ul></nav>`;
}

async function traceSection(writer: Writer, view: SweepView, trace: number): Promise<string> {
  const id = traceId(trace);
  const parts: string[] = [];
  if (isDrawable(view, trace))
    for (const content of figuresOf(view, trace, id)) parts.push(await figure(writer, content));
  const { name, systems } = view.layout.traces[trace]!;
  const names = systems.map((system) => cleanText(system.name)).join(', ');
  return (
    `<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${escapeHtml(cleanText(name))}${anchor(id)}</h2>` +
    `<p class="facts">${prose(`Systems: ${names}${systems.length > 1 ? '; the first is the baseline' : ''}.`)}</p>` +
    parts.join('') +
    '<h3 class="sub">All cells</h3>' +
    tableDetails(writer.exact, cellsTable(view, trace), `${id}-cells`, 'Every cell as a table') +
    downloads(`${id}-h`, [{ kind: 'csv', of: `${id}-cells`, name: 'vmtax-sweep-cells' }]) +
    '</section>'
  );
}

function provenance(
  view: SweepView,
  { name, version }: SweepPageOptions['tool'],
  commandLine: string | undefined,
): string {
  const { plan } = view.layout;
  const set = plan.set.length === 0 ? '' : ` What all cells share: ${plan.set.map(cleanText).join(', ')}.`;
  const command = commandLine
    ? `<p class="facts">To get this page again:</p><pre id="command">${escapeHtml(cleanText(commandLine))}</pre>` +
      '<p class="tools" data-script hidden><button type="button" data-copy="command">Copy command</button></p>'
    : '';
  return (
    `<section id="provenance" aria-labelledby="provenance-h"><h2 id="provenance-h">Provenance${anchor('provenance')}</h2>` +
    `<p class="facts">${escapeHtml(`${name} ${cleanText(version)}, design ${plan.design.kind}.${set} The page holds the plan, the tables and what was asked beyond the rows; --csv, --json and --parquet write all rows.`)}</p>` +
    downloads('provenance-h', [{ kind: 'result', of: '', name: 'vmtax-sweep' }]) +
    `${command}</section>`
  );
}
