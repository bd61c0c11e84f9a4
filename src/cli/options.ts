import { InputError } from '../trace/errors.ts';
import { parseMultiple } from '../trace/numbers.ts';

/**
 * yargs loses a lone `-` (standard input) and what follows `--` (the words of a command, files whose names
 * begin with a dash). Such words are handed to it behind a NUL, which no argument can contain; the checks
 * below take it off again.
 */
const GUARD = '\0';

export function guardWords(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const rest = end < 0 ? [] : args.slice(end + 1);
  return [...own.map((word) => (word === '-' ? GUARD + word : word)), ...rest.map((word) => GUARD + word)];
}

/** Text with the guards taken off. */
export const unguarded = (text: string): string => text.replaceAll(GUARD, '');

/** A positional argument, or a list of words. */
export function words<T extends string | readonly string[] | undefined>(value: T): T {
  if (value === undefined) return value;
  const list = [value].flat() as string[];
  if (list.includes('')) throw new InputError('an argument is empty');
  return (Array.isArray(value) ? list.map(unguarded) : unguarded(list[0]!)) as T;
}

/**
 * Checks that yargs does not make. A value option given twice arrives as an array, one without a value as
 * an empty string or undefined: both are mistakes, and so are numbers that are not.
 */
export function single(name: string) {
  return (value: unknown): string | undefined => {
    if (value === undefined) return undefined;
    if (Array.isArray(value)) throw new InputError(`--${name} is given more than once`);
    if (typeof value !== 'string' || value === '') throw new InputError(`--${name} needs a value`);
    return unguarded(value);
  };
}

/** A whole number from `min` to `max`; also `2e6`, `20M`, `64K` (decimal multiples). */
export function wholeNumber(name: string, min: number, max = Number.MAX_SAFE_INTEGER) {
  const text = single(name);
  return (value: unknown): number | undefined => {
    const written = text(typeof value === 'number' ? String(value) : value);
    if (written === undefined) return undefined;
    const number = parseMultiple(written);
    if (!Number.isSafeInteger(number) || number < min || number > max)
      throw new InputError(`--${name} ${written}: expected a whole number ${range(min, max)}`);
    return number;
  };
}

const range = (min: number, max: number): string =>
  max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;

/** A comma-separated list without empty items. */
export function list(name: string) {
  const text = single(name);
  return (value: unknown): readonly string[] | undefined => {
    const written = text(value);
    if (written === undefined) return undefined;
    const items = written.split(',').map((item) => item.trim());
    if (items.some((item) => item === ''))
      throw new InputError(`--${name} ${written}: an empty item in the list`);
    return items;
  };
}

/** A flag; `--flag=false` is a mistake. */
export function flag(name: string) {
  return (value: unknown): boolean => {
    if (value === undefined) return false;
    if (value !== true) throw new InputError(`--${name} takes no value`);
    return true;
  };
}

/** A number above 0 and up to `max`. */
export function positiveNumber(name: string, max: number) {
  const text = single(name);
  return (value: unknown): number | undefined => {
    const written = text(typeof value === 'number' ? String(value) : value);
    if (written === undefined) return undefined;
    const number = /^\d*\.?\d+(e-?\d+)?$/i.test(written) ? Number(written) : Number.NaN;
    if (!(number > 0 && number <= max))
      throw new InputError(`--${name} ${written}: expected a number above 0 and up to ${max}`);
    return number;
  };
}
