import { price } from '../../model/pricing/price.ts';
import { type Client, clientsIdle } from '../../model/pricing/queueing/client-idle.ts';
import { resolvePrices, withNodes } from '../../model/systems/resolve.ts';
import type { System } from '../../model/systems/schema.ts';
import { sumCounter, type Tally } from '../../model/tally.ts';
import type { TraceSummary } from '../../trace/types.ts';
import {
  PAPER_CPUS,
  pmakesValues as pmakesFrom,
  REQUEST_CUT,
} from '../../trace/workloads/paper/from-values.ts';
import type { PmakeValues } from '../../trace/workloads/paper/pmake.ts';
import { type MultiprocessorValues, multiprocessorPmake } from '../../trace/workloads/paper/pmake-mp.ts';
import { withCutRequests } from '../requests.ts';
import { paperSystem } from '../systems.ts';
import type { Inputs } from '../types.ts';
import { type Bar, barOf, userInstructions } from './bars.ts';
import { type Replayed, replayWorkload } from './replay.ts';
import { withWholeHolds } from './whole-holds.ts';

/** Figure 7's pmake: eight of them on eight CPUs. */

export const CPUS = PAPER_CPUS.pmake;
/** Part of the run in which caches fill. */
export const WARMUP = 1 / 4;

/** Part of the eight pmakes’ run that is simulated at scale 1; processes begin and end 1 ÷ `PMAKE_CUT` times as often in it. */
export const PART_RUN = 2 / 5;

export type MultiprocessorPmake = PmakeValues & MultiprocessorValues;

/** What the inputs say of the eight pmakes at a scale. */
export const pmakesValues = (
  inputs: Inputs,
  scale: number,
  seed: number,
  server: boolean,
): MultiprocessorPmake =>
  pmakesFrom(
    inputs,
    {
      cpus: CPUS,
      instructions: Math.round((CPUS * inputs['pmake.instructions']! * scale * PART_RUN) / (1 - WARMUP)),
      seed,
    },
    { requestCut: REQUEST_CUT, server },
  );

/** A configuration of the figure (`published`), or one between two of them, which the ladder needs. */
export interface Configuration {
  readonly name: string;
  readonly preset: string;
  readonly published: boolean;
  readonly server: boolean;
}

const configuration = (name: string, preset: string, more: Partial<Configuration> = {}): Configuration => ({
  name,
  preset,
  published: true,
  server: false,
  ...more,
});

export const CONFIGURATIONS: readonly Configuration[] = [
  configuration('irix', 'irix-numa'),
  configuration('irix_first_touch', 'irix', { published: false }),
  configuration('1vm', 'disco'),
  configuration('2vm', 'disco-2vms'),
  configuration('4vm', 'disco-4vms'),
  configuration('8vm', 'disco-8vms'),
  configuration('8vm_nfs', 'disco-8vms', { server: true }),
];

/** The system of a configuration, with two jobs for each CPU (-J2). */
export function systemOf({ preset }: Configuration, inputs: Inputs, jobs: number): System {
  const system = paperSystem(preset, inputs);
  return withNodes({ ...system, os: { ...system.os, jobs } }, { cpus: CPUS });
}

/** Replays the eight pmakes in several configurations. */
export async function replayPmakes(
  values: MultiprocessorPmake,
  systems: readonly System[],
  signal?: AbortSignal,
): Promise<Replayed> {
  const workload = multiprocessorPmake(values);
  const { tallies, summary } = await replayWorkload(workload, systems, WARMUP, signal);
  return { summary, tallies: tallies.map((tally) => withWholeHolds(tally, workload, values.cut)) };
}

/** Prices a replay: a bar of the figure. */
export function pricePmakes(tally: Tally, summary: TraceSummary, system: System): Bar {
  const { breakdown } = price(tally, withCutRequests(resolvePrices(system, summary)), system);
  return barOf(tally, breakdown.parts);
}

/**
 * The same with all disks behind one server, whose requests come from all machines and are served one at a time
 * (`server_ns` each). Waiting for own disks is left out: nobody has any.
 */
export function priceWithServer(tally: Tally, summary: TraceSummary, system: System, server_ns: number): Bar {
  const { breakdown } = price(tally, withCutRequests(resolvePrices(system, summary)), system);
  const { idle, ...busy } = barOf(
    tally,
    breakdown.parts.filter(({ cause }) => cause !== 'idle'),
  );
  const machines = system.monitor?.vms.count ?? 1;
  const requests = sumCounter(tally, 'disk_requests') + sumCounter(tally, 'network_requests');
  const each = (requests * server_ns * REQUEST_CUT) / userInstructions(tally);
  const computing = Object.values(busy).reduce((sum, ns) => sum + ns, idle);
  const machine: Client = {
    network: { jobs: 1, cpus: 1, disks: 1 },
    cpu_ns: computing,
    disk_ns: 0,
    server_ns: each,
  };
  const [first] = clientsIdle(Array.from({ length: machines }, () => machine));
  return { ...busy, idle: idle + first!.idle_ns };
}
