import { PAPER_VALUES } from '../trace/workloads/paper/values.ts';
import type { Inputs } from './types.ts';

/** Values of all inputs of the reproduction. Written by `npm run calibrate`, from their priors: do not edit. */
export const PARAMETERS: Inputs = {
  ...PAPER_VALUES,
};
