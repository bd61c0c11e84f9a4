import { warmupOf } from '../model/compare.ts';
import { sampleL2 } from '../model/geometry/shards.ts';
import { withNodes } from '../model/systems/resolve.ts';
import { InputError } from '../trace/errors.ts';
import type { Trace } from '../trace/types.ts';
import type { Group, Layout } from './laid.ts';

/**
 * A sweep of L2 sizes by a sample of the lines (SHARDS, docs/one-pass.md): how many references miss in each, with a 95 %
 * bound. These rows have no times: an estimate is no tally, and is not priced.
 */

const PATH = 'machine.l2.size';

/** What is sampled, and how. */
export interface Sampling {
  /** Part of all lines that is followed, above 0, at most 1. */
  readonly rate: number;
  /** Which lines these are. */
  readonly seed: number;
}

/** The L2 of one system in one cell. The three of a count and of a ratio are the estimate and the ends of its bound. */
export interface SampledRow {
  readonly cell: string;
  readonly trace: string;
  readonly system: string;
  readonly size: number;
  /** Of the L2 by fetches, loads and stores: an exact count. */
  readonly accesses: number;
  readonly misses: readonly [number, number, number];
  readonly ratio: readonly [number, number, number];
  readonly sampledAccesses: number;
  readonly sampledLines: number;
}

/** Throws InputError where something else than the sizes of L2s is varied, which no sample serves. */
export function checkSampled({ axes }: Layout): void {
  const other = axes.find(({ place }) => place.path !== PATH);
  if (other !== undefined)
    throw new InputError(
      `--sample-l2: ${other.path} cannot be sampled, only ${PATH} can (${
        other.price ? 'an estimate is not priced' : 'L1s and TLBs have too few lines, all else takes replays'
      }); sweep without --sample-l2`,
    );
}

export interface SampledOptions {
  /** Opens a trace of the layout, its summary known; it is closed here. */
  readonly open: (trace: number) => Promise<Trace>;
  readonly signal?: AbortSignal;
  readonly progress?: (what: string, done: number, total: number) => void;
}

/**
 * Samples all sizes of each system in one pass over the trace. Throws InputError for a system that cannot be sampled
 * (`sampleL2` says why), and what a replay throws.
 */
export async function sampledRows(
  layout: Layout,
  sampling: Sampling,
  { open, signal, progress }: SampledOptions,
): Promise<SampledRow[]> {
  checkSampled(layout);
  const rows: SampledRow[] = [];
  for (const [at, { name, systems }] of layout.traces.entries()) {
    const trace = await open(at);
    try {
      const summary = trace.summary();
      if (summary === null) throw new Error('a sample needs a trace whose summary is known');
      for (const base of systems.keys()) {
        const units = layout.units.filter(({ group }) => group.trace === at && group.base === base);
        const system = withNodes(units[0]!.group.system, trace.header);
        const request = { path: PATH, sizes: units.map(({ group }) => sizeOf(group)), ...sampling };
        const sample = await sampleL2(trace, summary, system, request, {
          warmup: warmupOf(layout.plan.warmup, summary),
          ...(signal && { signal }),
          progress: (done) => progress?.(`sampling ${name}, ${system.name}`, done, summary.records),
        });
        for (const [i, { cells }] of units.entries()) {
          const { size, missRatio, low, high } = sample.estimates[i]!;
          const ratio = [missRatio, low, high] as const;
          for (const cell of cells)
            rows.push({
              cell: layout.cellId(at, cell),
              trace: name,
              system: system.name,
              size,
              accesses: sample.accesses,
              misses: ratio.map((share) => share * sample.accesses) as [number, number, number],
              ratio,
              sampledAccesses: sample.sampledAccesses,
              sampledLines: sample.sampledLines,
            });
        }
      }
    } finally {
      await trace.close();
    }
  }
  return rows;
}

/** 0 where there is no L2, which is refused by name. */
const sizeOf = ({ system }: Group): number => system.machine.l2?.size ?? 0;
