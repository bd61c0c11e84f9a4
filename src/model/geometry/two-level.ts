/**
 * One pair of L1s and, below it, L2s of all geometries at once. The L2 is not inclusive, so the L1s know nothing of
 * it, and what it sees, their misses and dirty victims, is the same whatever its geometry.
 */
import { C } from '../counters.ts';
import type { WordLayout } from '../hardware/kernel.ts';
import type { Machine } from '../systems/schema.ts';
import type { Hierarchy } from './front.ts';
import { createL1s } from './l1s.ts';
import type { RowCounts } from './rows.ts';
import { createStacks, type Shape, WRITEBACK } from './stacks.ts';

/** `machine`: whose L1s they are, and the L2s' lines. */
export function belowL1s(
  machine: Machine,
  shapes: readonly Shape[],
  layout: WordLayout,
  rows: RowCounts,
): Hierarchy {
  const stacks = createStacks(shapes, rows);
  const l1s = createL1s(machine, stacks, layout, rows);
  return {
    fewestSets: l1s.fewestSets,
    unified: false,
    access: l1s.access,
    accessSpan: l1s.accessSpan,
    write: (values, geometry) => {
      const shape = shapes[geometry]!;
      rows.each((row, base) => {
        for (let kind = 0; kind < 3; kind++) {
          values[row + C.l1i_misses + kind] = rows.values[base + l1s.counts + kind]!;
          values[row + C.l2_fetch_misses + kind] = stacks.misses(shape, base, kind);
        }
        values[row + C.l1_writebacks] = rows.values[base + l1s.counts + 3]!;
        values[row + C.l2_writeback_misses] = stacks.misses(shape, base, WRITEBACK);
        values[row + C.l2_writebacks] = stacks.writebacks(shape, base);
      });
    },
    dirtyLines: (geometry) => ({ l1: l1s.dirtyLines(), l2: stacks.dirtyLines(shapes[geometry]!) }),
  };
}
