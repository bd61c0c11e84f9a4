import type { ResolvedPrices } from '../systems/resolve.ts';
import type { System } from '../systems/schema.ts';
import type { Tally } from '../tally.ts';
import type { Part } from './breakdown.ts';
import { type ClientIdle, clientsIdle } from './queueing/client-idle.ts';
import { type DiskIdle, diskIdle } from './queueing/disk-idle.ts';
import { splitExactly } from './queueing/exact-sums.ts';
import { rounded, wholePs } from './whole.ts';

/**
 * Idle time: jobs that wait for disks of their machine, or for a server that all machines share. What is left of the
 * CPUs when all jobs wait, from closed queueing networks.
 */

/** The disks over a run. */
export interface DiskLoad {
  readonly disks: number;
  /** Jobs that alternate between CPUs and disks, of all CPUs together. */
  readonly jobs: number;
  readonly requests: number;
  /** Mean service of a request, in ns. */
  readonly service_ns: number;
  /** Share of the run’s time in which a disk is busy, and in which a CPU is, 0 to 1. */
  readonly utilisation: number;
  readonly cpu_utilisation: number;
  /** The exact sum of the breakdown’s parts of cause `idle`. */
  readonly idle_ps: number;
}

/** The server over a run. */
export interface ServerLoad {
  /** Machines whose requests it serves. */
  readonly machines: number;
  /** Their jobs. */
  readonly jobs: number;
  readonly requests: number;
  /** Service of a request, in ns. */
  readonly service_ns: number;
  /** Idle time that a request costs, waiting and service, a mean in ns. */
  readonly idle_ns: number;
  /** Share of the run’s time in which it is busy, 0 to 1. */
  readonly utilisation: number;
  /** The exact sum of the breakdown’s idle parts of cause `network`. */
  readonly idle_ps: number;
}

/** Idle time by CPU and what it waits for, and how busy everything is. */
interface Slept {
  readonly idle_ns: readonly number[];
  readonly disk_ns: readonly number[];
  readonly server_ns: readonly number[];
  readonly at_disks_ns: number;
  readonly at_server_ns: number;
  readonly disk_utilisation: number;
  readonly server_utilisation: number;
  readonly cpu_utilisation: number;
}

/** Less than a picosecond of service is no wait; such numbers leave no digits to divide by. */
const LEAST = 1e-3;

const withoutServer = (answer: DiskIdle): ClientIdle => ({
  ...answer,
  server_share: 0,
  server_utilisation: 0,
});

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/**
 * The CPUs that have anything to do, their jobs, the disks and the server; null without requests that anybody waits
 * for. Virtual machines of a divided trace have networks of their own: a CPU of one runs no job of another, and each
 * has its share of the disks. The server is one for all.
 */
export function requestNetwork(
  tally: Tally,
  prices: ResolvedPrices,
  { machine, os, monitor }: Pick<System, 'machine' | 'os' | 'monitor'>,
) {
  const { cpus } = tally;
  const byCpu = (): number[] => new Array<number>(cpus).fill(0);
  /** By CPU: requests to disks and to the server, and what they are served for, in ns. */
  const [toDisks, toServer, service, served] = [byCpu(), byCpu(), byCpu(), byCpu()];
  for (const { cpu, counters } of tally.rows) {
    const disk = counters.disk_requests ?? 0;
    if (os.server === 'all') toServer[cpu]! += disk;
    else {
      toDisks[cpu]! += disk;
      service[cpu]! += disk * prices.disk_ns + (counters.disk_bytes ?? 0) * prices.disk_byte_ns;
    }
    if (os.server !== 'none') toServer[cpu]! += counters.network_requests ?? 0;
  }
  for (const cpu of served.keys()) served[cpu] = toServer[cpu]! * prices.server_ns;
  const allToDisks = sum(toDisks);
  const allToServer = sum(toServer);
  if (allToDisks + allToServer === 0) return null;
  const disks = machine.disks === 0 ? cpus : machine.disks;
  // Where virtual CPUs are scheduled, any CPU may serve any machine.
  const count = tally.schedule === null ? (monitor?.vms.count ?? 1) : 1;
  const active = new Set(tally.rows.map((row) => row.cpu));
  const machines = Array.from({ length: count }, (_, vm) => {
    const own = Array.from({ length: cpus / count }, (_, i) => (vm * cpus) / count + i);
    const used = own.filter((cpu) => active.has(cpu)).length;
    // More virtual CPUs than CPUs bring jobs of their own.
    const jobs = os.jobs * Math.max(used, tally.schedule?.vcpus.length ?? 0);
    const network = { jobs, cpus: used, disks: Math.max(1, Math.floor(disks / count)) };
    const of = (list: readonly number[]): number => sum(own.map((cpu) => list[cpu]!));
    return { own, used, network, disk: of(service), server: of(served) };
  });
  const clients = machines.filter(({ own }) => own.some((cpu) => toServer[cpu]! > 0));
  const jobsOf = (list: typeof machines): number => sum(list.map(({ network }) => network.jobs));

  /** `busy`, `spinning`: time of each CPU that is not idle, in ns. */
  const solve = (busy: readonly number[], spinning: ArrayLike<number>): Slept => {
    const [idle_ns, disk_ns, server_ns] = [byCpu(), byCpu(), byCpu()];
    let [at_disks_ns, at_server_ns, disk_utilisation, server_utilisation, cpu_utilisation] = [0, 0, 0, 0, 0];
    const demands = machines.map(({ own, used, network, disk, server }) => ({
      network,
      cpu_ns: sum(own.map((cpu) => busy[cpu]! + spinning[cpu]!)) / used,
      disk_ns: disk / used,
      server_ns: server / used,
    }));
    const asking = demands.filter((_, at) => machines[at]!.server >= LEAST);
    const answers = clientsIdle(asking);
    for (const [at, { own, used, network, disk, server }] of machines.entries()) {
      if (disk + server < LEAST) {
        cpu_utilisation += 1;
        continue;
      }
      const demand = demands[at]!;
      const answer =
        answers[asking.indexOf(demand)] ?? withoutServer(diskIdle(network, demand.cpu_ns, demand.disk_ns));
      const idle = answer.idle_ns * used;
      const atServer = idle * answer.server_share;
      for (const cpu of own) {
        if (disk > 0) disk_ns[cpu] = ((idle - atServer) * service[cpu]!) / disk;
        if (server > 0) server_ns[cpu] = (atServer * served[cpu]!) / server;
        idle_ns[cpu] = disk_ns[cpu]! + server_ns[cpu]!;
      }
      at_disks_ns += idle - atServer;
      at_server_ns += atServer;
      disk_utilisation += answer.disk_utilisation;
      server_utilisation += answer.server_utilisation;
      cpu_utilisation += answer.cpu_utilisation;
    }
    return {
      idle_ns,
      disk_ns,
      server_ns,
      at_disks_ns,
      at_server_ns,
      disk_utilisation: disk_utilisation / count,
      server_utilisation,
      cpu_utilisation: cpu_utilisation / count,
    };
  };

  /** Idle time goes to the CPUs whose requests it waits for. */
  const parts = (slept: Slept) => {
    const idle = (cause: 'idle' | 'network', split: readonly number[], requests: readonly number[]): Part[] =>
      split.flatMap((ps, cpu): Part[] =>
        ps === 0
          ? []
          : [
              {
                cpu,
                context: 'kernel',
                category: 'idle',
                cause,
                owner: 'workload',
                kind: 'stall',
                count: requests[cpu]!,
                ps,
              },
            ],
      );
    const disk_ps = wholePs(slept.at_disks_ns);
    const server_ps = wholePs(slept.at_server_ns);
    const atDisks = splitExactly(disk_ps, count === 1 ? service : slept.disk_ns);
    const atServer = splitExactly(server_ps, count === 1 ? served : slept.server_ns);
    const diskLoad: DiskLoad = {
      disks,
      jobs: jobsOf(machines),
      requests: allToDisks,
      service_ns: rounded(sum(service) / allToDisks, 1e3),
      utilisation: rounded(slept.disk_utilisation, 1e6),
      cpu_utilisation: rounded(slept.cpu_utilisation, 1e6),
      idle_ps: disk_ps,
    };
    const serverLoad: ServerLoad = {
      machines: clients.length,
      jobs: jobsOf(clients),
      requests: allToServer,
      service_ns: rounded(prices.server_ns, 1e3),
      idle_ns: rounded(server_ps / 1000 / allToServer, 1e3),
      utilisation: rounded(Math.min(slept.server_utilisation, 1), 1e6),
      idle_ps: server_ps,
    };
    return {
      parts: [...idle('idle', atDisks, toDisks), ...idle('network', atServer, toServer)],
      disks: allToDisks > 0 ? diskLoad : null,
      server: allToServer > 0 ? serverLoad : null,
    };
  };

  return { solve, parts };
}
