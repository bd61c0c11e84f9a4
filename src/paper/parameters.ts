import { PAPER_VALUES } from '../trace/workloads/paper/values.ts';
import type { Inputs } from './types.ts';

/** Values of all inputs of the reproduction. Written by `npm run calibrate`, from their priors: do not edit. */
export const PARAMETERS: Inputs = {
  ...PAPER_VALUES,
  'monitor.machine_lines': 4.3,
  'prices.controller_ns': 125,
  'prices.emulate_cycles': 162,
  'prices.kernel_tlb_cycles': 85,
  'prices.l2tlb_cycles': 12.9,
  'prices.migrate_ns': 24000,
  'prices.refill_cycles': 8.4,
  'prices.tlb_write_cycles': 534.5,
};
