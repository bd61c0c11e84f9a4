import type { System } from '../model/systems/schema.ts';
import type { Group, LaidAxis, Layout } from './laid.ts';
import { concerns, type Place, withLeaf } from './leaves.ts';
import type { Leaf } from './types.ts';

/** A sweep with one axis taken out: what the others may be while that one moves. */

/** One combination of the other axes: a cell that has it, and the cells that have it by the value of the axis. */
export interface Combination {
  readonly cell: number;
  readonly others: Readonly<Record<string, Leaf>>;
  /** By index of the axis’ value. */
  readonly cells: ReadonlyMap<number, number>;
}

/** Combinations of all axes but one, in the order in which they first occur. */
export function combinationsOf({ axes, cells }: Layout, without: LaidAxis | undefined): Combination[] {
  const found = new Map<string, Combination & { readonly cells: Map<number, number> }>();
  const moved = without === undefined ? -1 : axes.indexOf(without);
  for (let cell = 0; cell < cells.count; cell++) {
    const index = Array.from(cells.index.subarray(cell * axes.length, (cell + 1) * axes.length));
    const key = index.filter((_, at) => at !== moved).join(' ');
    let one = found.get(key);
    if (one === undefined) {
      const others = axes.flatMap(({ path, values }, at) =>
        at === moved || index[at]! < 0 ? [] : [[path, values[index[at]!]!] as const],
      );
      one = { cell, others: Object.fromEntries(others), cells: new Map() };
      found.set(key, one);
    }
    if (moved >= 0) one.cells.set(index[moved]!, cell);
  }
  return [...found.values()];
}

/** The systems of a trace in a cell, the break-even path left as it is, with the prices of the other axes. */
export function systemsIn(
  layout: Layout,
  trace: number,
  cell: number,
  groups: Groups,
  without: Place,
): System[] {
  const { axes, cells } = layout;
  return layout.traces[trace]!.systems.map((_, base) => {
    let system = groups[base]!.get(cell)!.system;
    for (const [at, axis] of axes.entries()) {
      const value = cells.index[cell * axes.length + at]!;
      if (!axis.price || value < 0 || axis.place.path === without.path) continue;
      if (concerns(axis.place, system)) system = withLeaf(system, axis.place.keys, axis.values[value]);
    }
    return system;
  });
}

/** By system and cell. */
type Groups = readonly ReadonlyMap<number, Group>[];

export function groupsOf({ traces, units }: Layout, trace: number): Groups {
  const groups = traces[trace]!.systems.map(() => new Map<number, Group>());
  for (const { group, cells } of units)
    if (group.trace === trace) for (const cell of cells) groups[group.base]!.set(cell, group);
  return groups;
}
