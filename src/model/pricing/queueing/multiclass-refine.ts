import { load, saturation } from './multiclass-load.ts';
import type { MulticlassWorkspace } from './multiclass-workspace.ts';

/**
 * One refinement: for each class, the work at each station in the network with one of its customers less,
 * whose own waits are taken as Schweitzer's estimate there times the ratios of both classes. What j finds
 * without c is what c finds without j, so each pair is looked at once.
 */
export function refine(ws: MulticlassWorkspace): void {
  const { classes, stations, population, base_ns, visits, demand_ns, half_square_ns2 } = ws;
  const { work, total, ratio, each, removed, closing, squares, utilisation } = ws;
  // Scratch of the fixed point, free between its runs: residual work, and what each class finds.
  const residual = ws.next;
  const seen = ws.step;
  for (let c = 0, i = 0; c < classes; c++) {
    const n = population[c]!;
    for (let k = 0; k < stations; k++, i++) {
      residual[i] = half_square_ns2[i]! * closing[k]!;
      seen[i] = 0;
      each[i] = n > 0 ? work[i]! / n : 0;
    }
  }
  for (let c = 0; c < classes; c++) {
    const n = population[c]!;
    if (n === 0) continue;
    for (let j = c; j < classes; j++) {
      const m = population[j]!;
      if (m === 0 || (j === c && n <= 1)) continue;
      let cycleC = base_ns[c]!;
      let cycleJ = base_ns[j]!;
      for (let k = 0, x = c * stations, y = j * stations; k < stations; k++, x++, y++) {
        const rest = total[k]! - each[x]! - each[y]!;
        const a = rest > 0 ? rest * ratio[x]! * ratio[y]! : 0;
        removed[k] = a;
        cycleC += visits[x]! * a;
        cycleJ += visits[y]! * a;
      }
      const rateJ = cycleJ > 0 ? (j === c ? n - 1 : m) / cycleJ : 0;
      const rateC = cycleC > 0 && j !== c ? n / cycleC : 0;
      for (let k = 0, x = c * stations, y = j * stations; k < stations; k++, x++, y++) {
        const a = removed[k]!;
        seen[x]! += (demand_ns[y]! * a + residual[y]!) * rateJ;
        seen[y]! += (demand_ns[x]! * a + residual[x]!) * rateC;
      }
    }
  }
  load(ws);
  for (let k = 0; k < stations; k++) squares[k] = saturation(utilisation[k]!);
  for (let i = 0, k = 0; i < classes * stations; i++, k = k + 1 < stations ? k + 1 : 0) {
    const whole = total[k]! - each[i]!;
    const found = seen[i]! > 0 && whole > 0 ? seen[i]! / whole : 1;
    // With Schweitzer's own estimate no station can pass utilisation 1; so back to it at the very end.
    ratio[i] = found + (1 - found) * squares[k]!;
  }
}
