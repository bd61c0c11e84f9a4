/**
 * A number as people write it: `20M`, `8.2M`, `2e6`, `64K`. `thousand`: what K stands for, whose square and cube M and
 * G are. What misses a whole number by rounding alone is that. NaN where it is none.
 */
export function parseMultiple(text: string, thousand = 1000): number {
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)([KMG]?)$/i.exec(text);
  if (match === null) return Number.NaN;
  const power = ['', 'K', 'M', 'G'].indexOf(match[2]!.toUpperCase());
  const number = Number(match[1]) * thousand ** power;
  const whole = Math.round(number);
  return Math.abs(whole - number) <= ROUNDING * whole ? whole : number;
}

/** A decimal fraction and its product are each off by at most half a unit of their last digit. */
const ROUNDING = 2 * Number.EPSILON;

export const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));
