import { MISPRINTS } from '../../../src/paper/published.ts';
import { type ReproduceOptions, reproduce } from '../../../src/paper/reproduce.ts';
import type { Experiment } from '../../../src/paper/types.ts';
import type { ReproductionResult } from '../../../src/report/reproduction/schema.ts';
import { wholeEvaluation } from '../../paper/fixture.ts';

/** A made-up reproduction, as the command line would write it. */
export async function resultOf(
  options: Partial<ReproduceOptions> = {},
  experiments: readonly Experiment[] = wholeEvaluation(),
): Promise<ReproductionResult> {
  const parameters = { 'monitor.call': 0.5, 'monitor.factor': 1.03, 'pmake.idle': 31 };
  return {
    schema: 'vmtax.reproduction/1',
    tool: { name: 'vmtax', version: '0' },
    ...(await reproduce(experiments, { parameters, scale: 0.1, seed: 1, ...options })),
    misprints: MISPRINTS,
  };
}
