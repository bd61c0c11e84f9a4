import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellCount, combinations } from '../../src/sweep/design.ts';
import type { Design } from '../../src/sweep/types.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });

function cellsOf(of: readonly number[], design: Design): number[][] {
  const { count, index } = combinations(of, design, 1e6);
  expect(index.length).toBe(count * of.length);
  return Array.from({ length: count }, (_, cell) => [
    ...index.subarray(cell * of.length, (cell + 1) * of.length),
  ]);
}

describe('designs', () => {
  test('factorial: every combination once, the last axis fastest, as many as announced', () => {
    fc.assert(
      fc.property(sizes, (of) => {
        const cells = cellsOf(of, { kind: 'factorial' });
        expect(cells.length).toBe(cellCount(of, { kind: 'factorial' }));
        const every = of.reduce<number[][]>(
          (all, size) => all.flatMap((cell) => Array.from({ length: size }, (_, value) => [...cell, value])),
          [[]],
        );
        expect(cells).toEqual(every);
      }),
    );
  });

  test('one at a time: the systems as they are, then each value by itself', () => {
    fc.assert(
      fc.property(sizes, (of) => {
        const cells = cellsOf(of, { kind: 'one-at-a-time' });
        expect(cells.length).toBe(cellCount(of, { kind: 'one-at-a-time' }));
        expect(cells[0]).toEqual(of.map(() => -1));
        for (const cell of cells.slice(1)) expect(cell.filter((value) => value >= 0).length).toBe(1);
        expect(new Set(cells.map(String)).size).toBe(cells.length);
      }),
    );
  });

  test('Latin hypercube: each value of an axis as often as every other, or once more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 1e6 }), (points, seed) => {
        const design: Design = { kind: 'latin-hypercube', points, seed };
        // An axis with as many values as points makes all points different.
        const of = [points, 7, 3];
        const cells = cellsOf(of, design);
        expect(cells.length).toBe(points);
        for (const [axis, size] of of.entries()) {
          const times = new Array<number>(size).fill(0);
          for (const cell of cells) times[cell[axis]!]!++;
          expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
        }
        expect(cellsOf(of, design)).toEqual(cells);
      }),
    );
  });

  test('Latin hypercube: another seed is another choice, and points that come out the same are one cell', () => {
    const cells = (seed: number) => cellsOf([50, 50], { kind: 'latin-hypercube', points: 50, seed });
    expect(cells(1)).not.toEqual(cells(2));
    expect(cellsOf([2, 2], { kind: 'latin-hypercube', points: 100, seed: 1 }).length).toBe(4);
  });

  test('too many cells are refused before they are made', () => {
    expect(() => combinations(new Array<number>(12).fill(10), { kind: 'factorial' }, 1e6)).toThrow(
      '1,000,000,000,000 cells are more than 1,000,000',
    );
  });
});
