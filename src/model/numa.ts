import { nodeOfCpu } from './hardware/nodes.ts';
import { FLOW_KINDS, sumCounter, type Tally, type TallyRow } from './tally.ts';

/**
 * Where misses were served, as counts alone: no price enters. Between which nodes they went is known of the
 * tally's windows.
 */

/** What served an L2 miss: memory of the own or another node, or a modified line in a cache of another or the own. */
export const SERVED = ['local', 'remote', 'dirty', 'neighbour'] as const;
export type Served = (typeof SERVED)[number];

/** Classes of L2 misses, where caches are kept coherent: docs/coherence.md. */
export const MISS_CLASSES = ['cold', 'capacity', 'true_sharing', 'false_sharing', 'moved'] as const;
export type MissClass = (typeof MISS_CLASSES)[number];

export interface NodeMisses {
  /** L2 misses of its CPUs. */
  readonly served: Readonly<Record<Served, number>>;
  /** L2 misses of all CPUs to lines whose home it is. */
  readonly homed: number;
  /** Upgrades of its CPUs. */
  readonly upgrades: number;
}

export interface Numa {
  /** L2 misses of all CPUs by what served them, and by class (all 0 where caches are not coherent). */
  readonly served: Readonly<Record<Served, number>>;
  readonly classes: Readonly<Record<MissClass, number>>;
  readonly upgrades: { readonly local: number; readonly remote: number };
  readonly nodes: readonly NodeMisses[];
  /** L2 misses by node of the CPU (rows) and home node (columns); all 0 without windows. */
  readonly matrix: readonly (readonly number[])[];
}

const SIDES = ['fetch', 'load', 'store'] as const;

/** Kinds of flow that are L2 misses; upgrades move no data. */
const MISSES: ReadonlySet<string> = new Set(['local', 'local_cache', 'remote_clean', 'remote_dirty']);

/** The NUMA facts of a run on so many nodes; null where there is one CPU and one node. */
export function numaOf(tally: Tally, nodes: number): Numa | null {
  if (tally.cpus === 1 && nodes === 1) return null;
  const nodeOf = (cpu: number): number => nodeOfCpu(cpu, tally.cpus, nodes);
  const matrix = Array.from({ length: nodes }, () => new Array<number>(nodes).fill(0));
  for (const window of tally.windows)
    for (const [cpu, kind, home, , count] of window.flows)
      if (MISSES.has(FLOW_KINDS[kind] ?? '')) matrix[nodeOf(cpu)]![home]! += count;

  const upgrades = sumCounter(tally, 'upgrades');
  const remote = sumCounter(tally, 'remote_upgrades');
  return {
    served: servedBy(tally),
    classes: {
      cold: sumCounter(tally, 'cold_misses'),
      capacity: sumCounter(tally, 'capacity_misses'),
      true_sharing: sumCounter(tally, 'true_sharing_misses'),
      false_sharing: sumCounter(tally, 'false_sharing_misses'),
      moved: sumCounter(tally, 'moved_misses'),
    },
    upgrades: { local: upgrades - remote, remote },
    nodes: matrix.map((_, node) => {
      const own = (row: TallyRow): boolean => nodeOf(row.cpu) === node;
      return {
        served: servedBy(tally, own),
        homed: matrix.reduce((sum, row) => sum + row[node]!, 0),
        upgrades: sumCounter(tally, 'upgrades', own),
      };
    }),
    matrix,
  };
}

function servedBy(tally: Tally, where?: (row: TallyRow) => boolean): Record<Served, number> {
  const sum = (prefix: 'l2' | 'remote' | 'dirty' | 'neighbour'): number =>
    SIDES.reduce((total, side) => total + sumCounter(tally, `${prefix}_${side}_misses`, where), 0);
  const [remote, dirty, neighbour] = [sum('remote'), sum('dirty'), sum('neighbour')];
  return { local: sum('l2') - remote - dirty - neighbour, remote, dirty, neighbour };
}
