/**
 * What flows in a sweep: Plan → Cells → Rows. A plan names traces, systems and what is varied; a cell is one
 * combination of values on one trace; a row is what one system made of one cell.
 */

/** Value of a leaf of a system: what `--set path=value` takes. `null` where the schema has "none". */
export type Leaf = string | number | boolean | null;

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
  /** Presets or files; the first is the baseline. Null: those that `vmtax run` compares. */
  readonly systems: readonly string[] | null;
  readonly axes: readonly Axis[];
  readonly design: Design;
  /** `path=value` that all cells share. */
  readonly set: readonly string[];
  /** Instructions that build state and are not counted; null: a tenth of the trace. */
  readonly warmup: number | null;
  /** Format of the traces; null: found by looking at the bytes. */
  readonly format: string | null;
  readonly skipBadLines: boolean;
}

/** One combination of values. `id` is a hash of the trace's identity, the resolved systems and the values. */
export interface Cell {
  readonly id: string;
  readonly trace: string;
  /** By path of the axis; an axis that the design leaves alone in this cell is not there. */
  readonly values: Readonly<Record<string, Leaf>>;
}

/** One system in one cell. All times in picoseconds, whole numbers. */
export interface Row {
  readonly cell: string;
  readonly trace: string;
  readonly system: string;
  /** What the system has at each varied path (without `system:`); null where it has no such field. */
  readonly values: Readonly<Record<string, Leaf>>;
  readonly instructions: number;
  readonly total_ps: number;
  /** Time of the whole machine: the longest CPU's, where CPUs differ. */
  readonly elapsed_ps: number;
  /** By category (`category.user`) and cause (`cause.tlb_refill`), in picoseconds; counts (`count.l2_misses`). */
  readonly outputs: Readonly<Record<string, number>>;
}

/** One system in a cell that could not be run, and why. */
export interface Failure {
  readonly cell: string;
  readonly trace: string;
  readonly system: string;
  /** As in `Cell`. */
  readonly values: Readonly<Record<string, Leaf>>;
  readonly message: string;
}

export interface SweepResult {
  readonly schema: 'vmtax.sweep/1';
  readonly plan: Plan;
  readonly rows: readonly Row[];
  readonly failures: readonly Failure[];
}

/** How axes were written, by path: `--vary path=1M,2M`, or where in a file; for messages. */
export type Written = ReadonlyMap<string, string>;
