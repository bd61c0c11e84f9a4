import type { Tally } from '../../model/tally.ts';
import { CUT_SERVICES } from '../../trace/workloads/paper/pmake-mp.ts';
import type { WorkloadInput } from '../../trace/workloads/schema.ts';

/**
 * Who begins or ends a process holds a lock for long. Where lives are cut, such holds come 1 ÷ `cut` times as often and are
 * as much shorter: as much time in all, but others wait for what is left of a hold, and of a long one more is left. The
 * second moment is that of whole holds: of n cut ones of length h, n cut (h ÷ cut)² for n h².
 */
export function withWholeHolds(tally: Tally, workload: WorkloadInput, cut: number): Tally {
  const services = workload.kernel?.services ?? {};
  const locks = tally.locks.map((lock) => {
    let { count, squares } = lock.holds;
    for (const name of CUT_SERVICES) {
      const hold = services[name]?.locks?.[0]?.hold;
      if (hold === undefined) continue;
      const times = tally.held
        .filter(({ context, locks: nest }) => context === name && nest[nest.length - 1] === lock.lock)
        .reduce((sum, { counters }) => sum + (counters.lock_acquisitions ?? 0), 0);
      count -= times * (1 - cut);
      squares += times * Number(hold) ** 2 * (1 / cut - 1);
    }
    return { ...lock, holds: { ...lock.holds, count, squares } };
  });
  return { ...tally, locks };
}
