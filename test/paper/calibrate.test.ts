import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibrate, drift, fitsOf } from '../../src/paper/calibrate.ts';
import { leastSquares } from '../../src/paper/least-squares.ts';
import { experimentOf, input, keyOf, published, wholeEvaluation } from './fixture.ts';

describe('bounded least squares', () => {
  test('finds the solution of any linear problem whose solution is within the bounds', async () => {
    const vector = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.tuple(vector, vector, vector), vector, async (rows, solution) => {
        // A dominant diagonal makes the solution unique.
        const matrix = rows.map((row, i) => row.map((value, k) => value + (i === k ? 10 : 0)));
        const apply = (x: readonly number[]): number[] =>
          matrix.map((row) => row.reduce((sum, value, k) => sum + value * x[k]!, 0));
        const right = apply(solution);
        const { x, objective } = await leastSquares({
          start: [0, 0, 0],
          low: [-4, -4, -4],
          high: [4, 4, 4],
          residuals: async (at) => apply(at).map((value, i) => value - right[i]!),
        });
        expect(objective).toBeLessThan(1e-3);
        for (const [i, value] of x.entries()) expect(value).toBeCloseTo(solution[i]!, 1);
      }),
      { numRuns: 50 },
    );
  });

  test('a variable that would leave its bounds goes to the bound, and the others make the best of it', async () => {
    // x + y = 10, x − y = 6 has (8, 2); with x ≤ 5 the least squares are y = 2.
    const { x } = await leastSquares({
      start: [1, 1],
      low: [0, 0],
      high: [5, 20],
      residuals: async ([a, b]) => [a! + b! - 10, a! - b! - 6],
    });
    expect(x[0]).toBe(5);
    expect(x[1]).toBeCloseTo(2, 1);
  });

  test('not linear, with few evaluations', async () => {
    const { x, evaluations } = await leastSquares({
      start: [1, 5],
      low: [0.1, 0.1],
      high: [10, 10],
      residuals: async ([a, b]) => [a! * b! - 6, a! / b! - 1.5],
    });
    expect(x[0]).toBeCloseTo(3, 2);
    expect(x[1]).toBeCloseTo(2, 2);
    expect(evaluations).toBeLessThan(40);
  });

  test('goes around what is not defined', async () => {
    // The solution is (3, 3); where x + y > 6.5 there is nothing, and the first step would lead there.
    const { x } = await leastSquares({
      start: [1, 1],
      low: [0, 0],
      high: [10, 10],
      residuals: async ([a, b]) =>
        a! + b! > 6.5
          ? [Number.NaN, Number.NaN]
          : [Math.sqrt(a!) - Math.sqrt(3), Math.sqrt(b!) - Math.sqrt(3)],
    });
    expect(x[0]).toBeCloseTo(3, 0);
    expect(x[1]).toBeCloseTo(3, 0);
  });

  test('what has no effect stays where it is', async () => {
    const { x } = await leastSquares({
      start: [3, 1],
      low: [0, 0],
      high: [10, 10],
      residuals: async ([, b]) => [b! - 4],
    });
    expect(x[0]).toBe(3);
    expect(x[1]).toBeCloseTo(4, 1);
  });
});

describe('calibration', () => {
  const OPTIONS = { scale: 0.1, seed: 1 };

  test('reaches what the numbers say, IRIX first, and leaves the other inputs alone', async () => {
    const lines: string[] = [];
    const values = await calibrate(wholeEvaluation(), { ...OPTIONS, log: (line) => lines.push(line) });
    // One input, two numbers that both want to be multiplied by 1.
    expect(values['monitor.factor']).toBeCloseTo(1, 2);
    expect(values['monitor.call']).toBeCloseTo(0.47, 3);
    expect(values['pmake.idle']).toBeCloseTo(31.7, 1);
    expect(values['monitor.other']).toBe(1);
    expect(lines.filter((line) => !line.startsWith(' '))).toEqual([
      'IRIX: pmake.idle (1 numbers)',
      'monitor: monitor.call, monitor.factor (3 numbers)',
    ]);
  });

  test('is repeatable, and started from its result it stays there', async () => {
    const values = await calibrate(wholeEvaluation(), OPTIONS);
    expect(await calibrate(wholeEvaluation(), OPTIONS)).toEqual(values);
    const again = await calibrate(wholeEvaluation(), { ...OPTIONS, from: values });
    expect(drift(wholeEvaluation(), values, again)).toEqual([]);
    const elsewhere = { ...values, 'monitor.factor': 3 };
    expect(drift(wholeEvaluation(), elsewhere, again)).toEqual(['monitor.factor']);
  });

  test('looks at no number but those that inputs name', async () => {
    const target = 'table3/raytrace/disco_numa/migration_time';
    const knob = input('knob', { role: 'calibrated', calibratedOn: [target], prior: 1, range: [0, 3] });
    const experiment = (other: number) =>
      experimentOf('e', [knob], ['table3'], (values) => [
        { ...keyOf(published(target)), value: 50 * values.knob! },
        { ...keyOf(published('table3/raytrace/disco_numa/migrations')), value: other * values.knob! },
      ]);
    const results = await Promise.all([1, 1e6].map((other) => calibrate([experiment(other)], OPTIONS)));
    expect(results).toEqual([{ knob: 2.04 }, { knob: 2.04 }]);
  });

  test('an experiment that uses the inputs of another is fitted after it', () => {
    const price = input('a.price', { role: 'calibrated', calibratedOn: ['figure5/pmake/disco/monitor'] });
    const use = input('b.use', { role: 'calibrated', calibratedOn: ['figure7/pmake/1vm/idle'] });
    const gives = (name: string, id: string, inputs: (typeof use)[]) =>
      experimentOf(name, inputs, [published(id).exhibit], () => [{ ...keyOf(published(id)), value: 1 }]);
    const late = gives('late', 'figure7/pmake/1vm/idle', [use, price]);
    const early = gives('early', 'figure5/pmake/disco/monitor', [price]);
    const owners = new Map([
      ['figure7/pmake/1vm/idle', late],
      ['figure5/pmake/disco/monitor', early],
    ]);
    const fits = fitsOf([late, early], owners);
    expect(fits.map(({ inputs, experiments }) => [inputs[0]!.path, experiments[0]!.name])).toEqual([
      ['a.price', 'early'],
      ['b.use', 'late'],
    ]);
  });

  test('a number that an input names and no experiment gives is a defect', async () => {
    const knob = input('knob', { role: 'calibrated', calibratedOn: ['table1/pmake/irix/execution_time'] });
    await expect(calibrate([experimentOf('e', [knob], ['table1'], () => [])], OPTIONS)).rejects.toThrow(
      'table1/pmake/irix/execution_time is calibrated on but not modelled',
    );
  });
});
