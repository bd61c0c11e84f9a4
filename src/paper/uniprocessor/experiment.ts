import { type Breakdown, sumBy } from '../../model/pricing/breakdown.ts';
import { price } from '../../model/pricing/price.ts';
import { resolvePrices } from '../../model/systems/resolve.ts';
import type { System } from '../../model/systems/schema.ts';
import { PMAKE_JOBS, pmakeValues, REQUEST_CUT } from '../../trace/workloads/paper/from-values.ts';
import { type PmakeValues, pmakeWorkload } from '../../trace/workloads/paper/pmake.ts';
import { createReplayer, type Replayer } from '../replayer.ts';
import { withCutRequests } from '../requests.ts';
import { paperSystem } from '../systems.ts';
import type { Experiment, ExperimentOptions, Inputs, ModelledNumber, Outcome, Step } from '../types.ts';
import { PMAKE_INPUTS } from './inputs.ts';
import { clearedBy, invocations, serviceTimes, TABLE_2_COLUMNS, TABLE_2_SERVICES } from './table2.ts';

/** Part of the run in which caches fill and processes come to differ in age. */
const WARMUP = 1 / 5;
/** Run length at scale 1, in runs of the paper’s: what is rare in pmake is rarer than in the other workloads. */
const LENGTH = 6;

/** The compile jobs of a run at a scale, and the part before it. */
const valuesOf = (inputs: Inputs, scale: number, seed: number): PmakeValues =>
  pmakeValues(
    inputs,
    {
      cpus: 1,
      instructions: Math.round((inputs['pmake.instructions']! * scale * LENGTH) / (1 - WARMUP)),
      seed,
    },
    REQUEST_CUT,
  );

async function outcomeOf(options: ExperimentOptions, replay: Replayer): Promise<Outcome> {
  const { inputs, scale, seed, signal, progress } = options;
  const withJobs = (system: System): System => ({ ...system, os: { ...system.os, jobs: PMAKE_JOBS } });
  const systems = (['irix', 'disco'] as const).map((name) => withJobs(paperSystem(name, inputs)));
  const values = valuesOf(inputs, scale, seed);
  const runs = await replay(
    { workload: pmakeWorkload(values), systems, warmup: Math.floor(values.instructions * WARMUP) },
    signal,
    (done) => progress?.(done),
  );
  const tallies = runs.map(({ tally }) => tally);
  const priced = runs.map(({ tally, system, summary }) =>
    price(tally, withCutRequests(resolvePrices(system, summary)), system),
  );
  const [irix, disco] = priced.map(({ breakdown }) => breakdown) as [Breakdown, Breakdown];
  const points = 100 / irix.total_ps;
  const modelled: ModelledNumber[] = [
    {
      exhibit: 'table1',
      workload: 'pmake',
      system: 'irix',
      quantity: 'execution_time',
      value: irix.total_ps / 1e12 / (scale * LENGTH),
    },
  ];
  const bars = [irix, disco].map((breakdown) => sumBy(breakdown, (part) => part.category));
  for (const [at, system] of ['irix', 'disco'].entries())
    for (const quantity of ['user', 'kernel', 'monitor', 'idle', 'total'])
      modelled.push({
        exhibit: 'figure5',
        workload: 'pmake',
        system,
        quantity,
        value:
          points *
          (quantity === 'total' ? priced[at]!.breakdown.total_ps : (bars[at]!.get(quantity as never) ?? 0)),
      });

  // Both systems run the same services; TLB misses each counts for itself.
  const counts = [invocations(tallies[0]!), invocations(tallies[1]!)] as const;
  const clears = clearedBy(counts[1], inputs['pmake.execve_clears']!, inputs['pmake.write_clears']!);
  const native = serviceTimes(irix.parts, clears);
  const virtual = serviceTimes(disco.parts, clears);
  const kernel = bars[0]!.get('kernel')!;
  for (const [name, context] of Object.entries(TABLE_2_SERVICES)) {
    const times = counts[1].get(context) ?? 0;
    const own = context === TABLE_2_SERVICES.utlb_miss ? (counts[0].get(context) ?? 0) : times;
    if (times === 0 || own === 0) continue;
    const each = native.get(context)!.total_ps / own;
    const add = (system: string, quantity: string, value: number): void => {
      modelled.push({ exhibit: 'table2', workload: 'pmake', system, quantity: `${name}.${quantity}`, value });
    };
    add('irix', 'share_of_system_time', (100 * native.get(context)!.total_ps) / kernel);
    add('irix', 'time_per_invocation', each / 1e6);
    const there = virtual.get(context)!;
    add('disco', 'slowdown', there.total_ps / times / each);
    for (const column of TABLE_2_COLUMNS) add('disco', column, there.columns[column] / times / each);
  }
  return {
    modelled,
    decompositions: [
      {
        id: 'pmake-waterfall',
        exhibit: 'figure5',
        workload: 'pmake',
        question:
          'What makes up the net slowdown of pmake: what does the monitor add, and what does it save?',
        unit: 'percent of IRIX time',
        steps: waterfall(irix, disco, points),
      },
    ],
    notes: [
      'Idle of pmake is computed from a closed network of two jobs, one CPU and one disk, whose services vary as little as an HP 97560’s at random places.',
    ],
  };
}

/** From the native total to the virtual one, cause by cause; what is saved is negative. */
function waterfall(irix: Breakdown, disco: Breakdown, points: number): Step[] {
  const sums = [irix, disco].map(({ parts }) => {
    const found = new Map<string, number>();
    for (const part of parts) {
      const name =
        part.category === 'monitor'
          ? `monitor: ${part.cause.replaceAll('_', ' ')}`
          : part.context === 'ZERO_PAGE'
            ? 'kernel: clearing pages'
            : part.context === 'UTLB_MISS'
              ? 'kernel: TLB refills'
              : part.category === 'kernel'
                ? 'kernel: services'
                : part.category;
      found.set(name, (found.get(name) ?? 0) + part.ps);
    }
    return found;
  }) as [Map<string, number>, Map<string, number>];
  const names = new Set([...sums[0].keys(), ...sums[1].keys()]);
  const changes = [...names]
    .map(
      (name): Step => ({
        name,
        value: points * ((sums[1].get(name) ?? 0) - (sums[0].get(name) ?? 0)),
        kind: 'change',
      }),
    )
    .sort((a, b) => b.value - a.value);
  return [
    { name: 'IRIX', value: points * irix.total_ps, kind: 'total' },
    ...changes,
    { name: 'Disco', value: points * disco.total_ps, kind: 'total' },
  ];
}

function createUniprocessorExperiment(): Experiment {
  const replay = createReplayer();
  return {
    name: 'pmake on one CPU',
    exhibits: ['table1', 'table2', 'figure5'],
    inputs: PMAKE_INPUTS,
    run: (options) => outcomeOf(options, replay),
  };
}

/** Table 1, Table 2 and Figure 5 of pmake on one CPU. */
export const uniprocessorExperiment: Experiment = createUniprocessorExperiment();
