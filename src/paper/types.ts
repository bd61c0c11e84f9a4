/**
 * What flows in the reproduction: inputs → experiments → modelled numbers, beside the published ones. An experiment
 * knows workloads, systems and inputs, and no published number except those that its inputs were calibrated on.
 */

export const EXHIBITS = ['table1', 'table2', 'table3', 'figure5', 'figure6', 'figure7', 'figure8'] as const;
export type Exhibit = (typeof EXHIBITS)[number];

/** Names one number of the evaluation, in the words of `published.csv`. */
export interface NumberKey {
  readonly exhibit: Exhibit;
  readonly workload: string;
  readonly system: string;
  readonly quantity: string;
}

/** A published number: printed, or measured from the figure's artwork. */
export interface PublishedNumber extends NumberKey {
  readonly value: number;
  readonly unit: string;
  readonly provenance: 'printed' | 'artwork';
}

/** What the model gives for one published number, in its unit. */
export interface ModelledNumber extends NumberKey {
  readonly value: number;
}

/**
 * Where an input's value comes from. `measured`: printed in a paper or counted in a recorded trace; `calibrated`:
 * chosen so that named published numbers fit; `assumed`: neither, with the reason in its source.
 */
export type InputRole = 'measured' | 'calibrated' | 'assumed';

/**
 * What an input describes: the monitor (calibrated, if at all, on numbers of systems under Disco), a workload
 * (calibrated on IRIX alone), or the machine and its operating system.
 */
export type InputSide = 'monitor' | 'workload' | 'machine';

/** One row of the ledger without its value. */
export interface InputInfo {
  /** `prices.l2tlb_cycles` and the like are paths of a system; `pmake.…` are of a workload. */
  readonly path: string;
  readonly description: string;
  readonly unit: string;
  readonly source: string;
  readonly role: InputRole;
  readonly side: InputSide;
  /** Calibrated inputs: the published numbers they were fitted to, as `exhibit/workload/system/quantity`. */
  readonly calibratedOn?: readonly string[];
  /**
   * Calibrated inputs that mainly move the one number they are fitted to: its relative change with a relative change
   * of the input. Calibration then corrects them one by one and evaluates no derivatives.
   */
  readonly elasticity?: number;
  /** Where calibration begins, and between which bounds it looks. */
  readonly prior: number;
  readonly range?: readonly [low: number, high: number];
}

/** Values by path. One set serves all experiments. */
export type Inputs = Readonly<Record<string, number>>;

export interface ExperimentOptions {
  readonly inputs: Inputs;
  /** Fraction of the paper's run length that is simulated; bars and rates are per unit of it. */
  readonly scale: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Fraction done, 0 to 1. */
  readonly progress?: (done: number) => void;
}

/** One step of a ladder or waterfall: signed, in the unit of its chart. */
export interface Step {
  readonly name: string;
  readonly value: number;
  /** `total` bars stand on zero, `change` bars on the sum so far. */
  readonly kind: 'total' | 'change';
}

/** What the paper did not separate, from the same runs. */
export interface Decomposition {
  readonly id: string;
  readonly exhibit: Exhibit;
  readonly workload: string;
  /** The question it answers. */
  readonly question: string;
  readonly unit: string;
  readonly steps: readonly Step[];
}

export interface Outcome {
  readonly modelled: readonly ModelledNumber[];
  readonly decompositions: readonly Decomposition[];
  /** What was assumed, and what the model lacks: one sentence each. */
  readonly notes: readonly string[];
}

/** Produces some of the evaluation's numbers from references and events. */
export interface Experiment {
  readonly name: string;
  readonly exhibits: readonly Exhibit[];
  readonly inputs: readonly InputInfo[];
  readonly run: (options: ExperimentOptions) => Promise<Outcome>;
}
