import { expect, test } from 'vitest';
import type { HeldRow } from '../../../src/model/tally.ts';
import { withWholeHolds } from '../../../src/paper/multiprocessor/whole-holds.ts';
import { pmakesValues } from '../../../src/trace/workloads/paper/from-values.ts';
import { multiprocessorPmake } from '../../../src/trace/workloads/paper/pmake-mp.ts';
import { PAPER_VALUES } from '../../../src/trace/workloads/paper/values.ts';
import { tallyOfWindows } from '../../model/window-tally.ts';

const workload = multiprocessorPmake(pmakesValues(PAPER_VALUES, { cpus: 2, instructions: 1e6, seed: 1 }));
const lengthOf = (service: string): number => Number(workload.kernel!.services[service]!.locks![0]!.hold);

const row = (context: string, times: number): HeldRow => ({
  cpu: 0,
  context,
  layer: 'workload',
  locks: [0],
  counters: { lock_acquisitions: times, instructions: times * lengthOf(context) },
});

/** A lock that services took so often, each for its length. */
function tallyOf(taken: readonly (readonly [string, number])[]) {
  const sum = (value: (service: string, times: number) => number): number =>
    taken.reduce((all, [service, times]) => all + value(service, times), 0);
  return {
    ...tallyOfWindows(1, 1, []),
    held: taken.map(([service, times]) => row(service, times)),
    locks: [
      {
        lock: 0,
        kind: 'spin' as const,
        acquisitions: [sum((_, times) => times)],
        holds: {
          count: sum((_, times) => times),
          instructions: sum((service, times) => times * lengthOf(service)),
          squares: sum((service, times) => times * lengthOf(service) ** 2),
        },
      },
    ],
  };
}

test('eight forks cut to a quarter are two whole ones, which take as long in all', () => {
  const { holds } = withWholeHolds(tallyOf([['fork', 8]]), workload, 1 / 4).locks[0]!;
  const whole = 4 * lengthOf('fork');
  expect(holds).toEqual({ count: 2, instructions: 2 * whole, squares: 2 * whole ** 2 });
});

test('holds of services that are not cut stay as they are', () => {
  const tally = tallyOf([['DEMAND_ZERO', 100]]);
  expect(withWholeHolds(tally, workload, 1 / 4).locks).toEqual(tally.locks);
  expect(withWholeHolds(tallyOf([['exit', 3]]), workload, 1).locks).toEqual(tallyOf([['exit', 3]]).locks);
});
