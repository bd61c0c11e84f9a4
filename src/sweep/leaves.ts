import type { System } from '../model/systems/schema.ts';
import type { Axis, Leaf } from './types.ts';

/** Leaves of systems by path. */

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** What `path` or `system:path` of an axis names; `system` null: every system that has the path. */
export interface Place {
  readonly system: string | null;
  readonly path: string;
  readonly keys: readonly string[];
}

export function placeOf({ path: written }: Pick<Axis, 'path'>): Place {
  const colon = written.indexOf(':');
  const path = written.slice(colon + 1);
  return { system: colon < 0 ? null : written.slice(0, colon), path, keys: path.split('.') };
}

/** A system's value at a path; undefined where it has no such field (what a null holds has none). */
export function leafAt(system: System, keys: readonly string[]): unknown {
  let node: unknown = system;
  for (const key of keys) {
    if (!isTree(node) || !Object.hasOwn(node, key)) return undefined;
    node = node[key];
  }
  return node;
}

/** The same as a value of a table: null for what is not there, and text for what is no single value. */
export function leafOf(system: System, keys: readonly string[]): Leaf {
  const value = leafAt(system, keys) ?? null;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as Leaf);
}

/** Whether an axis says something of a system. */
export const concerns = (place: Place, system: System): boolean =>
  (place.system === null || place.system === system.name) && leafAt(system, place.keys) !== undefined;

/** A copy of the system with another (already checked) value at a path that it has. */
export function withLeaf(system: System, keys: readonly string[], value: unknown): System {
  const replaced = (node: unknown, depth: number): unknown => {
    if (depth === keys.length) return value;
    if (!isTree(node)) throw new RangeError(`system ${system.name} has no ${keys.join('.')}`);
    const key = keys[depth]!;
    return { ...node, [key]: replaced(node[key], depth + 1) };
  };
  return replaced(system, 0) as System;
}
