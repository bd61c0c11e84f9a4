import type { StationLoad } from '../model/pricing/contention.ts';
import type { Facts } from './facts.ts';
import { type ContendedRun, contendedRuns } from './numa.ts';
import { shareCell } from './numa-cells.ts';
import { PAIRS_NODES } from './numa-tables.ts';
import { EMPTY_CELL, type Table, type TableCell, type TableRow } from './table.ts';

/** How busy each node is, for the terminal. The page has every station by itself. */

/** Of more nodes than `PAIRS_NODES` so many have rows of their own. */
const HOTTEST = 5;

/** What a node has, and the shares of a run's time in which they are busy; of its ports and links the busiest counts. */
const PARTS = [
  { head: 'contr.', raw: 'controller busy percent', kinds: ['controller'] },
  { head: 'memory', raw: 'memory busy percent', kinds: ['memory'] },
  { head: 'network', raw: 'busiest port or link percent', kinds: ['port', 'link'] },
] as const satisfies readonly {
  readonly head: string;
  readonly raw: string;
  readonly kinds: readonly StationLoad['kind'][];
}[];

/** A run's loads by node, one number for each of `PARTS` (null: the node has no such part), and its bus. */
interface NodeLoads {
  readonly name: string;
  readonly nodes: readonly (readonly (number | null)[])[];
  readonly bus: number | null;
}

function loadsOf({ facts: { name, run }, contention: { stations } }: ContendedRun): NodeLoads {
  const nodes = Array.from({ length: run.system.machine.nodes }, () => PARTS.map((): number | null => null));
  let bus: number | null = null;
  for (const { kind, node, utilisation } of stations) {
    if (kind === 'bus') bus = utilisation;
    const part = PARTS.findIndex(({ kinds }) => kinds.some((of) => of === kind));
    const own = node === null ? undefined : nodes[node];
    if (part >= 0 && own !== undefined) own[part] = Math.max(own[part] ?? 0, utilisation);
  }
  return { name, nodes, bus };
}

const cellOf = (load: number | null | undefined): TableCell =>
  load === null || load === undefined ? EMPTY_CELL : shareCell(load, 1);

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

/** A figure over all nodes of each run. */
const OVER_NODES: readonly (readonly [string, (loads: readonly number[]) => number])[] = [
  ['least', (loads) => Math.min(...loads)],
  ['mean', mean],
  ['most', (loads) => Math.max(...loads)],
];

/**
 * Shares of the time in which controllers, memories and the network of each node are busy; of many nodes the least, the
 * mean and the most, and the hottest of them all. Null where no system's contention is modelled.
 */
export function nodesTable(facts: Facts): Table | null {
  const runs = contendedRuns(facts).map(loadsOf);
  if (runs.length === 0) return null;
  const row = (label: string, cells: (run: NodeLoads) => readonly TableCell[]): TableRow => ({
    kind: 'part',
    label,
    path: label,
    cells: runs.flatMap(cells),
  });
  const nodeRow = (node: number): TableRow =>
    row(`node ${node}`, (run) => PARTS.map((_, part) => cellOf(run.nodes[node]?.[part])));
  const count = Math.max(...runs.map(({ nodes }) => nodes.length));
  const all = Array.from({ length: count }, (_, node) => node);
  const peak = (node: number): number =>
    Math.max(...runs.flatMap((run) => (run.nodes[node] ?? []).map((load) => load ?? 0)));
  const folded = count > PAIRS_NODES;
  const shown = folded ? all.toSorted((a, b) => peak(b) - peak(a) || a - b).slice(0, HOTTEST) : all;
  const overNodes = OVER_NODES.map(([label, of]) =>
    row(`${label} of all`, (run) =>
      PARTS.map((_, part) => {
        const loads = run.nodes.flatMap((node) => node[part] ?? []);
        return loads.length === 0 ? EMPTY_CELL : cellOf(of(loads));
      }),
    ),
  );
  const bus = row('bus', (run) => [EMPTY_CELL, EMPTY_CELL, cellOf(run.bus)]);
  return {
    caption: `Share of the time in which each node’s controller, memory and busiest port or link are busy on ${facts.short}.`,
    corner: 'node',
    groups: runs.map(({ name }) => ({ name, columns: PARTS.map(({ head, raw }) => ({ head, raw })) })),
    rows: [
      ...(folded ? overNodes : []),
      ...shown.map(nodeRow),
      ...(runs.some((run) => run.bus !== null) ? [bus] : []),
    ],
  };
}

/** How many of the nodes a table has rows for, where these are not all; else null. */
export function foldedNodes(facts: Facts): { readonly shown: number; readonly nodes: number } | null {
  const nodes = Math.max(0, ...contendedRuns(facts).map(({ facts: { run } }) => run.system.machine.nodes));
  return nodes > PAIRS_NODES ? { shown: HOTTEST, nodes } : null;
}
