import type { MulticlassWorkspace } from './multiclass-workspace.ts';

/** How busy stations are, for `multiclass.ts`. */

/** U^(2^n) is what tells saturation from the rest. */
const SATURATION_SQUARINGS = 5;

/**
 * Utilisation of each station, and how much longer than by chance the rest of a service is that an arrival
 * finds. With constant service by chance it is half. But in a closed network a station that is always busy
 * starts the next service at the moment when a customer leaves it, and that customer's return is in step with
 * it: near saturation an arrival finds whole services (only so can utilisation not pass 1), as with
 * exponential ones. The share g of the way there is fitted to simulations of one and four stations with 2 to
 * 64 customers: g₀ = 2.5 U u/(1 + 2 u) with u the mean utilisation by one customer, and U³² close to 1.
 */
export function load(ws: MulticlassWorkspace): void {
  const { classes, stations, population, cycle_ns, utilisation, squares, closing, demand_ns, regularity } =
    ws;
  for (let k = 0; k < stations; k++) {
    utilisation[k] = 0;
    squares[k] = 0;
  }
  for (let c = 0, i = 0; c < classes; c++) {
    const n = population[c]!;
    const rate = cycle_ns[c]! > 0 ? 1 / cycle_ns[c]! : 0;
    for (let k = 0; k < stations; k++, i++) {
      const one = demand_ns[i]! * rate;
      utilisation[k]! += one * n;
      squares[k]! += one * one * n;
    }
  }
  for (let k = 0; k < stations; k++) {
    const all = utilisation[k]!;
    squares[k] = all > 0 ? squares[k]! / all : 0;
  }
  if (regularity === 0) return;
  for (let k = 0; k < stations; k++) {
    const busy = Math.min(utilisation[k]!, 1);
    const u = squares[k]!;
    const near = (2.5 * busy * u) / (1 + 2 * u);
    const g = Math.min(near, 1);
    closing[k] = 1 + regularity * (g + (1 - g) * saturation(busy));
  }
}

/** Next to nothing but near saturation, where it is 1. */
export function saturation(utilisation: number): number {
  let p = Math.min(utilisation, 1);
  for (let i = 0; i < SATURATION_SQUARINGS; i++) p *= p;
  return p;
}
