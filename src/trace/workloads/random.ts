/**
 * Random numbers: xoroshiro64** (Blackman and Vigna), 32-bit outputs, period 2^64 − 1. Each thread of a
 * workload has its own states, so that the interleaving of threads changes nothing in what each of them does.
 * (A generator with one word of state would put all threads on one cycle of 2^32, and they would overlap.)
 */

/** Two words, never both 0. */
export type RandomState = Int32Array;

/** A state for a seed and a path of keys below it (thread number, purpose, …). */
export function randomState(seed: number, ...keys: readonly number[]): RandomState {
  let h = mix(seed | 0);
  for (const key of keys) h = mix(h ^ mix((key + 0x9e3779b9) | 0));
  const state = new Int32Array(2);
  state[0] = mix(h ^ 0x5bd1e995);
  state[1] = mix(h + 0x27d4eb2f) | 1;
  return state;
}

/** The next 32 bits, as an unsigned number. */
export function nextWord(state: RandomState): number {
  const s0 = state[0]!;
  let s1 = state[1]!;
  const r = Math.imul(s0, 0x9e3779bb);
  s1 ^= s0;
  state[0] = ((s0 << 26) | (s0 >>> 6)) ^ s1 ^ (s1 << 9);
  state[1] = (s1 << 13) | (s1 >>> 19);
  return Math.imul((r << 5) | (r >>> 27), 5) >>> 0;
}

const UNIT = 1 / 4294967296;

/** A whole number from 0 to limit − 1 (limit below 2^31; bias below limit ÷ 2^32). */
export function below(state: RandomState, limit: number): number {
  return (nextWord(state) * UNIT * limit) | 0;
}

/** A number in [0, 1). */
export function fraction(state: RandomState): number {
  return nextWord(state) * UNIT;
}

/** An exponential time of this mean, in whole instructions, at least 1. */
export function exponential(state: RandomState, mean: number): number {
  return Math.max(1, Math.round(-Math.log((nextWord(state) + 1) * UNIT) * mean));
}

/** A 32-bit finaliser (lowbias32, Wellons): all input bits reach all output bits. */
function mix(value: number): number {
  let x = value | 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}
