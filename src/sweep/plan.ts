import { isMap, isScalar, isSeq } from 'yaml';
import { z } from 'zod';
import { InputError } from '../trace/errors.ts';
import { describeProblems, problemsOf } from '../trace/schema-problems.ts';
import { countOrNone } from '../trace/workloads/fields.ts';
import { parseYamlText, type YamlText } from '../trace/yaml.ts';
import { makeAxis } from './axes.ts';
import type { Axis, Design, Plan, Written } from './types.ts';

/** A plan as it is written: in a file, as flags, or both. */

export const DESIGNS = ['factorial', 'latin-hypercube', 'one-at-a-time'] as const;
export type DesignKind = (typeof DESIGNS)[number];

/** Seeds of whatever is drawn at random go from 0 to this. */
export const MOST_SEED = 2 ** 31 - 1;

/** What a file or the flags say; anything may be left out. */
export interface PlanInput {
  readonly traces?: readonly string[] | undefined;
  readonly systems?: readonly string[] | undefined;
  readonly axes?: readonly Axis[] | undefined;
  readonly design?: DesignKind | undefined;
  readonly points?: number | undefined;
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
  readonly warmup?: number | undefined;
  readonly format?: string | undefined;
  readonly skipBadLines?: boolean | undefined;
  readonly maxCells?: number | undefined;
  /** How each axis was written, by its path, for messages. */
  readonly written?: Written | undefined;
}

/** Most points of a Latin hypercube, most cells that can be asked for. */
export const MOST_POINTS = 100_000_000;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const word = z.string().min(1);
const words = z.union([word.transform((text) => [text]), z.array(word).min(1)]);
const about = (description: string) => ({ description });

/** A plan file: the flags of `vmtax sweep`, by their names. */
export const planSchema = z.strictObject({
  traces: words.optional().meta(about('trace or list of traces, named as on the command line')),
  systems: z
    .union([word.transform((text) => text.split(',').map((name) => name.trim())), z.array(word).min(1)])
    .optional()
    .meta(about('presets or YAML files; the first is the baseline')),
  vary: z
    .record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
    .optional()
    .meta(
      about('by path (or system:path): a value, a range lo..hi+step or lo..hi*factor, or a list of them'),
    ),
  set: z
    .union([z.array(word), z.record(z.string(), scalar)])
    .optional()
    .meta(about('what all cells share: by path, or a list of path=value')),
  design: z.enum(DESIGNS).optional().meta(about('which combinations are cells; default factorial')),
  points: z.number().int().min(1).max(MOST_POINTS).optional().meta(about('latin-hypercube: how many cells')),
  seed: z
    .number()
    .int()
    .min(0)
    .max(MOST_SEED)
    .optional()
    .meta(about('latin-hypercube: of its choice; default 1')),
  warmup: countOrNone
    .optional()
    .meta(about('instructions that build state and are not counted; default: a tenth of the trace')),
  format: word.optional().meta(about('trace format; default: found by looking at the bytes')),
  skip_bad_lines: z.boolean().optional().meta(about('text traces: skip and count lines that do not parse')),
  max_cells: z.number().int().min(1).max(MOST_POINTS).optional().meta(about('most cells; default 1000000')),
});

/** Reads a plan file. Throws InputError with line and column. */
export function parsePlan(text: string, label: string): PlanInput {
  const { contents, value, at } = parseYamlText(text, label);
  if (!isMap(contents)) throw new InputError(`${label}:1:1: a plan is a mapping, e.g. "vary: { … }"`);
  const place = (path: readonly PropertyKey[], atKey = false): string => at(offsetOf(contents, path, atKey));
  const result = planSchema.safeParse(value);
  if (!result.success) {
    const problems = problemsOf(result.error, value);
    const [first] = problems;
    const where = place(first?.path ?? [], first?.atKey ?? false);
    throw new InputError(`${where}: ${describeProblems(problems, 'plan')}`);
  }
  const { vary, set, skip_bad_lines, max_cells, ...same } = result.data;
  const written = new Map(
    Object.keys(vary ?? {}).map((path) => [path, `${place(['vary', path], true)}: vary.${path}`]),
  );
  return {
    ...same,
    written,
    skipBadLines: skip_bad_lines,
    maxCells: max_cells,
    axes:
      vary &&
      Object.entries(vary).map(([path, items]) =>
        makeAxis(path, itemsOf(items), `${place(['vary', path])}: vary.${path}`),
      ),
    set: set && (Array.isArray(set) ? set : Object.entries(set).map(([path, to]) => `${path}=${to}`)),
  };
}

/** A text is a list as on the command line. */
const itemsOf = (items: unknown): readonly unknown[] =>
  Array.isArray(items) ? items : typeof items === 'string' ? items.split(',') : [items];

/** Offset of the deepest node on a path that was written. */
function offsetOf(contents: YamlText['contents'], path: readonly PropertyKey[], atKey: boolean): number {
  let node: unknown = contents;
  let offset = 0;
  for (const [depth, key] of path.entries()) {
    if (isSeq(node)) {
      node = node.items[Number(key)];
    } else if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0];
      node = pair.value;
      if (atKey && depth === path.length - 1) break;
    } else break;
    if (isScalar(node) && node.range) offset = node.range[0];
  }
  return offset;
}

/** What flags say over what a file says: a flag replaces; `--vary` does so path by path, `--set` comes after. */
export function mergePlans(file: PlanInput, flags: PlanInput): PlanInput {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const varied = new Map((file.axes ?? []).map((axis) => [axis.path, axis]));
  const paths = (flags.axes ?? []).map(({ path }) => path);
  const double = paths.find((path, at) => paths.indexOf(path) !== at);
  if (double !== undefined)
    throw new InputError(`--vary ${double}: is given twice; write one list of values`);
  for (const axis of flags.axes ?? []) varied.set(axis.path, axis);
  return {
    ...file,
    ...given,
    axes: [...varied.values()],
    written: new Map([...(file.written ?? []), ...(flags.written ?? [])]),
    set: [...(file.set ?? []), ...(flags.set ?? [])],
  };
}

/** A complete plan. Throws InputError for what is missing or does not go together. */
export function completePlan(input: PlanInput): Plan {
  const { traces = [], systems, axes = [], set = [], warmup, format, skipBadLines } = input;
  if (traces.length === 0)
    throw new InputError('name a trace, on the command line or as traces: in the plan');
  if (new Set(traces).size !== traces.length) throw new InputError('a trace is named twice');
  return {
    traces,
    systems: systems ?? null,
    axes,
    design: designOf(input),
    set,
    warmup: warmup ?? null,
    format: format ?? null,
    skipBadLines: skipBadLines ?? false,
  };
}

function designOf({ design = 'factorial', points, seed }: PlanInput): Design {
  if (design === 'latin-hypercube') {
    if (points === undefined) throw new InputError('--design latin-hypercube needs --points, how many cells');
    return { kind: design, points, seed: seed ?? 1 };
  }
  const other = points !== undefined ? '--points' : seed !== undefined ? '--seed' : null;
  if (other !== null) throw new InputError(`${other} goes with --design latin-hypercube, not with ${design}`);
  return { kind: design };
}
