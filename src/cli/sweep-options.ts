import { parseVary } from '../sweep/axes.ts';
import { DEFAULT_MOST_CELLS } from '../sweep/layout.ts';
import {
  completePlan,
  DESIGNS,
  type DesignKind,
  MOST_POINTS,
  MOST_SEED,
  mergePlans,
  type PlanInput,
  parsePlan,
} from '../sweep/plan.ts';
import type { Shard } from '../sweep/run.ts';
import type { Axis, Plan, Written } from '../sweep/types.ts';
import { InputError } from '../trace/errors.ts';
import { readText } from '../trace/text-file.ts';
import { isWorkloadSpec } from '../trace/workloads/spec.ts';
import { flag, list, single, wholeNumber, words } from './options.ts';

/** What the commands of `vmtax sweep` can be told. */

export interface PlanArguments {
  readonly inputs?: readonly string[];
  readonly vary?: readonly string[];
  readonly systems?: readonly string[];
  readonly set?: readonly string[];
  readonly design?: DesignKind;
  readonly points?: number;
  readonly seed?: number;
  readonly sensitivity?: boolean;
  readonly warmup?: number;
  readonly format?: string;
  readonly 'skip-bad-lines': boolean;
  readonly 'max-cells'?: number;
  readonly 'sample-l2'?: number;
  readonly out?: string;
  readonly workers?: number;
  readonly 'dry-run': boolean;
}

const repeated = {
  type: 'string',
  array: true,
  requiresArg: true,
  coerce: words<readonly string[] | undefined>,
} as const;
export const text = (name: string) => ({ type: 'string', requiresArg: true, coerce: single(name) }) as const;

export const PLAN_OPTIONS = {
  vary: {
    ...repeated,
    describe:
      'path=values: a list, lo..hi+step or lo..hi*factor, e.g. machine.l2.size=256K..8M*2 (or system:path=…); may be repeated',
  },
  systems: {
    ...text('systems'),
    describe: 'presets or YAML files, separated by commas; the first is the baseline',
    coerce: list('systems'),
  },
  set: { ...repeated, describe: 'path=value that all cells share; may be repeated' },
  design: {
    ...text('design'),
    choices: DESIGNS,
    describe: 'which combinations are cells (default factorial: all)',
  },
  points: {
    ...text('points'),
    describe: 'latin-hypercube: how many cells',
    coerce: wholeNumber('points', 1, MOST_POINTS),
  },
  seed: {
    ...text('seed'),
    describe: 'seed of what is drawn at random: latin-hypercube, --sensitivity, --sample-l2 (default 1)',
    coerce: wholeNumber('seed', 0, MOST_SEED),
  },
  warmup: {
    ...text('warmup'),
    describe: 'instructions that build state and are not counted (default: a tenth of the trace)',
    coerce: wholeNumber('warmup', 0),
  },
  format: { ...text('format'), describe: 'trace format (default: found by looking at the bytes)' },
  'skip-bad-lines': {
    type: 'boolean',
    describe: 'text traces: skip and count lines that do not parse',
    coerce: flag('skip-bad-lines'),
  },
  'max-cells': {
    ...text('max-cells'),
    describe: `most cells (default ${DEFAULT_MOST_CELLS})`,
    coerce: wholeNumber('max-cells', 1, MOST_POINTS),
  },
  'dry-run': {
    type: 'boolean',
    describe: 'check the plan, say what it takes, and do no more',
    coerce: flag('dry-run'),
  },
} as const;

export const OUT = {
  ...text('out'),
  describe: 'directory that keeps what is done, so that the same command resumes',
} as const;

export const WORKERS = {
  ...text('workers'),
  coerce: wholeNumber('workers', 1, 256),
  describe: 'threads that replay, beside the one that decodes (default: one thread does all)',
} as const;

export const OUTPUT_OPTIONS = {
  json: { ...text('json'), describe: 'write all rows as JSON (- is standard output)' },
  csv: { ...text('csv'), describe: 'write all rows as CSV' },
  parquet: { ...text('parquet'), describe: 'write all rows as Parquet' },
  html: {
    ...text('html'),
    describe: 'write a page with charts: lines, maps, what was asked beyond the rows',
  },
} as const;

export const INPUTS = {
  type: 'string',
  array: true,
  describe: 'traces as for vmtax run, and at most one plan (a file named .yaml or .yml)',
  coerce: words<readonly string[] | undefined>,
} as const;

export const DIRECTORY = {
  type: 'string',
  demandOption: true,
  describe: 'directory that vmtax sweep plan … --out has made',
  coerce: words<string>,
} as const;

/** `i/n`, from 1. */
export function shardOf(value: unknown): Shard | undefined {
  const written = single('shard')(value);
  if (written === undefined) return undefined;
  const [index, of] = (/^(\d{1,6})\/(\d{1,6})$/.exec(written) ?? []).slice(1).map(Number);
  if (index === undefined || of === undefined || index < 1 || index > of)
    throw new InputError(`--shard ${written}: expected i/n with i from 1 to n, e.g. 3/16`);
  return { index, of };
}

/** The plan that a command line asks for; `more`: axes that it needs besides those that are written. */
export async function planOf(
  args: PlanArguments,
  more: (axes: readonly Axis[]) => readonly Axis[] = () => [],
): Promise<{
  readonly plan: Plan;
  /** The plan files that it was read from: one, or none. */
  readonly files: readonly string[];
  readonly maxCells: number;
  readonly written: Written;
}> {
  const isPlan = (name: string): boolean => /\.ya?ml$/i.test(name) && !isWorkloadSpec(name);
  const inputs = args.inputs ?? [];
  const files = inputs.filter(isPlan);
  const traces = inputs.filter((name) => !isPlan(name));
  if (files.length > 1) throw new InputError(`${files.join(', ')}: one plan is enough`);
  const file: PlanInput = files.length === 0 ? {} : parsePlan(await readText(files[0]!), files[0]!);
  const merged = mergePlans(file, {
    traces: traces.length === 0 ? undefined : traces,
    systems: args.systems,
    axes: args.vary?.map(parseVary),
    written: new Map(args.vary?.map((text) => [parseVary(text).path, `--vary ${text}`])),
    set: args.set,
    design: args.design,
    points: args.points,
    seed: args.seed,
    warmup: args.warmup,
    format: args.format,
    skipBadLines: args['skip-bad-lines'] || undefined,
    maxCells: args['max-cells'],
  });
  // One seed serves all that is random; a design that is not has none.
  const samples = args.sensitivity || args['sample-l2'] !== undefined;
  const seed = samples && merged.design !== 'latin-hypercube' ? file.seed : merged.seed;
  const axes = [...(merged.axes ?? []), ...more(merged.axes ?? [])];
  return {
    plan: completePlan({ ...merged, seed, axes }),
    files,
    maxCells: merged.maxCells ?? DEFAULT_MOST_CELLS,
    written: merged.written ?? new Map(),
  };
}

/** A trace that can be read once only is no trace to come back to. */
export function checkStandardInput({ traces }: Plan, out: string | undefined): void {
  if (out !== undefined && traces.includes('-'))
    throw new InputError('--out: standard input cannot be read again to resume; write the trace to a file');
}
