import { weightiest } from '../../model/caveat.ts';
import type { LedgerEntry } from '../../model/systems/ledger.ts';
import { asksForMonitor, type Facts } from '../facts.ts';
import type { Ledger } from '../inputs.ts';
import { sensitivityText } from '../sensitivity.ts';
import { changedSettings } from '../settings.ts';
import { bandText, pairedBand } from '../spread.ts';
import { verdictParts } from '../verdict.ts';
import { cleanText, plural } from '../words.ts';
import { effectTable } from './effects.ts';
import { heading, prose, sentence } from './escape.ts';
import { atStart } from './live.ts';
import { type ExactValues, htmlTable, scrollable } from './table.ts';

/** What is not computed anew when prices are moved in the page. */
const STILL = ['Certainty', 'If prices were others', 'Biggest caveat'];

/** The card at the top: what was asked, the answer, its size, how sure it is, and the biggest caveat. */
export function verdictCard(exact: ExactValues, all: readonly Facts[], ledger: Ledger): string {
  const { answer, why } = verdictParts(all);
  const changed = changedSettings(all.flatMap((facts) => facts.runs));
  const compared = all.some((facts) => facts.others.length > 0);
  const entries = [
    ['Asked', asked(all)],
    ...(changed === '' ? [] : [['Changed from the presets', `${changed}.`]]),
    ['Certainty', `${certainty(all)} ${inputsSentence(ledger)}`],
    ['If prices were others', sensitivityText(all)],
    ['Biggest caveat', caveat(all)],
  ].filter(([, text]) => text !== '');
  return (
    `<div class="verdict"><p class="asks">${prose(question(all))}</p><h1 id="answer">${heading(answer)}</h1>` +
    `<p class="why" id="why"${why === '' ? ' hidden' : ''}>${heading(sentence(why))}</p>` +
    `<div id="live-note" class="box" hidden></div>` +
    (compared ? scrollable('effects-c', htmlTable(exact, effectTable(all), 'effects')) : '<p></p>') +
    `<dl class="facts-list">${entries.map(([term, text]) => `<dt>${term}</dt><dd>${prose(text!)}${STILL.includes(term!) ? atStart() : ''}</dd>`).join('')}</dl></div>`
  );
}

function question(all: readonly Facts[]): string {
  if (all.some(asksForMonitor)) return 'What does a virtual machine monitor cost this workload?';
  return all.some((facts) => facts.others.length > 0)
    ? 'How do these systems compare?'
    : 'Where does the time go?';
}

function asked(all: readonly Facts[]): string {
  const traces = all.map((facts) => facts.short);
  const groups = new Map<string, Facts>();
  for (const facts of all) groups.set(JSON.stringify(facts.runs.map((run) => run.name)), facts);
  const list = (names: readonly string[]): string =>
    names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  const systems = [...groups.values()].map(({ runs, others, baseline }) => {
    const names = list(runs.map((run) => run.name));
    return others.length > 0 ? `${names} (${baseline.name} is the baseline)` : names;
  });
  return `${traces.length} ${plural(traces.length, 'trace')} (${list(traces)}) under ${systems.join('; others under ')}.`;
}

/** How much chance moves the differences, or that nothing is left to chance. */
function certainty(all: readonly Facts[]): string {
  const bands = all.flatMap((facts) =>
    facts.others.flatMap((run) => {
      const band = pairedBand(facts.baseline.run, run.run);
      return band ? [{ name: `${run.name} on ${facts.short}`, band }] : [];
    }),
  );
  if (bands.length === 0)
    return 'Deterministic, single value: the same inputs give the same numbers to the last digit, so there is no error bar.';
  const widest = bands.reduce((a, b) => (b.band.high - b.band.low > a.band.high - a.band.low ? b : a));
  return `Deterministic for one seed; the numbers here are those of the first. The difference that chance moves most is ${widest.name}, ${bandText(widest.band)}.`;
}

/** What no repetition of a run can show: how far its inputs can be trusted. */
function inputsSentence({ roles, inputs }: Ledger): string {
  const number = (role: LedgerEntry['role']): number => roles.get(role) ?? 0;
  return `That says nothing about the inputs: ${number('assumed')} of ${inputs} inputs are assumed and ${number('calibrated')} calibrated, and another value of one of them may move the result.`;
}

/** A trace without a kernel weighs most; else the weightiest note of all runs, those that are compared before others. */
function caveat(all: readonly Facts[]): string {
  const user = all.find((facts) => facts.comparison.trace.header.level === 'user');
  if (user && all.some(asksForMonitor))
    return `${user.short} holds user code alone; its kernel is a model. The kernel is missing: the true overhead may be higher or lower.`;
  const compared = all.flatMap(({ others }) => others);
  const runs = compared.length > 0 ? compared : all.map(({ baseline }) => baseline);
  const most = weightiest(runs.flatMap(({ run }) => run.caveat ?? []));
  return most === null ? '' : cleanText(most.note);
}
