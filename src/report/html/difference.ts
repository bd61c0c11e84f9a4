import type { Facts, RunFacts } from '../facts.ts';
import { differenceTable, type Factor, factorsBetween, type Inputs } from '../inputs.ts';
import { cleanText, plural } from '../words.ts';
import { escapeHtml, prose } from './escape.ts';
import { type ExactValues, tableDetails } from './table.ts';

/** What the page knows of inputs. */
export interface PageInputs extends Inputs {
  /** Whether an input has no effect anywhere in the run. */
  readonly isIdle: (path: string) => boolean;
  /** Ids of the tables of differences that are in the page already, by pair of systems. */
  readonly tables: Map<string, string>;
  readonly exact: ExactValues;
}

/** Commands named at most; more would bury the comparison. */
const COMMANDS = 4;

/**
 * The box above a comparison: what differs between the baseline and a system. With more than one factor
 * the effect below is a joint one, and the box says how to run them one at a time.
 */
export function differenceBox(facts: Facts, run: RunFacts, inputs: PageInputs, id: string): string {
  const { baseline } = facts;
  const factors = factorsBetween(inputs.difference(baseline.run.name, run.run.name));
  const table = differenceTable(baseline.name, run.name, factors, inputs.isIdle);
  const parts = [
    `<p>${prose(differenceSentence(baseline.name, run.name, factors))}${closest(facts, run, inputs)}</p>`,
  ];
  if (factors.length > 1) parts.push(singleFactorRuns(facts, run, factors));
  if (table.rows.length > 0) {
    const key = JSON.stringify([baseline.run.name, run.run.name]);
    const first = inputs.tables.get(key);
    if (first === undefined) parts.push(tableDetails(inputs.exact, table, id, 'Settings that differ'));
    else parts.push(`<p><a href="#${first}">The settings that differ</a> are those of the first trace.</p>`);
    if (first === undefined) inputs.tables.set(key, id);
  }
  return `<div class="box">${parts.join('')}</div>`;
}

/** How many factors differ, and what that means for reading the comparison. */
export function differenceSentence(a: string, b: string, factors: readonly Factor[]): string {
  const names = factors.map((factor) => factor.name);
  if (factors.length === 0) return `No setting differs between ${a} and ${b}.`;
  if (factors.length === 1) return `One factor differs between ${a} and ${b}: ${names[0]}.`;
  const shown = names.length > 5 ? [...names.slice(0, 4), `${names.length - 4} more`] : names;
  const list = `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
  return `${factors.length} factors differ between ${a} and ${b}: ${list}. What follows is their joint effect.`;
}

/** Commands in which one factor differs and the others are as in the baseline. */
function singleFactorRuns(facts: Facts, run: RunFacts, factors: readonly Factor[]): string {
  const word = (text: string): string =>
    /^[\w./:=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const commands = factors.slice(0, COMMANDS).map((factor) => {
    const sets = factors
      .filter((other) => other !== factor)
      .map((other) => ` --set ${word(`${cleanText(run.run.name)}:${other.set}`)}`);
    const names = cleanText(`${facts.baseline.run.name},${run.run.name}`);
    return `# ${factor.name} alone\nvmtax run ${word(facts.trace)} --systems ${word(names)}${sets.join('')}`;
  });
  const more = factors.length > COMMANDS ? ` (the first ${COMMANDS} of ${factors.length})` : '';
  return (
    `<details><summary>Runs in which one factor differs${more}</summary>` +
    `<pre>${escapeHtml(commands.join('\n'))}</pre></details>`
  );
}

/** The other system of this comparison that differs least from `run`, if it is nearer than the baseline. */
function closest(facts: Facts, run: RunFacts, inputs: Inputs): string {
  const candidates = facts.others
    .filter((other) => other !== run)
    .map((other) => ({ other, factors: factorsBetween(inputs.difference(other.run.name, run.run.name)) }))
    .filter(({ factors }) => factors.length > 0)
    .sort((a, b) => a.factors.length - b.factors.length);
  const nearest = candidates[0];
  if (!nearest || nearest.factors.length > 6) return '';
  const { length } = nearest.factors;
  const names = nearest.factors.map((factor) => factor.name).join(', ');
  return ` ${prose(`${run.name} and ${nearest.other.name} differ in ${length} ${plural(length, 'factor')}: ${names}.`)}`;
}
