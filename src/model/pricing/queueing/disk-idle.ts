import { type DiskMemory, type DiskSearch, diskMemory, diskWeights } from './disk-network.ts';

/**
 * Idle time from a closed network of CPUs and disks: jobs alternate between computing and waiting for a disk;
 * the CPUs are idle when all jobs wait. Idle is never counted in a replay. The more CPU time the jobs need, the
 * more of the disks' time they hide: a monitor's overhead is partly absorbed by idle.
 */

/** Jobs, CPUs and disks; each job's demands are those of the whole run of one job. */
export interface DiskNetwork {
  readonly jobs: number;
  /** CPUs that serve all jobs from one queue. */
  readonly cpus: number;
  /** Disks, among which the requests are spread evenly. */
  readonly disks: number;
  /** How much services of a disk vary: variance ÷ mean², 0 to 1; without: 1, as exponential ones. */
  readonly disk_scv?: number;
}

/** The time of one job's run, CPU by CPU. */
export interface DiskIdle {
  /** CPU time ÷ CPUs + idle: how long one run's worth of work takes. */
  readonly total_ns: number;
  /** Idle time per CPU in that. */
  readonly idle_ns: number;
  readonly cpu_utilisation: number;
  readonly disk_utilisation: number;
}

/**
 * Jobs that are followed: where there are more, so many stand for them, still four for each of 128 CPUs, and idle time hardly
 * depends on their number any more.
 */
const MOST_JOBS = 512;

/** Where the solution begins, and what repeated solutions of alike networks pass on. */
export const diskIdleMemory = ({ jobs }: DiskNetwork): DiskMemory => diskMemory(Math.min(jobs, MOST_JOBS));

/**
 * `cpu_ns` and `disk_ns` are demands per CPU of the run: `cpus × cpu_ns` of computing and `cpus × disk_ns` of
 * disk service are done in it, by whichever job. `serialShare` is the share of the run in which a single job is
 * left, whose disk time nothing hides:
 *
 *   idle = f d + (1 − f) (T − c),   T = cpus ÷ X,   X the throughput of the network of all jobs
 */
export function diskIdle(
  network: DiskNetwork,
  cpu_ns: number,
  disk_ns: number,
  serialShare = 0,
  memory: DiskMemory = diskIdleMemory(network),
  search?: DiskSearch,
): DiskIdle {
  const { cpus, disks, disk_scv: scv = 1 } = network;
  const { jobs } = memory;
  // By the busiest station, so that no station's weight grows with its jobs.
  const unit_ns = Math.max(cpu_ns / cpus, disk_ns / disks);
  let together = 0;
  if (unit_ns > 0) {
    const demands = { cpus, cpu: cpu_ns / unit_ns, disks, disk: disk_ns / disks / unit_ns, scv };
    const { all } = diskWeights(demands, jobs, memory, search);
    together = cpus * unit_ns * (all[jobs]! / all[jobs - 1]!) - cpu_ns;
  }
  const alone = disk_ns;
  const idle = serialShare * alone + (1 - serialShare) * Math.max(together, 0);
  const total = cpu_ns + idle;
  return {
    total_ns: total,
    idle_ns: idle,
    cpu_utilisation: total > 0 ? cpu_ns / total : 0,
    disk_utilisation: total > 0 ? (disk_ns * cpus) / disks / total : 0,
  };
}

/** Bisection steps: enough to reach the last bit. */
const STEPS = 100;
/** Doublings of the upper end at most. */
const DOUBLINGS = 200;

/** The disk demand that leaves the CPUs so much idle time; idle grows with it. */
export function diskDemandFor(
  network: DiskNetwork,
  cpu_ns: number,
  idle_ns: number,
  serialShare = 0,
): number {
  if (!(idle_ns >= 0) || !(cpu_ns >= 0))
    throw new RangeError(`no disk demand gives an idle time of ${idle_ns}`);
  const idleAt = (disk: number): number => diskIdle(network, cpu_ns, disk, serialShare).idle_ns;
  if (idle_ns <= idleAt(0)) return 0;
  let low = 0;
  let high = cpu_ns + idle_ns;
  for (let i = 0; i < DOUBLINGS && idleAt(high) < idle_ns; i++) high *= 2;
  for (let i = 0; i < STEPS; i++) {
    const middle = (low + high) / 2;
    if (idleAt(middle) < idle_ns) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
