import type { Owner } from '../model/pricing/breakdown.ts';
import {
  ALL_CELLS,
  type Cell,
  type Change,
  changeBetween,
  contextsOf,
  type Facts,
  focusOf,
  ownerCells,
  ownersOf,
  type RunFacts,
  type Step,
} from './facts.ts';
import { percent as percentFigure, percentOf, shareInWords, time } from './numbers.ts';
import { bandText, isWithinChance, pairedBand } from './spread.ts';
import { cellName, contextName, OWNER_WORDS } from './words.ts';

/**
 * Findings: one sentence each, computed from the data, for the titles of charts and the first line of the
 * terminal. No sentence ends with a full stop. Percentages name their base; a share of "the added time" is
 * a share of all steps that add time, before savings elsewhere are set against them.
 */

/** A percentage in a sentence: what rounds to nothing is `less than 0.1 %`. */
const percent = (value: number): string => percentFigure(value).replace('<', 'less than ');

/** How long `run` takes against the baseline, as a verb phrase: `takes 31.2 % longer than linux-mips`. */
export function comparedWith(run: RunFacts, baseline: RunFacts): string {
  const difference = run.total - baseline.total;
  const base = baseline.name;
  if (baseline.total === 0 && difference !== 0)
    return `takes ${time(run.total)}, where ${base} takes no time,`;
  if (difference === 0) return `takes exactly as long as ${base}`;
  const band = pairedBand(baseline.run, run.run);
  if (band && isWithinChance(band)) return `shows no difference from ${base} (${bandText(band)})`;
  const size = percentOf(Math.abs(difference), baseline.total)!;
  if (difference < 0) return `takes ${percent(size)} less time than ${base}`;
  if (size >= 200) return `takes ${(run.total / baseline.total).toFixed(2)} times as long as ${base}`;
  return `takes ${percent(size)} longer than ${base}`;
}

/** Names what the largest steps of one sign go to; equals share the sentence. */
function largest(
  steps: readonly Step[],
  sign: 1 | -1,
): { readonly names: string; readonly ps: number; readonly tied: number } {
  const top = Math.max(...steps.map((step) => step.ps * sign));
  const tied = steps.filter((step) => step.ps * sign === top);
  const names = tied.slice(0, 2).map((step) => cellName(step.category, step.cause));
  return { names: names.join(' and '), ps: top, tied: tied.length };
}

/** What explains a change: the second half of a headline; `brief` leaves out what works against it. */
export function because(change: Change, brief = false): string {
  if (change.steps.length === 0) return 'every part is equal';
  if (change.difference === 0) return `the ${time(change.added)} added in some parts is saved in others`;
  const slower = change.difference > 0;
  const gross = slower ? change.added : -change.saved;
  const back = slower ? -change.saved : change.added;
  const top = largest(change.steps, slower ? 1 : -1);
  const share = shareInWords(top.ps / gross);
  const where = slower ? 'of the added time goes to' : 'of the saving comes from';
  const first =
    top.tied > 2
      ? `${top.tied} parts share first place, each ${share} ${slower ? 'of the added time' : 'of the saving'}`
      : top.tied === 2
        ? `${share} ${where} each of ${top.names}`
        : `${share} ${where} ${top.names}`;
  if (brief || back < gross * 0.01) return first;
  return `${first}; ${slower ? 'savings elsewhere give back' : 'costs elsewhere take back'} ${percent((back / gross) * 100)} of what is ${slower ? 'added' : 'saved'}`;
}

/** One system against the baseline on one trace: by how much, and why. */
export function headline(facts: Facts, run: RunFacts, brief = false): string {
  const { baseline, trace } = facts;
  const change = changeBetween(baseline, run);
  if (baseline.total === 0 && run.total === 0)
    return `${run.name} and ${baseline.name} take no time on ${trace}: nothing was counted`;
  return `${run.name} ${comparedWith(run, baseline)} on ${trace}: ${because(change, brief)}`;
}

/** What one system alone spends most of its time in. */
export function aloneHeadline(facts: Facts): string {
  const { baseline, trace } = facts;
  if (baseline.total === 0) return `${baseline.name} takes no time on ${trace}: nothing was counted`;
  const top = ALL_CELLS.reduce((a, b) => (baseline.cell(b) > baseline.cell(a) ? b : a));
  const share = shareInWords(baseline.cell(top) / baseline.total);
  return `${baseline.name} takes ${time(baseline.total)} on ${trace}: ${share} of it goes to ${cellName(top.category, top.cause)}`;
}

/** The headline of a trace: its largest effect, or what its only system does. */
export function traceHeadline(facts: Facts, brief = false): string {
  const focus = focusOf(facts);
  return focus ? headline(facts, focus, brief) : aloneHeadline(facts);
}

/** Title of the breakdown: every system's total against the baseline's. */
export function breakdownFinding(facts: Facts): string {
  const { baseline, others, trace } = facts;
  if (others.length === 0) return aloneHeadline(facts);
  const start = `${baseline.name} takes ${time(baseline.total)} on ${trace}`;
  if (others.length <= 2) {
    const each = others.map((run) => `${run.name} ${shortDifference(run, baseline)}`);
    return `${start}; ${each.join('; ')}`;
  }
  const slower = others.filter((run) => run.total > baseline.total).length;
  const faster = others.filter((run) => run.total < baseline.total).length;
  const slowest = others.reduce((a, b) => (b.total > a.total ? b : a));
  const counts = `${slower} of ${others.length} systems take longer, ${faster} less time`;
  return `${start}; ${counts}; the slowest, ${slowest.name}, ${shortDifference(slowest, baseline)}`;
}

function shortDifference(run: RunFacts, baseline: RunFacts): string {
  const difference = run.total - baseline.total;
  if (difference === 0) return 'takes the same time';
  const size = percentOf(Math.abs(difference), baseline.total);
  if (size === null) return `takes ${time(run.total)}`;
  return `${percent(size)} ${difference > 0 ? 'more' : 'less'}`;
}

/** Time that a system adds, per owner: positive differences of cells, before savings. */
export function addedByOwner(facts: Facts, run: RunFacts): Map<Owner, number> {
  const result = new Map<Owner, number>();
  for (const owner of ownersOf(facts)) {
    const before = ownerCells(facts.baseline, owner);
    const after = ownerCells(run, owner);
    let added = 0;
    for (const cell of ALL_CELLS) added += Math.max(0, after(cell) - before(cell));
    result.set(owner, added);
  }
  return result;
}

/** Title of the owner chart: who could remove the largest share of what is added (or spent). */
export function ownerFinding(facts: Facts): string {
  const focus = focusOf(facts);
  const added = focus ? addedByOwner(facts, focus) : new Map<Owner, number>();
  const total = [...added.values()].reduce((a, b) => a + b, 0);
  if (focus && total > 0) {
    const [owner, ps] = [...added].reduce((a, b) => (b[1] > a[1] ? b : a));
    return `Could be removed by ${OWNER_WORDS[owner].name}: ${percent((ps / total) * 100)} of the ${time(total)} that ${focus.name} adds`;
  }
  const { baseline } = facts;
  if (baseline.total === 0) return `No time to remove: ${baseline.name} takes none on ${facts.trace}`;
  const owner = ownersOf(facts).reduce((a, b) => (baseline.owner(b) > baseline.owner(a) ? b : a));
  const share = percent((baseline.owner(owner) / baseline.total) * 100);
  return `Could be removed by ${OWNER_WORDS[owner].name}: ${share} of the ${time(baseline.total)} that ${baseline.name} takes`;
}

/** Title of the chart of services. */
export function serviceFinding(facts: Facts): string {
  const contexts = contextsOf(facts);
  const focus = focusOf(facts);
  const at = focus ? facts.runs.indexOf(focus) : 0;
  const extra = (i: number): number => contexts[i]!.runs[at]!.outside - contexts[i]!.runs[0]!.outside;
  const size = (i: number): number => contexts[i]!.runs[at]!.outside;
  const key = focus ? extra : size;
  let top = -1;
  for (let i = 0; i < contexts.length; i++) if (top < 0 || key(i) > key(top)) top = i;
  if (top < 0 || size(top) === 0) {
    const anywhere = contexts.some((context) => context.runs.some((run) => run.outside > 0));
    if (!anywhere) return `No time outside user code on ${facts.trace}`;
  }
  const name = contextName(contexts[top]!.context);
  if (!focus || extra(top) === 0)
    return focus
      ? `No service takes longer under ${focus.name} than under ${facts.baseline.name}`
      : `Most of the time outside user code goes to ${name}: ${time(size(top))}`;
  if (extra(top) < 0)
    return `Every service takes less time under ${focus.name} than under ${facts.baseline.name}`;
  return `${focus.name} adds most to ${name}: ${time(extra(top))} over ${facts.baseline.name}’s ${time(size(top) - extra(top))}`;
}

/** The answer to the whole run: one sentence over all traces. */
export function verdict(all: readonly Facts[]): string {
  const first = all[0];
  if (!first) return 'Nothing was run';
  if (all.length === 1) return traceHeadline(first, true);
  const name = verdictSystem(all);
  if (name === null) {
    const totals = all.map((facts) => facts.baseline.total);
    const unit = [time(Math.min(...totals)), time(Math.max(...totals))];
    return `${first.baseline.name} takes ${unit[0] === unit[1] ? unit[0] : unit.join(' to ')} on ${all.length} traces`;
  }
  const changes = relativeChanges(all, name);
  const base = all.every((facts) => facts.baseline.name === first.baseline.name)
    ? first.baseline.name
    : 'its baseline';
  if (changes.length === 0) return `${name} and ${base} take no time that could be compared`;
  return `${name} takes ${range(changes)} ${base} on ${changes.length === 1 ? 'one trace' : `${changes.length} traces`}`;
}

/** Name of the system with the largest relative effect on any trace, or null if there is only one. */
export function verdictSystem(all: readonly Facts[]): string | null {
  let best: { readonly name: string; readonly size: number } | null = null;
  for (const facts of all)
    for (const run of facts.others) {
      const size = Math.abs(percentOf(run.total - facts.baseline.total, facts.baseline.total) ?? -1);
      if (!best || size > best.size) best = { name: run.name, size };
    }
  return best?.name ?? null;
}

/** Percent by which the system of that name differs from the baseline, per trace where both exist. */
export function relativeChanges(all: readonly Facts[], name: string): number[] {
  return all.flatMap((facts) => {
    const run = facts.others.find((other) => other.name === name);
    const change = run ? percentOf(run.total - facts.baseline.total, facts.baseline.total) : null;
    return change === null ? [] : [change];
  });
}

function range(changes: readonly number[]): string {
  const low = Math.min(...changes);
  const high = Math.max(...changes);
  if (low === 0 && high === 0) return 'exactly as long as';
  if (low < 0 && high > 0) return `between ${percent(-low)} less and ${percent(high)} more time than`;
  if (high > 0) return `${span(low, high)} longer than`;
  return `${span(-high, -low)} less time than`;
}

function span(low: number, high: number): string {
  const [a, b] = [percent(low), percent(high)];
  return a === b ? a : `${low === 0 ? '0 %' : a} to ${b}`;
}

/** Cells of a run in order with their sums, zeros left out. */
export function cellsOf(run: RunFacts): { readonly cell: Cell; readonly ps: number }[] {
  return ALL_CELLS.map((cell) => ({ cell, ps: run.cell(cell) })).filter(({ ps }) => ps !== 0);
}
