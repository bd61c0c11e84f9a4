import type { Part } from '../../model/pricing/breakdown.ts';
import type { Tally } from '../../model/tally.ts';

/** Segments of a bar of Figure 7. */
export const SEGMENTS = ['user', 'user_stall', 'kernel', 'synchronization', 'monitor', 'idle'] as const;
export type Segment = (typeof SEGMENTS)[number];

/** Time of a run by segment: ns for each instruction of the workload's own code, which all systems run alike. */
export type Bar = Readonly<Record<Segment, number>>;

export const totalOf = (bar: Bar): number => SEGMENTS.reduce((sum, segment) => sum + bar[segment], 0);

/** Instructions of user code. */
export function userInstructions({ rows }: Tally): number {
  let sum = 0;
  for (const { context, layer, counters } of rows)
    if (context === 'user' && layer === 'workload') sum += counters.instructions ?? 0;
  return sum;
}

function segmentOf({ category, cause }: Part): Segment {
  if (category === 'user') return cause === 'execution' ? 'user' : 'user_stall';
  return category === 'synchronisation' ? 'synchronization' : category;
}

/** The bar of a run's parts. */
export function barOf(tally: Tally, parts: readonly Part[]): Bar {
  const ps: Record<Segment, number> = {
    user: 0,
    user_stall: 0,
    kernel: 0,
    synchronization: 0,
    monitor: 0,
    idle: 0,
  };
  for (const part of parts) ps[segmentOf(part)] += part.ps;
  const instructions = userInstructions(tally);
  return Object.fromEntries(
    SEGMENTS.map((segment) => [segment, ps[segment] / 1000 / instructions]),
  ) as unknown as Bar;
}
