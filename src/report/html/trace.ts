import { countsTable, privilegedTable } from '../counts.ts';
import type { Facts } from '../facts.ts';
import { count } from '../numbers.ts';
import { instructions, noteLines, warmupSentence } from '../text.ts';
import { cleanText, plural } from '../words.ts';
import { changeContent, fileOf, groupContents, timeContent } from './contents.ts';
import { differenceBox, type PageInputs } from './difference.ts';
import { escapeHtml, prose } from './escape.ts';
import { anchor, type FigureContent, figure, type Writer } from './figure.ts';
import { footprintContents, footprints } from './footprints.ts';
import { atStart } from './live.ts';
import { actions, decisions, numaContents } from './numa.ts';
import { downloads, type ExactValues, tableDetails } from './table.ts';

/** Everything of one trace: facts, charts, counts, notes. `id` is unique in the page. */
export async function traceSection(
  writer: Writer,
  facts: Facts,
  inputs: PageInputs,
  id: string,
): Promise<string> {
  const file = fileOf(facts);
  const parts = [
    `<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${escapeHtml(facts.trace)}${anchor(id)}</h2>`,
    `<p class="facts">${prose(traceFacts(facts))}</p>`,
  ];
  const draw = async (contents: readonly FigureContent[]): Promise<void> => {
    for (const content of contents) parts.push(await figure(writer, content));
  };
  await draw([timeContent(facts, id)]);
  for (const [i, run] of facts.others.entries())
    await draw([
      {
        ...changeContent(facts, run, id, i),
        before: differenceBox(facts, run, inputs, `${id}-settings-${i + 1}`),
      },
    ]);
  await draw(numaContents(facts, id, file));
  parts.push(
    ...decisions(writer.exact, facts, id, file),
    ...actions(writer.exact, facts, id, file),
    ...footprints(writer, facts, id, file),
  );
  await draw(footprintContents(facts, id, file));
  await draw(groupContents(facts, id));
  parts.push(counts(writer.exact, facts, id, file), notes(facts), '</section>');
  return parts.join('\n');
}

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
    : `<h3 class="sub">Notes: what was assumed or is missing${atStart()}</h3><ul class="notes">${items.join('')}</ul>`;
}
