import { warmupOf } from '../model/compare.ts';
import { resolvePrices, systemFor, withNodes } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import type { Tally } from '../model/tally.ts';
import type { Trace, TraceHeader, TraceSummary } from '../trace/types.ts';
import { type BreakEvenRequest, type FoundBreakEven, findCrossings, systemsToReplay } from './crossings.ts';
import type { Layout } from './laid.ts';
import { type Replayers, replayInGroups } from './replays.ts';
import { sampleCost, samplesFor } from './sample-cost.ts';
import type { Sampler } from './samples.ts';
import { structureKey } from './structure.ts';
import { type Measured, measure, movedInputs, structureEffects } from './structure-effects.ts';
import { endsOf, NO_STRUCTURE, type StructureInputs, structureInputs } from './structure-inputs.ts';
import type { ByCell } from './totals.ts';
import { type MonteCarlo, monteCarlo, type SystemTornado, tornado } from './uncertainty.ts';
import { rangesOf, type UncertainSystem } from './uncertainty-ranges.ts';

/**
 * Questions to a sweep beyond its rows: where systems cost the same, and how sure their difference is. They need
 * tallies, which a sweep does not keep: what they ask about is replayed once more.
 */

export interface AnalysisRequest {
  readonly breakEven: readonly BreakEvenRequest[];
  /**
   * Null: not asked for. `samples` null: as many as are affordable. `pricesOnly`: inputs that are structure are not moved,
   * which takes no replays.
   */
  readonly sensitivity: {
    readonly samples: number | null;
    readonly seed: number;
    readonly pricesOnly?: boolean;
  } | null;
}

/** How sure the differences of the systems as they are (what `--set` says included) are on one trace. */
export interface Sensitivity {
  readonly trace: string;
  readonly tornado: readonly SystemTornado[];
  readonly monteCarlo: MonteCarlo;
  /**
   * Structure that is not certain but has no other value within its range, and what could not be replayed elsewhere. Not
   * there, as `exact`: only prices were moved.
   */
  readonly fixed?: readonly string[];
  /** Structure that was measured: sizes and counts that are exact, and not moved. */
  readonly exact?: readonly string[];
}

export interface Analysis {
  readonly breakEven: readonly FoundBreakEven[];
  /** By trace, without those on which a system cannot be replayed; empty: not asked for. */
  readonly sensitivity: readonly Sensitivity[];
}

export const NO_ANALYSIS: Analysis = { breakEven: [], sensitivity: [] };

export interface AnalysisOptions {
  /** Opens a trace of the layout, its summary known; it is closed here. */
  readonly open: (trace: number) => Promise<Trace>;
  /** Totals in picoseconds. */
  readonly totals: ByCell;
  readonly signal?: AbortSignal;
  readonly progress?: (what: string, done: number, total: number) => void;
  /** Who replays, e.g. `createReplayers(4)`, which whoever makes it closes; without: this thread. */
  readonly replayers?: Replayers;
  /** Who prices samples, e.g. `samplingOn(4)`; without: this thread. */
  readonly sampler?: Sampler;
  /** Hears before they are priced how many samples there will be on a trace, and what they take of one core, in µs. */
  readonly announce?: (trace: string, samples: number, cost_us: number) => void;
}

/** Whether a request needs tallies, and so the traces again. */
export const needsReplays = (layout: Layout, request: AnalysisRequest): boolean =>
  request.sensitivity !== null ||
  request.breakEven.some((one) => layout.traces.some((_, at) => systemsToReplay(layout, at, one).length > 0));

/** Answers all that is asked, trace by trace. Throws InputError, or what a replay throws. */
export async function analyse(
  layout: Layout,
  request: AnalysisRequest,
  options: AnalysisOptions,
): Promise<Analysis> {
  const breakEven: FoundBreakEven[] = [];
  const sensitivity: Sensitivity[] = [];
  for (const [at, { name, systems }] of layout.traces.entries()) {
    const trace = await options.open(at);
    try {
      const summary = trace.summary();
      if (summary === null) throw new Error('an analysis needs a trace whose summary is known');
      const asked = request.breakEven.flatMap((one) => systemsToReplay(layout, at, one).flat());
      const structure = structureOf(request, systems, trace.header);
      if (request.sensitivity !== null) asked.push(...systems);
      const placed = (given: System, tally: Tally): UncertainSystem => {
        const system = withNodes(given, trace.header);
        return { name: system.name, tally, prices: resolvePrices(system, summary), system };
      };
      const ends = new Map<System, Measured>();
      const tallyOf = await talliesOf(layout, trace, summary, asked, options, {
        systems: endsOf(structure),
        hear: (system, tally) => ends.set(system, measure(placed(system, tally))),
      });
      const inputs = { ...options, trace, summary, warmup: layout.plan.warmup, tallyOf };
      for (const one of request.breakEven) breakEven.push(...(await findCrossings(layout, at, one, inputs)));
      if (request.sensitivity === null) continue;
      if (systems.some((system) => tallyOf(system) === null)) continue;
      const { samples, seed, pricesOnly = false } = request.sensitivity;
      const uncertain = systems.map((system) => placed(system, tallyOf(system)!));
      const ranges = rangesOf(uncertain);
      const effects = structureEffects(uncertain, structure, (system) => ends.get(system) ?? null);
      const moved = movedInputs(uncertain, structure, effects);
      const bars = tornado(uncertain, ranges, effects);
      const count = samples ?? samplesFor(uncertain);
      options.announce?.(name, count, sampleCost(uncertain) * count);
      sensitivity.push({
        trace: name,
        tornado: pricesOnly ? bars : bars.map((bar, i) => ({ ...bar, structure: moved[i]! })),
        monteCarlo: await monteCarlo(uncertain, ranges, {
          samples: count,
          seed,
          ...(!pricesOnly && { structure: effects }),
          progress: (done) => options.progress?.('samples', done, count),
          ...(options.sampler && { sampler: options.sampler }),
          ...(options.signal && { signal: options.signal }),
        }),
        ...(!pricesOnly && {
          fixed: [...structure.fixed, ...failedInputs(structure, (system) => ends.has(system))],
          exact: structure.exact,
        }),
      });
    } finally {
      await trace.close();
    }
  }
  return { breakEven, sensitivity };
}

/** Structure that a request moves on a trace. */
export const structureOf = (
  { sensitivity }: AnalysisRequest,
  systems: readonly System[],
  header: TraceHeader,
): StructureInputs =>
  sensitivity === null || sensitivity.pricesOnly === true ? NO_STRUCTURE : structureInputs(systems, header);

/** Inputs of which an end could not be replayed. */
const failedInputs = ({ moved }: StructureInputs, replayed: (system: System) => boolean): string[] =>
  moved.flatMap(({ range, ends }) =>
    ends.some((end) => end !== null && !(replayed(end.low) && replayed(end.high))) ? [range.path] : [],
  );

/** Systems whose tallies are looked at as they come, and not kept: there are many, and they are large. */
interface Passing {
  readonly systems: readonly System[];
  readonly hear: (system: System, tally: Tally) => void;
}

/** Replays the distinct structures of some systems; gives the tally of each system, null where its replay fails. */
async function talliesOf(
  layout: Layout,
  trace: Trace,
  summary: TraceSummary,
  systems: readonly System[],
  { signal, progress, replayers }: AnalysisOptions,
  passing: Passing,
): Promise<(system: System) => Tally | null> {
  const keyOf = (system: System): string => structureKey(systemFor(system, trace.header));
  const kept = new Set(systems.map(keyOf));
  const passingBy = new Map<string, Set<System>>();
  for (const system of passing.systems) {
    const key = keyOf(system);
    passingBy.set(key, (passingBy.get(key) ?? new Set()).add(system));
  }
  const distinct = [
    ...new Map([...systems, ...passing.systems].map((system) => [keyOf(system), system])).values(),
  ];
  const replays = replayInGroups(
    trace,
    summary,
    distinct,
    {
      warmup: warmupOf(layout.plan.warmup, summary),
      ...(signal && { signal }),
      progress: (done, total) => progress?.(`replaying ${trace.header.name} again`, done, total),
    },
    replayers,
  );
  const tallies = new Map<string, Tally>();
  for await (const { at, result } of replays) {
    if (result.status !== 'fulfilled') continue;
    const key = keyOf(distinct[at]!);
    if (kept.has(key)) tallies.set(key, result.value);
    for (const system of passingBy.get(key) ?? []) passing.hear(system, result.value);
  }
  return (system) => tallies.get(keyOf(system)) ?? null;
}
