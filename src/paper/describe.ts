import type { InputInfo } from './types.ts';

/** How experiments describe inputs of their workloads. */

/** An input that is neither printed nor fitted; `source` says why it has its value. */
export const assumed = (
  path: string,
  unit: string,
  description: string,
  prior: number,
  source: string,
): InputInfo => ({ path, description, unit, source, role: 'assumed', side: 'workload', prior });

/** What a workload does, fitted to published numbers; `elasticity` as in `InputInfo`. */
export const fitted = (
  path: string,
  unit: string,
  description: string,
  prior: number,
  range: readonly [number, number],
  calibratedOn: readonly string[],
  elasticity = 1,
  source = 'fitted to IRIX on the bare machine',
): InputInfo => ({
  path,
  description,
  unit,
  source,
  role: 'calibrated',
  side: 'workload',
  calibratedOn,
  elasticity,
  prior,
  range,
});
