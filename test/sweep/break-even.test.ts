import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breakEven, breakEvenOfList } from '../../src/sweep/break-even.ts';
import { InputError } from '../../src/trace/errors.ts';

/** Whether every crossing has what it claims: values of opposite sign on both sides, close together. */
function check(f: (x: number) => number, found: ReturnType<typeof breakEven>, near: number): void {
  for (const { at, before, after } of found.crossings) {
    expect(before.at).toBeLessThan(after.at);
    expect(at).toBeGreaterThanOrEqual(before.at);
    expect(at).toBeLessThanOrEqual(after.at);
    expect(f(before.at)).toBe(before.difference);
    expect(f(after.at)).toBe(after.difference);
    expect(Math.sign(before.difference) * Math.sign(after.difference)).toBe(-1);
    if (f(at) !== 0) expect(after.at - before.at).toBeLessThanOrEqual(near);
  }
}

describe('break-even', () => {
  test('finds every root of a polynomial whose roots are wider apart than the scan’s points', () => {
    const roots = fc
      .uniqueArray(fc.integer({ min: 1, max: 39 }), { maxLength: 6 })
      .map((list) => list.sort((a, b) => a - b).map((n) => n / 4 + 0.03));
    fc.assert(
      fc.property(roots, fc.boolean(), (zeros, turned) => {
        const f = (x: number): number => zeros.reduce((y, root) => y * (x - root), turned ? -1 : 1);
        const found = breakEven(f, 0, 10, { points: 101, tolerance: 1e-12 });
        check(f, found, 1e-11);
        expect(found.equal).toEqual([]);
        expect(found.crossings).toHaveLength(zeros.length);
        found.crossings.forEach(({ at }, i) => {
          expect(at).toBeCloseTo(zeros[i]!, 10);
        });
      }),
    );
  });

  test('whole numbers: the middle of a stretch of zeros, with a difference on both sides', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 9.5, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        (root, slope) => {
          const f = (x: number): number => Math.round((x - root) * slope);
          const found = breakEven(f, -30, 41, { points: 50 });
          check(f, found, 1e-6);
          expect(found.crossings).toHaveLength(1);
          expect(found.equal).toEqual([]);
          expect(Math.abs(found.crossings[0]!.at - root)).toBeLessThan(1e-6);
        },
      ),
    );
  });

  test('two crossings between two points of the scan: the dip shows them', () => {
    const f = (x: number): number => (x - 5.02) * (x - 5.08);
    const found = breakEven(f, 0, 10, { points: 11 });
    check(f, found, 1e-7);
    expect(found.crossings.map(({ at }) => at.toFixed(6))).toEqual(['5.020000', '5.080000']);
    expect(found.spacing).toBe(1);
  });

  test('a touch is no crossing', () => {
    const whole = breakEven((x) => Math.round((x - 3) ** 2 * 1e6), 0, 10, { points: 11 });
    expect(whole.crossings).toEqual([]);
    expect(whole.equal).toEqual([{ from: 3, to: 3 }]);
    const between = breakEven((x) => -Math.round((x - 3.3) ** 2 * 1e6), 0, 10, { points: 11 });
    expect(between.crossings).toEqual([]);
    expect(between.equal).toHaveLength(1);
    expect(between.equal[0]!.from).toBeCloseTo(3.3, 2);
    // Near is not equal.
    expect(breakEven((x) => (x - 3.3) ** 2 + 1e-6, 0, 10)).toMatchObject({ crossings: [], equal: [] });
  });

  test('systems without any difference, at the ends, or anywhere', () => {
    expect(breakEven(() => 0, 0, 1, { points: 3 })).toMatchObject({
      crossings: [],
      equal: [{ from: 0, to: 1 }],
    });
    expect(breakEven(() => 1, 0, 1)).toMatchObject({ crossings: [], equal: [] });
    expect(breakEven((x) => x, 0, 1, { points: 3 })).toMatchObject({
      crossings: [],
      equal: [{ from: 0, to: 0 }],
    });
    expect(breakEven((x) => Math.max(0, 2 - x), 0, 4, { points: 5 }).equal).toEqual([{ from: 2, to: 4 }]);
  });

  test('bad questions get one line', () => {
    expect(() => breakEven((x) => x, 1, 1)).toThrow(InputError);
    expect(() => breakEven((x) => x, 0, Number.NaN)).toThrow(InputError);
    expect(() => breakEven((x) => x, 0, 1, { points: 1 })).toThrow(InputError);
    expect(() => breakEven(() => Number.NaN, 0, 1)).toThrow(RangeError);
  });

  test('an ordered list: between neighbours, across equal ones', () => {
    expect(breakEvenOfList([3, 1, -2, -1, 0, 4, 0])).toEqual({
      crossings: [
        { before: 1, after: 2 },
        { before: 3, after: 5 },
      ],
      equal: [{ before: 6, after: 6 }],
    });
    expect(breakEvenOfList([0, 0, 1, 0, 0, 2])).toEqual({
      crossings: [],
      equal: [
        { before: 0, after: 1 },
        { before: 3, after: 4 },
      ],
    });
    expect(breakEvenOfList([])).toEqual({ crossings: [], equal: [] });
  });
});
