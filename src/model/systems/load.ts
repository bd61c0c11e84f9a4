import { type Document, isMap, isScalar, LineCounter, parseDocument, parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { InputError } from '../../trace/errors.ts';
import { PRESETS } from './presets.ts';
import { type Role, type System, systemSchema } from './schema.ts';

type Tree = { readonly [key: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` laid on `base`: objects merge, everything else replaces. */
function merge(base: unknown, over: unknown): unknown {
  if (!isTree(base) || !isTree(over)) return over;
  const both = (key: string): boolean => Object.hasOwn(base, key) && Object.hasOwn(over, key);
  // Object.fromEntries makes `__proto__` a key like any other, which the schema then refuses.
  return Object.fromEntries(
    Object.entries({ ...base, ...over }).map(([key, value]) => [
      key,
      both(key) ? merge(base[key], over[key]) : value,
    ]),
  );
}

/** Paths of all leaves of a tree, dotted. */
function leaves(tree: unknown, prefix = ''): string[] {
  if (!isTree(tree)) return [prefix];
  return Object.entries(tree).flatMap(([key, value]) =>
    leaves(value, prefix === '' ? key : `${prefix}.${key}`),
  );
}

/** Records where every leaf of `written` comes from, unless it says so itself. */
function withSources(input: Tree, written: Tree, source: string): Tree {
  const own: Record<string, { source: string; role: Role }> = {};
  for (const path of leaves(written))
    if (!/^(name|description|sources|extends)(\.|$)/.test(path)) own[path] = { source, role: 'chosen' };
  return { ...input, sources: { ...own, ...(isTree(input.sources) ? input.sources : {}) } };
}

const listPresets = (): string => Object.keys(PRESETS).join(', ');

/** The message of the first problem, with what else is wrong counted. */
interface Issue {
  readonly path: PropertyKey[];
  readonly message: string;
  /** Whether the key itself is the problem, not its value. */
  readonly atKey: boolean;
}

function firstIssue(error: z.ZodError): Issue {
  const [issue] = error.issues;
  const more = error.issues.length - 1;
  const keys = issue?.code === 'unrecognized_keys' ? issue.keys : [];
  return {
    path: [...(issue?.path ?? []), ...keys.slice(0, 1)],
    atKey: keys.length > 0,
    message:
      (keys.length > 0 ? 'no such field' : (issue?.message ?? 'invalid')) +
      (more > 0 ? ` (and ${more} more ${more === 1 ? 'problem' : 'problems'})` : ''),
  };
}

/** Checks a tree against the schema. `place` turns the path of a problem into where it was written. */
function check(input: Tree, place: (path: PropertyKey[], atKey: boolean) => string): System {
  // With a monitor given as `{}` or by parts, the schema fills in the rest.
  const result = systemSchema.safeParse(input);
  if (result.success) return result.data;
  const { path, message, atKey } = firstIssue(result.error);
  throw new InputError(`${place(path, atKey)}: ${path.map(String).join('.') || 'system'}: ${message}`);
}

/** A preset by name. Throws an InputError that lists the names. */
export function presetSystem(name: string): System {
  const input = PRESETS[name];
  if (input === undefined || !Object.hasOwn(PRESETS, name))
    throw new InputError(`no system named ${JSON.stringify(name)}: give a file, or one of ${listPresets()}`);
  return check({ name, ...input }, () => `preset ${name}`);
}

/**
 * A system from YAML (or JSON) text. `extends: <preset>` names the system that the rest is laid on
 * (default: irix). Problems carry line and column.
 */
export function parseSystem(text: string, label: string): System {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${label}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error) throw new InputError(`${at(error.pos[0])}: ${error.message}`);
  const written = toValue(document, label);
  if (!isTree(written)) throw new InputError(`${label}:1:1: a system is a mapping, e.g. "extends: disco"`);

  /** Position of the deepest node on a path that was written. */
  const place = (path: PropertyKey[], atKey = false): string => {
    let node: unknown = document.contents;
    let offset = 0;
    for (const [depth, key] of path.entries()) {
      if (!isMap(node)) break;
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
      node = pair.value;
      const stay = atKey && depth === path.length - 1;
      if (!stay && isScalar(node) && node.range) offset = node.range[0];
    }
    return at(offset);
  };

  const { extends: base = 'irix', ...own } = written;
  if (typeof base !== 'string' || !Object.hasOwn(PRESETS, base))
    throw new InputError(
      `${place(['extends'])}: extends: no preset ${JSON.stringify(base)}; one of ${listPresets()}`,
    );
  const merged = merge(presetSystem(base), { name: label, ...own }) as Tree;
  return check(withSources(merged, own, label), place);
}

/** The document's value. Throws InputError where aliases would make it grow without end. */
function toValue(document: Document, label: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new InputError(`${label}: ${(error as Error).message}`);
  }
}

/** One `--set`: for all systems that have the path, or for the one named before a colon. */
export interface Override {
  readonly system: string | null;
  readonly path: readonly string[];
  readonly value: unknown;
  readonly text: string;
}

/** Parses `path=value` or `system:path=value`; the value is YAML. */
export function parseOverride(text: string): Override {
  const match = /^(?:([\w./-]+):)?([\w.-]+)=(.*)$/s.exec(text);
  if (match === null)
    throw new InputError(
      `--set ${text}: expected path=value, e.g. machine.l2.size=2M (or system:path=value)`,
    );
  const [, system, path, written] = match;
  let value: unknown;
  try {
    value = parseYaml(written!);
  } catch {
    throw new InputError(`--set ${text}: the value ${JSON.stringify(written)} is not valid YAML`);
  }
  if (path!.split('.').some((key) => ['__proto__', 'constructor', 'prototype'].includes(key)))
    throw new InputError(`--set ${text}: no such field`);
  return { system: system ?? null, path: path!.split('.'), value, text };
}

/** Whether a path exists in a complete system as far as its parents go (a null parent has no fields). */
function hasParent(system: System, path: readonly string[]): boolean {
  let node: unknown = system;
  for (const key of path.slice(0, -1)) {
    if (!isTree(node) || !Object.hasOwn(node, key)) return false;
    node = node[key];
  }
  return isTree(node) && Object.hasOwn(node, path.at(-1)!);
}

/**
 * Systems with the overrides applied. An override must apply to at least one system (a monitor's field
 * applies to those that have a monitor); unknown paths and impossible values are InputErrors.
 */
export function applyOverrides(systems: readonly System[], overrides: readonly Override[]): System[] {
  let result = [...systems];
  for (const override of overrides) {
    const { path, text } = override;
    const dotted = path.join('.');
    if (path[0] === 'sources' || path[0] === 'name')
      throw new InputError(`--set ${text}: ${dotted} cannot be set`);
    const applies = (system: System): boolean =>
      (override.system === null || override.system === system.name) && hasParent(system, path);
    if (!result.some(applies))
      throw new InputError(
        override.system !== null && !result.some((system) => system.name === override.system)
          ? `--set ${text}: no system ${override.system} in this run (${result.map((s) => s.name).join(', ')})`
          : `--set ${text}: no such field in ${result.map((s) => s.name).join(', ')}; vmtax system show lists them`,
      );
    result = result.map((system) => {
      if (!applies(system)) return system;
      const over = path.reduceRight<unknown>((value, key) => ({ [key]: value }), override.value) as Tree;
      const merged = merge(system, over) as Tree;
      const sources = { ...system.sources, [dotted]: { source: '--set', role: 'chosen' as const } };
      return check({ ...merged, sources }, () => `--set ${text} (system ${system.name})`);
    });
  }
  return result;
}
