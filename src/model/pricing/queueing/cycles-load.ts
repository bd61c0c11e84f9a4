import {
  CELL_WIDTH,
  type Cells,
  type CycleWorkspace,
  POSTED_DEMAND,
  POSTED_HALF_SQUARE,
  POSTED_VISITS,
  WAIT,
} from './cycles-workspace.ts';

/** What a station's load does to the service that an arrival finds, and posted work to its buffer; for `cycles.ts`. */

/**
 * How much longer than by chance the rest of a service is that an arrival finds, as a share of all the way from constant
 * to exponential service. With constant service by chance it is half. But in a closed network a station that is always busy
 * starts the next service at the moment when a customer leaves it, and that customer's return is in step with
 * it: near saturation an arrival finds whole services (only so can utilisation not pass 1), as with
 * exponential ones. The share is fitted to simulations of one and four stations with 2 to
 * 64 customers: 2.5 U u/(1 + 2 u) with u the mean utilisation by one customer, and U³² close to 1.
 */
export function closing(all: number, squares: number, near: number, saturation: number): number {
  if (all === 0) return saturation;
  const u = squares / all;
  const g = (2.5 * near * u) / (1 + 2 * u);
  return g < 1 ? g + (1 - g) * saturation : 1;
}

/** Lengthens the cycles of classes whose posted buffer would be full. */
export function fill({ classes, stations, first, from }: Cells, ws: CycleWorkspace, entries: number): void {
  const { cell, rate, rest, found, buffer_ns, service_ns } = ws;
  // Until the end, time in flight.
  for (let c = 0; c < classes; c++) buffer_ns[c] = service_ns[c]!;
  for (let k = 0; k < stations; k++)
    for (let i = first[k]!, c = from[k]!; i < first[k + 1]!; i++, c++) {
      const at = i * CELL_WIDTH;
      const own = cell[at + POSTED_HALF_SQUARE]! * rate[c]! * rest[k]!;
      const mine = cell[at + POSTED_DEMAND]! * rate[c]!;
      const wait = (cell[at + WAIT]! - own / entries) / (1 + mine / entries);
      if (wait > 0) buffer_ns[c]! += cell[at + POSTED_VISITS]! * wait;
    }
  for (let c = 0; c < classes; c++) {
    const longer = buffer_ns[c]! / entries - found[c]!;
    buffer_ns[c] = longer > 0 ? longer : 0;
    found[c]! += buffer_ns[c]!;
  }
}
