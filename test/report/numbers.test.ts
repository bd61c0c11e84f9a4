import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  count,
  percent,
  percentOf,
  ratioFigure,
  shareInWords,
  signed,
  ticks,
  time,
  timeFigure,
  timeUnit,
} from '../../src/report/numbers.ts';

describe('time', () => {
  test.each([
    [0, '0 ms'],
    [1, '1 ps'],
    [999, '999 ps'],
    [1500, '1.500 ns'],
    [12_345_678, '12.35 µs'],
    [123_456_789_000, '123.5 ms'],
    [12_345_678_901_234, '12.35 s'],
    [4_567e12, '4,567.0 s'],
    [-1_500_000_000, '−1.500 ms'],
  ])('%d ps is %s', (ps, text) => expect(time(ps)).toBe(text));

  test('one unit for a whole chart, and what is not zero never reads as zero', () => {
    const unit = timeUnit(117.1e9);
    expect([117.1e9, 2e9, 1e6, 0].map((ps) => timeFigure(ps, unit))).toEqual(['117.1', '2.0', '<0.1', '0']);
  });

  test('a figure read back is within half of its last digit', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.nat({ max: 2 ** 50 }), (ps, largest) => {
        const unit = timeUnit(Math.max(ps, largest));
        const text = timeFigure(ps, unit);
        if (text.startsWith('<')) expect(ps).toBeGreaterThan(0);
        else
          expect(Math.abs(Number(text.replaceAll(',', '')) - ps / unit.ps)).toBeLessThanOrEqual(
            0.5 * 10 ** -unit.digits * (1 + 1e-9) + ps * 1e-15,
          );
      }),
    );
  });
});

describe('percent, ratio, count', () => {
  test('a base of zero has no percentage and no ratio', () => {
    expect(percent(percentOf(5, 0))).toBe('–');
    expect(ratioFigure(5, 0)).toBe('–');
  });
  test.each([
    [31.24, '31.2 %'],
    [0, '0 %'],
    [0.01, '<0.1 %'],
    [-0.01, '−<0.1 %'],
    [-4.96, '−5.0 %'],
    [12345.6, '12,345.6 %'],
  ])('%d', (value, text) => expect(percent(value)).toBe(text));
  test('counts have thousands separators', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect(count(-1234)).toBe('−1,234');
  });
  test('signed', () => expect([signed(1, '1'), signed(0, '0'), signed(-1, '−1')]).toEqual(['+1', '0', '−1']));
});

const WORDS: Readonly<Record<string, readonly [number, number]>> = {
  all: [1, 1],
  'nearly all': [0.97, 1],
  'about three quarters': [0.73, 0.77],
  'about two thirds': [0.64, 0.69],
  'about half': [0.48, 0.52],
  'about a third': [0.31, 0.36],
  'about a quarter': [0.23, 0.27],
};

test('a share in words is within two points of what the words say', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
      const words = shareInWords(share);
      const range = WORDS[words];
      if (range) {
        expect(share).toBeGreaterThanOrEqual(range[0]);
        expect(share).toBeLessThanOrEqual(range[1]);
      } else expect(words).toMatch(/^<?[\d.]+ %$/);
    }),
    { numRuns: 500 },
  );
});

test('ticks lie inside, rise evenly and include zero', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (high, low) => {
        const values = ticks(-low, high);
        expect(values).toContain(0);
        expect(values.length).toBeLessThan(16);
        for (const value of values) {
          expect(value).toBeGreaterThanOrEqual(-low * 1.000001 - 1e-9);
          expect(value).toBeLessThanOrEqual(high * 1.000001 + 1e-9);
        }
      },
    ),
  );
});
