import { multiprocessorExperiment } from './multiprocessor/experiment.ts';
import { numaExperiment, tlbBoundExperiment } from './numa/experiment.ts';
import type { Experiment } from './types.ts';
import { uniprocessorExperiment } from './uniprocessor/experiment.ts';

/** All experiments. Each number of the evaluation comes from exactly one of them. */
export const EXPERIMENTS: readonly Experiment[] = [
  uniprocessorExperiment,
  tlbBoundExperiment,
  multiprocessorExperiment,
  numaExperiment,
];

/**
 * Fraction of the paper's run lengths that is simulated unless asked otherwise: all of it then takes less than a
 * minute on two cores.
 */
export const DEFAULT_SCALE = 0.02;

export const DEFAULT_SEED = 1;
