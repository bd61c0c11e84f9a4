import type { Owner } from '../model/pricing/breakdown.ts';
import {
  ALL_CELLS,
  type Cell,
  type Change,
  changeBetween,
  contextsOf,
  type Facts,
  focusOf,
  largestStep,
  ownerCells,
  ownersOf,
  paceOf,
  type RunFacts,
  type Step,
} from './facts.ts';
import { percent as percentFigure, percentOf, shareInWords, signed, time } from './numbers.ts';
import { isOpen, openText } from './shown.ts';
import { cellName, contextName, OWNER_WORDS } from './words.ts';

/**
 * Findings: one sentence each, computed from the data, for the titles of charts and the first line of the
 * terminal. No sentence ends with a full stop. Percentages name their base; a share of "the added time" is
 * a share of all that adds time, before savings elsewhere are set against it.
 */

/** A percentage in a sentence: what rounds to nothing is `less than 0.1 %`. */
export const percentInWords = (value: number): string => percentFigure(value).replace('<', 'less than ');

/** Points by which the change from start to end differs from that of all CPUs together before both are said. */
const APART = 1;

/** What kind of time is compared, where that has to be said. */
function kindOfTime(run: RunFacts, baseline: RunFacts): string {
  if (run.cpus !== baseline.cpus) return `from start to end, on ${run.cpus} CPUs against ${baseline.cpus}`;
  const together = percentOf(run.total - baseline.total, baseline.total);
  const ends = percentOf(run.elapsed - baseline.elapsed, baseline.elapsed);
  if (together === null || ends === null || Math.abs(together - ends) < APART) return '';
  return `all CPUs together; ${signed(ends, percentFigure(ends))} from start to end`;
}

/** What leaves a difference open, and of what time it is; empty: nothing does. */
function whyOpen(run: RunFacts, baseline: RunFacts): string {
  const open = openText(run, baseline);
  if (open === null) return '';
  return [open, kindOfTime(run, baseline)].filter((text) => text !== '').join('; ');
}

/**
 * How long `run` takes against the baseline, as a verb phrase: `takes 31.2 % longer than linux-mips`. With other
 * numbers of CPUs that is from start to end; and it is said where it is another story than all CPUs together. No difference
 * is claimed that the range beside it leaves open.
 */
export function comparedWith(run: RunFacts, baseline: RunFacts): string {
  const pace = paceOf(run, baseline);
  const difference = pace.time - pace.base;
  const base = baseline.name;
  const compared = kindOfTime(run, baseline);
  const kind = compared === '' ? '' : ` (${compared})`;
  if (pace.base === 0 && difference !== 0) return `takes ${time(pace.time)}, where ${base} takes no time,`;
  if (difference === 0) return `takes exactly as long as ${base}${kind}`;
  const open = whyOpen(run, baseline);
  if (open !== '') return `shows no difference from ${base} (${open})`;
  const size = percentOf(Math.abs(difference), pace.base)!;
  if (difference < 0) return `takes ${percentInWords(size)} less time than ${base}${kind}`;
  if (size >= 200) return `takes ${(pace.time / pace.base).toFixed(2)} times as long as ${base}${kind}`;
  return `takes ${percentInWords(size)} longer than ${base}${kind}`;
}

/** Below this share of what is added, savings go unsaid; in a brief headline, below the second. */
const MINOR = 0.01;
const MINOR_BRIEF = 0.05;

/**
 * What explains a change: the second half of a headline. Its parts are the steps of the waterfall, none netted against
 * another: shares are of the steps of one sign. What moves between guest and monitor is thus added here and saved there,
 * and the sentence says both; `brief` leaves out small savings.
 */
export function because(change: Change, brief = false): string {
  if (change.steps.length === 0) return 'every part is equal';
  if (change.difference === 0) return `the ${time(change.added)} added in some parts is saved in others`;
  const sign = change.difference > 0 ? 1 : -1;
  const [gross, back] = sign > 0 ? [change.added, -change.saved] : [-change.saved, change.added];
  const size = largestStep(change, sign)!.ps;
  const top = change.steps.filter(({ ps }) => ps === size);
  const share = shareInWords(Math.abs(size) / gross);
  const what = sign > 0 ? 'of the added time' : 'of the saving';
  const where = sign > 0 ? 'goes to' : 'comes from';
  const named = ({ category, cause }: Step): string => cellName(category, cause);
  const first =
    top.length > 2
      ? `${top.length} parts share first place, each ${share} ${what}`
      : `${share} ${what} ${where} ${top.length === 2 ? 'each of ' : ''}${top.map(named).join(' and ')}`;
  if (back < gross * (brief ? MINOR_BRIEF : MINOR)) return first;
  const other = largestStep(change, sign > 0 ? -1 : 1)!;
  const most = `${shareInWords(Math.abs(other.ps) / back)} of it in ${named(other)}`;
  return `${first}; ${sign > 0 ? 'savings elsewhere give back' : 'costs elsewhere take back'} ${percentInWords((back / gross) * 100)} of what is ${sign > 0 ? 'added' : 'saved'}, ${most}`;
}

/** As `because`, of a run beside its baseline: what is explained is the time of all CPUs together. */
export function explained(run: RunFacts, baseline: RunFacts, brief = false): string {
  const change = changeBetween(baseline, run);
  const share = percentOf(change.difference, baseline.total);
  const what = because(change, brief);
  if (run.cpus === baseline.cpus || share === null) return what;
  return `all CPUs together ${change.difference === 0 ? '±0 %' : signed(share, percentFigure(share))}, ${what}`;
}

/** One system against the baseline on one trace: by how much, and why. */
export function headline(facts: Facts, run: RunFacts, brief = false): string {
  const { baseline, short: trace } = facts;
  if (baseline.total === 0 && run.total === 0)
    return `${run.name} and ${baseline.name} take no time on ${trace}: nothing was counted`;
  const open = whyOpen(run, baseline);
  const answer =
    open === ''
      ? `${run.name} ${comparedWith(run, baseline)} on ${trace}`
      : `No difference is shown between ${run.name} and ${baseline.name} on ${trace} (${open})`;
  return `${answer}: ${explained(run, baseline, brief)}`;
}

/** What one system alone spends most of its time in. */
export function aloneHeadline(facts: Facts): string {
  const { baseline, short: trace } = facts;
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
  const { baseline, others, short: trace } = facts;
  if (others.length === 0) return aloneHeadline(facts);
  const sums = others.some((run) => run.cpus !== baseline.cpus) ? ', all CPUs together' : '';
  const start = `${baseline.name} takes ${time(baseline.total)} on ${trace}${sums}`;
  if (others.length <= 2) {
    const each = others.map((run) => `${run.name} ${shortDifference(run, baseline)}`);
    return `${start}; ${each.join('; ')}`;
  }
  const open = others.filter((run) => isOpen(run, baseline)).length;
  const shown = others.filter((run) => !isOpen(run, baseline));
  const slower = shown.filter((run) => run.total > baseline.total).length;
  const faster = shown.filter((run) => run.total < baseline.total).length;
  const slowest = others.reduce((a, b) => (b.total > a.total ? b : a));
  const counts =
    `${slower} of ${others.length} systems take longer, ${faster} less time` +
    (open === 0 ? '' : `, and for ${open} no difference is shown`);
  return `${start}; ${counts}; the slowest, ${slowest.name}, ${shortDifference(slowest, baseline)}`;
}

function shortDifference(run: RunFacts, baseline: RunFacts): string {
  const difference = run.total - baseline.total;
  if (difference === 0) return 'takes the same time';
  const size = percentOf(Math.abs(difference), baseline.total);
  if (size === null) return `takes ${time(run.total)}`;
  if (isOpen(run, baseline))
    return `${signed(difference, percentFigure(difference < 0 ? -size : size))} (no difference is shown)`;
  return `${percentInWords(size)} ${difference > 0 ? 'more' : 'less'}`;
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
    return `Could be removed by ${OWNER_WORDS[owner].name}: ${percentInWords((ps / total) * 100)} of the gross ${time(total)} that ${focus.name} adds, before what it saves`;
  }
  const { baseline } = facts;
  if (baseline.total === 0) return `No time to remove: ${baseline.name} takes none on ${facts.short}`;
  const owner = ownersOf(facts).reduce((a, b) => (baseline.owner(b) > baseline.owner(a) ? b : a));
  const share = percentInWords((baseline.owner(owner) / baseline.total) * 100);
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
    if (!anywhere) return `No time outside user code on ${facts.short}`;
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

/** Cells of a run in order with their sums, zeros left out. */
export function cellsOf(run: RunFacts): { readonly cell: Cell; readonly ps: number }[] {
  return ALL_CELLS.map((cell) => ({ cell, ps: run.cell(cell) })).filter(({ ps }) => ps !== 0);
}
