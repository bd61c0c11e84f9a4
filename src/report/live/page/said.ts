import type { Facts, RunFacts } from '../../facts.ts';
import { escapeHtml, heading, prose, sentence } from '../../html/escape.ts';
import { percent, percentOf, signed, time } from '../../numbers.ts';
import { verdictParts } from '../../verdict.ts';
import { cleanText, plural } from '../../words.ts';
import { type Settings, settingsAsOptions } from '../settings.ts';
import type { Fields } from './panel.ts';
import type { OtherStructure, Stage } from './stages.ts';

/** What other prices change, in words. */

const change = (now: number, before: number): string => {
  const share = percentOf(now - before, before);
  return share === null ? '' : signed(share, percent(share));
};

/** The times of all systems beside those at the start, as items of a list; each has its picoseconds. */
export function timesHtml(start: readonly Facts[], now: readonly Facts[]): string {
  return now
    .map((facts, i) => {
      const before = start[i]!;
      const items = facts.runs.map((run, k) => timeItem(before, before.runs[k]!, facts, run, i));
      const name = now.length === 1 ? '' : `<span class="trace">${escapeHtml(facts.short)}</span>`;
      return `<li>${name}<ul>${items.join('')}</ul></li>`;
    })
    .join('');
}

function timeItem(before: Facts, was: RunFacts, facts: Facts, run: RunFacts, trace: number): string {
  const moved =
    run.total === was.total ? 'as at the start' : `${change(run.total, was.total)} against the start`;
  const base = change(run.total, facts.baseline.total);
  const baseWas = change(was.total, before.baseline.total);
  const beside =
    run === facts.baseline
      ? ''
      : `; ${base || 'no share'} to ${facts.baseline.name}${base === baseWas ? '' : `, was ${baseWas}`}`;
  return (
    `<li data-trace="${trace}" data-system="${escapeHtml(run.run.name)}" data-ps="${run.total}">` +
    `<span>${escapeHtml(run.name)}</span> <b>${prose(time(run.total))}</b><small>${prose(moved + beside)}</small></li>`
  );
}

/** How many conclusions are turned around. */
export function flipCount({ length }: readonly string[]): string {
  if (length === 0) return 'No conclusion flips';
  return length === 1 ? 'A conclusion flips' : `${length} conclusions flip`;
}

/** What is turned around, as a list. */
export function flipsHtml(turned: readonly string[]): string {
  if (turned.length === 0) return `<p>${flipCount(turned)}.</p>`;
  return `<p><b>${flipCount(turned)}:</b></p><ul>${turned.map((text) => `<li>${heading(sentence(text))}</li>`).join('')}</ul>`;
}

/** What was changed, in few words; empty: nothing. */
export function changesText(settings: Settings, other: OtherStructure | null): string {
  const prices = settings.size === 0 ? '' : `Prices: ${settings.size} changed`;
  if (other === null) return prices;
  const { size } = settings;
  return size === 0 ? 'Another structure' : `Another structure, ${size} ${plural(size, 'price')} changed`;
}

/** The note in the verdict: what was set, what was said before, what is turned around, and how to run it. */
export function noteHtml(
  { start, frozen, other }: Stage,
  settings: Settings,
  turned: readonly string[],
  fields: Fields,
): string {
  const set = [...settings].map(([name, value]) =>
    `${name} ${fields.startOf(name)} → ${value} ${fields.unitOf(name)}`.trimEnd(),
  );
  const seeds = start.some(({ runs }) => runs.some(({ run }) => run.seeds.length > 1));
  const structure =
    other === null || other.label === other.start
      ? (other?.label ?? '')
      : [other.start, other.label].filter((text) => text !== '').join(' → ');
  const options = [...(other?.sets ?? []).map((text) => `--set ${text}`), ...settingsAsOptions(settings)];
  return (
    (other === null ? '' : `<p><b>Structure chosen in this page:</b> ${prose(structure)}.</p>`) +
    (set.length === 0 ? '' : `<p><b>Prices changed in this page:</b> ${prose(set.join('; '))}.</p>`) +
    `<p><b>At the start:</b> ${heading(verdictParts(start).answer)}.</p>` +
    flipsHtml(turned) +
    (seeds ? '<p class="muted">The spread over seeds keeps the size that it has at the start.</p>' : '') +
    (start.some(({ runs }) => runs.some(({ band }) => band !== null))
      ? '<p class="muted">How far other prices move a difference keeps the size that it has at the start.</p>'
      : '') +
    (frozen
      ? '<p class="muted">Contention in the memory system keeps the time that it has at the start.</p>'
      : '') +
    // Each option in a box of its own, or lines break behind the dashes of `--set`.
    `<pre id="live-options">${options.map((text) => `<span class="option">${escapeHtml(text)}</span>`).join(' ')}</pre>` +
    '<p class="tools"><button type="button" data-copy="live-options">Copy as options</button>' +
    `<button type="button" data-reset>${other === null ? 'Reset all prices' : 'Reset all'}</button></p>`
  );
}

/** The note where prices cannot be taken: what is shown is not at them. */
export const refusedHtml = (reason: string): string =>
  `<p><b>This is not at the prices that were set</b>, which cannot be taken: ${prose(reason)}. It stays as it was before.</p>` +
  '<p class="tools"><button type="button" data-reset>Reset all</button></p>';

/** Of what a link says at most so many settings are named that are none. */
const MOST_IGNORED = 8;

/** What a link asks for and does not get; empty: nothing. */
export function ignoredText(structure: boolean, prices: readonly string[], parts: readonly string[]): string {
  const named = (texts: readonly string[]): string => {
    const more = texts.length - MOST_IGNORED;
    const some = texts.slice(0, MOST_IGNORED).map((text) => cleanText(decoded(text)));
    return `${some.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  };
  return [
    structure
      ? 'The structure that the link names is not in this page, which shows the one that it starts with.'
      : '',
    prices.length === 0
      ? ''
      : `Ignored in the link, because there is no such price or it cannot have this value: ${named(prices)}.`,
    parts.length === 0
      ? ''
      : `Ignored in the link, because it is neither a place, a structure nor prices: ${named(parts)}.`,
  ]
    .filter((text) => text !== '')
    .join(' ');
}

/** As it was written before the browser made an address of it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a screen reader is told. `changes`: what was changed, in few words. */
export function spoken(now: readonly Facts[], changes: string, turned: readonly string[]): string {
  const { answer } = verdictParts(now);
  const set = changes === '' ? 'At the starting prices' : changes;
  return `${set}: ${answer}. ${turned.length === 0 ? '' : `Flipped: ${turned.join('; ')}.`}`;
}
