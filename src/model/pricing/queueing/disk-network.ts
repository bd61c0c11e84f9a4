import { MOST_PHASES, phasesOf, speedsOf } from './general-service.ts';

/**
 * A closed network of CPUs with one queue and identical disks whose services vary less than exponential ones, by Marie's
 * method (IEEE Transactions on Software Engineering 5(5), 1979): each disk is taken for a server whose speed depends on
 * how many requests it has, and the speeds are those of such a disk alone, with the arrivals that the rest of the
 * network sends it. Exact for one disk, and for exponential services.
 *
 * Weights of states (Buzen, CACM 16(9), 1973) are relative to the largest, so that none overflows: only their ratios count. Where
 * jobs hardly compute, a disk that is not full is not so for long enough to serve anybody: its speeds are next to 0, its
 * weights grow by as much with each job, and those before are nothing. They are scaled by powers of two, which change no digit.
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

/** Rounds at most, and the change of a disk's speed that ends them: the method itself is off by up to a hundredth. */
export interface DiskSearch {
  readonly rounds: number;
  readonly stays: number;
}

const SEARCH: DiskSearch = { rounds: 100, stays: 1e-9 };

/** Slower speeds are as good as this one: a disk is there a thousand million million times less often than with one more. */
const SLOWEST = 1e-15;
/** Arrivals so much faster than each phase of a service that the product over all phases is still a number: more are no faster. */
const FASTEST_BITS = 830;
/** Weights above this make all smaller. */
const LARGE = 2 ** 500;

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
  { stays, rounds }: DiskSearch = SEARCH,
): DiskWeights {
  const { speeds, before, arrivals, atCpus, level, all, disk: atDisk, rest } = memory;
  const phases = phasesOf(scv);
  const fastest = phases.rate * 2 ** Math.floor(FASTEST_BITS / phases.count);
  atCpus[0] = 1;
  for (let m = 1; m <= jobs; m++) atCpus[m] = (atCpus[m - 1]! * cpu) / Math.min(m, cpus);
  for (let round = 0; ; round++) {
    weighDisk(disk, speeds, atDisk);
    powerOf(atDisk, disks - 1, memory);
    convolve(atCpus, memory.power, rest);
    if (round === rounds || phases.count === 1 || disk === 0 || cpu === 0) break;
    // Weights too small for a number are those of so many jobs on the CPUs as there never are: any rate will do.
    let last = 1;
    for (let n = jobs - 1; n >= 0; n--) {
      const rate = (disk * rest[jobs - n - 1]!) / rest[jobs - n]!;
      if (rate > 0 && rate < Infinity) last = rate;
      arrivals[n] = Math.min(last, fastest);
    }
    let change = 0;
    before.set(speeds);
    speedsOf(phases, arrivals, jobs, speeds, level);
    for (let n = 1; n <= jobs; n++) if (!(speeds[n]! >= SLOWEST)) speeds[n] = SLOWEST;
    for (let n = 1; n <= jobs; n++) change = Math.max(change, Math.abs(speeds[n]! - before[n]!));
    if (change < stays) break;
  }
  convolve(rest, atDisk, all);
  return memory;
}

function weighDisk(demand: number, speeds: Float64Array, weights: Float64Array): void {
  weights[0] = 1;
  for (let m = 1; m < weights.length; m++) {
    weights[m] = (weights[m - 1]! * demand) / speeds[m]!;
    if (weights[m]! > LARGE) for (let n = 0; n <= m; n++) weights[n]! /= LARGE;
  }
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
