import { type Breakdown, sumBy } from '../../model/pricing/breakdown.ts';
import { price } from '../../model/pricing/price.ts';
import { resolvePrices } from '../../model/systems/resolve.ts';
import { TLB_BOUND, type TlbBound, tlbBoundWorkload } from '../../trace/workloads/paper/from-values.ts';
import { createReplayer, type Replayer, type Run } from '../replayer.ts';
import { paperSystem } from '../systems.ts';
import type { Decomposition, ExperimentOptions, ModelledNumber, Outcome, Step } from '../types.ts';

/** Figure 5's engineering, raytrace and database: IRIX beside Disco on one CPU. */

/** Fewest instructions that are counted, and those before, which fill caches and TLBs. */
const LEAST = 20e6;
const WARMUP = 10e6;

/**
 * Instructions of whole runs by which the scale is measured, so that fitting the length to Table 1 needs no replay: time
 * is proportional to it.
 */
const NOMINAL: Readonly<Record<TlbBound, number>> = {
  engineering: 600e6,
  raytrace: 4600e6,
  database: 350e6,
};

export type Figure5 = (options: ExperimentOptions) => Promise<Outcome>;

export function createFigure5(): Figure5 {
  const replayers = new Map(TLB_BOUND.map((name) => [name, createReplayer()]));
  return async (options) => {
    const modelled: ModelledNumber[] = [];
    const decompositions: Decomposition[] = [];
    for (const [at, name] of TLB_BOUND.entries()) {
      const runs = await runsOf(name, options, replayers.get(name)!, (done) =>
        options.progress?.((at + done) / TLB_BOUND.length),
      );
      const [irix, disco] = runs.map(breakdownOf) as [Breakdown, Breakdown];
      const points = 100 / irix.total_ps;
      const seconds =
        (irix.total_ps / runs[0]!.tally.instructions / 1e12) * options.inputs[`${name}.instructions`]!;
      modelled.push({
        exhibit: 'table1',
        workload: name,
        system: 'irix',
        quantity: 'execution_time',
        value: seconds,
      });
      modelled.push(...barsOf(name, 'irix', irix, points), ...barsOf(name, 'disco', disco, points));
      decompositions.push(waterfall(name, irix, disco, points));
    }
    return { modelled, decompositions, notes: NOTES };
  };
}

const NOTES = [
  'Of Engineering, Raytrace and Database on one CPU only what misses in the TLB or the second-level cache is described: operands that always hit in the first-level cache take no time beyond their instruction.',
  'How many pages pointers lead to is assumed: with more of them, entries of the second-level TLB (32 bytes a pair) leave the first-level cache sooner than page-table entries (16 bytes), and Disco costs more.',
  'Slow TLB refills come at a fixed ratio to fast ones in all three workloads.',
];

async function runsOf(
  name: TlbBound,
  { inputs, scale, seed, signal }: ExperimentOptions,
  replay: Replayer,
  progress: (done: number) => void,
): Promise<readonly Run[]> {
  const counted = Math.round(Math.max(LEAST, NOMINAL[name] * scale));
  const workload = tlbBoundWorkload(name, inputs, { cpus: 1, instructions: counted + WARMUP, seed });
  const systems = (['irix', 'disco'] as const).map((system) => paperSystem(system, inputs));
  return replay({ workload, systems, warmup: WARMUP }, signal, progress);
}

const breakdownOf = ({ tally, system, summary }: Run): Breakdown =>
  price(tally, resolvePrices(system, summary), system).breakdown;

const SEGMENTS = ['user', 'kernel', 'monitor', 'idle'] as const;

/** A bar of the figure. Waiting for the few locks of the kernel is part of its time. */
function barsOf(workload: TlbBound, system: string, breakdown: Breakdown, points: number): ModelledNumber[] {
  const sums = sumBy(breakdown, ({ category }) => (category === 'synchronisation' ? 'kernel' : category));
  const number = (quantity: string, ps: number): ModelledNumber => ({
    exhibit: 'figure5',
    workload,
    system,
    quantity,
    value: ps * points,
  });
  return [
    ...SEGMENTS.map((segment) => number(segment, sums.get(segment) ?? 0)),
    number('total', breakdown.total_ps),
    number('total_printed', breakdown.total_ps),
  ];
}

/** From the native total to the virtual one; what is saved is negative. */
function waterfall(workload: TlbBound, irix: Breakdown, disco: Breakdown, points: number): Decomposition {
  const [before, after] = [irix, disco].map((breakdown) =>
    sumBy(breakdown, ({ category, context, cause }) =>
      category === 'monitor'
        ? `monitor: ${cause.replaceAll('_', ' ')}`
        : context === 'UTLB_MISS'
          ? 'kernel: fast TLB refills'
          : category === 'user'
            ? 'user: what caches lose to the monitor'
            : 'kernel: all else',
    ),
  ) as [Map<string, number>, Map<string, number>];
  const changes = [...new Set([...before.keys(), ...after.keys()])]
    .map(
      (name): Step => ({
        name,
        value: points * ((after.get(name) ?? 0) - (before.get(name) ?? 0)),
        kind: 'change',
      }),
    )
    .sort((a, b) => b.value - a.value);
  return {
    id: `${workload}-waterfall`,
    exhibit: 'figure5',
    workload,
    question: `What makes up the slowdown of ${workload} on one CPU: what does the monitor add, and what does it save?`,
    unit: 'percent of IRIX time',
    steps: [
      { name: 'IRIX', value: points * irix.total_ps, kind: 'total' },
      ...changes,
      { name: 'Disco', value: points * disco.total_ps, kind: 'total' },
    ],
  };
}
