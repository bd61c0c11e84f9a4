import { CALIBRATED } from '../model/systems/calibrated.ts';
import { PAPER_VALUES } from '../trace/workloads/paper/values.ts';
import type { Inputs } from './types.ts';

/** Values of all inputs of the reproduction: those of workloads and those of systems, as `npm run calibrate` writes them. */
export const PARAMETERS: Inputs = { ...PAPER_VALUES, ...CALIBRATED };
