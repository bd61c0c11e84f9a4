import type { System } from '../../src/model/systems/schema.ts';
import type { SweepView } from '../../src/report/sweep/view.ts';
import { type AnalysisRequest, analyse, NO_ANALYSIS } from '../../src/sweep/analysis.ts';
import { checkBreakEven } from '../../src/sweep/crossings.ts';
import { countedOffers, keeper } from '../../src/sweep/kept.ts';
import { layOut } from '../../src/sweep/layout.ts';
import { OUTPUTS, TOTAL } from '../../src/sweep/outputs.ts';
import type { Block } from '../../src/sweep/price-cells.ts';
import { checkReplay } from '../../src/sweep/replays.ts';
import { runWork, WHOLE, workOf } from '../../src/sweep/run.ts';
import { finishedUnits } from '../../src/sweep/table.ts';
import { outputsByCell } from '../../src/sweep/totals.ts';
import type { Plan } from '../../src/sweep/types.ts';
import type { Trace } from '../../src/trace/types.ts';

export interface Asked {
  readonly request?: Partial<AnalysisRequest>;
  readonly pareto?: readonly [string, string];
  /** Where tallies are kept for a page; without: none are. */
  readonly directory?: string;
}

/** A sweep of one trace in memory, with what is asked beyond its rows: what its page is made from. */
export async function analysed(
  trace: Trace,
  systems: readonly System[],
  plan: Plan,
  { request = {}, pareto, directory }: Asked = {},
): Promise<SweepView> {
  const asked = { breakEven: [], sensitivity: null, ...request };
  const known = { name: 'trace', identity: 'trace', header: trace.header, systems };
  const layout = await layOut(plan, [known], { mostCells: 1e6, model: '', check: checkReplay });
  for (const one of asked.breakEven) checkBreakEven(layout, one);
  const blocks = new Map<string, Block>();
  const journal = {
    directory: '',
    done: async () => new Set(blocks.keys()),
    write: async (id: string, block: Block) => void blocks.set(id, block),
    read: async (id: string) => blocks.get(id) ?? null,
    fail: async (_: string, message: string) => {
      throw new Error(message);
    },
    failure: async () => null,
    sweepUp: async () => {},
  };
  const open = async (): Promise<Trace> => ({ ...trace, close: async () => {} });
  await runWork(layout, await workOf(layout, journal, WHOLE), journal, {
    open,
    ...(directory !== undefined && { keep: keeper(layout, directory) }),
  });
  const outputs = (pareto ?? []).map((key) => OUTPUTS.findIndex((output) => output.key === key));
  const [totals, a, b] = await outputsByCell(layout, finishedUnits(layout, journal), [TOTAL, ...outputs]);
  const nothing = asked.breakEven.length === 0 && asked.sensitivity === null;
  return {
    layout,
    totals: totals!,
    pareto: pareto === undefined ? null : { keys: pareto, values: [a!, b!] },
    analysis: nothing ? NO_ANALYSIS : await analyse(layout, asked, { open, totals: totals! }),
    offers: directory === undefined ? [] : await countedOffers(layout, directory),
    failed: 0,
  };
}
