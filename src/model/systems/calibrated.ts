/** Settings of systems that were fitted to the paper, by path. Written by `npm run calibrate`: do not edit. */
export const CALIBRATED: Readonly<Record<string, number>> = {
  'monitor.machine_lines': 6.032,
  'prices.controller_ns': 123.5,
  'prices.emulate_cycles': 162.8,
  'prices.kernel_tlb_cycles': 92.88,
  'prices.l2tlb_cycles': 17.12,
  'prices.migrate_ns': 22960,
  'prices.refill_cycles': 8.433,
  'prices.tlb_write_cycles': 397.2,
};
