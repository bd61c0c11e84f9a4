import { setImmediate } from 'node:timers/promises';
import { BY_CPU, type CompiledPricing, compilePricing, pricingColumns } from '../model/pricing/compiled.ts';
import { pairWindows } from '../model/pricing/queueing/pairs/pairs.ts';
import { resolvePrices } from '../model/systems/resolve.ts';
import type { Prices, System } from '../model/systems/schema.ts';
import type { Tally } from '../model/tally.ts';
import { InputError } from '../trace/errors.ts';
import type { TraceSummary } from '../trace/types.ts';
import { withLeaf } from './leaves.ts';
import { countedOutputs, FIRST_PRICED, OUTPUTS } from './outputs.ts';
import type { Leaf } from './types.ts';

/** Many prices on one tally. */

/** The results of some cells of one system: a column for each output. */
export interface Block {
  readonly rows: number;
  /** By output: a value for each row, or one that all rows share. */
  readonly columns: readonly (number | Float64Array)[];
  /** Rows that could not be priced; their outputs are NaN. */
  readonly failures: readonly { readonly row: number; readonly message: string }[];
}

/** Prices that are varied, point by point. */
export interface PricePoints {
  readonly count: number;
  readonly paths: readonly (readonly string[])[];
  /** Value of a path at a point; undefined: the system's own. */
  readonly value: (point: number, path: number) => Leaf | undefined;
}

/** Compiled pricings that are kept: each is about as large as its tally. */
const MOST_COMPILED = 32;

/** Prices one point: its values by path in, all outputs out. Throws InputError where the time does not fit. */
type Pricer = (values: readonly (Leaf | undefined)[], outputs: Float64Array) => void;

/**
 * What depends on the tally alone is done once, here; what depends on how queues are solved (the prices outside
 * `prices`), once for each combination of these.
 */
function createPricer(
  tally: Tally,
  summary: TraceSummary,
  system: System,
  paths: PricePoints['paths'],
): Pricer {
  const compiled = new Map<string, CompiledPricing>();
  const scratch = new Float64Array(pricingColumns(tally.cpus).length);
  const prices: Record<string, unknown> = { ...system.prices };
  const isPlain = paths.map(([section]) => section === 'prices');
  const pricingFor = (values: readonly (Leaf | undefined)[]): CompiledPricing => {
    const key = JSON.stringify(values.filter((_, at) => !isPlain[at]));
    let pricing = compiled.get(key);
    if (pricing === undefined) {
      let changed = system;
      for (const [at, keys] of paths.entries())
        if (!isPlain[at] && values[at] !== undefined) changed = withLeaf(changed, keys, values[at]);
      pricing = compilePricing(tally, changed, { pairs: pairWindows });
      if (compiled.size === MOST_COMPILED) compiled.clear();
      compiled.set(key, pricing);
    }
    return pricing;
  };
  const only = isPlain.every(Boolean) ? pricingFor([]) : null;
  return (values, outputs) => {
    for (const [at, keys] of paths.entries())
      if (isPlain[at]) prices[keys[1]!] = values[at] ?? system.prices[keys[1] as keyof Prices];
    const priced = { ...system, prices: prices as Prices };
    (only ?? pricingFor(values)).evaluate(resolvePrices(priced, summary), scratch);
    outputs.set(scratch.subarray(0, BY_CPU), FIRST_PRICED);
  };
}

export interface PriceOptions {
  readonly signal?: AbortSignal;
  /** Rows done, now and then. */
  readonly progress?: (rows: number) => void;
}

/** How long to price before looking whether somebody wants to interrupt, in ms. */
const STRETCH_MS = 50;

/**
 * Prices a tally at every point. `system` is the one that was replayed, its nodes resolved (`withNodes`).
 * What is wrong with one point is a failure of that row alone.
 */
export async function priceCells(
  tally: Tally,
  summary: TraceSummary,
  system: System,
  points: PricePoints,
  options: PriceOptions = {},
): Promise<Block> {
  const outputs = countedOutputs(tally);
  const pricer = createPricer(tally, summary, system, points.paths);
  const columns = OUTPUTS.map(() => new Float64Array(points.count));
  const failures: { row: number; message: string }[] = [];
  const values: (Leaf | undefined)[] = points.paths.map(() => undefined);
  let looked = Date.now();
  for (let row = 0; row < points.count; row++) {
    if (Date.now() - looked > STRETCH_MS) {
      await setImmediate();
      options.signal?.throwIfAborted();
      options.progress?.(row);
      looked = Date.now();
    }
    for (let path = 0; path < values.length; path++) values[path] = points.value(row, path);
    try {
      pricer(values, outputs);
      for (let at = 0; at < columns.length; at++) columns[at]![row] = outputs[at]!;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      failures.push({ row, message: error.message });
      for (const column of columns) column[row] = Number.NaN;
    }
  }
  return blockOf(columns, failures);
}

/** Rows as they are kept: a column whose rows are all the same as one value. */
export const blockOf = (columns: readonly Float64Array[], failures: Block['failures']): Block => ({
  rows: columns[0]!.length,
  columns: columns.map(shared),
  failures,
});

/** A column whose rows are all the same as one value. */
function shared(column: Float64Array): number | Float64Array {
  const [first = 0] = column;
  for (let row = 1; row < column.length; row++) if (column[row] !== first) return column;
  return first;
}
