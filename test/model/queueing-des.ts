import { layNetwork, type Network, type Topology } from '../../src/model/pricing/queueing/topology.ts';
import {
  BLOCKING_KINDS,
  type BlockingKind,
  compileTraffic,
  type Flow,
  PATHS,
  SERVICES,
  type Step,
  stationsOf,
} from '../../src/model/pricing/queueing/traffic.ts';
import type { ContentionPrices } from '../../src/model/pricing/queueing/window-bases.ts';

/**
 * The slow, obvious twin of machine contention: a discrete-event simulation of blocking CPUs and first-come,
 * first-served stations, and random machines to try both on.
 */

/** A seeded 32-bit generator (mulberry32), uniform in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Machine {
  readonly network: Network;
  readonly cpuNode: readonly number[];
  readonly flows: readonly Flow[];
  /** All of a CPU's time between misses. */
  readonly think_ns: readonly number[];
  readonly prices: ContentionPrices;
}

export interface Simulated {
  /** Mean time from miss to miss, by CPU. */
  readonly cycle_ns: readonly number[];
  /** Mean latency of a miss, by CPU. */
  readonly latency_ns: readonly number[];
  /** The part of it spent in queues. */
  readonly queueing_ns: readonly number[];
  readonly utilisation: readonly number[];
}

interface Route {
  readonly stations: readonly number[];
  readonly services: readonly number[];
  /** Fixed delay before each station and after the last. */
  readonly gap: number;
}

/** A heap of (time, item) pairs. */
function eventQueue() {
  const times: number[] = [];
  const items: number[] = [];
  const swap = (a: number, b: number): void => {
    [times[a], times[b]] = [times[b]!, times[a]!];
    [items[a], items[b]] = [items[b]!, items[a]!];
  };
  return {
    time: () => times[0]!,
    push(time: number, item: number): void {
      let i = times.push(time) - 1;
      items.push(item);
      while (i > 0 && times[(i - 1) >> 1]! > times[i]!) {
        swap(i, (i - 1) >> 1);
        i = (i - 1) >> 1;
      }
    },
    pop(): number {
      const item = items[0]!;
      const time = times.pop()!;
      const last = items.pop()!;
      if (times.length > 0) {
        times[0] = time;
        items[0] = last;
        for (let i = 0; ; ) {
          let child = 2 * i + 1;
          if (child >= times.length) break;
          if (child + 1 < times.length && times[child + 1]! < times[child]!) child++;
          if (times[child]! >= times[i]!) break;
          swap(i, child);
          i = child;
        }
      }
      return item;
    },
  };
}

/** Simulates until every CPU has made so many misses on average, after a tenth of them unmeasured. */
export function simulate(machine: Machine, misses: number, seed: number): Simulated {
  const { network, cpuNode, flows, think_ns, prices } = machine;
  const random = seeded(seed);
  const exponential = (mean: number): number => -mean * Math.log(1 - random());
  const kinds: readonly string[] = BLOCKING_KINDS;

  const routeOf = (flow: Flow, steps: readonly Step[], latency: number): Route => {
    const nodes = { requester: cpuNode[flow.cpu]!, home: flow.home, owner: flow.owner ?? flow.home };
    const stations: number[] = [];
    const services: number[] = [];
    let hops = 0;
    for (const step of steps) {
      if ('message' in step) hops += network.hops(nodes[step.from], nodes[step.to]);
      for (const station of stationsOf(network, step, nodes)) {
        stations.push(station);
        services.push(
          prices.service_ns[SERVICES.find((s) => s === ('at' in step ? step.at : step.message))!],
        );
      }
    }
    const rest = latency + hops * prices.hop_ns - services.reduce((a, b) => a + b, 0);
    return { stations, services, gap: Math.max(0, rest) / (stations.length + 1) };
  };
  const perCpu = cpuNode.map((_, cpu) => {
    const own = flows.filter((flow) => flow.cpu === cpu);
    const blocking = own.filter((flow) => kinds.includes(flow.kind));
    const loose = own.filter((flow) => !kinds.includes(flow.kind));
    const count = (list: readonly Flow[]): number => list.reduce((sum, flow) => sum + flow.count, 0);
    return {
      misses: count(blocking),
      ratio: count(loose) / count(blocking),
      blocking: blocking.map((flow) => ({
        weight: flow.count,
        route: routeOf(flow, PATHS[flow.kind].waits, prices.latency_ns[flow.kind as BlockingKind]),
        follow: PATHS[flow.kind].posted.length > 0 ? routeOf(flow, PATHS[flow.kind].posted, 0) : undefined,
      })),
      loose: loose.map((flow) => ({ weight: flow.count, route: routeOf(flow, PATHS[flow.kind].posted, 0) })),
    };
  });
  const pick = <T extends { readonly weight: number }>(list: readonly T[]): T => {
    let left = random() * list.reduce((sum, item) => sum + item.weight, 0);
    for (const item of list) {
      left -= item.weight;
      if (left < 0) return item;
    }
    return list[list.length - 1]!;
  };

  // A job is a CPU's miss (index = CPU) or a posted message (a reused index above).
  const queue = eventQueue();
  const route: Route[] = [];
  const follow: (Route | undefined)[] = [];
  const stage: number[] = [];
  const began: number[] = [];
  const idle: number[] = [];
  const free = new Float64Array(network.stations.length);
  const busy = new Float64Array(network.stations.length);
  const cpus = cpuNode.length;
  const done = new Float64Array(cpus);
  const waited = new Float64Array(cpus);
  const queued = new Float64Array(cpus);
  let from = 0;
  let total = 0;
  const measureAfter = (misses * cpus) / 10;
  let measuring = false;

  const post = (what: Route, now: number): void => {
    const job = idle.pop() ?? Math.max(route.length, cpus);
    route[job] = what;
    stage[job] = 0;
    queue.push(now, job);
  };
  const miss = (cpu: number, now: number): void => {
    const chosen = pick(perCpu[cpu]!.blocking);
    route[cpu] = chosen.route;
    follow[cpu] = chosen.follow;
    stage[cpu] = -1;
    const start = now + exponential(think_ns[cpu]! / perCpu[cpu]!.misses);
    queue.push(start, cpu);
  };
  for (let cpu = 0; cpu < cpus; cpu++) if (perCpu[cpu]!.misses > 0) miss(cpu, 0);

  let now = 0;
  while (total < misses * cpus) {
    now = queue.time();
    const job = queue.pop();
    const { stations, services, gap } = route[job]!;
    if (stage[job] === -1) {
      began[job] = now;
      stage[job] = 0;
      queue.push(now + gap, job);
      continue;
    }
    const at = stage[job]!;
    if (at < stations.length) {
      const k = stations[at]!;
      const mean = services[at]!;
      const service = prices.distribution === 'exponential' ? exponential(mean) : mean;
      const end = Math.max(now, free[k]!) + service;
      if (measuring && job < cpus) queued[job]! += end - service - now;
      free[k] = end;
      if (measuring) busy[k]! += service;
      stage[job] = at + 1;
      queue.push(end + gap, job);
      continue;
    }
    if (job >= cpus) {
      idle.push(job);
      continue;
    }
    total++;
    if (measuring) {
      done[job]!++;
      waited[job]! += now - began[job]!;
    } else if (total >= measureAfter) {
      measuring = true;
      from = now;
    }
    const own = perCpu[job]!;
    if (follow[job]) post(follow[job]!, now);
    for (let n = own.ratio; n > 0; n--) if (random() < n) post(pick(own.loose).route, now);
    miss(job, now);
  }
  const elapsed = now - from;
  return {
    cycle_ns: Array.from(done, (n) => elapsed / n),
    latency_ns: Array.from(done, (n, cpu) => waited[cpu]! / n),
    queueing_ns: Array.from(done, (n, cpu) => queued[cpu]! / n),
    utilisation: Array.from(busy, (time) => time / elapsed),
  };
}

/** A random machine: any topology, CPUs with different habits, some with a hot home, some with posted traffic. */
export function randomMachine(seed: number, distribution: ContentionPrices['distribution']): Machine {
  const random = seeded(seed);
  const between = (low: number, high: number): number => low + random() * (high - low);
  const choose = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const topology = choose<Topology>([
    { kind: 'bus', nodes: 1 },
    { kind: 'uniform', nodes: 4 },
    { kind: 'uniform', nodes: 8 },
    { kind: 'mesh', width: 3, height: 2 },
    { kind: 'hypercube', dimensions: 3 },
  ]);
  const network = layNetwork(topology);
  const perNode = topology.kind === 'bus' ? choose([2, 4, 8]) : choose([1, 2, 4]);
  const cpuNode = Array.from({ length: network.nodes * perNode }, (_, cpu) => Math.floor(cpu / perNode));
  const target = between(0.2, 1.6);
  const hot = random() < 0.6 ? between(0, 0.8) : 0;
  const dirty = random() < 0.5 ? between(0, 0.4) : 0;
  const writes = random() < 0.5 ? between(0, 0.6) : 0;
  const localShare = between(0.1, 0.7);
  const flows: Flow[] = [];
  const think_ns: number[] = [];
  cpuNode.forEach((node, cpu) => {
    const misses = Math.floor(between(500, 4000));
    think_ns.push(misses * between(100, 1000));
    const remote = (home: number, count: number): void => {
      const owner = choose(cpuNode);
      if (count === 0) return;
      flows.push({ cpu, kind: 'remote_dirty', home, owner, count: count * dirty });
      flows.push({ cpu, kind: 'remote_clean', home, count: count * (1 - dirty) * 0.9 });
      flows.push({ cpu, kind: 'upgrade', home, count: count * (1 - dirty) * 0.1 });
      flows.push({ cpu, kind: 'writeback', home, count: count * writes });
      flows.push({ cpu, kind: 'invalidation', home, owner, count: (count * writes) / 4 });
    };
    const far = network.nodes > 1 ? misses * (1 - localShare) : 0;
    flows.push({ cpu, kind: 'local', home: node, count: misses - far });
    flows.push({ cpu, kind: 'writeback', home: node, count: (misses - far) * writes });
    for (let home = 0; home < network.nodes; home++) {
      const share = (home === 0 ? hot : 0) + (1 - hot) / network.nodes;
      remote(home, far * share);
    }
  });
  const service_ns = {
    controller: between(10, 80),
    memory: between(40, 140),
    control: between(2, 10),
    data: between(10, 40),
  };
  // Latencies not far above the services: queueing is then a large part of them.
  const served = service_ns.controller + service_ns.memory + service_ns.control + service_ns.data;
  const local = served + between(20, 150);
  const prices: ContentionPrices = {
    latency_ns: {
      local,
      local_cache: local,
      remote_clean: local + between(50, 300),
      remote_dirty: local + between(200, 500),
      upgrade: local,
      remote_upgrade: local,
    },
    hop_ns: between(10, 50),
    service_ns,
    distribution,
  };
  const used = flows.filter((flow) => flow.count > 0);
  const scale = thinkScale(network, cpuNode, used, think_ns, prices, target);
  return { network, cpuNode, flows: used, think_ns: think_ns.map((ns) => ns * scale), prices };
}

/** How much longer CPUs must think for the busiest station to reach a utilisation, if nobody had to wait. */
function thinkScale(
  network: Network,
  cpuNode: readonly number[],
  flows: readonly Flow[],
  think_ns: readonly number[],
  prices: ContentionPrices,
  target: number,
): number {
  const { waits, posted, misses, stations } = compileTraffic(network, cpuNode, flows);
  const busiest = (scale: number): number => {
    const load = new Float64Array(stations.length);
    const cycle = think_ns.map((think, cpu) =>
      BLOCKING_KINDS.reduce(
        (ns, kind, k) => ns + misses[cpu * BLOCKING_KINDS.length + k]! * prices.latency_ns[kind],
        think * scale,
      ),
    );
    for (const visits of [waits, posted])
      for (let i = 0; i < visits.length; i++)
        load[visits.station[i]!]! +=
          (visits.count[i]! * prices.service_ns[SERVICES[visits.service[i]!]!]) / cycle[visits.cpu[i]!]!;
    return Math.max(...load);
  };
  let [low, high] = [0.01, 100];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (busiest(middle) > target) low = middle;
    else high = middle;
  }
  return low;
}
