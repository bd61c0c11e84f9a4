import { z } from 'zod';
import type { Role } from './fields.ts';
import { type System, systemSchema } from './schema.ts';

/** The parts of a JSON Schema node that the ledger reads. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
  readonly description?: string;
  readonly unit?: string;
  readonly source?: string;
  readonly role?: Role;
  readonly default?: unknown;
}

/** JSON Schema of a system as written (defaults may be left out), with unit, source and role of each field. */
export const systemJsonSchema = once(
  () => z.toJSONSchema(systemSchema, { io: 'input', unrepresentable: 'any' }) as Node,
);

/** What is made when it is first asked for, and kept. */
function once<T extends object>(make: () => T): () => T {
  let made: T | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** A field of the schema as documentation shows it. */
export interface FieldDoc {
  readonly path: string;
  readonly description: string;
  readonly unit: string;
  readonly source: string;
  readonly role: Role;
  readonly default: unknown;
}

const child = (node: Node, key: string): Node | undefined =>
  node.properties?.[key] ??
  node.anyOf?.map((option) => child(option, key)).find((found) => found !== undefined);

/** What the schema says of a path; source and role are those of the nearest field that has them. */
export function fieldDoc(path: string): FieldDoc {
  let node: Node | undefined = systemJsonSchema();
  let doc: FieldDoc = { path, description: '', unit: '', source: '', role: 'chosen', default: undefined };
  for (const key of path.split('.')) {
    node = node && child(node, key);
    if (!node) break;
    doc = {
      path,
      description: node.description ?? '',
      unit: node.unit ?? '',
      source: node.source ?? doc.source,
      role: node.role ?? doc.role,
      default: node.default,
    };
  }
  return doc;
}

type Leaf = string | number | boolean | null;

/** All values of a system by dotted path, in the schema's order; name, description and sources left out. */
export function flatten(system: System): Map<string, Leaf> {
  const flat = new Map<string, Leaf>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    else flat.set(path, value as Leaf);
  };
  const { name: _, description: __, sources: ___, ...inputs } = system;
  walk(inputs, '');
  return flat;
}

/** One input of the model with where it comes from. */
export interface LedgerEntry {
  /** Path in the system, e.g. `prices.local_ns`. */
  readonly path: string;
  readonly value: string | number | boolean | null;
  readonly unit: string;
  readonly source: string;
  /** `measured`: printed in a source or counted in a trace; `calibrated`: fitted to a published number; `assumed`; `chosen`: a free choice. */
  readonly role: Role;
}

/** What is stated of a path, or of the nearest that it is part of; undefined: nothing. */
export function statedOf<T>(sources: Readonly<Record<string, T>>, path: string): T | undefined {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.'))))
    if (Object.hasOwn(sources, at)) return sources[at];
  return undefined;
}

/** The ledger: every input of a system with value, unit, source and role. */
export function ledger(system: System): LedgerEntry[] {
  return [...flatten(system)].map(([path, value]) => {
    const doc = fieldDoc(path);
    const stated = statedOf(system.sources, path);
    return {
      path,
      value,
      unit: doc.unit,
      source: stated?.source ?? doc.source,
      role: stated?.role ?? doc.role,
    };
  });
}

/** One field in which two systems differ; `undefined` where a system has no such field. */
export interface Difference {
  readonly path: string;
  readonly a: Leaf | undefined;
  readonly b: Leaf | undefined;
}

export function difference(a: System, b: System): Difference[] {
  const left = flatten(a);
  const right = flatten(b);
  const paths = new Set([...left.keys(), ...right.keys()]);
  return [...paths]
    .filter((path) => left.get(path) !== right.get(path))
    .map((path) => ({ path, a: left.get(path), b: right.get(path) }));
}
