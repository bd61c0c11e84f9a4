import { checkWarmup, warmupOf } from '../model/compare.ts';
import { withNodes } from '../model/systems/resolve.ts';
import type { Tally } from '../model/tally.ts';
import type { Trace, TraceSummary } from '../trace/types.ts';
import type { Journal } from './journal.ts';
import type { Layout, Unit } from './laid.ts';
import { concerns } from './leaves.ts';
import { type Block, type PricePoints, priceCells } from './price-cells.ts';
import { type Replayers, replayInGroups } from './replays.ts';

/** Doing the units of a sweep that are not done. */

/** Which of several processes this is, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

export const WHOLE: Shard = { index: 1, of: 1 };

/** What is still to be done: units point by point, none twice, and the structures that they need. */
export interface Work {
  readonly units: readonly Unit[];
  readonly structures: readonly number[];
}

/**
 * The units, none twice, each with its shard of so many. They come point by point, the systems of a point one after the
 * other, so that what one shard has done can be compared. Shards divide structures, so that each is replayed by one of
 * them; where there are fewer structures than shards, they divide the units.
 */
export function sharded(
  { units, structures }: Pick<Layout, 'units' | 'structures'>,
  of: number,
): { readonly unit: Unit; readonly shard: number }[] {
  const unique = new Map<string, Unit>();
  for (const unit of units) if (!unique.has(unit.id)) unique.set(unit.id, unit);
  const ordered = [...unique.values()].sort(
    (a, b) =>
      a.group.trace - b.group.trace || a.cells[0]! - b.cells[0]! || a.group.structure - b.group.structure,
  );
  // A structure that serves several points is at the first of them.
  const places = new Map<number, number>();
  for (const { group } of ordered) if (!places.has(group.structure)) places.set(group.structure, places.size);
  return ordered.map((unit, at) => {
    const [place, all] =
      structures.length >= of ? [places.get(unit.group.structure)!, places.size] : [at, ordered.length];
    return { unit, shard: Math.floor((place * of) / all) + 1 };
  });
}

/** A shard's part of the work, without what the journal has. */
export async function workOf(
  layout: Pick<Layout, 'units' | 'structures'>,
  journal: Pick<Journal, 'done' | 'read'> | null,
  { index, of }: Shard,
): Promise<Work> {
  const names = (await journal?.done()) ?? new Set<string>();
  const left: Unit[] = [];
  for (const { unit, shard } of sharded(layout, of))
    if (shard === index && (!names.has(unit.id) || (await journal!.read(unit.id)) === null)) left.push(unit);
  return { units: left, structures: [...new Set(left.map(({ group }) => group.structure))] };
}

export interface RunOptions {
  /** Opens a trace of the layout; its summary must be known. The run closes it. */
  readonly open: (trace: number) => Promise<Trace>;
  /** Who replays; without: this thread. The results are the same. */
  readonly replayers?: Replayers;
  /** Who prices, e.g. `pricingOn(4)`; without: this thread. The results are the same. */
  readonly price?: typeof priceCells;
  /** Hears of each structure that is replayed, before its units are written. */
  readonly keep?: (structure: number, tally: Tally, summary: TraceSummary) => Promise<void>;
  readonly signal?: AbortSignal;
  /** What is going on, and how much of it is done. */
  readonly progress?: (what: string, done: number, total: number) => void;
}

/**
 * Does the work and writes each unit when it is done. A unit that cannot be done is noted in the journal and leaves the
 * others alone; gives how many. Throws when interrupted, and where the trace or the journal fails.
 */
export async function runWork(
  layout: Layout,
  work: Work,
  journal: Journal,
  options: RunOptions,
): Promise<number> {
  let failed = 0;
  const unitsOf = new Map<number, Unit[]>(work.structures.map((structure) => [structure, []]));
  for (const unit of work.units) unitsOf.get(unit.group.structure)!.push(unit);
  for (const at of layout.traces.keys()) {
    const needed = work.structures.filter((structure) => layout.structures[structure]!.trace === at);
    if (needed.length === 0) continue;
    const trace = await options.open(at);
    try {
      checkWarmup(layout.plan.warmup ?? 0, trace.header, summaryOf(trace));
      for await (const { structure, result } of replayed(layout, trace, needed, options)) {
        if (result.status === 'fulfilled') await options.keep?.(structure, result.value, summaryOf(trace));
        for (const unit of unitsOf.get(structure)!)
          if (!(await finish(layout, unit, trace, result, journal, options))) failed++;
      }
    } finally {
      await trace.close();
    }
  }
  return failed;
}

/** Structures of a trace with their tallies, as they are replayed. */
async function* replayed(
  layout: Layout,
  trace: Trace,
  structures: readonly number[],
  { signal, progress, replayers }: RunOptions,
): AsyncGenerator<{ readonly structure: number; readonly result: PromiseSettledResult<Tally> }> {
  const summary = summaryOf(trace);
  const warmup = warmupOf(layout.plan.warmup, summary);
  const systems = structures.map((structure) => layout.structures[structure]!.system);
  const replays = replayInGroups(
    trace,
    summary,
    systems,
    {
      warmup,
      ...(signal && { signal }),
      progress: (done, total) => progress?.(`replaying ${trace.header.name}`, done, total),
    },
    replayers,
  );
  for await (const { at, result } of replays) yield { structure: structures[at]!, result };
}

/** Prices a unit and writes it, or notes why not; whether it is there. */
async function finish(
  layout: Layout,
  unit: Unit,
  trace: Trace,
  result: PromiseSettledResult<Tally>,
  journal: Journal,
  { signal, progress, price = priceCells }: RunOptions,
): Promise<boolean> {
  if (result.status === 'rejected') {
    await journal.fail(unit.id, messageOf(result.reason));
    return false;
  }
  let block: Block;
  try {
    const system = withNodes(unit.group.system, trace.header);
    const points = pointsOf(layout, unit);
    block = await price(result.value, summaryOf(trace), system, points, {
      ...(signal && { signal }),
      progress: (rows) => progress?.(`pricing ${trace.header.name}`, rows, points.count),
    });
  } catch (error) {
    signal?.throwIfAborted();
    await journal.fail(unit.id, messageOf(error));
    return false;
  }
  await journal.write(unit.id, block);
  return true;
}

function summaryOf(trace: Trace): TraceSummary {
  const summary = trace.summary();
  if (summary === null) throw new Error('a sweep needs a trace whose summary is known');
  return summary;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The prices that are varied in a unit. */
function pointsOf({ axes, cells }: Layout, { group, cells: members }: Unit): PricePoints {
  const prices = axes.flatMap((axis, at) =>
    axis.price && concerns(axis.place, group.system) ? [{ axis, at }] : [],
  );
  return {
    count: members.length,
    paths: prices.map(({ axis }) => axis.place.keys),
    value: (point, path) => {
      const { axis, at } = prices[path]!;
      return axis.values[cells.index[members[point]! * axes.length + at]!];
    },
  };
}
