import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkWarmup } from '../model/compare.ts';
import { baselineFirst } from '../model/run.ts';
import { applyOverrides, parseOverride, presetSystem } from '../model/systems/load.ts';
import { defaultSystems } from '../model/systems/presets.ts';
import type { System } from '../model/systems/schema.ts';
import { analysisText } from '../report/sweep/text.ts';
import type { SweepView } from '../report/sweep/view.ts';
import { cleanText } from '../report/words.ts';
import type { AnalysisRequest } from '../sweep/analysis.ts';
import { sweepCsv } from '../sweep/csv.ts';
import { journalPath, type StoredPlan } from '../sweep/directory.ts';
import { announce, inWords, timeOf } from '../sweep/estimate.ts';
import { traceIdentity } from '../sweep/identity.ts';
import { type Journal, openJournal } from '../sweep/journal.ts';
import { sweepJson } from '../sweep/json.ts';
import { countedOffers, keeper } from '../sweep/kept.ts';
import type { Layout, SweepTrace } from '../sweep/laid.ts';
import { layOut } from '../sweep/layout.ts';
import { modelIdentity } from '../sweep/model-identity.ts';
import { TOTAL } from '../sweep/outputs.ts';
import { checkReplay } from '../sweep/replays.ts';
import { runWork, type Work } from '../sweep/run.ts';
import { failedCells } from '../sweep/sweep.ts';
import { finishedUnits } from '../sweep/table.ts';
import { outputsByCell } from '../sweep/totals.ts';
import { typed } from '../sweep/typed.ts';
import type { Failure, Plan, Written } from '../sweep/types.ts';
import { pricingOn } from '../sweep/workers/pricing.ts';
import { createReplayers } from '../sweep/workers/replayers.ts';
import { tracesIn } from '../trace/compose/spec.ts';
import { InputError } from '../trace/errors.ts';
import { openTrace } from '../trace/formats/registry.ts';
import { ingest } from '../trace/ingest.ts';
import type { Trace } from '../trace/types.ts';
import { version } from '../version.ts';
import type { CommandContext } from './context.ts';
import { print, writeOutput } from './output.ts';
import { commandLine } from './programs.ts';
import { readSystem } from './run.ts';
import { type Asked, runAnalysis } from './sweep-analysis.ts';
import { recordsOf, structureSeconds, withTimeLeft } from './sweep-structure.ts';
import { sweepText } from './sweep-text.ts';

/** What the commands of `vmtax sweep` have in common: prepare, run, write. */

const TOOL = { name: 'vmtax', version: version() };

/** A sweep that is known to be possible, its traces open. */
export interface Prepared {
  readonly layout: Layout;
  readonly stored: StoredPlan;
  readonly traces: readonly Trace[];
  readonly close: () => Promise<void>;
}

/**
 * Opens the traces, reads the systems and lays the plan out. `stored`: as it was planned before. `written`: how its axes
 * were written.
 */
export async function prepare(
  plan: Plan,
  maxCells: number,
  context: CommandContext,
  stored: StoredPlan | null = null,
  written: Written = new Map(),
): Promise<Prepared> {
  const { signal } = context;
  const model = await modelIdentity();
  if (stored !== null && stored.model !== model)
    throw new InputError(
      `the sweep was planned with another model (${cleanText(String(stored.model))}) than that of this vmtax (${model}), which may count or price otherwise: plan again`,
    );
  // What is asked for by name is checked before any trace is opened.
  const named =
    plan.systems === null || stored !== null ? null : await Promise.all(plan.systems.map(readSystem));
  const shared = (systems: readonly System[]): System[] =>
    baselineFirst(applyOverrides(systems, plan.set.map(parseOverride)), null);
  const asked = named && shared(named);
  const traces: Trace[] = [];
  const close = async (): Promise<void> => {
    for (const trace of traces) await trace.close();
  };
  try {
    const known: SweepTrace[] = [];
    for (const [at, name] of plan.traces.entries()) {
      const trace = await openTrace(name, {
        ...(plan.format === null ? {} : { format: plan.format }),
        skipBadLines: plan.skipBadLines,
        signal,
        progress: (done, total) => context.progress.update(`reading ${name}`, done, total),
      });
      traces.push(trace);
      // Of what is known to be a trace: whoever names another directory does not wait until all of it is read.
      const identity = name === '-' ? name : await traceIdentity(name, plan, signal);
      const before = stored?.traces[at];
      if (before !== undefined && before.identity !== identity)
        throw new InputError(`${name}: is not the trace that the sweep was planned for; plan again`);
      const { header } = trace;
      const summary = trace.summary();
      if (summary !== null) checkWarmup(plan.warmup ?? 0, header, summary);
      const systems =
        before?.systems ??
        asked ??
        shared(defaultSystems(header.level).map((preset) => presetSystem(preset)));
      known.push({ name, identity, header, systems });
    }
    const layout = await layOut(plan, known, {
      mostCells: maxCells,
      model,
      written,
      // Whoever planned it has checked it.
      check: stored === null ? checkReplay : async () => {},
      signal,
      progress: (done, total) => context.progress.update('checking', done, total),
    });
    return {
      layout,
      stored: stored ?? {
        schema: 'vmtax.sweep-plan/1',
        model,
        plan,
        maxCells,
        traces: known.map(({ name, identity, systems }) => ({ name, identity, systems })),
      },
      traces,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Files of rows that a sweep writes. */
const ROW_FILES = ['json', 'csv', 'parquet'] as const;

/** Says what will be done, and written where that follows at once. */
export function say(
  { layout, traces }: Pick<Prepared, 'layout' | 'traces'>,
  work: Work,
  context: CommandContext,
  outputs: Outputs = {},
): void {
  context.progress.clear();
  const files = ROW_FILES.filter((file) => outputs[file] !== undefined);
  process.stderr.write(`sweep: ${cleanText(announce(layout, work, recordsOf(traces), files))}\n`);
}

const NOTHING_ASKED: AnalysisRequest = { breakEven: [], sensitivity: null };

/**
 * Does what is left of a shard's part, with so many threads; not told how many, this one replays and all CPUs price.
 * `keep`: what a page offers to be priced anew. `request`: what comes after it, whose time is said with its own.
 */
export async function carryOut(
  { layout, traces }: Prepared,
  work: Work,
  journal: Journal,
  {
    workers,
    keep,
    request = NOTHING_ASKED,
  }: { readonly workers: number | undefined; readonly keep: boolean; readonly request?: AnalysisRequest },
  { signal, progress }: CommandContext,
): Promise<void> {
  let timed = withTimeLeft();
  const threads = workers === undefined || workers === 1 ? null : createReplayers(workers);
  const done = runWork(layout, work, journal, {
    ...(threads && { replayers: threads }),
    price: pricingOn(workers ?? availableParallelism()),
    ...(keep && { keep: keeper(layout, journal.directory) }),
    open: async (at) => {
      // Each trace is replayed from its beginning.
      timed = withTimeLeft();
      const given = traces[at]!;
      const known = given.summary() !== null;
      const trace = await ingest(given, { signal });
      if (!known) {
        const records = traces.map((_, i) => (i === at ? trace.summary()!.records : 0));
        const { name } = layout.traces[at]!;
        progress.clear();
        const time = timeOf(layout, ofTrace(layout, work, at), records);
        const after = structureSeconds(layout, at, request, records[at]!);
        process.stderr.write(
          `sweep: ${cleanText(name)}: ${time}${after === 0 ? '' : `; ${inWords(after)} for structure of --sensitivity`}\n`,
        );
      }
      return trace;
    },
    signal,
    // Pricing tells how far it is with one of many.
    progress: (what, done, total) =>
      progress.update(what.startsWith('replaying') ? timed(what, done, total) : what, done, total),
  });
  await done.finally(() => threads?.close());
  progress.clear();
}

/** The part of the work that one trace has. */
function ofTrace({ structures }: Layout, work: Work, trace: number): Work {
  return {
    units: work.units.filter(({ group }) => group.trace === trace),
    structures: work.structures.filter((at) => structures[at]!.trace === trace),
  };
}

/** Where results go. */
export interface Outputs {
  readonly json?: string | undefined;
  readonly csv?: string | undefined;
  readonly parquet?: string | undefined;
  readonly html?: string | undefined;
}

/**
 * Answers what is asked beyond the rows, writes the results that there are and a table for people; gives the cells
 * without results. `workers`: threads that price samples, by default as many as there are CPUs.
 */
export async function writeResults(
  layout: Layout,
  journal: Journal,
  { json, csv, parquet, html }: Outputs,
  { request, pareto }: Asked,
  workers: number | undefined,
  context: CommandContext,
): Promise<Failure[]> {
  const { signal } = context;
  const threads = { replays: workers ?? 1, samples: workers ?? availableParallelism() };
  const failed = await failedCells(layout, journal);
  const units = () => finishedUnits(layout, journal, signal);
  const [totals, ...both] = await outputsByCell(layout, units(), [TOTAL, ...(pareto?.outputs ?? [])]);
  const analysis = await runAnalysis(layout, request, totals!, threads, context);
  const more = {
    ...(request.breakEven.length > 0 && { break_even: analysis.breakEven }),
    ...(request.sensitivity !== null && { sensitivity: analysis.sensitivity }),
  };
  const view: SweepView = {
    layout,
    totals: totals!,
    pareto: pareto && { keys: pareto.keys, values: [both[0]!, both[1]!] },
    analysis,
    offers: html === undefined ? [] : await countedOffers(layout, journal.directory),
    failed: failed.length,
  };
  // Made before anything is written.
  const page = html === undefined ? null : await renderPage(view);
  if (json !== undefined) await writeOutput(json, sweepJson(layout, units(), { tool: TOOL, failed, more }));
  if (csv !== undefined) await writeOutput(csv, sweepCsv(layout, units()));
  if (parquet !== undefined) {
    const { sweepParquet } = await import('../sweep/parquet.ts');
    await writeOutput(parquet, sweepParquet(layout, units(), { tool: TOOL }));
  }
  if (html !== undefined && page !== null) await writeOutput(html, page);
  const paths = [json, csv, parquet, html];
  if (!paths.includes('-')) {
    const alone = paths.every((path) => path === undefined);
    await print(sweepText(layout, totals!, alone) + analysisText(analysis, layout.traces.length));
    for (const path of paths) if (path !== undefined) await print(`wrote ${cleanText(path)}\n`);
  }
  return failed;
}

/** Vega is loaded for a page alone: it costs more start-up time than everything else together. */
async function renderPage(view: SweepView): Promise<string> {
  const { renderSweepPage } = await import('../report/sweep/page.ts');
  return renderSweepPage(view, {
    tool: TOOL,
    commandLine: commandLine(),
  });
}

/** Most failures that are said one by one. */
const MOST_SAID = 10;

/** Says which cells have no result, on standard error. */
export function complain(failed: readonly Failure[], context: CommandContext): void {
  if (failed.length === 0) return;
  context.progress.clear();
  const lines = failed.slice(0, MOST_SAID).map(({ trace, system, values, message }) => {
    const said = Object.entries(values).map(([path, value]) => `${path}=${typed(value, path)}`);
    return `  ${trace}, ${[system, ...said].join(', ')}: ${message}`;
  });
  const more = failed.length - lines.length;
  if (more > 0) lines.push(`  and ${more} more`);
  const text = [`vmtax: no result for ${failed.length} ${failed.length === 1 ? 'row' : 'rows'}:`, ...lines];
  process.stderr.write(`${text.map(cleanText).join('\n')}\n`);
}

/** The journal of a directory, or (null) one in the temporary directory, which `remove` takes away. */
export async function journalIn(
  directory: string | null,
): Promise<{ readonly journal: Journal; readonly remove: () => Promise<void> }> {
  if (directory !== null)
    return { journal: await openJournal(journalPath(directory), true), remove: async () => {} };
  const temporary = await mkdtemp(join(tmpdir(), 'vmtax-sweep-'));
  return {
    journal: await openJournal(temporary, false),
    remove: () => rm(temporary, { recursive: true, force: true }),
  };
}

/** Files that a plan reads, which no output may replace. */
export const filesOf = ({ traces, systems }: Plan): readonly string[] => [
  ...traces.flatMap(tracesIn),
  ...(systems ?? []),
];
