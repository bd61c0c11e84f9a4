import { InputError } from '../../trace/errors.ts';

/** The error of times that do not add up exactly in picoseconds. */
export const tooLong = (): InputError =>
  new InputError(
    `the priced time is over ${Math.floor(Number.MAX_SAFE_INTEGER / 1e12)} s, more than sums exactly in ` +
      'picoseconds: lower the prices or replay less at a time',
  );

/**
 * Nanoseconds to whole picoseconds.
 * @throws InputError if that is no safe integer.
 */
export function wholePs(ns: number): number {
  const ps = Math.round(ns * 1000);
  if (!Number.isSafeInteger(ps)) throw tooLong();
  return ps;
}

/** Rounded to a `digits`-th: 1000 for three decimals. */
export const rounded = (value: number, digits: number): number => Math.round(value * digits) / digits;
