/**
 * What flows in a sweep: Plan → Cells → Rows. A plan names traces, systems and what is varied; a cell is one
 * combination of values on one trace; a row is what one system made of one cell.
 */

/** Value of a leaf of a system: what `--set path=value` takes. */
export type Leaf = string | number | boolean;

/** A leaf that is varied; `path` may be restricted to one system (`system:path`). */
export interface Axis {
  readonly path: string;
  readonly values: readonly Leaf[];
}

export type Design =
  | { readonly kind: 'factorial' }
  | { readonly kind: 'one-at-a-time' }
  | { readonly kind: 'latin-hypercube'; readonly points: number; readonly seed: number };

/** Everything that decides a sweep's results. */
export interface Plan {
  /** Traces as the command line names them. */
  readonly traces: readonly string[];
  /** Presets or files; the first is the baseline. */
  readonly systems: readonly string[];
  readonly axes: readonly Axis[];
  readonly design: Design;
  /** `path=value` that all cells share. */
  readonly set: readonly string[];
  readonly warmup: number | null;
}

/** One combination of values. `id` is a hash of the trace's identity, the resolved systems and the values. */
export interface Cell {
  readonly id: string;
  readonly trace: string;
  readonly values: Readonly<Record<string, Leaf>>;
}

/** One system in one cell. All times in picoseconds, whole numbers. */
export interface Row {
  readonly cell: string;
  readonly trace: string;
  readonly system: string;
  readonly values: Readonly<Record<string, Leaf>>;
  readonly instructions: number;
  readonly total_ps: number;
  /** Time of the whole machine: the longest CPU's, where CPUs differ. */
  readonly elapsed_ps: number;
  /** By category, and by cause (`cause.tlb_refill`), in picoseconds; counts as the tally has them. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** A cell that could not be run, and why. */
export interface Failure {
  readonly cell: string;
  readonly message: string;
}

export interface SweepResult {
  readonly schema: 'vmtax.sweep/1';
  readonly plan: Plan;
  readonly rows: readonly Row[];
  readonly failures: readonly Failure[];
}
