import type { DiskNetwork } from './disk-idle.ts';
import { diskWeights } from './disk-network.ts';

/**
 * Idle time of machines whose jobs also ask a server that all machines share: it serves one request at a time, in the
 * order in which they come. Each machine is a closed network of its own CPUs and disks (`disk-idle.ts`) whose jobs are
 * now and then at the server, among those of the others.
 *
 * Exact: such networks have a product form (Baskett, Chandy, Muntz & Palacios, JACM 22(2), 1975). With n_v jobs of
 * machine v at the server and the J_v − n_v others in its own network, a state's weight is
 *
 *   (Σ n_v)! ÷ Π n_v! × Π s_v^n_v g_v(J_v − n_v)
 *
 * with s the demand on the server and g the sum over all states of the own network (`disk-network.ts`, whose disks work
 * as fast as they would without the server). The sum G
 * of all weights goes machine by machine, a convolution with binomial coefficients each; a machine's throughput is G with
 * one of its jobs less ÷ G. Weights are relative to the largest of each convolution, so that none overflows.
 */

/** One machine: its network, and demands per CPU of the run, as in `diskIdle`. */
export interface Client {
  readonly network: DiskNetwork;
  readonly cpu_ns: number;
  readonly disk_ns: number;
  readonly server_ns: number;
}

/** The time of one machine's run. */
export interface ClientIdle {
  /** Idle time per CPU. */
  readonly idle_ns: number;
  /** Jobs at the server ÷ jobs at the server or a disk: the part of the idle time that the server is waited for. */
  readonly server_share: number;
  readonly cpu_utilisation: number;
  readonly disk_utilisation: number;
  /** Share of the time in which the server works for this machine. */
  readonly server_utilisation: number;
}

/**
 * Jobs of all machines that are followed: binomial coefficients stay far below the largest number. Where there are more,
 * each machine's are fewer in proportion, still four or more for each CPU of up to 128.
 */
const MOST_JOBS = 512;

/** Idle time of each machine. */
export function clientsIdle(clients: readonly Client[]): ClientIdle[] {
  const all = clients.reduce((sum, { network }) => sum + network.jobs, 0);
  const own = clients.map((client) => {
    const { jobs } = client.network;
    return ownNetwork(client, all <= MOST_JOBS ? jobs : Math.max(1, Math.floor((jobs / all) * MOST_JOBS)));
  });
  const weights = own.map(({ weight, jobs }) =>
    Float64Array.from({ length: jobs + 1 }, (_, n) => weight(n, jobs)),
  );
  // All machines before each, and all after it.
  const nobody: Float64Array = Float64Array.of(1);
  const before = [nobody];
  for (const [v, one] of weights.entries()) before.push(convolved(before[v]!, one));
  let after: Float64Array = nobody;
  const answers: ClientIdle[] = [];
  for (let v = clients.length - 1; v >= 0; v--) {
    answers.unshift(answerOf(clients[v]!, own[v]!, convolved(before[v]!, after)));
    after = convolved(weights[v]!, after);
  }
  return answers;
}

interface OwnNetwork {
  readonly jobs: number;
  /** What demands are relative to, in ns. */
  readonly unit_ns: number;
  /** Weight of n jobs at the server, of so many in all, the order in which they stand there left out. */
  weight(n: number, jobs: number): number;
  /** Jobs at the disks while so many are not at the server, a mean. */
  atDisks(jobs: number): number;
}

function ownNetwork({ network, cpu_ns, disk_ns, server_ns }: Client, jobs: number): OwnNetwork {
  const { cpus, disks, disk_scv: scv = 1 } = network;
  // By the busiest station, so that no station's weight grows with its jobs.
  const unit_ns = Math.max(cpu_ns / cpus, disk_ns / disks, server_ns);
  const server = server_ns / unit_ns;
  const demands = { cpus, cpu: cpu_ns / unit_ns, disks, disk: disk_ns / disks / unit_ns, scv };
  const { all: sums, disk, rest } = diskWeights(demands, jobs);
  const powers = new Float64Array(jobs + 1).fill(1);
  for (let n = 1; n <= jobs; n++) powers[n] = powers[n - 1]! * server;
  return {
    jobs,
    unit_ns,
    weight: (n, of) => powers[n]! * sums[of - n]!,
    atDisks: (m) => {
      let [there, states] = [0, 0];
      for (let k = 0; k <= m; k++) {
        const weight = disk[k]! * rest[m - k]!;
        states += weight;
        there += k * weight;
      }
      return (disks * there) / states;
    },
  };
}

/** Weights of all states of two groups of machines by their jobs at the server, relative to the largest. */
function convolved(a: Float64Array, b: Float64Array): Float64Array {
  const sums = new Float64Array(a.length + b.length - 1);
  let largest = 0;
  for (let all = 0; all < sums.length; all++) {
    // In how many orders n of them and all − n others can stand.
    let orders = 1;
    let sum = 0;
    for (let n = 0; n <= all; n++) {
      if (n < a.length && all - n < b.length) sum += orders * a[n]! * b[all - n]!;
      orders *= (all - n) / (n + 1);
    }
    sums[all] = sum;
    largest = Math.max(largest, sum);
  }
  return sums.map((sum) => sum / largest);
}

/** A machine among others, of which `others` are the weights. */
function answerOf(
  { network, cpu_ns, disk_ns, server_ns }: Client,
  { jobs, unit_ns, weight, atDisks }: OwnNetwork,
  others: Float64Array,
): ClientIdle {
  let [sum, less, atServer, atDisk] = [0, 0, 0, 0];
  for (let n = 0; n <= jobs; n++) {
    let beside = 0;
    let orders = 1;
    for (let m = 0; m < others.length; m++) {
      beside += orders * others[m]!;
      orders *= (n + m + 1) / (m + 1);
    }
    const here = beside * weight(n, jobs);
    sum += here;
    atServer += here * n;
    if (disk_ns > 0) atDisk += here * atDisks(jobs - n);
    if (n < jobs) less += beside * weight(n, jobs - 1);
  }
  const throughput_per_ns = less / sum / unit_ns;
  const total = network.cpus / throughput_per_ns;
  return {
    idle_ns: Math.max(total - cpu_ns, 0),
    server_share: atServer + atDisk > 0 ? atServer / (atServer + atDisk) : 0,
    cpu_utilisation: cpu_ns / total,
    disk_utilisation: (disk_ns * network.cpus) / network.disks / total,
    server_utilisation: throughput_per_ns * server_ns,
  };
}
