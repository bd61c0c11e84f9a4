import { ledger } from '../../model/systems/ledger.ts';
import type { CountedOffer } from '../../sweep/kept.ts';
import { type Facts, factsOf, factsWithBands } from '../facts.ts';
import { changeContent, timeContent } from '../html/contents.ts';
import { effectTable } from '../html/effects.ts';
import { escapeHtml, heading, prose, sentence } from '../html/escape.ts';
import { anchor, figure, type Writer } from '../html/figure.ts';
import { legend } from '../html/legend.ts';
import { panel, panelButton } from '../html/live.ts';
import { downloads, htmlTable, scrollable, tableDetails } from '../html/table.ts';
import { idleInputs } from '../idle-inputs.ts';
import { type StructureTotals, structuresFinding, structuresTable } from '../live/all-structures.ts';
import { type CarriedSweep, structureComparison } from '../live/structures.ts';
import { verdictParts } from '../verdict.ts';
import { cleanText } from '../words.ts';
import { type Bands, carriedSweep } from './carried.ts';

/**
 * One structure of a sweep in its page: where its time goes, at prices that can be moved, and which structure that is.
 * As the page is written it is that of the first trace nearest to the systems as they are; script shows others.
 */

/** Systems whose change is drawn. */
const MOST_CHANGES = 3;

/** Name of the part of the page, by which its script finds it. */
const ID = 'choice';

/** The parts of a page in which one structure is priced anew. */
export interface Choice {
  readonly section: string;
  readonly button: string;
  readonly panel: string;
  /** With what the section's charts and tables are downloaded from. */
  readonly writer: Writer;
  readonly carried: CarriedSweep;
}

/** Bytes that are left for what deflating the whole does worse than deflating its parts. */
const MARGIN = 4000;

/**
 * As many structures as a page of so many bytes has room for; null: none was kept, or there is no room for a single one.
 * `page`: what is written with a choice.
 */
export async function choiceOf(
  writer: Writer,
  offers: readonly (CountedOffer | null)[],
  bands: Bands,
  page: (choice: Choice) => string,
  mostBytes: number,
): Promise<Choice | null> {
  const all = carriedSweep(offers, Number.POSITIVE_INFINITY, bands);
  if (all === null) return null;
  const made = async (carried: CarriedSweep): Promise<Choice> => {
    const own: Writer = { ...writer, specs: new Map(writer.specs), exact: new Map(writer.exact) };
    return {
      section: await structureSection(own, offers, carried),
      button: choiceButton(carried),
      panel: choicePanel(carried),
      writer: own,
      carried,
    };
  };
  const whole = await made(all);
  const empty = { ...all, systems: [], counts: [], structures: [] };
  const room = mostBytes - MARGIN - Buffer.byteLength(page({ ...whole, carried: empty }));
  const carried = carriedSweep(offers, room, bands);
  if (carried === null) return null;
  const choice = carried.structures.length === all.structures.length ? whole : await made(carried);
  return Buffer.byteLength(page(choice)) > mostBytes ? null : choice;
}

/** The structure that the page starts with, drawn. */
async function structureSection(
  writer: Writer,
  offers: readonly (CountedOffer | null)[],
  sweep: CarriedSweep,
): Promise<string> {
  const first = sweep.structures.find(({ id }) => id === sweep.traces[0]!.start)!;
  const facts = factsWithBands(structureComparison(sweep, first).start, sweep.traces[0]!.bands);
  const { answer, why } = verdictParts([facts]);
  const contents = [
    timeContent(facts, ID),
    ...facts.others.slice(0, MOST_CHANGES).map((run, i) => changeContent(facts, run, ID, i)),
  ];
  const figures: string[] = [];
  for (const content of contents) figures.push(await figure(writer, content));
  return (
    `<section id="${ID}" aria-labelledby="${ID}-h"><h2 id="${ID}-h">One structure, part by part${anchor(ID)}</h2>` +
    `<p class="facts">${prose(startText(facts, first.label))}</p>` +
    `<p class="facts" data-script hidden>${prose(carriedText(offers, sweep))}</p>` +
    `<div class="verdict"><p class="asks">At this structure and these prices</p><h3 id="answer">${heading(answer)}</h3>` +
    `<p class="why" id="why"${why === '' ? ' hidden' : ''}>${heading(sentence(why))}</p>` +
    '<div id="live-note" class="box" hidden></div>' +
    `${scrollable('effects-c', htmlTable(writer.exact, effectTable([facts]), 'effects'))}</div>` +
    `${figures.join('')}${allStructures(writer, sweep)}</section>${legend([facts])}`
  );
}

/** All structures of the first trace, side by side. */
function allStructures(writer: Writer, sweep: CarriedSweep): string {
  const mine = sweep.structures.filter(({ trace }) => trace === 0);
  if (sweep.structures.length === 1) return '';
  const all = mine.map((one): StructureTotals => {
    const { runs } = structureComparison(sweep, one).start;
    const totals = runs.map(({ breakdown }) => breakdown.total_ps);
    return { label: one.label, start: totals, now: totals };
  });
  const names = structureComparison(sweep, mine[0]!).start.runs.map(({ name }) => name);
  return (
    `<h3 class="sub" id="structures-h">All structures at these prices${anchor('structures-h')}</h3>` +
    `<p class="facts" id="structures-finding">${prose(structuresFinding(names, all, sweep.traces[0]!.bands))}</p>` +
    tableDetails(writer.exact, structuresTable(names, all), 'structures', 'Every structure as a table') +
    downloads('structures-h', [{ kind: 'csv', of: 'structures', name: 'vmtax-sweep-structures' }])
  );
}

const startText = (facts: Facts, label: string): string =>
  label === ''
    ? `${facts.trace} under the systems as they are, at their own prices.`
    : `${facts.trace} with ${label}, at the systems’ own prices: of the structures that were replayed, the one nearest to the systems as they are.`;

/** Which structures the page carries. */
function carriedText(offers: readonly (CountedOffer | null)[], { structures, traces }: CarriedSweep): string {
  const all = offers.reduce((sum, offer) => sum + (offer?.of ?? 0), 0);
  const some =
    structures.length === all
      ? `The page has the counts of ${all === 1 ? 'this structure' : `all ${all.toLocaleString('en')} combinations of structural values`}`
      : `The page has the counts of ${structures.length} of ${all.toLocaleString('en')} combinations, evenly apart${traces.length > 1 ? ' on each trace' : ''}`;
  const choose = structures.length === 1 ? 'prices' : 'structure and prices';
  return `${some}: “${buttonText(structures.length)}” prices them anew, here and now, as the command line does. The charts of the whole sweep keep the prices that it was run with; another ${choose === 'prices' ? 'price' : 'choice'} in them takes a sweep of its own.`;
}

const buttonText = (structures: number): string =>
  structures === 1 ? 'Change prices' : 'Change structure or prices';

/** The button that opens the panel. */
const choiceButton = ({ structures }: CarriedSweep): string => panelButton(buttonText(structures.length));

/** The panel: which structure, and prices. */
function choicePanel(sweep: CarriedSweep): string {
  const live = sweep.structures.map((structure) => structureComparison(sweep, structure));
  const systems = new Map(sweep.systems.map((system) => [system.name, system]));
  return panel(
    live,
    (name) => ledger(systems.get(name)!),
    idleInputs(live.map(({ start }) => factsOf(start))),
    {
      title: sweep.structures.length === 1 ? 'What if prices differ?' : 'What if?',
      chooser: chooserOf(sweep),
      how: 'All systems get the price that is set; the counts of the structure are priced again, and all that is said of one structure is drawn anew.',
    },
  );
}

function chooserOf({ traces, structures }: CarriedSweep): string {
  if (structures.length === 1) return '';
  const option = ({ id, short }: CarriedSweep['structures'][number]): string =>
    `<option value="${id}"${id === traces[0]!.start ? ' selected' : ''}>${escapeHtml(short || 'as they are')}</option>`;
  const options = traces.map(({ header }, trace) => {
    const mine = structures
      .filter((one) => one.trace === trace)
      .map(option)
      .join('');
    return traces.length === 1
      ? mine
      : `<optgroup label="${escapeHtml(cleanText(header.name))}">${mine}</optgroup>`;
  });
  return (
    `<div class="panel-choice"><label for="structure">Structure <small>(${structures.length} in this page)</small></label>` +
    `<select id="structure" autocomplete="off">${options.join('')}</select>` +
    `<p id="structure-whole">${escapeHtml(structures.find(({ id }) => id === traces[0]!.start)!.short)}</p></div>`
  );
}
