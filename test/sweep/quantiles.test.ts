import fc from 'fast-check';
import { quantileSorted } from 'simple-statistics';
import { expect, test } from 'vitest';
import { quantilesOf } from '../../src/sweep/quantiles.ts';

const SHARES = [0.05, 0.5, 0.95];
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 });
test.each([
  ['any numbers', finite],
  ['many of them equal', fc.integer({ min: 0, max: 5 })],
  ['all but few in one place', fc.oneof({ weight: 30, arbitrary: fc.double({ min: 0, max: 1e-9 }) }, finite)],
] as const)('are those of the sorted list: %s', (_, value: fc.Arbitrary<number>) => {
  const list = fc.array(value, { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(list, (values) => {
      const numbers = values.filter((one) => !Number.isNaN(one));
      fc.pre(numbers.length > 0);
      // Plus 0: which of two zeros it is depends on how they were sorted.
      const expected = SHARES.map((share) => quantileSorted(sorted(numbers), share) + 0);
      expect(quantilesOf(Float64Array.from(numbers), SHARES).map((one) => one + 0)).toEqual(expected);
    }),
  );
});

test('of many numbers', () => {
  const values = Float64Array.from({ length: 100_000 }, (_, i) => ((i * 7919) % 100_003) / 7);
  const expected = SHARES.map((share) => quantileSorted(sorted([...values]), share));
  expect(quantilesOf(values, SHARES)).toEqual(expected);
});
