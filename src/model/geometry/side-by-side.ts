/**
 * All hierarchies of a pass, side by side: each sees the references that do not hit in front everywhere. Geometries
 * share a hierarchy where `one-level.ts` or `two-level.ts` can serve them together.
 */
import type { WordLayout } from '../hardware/kernel.ts';
import type { Machine } from '../systems/schema.ts';
import type { Hierarchy, Lost } from './front.ts';
import { inclusiveCaches } from './inclusive.ts';
import { splitCaches, unifiedCaches } from './one-level.ts';
import type { RowCounts } from './rows.ts';
import type { Shape } from './stacks.ts';
import { belowL1s } from './two-level.ts';

const shapeOf = (cache: Machine['l1i']): Shape => {
  if (cache === null) throw new Error('no such cache');
  return { sets: cache.size / cache.ways / cache.line, ways: cache.ways };
};

/** The caches of machines that agree in everything but sizes and ways of caches; their numbers are the geometries. */
export function allCaches(
  machines: readonly Machine[],
  layout: WordLayout,
  rows: RowCounts,
  lost: Lost,
): Hierarchy {
  const first = machines[0]!;
  if (first.l2 === null)
    return splitCaches(
      machines.map(({ l1i, l1d }) => ({ l1i: shapeOf(l1i), l1d: shapeOf(l1d) })),
      layout,
      rows,
    );
  if (first.l1d === null)
    return unifiedCaches(
      machines.map(({ l2 }) => shapeOf(l2)),
      rows,
    );
  const groups = new Map<string, number[]>();
  for (const [at, { l1i, l1d }] of machines.entries()) {
    const key = JSON.stringify(first.l2.inclusive ? at : [l1i, l1d]);
    groups.set(key, [...(groups.get(key) ?? []), at]);
  }
  const parts = [...groups.values()].map((members) => {
    const machine = machines[members[0]!]!;
    const hierarchy = machine.l2!.inclusive
      ? inclusiveCaches(machine, layout, rows, lost)
      : belowL1s(
          machine,
          members.map((at) => shapeOf(machines[at]!.l2)),
          layout,
          rows,
        );
    return { members, hierarchy };
  });
  return parts.length === 1 ? parts[0]!.hierarchy : sideBySide(machines.length, parts);
}

interface Part {
  /** Geometries, in the order of the hierarchy's own numbers. */
  readonly members: readonly number[];
  readonly hierarchy: Hierarchy;
}

function sideBySide(geometries: number, parts: readonly Part[]): Hierarchy {
  const accesses = parts.map(({ hierarchy }) => hierarchy.access);
  const spans = parts.map(({ hierarchy }) => hierarchy.accessSpan);
  const places = new Array<{ readonly hierarchy: Hierarchy; readonly number: number }>(geometries);
  for (const { members, hierarchy } of parts)
    for (const [number, at] of members.entries()) places[at] = { hierarchy, number };
  return {
    fewestSets: Math.min(...parts.map(({ hierarchy }) => hierarchy.fewestSets)),
    unified: false,
    access: (word, line) => {
      for (const access of accesses) access(word, line);
    },
    accessSpan: (first, firstLine, second, secondLine) => {
      for (const access of spans) access(first, firstLine, second, secondLine);
    },
    write: (values, geometry) => places[geometry]!.hierarchy.write(values, places[geometry]!.number),
    dirtyLines: (geometry) => places[geometry]!.hierarchy.dirtyLines(places[geometry]!.number),
  };
}
