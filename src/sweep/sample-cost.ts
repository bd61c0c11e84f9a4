import type { UncertainSystem } from './uncertainty-ranges.ts';

/**
 * What a joint sample takes, estimated from counts alone: the same samples are chosen on every machine, however fast or
 * busy it is.
 */

/** Joint samples, unless told otherwise: of the outer twentieths there are thousands, and bands have two digits. */
export const SAMPLES = 100_000;
/** Where many queues are solved in each sample there are fewer, but not below this. */
const LEAST_SAMPLES = 10_000;
/** What that is measured by, in seconds of one core: 3 ms a sample, which takes dozens of systems or of locks. */
export const AFFORDABLE_SECONDS = 300;

/** Without queues, and what rows take with them. */
const LINE_US = 0.1;
const ROWS_US = 3;

/** Whether a price may change how long anything waits for anything else. */
const queues = ({ tally, system }: UncertainSystem): boolean =>
  (tally.windows.length > 0 && system.machine.contention !== 'none') ||
  tally.locks.length > 0 ||
  tally.rows.some(({ counters }) => (counters.disk_requests ?? 0) + (counters.network_requests ?? 0) > 0);

/**
 * Time to price all systems once, in µs of one core of 2024; within a factor of two on the described workloads with 2 to
 * 32 CPUs.
 */
export function sampleCost(systems: readonly UncertainSystem[]): number {
  return systems.reduce((sum, given) => {
    const { tally, system } = given;
    return sum + (queues(given) ? ROWS_US + windowsCost(tally, system) + waitsCost(tally) : LINE_US);
  }, 0);
}

/** Contention: by window, and by CPUs, which are solved along with the stations that they meet at. */
function windowsCost(
  { windows, cpus }: UncertainSystem['tally'],
  { machine }: UncertainSystem['system'],
): number {
  return machine.contention === 'none' ? 0 : windows.length * (0.1 + 0.11 * cpus);
}

/** Locks and requests: rounds of both until they agree, more of them where more CPUs ask. */
function waitsCost({ locks, rows, cpus }: UncertainSystem['tally']): number {
  const requests = rows.some(
    ({ counters }) => (counters.disk_requests ?? 0) + (counters.network_requests ?? 0) > 0,
  );
  return locks.length * (10 + 2 * cpus) + (requests ? 80 + 60 * Math.sqrt(cpus) : 0);
}

/** How many samples are affordable: a round number. */
export function samplesFor(systems: readonly UncertainSystem[]): number {
  const most = Math.floor((1e6 * AFFORDABLE_SECONDS) / sampleCost(systems) / LEAST_SAMPLES) * LEAST_SAMPLES;
  return Math.min(SAMPLES, Math.max(LEAST_SAMPLES, most));
}
