import { InputError } from '../trace/errors.ts';
import { below, randomState } from '../trace/workloads/random.ts';
import type { Design } from './types.ts';

/** Which combinations of the axes' values are cells. */
export interface Combinations {
  readonly count: number;
  /** [cell × axes + axis]: index of the axis' value; −1: what the system itself has. */
  readonly index: Int32Array;
}

/**
 * The cells of a design over axes with so many values each, in a fixed order: factorial counts with the last axis
 * fastest; one-at-a-time begins with the systems as they are. Throws InputError beyond `most` cells.
 */
export function combinations(sizes: readonly number[], design: Design, most: number): Combinations {
  const count = cellCount(sizes, design);
  if (!(count <= most))
    throw new InputError(
      `${count.toLocaleString('en')} cells are more than ${most.toLocaleString('en')}: ` +
        'vary less or in larger steps, use --design latin-hypercube, or raise --max-cells',
    );
  switch (design.kind) {
    case 'factorial':
      return factorial(sizes, count);
    case 'one-at-a-time':
      return oneAtATime(sizes, count);
    case 'latin-hypercube':
      return latinHypercube(sizes, design);
  }
}

/** How many cells a design has (a Latin hypercube at most). */
export function cellCount(sizes: readonly number[], design: Design): number {
  switch (design.kind) {
    case 'factorial':
      return sizes.reduce((product, size) => product * size, 1);
    case 'one-at-a-time':
      return sizes.reduce((sum, size) => sum + size, 1);
    case 'latin-hypercube':
      return design.points;
  }
}

function factorial(sizes: readonly number[], count: number): Combinations {
  const index = new Int32Array(count * sizes.length);
  for (let cell = 0; cell < count; cell++) {
    let rest = cell;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      index[cell * sizes.length + axis] = rest % sizes[axis]!;
      rest = Math.floor(rest / sizes[axis]!);
    }
  }
  return { count, index };
}

function oneAtATime(sizes: readonly number[], count: number): Combinations {
  const index = new Int32Array(count * sizes.length).fill(-1);
  let cell = 1;
  for (const [axis, size] of sizes.entries())
    for (let value = 0; value < size; value++) index[cell++ * sizes.length + axis] = value;
  return { count, index };
}

/**
 * Latin hypercube (McKay, Beckman and Conover, Technometrics 21(2), 1979): each axis is divided into as many strata
 * as there are points, and each stratum is used once, in an order of its own. The middle of a stratum becomes the
 * listed value there, so each value of an axis is used as often as every other, or once more. Points that come out
 * the same are one cell.
 */
function latinHypercube(
  sizes: readonly number[],
  { points, seed }: Extract<Design, { readonly kind: 'latin-hypercube' }>,
): Combinations {
  const axes = sizes.length;
  const index = new Int32Array(points * axes);
  for (const [axis, size] of sizes.entries()) {
    const random = randomState(seed, axis);
    const strata = Int32Array.from({ length: points }, (_, i) => i);
    for (let i = points - 1; i > 0; i--) {
      const other = below(random, i + 1);
      [strata[i], strata[other]] = [strata[other]!, strata[i]!];
    }
    for (let point = 0; point < points; point++)
      index[point * axes + axis] = Math.floor(((strata[point]! + 0.5) * size) / points);
  }
  const seen = new Set<string>();
  let count = 0;
  for (let point = 0; point < points; point++) {
    const cell = index.subarray(point * axes, (point + 1) * axes);
    const key = cell.join();
    if (seen.has(key)) continue;
    seen.add(key);
    index.set(cell, count++ * axes);
  }
  return { count, index: index.slice(0, count * axes) };
}
