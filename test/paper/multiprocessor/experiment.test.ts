import { beforeAll, describe, expect, test } from 'vitest';
import { SEGMENTS } from '../../../src/paper/multiprocessor/bars.ts';
import { multiprocessorExperiment } from '../../../src/paper/multiprocessor/experiment.ts';
import { footprints } from '../../../src/paper/multiprocessor/footprints.ts';
import { PUBLISHED } from '../../../src/paper/published.ts';
import type { Outcome } from '../../../src/paper/types.ts';

const inputs = Object.fromEntries(multiprocessorExperiment.inputs.map(({ path, prior }) => [path, prior]));
/** Memory is not scaled with a run, so here it is smaller. */
const small = Object.fromEntries(
  Object.entries(inputs).map(([path, value]) => [path, path.startsWith('footprint.') ? value / 30 : value]),
);

let outcome: Outcome;
let again: Outcome;
beforeAll(async () => {
  const options = { inputs: small, scale: 0.001, seed: 1 };
  outcome = await multiprocessorExperiment.run(options);
  again = await multiprocessorExperiment.run(options);
});

const value = (exhibit: string, workload: string, system: string, quantity: string): number =>
  outcome.modelled.find(
    (number) =>
      number.exhibit === exhibit &&
      number.workload === workload &&
      number.system === system &&
      number.quantity === quantity,
  )!.value;

describe('Figures 6 and 7', () => {
  test('every published number of them is modelled once, and nothing else', () => {
    const key = (number: { exhibit: string; workload: string; system: string; quantity: string }): string =>
      `${number.exhibit}/${number.workload}/${number.system}/${number.quantity}`;
    const published = PUBLISHED.filter(({ exhibit }) => ['figure6', 'figure7'].includes(exhibit));
    expect(outcome.modelled.map(key).sort()).toEqual(published.map(key).sort());
    for (const number of outcome.modelled) expect(Number.isFinite(number.value)).toBe(true);
  });

  test('are the same each time', () => {
    expect(again).toEqual(outcome);
  });

  test('segments add up, and user time is the same in all pmakes', () => {
    for (const system of ['irix', '1vm', '2vm', '4vm', '8vm', '8vm_nfs']) {
      const sum = SEGMENTS.reduce((all, segment) => all + value('figure7', 'pmake', system, segment), 0);
      expect(value('figure7', 'pmake', system, 'total')).toBeCloseTo(sum, 9);
    }
    const user = value('figure7', 'pmake', 'irix', 'user');
    for (const system of ['1vm', '2vm', '4vm', '8vm'])
      expect(value('figure7', 'pmake', system, 'user')).toBeCloseTo(user, 9);
  });

  test('kernels of fewer CPUs wait less for each other and for each other’s data', () => {
    for (const segment of ['kernel', 'synchronization', 'monitor', 'user_stall'] as const) {
      const bars = ['1vm', '2vm', '4vm', '8vm'].map((system) => value('figure7', 'pmake', system, segment));
      for (let i = 1; i < bars.length; i++) expect(bars[i]!).toBeLessThan(bars[i - 1]!);
    }
    expect(value('figure7', 'pmake', '8vm', 'synchronization')).toBe(0);
    expect(value('figure7', 'pmake', '8vm_nfs', 'idle')).toBeGreaterThan(
      value('figure7', 'pmake', '8vm', 'idle'),
    );
  });

  test('the steps of the ladder lead from its first total to its others', () => {
    for (const { steps } of outcome.decompositions) {
      let height = 0;
      for (const { kind, value: step } of steps)
        if (kind === 'change') height += step;
        else {
          if (height !== 0) expect(step).toBeCloseTo(height, 9);
          height = step;
        }
    }
  });

  test('SplashOS has no kernel, and all of its faults are the monitor’s', () => {
    const of = (segment: string) => value('figure7', 'radix', 'splashos_on_disco', segment);
    expect([of('kernel'), of('synchronization'), of('idle')]).toEqual([0, 0, 0]);
    expect(of('monitor')).toBeGreaterThan(0);
  });
});

describe('footprints', () => {
  test('are pages counted: one kernel’s files and text once, data of each', async () => {
    const pages = (count: number): number => (count * 4096) / 2 ** 20;
    const memory = await footprints({
      ...inputs,
      'footprint.kernel_text': pages(10),
      'footprint.kernel_data_each': pages(3),
      'footprint.kernel_data': pages(3 + 8 * 2),
      'footprint.metadata': pages(4),
      'footprint.common_files': pages(4 + 7),
      'footprint.buffer_cache': pages(4 + 7 + 8 * 5),
    });
    for (const [name, kernels] of [
      ['irix', 1],
      ['1vm', 1],
      ['2vm', 2],
      ['4vm', 4],
      ['8vm', 8],
    ] as const) {
      const { virtual, machine } = memory.get(name)!;
      expect(virtual.kernel_text).toBeCloseTo(pages(10 * kernels), 9);
      expect(machine.kernel_text).toBeCloseTo(pages(10), 9);
      expect(virtual.kernel_data).toBeCloseTo(pages(3 * kernels + 16), 9);
      expect(machine.kernel_data).toBeCloseTo(virtual.kernel_data, 9);
      expect(virtual.buffer_cache).toBeCloseTo(pages(11 * kernels + 40), 9);
      expect(machine.buffer_cache).toBeCloseTo(pages(7 + 4 * kernels + 40), 9);
    }
  });
});
