import type { ResolvedPrices } from '../systems/resolve.ts';
import type { System } from '../systems/schema.ts';
import type { Tally } from '../tally.ts';
import type { Part } from './breakdown.ts';
import { clientsIdle } from './queueing/client-idle.ts';
import { type DiskNetwork, diskIdle, diskIdleMemory } from './queueing/disk-idle.ts';
import type { DiskMemory, DiskSearch } from './queueing/disk-network.ts';
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

/** Idle time by CPU and what it waits for, and how busy everything is; overwritten by the next solution. */
interface Slept {
  readonly idle_ns: Float64Array;
  readonly disk_ns: Float64Array;
  readonly server_ns: Float64Array;
  at_disks_ns: number;
  at_server_ns: number;
  disk_utilisation: number;
  server_utilisation: number;
  cpu_utilisation: number;
}

/** Less than a picosecond of service is no wait; such numbers leave no digits to divide by. */
const LEAST = 1e-3;

const sum = (list: ArrayLike<number>): number => {
  let all = 0;
  for (let i = 0; i < list.length; i++) all += list[i]!;
  return all;
};

/** A machine: its CPUs, those that have anything to do, and its network; what changes with prices is written anew. */
interface Asker {
  readonly own: readonly number[];
  readonly used: number;
  readonly network: { -readonly [K in keyof DiskNetwork]: DiskNetwork[K] };
  readonly memory: DiskMemory;
  /** Service of all its requests, in ns. */
  disk: number;
  server: number;
  cpu_ns: number;
  disk_ns: number;
  server_ns: number;
}

/**
 * The CPUs that have anything to do, their jobs, the disks and the server; null without requests that anybody waits
 * for. Virtual machines of a divided trace have networks of their own: a CPU of one runs no job of another, and each
 * has its share of the disks. The server is one for all. What is given for prices is overwritten for the next. `search`: how
 * far disks are searched for in each solution, for samples.
 */
export function compileRequests(
  tally: Tally,
  { machine, os, monitor }: Pick<System, 'machine' | 'os' | 'monitor'>,
  search?: DiskSearch,
) {
  const { cpus } = tally;
  const byCpu = (): Float64Array => new Float64Array(cpus);
  /** By CPU: requests to disks and to the server, and what they are served for, in ns. */
  const [toDisks, toServer, service, served] = [byCpu(), byCpu(), byCpu(), byCpu()];
  const read: { readonly cpu: number; readonly disk: number; readonly bytes: number }[] = [];
  for (const { cpu, counters } of tally.rows) {
    const disk = counters.disk_requests ?? 0;
    const bytes = counters.disk_bytes ?? 0;
    if (os.server === 'all') toServer[cpu]! += disk;
    else {
      toDisks[cpu]! += disk;
      if (disk !== 0 || bytes !== 0) read.push({ cpu, disk, bytes });
    }
    if (os.server !== 'none') toServer[cpu]! += counters.network_requests ?? 0;
  }
  const allToDisks = sum(toDisks);
  const allToServer = sum(toServer);
  if (allToDisks + allToServer === 0) return () => null;
  const disks = machine.disks === 0 ? cpus : machine.disks;
  // Where virtual CPUs are scheduled, any CPU may serve any machine.
  const count = tally.schedule === null ? (monitor?.vms.count ?? 1) : 1;
  const active = new Set(tally.rows.map((row) => row.cpu));
  const machines = Array.from({ length: count }, (_, vm): Asker => {
    const own = Array.from({ length: cpus / count }, (_, i) => (vm * cpus) / count + i);
    const used = own.filter((cpu) => active.has(cpu)).length;
    // More virtual CPUs than CPUs bring jobs of their own.
    const jobs = os.jobs * Math.max(used, tally.schedule?.vcpus.length ?? 0);
    const network = { jobs, cpus: used, disks: Math.max(1, Math.floor(disks / count)) };
    const nothing = { disk: 0, server: 0, cpu_ns: 0, disk_ns: 0, server_ns: 0 };
    return { own, used, network, memory: diskIdleMemory(network), ...nothing };
  });
  const clients = machines.filter(({ own }) => own.some((cpu) => toServer[cpu]! > 0));
  const jobsOf = (list: readonly Asker[]): number => sum(list.map(({ network }) => network.jobs));
  const slept: Slept = {
    idle_ns: byCpu(),
    disk_ns: byCpu(),
    server_ns: byCpu(),
    at_disks_ns: 0,
    at_server_ns: 0,
    disk_utilisation: 0,
    server_utilisation: 0,
    cpu_utilisation: 0,
  };
  const { idle_ns, disk_ns, server_ns } = slept;
  let asking: readonly Asker[] = [];
  let each_ns = 0;

  /** Sets prices, and where the solutions begin. */
  const begin = (prices: ResolvedPrices, start: readonly Float64Array[] | null): void => {
    service.fill(0);
    for (const { cpu, disk, bytes } of read)
      service[cpu]! += disk * prices.disk_ns + bytes * prices.disk_byte_ns;
    for (let cpu = 0; cpu < cpus; cpu++) served[cpu] = toServer[cpu]! * prices.server_ns;
    for (const [at, one] of machines.entries()) {
      one.network.disk_scv = prices.disk_scv;
      if (start === null) one.memory.speeds.fill(1);
      else one.memory.speeds.set(start[at]!);
      one.disk = sum(one.own.map((cpu) => service[cpu]!));
      one.server = sum(one.own.map((cpu) => served[cpu]!));
      one.disk_ns = one.disk / one.used;
      one.server_ns = one.server / one.used;
    }
    asking = machines.filter(({ server }) => server >= LEAST);
    each_ns = prices.server_ns;
  };

  /** `busy`, `spinning`: time of each CPU that is not idle, in ns. */
  const solve = (busy: ArrayLike<number>, spinning: ArrayLike<number>): Slept => {
    for (const list of [idle_ns, disk_ns, server_ns]) list.fill(0);
    for (const one of machines) {
      let ns = 0;
      for (const cpu of one.own) ns += busy[cpu]! + spinning[cpu]!;
      one.cpu_ns = ns / one.used;
    }
    const answers = asking.length === 0 ? [] : clientsIdle(asking);
    let [at_disks_ns, at_server_ns, disk_utilisation, server_utilisation, cpu_utilisation] = [0, 0, 0, 0, 0];
    for (const one of machines) {
      const { own, used, network, memory, disk, server } = one;
      if (disk + server < LEAST) {
        cpu_utilisation += 1;
        continue;
      }
      const among = asking.length === 0 ? undefined : answers[asking.indexOf(one)];
      const answer = among ?? diskIdle(network, one.cpu_ns, one.disk_ns, 0, memory, search);
      const idle = answer.idle_ns * used;
      const atServer = among === undefined ? 0 : idle * among.server_share;
      for (const cpu of own) {
        if (disk > 0) disk_ns[cpu] = ((idle - atServer) * service[cpu]!) / disk;
        if (server > 0) server_ns[cpu] = (atServer * served[cpu]!) / server;
        idle_ns[cpu] = disk_ns[cpu]! + server_ns[cpu]!;
      }
      at_disks_ns += idle - atServer;
      at_server_ns += atServer;
      disk_utilisation += answer.disk_utilisation;
      server_utilisation += among?.server_utilisation ?? 0;
      cpu_utilisation += answer.cpu_utilisation;
    }
    slept.at_disks_ns = at_disks_ns;
    slept.at_server_ns = at_server_ns;
    slept.disk_utilisation = disk_utilisation / count;
    slept.server_utilisation = server_utilisation;
    slept.cpu_utilisation = cpu_utilisation / count;
    return slept;
  };

  /** Idle time goes to the CPUs whose requests it waits for. */
  const parts = () => {
    const idle = (cause: 'idle' | 'network', split: readonly number[], requests: Float64Array): Part[] =>
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
    const atDisks = splitExactly(disk_ps, [...(count === 1 ? service : disk_ns)]);
    const atServer = splitExactly(server_ps, [...(count === 1 ? served : server_ns)]);
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
      service_ns: rounded(each_ns, 1e3),
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

  /** How fast disks are now, by machine: where the solution of alike prices may begin. */
  const speeds = (): readonly Float64Array[] => machines.map(({ memory }) => memory.speeds.slice());
  const network = { solve, parts, speeds };
  return (prices: ResolvedPrices, start: readonly Float64Array[] | null = null) => {
    begin(prices, start);
    return network;
  };
}
