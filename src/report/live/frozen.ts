import { elapsedPs, type PageAction } from '../../model/pricing/actions.ts';
import type { Breakdown, Part } from '../../model/pricing/breakdown.ts';
import type { Priced } from '../../model/pricing/compiled.ts';

/**
 * Prices where contention cannot be solved anew: what the memory system's queues and distances added at the start is
 * added as it was, to the picosecond, whatever the prices. `start`: at the starting prices with contention; `bare`: the
 * same without; `now`: without, at other prices.
 */
export function withFrozenContention(
  start: Pick<Priced, 'breakdown' | 'contention' | 'actions' | 'waiting'>,
  bare: Priced,
  now: Priced,
): Priced {
  const sums = new Map<string, { -readonly [K in keyof Part]: Part[K] }>();
  const add = ({ parts }: Breakdown, sign: 1 | -1): void => {
    for (const part of parts) {
      const { cpu, context, category, cause, owner, kind } = part;
      const key = JSON.stringify([cpu, context, category, cause, owner, kind]);
      const sum = sums.get(key) ?? { ...part, count: 0, ps: 0 };
      sum.count += sign * part.count;
      sum.ps += sign * part.ps;
      sums.set(key, sum);
    }
  };
  add(now.breakdown, 1);
  add(start.breakdown, 1);
  add(bare.breakdown, -1);
  const parts = [...sums.values()].filter(({ count, ps }) => count !== 0 || ps !== 0);
  const breakdown = { total_ps: parts.reduce((total, { ps }) => total + ps, 0), parts };
  const elapsed = elapsedPs(breakdown);
  const actions = now.actions.map((action): PageAction => {
    const of = (list: readonly PageAction[]): number =>
      list.find(({ layer }) => layer === action.layer)?.ps ?? 0;
    const ps = action.ps + of(start.actions) - of(bare.actions);
    const { layer, count } = action;
    return {
      layer,
      count,
      ps,
      per_second: elapsed === 0 ? 0 : count / (elapsed / 1e12),
      us_each: ps / count / 1e6,
    };
  });
  return { breakdown, contention: start.contention, actions, waiting: start.waiting };
}
