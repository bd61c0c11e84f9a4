import type { FlowCount, HeldRow, Tally, TallyWindow, WindowWork } from '../../model/tally.ts';

/** A window with columns in place of rows: half the size once compressed. */
export interface PackedWindow {
  readonly instructions: number;
  readonly work: readonly (readonly number[])[];
  readonly flows: readonly (readonly number[])[];
}

/** What a page has of a tally beside the counts in its result. */
export interface CarriedTally {
  /** null: they were left out, as too large for a page. */
  readonly windows: readonly PackedWindow[] | null;
  readonly held: readonly HeldRow[];
}

export function packWindows(windows: readonly TallyWindow[]): PackedWindow[] {
  return windows.map(({ instructions, work, flows }) => ({
    instructions,
    work: turned(work),
    flows: turned(flows),
  }));
}

export function unpackWindows(windows: readonly PackedWindow[]): Tally['windows'] {
  return windows.map(({ instructions, work, flows }) => ({
    instructions,
    work: turned(work) as unknown as WindowWork[],
    flows: turned(flows) as unknown as FlowCount[],
  }));
}

/** Rows as columns, columns as rows. */
function turned(rows: readonly (readonly number[])[]): number[][] {
  const [first = []] = rows;
  return first.map((_, column) => rows.map((row) => row[column]!));
}
