import { below, type RandomState } from './random.ts';

/**
 * A stack of lines in the order of their last use, from which the line at any depth can be taken and moved
 * to the top: what it takes to make references of chosen stack distances.
 *
 * Exact, not an approximation: lines lie in slots in the order of use, a bit tells which slots are live, and
 * the counts of live slots by 512 and by 4096 find the one at a depth in about depth ÷ 4096 + 30 steps.
 * When the slots are used up the live ones move together, which costs a few steps a use on average.
 */
export interface LruStack {
  readonly lines: number;
  /** Line in each slot. */
  readonly lineAt: Int32Array;
  readonly live: Int32Array;
  readonly per512: Uint16Array;
  readonly per4096: Uint16Array;
  top: number;
}

/** A stack of the lines 0 … lines − 1 in random order. */
export function createLruStack(lines: number, random: RandomState): LruStack {
  let capacity = 4096;
  while (capacity < 2 * lines) capacity *= 2;
  const lineAt = new Int32Array(capacity);
  for (let i = 0; i < lines; i++) {
    const j = below(random, i + 1);
    lineAt[i] = lineAt[j]!;
    lineAt[j] = i;
  }
  const stack: LruStack = {
    lines,
    lineAt,
    live: new Int32Array(capacity / 32),
    per512: new Uint16Array(capacity / 512),
    per4096: new Uint16Array(capacity / 4096),
    top: 0,
  };
  settle(stack);
  return stack;
}

/** Uses the line that `distance` other lines were used after (0: the last one again). Returns the line. */
export function useAt(stack: LruStack, distance: number): number {
  const { lineAt, live, per512, per4096 } = stack;
  if (distance === 0) return lineAt[stack.top - 1]!;
  if (stack.top === lineAt.length) compact(stack);
  let skip = distance;
  let large = (stack.top - 1) >>> 12;
  while (skip >= per4096[large]!) skip -= per4096[large--]!;
  let small = large * 8 + 7;
  while (skip >= per512[small]!) skip -= per512[small--]!;
  let group = small * 16 + 15;
  let count = ones(live[group]!);
  while (skip >= count) {
    skip -= count;
    count = ones(live[--group]!);
  }
  let bits = live[group]!;
  for (; skip > 0; skip--) bits ^= 1 << (31 - Math.clz32(bits));
  const bit = 31 - Math.clz32(bits);
  const line = lineAt[group * 32 + bit]!;
  live[group]! ^= 1 << bit;
  per512[small]!--;
  per4096[large]!--;
  const slot = stack.top++;
  lineAt[slot] = line;
  live[slot >>> 5]! |= 1 << (slot & 31);
  per512[slot >>> 9]!++;
  per4096[slot >>> 12]!++;
  return line;
}

/** Moves the live lines to the lowest slots. */
function compact(stack: LruStack): void {
  const { lineAt, live } = stack;
  let to = 0;
  for (let slot = 0; slot < lineAt.length; slot++) {
    if (((live[slot >>> 5]! >>> (slot & 31)) & 1) === 1) lineAt[to++] = lineAt[slot]!;
  }
  settle(stack);
}

/** Makes the first `lines` slots the live ones. */
function settle(stack: LruStack): void {
  const { live, per512, per4096, lines } = stack;
  live.fill(0);
  per512.fill(0);
  per4096.fill(0);
  for (let slot = 0; slot < lines; slot++) {
    live[slot >>> 5]! |= 1 << (slot & 31);
    per512[slot >>> 9]!++;
    per4096[slot >>> 12]!++;
  }
  stack.top = lines;
}

/** Bits that are set. */
function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
