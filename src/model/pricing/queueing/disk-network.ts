import { MOST_PHASES, phasesOf, speedsOf } from './general-service.ts';

/**
 * A closed network of CPUs with one queue and identical disks whose services vary less than exponential ones, by Marie's
 * method (IEEE Transactions on Software Engineering 5(5), 1979): each disk is taken for a server whose speed depends on
 * how many requests it has, and the speeds are those of such a disk alone, with the arrivals that the rest of the
 * network sends it. Exact for one disk, and for exponential services.
 *
 * Weights of states (Buzen, CACM 16(9), 1973) are relative to the largest, so that none overflows: only their ratios count.
 */

/** Demands of one job's cycle on all CPUs together and on each disk, in one unit of time that is not below either. */
export interface DiskDemands {
  readonly cpus: number;
  readonly cpu: number;
  readonly disks: number;
  readonly disk: number;
  /** Squared coefficient of variation of a disk's services, 0 to 1. */
  readonly scv: number;
}

/** Weights by number of jobs, 0 to all of them. */
export interface DiskWeights {
  /** Of the whole network: throughput with n jobs is `all[n − 1] ÷ all[n]` in 1 ÷ unit. */
  readonly all: Float64Array;
  /** Of one disk, and of the network without that one; both scaled on their own. */
  readonly disk: Float64Array;
  readonly rest: Float64Array;
}

/** Rounds at most, and the change of speeds that ends them unless told otherwise: the method itself is off by up to a hundredth. */
const ROUNDS = 100;
const STAYS = 1e-9;

/** What a solution writes on, for so many jobs. */
export interface DiskMemory extends DiskWeights {
  readonly jobs: number;
  /**
   * By number of requests from 1: how fast a disk is. The rounds begin with these and leave what they came to: a network
   * that differs little is solved faster from there.
   */
  readonly speeds: Float64Array;
  readonly before: Float64Array;
  readonly arrivals: Float64Array;
  readonly atCpus: Float64Array;
  readonly power: Float64Array;
  readonly square: Float64Array;
  readonly product: Float64Array;
  readonly level: Float64Array;
}

export function diskMemory(jobs: number): DiskMemory {
  const byJobs = (): Float64Array => new Float64Array(jobs + 1);
  return {
    jobs,
    speeds: byJobs().fill(1),
    before: byJobs(),
    arrivals: byJobs(),
    atCpus: byJobs(),
    power: byJobs(),
    square: byJobs(),
    product: byJobs(),
    level: new Float64Array(MOST_PHASES),
    all: byJobs(),
    disk: byJobs(),
    rest: byJobs(),
  };
}

/** The network with up to so many jobs. The weights are the memory's, which the next solution overwrites. */
export function diskWeights(
  { cpus, cpu, disks, disk, scv }: DiskDemands,
  jobs: number,
  memory: DiskMemory = diskMemory(jobs),
  stays = STAYS,
): DiskWeights {
  const { speeds, before, arrivals, atCpus, level, all, disk: atDisk, rest } = memory;
  atCpus[0] = 1;
  for (let m = 1; m <= jobs; m++) atCpus[m] = (atCpus[m - 1]! * cpu) / Math.min(m, cpus);
  const phases = phasesOf(scv);
  for (let round = 0; ; round++) {
    atDisk[0] = 1;
    for (let m = 1; m <= jobs; m++) atDisk[m] = (atDisk[m - 1]! * disk) / speeds[m]!;
    powerOf(atDisk, disks - 1, memory);
    convolve(atCpus, memory.power, rest);
    if (round === ROUNDS || phases.count === 1 || disk === 0 || cpu === 0) break;
    for (let n = 0; n < jobs; n++) arrivals[n] = (disk * rest[jobs - n - 1]!) / rest[jobs - n]!;
    let change = 0;
    before.set(speeds);
    speedsOf(phases, arrivals, jobs, speeds, level);
    for (let n = 1; n <= jobs; n++) change = Math.max(change, Math.abs(speeds[n]! - before[n]!));
    if (change < stays) break;
  }
  convolve(rest, atDisk, all);
  return memory;
}

/** The first so many coefficients of the product, relative to the largest. */
function convolve(a: Float64Array, b: Float64Array, product: Float64Array): void {
  let largest = 0;
  for (let n = 0; n < product.length; n++) {
    let sum = 0;
    for (let k = 0; k <= n; k++) sum += a[k]! * b[n - k]!;
    product[n] = sum;
    largest = Math.max(largest, sum);
  }
  for (let n = 0; n < product.length; n++) product[n]! /= largest;
}

/** So many disks of one kind, into `power`. */
function powerOf(one: Float64Array, times: number, { power, square, product }: DiskMemory): void {
  power.fill(0);
  power[0] = 1;
  square.set(one);
  for (let rest = times; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      convolve(power, square, product);
      power.set(product);
    }
    if (rest > 1) {
      convolve(square, square, product);
      square.set(product);
    }
  }
}
