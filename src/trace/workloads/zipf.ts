import { type AliasTable, aliasTable, drawAlias } from './alias.ts';
import { nextWord, type RandomState } from './random.ts';

/**
 * Zipf's distribution over ranks 0 … n − 1: probability ∝ (rank + 1)^−theta.
 *
 * The first EXACT ranks have a slot each; further ones share slots whose width grows with the rank (1/32 of
 * it) and are alike within a slot, which changes no probability by more than theta/64 of itself. So the table
 * stays in the host's L1 cache whatever n is.
 */
export interface Zipf {
  readonly slots: AliasTable;
  readonly first: Int32Array;
  readonly width: Int32Array;
}

const EXACT = 256;

export function createZipf(n: number, theta: number): Zipf {
  const first: number[] = [];
  const width: number[] = [];
  const weights: number[] = [];
  for (let rank = 0; rank < n; ) {
    const span = rank < EXACT ? 1 : Math.min(rank >>> 5, n - rank);
    first.push(rank);
    width.push(span);
    weights.push(rank < EXACT ? (rank + 1) ** -theta : integral(rank + 0.5, rank + span + 0.5, theta));
    rank += span;
  }
  return { slots: aliasTable(weights), first: Int32Array.from(first), width: Int32Array.from(width) };
}

/** Draws a rank, and one of `parts` equal parts of it: rank × parts + part. */
export function drawZipf(zipf: Zipf, parts: number, state: RandomState): number {
  const slot = drawAlias(zipf.slots, state);
  // One random word for both: parts of the slot are as likely as each other.
  const part = (nextWord(state) * (zipf.width[slot]! * parts * (1 / 4294967296))) | 0;
  return zipf.first[slot]! * parts + part;
}

/** ∫ x^−theta dx, which the sum over whole x differs from by less than 10^−6 of itself from EXACT on. */
function integral(from: number, to: number, theta: number): number {
  if (theta === 1) return Math.log(to / from);
  return (to ** (1 - theta) - from ** (1 - theta)) / (1 - theta);
}

/**
 * A one-to-one map of 0 … n − 1 onto itself that carries neighbours far apart, so that the most used lines
 * do not lie side by side. `salt` chooses one of many.
 */
export interface Scatter {
  readonly n: number;
  readonly mask: number;
  readonly multiplier: number;
  readonly offset: number;
}

export function createScatter(n: number, salt: number): Scatter {
  const bits = n <= 1 ? 0 : 32 - Math.clz32(n - 1);
  const mask = bits === 0 ? 0 : 2 ** bits - 1;
  // An odd factor near the golden section of the range: successive ranks fall into the largest gaps.
  return { n, mask, multiplier: (0.6180339887 * (mask + 1)) | 1, offset: salt & mask };
}

/** Where `rank` goes. Steps along the map's cycle until it is back in range (fewer than 2 steps on average). */
export function scattered(scatter: Scatter, rank: number): number {
  let x = rank;
  do x = (Math.imul(x, scatter.multiplier) + scatter.offset) & scatter.mask;
  while (x >= scatter.n);
  return x;
}
