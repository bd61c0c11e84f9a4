import { changeBetween, type Facts, largestStep, type RunFacts } from '../facts.ts';
import { listed } from '../numa.ts';
import { isOpen } from '../shown.ts';
import { cellLabel } from '../words.ts';

/**
 * Which conclusions other prices turn around: whether a system takes longer than the baseline, in which order the
 * systems come, and what adds most.
 */

/** Traces named at most. */
const NAMED = 4;

type Side = 'takes longer than' | 'takes less time than' | 'takes as long as' | 'shows no difference from';

function sideOf(run: RunFacts, baseline: RunFacts): Side {
  if (run.total === baseline.total) return 'takes as long as';
  if (isOpen(run, baseline)) return 'shows no difference from';
  return run.total > baseline.total ? 'takes longer than' : 'takes less time than';
}

/** Names of the systems, the fastest first; the order of the page where two are equal. */
const orderOf = ({ runs }: Facts): string[] =>
  [...runs].sort((a, b) => a.total - b.total).map(({ name }) => name);

const WAS: Readonly<Record<Side, string>> = {
  'takes longer than': 'longer',
  'takes less time than': 'less time',
  'takes as long as': 'as long',
  'shows no difference from': 'no difference',
};

/** A conclusion that is another one now. */
interface Flip {
  /** What is so, before and after the names of traces. */
  readonly start: string;
  readonly end: string;
  readonly trace: string;
}

function mostAdded(baseline: RunFacts, run: RunFacts): string {
  const step = largestStep(changeBetween(baseline, run), 1);
  return step === null ? 'nothing' : cellLabel(step.category, step.cause);
}

function flipsOf(start: Facts, now: Facts): Flip[] {
  const found: Flip[] = [];
  const add = (head: string, end: string): void => {
    found.push({ start: head, end, trace: now.short });
  };
  for (const [i, run] of now.others.entries()) {
    const was = sideOf(start.others[i]!, start.baseline);
    const is = sideOf(run, now.baseline);
    if (was !== is) add(`now ${run.name} ${is} ${now.baseline.name}`, `; at the start: ${WAS[was]}`);
  }
  const [was, is] = [orderOf(start), orderOf(now)];
  if (is.length > 2 && was.join('\n') !== is.join('\n'))
    add('the order of systems', `, fastest first: ${is.join(', ')}; at the start: ${was.join(', ')}`);
  for (const [i, run] of now.others.entries()) {
    const before = mostAdded(start.baseline, start.others[i]!);
    const most = mostAdded(now.baseline, run);
    if (before !== most) add(`what adds most under ${run.name}`, `: ${most}; at the start: ${before}`);
  }
  return found;
}

/**
 * One sentence for each conclusion of a page that is another one now, with the traces on which it is; none where all
 * still hold. `start` and `now` are of the same comparisons in the same order.
 */
export function flips(start: readonly Facts[], now: readonly Facts[]): string[] {
  const all = now.flatMap((facts, i) => flipsOf(start[i]!, facts));
  const traces = new Map<string, string[]>();
  for (const flip of all) {
    const key = JSON.stringify([flip.start, flip.end]);
    traces.set(key, [...(traces.get(key) ?? []), flip.trace]);
  }
  return [...traces].map(([key, names]) => {
    const [head, end] = JSON.parse(key) as [string, string];
    const where = names.length > NAMED ? `${names.length} of ${now.length} traces` : listed(names);
    return `${head} on ${where}${end}`;
  });
}
