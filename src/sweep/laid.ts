import type { System } from '../model/systems/schema.ts';
import type { TraceHeader } from '../trace/types.ts';
import type { Combinations } from './design.ts';
import type { Place } from './leaves.ts';
import type { Leaf, Plan } from './types.ts';

/** A plan on its traces, laid out: which cells there are, which structures have to be replayed, and units of work. */

/** A trace of a sweep, as it is known before it is read. */
export interface SweepTrace {
  readonly name: string;
  /** Of its content: see `traceIdentity`. */
  readonly identity: string;
  readonly header: TraceHeader;
  /** The systems with what all cells share; the first is the baseline. */
  readonly systems: readonly System[];
}

/** An axis with its values as the schema reads them. */
export interface LaidAxis {
  readonly path: string;
  readonly place: Place;
  readonly price: boolean;
  readonly values: readonly Leaf[];
}

/** One replay. */
export interface Structure {
  readonly trace: number;
  readonly system: System;
}

/** One system on one trace in all cells that have the same values of the structural axes. */
export interface Group {
  readonly trace: number;
  /** Index into the trace's systems. */
  readonly base: number;
  /** The system with these values. */
  readonly system: System;
  /** Index into the layout's structures. */
  readonly structure: number;
}

/** What is priced, written and skipped as a whole: some cells of a group. */
export interface Unit {
  /** Hash of everything that decides the result; units with the same one have the same result. */
  readonly id: string;
  readonly group: Group;
  readonly cells: Int32Array;
}

export interface Layout {
  readonly plan: Plan;
  readonly traces: readonly SweepTrace[];
  readonly axes: readonly LaidAxis[];
  /** The same cells on each trace. */
  readonly cells: Combinations;
  readonly structures: readonly Structure[];
  /** In the order of the results: by trace, system, values of the structural axes, values of the prices. */
  readonly units: readonly Unit[];
  /** Id of a cell on a trace. */
  readonly cellId: (trace: number, cell: number) => string;
}
