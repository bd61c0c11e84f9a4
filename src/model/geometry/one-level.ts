/** One level of caches, all geometries at once: split L1s, or one unified cache for everything. */
import { C } from '../counters.ts';
import type { WordLayout } from '../hardware/kernel.ts';
import type { Hierarchy } from './front.ts';
import type { RowCounts } from './rows.ts';
import { createStacks, type Shape } from './stacks.ts';

/** L1s without an L2: every miss goes to memory. What one side does is no concern of the other. */
export function splitCaches(
  geometries: readonly { readonly l1i: Shape; readonly l1d: Shape }[],
  layout: WordLayout,
  rows: RowCounts,
): Hierarchy {
  const fetch = createStacks(
    geometries.map(({ l1i }) => l1i),
    rows,
  );
  const data = createStacks(
    geometries.map(({ l1d }) => l1d),
    rows,
  );
  const fetchShift = layout.fetchLineBits - layout.lineBits;
  const dataShift = layout.dataLineBits - layout.lineBits;
  return {
    fewestSets: Math.min(fetch.fewestSets, data.fewestSets),
    unified: false,
    access: (word, line) =>
      (word & 2) !== 0
        ? fetch.access(line >>> fetchShift, 0, 0)
        : data.access(line >>> dataShift, 1 + (word & 1), word & 1),
    accessSpan: (first, firstLine, second, secondLine) => {
      if ((first & 2) !== 0) {
        fetch.defer(firstLine >>> fetchShift, 0);
        fetch.defer(secondLine >>> fetchShift, 0);
        fetch.settle(0);
      } else {
        data.defer(firstLine >>> dataShift, first & 1);
        data.defer(secondLine >>> dataShift, second & 1);
        data.settle(1 + (first & 1));
      }
    },
    write: (values, geometry) => {
      const { l1i, l1d } = geometries[geometry]!;
      rows.each((row, base) => {
        for (let kind = 0; kind < 3; kind++) {
          const misses = kind === 0 ? fetch.misses(l1i, base, 0) : data.misses(l1d, base, kind);
          values[row + C.l1i_misses + kind] = misses;
          values[row + C.l2_fetch_misses + kind] = misses;
        }
        values[row + C.l1_writebacks] = data.writebacks(l1d, base);
      });
    },
    dirtyLines: (geometry) => ({ l1: data.dirtyLines(geometries[geometry]!.l1d), l2: 0 }),
  };
}

/** A unified cache with no L1 above it. Its misses and write-backs are the counters of an L2. */
export function unifiedCaches(shapes: readonly Shape[], rows: RowCounts): Hierarchy {
  const stacks = createStacks(shapes, rows);
  return {
    fewestSets: stacks.fewestSets,
    unified: true,
    access: (word, line) => stacks.access(line, (word & 2) !== 0 ? 0 : 1 + (word & 1), word & 1),
    accessSpan: () => {
      throw new Error('cachegrind’s rule has L1s');
    },
    write: (values, geometry) => {
      const shape = shapes[geometry]!;
      rows.each((row, base) => {
        for (let kind = 0; kind < 3; kind++)
          values[row + C.l2_fetch_misses + kind] = stacks.misses(shape, base, kind);
        values[row + C.l2_writebacks] = stacks.writebacks(shape, base);
      });
    },
    dirtyLines: (geometry) => ({ l1: 0, l2: stacks.dirtyLines(shapes[geometry]!) }),
  };
}
