import type { System } from '../../model/systems/schema.ts';
import { instructionsIn } from '../../model/systems/schema-pages.ts';
import { PAPER_CPUS, type Size, tlbBoundWorkload } from '../../trace/workloads/paper/from-values.ts';
import { createReplayer, type Replayer } from '../replayer.ts';
import { paperSystem } from '../systems.ts';
import type { Decomposition, ExperimentOptions, Inputs, ModelledNumber, Outcome } from '../types.ts';
import { type Bar, barOf, uniformBarOf } from './bars.ts';
import { ladderOf } from './ladder.ts';

/** Figure 8 and Table 3: IRIX on a NUMA machine, Disco with page migration and replication, IRIX on a UMA machine. */

const NUMA = ['engineering', 'raytrace'] as const;
type NumaWorkload = (typeof NUMA)[number];

/** How a workload's run is cut, in intervals of the page policy, which stay whole at every scale. */
interface Plan {
  /** Time of an instruction with its stalls under Disco, by which intervals are measured: as it comes out. */
  readonly nominal_ns: number;
  /** Intervals until pages are where they are used, which are not counted. */
  readonly warmup: number;
  /** Intervals that are counted at the least, and in a run of the paper's length. */
  readonly least: number;
  readonly whole: number;
  /** Misses that make a page hot: what the base policy's authors took for the workload (`pages.disco.trigger`). */
  readonly trigger: number;
}

/**
 * Lengths of whole runs: Table 1's time of Engineering for each of six pairs of processes, and of Raytrace once, divided
 * among the CPUs, by what Figure 8 shows of Disco's execution (a part of 0.45 and 0.67 of its time). Triggers are those of
 * Verghese et al., ASPLOS'96, whose Engineering it is (128; 96 for Engineering; from memory).
 */
const PLANS: Readonly<Record<NumaWorkload, Plan>> = {
  engineering: { nominal_ns: 6.6, warmup: 1.1, least: 1.8, whole: 37, trigger: 96 },
  raytrace: { nominal_ns: 3.6, warmup: 2.1, least: 1.25, whole: 11, trigger: 128 },
};

/** Intervals of the runs of the ladder, of which the first half is not counted. */
const LADDER = 0.8;

const INTERVAL_NS = 100e6;

/** The systems of Figure 8, and those between them. */
function systemsOf(name: NumaWorkload, inputs: Inputs) {
  const machine = name === 'raytrace' ? ['machine.l2.size=256K'] : [];
  const make = (preset: string, called: string, set: readonly string[]): System => ({
    ...paperSystem(preset, inputs, [
      ...machine,
      `pages.nominal_ns_per_instruction=${PLANS[name].nominal_ns}`,
      `pages.disco.trigger=${PLANS[name].trigger}`,
      // One bookkeeping for all that is done to a page: nothing in the model tells them apart.
      ...['replicate', 'collapse'].map((move) => `prices.${move}_ns=${inputs['prices.migrate_ns']}`),
      ...set,
    ]),
    name: called,
  });
  return {
    // A NUMA-unaware kernel hands out memory in the order of its addresses: what is in use lies on the first nodes.
    irix: make('irix-numa', 'irix', ['machine.placement=contiguous']),
    firstTouch: make('irix-numa', 'first-touch', ['machine.placement=first-touch']),
    unmoved: make('disco', 'disco-unmoved', []),
    migrating: make('disco-numa', 'disco-migrating', ['pages.disco.sharing=infinite']),
    disco: make('disco-numa', 'disco', []),
  };
}

export type Figure8 = (options: ExperimentOptions) => Promise<Outcome>;

export function createFigure8(): Figure8 {
  const replayers = new Map(
    NUMA.map((name) => [name, { bars: createReplayer(), ladder: createReplayer() }] as const),
  );
  return async (options) => {
    const modelled: ModelledNumber[] = [];
    const decompositions: Decomposition[] = [];
    for (const [at, name] of NUMA.entries()) {
      const { bars, ladder } = replayers.get(name)!;
      const progress = (done: number): void => options.progress?.((at + done) / NUMA.length);
      const [irix, uma, disco] = await runBars(name, options, bars, (done) => progress(done * 0.75));
      const steps = await runLadder(name, options, ladder, (done) => progress(0.75 + done * 0.25));
      modelled.push(
        ...figureOf(name, 'irix_numa', irix, irix.total),
        ...figureOf(name, 'irix_uma', uma, irix.total),
        ...figureOf(name, 'disco_numa', disco, irix.total),
        ...tableOf(name, disco),
      );
      decompositions.push(ladderOf(name, steps, { irix, disco, uma }));
    }
    return { modelled, decompositions, notes: NOTES };
  };
}

const NOTES = [
  'IRIX’s memory in Figure 8 is taken to lie on the first nodes, in the order of its addresses: with homes evenly spread no contention would explain the published bars.',
  'The UMA machine is the NUMA machine’s references with every miss at the local latency and without contention.',
  'At every scale Figure 8 counts more than one whole interval of the page policy (100 ms), after pages have found their places; the ladder counts less than half of one.',
  'Numbers of page moves are those of a part of the run after pages have found their places; how fast programs come to use other pages is fitted to Table 3, except Raytrace’s replications, which follow from the size of its scene.',
  'Under Disco a page that moves interrupts all CPUs of its virtual machine, one after the other, and waits for each: Table 3’s times grow with the number of CPUs as if it did. With monitor.shootdown at holders, as in other runs, moves take less, on Raytrace the more: 16 CPUs are interrupted there. What else a move takes is one time for migrations and replications.',
  'Raytrace’s migrations take longer in the paper than here: there they come together at the start of the run, when all CPUs copy from one node.',
  'Every CPU executes the same share of the instructions; that a CPU on the node with the memory gets on faster is not modelled.',
];

/** IRIX and Disco on the NUMA machine, and IRIX on the UMA machine. */
async function runBars(
  name: NumaWorkload,
  { inputs, scale, seed, signal }: ExperimentOptions,
  replay: Replayer,
  progress: (done: number) => void,
): Promise<[irix: Bar, uma: Bar, disco: Bar]> {
  const { warmup, least, whole } = PLANS[name];
  const { irix, disco } = systemsOf(name, inputs);
  const counted = least + Math.max(0, whole - least) * scale;
  const what = {
    workload: tlbBoundWorkload(name, inputs, sizeOf(name, warmup + counted, seed)),
    systems: [irix, disco],
    warmup: sizeOf(name, warmup, seed).instructions,
  };
  const [native, virtual] = await replay(what, signal, progress);
  return [barOf(native!), uniformBarOf(native!), barOf(virtual!)];
}

async function runLadder(
  name: NumaWorkload,
  { inputs, seed, signal }: ExperimentOptions,
  replay: Replayer,
  progress: (done: number) => void,
): Promise<readonly Bar[]> {
  const { irix, firstTouch, unmoved, migrating } = systemsOf(name, inputs);
  const what = {
    workload: tlbBoundWorkload(name, inputs, sizeOf(name, LADDER, seed)),
    systems: [irix, firstTouch, unmoved, migrating],
    warmup: sizeOf(name, LADDER / 2, seed).instructions,
  };
  return (await replay(what, signal, progress)).map(barOf);
}

/** So many intervals of the policy on the workload's machine. */
const sizeOf = (name: NumaWorkload, intervals: number, seed: number): Size => ({
  cpus: PAPER_CPUS[name],
  seed,
  instructions: instructionsIn(intervals * INTERVAL_NS, PLANS[name].nominal_ns, PAPER_CPUS[name]),
});

const SEGMENTS = ['execution', 'local_stall', 'remote_stall', 'monitor', 'total'] as const;

function figureOf(workload: string, system: string, bar: Bar, base: number): ModelledNumber[] {
  const number = (quantity: string, value: number): ModelledNumber => ({
    exhibit: 'figure8',
    workload,
    system,
    quantity,
    value,
  });
  return [
    ...SEGMENTS.map((segment) => number(segment, (100 * bar[segment]) / base)),
    number('total_printed', (100 * bar.total) / base),
    number('misses_local', bar.misses_local),
  ];
}

function tableOf(workload: string, { actions, seconds }: Bar): ModelledNumber[] {
  return (['migrate', 'replicate'] as const).flatMap((layer): ModelledNumber[] => {
    const word = layer === 'migrate' ? 'migration' : 'replication';
    const action = actions.find((one) => one.layer === layer);
    const number = (quantity: string, value: number): ModelledNumber => ({
      exhibit: 'table3',
      workload,
      system: 'disco_numa',
      quantity,
      value,
    });
    return [number(`${word}s`, (action?.count ?? 0) / seconds), number(`${word}_time`, action?.us_each ?? 0)];
  });
}
