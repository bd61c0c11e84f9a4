import type { FoundBreakEven, FoundCrossing, Side } from '../../sweep/crossings.ts';
import { sizeFigure, unitOf } from '../../sweep/typed.ts';
import type { Leaf } from '../../sweep/types.ts';
import { type Claim, claim, type SystemBands } from '../../sweep/uncertainty.ts';
import { grouped, MINUS, percent, signed, time } from '../numbers.ts';
import { cleanText } from '../words.ts';

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

/** `l2.size 1M, vms.count 4`: the ends of the paths, where they tell them apart, without units. */
export function placeTextShort(values: Readonly<Record<string, Leaf>>): string {
  const ends = Object.keys(values).map((path) => path.split('.').slice(-2).join('.'));
  const names = new Set(ends).size === ends.length ? ends : Object.keys(values);
  return Object.entries(values)
    .map(([path, value], i) => `${cleanText(names[i]!)} ${leafFigure(value, unitOf(path))}`)
    .join(', ');
}

const words = ({ difference_ps }: Side): string => (difference_ps < 0 ? 'cheaper' : 'dearer');

/** Where a crossing is: `above 640 ns`, `between 256K bytes and 512K bytes`. */
function whereOf({ at, before, after }: FoundCrossing, path: string): string {
  return at === null
    ? `between ${leafText(before.at, path)} and ${leafText(after.at, path)}`
    : `at ${leafText(at, path)}`;
}

/** One finding: where the order of two systems flips, or that it does not. It begins with a word, not with a name. */
export function breakEvenFinding(found: FoundBreakEven): string {
  const { path, crossings, low, high } = found;
  const [baseline, system] = [cleanText(found.baseline), cleanText(found.system)];
  const name = cleanText(path);
  const than = `than ${baseline}`;
  const [only] = crossings;
  if (only === undefined) {
    if (low.difference_ps === 0 && high.difference_ps === 0)
      return `nothing flips: ${system} and ${baseline} cost the same at every ${name}`;
    const side = low.difference_ps === 0 ? high : low;
    return `nothing flips: ${system} is ${words(side)} ${than} at every ${name} from ${leafText(low.at, path)} to ${leafText(high.at, path)}`;
  }
  if (crossings.length === 1) {
    const { at, before, after } = only;
    if (at === null)
      return `${whereOf(only, path)} of ${name}, ${system} becomes ${words(after)} ${than} (${words(before)} before)`;
    return `with ${name} above ${leafText(at, path)}, ${system} is ${words(after)} ${than}`;
  }
  const flips = crossings.map((one) => `${words(one.after)} ${whereOf(one, path)}`);
  return `along ${name}, ${system} flips ${crossings.length} times: ${words(only.before)} ${than} at first, then ${flips.join(', then ')}`;
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

/** What samples were drawn, and what they are not. */
export const samplesText = (samples: number, seed: number, prices: number): string =>
  `${samples.toLocaleString('en')} joint samples (seed ${seed}) of ${prices} prices, each uniform in its range: ` +
  '±\u00A05 % where it was measured, ±\u00A020 % where it was calibrated or assumed (a convention); all systems share each sample.';
