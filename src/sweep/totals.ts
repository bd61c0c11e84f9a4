import type { Layout } from './laid.ts';
import type { Finished } from './table.ts';

/** One output by trace, system and cell; NaN where there is no result. */
export type ByCell = readonly (readonly Float64Array[])[];

/** Some outputs (indexes into `OUTPUTS`) of all cells, in one pass over the finished units. */
export async function outputsByCell(
  layout: Layout,
  units: AsyncIterable<Finished>,
  outputs: readonly number[],
): Promise<ByCell[]> {
  const found = outputs.map(() =>
    layout.traces.map(({ systems }) =>
      systems.map(() => new Float64Array(layout.cells.count).fill(Number.NaN)),
    ),
  );
  for await (const { unit, block } of units)
    for (const [at, output] of outputs.entries()) {
      const into = found[at]![unit.group.trace]![unit.group.base]!;
      const column = block.columns[output]!;
      for (const [row, cell] of unit.cells.entries())
        into[cell] = typeof column === 'number' ? column : column[row]!;
    }
  return found;
}
