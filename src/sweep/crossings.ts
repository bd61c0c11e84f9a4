import { compilePricing, TOTAL } from '../model/pricing/compiled.ts';
import { pairWindows } from '../model/pricing/queueing/pairs/pairs.ts';
import { compareSystems } from '../model/run.ts';
import { applyOverrides, parseOverride } from '../model/systems/load.ts';
import { resolvePrices, withNodes } from '../model/systems/resolve.ts';
import type { Prices, System } from '../model/systems/schema.ts';
import type { Tally } from '../model/tally.ts';
import { InputError } from '../trace/errors.ts';
import type { Trace, TraceSummary } from '../trace/types.ts';
import { breakEven, breakEvenOfList, type Crossing } from './break-even.ts';
import type { LaidAxis, Layout } from './laid.ts';
import { concerns, type Place, placeOf, withLeaf } from './leaves.ts';
import { type Combination, combinationsOf, groupsOf, systemsIn } from './rest.ts';
import type { ByCell } from './totals.ts';
import type { Leaf } from './types.ts';

/**
 * Break-even in a sweep: where two systems cost the same while one leaf moves and the other axes stay. Of a price every
 * value in a range is tried (`break-even.ts`) and each crossing is confirmed by runs on both of its sides; of anything
 * else the listed values are all there is, and each has been replayed as a cell.
 */

/** What is asked for: a path (or `system:path`), and a range unless the sweep varies it. */
export interface BreakEvenRequest {
  readonly path: string;
  readonly low: number | null;
  readonly high: number | null;
}

/** A value, and the system’s total less the baseline’s there. */
export interface Side {
  readonly at: Leaf;
  readonly difference_ps: number;
}

export interface FoundCrossing {
  /** Null: between two entries of a list there is no value. */
  readonly at: number | null;
  readonly before: Side;
  readonly after: Side;
}

/** Two systems on one trace, with one combination of the other axes. */
export interface FoundBreakEven {
  readonly trace: string;
  readonly path: string;
  readonly kind: 'price' | 'list';
  readonly baseline: string;
  readonly system: string;
  /** Values of the other axes; those that the design leaves alone are not there. */
  readonly others: Readonly<Record<string, Leaf>>;
  /** The ends of the range, with the difference there. */
  readonly low: Side;
  readonly high: Side;
  readonly crossings: readonly FoundCrossing[];
  /** Stretches (or points) without a difference around which the order does not change. */
  readonly equal: readonly { readonly from: Leaf; readonly to: Leaf }[];
  /** A value at which the totals differ (of a system that does not cross the baseline: on which side it is); null: none was found. */
  readonly apart: Side | null;
  /** Points of the scan, or entries of the list. */
  readonly points: number;
}

/** Most combinations of the other axes: each is a search of its own, for each system. */
const MOST_COMBINATIONS = 64;

/** Whether every value of the leaf can be asked for, not only those of a list. */
export const isContinuous = (path: string): boolean => placeOf({ path }).path.startsWith('prices.');

/** Checks a request before anything is replayed. Throws InputError. */
export function checkBreakEven(layout: Layout, request: BreakEvenRequest): void {
  const { path } = request;
  const where = `--break-even ${path}`;
  const place = placeOf(request);
  const axis = layout.axes.find((one) => one.path === path);
  for (const { systems } of layout.traces) {
    if (systems.length < 2) throw new InputError(`${where}: needs two systems, name them with --systems a,b`);
    if (!systems.some((system) => concerns(place, system)))
      throw new InputError(`${where}: no system of this sweep has such a field`);
  }
  if (!isContinuous(path)) {
    if (request.low !== null)
      throw new InputError(
        `${where}: a range is for prices; list the values to replay with --vary ${path}=…`,
      );
    if (axis === undefined || axis.values.length < 2)
      throw new InputError(`${where}: vary it, too: --vary ${path}=… with two values or more`);
  } else {
    const { low, high } = rangeOf(axis, request);
    const other = layout.axes.find((one) => one !== axis && one.place.path === place.path);
    if (other !== undefined) throw new InputError(`${where}: is varied as ${other.path}; ask for that`);
    // Between the ends any number has to do.
    for (const { systems } of layout.traces)
      for (const value of [low, high, low + (high - low) / Math.E])
        applyOverrides(systems, [
          { ...parseOverride(`${path}=null`), value, text: `${path}=${value} (--break-even)` },
        ]);
  }
  const count = combinationsOf(layout, axis).length;
  if (count > MOST_COMBINATIONS)
    throw new InputError(
      `${where}: ${count.toLocaleString('en')} combinations of the other axes are more than ${MOST_COMBINATIONS}: vary less`,
    );
}

/** The range that was asked for, or that the axis covers. */
function rangeOf(
  axis: LaidAxis | undefined,
  { path, low, high }: BreakEvenRequest,
): { readonly low: number; readonly high: number } {
  const where = `--break-even ${path}`;
  if (low !== null && high !== null) {
    if (!(low >= 0 && low < high)) throw new InputError(`${where}=${low}..${high}: the range is empty`);
    return { low, high };
  }
  const values = (axis?.values ?? []).filter((value) => typeof value === 'number');
  if (values.length < 2)
    throw new InputError(`${where}: give a range, ${path}=lo..hi, or vary it with --vary`);
  return {
    low: values.reduce((a, b) => Math.min(a, b)),
    high: values.reduce((a, b) => Math.max(a, b)),
  };
}

/** The systems that a request about a price needs tallies of: one list of all systems for each combination. */
export function systemsToReplay(layout: Layout, trace: number, request: BreakEvenRequest): System[][] {
  if (!isContinuous(request.path)) return [];
  const axis = layout.axes.find((one) => one.path === request.path);
  const groups = groupsOf(layout, trace);
  const place = placeOf(request);
  return combinationsOf(layout, axis).map(({ cell }) => systemsIn(layout, trace, cell, groups, place));
}

export interface CrossingInputs {
  readonly trace: Trace;
  readonly summary: TraceSummary;
  readonly warmup: number | null;
  /** The tally of a system that `systemsToReplay` named; null: its replay fails, as that of its cells did. */
  readonly tallyOf: (system: System) => Tally | null;
  /** Totals in picoseconds. */
  readonly totals: ByCell;
  readonly signal?: AbortSignal;
  readonly progress?: (what: string, done: number, total: number) => void;
}

/**
 * All break-evens of a trace: of each system but the baseline, for each combination of the other axes in which both can
 * be replayed.
 */
export async function findCrossings(
  layout: Layout,
  at: number,
  request: BreakEvenRequest,
  inputs: CrossingInputs,
): Promise<FoundBreakEven[]> {
  const axis = layout.axes.find((one) => one.path === request.path);
  const combinations = combinationsOf(layout, axis);
  if (!isContinuous(request.path))
    return combinations.flatMap((one) => listCrossings(layout, at, axis!, one, inputs.totals));
  const found: FoundBreakEven[] = [];
  const lists = systemsToReplay(layout, at, request);
  for (const [i, systems] of lists.entries())
    for (const system of systems.slice(1)) {
      inputs.signal?.throwIfAborted();
      const pair = [systems[0]!, system] as const;
      if (pair.some((one) => inputs.tallyOf(one) === null)) continue;
      const name = { trace: layout.traces[at]!.name, others: combinations[i]!.others };
      found.push({ ...name, ...(await priceCrossings(pair, rangeOf(axis, request), request, inputs)) });
      inputs.progress?.('break-even', found.length, lists.length * (systems.length - 1));
    }
  return found;
}

/** A system with a price set, where that concerns it. */
function priced(place: Place, system: System, value: number): System {
  return concerns(place, system) ? withLeaf(system, place.keys, value) : system;
}

async function priceCrossings(
  pair: readonly [System, System],
  { low, high }: { readonly low: number; readonly high: number },
  request: BreakEvenRequest,
  inputs: CrossingInputs,
): Promise<Omit<FoundBreakEven, 'trace' | 'others'>> {
  const place = placeOf(request);
  const name = place.keys[1] as keyof Prices;
  const totals = pair.map((given) => {
    const system = withNodes(given, inputs.trace.header);
    const compiled = compilePricing(inputs.tallyOf(given)!, system, { pairs: pairWindows });
    const columns = new Float64Array(compiled.columns.length);
    const moves = concerns(place, system);
    return (value: number): number => {
      const prices = moves ? { ...system.prices, [name]: value } : system.prices;
      compiled.evaluate(resolvePrices({ ...system, prices }, inputs.summary), columns);
      return columns[TOTAL]!;
    };
  });
  const difference = (value: number): number => totals[1]!(value) - totals[0]!(value);
  const side = (value: number): Side => ({ at: value, difference_ps: difference(value) });
  const { crossings, equal, spacing } = breakEven(difference, low, high);
  for (const crossing of crossings) await confirm(place, pair, crossing, inputs);
  return {
    path: request.path,
    kind: 'price',
    baseline: pair[0].name,
    system: pair[1].name,
    low: side(low),
    high: side(high),
    crossings: crossings.map(({ at, before, after }) => ({
      at,
      before: { at: before.at, difference_ps: before.difference },
      after: { at: after.at, difference_ps: after.difference },
    })),
    equal,
    apart: apartOf([low, high, ...gaps(equal)].map(side)),
    points: Math.round((high - low) / spacing) + 1,
  };
}

const apartOf = (sides: readonly Side[]): Side | null =>
  sides.find(({ difference_ps }) => difference_ps !== 0) ?? null;

/** A value between each two neighbouring stretches. */
const gaps = (stretches: readonly { readonly from: number; readonly to: number }[]): number[] =>
  stretches.slice(1).map(({ from }, i) => stretches[i]!.to + (from - stretches[i]!.to) / 2);

/** Runs both systems on both sides of a crossing, as `vmtax run` does. Throws where a run says anything else. */
async function confirm(
  place: Place,
  pair: readonly [System, System],
  { before, after }: Crossing,
  { trace, warmup, signal }: CrossingInputs,
): Promise<void> {
  const systems = [before, after].flatMap(({ at }, side) =>
    pair.map((system, i): System => ({ ...priced(place, system, at), name: `${system.name} ${side}${i}` })),
  );
  const options = { warmup, baseline: null, seeds: 1, ...(signal && { signal }) };
  const { runs } = await compareSystems(trace, systems, options);
  const totals = runs.map(({ breakdown }) => breakdown.total_ps);
  if (totals[1]! - totals[0]! !== before.difference || totals[3]! - totals[2]! !== after.difference)
    throw new Error(`a run at ${place.path}=${before.at} or ${after.at} does not confirm the break-even`);
}

/** Of a list: where neighbours (failed cells left out) change the order. */
function listCrossings(
  layout: Layout,
  at: number,
  axis: LaidAxis,
  { cells, others }: Combination,
  totals: ByCell,
): FoundBreakEven[] {
  const { name, systems } = layout.traces[at]!;
  const [base, ...rest] = totals[at]!;
  return rest.flatMap((mine, i): FoundBreakEven[] => {
    const system = systems[i + 1]!;
    const sides = axis.values.flatMap((value, index): Side[] => {
      const found = cells.get(index);
      const difference_ps = found === undefined ? Number.NaN : mine[found]! - base![found]!;
      return Number.isFinite(difference_ps) ? [{ at: value, difference_ps }] : [];
    });
    // In whatever order numbers are listed, they flip along their size.
    if (sides.every(({ at: value }) => typeof value === 'number'))
      sides.sort((one, other) => (one.at as number) - (other.at as number));
    if (sides.length < 2) return [];
    const { crossings, equal } = breakEvenOfList(sides.map(({ difference_ps }) => difference_ps));
    return [
      {
        trace: name,
        path: axis.path,
        kind: 'list',
        baseline: systems[0]!.name,
        system: system.name,
        others,
        low: sides[0]!,
        high: sides.at(-1)!,
        crossings: crossings.map(({ before, after }) => ({
          at: null,
          before: sides[before]!,
          after: sides[after]!,
        })),
        equal: equal.map(({ before, after }) => ({ from: sides[before]!.at, to: sides[after]!.at })),
        apart: apartOf(sides),
        points: sides.length,
      },
    ];
  });
}
