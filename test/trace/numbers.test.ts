import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMultiple } from '../../src/trace/numbers.ts';

/** Numbers as people write them. */

test('decimal fractions of thousands are whole where they are on paper', () => {
  fc.assert(
    fc.property(fc.nat(9_999_999), fc.constantFrom('K', 'M', 'G'), (thousandths, unit) => {
      const power = { K: 1, M: 1000, G: 1_000_000 }[unit]!;
      const [whole, rest] = [Math.floor(thousandths / 1000), thousandths % 1000];
      const text = `${whole}.${String(rest).padStart(3, '0')}${unit}`;
      expect(parseMultiple(text), text).toBe(thousandths * power);
    }),
  );
});

test.each([
  ['8.2M', 8_200_000],
  ['1.001k', 1001],
  ['2e6', 2_000_000],
  ['0', 0],
  ['1.0005K', 1000.5],
  ['', Number.NaN],
  ['1.5X', Number.NaN],
  ['-3', Number.NaN],
  ['0x10', Number.NaN],
  ['NaN', Number.NaN],
])('%s is %d', (text, number) => expect(parseMultiple(text)).toBe(number));

test('of bytes K is 1024', () => {
  expect(parseMultiple('64K', 1024)).toBe(65536);
  expect(parseMultiple('1.5M', 1024)).toBe(1.5 * 1024 * 1024);
});
