/** Settings of systems that were fitted to the paper, by path. Written by `npm run calibrate`: do not edit. */
export const CALIBRATED: Readonly<Record<string, number>> = {
  'monitor.machine_lines': 6.169,
  'prices.controller_ns': 124.7,
  'prices.emulate_cycles': 162.4,
  'prices.kernel_tlb_cycles': 90.32,
  'prices.l2tlb_cycles': 18.48,
  'prices.migrate_ns': 24400,
  'prices.refill_cycles': 8.886,
  'prices.tlb_write_cycles': 396.8,
};
