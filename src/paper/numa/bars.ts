import type { PageAction } from '../../model/pricing/actions.ts';
import { type Part, sumBy } from '../../model/pricing/breakdown.ts';
import type { Priced } from '../../model/pricing/compiled.ts';
import { price } from '../../model/pricing/price.ts';
import { stallsOf } from '../../model/pricing/stalls.ts';
import { type ResolvedPrices, resolvePrices } from '../../model/systems/resolve.ts';
import { isMonitorLayer, sumCounter, type Tally, type TallyRow } from '../../model/tally.ts';
import type { Run } from '../replayer.ts';

/** A bar of Figure 8: time for each instruction of the workload, in ns. */
export interface Bar {
  readonly execution: number;
  readonly local_stall: number;
  readonly remote_stall: number;
  readonly monitor: number;
  readonly total: number;
  /** Percent of all L2 misses that memory of the own node served. */
  readonly misses_local: number;
  /** Time of the run, in seconds: CPUs have equal shares of the work. */
  readonly seconds: number;
  readonly actions: readonly PageAction[];
}

const LOCAL: ReadonlySet<string> = new Set(['local', 'local_cache', 'upgrade']);

/** The bar of a run. */
export function barOf({ tally, system, summary }: Run): Bar {
  const prices = resolvePrices(system, summary);
  return barOfPriced(tally, prices, system.monitor !== null, price(tally, prices, system));
}

/**
 * The same references on a machine where every miss takes `local_ns` and nobody waits for others (section 5.5): caches
 * do not know where memory is, so what a NUMA machine counted is what the UMA machine would count.
 */
export function uniformBarOf({ tally, system, summary }: Run): Bar {
  const given = resolvePrices(system, summary);
  const { local_ns } = given;
  const prices = {
    ...given,
    remote_ns: local_ns,
    dirty_ns: local_ns,
    neighbour_ns: local_ns,
    remote_upgrade_ns: given.upgrade_ns,
  };
  const uniform = { ...system, machine: { ...system.machine, contention: 'none' as const } };
  const bar = barOfPriced(tally, prices, system.monitor !== null, price(tally, prices, uniform));
  return {
    ...bar,
    local_stall: bar.local_stall + bar.remote_stall,
    remote_stall: 0,
    misses_local: 100,
  };
}

function barOfPriced(tally: Tally, prices: ResolvedPrices, monitor: boolean, priced: Priced): Bar {
  const { breakdown, contention, actions } = priced;
  const own = (part: Part): boolean => part.category !== 'monitor';
  const sums = sumBy(breakdown, ({ cause }) => (cause === 'queueing' ? 'queueing' : 'rest'), own);
  const queued = new Map((contention?.kinds ?? []).map(({ kind, queueing_ns }) => [kind, queueing_ns]));
  let local = 0;
  let remote = 0;
  let localWait = 0;
  let remoteWait = 0;
  for (const row of tally.rows) {
    if (monitor && isMonitors(row)) continue;
    for (const { kind, count, ns } of stallsOf(row, prices)) {
      if (kind === null) continue;
      const waited = count * (queued.get(kind) ?? 0);
      if (LOCAL.has(kind)) {
        local += count * ns;
        localWait += waited;
      } else {
        remote += count * ns;
        remoteWait += waited;
      }
    }
  }
  // Queueing is known of a CPU and kind of miss; of all that is not the monitor's, by what the kinds waited on average.
  const queueing = (sums.get('queueing') ?? 0) / 1000;
  const waits = localWait + remoteWait;
  const share = waits === 0 ? 0 : localWait / waits;
  const all = breakdown.total_ps / 1000;
  const monitorNs = all - (queueing + (sums.get('rest') ?? 0) / 1000);
  const localNs = local + queueing * share;
  const remoteNs = remote + queueing * (1 - share);
  const each = 1 / tally.instructions;
  return {
    execution: (all - monitorNs - localNs - remoteNs) * each,
    local_stall: localNs * each,
    remote_stall: remoteNs * each,
    monitor: monitorNs * each,
    total: all * each,
    misses_local: localShare(tally),
    seconds: all / tally.cpus / 1e9,
    actions,
  };
}

const isMonitors = ({ layer }: TallyRow): boolean => isMonitorLayer(layer);

const SIDES = ['fetch', 'load', 'store'] as const;

/** Percent of L2 misses that did not leave the node. */
function localShare(tally: Tally): number {
  const sum = (prefix: 'l2' | 'remote' | 'dirty'): number =>
    SIDES.reduce((total, side) => total + sumCounter(tally, `${prefix}_${side}_misses`), 0);
  const all = sum('l2');
  return all === 0 ? 100 : (100 * (all - sum('remote') - sum('dirty'))) / all;
}
