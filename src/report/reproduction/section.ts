import type { Reproduction } from '../../paper/reproduction.ts';
import type { Exhibit } from '../../paper/types.ts';
import { escapeHtml, prose } from '../html/escape.ts';
import { anchor, figure, type Writer } from '../html/figure.ts';
import { cleanText } from '../words.ts';
import { exhibitPictures } from './pictures.ts';
import { numbersIn, roleCounts } from './tables.ts';
import { EXHIBIT_WORDS, numberName } from './words.ts';

/** The section of an exhibit: its charts, published beside modelled, what the paper did not separate, what was fitted. */
export async function exhibitSection(
  writer: Writer,
  result: Reproduction,
  exhibit: Exhibit,
): Promise<string> {
  const { name, about } = EXHIBIT_WORDS[exhibit];
  const parts: string[] = [];
  for (const content of exhibitPictures(result, exhibit)) parts.push(await figure(writer, content));
  return (
    `<section id="${exhibit}" aria-labelledby="${exhibit}-h"><h2 id="${exhibit}-h">${name}: ${escapeHtml(about)}${anchor(exhibit)}</h2>` +
    `<p class="facts">${prose(`${roleCounts(numbersIn(result, exhibit))}.`)}</p>` +
    `${parts.join('')}${fitted(result, exhibit)}</section>`
  );
}

/** What was fitted to the exhibit's numbers. */
function fitted(result: Reproduction, exhibit: Exhibit): string {
  const items = result.inputs.flatMap(({ path, calibratedOn = [], side }) => {
    const own = result.numbers.filter(({ id, exhibit: one }) => one === exhibit && calibratedOn.includes(id));
    if (own.length === 0) return [];
    const names = own.map((number) => numberName(number).replace(/^[^,]*, /, ''));
    return [`<li><code>${escapeHtml(cleanText(path))}</code> (${side}): ${prose(names.join('; '))}</li>`];
  });
  return (
    '<h3 class="sub">What was calibrated on it</h3>' +
    (items.length === 0
      ? '<p class="facts">Nothing: no input was fitted to a number of this exhibit.</p>'
      : `<ul class="notes">${items.join('')}</ul>`)
  );
}
