import type { LedgerEntry } from '../../model/result.ts';
import { asksForMonitor, changeBetween, type Facts, focusOf, type RunFacts } from '../facts.ts';
import { verdict } from '../finding.ts';
import type { Ledger } from '../inputs.ts';
import { percentFigure, percentOf, signed, type TimeUnit, tableUnit, timeFigure } from '../numbers.ts';
import { bandText, pairedBand } from '../spread.ts';
import { EMPTY_CELL, type Table, type TableRow } from '../table.ts';
import { cellLabel, cleanText, plural } from '../words.ts';
import { heading, prose } from './escape.ts';
import { htmlTable, scrollable } from './table.ts';

/** Rows of the table of effects; above this only each trace's largest effect is shown. */
const ROWS = 15;

/** The card at the top: what was asked, the answer, its size, how sure it is, and the biggest caveat. */
export function verdictCard(all: readonly Facts[], ledger: Ledger): string {
  const compared = all.some((facts) => facts.others.length > 0);
  const entries = [
    ['Asked', asked(all)],
    ['Certainty', certainty(all)],
    ['Biggest caveat', caveat(all, ledger)],
  ];
  return (
    `<div class="verdict"><p class="asks">${prose(question(all))}</p><h1>${heading(verdict(all))}</h1>` +
    (compared
      ? scrollable('Effect by trace and system', htmlTable(effectTable(all), 'effects'))
      : '<p></p>') +
    `<dl class="facts-list">${entries.map(([term, text]) => `<dt>${term}</dt><dd>${prose(text!)}</dd>`).join('')}</dl></div>`
  );
}

function question(all: readonly Facts[]): string {
  if (all.some(asksForMonitor)) return 'What does a virtual machine monitor cost this workload?';
  return all.some((facts) => facts.others.length > 0)
    ? 'How do these systems compare?'
    : 'Where does the time go?';
}

function asked(all: readonly Facts[]): string {
  const traces = all.map((facts) => facts.trace);
  const runs = all[0]?.runs.map((run) => run.name) ?? [];
  const list = (names: readonly string[]): string =>
    names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  return `${traces.length} ${plural(traces.length, 'trace')} (${list(traces)}) under ${list(runs)}${runs.length > 1 ? `; ${runs[0]} is the baseline` : ''}.`;
}

/** How much chance moves the differences, or that nothing is left to chance. */
function certainty(all: readonly Facts[]): string {
  const bands = all.flatMap((facts) =>
    facts.others.flatMap((run) => {
      const band = pairedBand(facts.baseline.run, run.run);
      return band ? [{ name: `${run.name} on ${facts.trace}`, band }] : [];
    }),
  );
  if (bands.length === 0)
    return 'Deterministic, single value: the same inputs give the same numbers to the last digit, so there is no error bar.';
  const widest = bands.reduce((a, b) => (b.band.high - b.band.low > a.band.high - a.band.low ? b : a));
  return `Deterministic for one seed; the numbers here are those of the first. The difference that chance moves most is ${widest.name}, ${bandText(widest.band)}.`;
}

/** A trace without a kernel weighs most, then what holds for the compared systems alone, then any note. */
function caveat(all: readonly Facts[], ledger: Ledger): string {
  const assumed = ledger.roles.get('assumed' satisfies LedgerEntry['role']) ?? 0;
  const inputs = `${assumed} of ${ledger.inputs} inputs are assumed, neither measured nor calibrated.`;
  const user = all.find((facts) => facts.comparison.trace.header.level === 'user');
  if (user && all.some(asksForMonitor))
    return `${user.trace} holds user code alone: its kernel is a model, and what a monitor adds is a lower bound. ${inputs}`;
  const notes = all.flatMap((facts) => {
    const common = new Set(facts.baseline.run.notes);
    const own = facts.others.flatMap((run) => run.run.notes.filter((note) => !common.has(note)));
    return [
      ...own.map((note) => ({ note, own: true })),
      ...[...common].map((note) => ({ note, own: false })),
    ];
  });
  const note = (notes.find(({ own }) => own) ?? notes[0])?.note;
  return note ? `${cleanText(note)} ${inputs}` : inputs;
}

/** Time, difference and largest cost of each system on each trace. */
export function effectTable(all: readonly Facts[]): Table {
  const few = all.reduce((sum, facts) => sum + facts.runs.length, 0) <= ROWS;
  const shown = (facts: Facts): readonly RunFacts[] => {
    const focus = focusOf(facts);
    return few ? facts.runs : focus ? [facts.baseline, focus] : [facts.baseline];
  };
  const unit = tableUnit(Math.max(0, ...all.flatMap((facts) => shown(facts).map((run) => run.total))));
  return {
    caption: `Time per trace, all CPUs together; less is better. % base: percent of the baseline’s time.${few ? '' : ' Only the largest effect on each trace is shown.'}`,
    corner: 'trace, system',
    groups: [
      {
        name: '',
        columns: [
          { head: `time, ${unit.name}`, raw: 'time ps' },
          { head: `difference, ${unit.name}`, raw: 'difference ps' },
          { head: '% base', raw: 'percent' },
          { head: 'adds most', raw: 'adds most', text: true },
        ],
      },
    ],
    rows: all.flatMap((facts): TableRow[] => [
      { kind: 'group', label: facts.trace, path: facts.trace, cells: [] },
      ...shown(facts).map((run) => effectRow(facts, run, unit)),
    ]),
  };
}

function effectRow(facts: Facts, run: RunFacts, unit: TimeUnit): TableRow {
  const words = (text: string) => ({ text, value: text });
  const start = {
    kind: 'part',
    label: run.name,
    path: `${facts.trace}: ${run.name}`,
  } as const;
  const total = { text: timeFigure(run.total, unit), value: run.total };
  if (run === facts.baseline) return { ...start, cells: [total, EMPTY_CELL, EMPTY_CELL, words('baseline')] };
  const change = changeBetween(facts.baseline, run);
  const share = percentOf(change.difference, facts.baseline.total);
  const top = change.steps.filter((step) => step.ps > 0).sort((a, b) => b.ps - a.ps)[0];
  return {
    ...start,
    cells: [
      total,
      { text: signed(change.difference, timeFigure(change.difference, unit)), value: change.difference },
      { text: signed(share ?? 0, percentFigure(share)), value: share },
      words(top ? cellLabel(top.category, top.cause) : 'nothing'),
    ],
  };
}
