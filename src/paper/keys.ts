import type { NumberKey } from './types.ts';

/** A number's name in one word, `exhibit/workload/system/quantity`, as ledgers and `calibratedOn` write it. */
export const numberId = ({ exhibit, workload, system, quantity }: NumberKey): string =>
  `${exhibit}/${workload}/${system}/${quantity}`;

/** The part of a quantity before its first dot: a service in Table 2, a kind of footprint in Figure 6; or none. */
export function groupOf({ quantity }: NumberKey): string {
  const dot = quantity.indexOf('.');
  return dot < 0 ? '' : quantity.slice(0, dot);
}

/** What is left of a quantity without its group: `kernel_execution`, `total`. */
export function partOf({ quantity }: NumberKey): string {
  return quantity.slice(quantity.indexOf('.') + 1);
}
