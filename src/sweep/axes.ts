import { fieldDoc } from '../model/systems/ledger.ts';
import { InputError } from '../trace/errors.ts';
import { placeOf } from './leaves.ts';
import { typed } from './typed.ts';
import type { Axis, Leaf } from './types.ts';

/**
 * What is varied, as it is written: `path=items`, items separated by commas. An item is a value, a linear range
 * `lo..hi+step` or a geometric one `lo..hi*factor`. A range has both its ends: where the steps do not meet `hi`, the
 * last one is shorter.
 */

/** Most values of one axis. */
const MOST_VALUES = 1_000_000;

const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e-?\d+)?[KMG]?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})([+*])(${NUMBER})$`, 'i');
const PLAIN = new RegExp(`^${NUMBER}$`, 'i');

/** Parses `path=items` or `system:path=items`. Throws InputError. */
export function parseVary(text: string): Axis {
  const match = /^((?:[\w./-]+:)?[\w.-]+)=(.*)$/s.exec(text);
  if (match === null)
    throw new InputError(
      `--vary ${text}: expected path=values, e.g. machine.l2.size=256K..8M*2 or monitor.l2tlb.entries=0,256,1024`,
    );
  return makeAxis(match[1]!, match[2]!.split(','), `--vary ${text}`);
}

/**
 * An axis of its items as written in a command or a file: text, or values that already are some. `where` begins
 * the messages of what is wrong with it (InputError).
 */
export function makeAxis(path: string, items: readonly unknown[], where: string): Axis {
  const fail = (what: string): never => {
    throw new InputError(`${where}: ${what}`);
  };
  const place = placeOf({ path });
  if (place.keys.some((key) => key === '' || ['__proto__', 'constructor', 'prototype'].includes(key)))
    fail(`no such field ${JSON.stringify(place.path)}`);
  if (place.keys[0] === 'name' || place.keys[0] === 'sources') fail(`${place.path} cannot be varied`);
  const base = fieldDoc(place.path).unit === 'bytes' ? 1024 : 1000;
  const values: Leaf[] = [];
  for (const item of items) {
    const made = typeof item === 'string' ? itemValues(item.trim(), base, fail) : [plainValue(item, fail)];
    if (values.length + made.length > MOST_VALUES) fail(`more than ${MOST_VALUES} values`);
    for (const value of made) values.push(value);
  }
  if (values.length === 0) fail('there are no values');
  const seen = new Set<Leaf>();
  for (const value of values) {
    if (seen.has(value)) fail(`the value ${typed(value, path)} is there twice`);
    seen.add(value);
  }
  return { path, values };
}

type Fail = (what: string) => never;

function plainValue(item: unknown, fail: Fail): Leaf {
  if (typeof item === 'number' && !Number.isFinite(item)) return fail(`${item} is no value`);
  if (item === null || ['string', 'number', 'boolean'].includes(typeof item)) return item as Leaf;
  return fail('expected a value or a range, got a list or mapping');
}

function itemValues(item: string, base: number, fail: Fail): Leaf[] {
  if (item === '') return fail('an empty item in the list');
  if (item.includes('..')) return rangeValues(item, base, fail);
  if (PLAIN.test(item)) return [numberOf(item, base, fail)];
  if (/^[+-]?\.?(nan|inf|infinity)$/i.test(item)) return fail(`${item} is no value`);
  if (item === 'null' || item === '~') return [null];
  if (item === 'true' || item === 'false') return [item === 'true'];
  return [item];
}

/** A number with K, M or G for powers of `base`. */
function numberOf(text: string, base: number, fail: Fail): number {
  const power = ['K', 'M', 'G'].indexOf(text.slice(-1).toUpperCase()) + 1;
  const value = Number(power === 0 ? text : text.slice(0, -1)) * base ** power;
  return Number.isFinite(value) ? value : fail(`${text} is no number`);
}

/** What a sum of steps in binary fractions misses is no step. */
const SLACK = 1e-9;

function rangeValues(item: string, base: number, fail: Fail): number[] {
  const match = RANGE.exec(item);
  if (match === null)
    return fail(`${item} is no range: write lo..hi+step or lo..hi*factor, e.g. 300..1500+100 or 256K..8M*2`);
  const [low, high] = [numberOf(match[1]!, base, fail), numberOf(match[2]!, base, fail)];
  const linear = match[3] === '+';
  const step = numberOf(match[4]!, linear ? base : 1000, fail);
  if (low > high) return fail(`${item} is empty: it begins above its end`);
  if (linear && step <= 0) return fail(`${item}: the step must be above 0`);
  if (!linear && step <= 1) return fail(`${item}: the factor must be above 1`);
  if (!linear && low <= 0) return fail(`${item}: a geometric range begins above 0`);
  const steps = Math.floor((linear ? (high - low) / step : Math.log(high / low) / Math.log(step)) + SLACK);
  if (!(steps < MOST_VALUES)) return fail(`${item} has more than ${MOST_VALUES} values`);
  const values: number[] = [];
  let factor = 1;
  for (let i = 0; i <= steps; i++) {
    values.push(decimal(linear ? low + i * step : low * factor));
    factor *= step;
  }
  const last = values.length - 1;
  // The last one is the end, or (of fractions) nearly so, or a step short of it.
  const slack = [low, high, step].every(Number.isInteger) ? 0 : SLACK * (linear ? step : high);
  if (high - values[last]! <= slack) values[last] = high;
  else values.push(high);
  return values;
}

/** Whole numbers as they are; others without the noise of binary fractions. */
const decimal = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(12)));
