import { type Facts, paceOf, type RunFacts } from './facts.ts';
import { comparedWith, explained, headline, percentInWords, traceHeadline } from './finding.ts';
import { percent, percentOf, signed, time } from './numbers.ts';
import { isOpen } from './shown.ts';

/** The answer to a whole run in one sentence: every system against its baseline, and why the largest differs. */

/** Systems named at most; of more only the one that differs most is. */
const NAMED = 3;

/** One system against one baseline on all traces that have both. */
interface Pair {
  readonly baseline: string;
  readonly name: string;
  readonly cases: readonly { readonly facts: Facts; readonly run: RunFacts }[];
}

function pairsOf(all: readonly Facts[]): Pair[] {
  const pairs = new Map<string, Pair & { cases: { facts: Facts; run: RunFacts }[] }>();
  for (const facts of all)
    for (const run of facts.others) {
      const key = JSON.stringify([facts.baseline.name, run.name]);
      const pair = pairs.get(key) ?? { baseline: facts.baseline.name, name: run.name, cases: [] };
      pair.cases.push({ facts, run });
      pairs.set(key, pair);
    }
  return [...pairs.values()];
}

/** Percent by which a system differs from its baseline; 0 where neither takes time. */
function relative({ facts, run }: Pair['cases'][number]): number {
  const { time: own, base } = paceOf(run, facts.baseline);
  return percentOf(own - base, base) ?? (own === 0 ? 0 : Number.NaN);
}

const sizeOf = (one: Pair['cases'][number]): number => Math.abs(relative(one) || 0);

const largestOf = (pair: Pair): Pair['cases'][number] =>
  pair.cases.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));

const tracesOf = (pair: Pair): string =>
  pair.cases.length === 1 ? pair.cases[0]!.facts.short : `${pair.cases.length} traces`;

export interface Verdict {
  /** Every system against its baseline; with a single one on one trace, why too. */
  readonly answer: string;
  /** Why the largest difference is there, where the answer does not say; else empty. */
  readonly why: string;
}

/** The answer to the whole run as one sentence. */
export function verdict(all: readonly Facts[]): string {
  const { answer, why } = verdictParts(all);
  return why === '' ? answer : `${answer}; ${why}`;
}

export function verdictParts(all: readonly Facts[]): Verdict {
  const [first] = all;
  if (!first) return { answer: 'Nothing was run', why: '' };
  const pairs = pairsOf(all);
  if (pairs.length === 0) return { answer: all.length === 1 ? traceHeadline(first) : alone(all), why: '' };
  const largest = pairs.reduce((a, b) => (sizeOf(largestOf(b)) > sizeOf(largestOf(a)) ? b : a));
  const top = largestOf(largest);
  const told = headline(top.facts, top.run, true);
  if (pairs.length === 1 && largest.cases.length === 1) return { answer: told, why: '' };
  if (pairs.length > NAMED) {
    const what =
      all.length === 1
        ? `${pairs.length} systems beside ${first.baseline.name}`
        : `${pairs.length} pairs of systems on ${all.length} traces`;
    return { answer: `${what}; the largest difference: ${told}`, why: '' };
  }
  const baselines = new Set(pairs.map((pair) => pair.baseline));
  const places = new Set(pairs.map((pair) => pair.cases.map(({ facts }) => facts.trace).join('\n')));
  const alike = baselines.size === 1 && places.size === 1;
  const sentences = pairs.map((pair, i) => {
    const start = `${pair.name} ${effect(pair, i === 0 || !alike)}`;
    return alike && i < pairs.length - 1 ? start.replace(/,$/, '') : `${start} on ${tracesOf(pair)}`;
  });
  const intro = alike ? '' : `${pairs.length} comparisons with different systems: `;
  return { answer: `${intro}${sentences.join('; ')}`, why: whyOf(pairs, largest, top) };
}

/** Without anything to compare with: how long the systems take. */
function alone(all: readonly Facts[]): string {
  const totals = all.map((facts) => facts.baseline.total);
  const [low, high] = [time(Math.min(...totals)), time(Math.max(...totals))];
  const names = [...new Set(all.map((facts) => facts.baseline.name))];
  const who = names.length <= NAMED ? names.join(', ') : `${names.length} systems`;
  return `${who} ${names.length === 1 ? 'takes' : 'take'} ${low === high ? low : `${low} to ${high}`} on ${all.length} traces`;
}

/** What explains the largest effect; it names system and trace where they are not the only ones. */
function whyOf(pairs: readonly Pair[], largest: Pair, { facts, run }: Pair['cases'][number]): string {
  if (run.total === facts.baseline.total) return '';
  const where = [
    ...(pairs.length > 1 ? [`under ${run.name}`] : []),
    ...(largest.cases.length > 1 ? [`on ${facts.short}, where the difference is largest`] : []),
  ];
  return `${where.join(' ')}: ${explained(run, facts.baseline, true)}`;
}

/** `takes 10.0 % to 12.0 % longer than native`, as a phrase that follows the system's name. */
function effect(pair: Pair, full: boolean): string {
  const [only] = pair.cases;
  if (pair.cases.length === 1 && only) return comparedWith(only.run, only.facts.baseline);
  const changes = pair.cases.map(relative).filter((change) => !Number.isNaN(change));
  const base = full ? ` than ${pair.baseline}` : '';
  if (changes.length === 0) return `takes time where ${pair.baseline} takes none`;
  const low = Math.min(...changes);
  const high = Math.max(...changes);
  if (low === 0 && high === 0) return `takes exactly as long as ${pair.baseline}`;
  const open = pair.cases.filter(({ facts, run }) => isOpen(run, facts.baseline)).length;
  if (open === pair.cases.length) {
    const [least, most] = [low, high].map((size) => signed(size, percent(size)));
    return `shows no difference from ${pair.baseline} (${least === most ? least : `${least} to ${most}`}, which the ranges of prices and seeds leave open)`;
  }
  return `${sizes(low, high, base)}${open === 0 ? '' : ` (for ${open} of these no difference is shown)`}`;
}

/** The range of several differences, of which one at least is none. */
function sizes(low: number, high: number, base: string): string {
  if (low < 0 && high > 0)
    return `takes between ${percentInWords(-low)} less and ${percentInWords(high)} more time${base}`;
  if (high > 0) return `takes ${span(low, high)} longer${base}`;
  return `takes ${span(-high, -low)} less time${base}`;
}

function span(low: number, high: number): string {
  const [a, b] = [percentInWords(low), percentInWords(high)];
  return a === b ? a : `${a} to ${b}`;
}
