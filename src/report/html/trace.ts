import { breakdownChart } from '../charts/breakdown.ts';
import { ownerChart, SERVICE_BARS, serviceChart, serviceRuns } from '../charts/groups.ts';
import { waterfallChart } from '../charts/waterfall.ts';
import { countsTable, privilegedTable } from '../counts.ts';
import { contextsOf, type Facts, ownersOf } from '../facts.ts';
import { breakdownFinding, headline, ownerFinding, serviceFinding } from '../finding.ts';
import { count } from '../numbers.ts';
import { breakdownTable, changeTable, ownerTable, serviceTable } from '../table.ts';
import { instructions, noteLines, warmupSentence } from '../text.ts';
import { cleanText, OWNER_WORDS, plural } from '../words.ts';
import { differenceBox, type PageInputs } from './difference.ts';
import { escapeHtml, prose, slug } from './escape.ts';
import { anchor, figure, type Writer } from './figure.ts';
import { footprints } from './footprints.ts';
import { numaFigures } from './numa.ts';
import { downloads, type ExactValues, tableDetails } from './table.ts';

/** Everything of one trace: facts, charts, counts, notes. `id` is unique in the page. */
export async function traceSection(
  writer: Writer,
  facts: Facts,
  inputs: PageInputs,
  id: string,
): Promise<string> {
  const file = `vmtax-${slug(facts.trace)}`;
  const { baseline } = facts;
  const parts = [
    `<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${escapeHtml(facts.trace)}${anchor(id)}</h2>`,
    `<p class="facts">${prose(traceFacts(facts))}</p>`,
    await figure(writer, {
      id: `${id}-time`,
      file: `${file}-breakdown`,
      question: 'Where does the time go?',
      finding: breakdownFinding(facts),
      how:
        'One bar per system, all from zero on one scale; its length is the time of all CPUs together. Pieces are causes, ' +
        'always in the same order and colour; the lines below gather them by who was running. Point at a piece to see its figure.',
      chart: breakdownChart(facts),
      table: breakdownTable(facts),
    }),
  ];
  for (const [i, run] of facts.others.entries())
    parts.push(
      await figure(writer, {
        id: `${id}-change-${i + 1}`,
        file: `${file}-${slug(run.name)}-change`,
        question: `What does ${run.name} change, and why?`,
        finding: headline(facts, run),
        how:
          `Read from top to bottom: each step starts where the one before ended. To the right time is added, to the left it is saved; ` +
          `nothing is netted inside a step. The last bar is the sum of all steps. Change: percent of the time of ${baseline.name}.`,
        chart: waterfallChart(facts, run),
        table: changeTable(facts, run),
        before: differenceBox(facts, run, inputs, `${id}-settings-${i + 1}`),
      }),
    );
  parts.push(...(await numaFigures(writer, facts, id, file)), ...footprints(writer, facts, id, file));
  if (ownersOf(facts).length > 0)
    parts.push(
      await figure(writer, {
        id: `${id}-owner`,
        file: `${file}-owners`,
        question: 'Who could remove the time?',
        finding: ownerFinding(facts),
        how: `Each piece of time belongs to the one party whose change could remove it: ${ownerList()}. Where time is spent and who could remove it are different questions. Bars start at zero on one scale; colours are causes, grey gathers pieces too small to draw apart.`,
        chart: ownerChart(facts),
        table: ownerTable(facts),
      }),
    );
  if (contextsOf(facts).some((context) => context.runs.some((run) => run.outside > 0)))
    parts.push(
      await figure(writer, {
        id: `${id}-services`,
        file: `${file}-services`,
        question: 'Which services of the operating system take the time?',
        finding: serviceFinding(facts),
        how:
          `Time of kernel, monitor, locks and idling by the service that was open; “user code” is what its own TLB misses and faults cost. ` +
          `User code’s own execution is left out. The ${SERVICE_BARS} largest are drawn${serviceRuns(facts).length < facts.runs.length ? ', with the systems that differ most from the baseline' : ''}; colours are causes, grey gathers pieces too small to draw apart.`,
        chart: serviceChart(facts),
        table: serviceTable(facts),
      }),
    );
  parts.push(counts(writer.exact, facts, id, file), notes(facts), '</section>');
  return parts.join('\n');
}

const ownerList = (): string =>
  Object.values(OWNER_WORDS)
    .map(({ name, how }) => `${name} (${how})`)

    .join('; ');

/** What the trace is, in a paragraph. */
function traceFacts(facts: Facts): string {
  const { header, summary } = facts.comparison.trace;
  const level =
    header.level === 'system' ? 'User and kernel recorded' : 'User code recorded, the kernel is modelled';
  const physical = header.physical ? '' : ' Physical pages are not recorded: they equal the virtual ones.';
  return (
    `${level} on ${header.cpus} ${plural(header.cpus, 'CPU')}; format ${cleanText(header.format)}. ` +
    `${instructions(summary.instructions)} recorded, ${count(facts.baseline.run.tally.instructions)} counted. ` +
    `${warmupSentence(facts.comparison)}${physical}`
  );
}

function counts(exact: ExactValues, facts: Facts, id: string, file: string): string {
  const tables = [
    { table: countsTable(facts), key: 'counts', summary: 'Counts: instructions, TLB, caches, events' },
    { table: privilegedTable(facts), key: 'privileged', summary: 'Privileged operations by kind' },
  ].filter(({ table }) => table.rows.length > 0);
  if (tables.length === 0) return '';
  const list = tables.map(({ table, key, summary }) => tableDetails(exact, table, `${id}-${key}`, summary));
  return (
    `<div id="${id}-counted"><h3 class="sub"><span id="${id}-counted-h">What was counted</span>${anchor(`${id}-counted`)}</h3>` +
    `<p class="how">Integers from the replay, before any price: they can be compared with another simulator’s.</p>` +
    `${list.join('')}${downloads(
      `${id}-counted-h`,
      tables.map(({ key }) => ({ kind: 'csv' as const, of: `${id}-${key}`, name: `${file}-${key}` })),
    )}</div>`
  );
}

function notes(facts: Facts): string {
  const items = noteLines(facts).map(
    ({ note, systems }) =>
      `<li>${prose(note)}${systems === null ? '' : ` <span class="muted">(${escapeHtml(systems.join(', '))})</span>`}</li>`,
  );
  return items.length === 0
    ? ''
    : `<h3 class="sub">Notes: what was assumed or is missing</h3><ul class="notes">${items.join('')}</ul>`;
}
