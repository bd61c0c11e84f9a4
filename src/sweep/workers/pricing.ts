import type { System } from '../../model/systems/schema.ts';
import type { Tally } from '../../model/tally.ts';
import type { TraceSummary } from '../../trace/types.ts';
import { type Block, blockOf, type PriceOptions, type PricePoints, priceCells } from '../price-cells.ts';
import type { Leaf } from '../types.ts';
import { runThread, sharedSignal } from './thread.ts';

/**
 * Prices on several threads. Points do not know of each other, so each thread has every n-th of them (dear ones, near
 * saturation, lie side by side) and the rows are what one thread finds, in its order.
 */

/** What a thread is to price. */
export interface PricingShare {
  readonly tally: Tally;
  readonly summary: TraceSummary;
  readonly system: System;
  readonly paths: PricePoints['paths'];
  /** By point, by path. */
  readonly values: readonly (readonly (Leaf | undefined)[])[];
}

/** What it says: rows done, now and then; at the end all of them. */
export type FromPricing = { readonly rows: number } | { readonly block: Block };

/**
 * What solving contention takes goes with windows and with CPUs × stations, some 0.1 µs for each window and CPU squared
 * (0.17 on 2 CPUs, 0.08 on 8). Threads, which take a tenth of a second to start, are for what takes half a second or more.
 */
const LEAST_WORK = 5e6;

/** Whether so many points of a tally are worth threads. */
export function worthThreads({ windows, cpus }: Tally, { machine }: System, points: number): boolean {
  return machine.contention !== 'none' && points * windows.length * cpus * cpus >= LEAST_WORK;
}

/** As `priceCells`, on so many threads where it is worth it. `program`: of a thread. */
export function pricingOn(
  count: number,
  program: URL = new URL('./pricing-worker.js', import.meta.url),
  worth: typeof worthThreads = worthThreads,
): typeof priceCells {
  return async (tally, summary, system, points, options = {}) => {
    if (count < 2 || !worth(tally, system, points.count))
      return priceCells(tally, summary, system, points, options);
    options.signal?.throwIfAborted();
    const threads = Math.min(count, points.count);
    const shares = Array.from({ length: threads }, (_, at): PricingShare => {
      const values: (Leaf | undefined)[][] = [];
      for (let point = at; point < points.count; point += threads)
        values.push(points.paths.map((_, path) => points.value(point, path)));
      return { tally, summary, system, paths: points.paths, values };
    });
    const done = shares.map(() => 0);
    // Where one share cannot be priced, nobody needs the others.
    const { signal, end } = sharedSignal(options.signal);
    const blocks = shares.map((share, at) =>
      pricedBy(program, share, {
        signal,
        progress: (rows) => {
          done[at] = rows;
          options.progress?.(done.reduce((sum, rows) => sum + rows, 0));
        },
      }),
    );
    try {
      return woven(await Promise.all(blocks), points.count);
    } finally {
      end();
    }
  };
}

/** A share priced by a thread of its own; what that cannot do is done here, which also says why not. */
async function pricedBy(
  program: URL,
  share: PricingShare,
  options: PriceOptions & { readonly signal: AbortSignal },
): Promise<Block> {
  let block: Block | null = null;
  await runThread(program, share, options.signal, (said) => {
    const message = said as FromPricing;
    if ('block' in message) block = message.block;
    else options.progress?.(message.rows);
  });
  const { tally, summary, system, paths, values } = share;
  return block ?? priceCells(tally, summary, system, pointsIn(paths, values), options);
}

/** Points whose values are listed. */
export const pointsIn = (paths: PricePoints['paths'], values: PricingShare['values']): PricePoints => ({
  count: values.length,
  paths,
  value: (point, path) => values[point]![path],
});

/** Blocks of every n-th row as one. */
function woven(blocks: readonly Block[], rows: number): Block {
  const width = blocks.length;
  const columns = blocks[0]!.columns.map(() => new Float64Array(rows));
  for (const [at, block] of blocks.entries())
    for (const [output, column] of block.columns.entries())
      for (let row = 0; row < block.rows; row++)
        columns[output]![at + row * width] = typeof column === 'number' ? column : column[row]!;
  const failures = blocks.flatMap((block, at) =>
    block.failures.map(({ row, message }) => ({ row: at + row * width, message })),
  );
  return blockOf(
    columns,
    failures.sort((a, b) => a.row - b.row),
  );
}
