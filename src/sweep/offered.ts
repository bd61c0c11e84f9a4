import { shortHash } from './ids.ts';
import type { Group, Layout } from './laid.ts';
import { concerns, leafOf } from './leaves.ts';
import type { Leaf } from './types.ts';

/**
 * Which replayed structures of a sweep a page can offer: a choice that depends on the layout alone, so that whoever
 * runs a part of the sweep knows what to keep.
 */

/** One combination of structural values on one trace, with the systems that it makes. */
export interface Combination {
  /** Of trace and values, short enough for an address. */
  readonly id: string;
  readonly trace: number;
  /** By path of the axis; an axis that the design leaves alone is not there. */
  readonly values: Readonly<Record<string, Leaf>>;
  /** By system of the trace. */
  readonly groups: readonly Group[];
}

/** The combinations of one trace from which a page may choose. */
export interface Offer {
  readonly combinations: readonly Combination[];
  /** Index of the one nearest to what the systems have themselves. */
  readonly start: number;
  /** How many the sweep has. */
  readonly of: number;
}

/** Most structures that are kept for a page, of all its traces. */
const MOST_OFFERED = 48;
/** Most traces of which any are. */
const MOST_TRACES = 4;

/** By trace, the first few of them: what is offered. */
export function offersOf(layout: Layout): Offer[] {
  const traces = layout.traces.slice(0, MOST_TRACES);
  return traces.map((_, trace) => {
    const all = combinationsOf(layout, trace);
    const start = nearest(layout, all);
    const shown = evenly(all.length, Math.floor(MOST_OFFERED / traces.length), start);
    return { combinations: shown.map((at) => all[at]!), start: shown.indexOf(start), of: all.length };
  });
}

/** At most so many of 0 … `count` − 1, evenly apart, both ends and `always` among them where there is room. */
export function evenly(count: number, most: number, always: number): number[] {
  const others = Array.from({ length: count }, (_, at) => at).filter((at) => at !== always);
  const room = Math.min(others.length, most - 1);
  const picked = Array.from(
    { length: room },
    (_, i) => others[room === 1 ? others.length - 1 : Math.round((i * (others.length - 1)) / (room - 1))]!,
  );
  return [always, ...picked].sort((a, b) => a - b);
}

/** All combinations of a trace, in the order in which the cells have them. */
function combinationsOf({ units, axes, cells, traces }: Layout, trace: number): Combination[] {
  const structural = axes.flatMap(({ price }, axis) => (price ? [] : [axis]));
  const found = new Map<string, { cell: number; groups: Group[] }>();
  for (const { group, cells: members } of units) {
    if (group.trace !== trace) continue;
    const cell = members[0]!;
    const key = structural.map((axis) => cells.index[cell * axes.length + axis]!).join(' ');
    const known = found.get(key);
    if (known === undefined) found.set(key, { cell, groups: [group] });
    else known.groups[group.base] = group;
  }
  return [...found.values()].map(({ cell, groups }) => {
    const values = Object.fromEntries(
      structural.flatMap((axis) => {
        const { path, values } = axes[axis]!;
        const index = cells.index[cell * axes.length + axis]!;
        return index < 0 ? [] : [[path, values[index]!] as const];
      }),
    );
    const id = shortHash(JSON.stringify([traces[trace]!.identity, values])).slice(0, 8);
    return { id, trace, values, groups };
  });
}

/** Index of the combination that differs least from the systems as they are; the first of equals. */
function nearest({ axes, traces }: Layout, combinations: readonly Combination[]): number {
  const structural = axes.filter(({ price }) => !price);
  const far = ({ trace, groups }: Combination): number => {
    let sum = 0;
    for (const { base, system } of groups)
      for (const { place } of structural)
        if (concerns(place, system))
          sum += distance(leafOf(system, place.keys), leafOf(traces[trace]!.systems[base]!, place.keys));
    return sum;
  };
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [at, one] of combinations.entries()) {
    const here = far(one);
    if (here < least) [best, least] = [at, here];
  }
  return best;
}

/** 0: the same; numbers by how much of the larger lies between them; anything else differs or does not. */
function distance(a: Leaf, b: Leaf): number {
  if (a === b) return 0;
  if (typeof a !== 'number' || typeof b !== 'number') return 1;
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}

/** Structures whose tallies a page may need, each with the name under which it is kept. */
export function keptStructures(layout: Layout): ReadonlyMap<number, string> {
  const wanted = new Set(
    offersOf(layout).flatMap(({ combinations }) =>
      combinations.flatMap(({ groups }) => groups.map(({ structure }) => structure)),
    ),
  );
  const names = new Map<number, string>();
  for (const { id, group } of layout.units)
    if (wanted.has(group.structure) && !names.has(group.structure)) names.set(group.structure, id);
  return names;
}
