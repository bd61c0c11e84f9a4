import { CAUSES } from '../../model/pricing/breakdown.ts';
import type { Facts } from '../facts.ts';
import { causeSlug } from '../palette.ts';
import { CAUSE_WORDS } from '../words.ts';
import { escapeHtml } from './escape.ts';
import { anchor } from './figure.ts';

/** The legend: every cause that occurs, in the fixed order, with what it means. */
export function legend(all: readonly Facts[]): string {
  const used = CAUSES.filter((cause) =>
    all.some((facts) => facts.cells.some((cell) => cell.cause === cause)),
  );
  const items = used.map(
    (cause) =>
      `<li><span class="chip k-${causeSlug(cause)}" aria-hidden="true">${CAUSE_WORDS[cause].code}</span>` +
      `<span><b>${escapeHtml(CAUSE_WORDS[cause].short)}</b>: ${escapeHtml(CAUSE_WORDS[cause].meaning)}</span></li>`,
  );
  return (
    `<section id="legend" aria-labelledby="legend-h"><h2 id="legend-h">Causes${anchor('legend')}</h2>` +
    `<p class="facts">Every picosecond of every CPU has one cause. A cause has the same colour, letters and place in every chart and table.</p>` +
    `<ul class="key">${items.join('')}</ul></section>`
  );
}
