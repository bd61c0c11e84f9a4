import {
  type ComparedNumber,
  type Reproduction,
  relativeError,
  type Score,
} from '../../paper/reproduction.ts';
import type { Decomposition, Exhibit } from '../../paper/types.ts';
import { cleanText, plural } from '../words.ts';
import { figure, numberName, signedFigure, unitName } from './words.ts';

/** What the numbers say, in sentences that are computed from them. */

export interface VerdictSentences {
  readonly answer: string;
  readonly why: string;
}

/** Missed floors that are named in the verdict; the table has them all. */
const MOST_NAMED = 3;

/** The verdict on the reproduction as a whole. */
export function verdictOn({ scores, numbers, inputs }: Reproduction): VerdictSentences {
  const judged = scores.filter(({ verdict }) => verdict !== 'unjudged');
  const with_ = (verdict: Score['verdict']): readonly Score[] =>
    judged.filter((score) => score.verdict === verdict);
  const [goals, missed] = [with_('goal').length, with_('missed')];
  const answer =
    judged.length === 0
      ? 'There is nothing to judge: no prediction of a goal’s numbers was asked for'
      : missed.length > 0
        ? `The model misses ${missed.length} of ${judged.length} ${plural(judged.length, 'floor')} and meets ${goals} ${plural(goals, 'goal')}`
        : goals === judged.length
          ? `The model meets ${allOf(goals, 'goal')}`
          : `The model reaches ${allOf(judged.length, 'floor')} and ${goals} of the goals`;
  const scored = numbers.filter(({ reason }) => reason === null);
  const predicted = scored.filter(({ role }) => role === 'predicted').length;
  const missing = scored.filter(({ role }) => role === 'missing').length;
  const fitted = inputs.filter(({ role }) => role === 'calibrated').length;
  const error = scores.find(({ id }) => id === 'median_error')?.value ?? null;
  const worst =
    missed.length === 0 || missed.length > MOST_NAMED
      ? ''
      : ` Missed: ${missed.map(({ name }) => lower(name)).join('; ')}.`;
  const why =
    `Of ${scored.length} published numbers that can say something, ${predicted} are predicted` +
    `${error === null ? '' : `, half of them within ${figure(error, '%')} %`}` +
    `; ${fitted} ${plural(fitted, 'input')} ${plural(fitted, 'was', 'were')} fitted to others` +
    `${missing === 0 ? '' : `; ${missing} are not modelled`}.${worst}`;
  return { answer, why };
}

const allOf = (n: number, what: string): string => (n === 1 ? `the one ${what}` : `all ${n} ${what}s`);

const lower = (text: string): string =>
  /^(Figure|Table)/.test(text) ? text : text[0]!.toLowerCase() + text.slice(1);

type Find = (workload: string, system: string, quantity?: string) => ComparedNumber | undefined;

/** The finding of an exhibit: what it says, as modelled and as published. */
export function exhibitFinding({ numbers }: Reproduction, exhibit: Exhibit): string {
  const own = numbers.filter((number) => number.exhibit === exhibit);
  const find: Find = (workload, system, quantity = 'total') =>
    own.find((one) => one.workload === workload && one.system === system && one.quantity === quantity);
  if (own.every(({ modelled }) => modelled === null)) return 'The model does not give this exhibit';
  return FINDINGS[exhibit](find, own) ?? worstFinding(own);
}

const both = (number: ComparedNumber | undefined): readonly [string, string] | null =>
  number === undefined || number.modelled === null
    ? null
    : [figure(number.modelled, number.unit, number.value), figure(number.value, number.unit)];

const FINDINGS: Readonly<Record<Exhibit, (find: Find, own: readonly ComparedNumber[]) => string | null>> = {
  table1: () => null,
  table2: () => null,
  table3: () => null,
  figure5: (_, own) => {
    const totals = own.filter((one) => one.quantity === 'total' && one.system === 'disco');
    if (totals.some(({ modelled }) => modelled === null)) return null;
    const range = (values: readonly number[]): string =>
      `${signedFigure(Math.min(...values) - 100, '%')} to ${signedFigure(Math.max(...values) - 100, '%')} %`;
    const model = range(totals.map(({ modelled }) => modelled!));
    return `On one CPU Disco changes run times by ${model} (paper: ${range(totals.map(({ value }) => value))})`;
  },
  figure6: (find) => {
    const machine = both(find('pmake', '8vm', 'machine.total'));
    const virtual = both(find('pmake', '8vm', 'virtual.total'));
    return machine === null || virtual === null
      ? null
      : `Eight virtual machines ask for ${virtual[0]} MB and use ${machine[0]} MB (paper: ${virtual[1]} and ${machine[1]})`;
  },
  figure7: (find) => {
    const one = both(find('pmake', '1vm'));
    const eight = both(find('pmake', '8vm'));
    return one === null || eight === null
      ? null
      : `In one virtual machine pmake takes ${one[0]} % of its time under IRIX, in eight ${eight[0]} % (paper: ${one[1]} and ${eight[1]})`;
  },
  figure8: (find) => {
    const engineering = both(find('engineering', 'disco_numa'));
    const raytrace = both(find('raytrace', 'disco_numa'));
    return engineering === null || raytrace === null
      ? null
      : `With pages that move, Disco takes ${engineering[0]} % of IRIX’s time on engineering and ${raytrace[0]} % on raytrace (paper: ${engineering[1]} and ${raytrace[1]})`;
  },
};

/** How near the model is, where an exhibit has no one message: the number that is farthest off. */
function worstFinding(own: readonly ComparedNumber[]): string {
  const known = own.filter((number) => number.reason === null && number.modelled !== null);
  const sorted = [...known].sort((a, b) => (relativeError(b) ?? 0) - (relativeError(a) ?? 0));
  const [worst] = sorted;
  if (worst === undefined) return 'The model gives none of the numbers that say something';
  const error = 100 * (relativeError(worst) ?? 0);
  const middle = 100 * (relativeError(sorted[Math.floor(sorted.length / 2)]!) ?? 0);
  if (error < 0.05) return `All ${known.length} numbers that can say something are as published`;
  const name = numberName(worst).replace(/^[^,]*, /, '');
  if (known.length < 3)
    return `${known.length === 1 ? 'The one number' : 'The farther of two numbers'} is off by ${figure(error, '%')} %: ${name}`;
  return `Half of ${known.length} numbers are within ${figure(middle, '%')} %; farthest is ${name}, off by ${figure(error, '%')} %`;
}

/** The finding of one chart of an exhibit, if it is not the exhibit's own. */
export function chartFinding(numbers: readonly ComparedNumber[]): string {
  return numbers.every(({ modelled }) => modelled === null)
    ? 'The model does not give this'
    : worstFinding(numbers);
}

/** The finding of a decomposition: its largest change, and the largest of the other sign. */
export function stepsFinding({ steps, unit, workload }: Decomposition): string {
  const changes = steps.filter(({ kind }) => kind === 'change');
  const by = (sign: 1 | -1) =>
    changes.filter(({ value }) => value * sign > 0).sort((a, b) => (b.value - a.value) * sign)[0];
  const words = (step: (typeof steps)[number]): string =>
    `${cleanText(step.name)} (${signedFigure(step.value, unit)})`;
  const [more, less] = [by(1), by(-1)];
  const name = cleanText(workload);
  const of = ` ${unitName(unit)}`;
  if (more !== undefined && less !== undefined)
    return `${name}: ${words(more)} adds most, ${words(less)} saves most`;
  if (more !== undefined) return `${name}: ${words(more)} adds most`;
  if (less !== undefined) return `${name}: ${words(less)} saves most`;
  const ends = [steps[0], steps.at(-1)].filter((step) => step !== undefined);
  return `${name}: ${ends.map((step) => `${cleanText(step.name)} ${figure(step.value, unit)}`).join(', ')}${of}`;
}

/** How far numbers move with the length of the run; empty where only one length was run. */
export function spreadSentence({ numbers, scale }: Reproduction): string {
  const moves = numbers
    .filter(({ reason, modelled, spread }) => reason === null && modelled !== null && spread.length > 0)
    .map((number) => {
      const values = [number.modelled!, ...number.spread.map(({ value }) => value)];
      return {
        number,
        percent: (100 * (Math.max(...values) - Math.min(...values))) / Math.abs(number.value),
      };
    })
    .sort((a, b) => a.percent - b.percent);
  const [middle, most] = [moves[Math.floor(moves.length / 2)], moves.at(-1)];
  if (middle === undefined || most === undefined) return '';
  const scales = [scale, ...most.number.spread.map((one) => one.scale)].join(', ');
  return `At scales ${scales} half of ${moves.length} numbers differ by less than ${figure(middle.percent, '%')} % of the published one; most differs ${numberName(most.number)}, by ${figure(most.percent, '%')} %.`;
}
