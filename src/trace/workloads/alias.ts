import { nextWord, type RandomState } from './random.ts';

/** A discrete distribution, drawn from in constant time by one random word (Walker's alias method, by Vose). */
export interface AliasTable {
  readonly size: number;
  /** Probability of staying in slot i, and where to go otherwise. */
  readonly stay: Float64Array;
  readonly other: Int32Array;
}

/** A table for weights that are not negative and not all 0. */
export function aliasTable(weights: ArrayLike<number>): AliasTable {
  const size = weights.length;
  let sum = 0;
  for (let i = 0; i < size; i++) sum += weights[i]!;
  const stay = new Float64Array(size).fill(1);
  const other = Int32Array.from({ length: size }, (_, i) => i);
  const scaled = Float64Array.from({ length: size }, (_, i) => (weights[i]! * size) / sum);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < size; i++) (scaled[i]! < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large[large.length - 1]!;
    stay[less] = scaled[less]!;
    other[less] = more;
    scaled[more] = scaled[more]! + scaled[less]! - 1;
    if (scaled[more]! < 1) small.push(large.pop()!);
  }
  // What remains is 1 but for rounding; a weight of 0 must not come out of it.
  for (const i of small) if (weights[i] === 0) stay[i] = 0;
  return { size, stay, other };
}

/** Draws an index. */
export function drawAlias(table: AliasTable, state: RandomState): number {
  const x = nextWord(state) * (table.size / 4294967296);
  const slot = x | 0;
  return x - slot < table.stay[slot]! ? slot : table.other[slot]!;
}
