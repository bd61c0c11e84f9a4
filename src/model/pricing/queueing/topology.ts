/**
 * The interconnect as data: which stations a message between two nodes passes, and how many hops it makes.
 * Links are directed, one station each. Routing is fixed: dimension order, the lowest dimension first.
 */

export type Topology =
  /** Any two nodes one hop apart; a message passes the output port of one and the input port of the other. */
  | { readonly kind: 'uniform'; readonly nodes: number }
  /** Rows of nodes, no wrap-around: along the row first, then along the column. */
  | { readonly kind: 'mesh'; readonly width: number; readonly height: number }
  /** 2^dimensions nodes. */
  | { readonly kind: 'hypercube'; readonly dimensions: number }
  /** One bus for everything, also for accesses to the own node's memory (a UMA machine has one node). */
  | { readonly kind: 'bus'; readonly nodes: number };

export interface StationName {
  readonly kind: 'controller' | 'memory' | 'port' | 'link' | 'bus';
  /** The node it belongs to; of a link the node where it starts; of the bus −1. */
  readonly node: number;
  /** Of a link: the node where it ends; of a port: its direction. */
  readonly to?: number | 'in' | 'out';
}

/** Stations of a machine: controllers first, then memories, then the network. */
export interface Network {
  readonly topology: Topology;
  readonly nodes: number;
  readonly stations: readonly StationName[];
  /** Station of the directory and protocol controller of a node. */
  controller(node: number): number;
  /** Station of the memory of a node. */
  memory(node: number): number;
  /** Stations that a message passes, in order. */
  route(from: number, to: number): readonly number[];
  /** Distance, in hops; 0 within a node and on a bus. */
  hops(from: number, to: number): number;
}

/** Nodes of a topology. */
export function nodesOf(topology: Topology): number {
  if (topology.kind === 'mesh') return topology.width * topology.height;
  return topology.kind === 'hypercube' ? 1 << topology.dimensions : topology.nodes;
}

/** Lays out the stations of a machine and its routes. */
export function layNetwork(topology: Topology): Network {
  const nodes = nodesOf(topology);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 1024)
    throw new RangeError(`a network of ${nodes} nodes: expected 1 to 1024`);
  const stations: StationName[] = [];
  for (let node = 0; node < nodes; node++) stations.push({ kind: 'controller', node });
  for (let node = 0; node < nodes; node++) stations.push({ kind: 'memory', node });
  const base = { controller: (node: number) => node, memory: (node: number) => nodes + node };

  if (topology.kind === 'bus') {
    const bus = [stations.push({ kind: 'bus', node: -1 }) - 1];
    return { topology, nodes, stations, ...base, route: () => bus, hops: () => 0 };
  }
  const links = new Map<number, number>();
  const routes: (readonly number[] | undefined)[] = [];
  if (topology.kind === 'uniform') {
    for (let node = 0; node < nodes; node++)
      stations.push({ kind: 'port', node, to: 'out' }, { kind: 'port', node, to: 'in' });
    const route = (from: number, to: number): readonly number[] => {
      const known = routes[from * nodes + to];
      if (known) return known;
      const passed = from === to ? [] : [nodes * 2 + from * 2, nodes * 2 + to * 2 + 1];
      routes[from * nodes + to] = passed;
      return passed;
    };
    return { topology, nodes, stations, ...base, route, hops: (from, to) => (from === to ? 0 : 1) };
  }
  for (let node = 0; node < nodes; node++)
    for (const to of neighbours(topology, node))
      links.set(node * nodes + to, stations.push({ kind: 'link', node, to }) - 1);
  const route = (from: number, to: number): readonly number[] => {
    const known = routes[from * nodes + to];
    if (known) return known;
    const passed: number[] = [];
    for (let at = from; at !== to; ) {
      const next = step(topology, at, to);
      passed.push(links.get(at * nodes + next)!);
      at = next;
    }
    routes[from * nodes + to] = passed;
    return passed;
  };
  return { topology, nodes, stations, ...base, route, hops: (from, to) => route(from, to).length };
}

type Direct = Extract<Topology, { kind: 'mesh' | 'hypercube' }>;

function neighbours(topology: Direct, node: number): number[] {
  if (topology.kind === 'hypercube')
    return Array.from({ length: topology.dimensions }, (_, d) => node ^ (1 << d));
  const { width, height } = topology;
  const x = node % width;
  const y = (node - x) / width;
  const near: number[] = [];
  if (x > 0) near.push(node - 1);
  if (x < width - 1) near.push(node + 1);
  if (y > 0) near.push(node - width);
  if (y < height - 1) near.push(node + width);
  return near;
}

/** The next node on the way. */
function step(topology: Direct, at: number, to: number): number {
  if (topology.kind === 'hypercube') {
    const differ = at ^ to;
    return at ^ (differ & -differ);
  }
  const { width } = topology;
  const dx = (to % width) - (at % width);
  if (dx !== 0) return at + (dx > 0 ? 1 : -1);
  return at + (to > at ? width : -width);
}

/** Mean hops between two different nodes, all pairs alike: to choose a base latency for a known average. */
export function meanHops(network: Network): number {
  let sum = 0;
  for (let from = 0; from < network.nodes; from++)
    for (let to = 0; to < network.nodes; to++) sum += network.hops(from, to);
  const pairs = network.nodes * (network.nodes - 1);
  return pairs > 0 ? sum / pairs : 0;
}

/** A station in words: `memory of node 3`, `link 0 → 1`, `bus`. */
export function stationText(station: StationName): string {
  if (station.kind === 'bus') return 'bus';
  if (station.kind === 'link') return `link ${station.node} → ${station.to}`;
  if (station.kind === 'port')
    return `${station.to === 'in' ? 'input' : 'output'} port of node ${station.node}`;
  return `${station.kind} of node ${station.node}`;
}
