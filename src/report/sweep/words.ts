import type { Sensitivity } from '../../sweep/analysis.ts';
import type { FoundBreakEven, FoundCrossing, Side } from '../../sweep/crossings.ts';
import { sizeFigure, unitOf } from '../../sweep/typed.ts';
import type { Leaf } from '../../sweep/types.ts';
import {
  type Claim,
  claim,
  type MonteCarlo,
  type SystemBands,
  type SystemTornado,
} from '../../sweep/uncertainty.ts';
import { PERCENT_BY_ROLE } from '../../sweep/uncertainty-ranges.ts';
import { grouped, MINUS, percent, signed, time } from '../numbers.ts';
import { cleanText, plural } from '../words.ts';

/** What is said of sweeps, in the terminal and on the page alike. */

/** A value as a person writes it: `256K` bytes, `640.2`, `none`. */
export function leafFigure(value: Leaf, unit = ''): string {
  if (value === null) return 'none';
  if (typeof value !== 'number') return cleanText(String(value));
  const size = sizeFigure(value, unit);
  if (size !== null) return size;
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(4));
  return rounded < 0 ? MINUS + grouped(String(-rounded)) : grouped(String(rounded));
}

/** The same with its unit. */
export function leafText(value: Leaf, path: string): string {
  const unit = unitOf(path);
  const figure = leafFigure(value, unit);
  if (typeof value !== 'number' || unit === '') return figure;
  return `${figure} ${value === 1 ? singular(unit) : unit}`;
}

/** `entries` → `entry`; units of time have no plural. */
const singular = (unit: string): string =>
  unit.length < 3 ? unit : unit.replace(/ies$/, 'y').replace(/s$/, '');

/** `machine.l2.size 1M bytes, monitor.vms.count 4`. */
export const placeText = (values: Readonly<Record<string, Leaf>>): string =>
  Object.entries(values)
    .map(([path, value]) => `${cleanText(path)} ${leafText(value, path)}`)
    .join(', ');

/** `l2.size 1M`, `vms.count 4`: the ends of the paths, where they tell them apart, without units. */
export function placePartsShort(values: Readonly<Record<string, Leaf>>): string[] {
  const ends = Object.keys(values).map((path) => path.split('.').slice(-2).join('.'));
  const names = new Set(ends).size === ends.length ? ends : Object.keys(values);
  return Object.entries(values).map(
    ([path, value], i) => `${cleanText(names[i]!)} ${leafFigure(value, unitOf(path))}`,
  );
}

/** The same in one line. */
export const placeTextShort = (values: Readonly<Record<string, Leaf>>): string =>
  placePartsShort(values).join(', ');

const words = ({ difference_ps }: Side): string => (difference_ps < 0 ? 'cheaper' : 'dearer');

/** Where a crossing is: `above 640 ns`, `between 256K bytes and 512K bytes`. */
function whereOf({ at, before, after }: FoundCrossing, path: string): string {
  return at === null
    ? `between ${leafText(before.at, path)} and ${leafText(after.at, path)}`
    : `at ${leafText(at, path)}`;
}

/** One finding: where the order of two systems flips, or that it does not. It begins with a word, not with a name. */
export function breakEvenFinding(found: FoundBreakEven): string {
  const { path, crossings } = found;
  const [baseline, system] = [cleanText(found.baseline), cleanText(found.system)];
  const name = cleanText(path);
  const than = `than ${baseline}`;
  const [only] = crossings;
  if (only === undefined) return `nothing flips: ${sideText(found)}`;
  const equal = equalText(found);
  const same = equal === '' ? '' : `; both cost the same ${equal}`;
  if (crossings.length === 1) {
    const { at, before, after } = only;
    if (at === null)
      return `${whereOf(only, path)} of ${name}, ${system} becomes ${words(after)} ${than} (${words(before)} before)${same}`;
    return `with ${name} above ${leafText(at, path)}, ${system} is ${words(after)} ${than}${same}`;
  }
  const flips = crossings.map((one) => `${words(one.after)} ${whereOf(one, path)}`);
  return `along ${name}, ${system} flips ${crossings.length} times: ${words(only.before)} ${than} at first, then ${flips.join(', then ')}${same}`;
}

/** On which side of the baseline a system is that never crosses it, and where it costs the same. */
function sideText(found: FoundBreakEven): string {
  const { path, kind, low, high, equal, apart } = found;
  const [baseline, system] = [cleanText(found.baseline), cleanText(found.system)];
  const name = cleanText(path);
  const text = (value: Leaf): string => leafText(value, path);
  const [first] = equal;
  if (apart === null) {
    const all = first === undefined || (first.from === low.at && first.to === high.at);
    return `${system} and ${baseline} cost the same ${all ? 'at every' : `${equalText(found)} of`} ${name}`;
  }
  const is = `${system} is ${words(apart)} than ${baseline}`;
  if (first === undefined) return `${is} at every ${name} from ${text(low.at)} to ${text(high.at)}`;
  const ordered = typeof first.from === 'number' && typeof first.to === 'number';
  // Where a stretch of equal totals ends is known of a list, of a price to the step of the scan.
  const end = (value: Leaf): string =>
    `${kind === 'price' && first.from !== first.to ? 'about ' : ''}${text(value)}`;
  if (equal.length === 1 && ordered && first.to === high.at)
    return `${is} with ${name} below ${end(first.from)}, and costs the same ${stretchText(found, first)}`;
  if (equal.length === 1 && ordered && first.from === low.at)
    return `${is} with ${name} above ${end(first.to)}, and costs the same ${stretchText(found, first)}`;
  const range = ordered ? ` from ${text(low.at)} to ${text(high.at)}` : '';
  return `${is} at every ${name}${range} but ${equalText(found)}, where both cost the same`;
}

/** `at 0 ns`, `from 256K bytes to 1M bytes`; of a list in no order by its ends. */
const stretchText = ({ path }: FoundBreakEven, { from, to }: FoundBreakEven['equal'][number]): string =>
  from === to ? `at ${leafText(from, path)}` : `from ${leafText(from, path)} to ${leafText(to, path)}`;

/** Stretches that are named one by one. */
const MOST_STRETCHES = 3;

/** Where two systems cost the same without a change of order; empty: nowhere. */
export function equalText(found: FoundBreakEven): string {
  const named = found.equal.slice(0, MOST_STRETCHES).map((one) => stretchText(found, one));
  const more = found.equal.length - named.length;
  return `${named.join(' and ')}${more > 0 ? ` and in ${more} more places` : ''}`;
}

/** `Of what is varied, prices.remote_ns changes nothing here.`; empty: there is no such axis. `whole`: every cell has a result. */
export function inertSentence(paths: readonly string[], whole: boolean): string {
  if (paths.length === 0) return '';
  return `Of what is varied, ${listed(paths)} ${paths.length === 1 ? 'changes' : 'change'} nothing here${whole ? '' : ', where there are results'}.`;
}

/** `a, b and c`. */
function listed(paths: readonly string[]): string {
  const names = paths.map(cleanText);
  const last = names.at(-1)!;
  return names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** What was replayed for a system and makes no difference to it; empty: there is nothing. */
export function inertInputs({ name, structure = [] }: SystemTornado): string {
  const paths = structure.flatMap(({ path, inert }) => (inert ? [path] : []));
  if (paths.length === 0) return '';
  return `Of the structure that is moved, ${listed(paths)} ${paths.length === 1 ? 'changes' : 'change'} nothing in ${cleanText(name)}.`;
}

/** What a break-even is of besides its path: trace and other axes; empty where there are none. */
export const breakEvenPlace = (found: FoundBreakEven, traces: number): string =>
  [traces > 1 ? cleanText(found.trace) : '', placeText(found.others)]
    .filter((text) => text !== '')
    .join(', ');

/** Break-evens in order, those where nothing flips in the same words as one, with how many they are. */
export function breakEvenGroups(
  all: readonly FoundBreakEven[],
): { readonly first: FoundBreakEven; readonly count: number }[] {
  const groups = new Map<unknown, { first: FoundBreakEven; count: number }>();
  for (const found of all) {
    const key = found.crossings.length === 0 ? breakEvenFinding(found) : found;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: found, count: 1 });
    else group.count++;
  }
  return [...groups.values()];
}

/** How the numbers of a break-even were found. */
export function breakEvenHow({ kind, points, crossings }: FoundBreakEven): string {
  if (kind === 'list') return `${points} values, each replayed`;
  const confirmed = crossings.length === 0 ? '' : ', each confirmed by runs on both sides';
  return `scan of ${points} points and bisection${confirmed}`;
}

const CLAIMS: Readonly<Record<Exclude<Claim, 'no difference shown'>, string>> = {
  greater: 'costs more than',
  less: 'costs less than',
};

/**
 * The difference of a system to the baseline, as far as samples show one: a claim only where the band of the paired
 * difference leaves out zero.
 */
export function claimSentence(bands: SystemBands, baseline: string): string {
  const { name, difference, ratio } = bands;
  if (difference === null) return '';
  const shown = claim(difference);
  const change = (share: number): string => signed(share - 1, percent(100 * (share - 1)));
  const range =
    ratio === null
      ? `${signed(difference.p5, time(difference.p5))} to ${signed(difference.p95, time(difference.p95))}`
      : `${change(ratio.p5)} to ${change(ratio.p95)}, middle ${change(ratio.p50)}`;
  if (shown === 'no difference shown')
    return `No difference is shown between ${cleanText(name)} and ${cleanText(baseline)} (${range} in nine tenths of the samples).`;
  return `${cleanText(name)} ${CLAIMS[shown]} ${cleanText(baseline)}: ${range} in nine tenths of the samples.`;
}

/** Decimals of a tornado at most: what needs more is as good as nothing. */
const MOST_DIGITS = 4;

/** Decimals with which both ends of each effect read differently, one at least. */
export function digitsApart(pairs: readonly (readonly [number, number])[]): number {
  for (let digits = 1; digits < MOST_DIGITS; digits++)
    if (pairs.every(([a, b]) => a === b || a.toFixed(digits) !== b.toFixed(digits))) return digits;
  return MOST_DIGITS;
}

/** A change in percent with its sign and so many decimals; what is not zero never reads as zero. */
export function changeFigure(value: number, digits: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value).toFixed(digits);
  const least = (10 ** -digits).toFixed(digits);
  return `${value < 0 ? MINUS : '+'}${Number(size) === 0 ? `<${least}` : grouped(size)}`;
}

/** What samples were drawn, and what they are not. */
export const samplesText = ({ samples, seed, ranges, structure = [] }: MonteCarlo): string =>
  `${samples.toLocaleString('en')} joint samples (seed ${seed}) of ${inputsText(ranges.length, structure.length)}, each uniform in its range: ` +
  `${rangesByRole()} (a convention); all systems share each sample.` +
  (structure.length > 0
    ? ' What structure does is known at the ends of its ranges, and drawn straight between them.'
    : '');

/** `±5 % where it was measured, …`: how far inputs are drawn. */
function rangesByRole(): string {
  const roles = new Map<number, string[]>();
  for (const [role, percent] of Object.entries(PERCENT_BY_ROLE))
    if (percent > 0) roles.set(percent, [...(roles.get(percent) ?? []), role]);
  return [...roles]
    .map(([percent, names]) => `±\u00A0${percent} % where it was ${names.join(' or ')}`)
    .join(', ');
}

/** `50 prices and 5 inputs that are structure`. */
const inputsText = (prices: number, structure: number): string =>
  `${prices} ${plural(prices, 'price')}${structure > 0 ? ` and ${structure} ${plural(structure, 'input')} that ${structure === 1 ? 'is' : 'are'} structure` : ''}`;

/** Inputs that a sentence names. */
const NAMED = 3;

/** What was not moved, and why; empty: there is nothing. */
export function fixedText({ fixed = [], exact = [] }: Sensitivity): string {
  const some = (paths: readonly string[], key: string): string => {
    const more = paths.length - NAMED;
    return `${paths.slice(0, NAMED).map(cleanText).join(', ')}${more > 0 ? ` and ${more} more (JSON: ${key})` : ''}`;
  };
  return [
    ...(fixed.length > 0
      ? [`Not moved, as no other value is within the range or could be replayed: ${some(fixed, 'fixed')}.`]
      : []),
    ...(exact.length > 0 ? [`Not moved, as measured exactly: ${some(exact, 'exact')}.`] : []),
  ].join(' ');
}

/** What a system alone is compared with: itself in the first cell of these that has a time. */
export const firstCell = (times: Float64Array): string =>
  Number.isNaN(times[0]) ? 'the first cell with a result' : 'the first cell';
