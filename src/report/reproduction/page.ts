import { MISPRINTS } from '../../paper/published.ts';
import type { Reproduction } from '../../paper/reproduction.ts';
import { InputError } from '../../trace/errors.ts';
import { openDrawer } from '../charts/svg.ts';
import { escapeHtml, heading, prose } from '../html/escape.ts';
import { anchor, type Writer } from '../html/figure.ts';
import { documentOf } from '../html/parts.ts';
import { payload } from '../html/payload.ts';
import { downloads, htmlTable, scrollable, tableDetails } from '../html/table.ts';
import { byteSize } from '../numbers.ts';
import { cleanText, plural } from '../words.ts';
import { spreadSentence, verdictOn } from './finding.ts';
import { type ReproductionResult, renderReproductionJson } from './schema.ts';
import { exhibitSection } from './section.ts';
import { everyNumberTable, inputsTable, roleCounts, scoreDetails, scoresTable } from './tables.ts';
import { EXHIBIT_WORDS } from './words.ts';

export interface ReproductionPageOptions {
  /** Printed in the page so that a reader can repeat the run. */
  readonly commandLine?: string;
}

const MOST_BYTES = 1_000_000;

/**
 * The reproduction as one HTML page: no network, readable without script. The same input gives the same bytes.
 * @throws InputError if the page is larger than 1 MB.
 */
export async function renderReproductionPage(
  result: ReproductionResult,
  { commandLine }: ReproductionPageOptions = {},
): Promise<string> {
  const writer: Writer = { drawer: await openDrawer(), specs: new Map(), exact: new Map() };
  const sections: string[] = [];
  for (const exhibit of result.exhibits) sections.push(await exhibitSection(writer, result, exhibit));
  const body = `<a class="skip" href="#main">Skip to the report</a>
<header class="wrap top"><span><strong>vmtax</strong> reproduction</span><button type="button" id="theme" data-script hidden>Theme</button></header>
<main class="wrap" id="main">
${verdictCard(writer, result)}
${contents(result)}
${sections.join('\n')}
${inputsSection(writer, result)}
${numbersSection(writer, result)}
${provenanceSection(result, commandLine)}
</main>
<footer class="wrap">One file, nothing loaded from elsewhere. Published numbers: Bugnion, Devine, Rosenblum, “Disco: Running Commodity Operating Systems on Scalable Multiprocessors”, SOSP 1997.</footer>`;
  const data = payload(renderReproductionJson(result, { indent: 0 }), writer, null);
  const html = documentOf(`${verdictOn(result).answer} · vmtax`, body, data, null);
  const bytes = Buffer.byteLength(html);
  if (bytes > MOST_BYTES)
    throw new InputError(
      `the page would be ${byteSize(bytes)}, more than ${byteSize(MOST_BYTES)}: name fewer exhibits`,
    );
  return html;
}

/** The card at the top: does the model reproduce the paper, by which measure, and what does it not do. */
function verdictCard(writer: Writer, result: Reproduction): string {
  const { answer, why } = verdictOn(result);
  const scored = result.numbers.filter(({ reason }) => reason === null);
  const sets = result.inputs.filter(({ set }) => set);
  const entries = [
    [
      'Numbers',
      `${result.numbers.length} published: ${roleCounts(result.numbers)}. ${scored.length} can say something about the model.`,
    ],
    ['Inputs', inputCounts(result)],
    [
      'Run',
      `${scaleText(result.scale)}, seed ${result.seed}. The same inputs give the same numbers to the last digit.`,
    ],
    ['Spread', spreadSentence(result)],
    ['Changed', sets.map(({ path, value }) => `${cleanText(path)} = ${value}`).join(', ')],
  ].filter(([, text]) => text !== '');
  const details = scoreDetails(result.scores, result.numbers);
  return (
    '<div class="verdict"><p class="asks">How well does the model reproduce the evaluation of Disco?</p>' +
    `<h1>${heading(answer)}</h1><p class="why">${prose(why)}</p>` +
    scrollable('scores-c', htmlTable(writer.exact, scoresTable(result.scores), 'scores')) +
    `<dl class="facts-list">${entries.map(([term, text]) => `<dt>${term}</dt><dd>${prose(text!)}</dd>`).join('')}</dl>` +
    (details.length === 0
      ? ''
      : `<details id="score-details"><summary>What decides each score</summary><ul class="notes">${details.map((text) => `<li>${prose(text)}</li>`).join('')}</ul></details>`) +
    downloads('scores-c', [{ kind: 'csv', of: 'scores', name: 'vmtax-reproduction-scores' }]) +
    '</div>'
  );
}

const scaleText = (scale: number): string =>
  scale === 1
    ? 'Runs as long as the paper’s'
    : `${Number((100 * scale).toPrecision(3))} % of the paper’s run lengths`;

function inputCounts({ inputs }: Reproduction): string {
  const of = (role: string): number => inputs.filter((input) => input.role === role).length;
  return `${inputs.length}, one value each for all exhibits: ${of('measured')} measured, ${of('calibrated')} calibrated on published numbers, ${of('assumed')} assumed.`;
}

function contents({ exhibits }: Reproduction): string {
  const links = [
    ...exhibits.map((exhibit) => [exhibit, EXHIBIT_WORDS[exhibit].name]),
    ['inputs', 'Inputs'],
    ['numbers', 'All numbers'],
    ['provenance', 'Provenance'],
  ];
  return `<nav aria-label="Contents"><ul class="toc">${links.map(([id, name]) => `<li><a href="#${id}">${escapeHtml(name!)}</a></li>`).join('')}</ul></nav>`;
}

const opened = (id: string, title: string): string =>
  `<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${title}${anchor(id)}</h2>`;

function inputsSection(writer: Writer, result: Reproduction): string {
  const calibrated = result.inputs.filter(({ role }) => role === 'calibrated');
  return (
    opened('inputs', 'Inputs and where they come from') +
    `<p class="facts">${prose(inputCounts(result))} ${prose(`Calibrated inputs were fitted to the numbers that they name and to no others; npm run calibrate does it again${calibrated.length === 0 ? '' : `: ${calibrated.length} ${plural(calibrated.length, 'input')}`}.`)}</p>` +
    tableDetails(writer.exact, inputsTable(result.inputs), 'ledger', 'The ledger of inputs') +
    downloads('inputs-h', [{ kind: 'csv', of: 'ledger', name: 'vmtax-reproduction-inputs' }]) +
    '</section>'
  );
}

function numbersSection(writer: Writer, result: Reproduction): string {
  const misprints = MISPRINTS.map(
    ({ where, problem, choice }) => `<li>${prose(`${where}: ${problem}. Choice: ${choice}.`)}</li>`,
  );
  const notes = result.notes.map((note) => `<li>${prose(cleanText(note))}</li>`);
  return (
    opened('numbers', 'All published numbers') +
    `<p class="facts">${prose(`${roleCounts(result.numbers)}. A number that cannot come out wrong, or that repeats others, counts for nothing in any score.`)}</p>` +
    tableDetails(writer.exact, everyNumberTable(result.numbers), 'every', 'Every number with its role') +
    downloads('numbers-h', [{ kind: 'csv', of: 'every', name: 'vmtax-reproduction-numbers' }]) +
    (notes.length === 0
      ? ''
      : `<h3 class="sub">What was assumed, and what the model lacks</h3><ul class="notes">${notes.join('')}</ul>`) +
    `<h3 class="sub">Misprints of the source</h3><ul class="notes">${misprints.join('')}</ul></section>`
  );
}

function provenanceSection(result: ReproductionResult, commandLine?: string): string {
  const command = commandLine
    ? `<p class="facts">To get this page again:</p><pre id="command">${escapeHtml(cleanText(commandLine))}</pre>` +
      '<p class="tools" data-script hidden><button type="button" data-copy="command">Copy command</button></p>'
    : '';
  return (
    opened('provenance', 'Provenance') +
    `<p class="facts">${escapeHtml(`${result.tool.name} ${cleanText(result.tool.version)}, result format ${result.schema}. The page holds the whole result.`)}</p>` +
    downloads('provenance-h', [{ kind: 'result', of: '', name: 'vmtax-reproduction' }]) +
    `${command}</section>`
  );
}
