import type { Network } from './topology.ts';

/**
 * What the misses of a window ask of the machine's stations: counts only, no price. A kind of miss has a path
 * (which stations, in what order); a flow is so many misses of one kind by one CPU to one home. Compiled once
 * per structure, priced as often as wanted.
 */

/** Kinds of miss for which the CPU waits. */
export const BLOCKING_KINDS = ['local', 'local_cache', 'remote_clean', 'remote_dirty', 'upgrade'] as const;
export type BlockingKind = (typeof BLOCKING_KINDS)[number];
/** Messages that nobody waits for. */
export const POSTED_KINDS = ['writeback', 'hint', 'invalidation'] as const;
export type PostedKind = (typeof POSTED_KINDS)[number];
export type FlowKind = BlockingKind | PostedKind;

/** Services: what a visit of a station is for. On a network station a message with or without a line. */
export const SERVICES = ['controller', 'memory', 'control', 'data'] as const;
export type Service = (typeof SERVICES)[number];

export type Place = 'requester' | 'home' | 'owner';
/** One step of a path: a visit at a node, or a message between two. */
export type Step =
  | { readonly at: 'controller' | 'memory'; readonly node: Place }
  | { readonly message: 'control' | 'data'; readonly from: Place; readonly to: Place };

/** The path of a kind: the steps that a CPU waits for, and those that follow without it. */
export interface Path {
  readonly waits: readonly Step[];
  readonly posted: readonly Step[];
}

const at = (station: 'controller' | 'memory', node: Place): Step => ({ at: station, node });
const send = (message: 'control' | 'data', from: Place, to: Place): Step => ({ message, from, to });

/**
 * A directory protocol as FLASH's and Origin's. The home's controller handles every request once; a dirty line
 * is fetched from its owner, which answers the requester and writes the line back to its home; an upgrade is
 * answered by the home; each invalidation goes from the home to a sharer, which acknowledges to the requester.
 * A node's own controller passes messages through, which takes latency but no service. Within a node messages
 * use no network, except on a bus.
 */
export const PATHS: Readonly<Record<FlowKind, Path>> = {
  local: {
    waits: [
      send('control', 'requester', 'home'),
      at('controller', 'home'),
      at('memory', 'home'),
      send('data', 'home', 'requester'),
    ],
    posted: [],
  },
  local_cache: {
    waits: [
      send('control', 'requester', 'requester'),
      at('controller', 'requester'),
      send('data', 'requester', 'requester'),
    ],
    posted: [],
  },
  remote_clean: {
    waits: [
      send('control', 'requester', 'home'),
      at('controller', 'home'),
      at('memory', 'home'),
      send('data', 'home', 'requester'),
    ],
    posted: [],
  },
  remote_dirty: {
    waits: [
      send('control', 'requester', 'home'),
      at('controller', 'home'),
      send('control', 'home', 'owner'),
      at('controller', 'owner'),
      send('data', 'owner', 'requester'),
    ],
    posted: [send('data', 'owner', 'home'), at('controller', 'home'), at('memory', 'home')],
  },
  upgrade: {
    waits: [
      send('control', 'requester', 'home'),
      at('controller', 'home'),
      send('control', 'home', 'requester'),
    ],
    posted: [],
  },
  writeback: {
    waits: [],
    posted: [send('data', 'requester', 'home'), at('controller', 'home'), at('memory', 'home')],
  },
  hint: { waits: [], posted: [send('control', 'requester', 'home'), at('controller', 'home')] },
  invalidation: {
    waits: [],
    posted: [
      send('control', 'home', 'owner'),
      at('controller', 'owner'),
      send('control', 'owner', 'requester'),
    ],
  },
};

/** So many misses of one kind. `owner`: who has the dirty line, or the sharer to invalidate. */
export interface Flow {
  readonly cpu: number;
  readonly kind: FlowKind;
  readonly home: number;
  readonly owner?: number;
  readonly count: number;
}

/** Visits by CPU, kind (index into BLOCKING_KINDS, or −1), station and service; parallel arrays. */
export interface Visits {
  readonly length: number;
  readonly cpu: Int32Array;
  readonly kind: Int8Array;
  /** Index into the traffic's own `stations`. */
  readonly station: Int32Array;
  /** Index into SERVICES. */
  readonly service: Uint8Array;
  readonly count: Float64Array;
}

/** The demands of one window of a run, as counts. */
export interface Traffic {
  readonly cpus: number;
  /** Network stations that are visited at all. */
  readonly stations: Int32Array;
  /** Misses, [cpu × kinds + kind]. */
  readonly misses: Float64Array;
  /** Hops on the way of these misses, all together. */
  readonly hops: Float64Array;
  readonly waits: Visits;
  readonly posted: Visits;
}

/** The stations that a step visits, with the service it takes there. */
export function stationsOf(
  network: Network,
  step: Step,
  nodes: Readonly<Record<Place, number>>,
): readonly number[] {
  if ('at' in step)
    return [step.at === 'memory' ? network.memory(nodes[step.node]) : network.controller(nodes[step.node])];
  return network.route(nodes[step.from], nodes[step.to]);
}

const serviceOf = (step: Step): number => SERVICES.indexOf('at' in step ? step.at : step.message);

/** Compiles the flows of a window. `cpuNode[c]` is the node of CPU c. */
export function compileTraffic(
  network: Network,
  cpuNode: readonly number[],
  flows: Iterable<Flow>,
  paths: Readonly<Record<FlowKind, Path>> = PATHS,
): Traffic {
  const cpus = cpuNode.length;
  const kinds = BLOCKING_KINDS.length;
  const all = network.stations.length;
  const misses = new Float64Array(cpus * kinds);
  const hops = new Float64Array(cpus * kinds);
  const waits = new Map<number, number>();
  const posted = new Map<number, number>();
  for (const { cpu, kind, home, owner, count } of flows) {
    const requester = cpuNode[cpu];
    const valid = (node: number | undefined): boolean =>
      node === undefined || (Number.isInteger(node) && node >= 0 && node < network.nodes);
    if (
      requester === undefined ||
      !valid(requester) ||
      !valid(home) ||
      !valid(owner) ||
      !(count >= 0 && count < Infinity)
    )
      throw new RangeError(
        `impossible flow: CPU ${cpu}, ${kind}, home ${home}, owner ${owner}, count ${count}`,
      );
    if (count === 0) continue;
    const nodes = { requester, home, owner: owner ?? home };
    const index = (BLOCKING_KINDS as readonly string[]).indexOf(kind);
    if (index >= 0) misses[cpu * kinds + index]! += count;
    const visit = (into: Map<number, number>, step: Step, column: number): void => {
      for (const station of stationsOf(network, step, nodes)) {
        const key = ((cpu * kinds + column) * all + station) * SERVICES.length + serviceOf(step);
        into.set(key, (into.get(key) ?? 0) + count);
      }
    };
    for (const step of paths[kind].waits) {
      visit(waits, step, index);
      if ('message' in step)
        hops[cpu * kinds + index]! += count * network.hops(nodes[step.from], nodes[step.to]);
    }
    for (const step of paths[kind].posted) visit(posted, step, 0);
  }
  const used = new Set<number>();
  for (const map of [waits, posted])
    for (const key of map.keys()) used.add(Math.floor(key / SERVICES.length) % all);
  const stations = Int32Array.from([...used].sort((a, b) => a - b));
  const own = new Map(Array.from(stations, (station, i) => [station, i]));
  return {
    cpus,
    stations,
    misses,
    hops,
    waits: columns(waits, all, own),
    posted: columns(posted, all, own),
  };
}

/** A map of visits as sorted columns, so that the order of the flows does not matter. */
function columns(map: ReadonlyMap<number, number>, all: number, own: ReadonlyMap<number, number>): Visits {
  const kinds = BLOCKING_KINDS.length;
  const keys = Float64Array.from(map.keys()).sort();
  const visits = {
    length: keys.length,
    cpu: new Int32Array(keys.length),
    kind: new Int8Array(keys.length),
    station: new Int32Array(keys.length),
    service: new Uint8Array(keys.length),
    count: new Float64Array(keys.length),
  };
  keys.forEach((key, i) => {
    const place = Math.floor(key / SERVICES.length);
    const row = Math.floor(place / all);
    visits.cpu[i] = Math.floor(row / kinds);
    visits.kind[i] = row % kinds;
    visits.station[i] = own.get(place % all)!;
    visits.service[i] = key % SERVICES.length;
    visits.count[i] = map.get(key)!;
  });
  return visits;
}
