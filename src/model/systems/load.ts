import { isMap, isScalar } from 'yaml';
import { InputError } from '../../trace/errors.ts';
import { describeProblems, problemsOf } from '../../trace/schema-problems.ts';
import { parseYamlText, type YamlText } from '../../trace/yaml.ts';
import { asMeant } from './as-meant.ts';
import type { Role } from './fields.ts';
import { statedOf } from './ledger.ts';
import { PRESETS } from './presets.ts';
import { type System, systemSchema } from './schema.ts';

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

/** Records where every leaf of `written` comes from: what it says of that itself, or the file. */
function withSources(input: Tree, written: Tree, source: string): Tree {
  const stated = isTree(written.sources) ? written.sources : {};
  const own: Record<string, unknown> = {};
  for (const path of leaves(written))
    if (!/^(name|description|sources|extends)(\.|$)/.test(path))
      own[path] = statedOf(stated, path) ?? { source, role: 'chosen' satisfies Role };
  return { ...input, sources: { ...(isTree(input.sources) ? input.sources : {}), ...own } };
}

const listPresets = (): string => Object.keys(PRESETS).join(', ');

/** Where a field was written (or, `atKey`, its name was), for messages. */
type Place = (path: readonly PropertyKey[], atKey?: boolean) => string;

/** Checks a tree against the schema. `place` turns the path of a problem into where it was written. */
function check(written: Tree, place: Place): System {
  // With a monitor given as `{}` or by parts, the schema fills in the rest.
  let input = written;
  let result = systemSchema.safeParse(input);
  if (!result.success) {
    input = asMeant(written, result.error);
    if (input !== written) result = systemSchema.safeParse(input);
  }
  if (result.success) return result.data;
  const problems = problemsOf(result.error, input);
  throw new InputError(describeProblems(problems, 'system', ({ path, atKey }) => place(path, atKey)));
}

/** A preset by name. Throws an InputError that lists the names. */
export function presetSystem(name: string): System {
  const input = PRESETS[name];
  if (input === undefined || !Object.hasOwn(PRESETS, name))
    throw new InputError(`no system named ${JSON.stringify(name)}: give a file, or one of ${listPresets()}`);
  return check({ name, ...input }, () => `preset ${name}`);
}

/** A tree that was written, and where its fields are. */
interface Written {
  readonly tree: Tree;
  readonly place: Place;
}

function readTree(text: string, label: string): Written {
  const { contents, value, at } = parseYamlText(text, label);
  if (!isTree(value)) throw new InputError(`${label}:1:1: a system is a mapping, e.g. "extends: disco"`);
  return { tree: value, place: (path, atKey = false) => at(offsetOf(contents, path, atKey)) };
}

/** Offset of the deepest node on a path that was written. */
function offsetOf(contents: YamlText['contents'], path: readonly PropertyKey[], atKey: boolean): number {
  let node: unknown = contents;
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
  return offset;
}

function build({ tree, place }: Written, label: string): System {
  const { extends: base = 'irix', ...own } = tree;
  if (typeof base !== 'string' || !Object.hasOwn(PRESETS, base))
    throw new InputError(
      `${place(['extends'])}: extends: no preset ${JSON.stringify(base)}; one of ${listPresets()}`,
    );
  const merged = merge(presetSystem(base), { name: label, ...own }) as Tree;
  return check(withSources(merged, own, label), place);
}

/**
 * A system from YAML (or JSON) text. `extends: <preset>` names the system that the rest is laid on
 * (default: irix). Problems carry line and column.
 */
export function parseSystem(text: string, label: string): System {
  return build(readTree(text, label), label);
}

const MACHINE_FILE = ['extends', 'name', 'description', 'machine'];

/** What a machine file gives to a system: the machine, and where its values come from. */
export type MachinePart = Pick<System, 'machine' | 'sources'>;

/** The machine of a file that holds nothing else. Throws InputError that names what else it holds. */
export function parseMachine(text: string, label: string): MachinePart {
  const written = readTree(text, label);
  const other = Object.keys(written.tree).find((key) => !MACHINE_FILE.includes(key));
  if (other !== undefined)
    throw new InputError(
      `${written.place([other], true)}: ${other}: a machine file holds ${MACHINE_FILE.join(', ')} only; give a whole system with --systems`,
    );
  const { machine, sources } = build(written, label);
  return { machine, sources };
}

/** The system on another machine. */
export function withMachine(system: System, { machine, sources }: MachinePart): System {
  const ofMachine = (path: string): boolean => path === 'machine' || path.startsWith('machine.');
  return {
    ...system,
    machine,
    sources: Object.fromEntries([
      ...Object.entries(system.sources).filter(([path]) => !ofMachine(path)),
      ...Object.entries(sources).filter(([path]) => ofMachine(path)),
    ]),
  };
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
    value = parseYamlText(written!, '').value;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
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
      const set = isTree(override.value) ? leaves(over) : [dotted];
      const stated = { source: '--set', role: 'chosen' } as const;
      const sources = { ...system.sources, ...Object.fromEntries(set.map((leaf) => [leaf, stated])) };
      return check({ ...merged, sources }, () => `--set ${text} (system ${system.name})`);
    });
  }
  return result;
}
