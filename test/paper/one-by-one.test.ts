import fc from 'fast-check';
import { expect, test } from 'vitest';
import { oneByOne } from '../../src/paper/one-by-one.ts';

/** Numbers that each follow one input by a power, and the others a little. */
const coupled =
  (elasticity: readonly number[], coupling: number) =>
  async (x: readonly number[]): Promise<readonly number[]> => {
    const mean = x.reduce((product, value) => product * value, 1) ** (1 / x.length);
    return x.map((value, i) => 10 * value ** elasticity[i]! * mean ** coupling);
  };

const about = (elasticity: readonly number[], coupling: number, targets: readonly number[]) => ({
  start: elasticity.map(() => 1),
  low: elasticity.map(() => 0.01),
  high: elasticity.map(() => 100),
  elasticity,
  targets,
  tolerances: targets.map((target) => target / 20),
  numbers: coupled(elasticity, coupling),
});

test('inputs come to where each gives its own number, though numbers hang together', async () => {
  const signed = fc.tuple(fc.constantFrom(-1, 1), fc.double({ min: 0.5, max: 2, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(signed, { minLength: 1, maxLength: 6 }),
      fc.double({ min: 0, max: 0.2, noNaN: true }),
      fc.infiniteStream(fc.double({ min: 5, max: 20, noNaN: true })),
      async (powers, coupling, wanted) => {
        const elasticity = powers.map(([sign, size]) => sign * size);
        const targets = elasticity.map(() => wanted.next().value as number);
        const problem = about(elasticity, coupling, targets);
        const found = await problem.numbers(await oneByOne(problem));
        for (const [i, value] of found.entries())
          expect(Math.abs(value / targets[i]! - 1)).toBeLessThan(0.05);
      },
    ),
    { numRuns: 60 },
  );
});

test('an elasticity that is wrong by a factor is made up for; the best point counts', async () => {
  const problem = { ...about([4], 0, [30]), elasticity: [1] };
  const rounds: number[] = [];
  const x = await oneByOne({ ...problem, report: (_, objective) => rounds.push(objective) });
  const [value] = await problem.numbers(x);
  expect(Math.abs(value! / 30 - 1)).toBeLessThan(0.1);
  expect(((value! - 30) / 1.5) ** 2).toBeCloseTo(Math.min(...rounds), 6);
});

test('a bound holds', async () => {
  const problem = { ...about([1], 0, [50]), high: [2] };
  expect(await oneByOne(problem)).toEqual([2]);
});
