import type {
  Decomposition,
  Experiment,
  ExperimentOptions,
  ModelledNumber,
  Outcome,
  Step,
} from '../types.ts';
import { type Bar, SEGMENTS, totalOf } from './bars.ts';
import { BAR_CLASSES, footprints, type Memory } from './footprints.ts';
import { MULTIPROCESSOR_INPUTS } from './inputs.ts';
import {
  CONFIGURATIONS,
  PART_RUN,
  pmakesValues,
  pricePmakes,
  priceWithServer,
  replayPmakes,
  systemOf,
} from './pmake.ts';
import { radixBars } from './radix.ts';

/** Bars of the eight pmakes by configuration. */
async function pmakeBars(options: ExperimentOptions, passed: () => void): Promise<ReadonlyMap<string, Bar>> {
  const { inputs, scale, seed, signal } = options;
  const bars = new Map<string, Bar>();
  for (const server of [false, true]) {
    const configurations = CONFIGURATIONS.filter((configuration) => configuration.server === server);
    const values = pmakesValues(inputs, scale, seed, server);
    const systems = configurations.map((configuration) => systemOf(configuration, inputs, values.jobs));
    const { tallies, summary } = await replayPmakes(values, systems, signal);
    for (const [at, { name }] of configurations.entries())
      bars.set(
        name,
        server
          ? priceWithServer(tallies[at]!, summary, systems[at]!, inputs['pmake_mp.server_ns']!)
          : pricePmakes(tallies[at]!, summary, systems[at]!),
      );
    passed();
  }
  return bars;
}

const figure7 = (workload: string, system: string, bar: Bar, points: number): ModelledNumber[] => {
  const of = (quantity: string, ns: number): ModelledNumber => ({
    exhibit: 'figure7',
    workload,
    system,
    quantity,
    value: ns * points,
  });
  const total = totalOf(bar);
  return [
    ...SEGMENTS.map((segment) => of(segment, bar[segment])),
    of('total', total),
    of('total_printed', total),
  ];
};

function figure6(system: string, memory: Memory): ModelledNumber[] {
  return (['virtual', 'machine'] as const).flatMap((kind) => {
    const of = (quantity: string, value: number): ModelledNumber => ({
      exhibit: 'figure6',
      workload: 'pmake',
      system,
      quantity: `${kind}.${quantity}`,
      value,
    });
    const total = BAR_CLASSES.reduce((sum, name) => sum + memory[kind][name], 0);
    return [
      ...BAR_CLASSES.map((name) => of(name, memory[kind][name])),
      of('total', total),
      of('total_printed', total),
    ];
  });
}

/** What the paper changed at once, one thing at a time: page placement, the monitor, the number of kernels, the server. */
function ladder(bars: ReadonlyMap<string, Bar>, points: number): Decomposition {
  const total = (name: string): number => totalOf(bars.get(name)!) * points;
  const change = (name: string, from: string, to: string): Step => ({
    name,
    value: total(to) - total(from),
    kind: 'change',
  });
  return {
    id: 'scalability-ladder',
    exhibit: 'figure7',
    workload: 'pmake',
    question:
      'How much of the gain comes from placing pages near their users, and how much from dividing the kernel?',
    unit: 'percent of IRIX time',
    steps: [
      { name: 'IRIX, pages round-robin', value: total('irix'), kind: 'total' },
      change('pages where they are used first', 'irix', 'irix_first_touch'),
      change('the monitor, one virtual machine', 'irix_first_touch', '1vm'),
      change('two kernels', '1vm', '2vm'),
      change('four kernels', '2vm', '4vm'),
      change('eight kernels', '4vm', '8vm'),
      { name: 'eight virtual machines', value: total('8vm'), kind: 'total' },
      change('files on one server', '8vm', '8vm_nfs'),
      { name: 'eight virtual machines, NFS', value: total('8vm_nfs'), kind: 'total' },
    ],
  };
}

const NOTES: readonly string[] = [
  `Of the eight pmakes ${PART_RUN * 100} % of their length times the scale are run; lives of processes, what begins and ends them, and disk requests are cut, so rates are those of whole lives. Who begins or ends a process holds memlock for long; its holds count as whole.`,
  'Several virtual machines are one recording divided: all run the same user instructions and services; a kernel of fewer CPUs does the work of the one kernel’s share.',
  'Under one virtual machine the waiting comes out longer than the paper’s, and most of it spins where half of the paper’s is idle: which critical sections the monitor lengthens most is not known.',
  'Kernels of two CPUs come out somewhat too slow: what two CPUs share costs them more than half of what four pay, where the paper’s costs a third, and they spin more, since a fault writes the TLB under memlock.',
  'A lock that nobody else wants costs kernel time here, and synchronisation in the paper.',
  'IRIX’s data and files are walked once and in full for Figure 6; the virtual machine that serves NFS gets no larger tables of its own, so its data come out too small.',
  'Files that some instances read and others do not are missing: two and four virtual machines come out with smaller buffer caches than the paper’s.',
  'The monitor’s memory counts tables of the memory that the machines were given; the paper’s varies between configurations without a stated cause.',
  'Radix under IRIX waits for a quarter of its time, for what the paper does not say; that is missing here, and the bars are scaled by IRIX’s user time instead of its total.',
  'Radix on SplashOS is the same program without a kernel; why the paper’s user time falls by a quarter is explained neither there nor here.',
];

async function run(options: ExperimentOptions): Promise<Outcome> {
  const { inputs, scale, seed, signal, progress } = options;
  let done = 0;
  const passed = (): void => progress?.(++done / 4);
  const memory = await footprints(inputs, signal);
  passed();
  const bars = await pmakeBars(options, passed);
  const radix = await radixBars(inputs, scale, seed, signal);
  passed();
  const points = 100 / totalOf(bars.get('irix')!);
  // Waiting of IRIX’s radix is not modelled, so its total is no measure.
  const radixPoints = inputs['radix.user_share']! / radix.irix.user;
  return {
    modelled: [
      ...[...memory].flatMap(([system, footprint]) => figure6(system, footprint)),
      ...CONFIGURATIONS.filter(({ published }) => published).flatMap(({ name }) =>
        figure7('pmake', name, bars.get(name)!, points),
      ),
      ...figure7('radix', 'irix', radix.irix, radixPoints),
      ...figure7('radix', 'splashos_on_disco', radix.splashos, radixPoints),
    ],
    decompositions: [ladder(bars, points)],
    notes: NOTES,
  };
}

/** Figure 6, footprints of virtual machines, and Figure 7, scalability: pmake and radix on eight CPUs. */
export const multiprocessorExperiment: Experiment = {
  name: 'multiprocessor',
  exhibits: ['figure6', 'figure7'],
  inputs: MULTIPROCESSOR_INPUTS,
  run,
};
