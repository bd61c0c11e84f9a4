/**
 * Counts beside the rows of a replay's counters: what a pass counts for all geometries at once, row by row, so that
 * every geometry's own counters can be written into the same rows at the end.
 */
export interface RowCounts {
  /** All counts; whole numbers, exact to 2^53. Replaced when rows are added. */
  values: Float64Array;
  /** Where the current row's counts start. */
  base: number;
  /** Adds so many counts to every row, before any row is selected; where they are from a row's base on. */
  reserve(counts: number): number;
  /** Makes the counts of a row (its place in `Counters.values`) current. */
  select(row: number): void;
  clear(): void;
  /** Visits the rows that have been current, in the order of their first time. */
  each(visit: (row: number, base: number) => void): void;
}

export function createRowCounts(): RowCounts {
  let width = 0;
  const bases = new Map<number, number>();
  let current = -1;
  const rows: RowCounts = {
    values: new Float64Array(1024),
    base: 0,
    reserve: (counts) => {
      width += counts;
      return width - counts;
    },
    select: (row) => {
      if (row === current) return;
      current = row;
      let base = bases.get(row);
      if (base === undefined) {
        base = bases.size * width;
        bases.set(row, base);
        if (base + width > rows.values.length) {
          const longer = new Float64Array(2 * (base + width));
          longer.set(rows.values);
          rows.values = longer;
        }
      }
      rows.base = base;
    },
    clear: () => {
      rows.values.fill(0);
    },
    each: (visit) => {
      for (const [row, base] of bases) visit(row, base);
    },
  };
  return rows;
}
