import type { Network } from './topology.ts';

/**
 * What the misses of a window ask of the machine's stations: counts only, no price. A kind of miss has a path
 * (which stations, in what order); a flow is so many misses of one kind by one CPU to one home. Compiled once
 * per structure, priced as often as wanted.
 */

/** Kinds of miss for which the CPU waits. */
export const BLOCKING_KINDS = [
  'local',
  'local_cache',
  'remote_clean',
  'remote_dirty',
  'upgrade', // of a line whose home is the own node
  'remote_upgrade',
] as const;
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

/** Permission to store: the home answers without data. */
const UPGRADE: Path = {
  waits: [
    { message: 'control', from: 'requester', to: 'home' },
    { at: 'controller', node: 'home' },
    { message: 'control', from: 'home', to: 'requester' },
  ],
  posted: [],
};

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
  upgrade: UPGRADE,
  remote_upgrade: UPGRADE,
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

/** Visits by CPU, kind (index into BLOCKING_KINDS; of posted work 0), station and service; parallel arrays, sorted. */
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
  return trafficCompiler(network, cpuNode, paths)(flows);
}

/** A step as numbers: what it visits, service, and places as indices into PLACES. */
interface CompiledStep {
  readonly station: 'controller' | 'memory' | 'message';
  readonly service: number;
  readonly from: number;
  readonly to: number;
}

const PLACES: readonly Place[] = ['requester', 'home', 'owner'];

const compileStep = (step: Step): CompiledStep => {
  const [from, to] = 'at' in step ? [step.node, step.node] : [step.from, step.to];
  return {
    station: 'at' in step ? step.at : 'message',
    service: serviceOf(step),
    from: PLACES.indexOf(from),
    to: PLACES.indexOf(to),
  };
};

/** The same for many windows of one machine, with scratch memory in common. */
export function trafficCompiler(
  network: Network,
  cpuNode: readonly number[],
  paths: Readonly<Record<FlowKind, Path>> = PATHS,
): (flows: Iterable<Flow>) => Traffic {
  const cpus = cpuNode.length;
  const kinds = BLOCKING_KINDS.length;
  const services = SERVICES.length;
  const all = network.stations.length;
  // [((cpu × kinds + kind) × stations + station) × services + service]
  const waits = new Float64Array(cpus * kinds * all * services);
  const posted = new Float64Array(cpus * kinds * all * services);
  const compiled = new Map(
    Object.entries(paths).map(([kind, path]) => [
      kind,
      {
        index: (BLOCKING_KINDS as readonly string[]).indexOf(kind),
        waits: path.waits.map(compileStep),
        posted: path.posted.map(compileStep),
      },
    ]),
  );
  const nodes = [0, 0, 0];
  const outside = (node: number | undefined): boolean =>
    node !== undefined && !(Number.isInteger(node) && node >= 0 && node < network.nodes);

  /** Adds the visits of a step; `base` is the start of the CPU and kind. */
  const visit = (into: Float64Array, base: number, step: CompiledStep, count: number): void => {
    const from = nodes[step.from]!;
    if (step.station === 'message')
      for (const station of network.route(from, nodes[step.to]!))
        into[base + station * services + step.service]! += count;
    else {
      const station = step.station === 'memory' ? network.memory(from) : network.controller(from);
      into[base + station * services + step.service]! += count;
    }
  };

  return (flows) => {
    const misses = new Float64Array(cpus * kinds);
    const hops = new Float64Array(cpus * kinds);
    for (const { cpu, kind, home, owner, count } of flows) {
      const requester = cpuNode[cpu];
      const path = compiled.get(kind);
      if (
        requester === undefined ||
        path === undefined ||
        outside(requester) ||
        outside(home) ||
        outside(owner) ||
        !(count >= 0 && count < Infinity)
      )
        throw new RangeError(
          `impossible flow: CPU ${cpu}, ${kind}, home ${home}, owner ${owner}, count ${count}`,
        );
      if (count === 0) continue;
      nodes[0] = requester;
      nodes[1] = home;
      nodes[2] = owner ?? home;
      const row = cpu * kinds + path.index;
      if (path.index >= 0) misses[row]! += count;
      for (const step of path.waits) {
        visit(waits, row * all * services, step, count);
        if (step.station === 'message')
          hops[row]! += count * network.hops(nodes[step.from]!, nodes[step.to]!);
      }
      for (const step of path.posted) visit(posted, cpu * kinds * all * services, step, count);
    }
    const used = new Uint8Array(all);
    const lists = [waits, posted].map((table) => {
      const keys: number[] = [];
      for (let key = 0; key < table.length; key++)
        if (table[key] !== 0) {
          keys.push(key);
          used[Math.floor(key / services) % all] = 1;
        }
      return keys;
    });
    const stations = Int32Array.from(used.keys()).filter((station) => used[station] === 1);
    const own = new Int32Array(all);
    stations.forEach((station, i) => {
      own[station] = i;
    });
    const traffic = {
      cpus,
      stations,
      misses,
      hops,
      waits: columns(lists[0]!, waits, all, own),
      posted: columns(lists[1]!, posted, all, own),
    };
    waits.fill(0);
    posted.fill(0);
    return traffic;
  };
}

/** What a table holds under some keys, as columns in their order: the order of the flows does not matter. */
function columns(keys: readonly number[], table: Float64Array, all: number, own: Int32Array): Visits {
  const kinds = BLOCKING_KINDS.length;
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
    visits.station[i] = own[place % all]!;
    visits.service[i] = key % SERVICES.length;
    visits.count[i] = table[key]!;
  });
  return visits;
}
