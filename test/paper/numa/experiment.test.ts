import { describe, expect, it } from 'vitest';
import { inputsOf, inputValues } from '../../../src/paper/inputs.ts';
import { numberId } from '../../../src/paper/keys.ts';
import { numaExperiment, tlbBoundExperiment } from '../../../src/paper/numa/experiment.ts';
import { ladderOf } from '../../../src/paper/numa/ladder.ts';
import { PUBLISHED } from '../../../src/paper/published.ts';
import { sideOf } from '../../../src/paper/rules.ts';
import { tlbBoundWorkload } from '../../../src/trace/workloads/paper/from-values.ts';
import { checkedWorkload } from '../../../src/trace/workloads/schema.ts';

const experiments = [tlbBoundExperiment, numaExperiment];
const inputs = inputValues(inputsOf(experiments), {});
const publishedOf = (exhibit: string, workloads: readonly string[]) =>
  PUBLISHED.filter((number) => number.exhibit === exhibit && workloads.includes(number.workload)).map(
    numberId,
  );

describe('inputs', () => {
  it('of one path are described alike in both experiments, and those of workloads are fitted to IRIX', () => {
    const all = inputsOf(experiments);
    expect(new Set(all.map(({ path }) => path)).size).toBe(all.length);
    const byId = new Map(PUBLISHED.map((number) => [numberId(number), number]));
    const moved = all.filter(
      ({ side, calibratedOn = [] }) =>
        side === 'workload' && calibratedOn.some((id) => sideOf(byId.get(id)!) === 'disco'),
    );
    // What no number of IRIX tells: how soon other pages are used, and slow from fast refills.
    expect(moved.map(({ path }) => path).filter((path) => !path.startsWith('pmake'))).toEqual([
      'engineering.drift',
      'engineering.stay',
      'raytrace.ray_pages',
      'tlb.refills_per_quick_fault',
    ]);
  });
});

describe('workloads', () => {
  it.each([
    ['engineering', 8],
    ['engineering', 1],
    ['raytrace', 16],
    ['raytrace', 1],
    ['database', 1],
  ] as const)('%s on %i CPUs is a description that holds', (name, cpus) => {
    const workload = tlbBoundWorkload(name, inputs, { cpus, instructions: 1e6, seed: 1 });
    expect(checkedWorkload(workload, name).cpus).toBe(cpus);
  });
});

describe('the ladder of Figure 8', () => {
  it('adds up from IRIX over Disco to the UMA machine', () => {
    const bar = (total: number) => ({ total }) as never;
    const { steps } = ladderOf('engineering', [bar(10), bar(6), bar(6.5), bar(5.5)], {
      irix: bar(20),
      disco: bar(10),
      uma: bar(8),
    });
    let at = 0;
    for (const { kind, value } of steps) {
      if (kind === 'change') at += value;
      else if (at === 0) at = value;
      else expect(at).toBeCloseTo(value, 9);
    }
    expect(steps.map(({ value }) => Math.round(value))).toEqual([100, -40, 5, -10, -5, 50, -10, 40]);
  });
});

describe('Figure 5 of the workloads that miss in the TLB', () => {
  it('gives every number, Disco slower than IRIX by what the second-level TLB costs', async () => {
    const { modelled, decompositions } = await tlbBoundExperiment.run({ inputs, scale: 1e-6, seed: 1 });
    expect(modelled.map(numberId).sort()).toEqual(
      [
        ...publishedOf('figure5', ['engineering', 'raytrace', 'database']),
        ...publishedOf('table1', ['engineering', 'raytrace', 'database']),
      ].sort(),
    );
    const value = (id: string): number => modelled.find((number) => numberId(number) === id)!.value;
    for (const name of ['engineering', 'raytrace', 'database']) {
      expect(value(`figure5/${name}/irix/total`)).toBeCloseTo(100, 9);
      expect(value(`figure5/${name}/disco/total`)).toBeGreaterThan(100);
      expect(value(`figure5/${name}/disco/kernel`)).toBeLessThan(value(`figure5/${name}/irix/kernel`));
    }
    for (const { steps } of decompositions) {
      const changes = steps.filter(({ kind }) => kind === 'change').reduce((sum, { value: v }) => sum + v, 0);
      expect(steps[0]!.value + changes).toBeCloseTo(steps.at(-1)!.value, 6);
      expect(steps[1]!.name).toBe('monitor: l2tlb reload');
    }
  });
});
