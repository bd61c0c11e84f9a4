import type { Experiment } from '../types.ts';
import { createFigure5 } from './figure5.ts';
import { createFigure8 } from './figure8.ts';
import { NUMA_INPUTS, TLB_BOUND_INPUTS } from './inputs.ts';

/**
 * Engineering, raytrace and database on one CPU (Figure 5, Table 1). Apart from Figure 8, so that fitting one does not
 * run the other.
 */
export const tlbBoundExperiment: Experiment = {
  name: 'engineering, raytrace and database on one CPU',
  exhibits: ['table1', 'figure5'],
  inputs: TLB_BOUND_INPUTS,
  run: createFigure5(),
};

/** Engineering on 8 CPUs and raytrace on 16 (Figure 8, Table 3). */
export const numaExperiment: Experiment = {
  name: 'engineering on 8 CPUs, raytrace on 16',
  exhibits: ['table3', 'figure8'],
  inputs: NUMA_INPUTS,
  run: createFigure8(),
};
