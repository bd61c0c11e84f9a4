import { cleanText } from '../report/words.ts';
import {
  type Analysis,
  type AnalysisRequest,
  analyse,
  NO_ANALYSIS,
  needsReplays,
} from '../sweep/analysis.ts';
import { makeAxis } from '../sweep/axes.ts';
import { type BreakEvenRequest, checkBreakEven, isContinuous } from '../sweep/crossings.ts';
import { inWords } from '../sweep/estimate.ts';
import type { Layout } from '../sweep/laid.ts';
import { OUTPUTS } from '../sweep/outputs.ts';
import { MOST_SEED } from '../sweep/plan.ts';
import { AFFORDABLE_SECONDS, SAMPLES } from '../sweep/sample-cost.ts';
import type { ByCell } from '../sweep/totals.ts';
import type { Axis, Plan } from '../sweep/types.ts';
import { LEAST_SAMPLES } from '../sweep/uncertainty.ts';
import { createReplayers } from '../sweep/workers/replayers.ts';
import { samplingOn } from '../sweep/workers/sampling.ts';
import { InputError } from '../trace/errors.ts';
import { openTrace } from '../trace/formats/registry.ts';
import { ingest } from '../trace/ingest.ts';
import type { CommandContext } from './context.ts';
import { flag, list, wholeNumber, words } from './options.ts';
import { withTimeLeft } from './sweep-structure.ts';

/** What `vmtax sweep` can be asked beyond its rows: `--break-even`, `--sensitivity`. */

export interface AnalysisArguments {
  readonly 'break-even'?: readonly string[];
  readonly sensitivity: boolean;
  readonly pareto?: readonly string[];
  readonly html?: string | undefined;
  readonly samples?: number;
  readonly seed?: number;
  readonly 'prices-only'?: boolean;
}

export const ANALYSIS_OPTIONS = {
  'break-even': {
    type: 'string',
    array: true,
    requiresArg: true,
    coerce: words<readonly string[] | undefined>,
    describe:
      'path or path=lo..hi: every value at which a system costs the same as the baseline; may be repeated',
  },
  sensitivity: {
    type: 'boolean',
    describe: 'which inputs the systems rest on, and how sure their difference is (tornado, Monte Carlo)',
    coerce: flag('sensitivity'),
  },
  'prices-only': {
    type: 'boolean',
    describe: '--sensitivity: leave out inputs that are structure, each of which takes two replays',
    coerce: flag('prices-only'),
  },
  pareto: {
    type: 'string',
    requiresArg: true,
    describe: '--html: two outputs, e.g. total,count.pages_migrated, and who is beaten by no other in both',
    coerce: list('pareto'),
  },
  samples: {
    type: 'string',
    requiresArg: true,
    describe: `--sensitivity: joint samples (default ${SAMPLES.toLocaleString('en')}, fewer where that would take over ${AFFORDABLE_SECONDS / 60} minutes of one core)`,
    coerce: wholeNumber('samples', LEAST_SAMPLES, 100_000_000),
  },
} as const;

export const ANALYSIS_SEED = {
  type: 'string',
  requiresArg: true,
  describe: '--sensitivity: seed of its samples (default 1)',
  coerce: wholeNumber('seed', 0, MOST_SEED),
} as const;

/** What is asked for besides rows. */
export interface Asked {
  readonly request: AnalysisRequest;
  /** Two outputs for the page, also as indexes into `OUTPUTS`. */
  readonly pareto: {
    readonly keys: readonly [string, string];
    readonly outputs: readonly [number, number];
  } | null;
}

/** What the flags ask for. Throws InputError. */
export function askedFor(args: AnalysisArguments): Asked {
  if (args.samples !== undefined && !args.sensitivity)
    throw new InputError('--samples goes with --sensitivity');
  if (args['prices-only'] === true && !args.sensitivity)
    throw new InputError('--prices-only goes with --sensitivity');
  const breakEven = (args['break-even'] ?? []).map(parseBreakEven);
  const paths = breakEven.map(({ path }) => path);
  const double = paths.find((path, at) => paths.indexOf(path) !== at);
  if (double !== undefined) throw new InputError(`--break-even ${double}: is given twice`);
  const sensitivity = args.sensitivity
    ? { samples: args.samples ?? null, seed: args.seed ?? 1, pricesOnly: args['prices-only'] === true }
    : null;
  return { request: { breakEven, sensitivity }, pareto: paretoOf(args) };
}

function paretoOf({ pareto, html }: AnalysisArguments): Asked['pareto'] {
  if (pareto === undefined) return null;
  if (html === undefined) throw new InputError('--pareto is a part of the page: name one with --html');
  const outputs = pareto.map((key) =>
    OUTPUTS.findIndex((output) => [output.key, `${output.key}_ps`].includes(key)),
  );
  const [a, b] = outputs;
  if (a === undefined || b === undefined || outputs.length > 2 || a === b)
    throw new InputError(`--pareto ${pareto.join(',')}: expected two outputs, e.g. total,count.l2_misses`);
  const unknown = outputs.indexOf(-1);
  if (unknown >= 0) {
    const known = OUTPUTS.map(({ key }) => key).join(', ');
    throw new InputError(`--pareto ${pareto[unknown]}: no such output; there are ${known}`);
  }
  return { keys: [OUTPUTS[a]!.key, OUTPUTS[b]!.key], outputs: [a, b] };
}

/** `path`, `path=lo..hi`, or either of one system: `disco:path`. */
export function parseBreakEven(text: string): BreakEvenRequest {
  const match = /^((?:[\w./-]+:)?[\w.-]+)(?:=(.+?)\.\.(.+))?$/.exec(text);
  if (match === null)
    throw new InputError(
      `--break-even ${text}: expected path or path=lo..hi, e.g. prices.remote_ns=100..2000`,
    );
  const [, path, low, high] = match;
  if (low === undefined) return { path: path!, low: null, high: null };
  const { values } = makeAxis(path!, [low], `--break-even ${text}`);
  const end = makeAxis(path!, [high], `--break-even ${text}`).values[0];
  const start = values[0];
  if (typeof start !== 'number' || typeof end !== 'number' || values.length > 1)
    throw new InputError(`--break-even ${text}: expected numbers for lo and hi`);
  if (start >= end) throw new InputError(`--break-even ${text}: the range is empty`);
  return { path: path!, low: start, high: end };
}

/** Points of an axis that is there for a break-even alone. */
const STEPS = 32;

/** Prices with a range that the plan does not vary are varied, in equal steps: a break-even needs no `--vary` beside it. */
export function axesFor({ breakEven }: AnalysisRequest, axes: readonly Axis[]): Axis[] {
  const [bare] = breakEven.filter(({ low }) => low === null);
  if (bare !== undefined && axes.length === 0)
    throw new InputError(
      isContinuous(bare.path)
        ? `--break-even ${bare.path}: give a range, ${bare.path}=lo..hi, or vary it with --vary`
        : `--break-even ${bare.path}: vary it, too: --vary ${bare.path}=… with two values or more`,
    );
  return breakEven.flatMap(({ path, low, high }) => {
    if (low === null || high === null || !(low < high) || !isContinuous(path)) return [];
    if (axes.some((axis) => axis.path === path)) return [];
    const values = Array.from({ length: STEPS + 1 }, (_, i) =>
      i === STEPS ? high : Number((low + (i * (high - low)) / STEPS).toPrecision(12)),
    );
    return [{ path, values: [...new Set(values)] }];
  });
}

/** Jobs of a cluster gather rows; whatever is asked of them is for afterwards. Throws InputError. */
export function checkRowsAlone({ request }: Asked, html: string | undefined): void {
  const first =
    request.breakEven.length > 0
      ? '--break-even'
      : request.sensitivity !== null
        ? '--sensitivity'
        : html !== undefined
          ? '--html'
          : null;
  if (first !== null)
    throw new InputError(
      `${first}: jobs of a cluster gather rows alone; ask vmtax sweep gather DIR afterwards`,
    );
}

/** Checks what can be checked before anything is replayed. */
export function checkRequest(layout: Layout, request: AnalysisRequest): void {
  for (const one of request.breakEven) checkBreakEven(layout, one);
  if (needsReplays(layout, request) && layout.plan.traces.includes('-'))
    throw new InputError(
      `${request.sensitivity === null ? '--break-even' : '--sensitivity'}: standard input cannot be read again; write the trace to a file`,
    );
}

/** What takes less is not announced, in µs of one core. */
const SHORT_US = 5e6;

/**
 * How many samples there will be, how long they take, and how to ask for another number. `asked`: how many were, or
 * null. Null: they are as many as always, and take no time worth a word.
 */
export function samplesLine(samples: number, asked: number | null, cost_us: number): string | null {
  const fewer = asked === null && samples < SAMPLES;
  if (cost_us < SHORT_US && !fewer) return null;
  const all = inWords((cost_us * SAMPLES) / samples / 1e6);
  return [
    `${samples.toLocaleString('en')} joint samples, ${inWords(cost_us / 1e6)} of one core`,
    ...(fewer ? [`fewer than ${SAMPLES.toLocaleString('en')}, which would take ${all}`] : []),
    ...(asked === null ? [`--samples n takes ${fewer ? 'as many as you like' : 'fewer'}`] : []),
  ].join('; ');
}

/** Who does the work of an analysis. */
export interface Workers {
  /** Threads that replay; one: this. */
  readonly replays: number;
  /** Threads that price samples. */
  readonly samples: number;
}

/** Answers what is asked of a sweep whose rows are there. */
export async function runAnalysis(
  layout: Layout,
  request: AnalysisRequest,
  totals: ByCell,
  workers: Workers,
  { signal, progress }: CommandContext,
): Promise<Analysis> {
  if (request.breakEven.length === 0 && request.sensitivity === null) return NO_ANALYSIS;
  const threads = workers.replays > 1 ? createReplayers(workers.replays) : null;
  const said = withTimeLeft();
  const analysis = await analyse(layout, request, {
    ...(threads && { replayers: threads }),
    open: async (at) =>
      ingest(await openTrace(layout.traces[at]!.name, openOptions(layout.plan, signal)), { signal }),
    totals,
    signal,
    progress: (what, done, total) => progress.update(said(what, done, total), done, total),
    sampler: samplingOn(workers.samples),
    announce: (trace, samples, cost_us) => {
      const line = samplesLine(samples, request.sensitivity?.samples ?? null, cost_us);
      if (line === null) return;
      progress.clear();
      process.stderr.write(`sweep: ${cleanText(trace)}: ${line}\n`);
    },
  }).finally(() => threads?.close());
  progress.clear();
  return analysis;
}

const openOptions = ({ format, skipBadLines }: Plan, signal: AbortSignal) => ({
  ...(format === null ? {} : { format }),
  skipBadLines,
  signal,
});
