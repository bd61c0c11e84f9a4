import type { ResolvedPrices } from '../model/systems/resolve.ts';
import { REQUEST_CUT } from '../trace/workloads/paper/from-values.ts';

/**
 * Prices for a pmake whose disk requests are cut (`REQUEST_CUT`): as many times more often as they come, each takes as much
 * less of a disk. A network of jobs and disks knows only how much of a disk is asked for, so idle time is the same, but
 * for chance: whole requests are few in a short run.
 */
export const withCutRequests = (prices: ResolvedPrices): ResolvedPrices => ({
  ...prices,
  disk_ns: prices.disk_ns * REQUEST_CUT,
  disk_byte_ns: prices.disk_byte_ns * REQUEST_CUT,
});
