import type { SweepView } from '../../../src/report/sweep/view.ts';
import { layOut } from '../../../src/sweep/layout.ts';
import type { Design } from '../../../src/sweep/types.ts';
import { analysed } from '../../sweep/analysed.ts';
import { planOf, presets, workload } from '../../sweep/sweeps.ts';

/** Sweeps for tests of what is said and drawn of them. */

export const tool = { name: 'vmtax', version: 'test' };
export const trace = await workload('workload:zipf?cpus=4&instructions=10K&heap=262144');
export const NUMA = presets('irix-numa', 'disco-numa');
export const FOUR = presets('irix-numa', 'disco-numa', 'irix-uma', 'linux-mips');

/** A sweep that is as large as one wants: totals of nothing but arithmetic. */
export async function made(
  vary: readonly string[],
  total: (system: number, cell: number) => number,
  systems = NUMA,
  design?: Design,
): Promise<SweepView> {
  const view = await analysed(trace, NUMA, planOf(['prices.remote_ns=1,2']));
  const known = { name: 'trace', identity: 'trace', header: trace.header, systems };
  const plan = planOf(vary, design && { design });
  const layout = await layOut(plan, [known], { mostCells: 1e6, model: '', check: async () => {} });
  const column = (system: number) =>
    Float64Array.from({ length: layout.cells.count }, (_, cell) => total(system, cell));
  const totals = [systems.map((_, system) => column(system))];
  return {
    ...view,
    layout,
    totals,
    pareto: { keys: ['total', 'count.l2_misses'], values: [totals, totals] },
  };
}
