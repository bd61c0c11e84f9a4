import type { Layer, TallyRow } from '../tally.ts';
import type { Breakdown } from './breakdown.ts';

/** What moving pages to their users consists of: layers whose time the breakdown has under one cause, `page_move`. */
export const PAGE_ACTIONS = [
  'hot_page',
  'migrate',
  'replicate',
  'collapse',
  'shootdown',
  'hint_fault',
] as const satisfies readonly Layer[];
export type PageActionLayer = (typeof PAGE_ACTIONS)[number];

/** One kind of action over a run, like a row of the paper's Table 3. */
export interface PageAction {
  readonly layer: PageActionLayer;
  readonly count: number;
  /** Time of all of them in picoseconds: execution, waiting for memory, and queueing. */
  readonly ps: number;
  /** How often in a second of the run's time: that of the CPU that takes longest. 0 where the run takes none. */
  readonly per_second: number;
  /** Mean time of one, in µs. */
  readonly us_each: number;
}

/** Time from start to end of a run in picoseconds: that of the CPU with most of it, idle time included. */
export function elapsedPs({ parts }: Breakdown): number {
  const byCpu = new Map<number, number>();
  for (const { cpu, ps } of parts) byCpu.set(cpu, (byCpu.get(cpu) ?? 0) + ps);
  return Math.max(0, ...byCpu.values());
}

/**
 * The actions that happened, in order. `rowPs`: the time of each row of the tally, so that the times here are parts
 * of the breakdown's, to the picosecond.
 */
export function pageActions(
  rows: readonly TallyRow[],
  rowPs: readonly number[],
  breakdown: Breakdown,
): PageAction[] {
  const elapsed = elapsedPs(breakdown);
  return PAGE_ACTIONS.flatMap((layer): PageAction[] => {
    let count = 0;
    let ps = 0;
    rows.forEach((row, at) => {
      if (row.layer !== layer) return;
      count += row.counters.count ?? 0;
      ps += rowPs[at]!;
    });
    if (count === 0) return [];
    return [
      {
        layer,
        count,
        ps,
        per_second: elapsed === 0 ? 0 : count / (elapsed / 1e12),
        us_each: ps / count / 1e6,
      },
    ];
  });
}
