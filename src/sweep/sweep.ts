import { applyOverrides, parseOverride } from '../model/systems/load.ts';
import type { System } from '../model/systems/schema.ts';
import type { Trace } from '../trace/types.ts';
import { type Analysis, type AnalysisRequest, analyse, NO_ANALYSIS } from './analysis.ts';
import { checkBreakEven } from './crossings.ts';
import { shortHash } from './ids.ts';
import type { Journal } from './journal.ts';
import type { Layout } from './laid.ts';
import { DEFAULT_MOST_CELLS, layOut } from './layout.ts';
import { TOTAL } from './outputs.ts';
import type { Block, priceCells } from './price-cells.ts';
import { checkReplay, type Replayers } from './replays.ts';
import { runWork, WHOLE, workOf } from './run.ts';
import type { Sampler } from './samples.ts';
import { collectRows, failureOf, failuresOf, finishedUnits } from './table.ts';
import { outputsByCell } from './totals.ts';
import type { Failure, Plan, SweepResult } from './types.ts';

export interface SweepOptions {
  readonly maxCells?: number;
  /** What is asked beyond the rows: where systems cost the same, and how sure their difference is. */
  readonly ask?: Partial<AnalysisRequest>;
  /** Who replays, e.g. `createReplayers(4)`, which whoever makes it closes; without: this thread. */
  readonly replayers?: Replayers;
  /** Who prices, e.g. `pricingOn(4)`; without: this thread. */
  readonly price?: typeof priceCells;
  /** Who prices samples, e.g. `samplingOn(4)`; without: this thread. */
  readonly sampler?: Sampler;
  readonly signal?: AbortSignal;
  readonly progress?: (what: string, done: number, total: number) => void;
}

/**
 * A sweep of one trace (its summary must be known) that is kept in memory: for programs. `plan.traces` names the
 * trace; `plan.systems` is not looked at. Throws InputError for an impossible plan or question.
 */
export async function sweepTrace(
  trace: Trace,
  systems: readonly System[],
  plan: Plan,
  options: SweepOptions = {},
): Promise<SweepResult & { readonly analysis: Analysis }> {
  const signal = options.signal && { signal: options.signal };
  const name = plan.traces[0] ?? trace.header.name;
  const shared = applyOverrides(systems, plan.set.map(parseOverride));
  const identity = shortHash(JSON.stringify(trace.header));
  const layout = await layOut(plan, [{ name, identity, header: trace.header, systems: shared }], {
    mostCells: options.maxCells ?? DEFAULT_MOST_CELLS,
    model: '',
    check: checkReplay,
    ...signal,
  });
  const request: AnalysisRequest = { breakEven: [], sensitivity: null, ...options.ask };
  for (const one of request.breakEven) checkBreakEven(layout, one);
  const journal = memoryJournal();
  // Whoever gave the trace closes it.
  const open = async (): Promise<Trace> => ({ ...trace, close: async () => {} });
  await runWork(layout, await workOf(layout, journal, WHOLE), journal, {
    open,
    ...signal,
    ...(options.replayers && { replayers: options.replayers }),
    ...(options.price && { price: options.price }),
    ...(options.progress && { progress: options.progress }),
  });
  const nothing = request.breakEven.length === 0 && request.sensitivity === null;
  const [totals] = await outputsByCell(layout, finishedUnits(layout, journal), [TOTAL]);
  const analysis = nothing
    ? NO_ANALYSIS
    : await analyse(layout, request, {
        open,
        totals: totals!,
        ...signal,
        ...(options.replayers && { replayers: options.replayers }),
        ...(options.sampler && { sampler: options.sampler }),
        ...(options.progress && { progress: options.progress }),
      });
  return {
    schema: 'vmtax.sweep/1',
    plan,
    rows: await collectRows(layout, finishedUnits(layout, journal)),
    failures: await failedCells(layout, journal),
    analysis,
  };
}

/** All cells that have no result, and why: those of units that failed, and single prices. */
export async function failedCells(
  layout: Layout,
  journal: Pick<Journal, 'read' | 'failure' | 'done'>,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const written = await journal.done();
  for (const unit of layout.units) {
    const block = await journal.read(unit.id);
    if (block !== null) failures.push(...failuresOf(layout, unit, block));
    else {
      const message =
        (await journal.failure(unit.id)) ??
        (written.has(unit.id) ? 'its result is damaged' : 'has not been run');
      for (const row of unit.cells.keys()) failures.push(failureOf(layout, unit, row, message));
    }
  }
  return failures;
}

function memoryJournal(): Journal {
  const blocks = new Map<string, Block>();
  const failures = new Map<string, string>();
  return {
    directory: '',
    done: async () => new Set(blocks.keys()),
    write: async (id, block) => void blocks.set(id, block),
    read: async (id) => blocks.get(id) ?? null,
    fail: async (id, message) => void failures.set(id, message),
    failure: async (id) => failures.get(id) ?? null,
    sweepUp: async () => {},
  };
}
