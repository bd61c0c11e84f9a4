import type { Comparison } from '../../../model/result.ts';
import { type Facts, factsOf, factsWithBands, type PriceBand } from '../../facts.ts';
import type { StructureTotals } from '../all-structures.ts';
import { type LiveComparison, liveComparison, reprice } from '../reprice.ts';
import type { Settings } from '../settings.ts';
import { structureComparison } from '../structures.ts';
import { isRun, type RunData, type SweepData } from './comfort.ts';

/** What a page prices at a time: all comparisons of a run, or one structure of a sweep. */
export interface Stage {
  /** The facts of each at some prices. */
  readonly at: (settings: Settings) => Facts[];
  /** The starting point of each: as it is without anything changed in the page. */
  readonly start: readonly Facts[];
  /** Beginnings of the ids of their figures. */
  readonly ids: readonly string[];
  /** Whether contention stays as it is at the start. */
  readonly frozen: boolean;
  /** Index of its trace, of a sweep's. */
  readonly trace: number;
  /** A sweep's structure that is not the one that the page starts with; else null. */
  readonly other: OtherStructure | null;
}

export interface OtherStructure {
  readonly id: string;
  readonly label: string;
  /** That of the starting point, which is of the same trace. */
  readonly start: string;
  /** `path=value`, for `--set`. */
  readonly sets: readonly string[];
}

export interface Stages {
  /** The stage of a structure, by its id; the one that the page starts with, where it does not have that. */
  readonly of: (structure: string) => Stage;
  /** Makes another stage before it is asked for; false: there is none left. */
  readonly prepare: () => boolean;
  /** All structures of a trace at some prices; null: a run's page, or not all have been made. */
  readonly all: (trace: number, settings: Settings) => AllStructures | null;
}

export interface AllStructures {
  /** Of the systems, the baseline first. */
  readonly names: readonly string[];
  readonly totals: readonly StructureTotals[];
  readonly bands: readonly (PriceBand | null)[];
}

/** All stages of a page, each made when it is first asked for. */
export const stagesOf = (data: RunData | SweepData): Stages =>
  isRun(data) ? runStages(data) : sweepStages(data);

const isFrozen = (comparisons: readonly LiveComparison[]): boolean =>
  comparisons.some(({ runs }) => runs.some((run) => run.frozen));

function runStages({ result, carried }: RunData): Stages {
  const comparisons = result.comparisons.map((one, i) => liveComparison(one, carried[i]!));
  const stage: Stage = {
    at: (settings) => comparisons.map((one) => factsOf(reprice(one, settings))),
    start: comparisons.map((one) => factsOf(one.start)),
    ids: comparisons.map((_, i) => `trace-${i + 1}`),
    frozen: isFrozen(comparisons),
    trace: 0,
    other: null,
  };
  return { of: () => stage, prepare: () => false, all: () => null };
}

function sweepStages({ carried }: SweepData): Stages {
  const { traces, structures } = carried;
  const live = structures.map((): LiveComparison | null => null);
  const comparisonAt = (at: number): LiveComparison => {
    live[at] ??= structureComparison(carried, structures[at]!);
    return live[at];
  };
  const placeOf = (id: string): number => structures.findIndex((one) => one.id === id);
  // The page starts with its first trace.
  const first = placeOf(traces[0]!.start);
  const make = (at: number): Stage => {
    const { id, label, sets, trace } = structures[at]!;
    const start = placeOf(traces[trace]!.start);
    const named = (text: string): string =>
      [traces.length > 1 ? traces[trace]!.header.name : '', text].filter((part) => part !== '').join(': ');
    const { bands } = traces[trace]!;
    const comparison = comparisonAt(at);
    return {
      at: (settings) => [factsWithBands(reprice(comparison, settings), bands)],
      start: [factsWithBands(comparisonAt(start).start, bands)],
      ids: ['choice'],
      frozen: isFrozen([comparison]),
      trace,
      other: at === first ? null : { id, label: named(label), start: named(structures[start]!.label), sets },
    };
  };
  const made = structures.map((): Stage | null => null);
  const stageAt = (at: number): Stage => {
    made[at] ??= make(at);
    return made[at];
  };
  return {
    of: (structure) => stageAt(placeOf(structure) < 0 ? first : placeOf(structure)),
    prepare: () => {
      const next = made.indexOf(null);
      if (next >= 0) stageAt(next);
      return next >= 0;
    },
    all: (trace, settings) => {
      if (made.includes(null)) return null;
      const mine = [...structures.keys()].filter((at) => structures[at]!.trace === trace);
      const totals = (of: Comparison): number[] => of.runs.map(({ breakdown }) => breakdown.total_ps);
      return {
        bands: traces[trace]!.bands,
        names: comparisonAt(mine[0]!).start.runs.map(({ name }) => name),
        totals: mine.map((at) => {
          const one = comparisonAt(at);
          return {
            label: structures[at]!.label,
            start: totals(one.start),
            now: totals(reprice(one, settings)),
          };
        }),
      };
    },
  };
}
