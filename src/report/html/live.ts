import type { LedgerEntry } from '../../model/systems/ledger.ts';
import { type PriceField, priceFields } from '../live/fields.ts';
import type { LiveComparison } from '../live/reprice.ts';
import { mostOf } from '../live/settings.ts';
import { cleanText, plural } from '../words.ts';
import { escapeHtml, prose } from './escape.ts';

/**
 * The panel in which prices are moved. The page's script puts it in place; where nothing can be priced anew there is none.
 */

/** A remark beside what stays as it was when prices are moved; shown when they are. */
export const atStart = (): string =>
  '<span class="at-start" data-start hidden> (at the starting prices)</span>';

/** The button that opens the panel: there once the panel and what it works with are. */
export const panelButton = (text = 'Change prices'): string =>
  `<button type="button" id="what-if" aria-expanded="false" hidden>${text}</button>`;

/** What can be chosen besides prices, and what then is drawn anew; without: a run's page, all of it. */
export interface PanelChoice {
  readonly title: string;
  /** HTML of the control; empty: there is nothing to choose. */
  readonly chooser: string;
  readonly how: string;
}

const RUN: PanelChoice = {
  title: 'What if prices differ?',
  chooser: '',
  how: 'All systems get the price that is set; the same counts are priced again and the whole page is drawn anew.',
};

const FROZEN =
  'Contention in the memory system keeps the time that it has at the start: the counts that it takes to solve it anew are too many ' +
  'for one page. A run with --set solves it.';

/** The panel itself: the times of all systems, and the fields by group; those without effect are behind a disclosure. */
export function panel(
  live: readonly LiveComparison[],
  ledger: (system: string) => readonly LedgerEntry[],
  isIdle: (path: string) => boolean,
  { title, chooser, how }: PanelChoice = RUN,
): string {
  const groups = priceFields(live, ledger, isIdle);
  const frozen = live.some(({ runs }) => runs.some((run) => run.frozen));
  const all = groups.flatMap(({ fields }) => fields);
  const idle = all.filter(({ matters }) => !matters).length;
  const sets = (matters: boolean): string =>
    groups
      .map(({ group, fields }) => ({ group, fields: fields.filter((field) => field.matters === matters) }))
      .filter(({ fields }) => fields.length > 0)
      .map(
        ({ group, fields }) =>
          `<fieldset><legend>${escapeHtml(group)}</legend>${fields.map(fieldOf).join('')}</fieldset>`,
      )
      .join('');
  const rest =
    idle === 0
      ? ''
      : `<details class="rest"><summary>${idle} more ${plural(idle, 'price')} without effect here</summary>${sets(false)}</details>`;
  return (
    '<aside id="panel" aria-labelledby="panel-h" hidden>' +
    `<div class="panel-head"><h2 id="panel-h" tabindex="-1">${escapeHtml(title)}</h2>` +
    '<button type="button" id="panel-reset" disabled>Reset all</button>' +
    '<button type="button" id="panel-close" aria-label="Close the panel">✕</button></div>' +
    chooser +
    '<div class="panel-now" role="group" aria-label="Times at these prices" tabindex="0">' +
    '<p id="live-count"></p><ul id="live-times"></ul><div id="live-flips"></div><p id="live-error" role="alert" hidden></p></div>' +
    '<form class="panel-fields" autocomplete="off">' +
    `<p class="how">${escapeHtml(how)}</p>` +
    (frozen ? `<p class="how frozen">${FROZEN}</p>` : '') +
    `${sets(true)}${rest}</form></aside>` +
    '<p id="live-said" class="unseen" role="status" aria-live="polite"></p>'
  );
}

function fieldOf(field: PriceField): string {
  const { name, unit, starts, word, high, step, positive } = field;
  const most = mostOf(name);
  const [low, top] = [starts[0]!, starts.at(-1)!];
  const one = low === top;
  const now = word !== null || !one ? '' : String(low);
  const start = [word, one ? figure(low) : `${figure(low)} to ${figure(top)}`].filter(
    (text) => text !== null,
  );
  const about = `At the start ${start.join(', ')}${unit === '' ? '' : ` ${unit}`}; ${field.role}`;
  return (
    `<div class="price" data-price="${name}" data-now="${now}" data-at="${low}">` +
    `<label for="p-${name}"><code>${name}</code> ${prose(field.description)}</label>` +
    `<span class="set"><input type="range" id="r-${name}" aria-label="${name}, slider" min="${positive ? step : 0}" max="${high}" step="any" value="${low}" data-step="${step}">` +
    `<input type="number" id="p-${name}" min="0" step="any"${Number.isFinite(most) ? ` max="${most}"` : ''} value="${now}"${now === '' ? ` placeholder="${word ?? start.join(', ')}"` : ''} aria-describedby="s-${name}">` +
    `<span class="unit">${escapeHtml(unit)}</span>` +
    `<button type="button" class="back" data-back="${name}" aria-label="Reset ${name}" disabled>↺</button></span>` +
    `<span class="from" id="s-${name}">${prose(cleanText(about))}${field.source === '' ? '' : `: ${prose(field.source)}`}</span></div>`
  );
}

const figure = (value: number): string => String(Number(value.toPrecision(6)));
