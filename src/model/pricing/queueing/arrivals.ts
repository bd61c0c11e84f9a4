import type { MulticlassWorkspace } from './multiclass-workspace.ts';

/**
 * How often an arrival finds the station busy, [class × stations + station], from a solved network: by the
 * arrival theorem the utilisation in the network with one customer of the class less, where each other class
 * waits as in the solver's refinement.
 */
export function foundBusy(ws: MulticlassWorkspace, busy: Float64Array): void {
  const { classes, stations, population, base_ns, visits, demand_ns, work, total, ratio } = ws;
  for (let c = 0; c < classes; c++) {
    const n = population[c]!;
    const ci = c * stations;
    for (let k = 0; k < stations; k++) busy[ci + k] = 0;
    if (n === 0) continue;
    for (let j = 0; j < classes; j++) {
      const m = population[j]!;
      const left = j === c ? m - 1 : m;
      if (left <= 0) continue;
      const ji = j * stations;
      let cycle = base_ns[j]!;
      for (let k = 0; k < stations; k++) {
        const rest = total[k]! - work[ci + k]! / n - work[ji + k]! / m;
        const found = rest > 0 ? rest * ratio[ci + k]! * ratio[ji + k]! : 0;
        cycle += visits[ji + k]! * found;
      }
      const rate = cycle > 0 ? left / cycle : 0;
      for (let k = 0; k < stations; k++) busy[ci + k]! += demand_ns[ji + k]! * rate;
    }
    for (let k = 0; k < stations; k++) busy[ci + k] = Math.min(1, busy[ci + k]!);
  }
}
