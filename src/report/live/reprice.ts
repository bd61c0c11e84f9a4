import { type CompiledPricing, compilePricing } from '../../model/pricing/compiled.ts';
import type { Comparison, SystemRun } from '../../model/result.ts';
import { resolvePrices } from '../../model/systems/resolve.ts';
import type { Prices, System } from '../../model/systems/schema.ts';
import type { Tally } from '../../model/tally.ts';
import { withFrozenContention } from './frozen.ts';
import { type Settings, withSettings } from './settings.ts';
import { type CarriedTally, unpackWindows } from './windows.ts';

/**
 * One comparison of a page with other prices: the tallies that the page carries, through the pricing that the command
 * line runs.
 */

/** One replayed structure: all that pricing it takes. */
export interface LiveRun {
  readonly label: string;
  readonly tally: Tally;
  /** Without its prices a structure: of it pricing reads machine, monitor and operating system. */
  readonly system: System;
  /** Prices as the system has them, before anything is set in the page. */
  readonly prices: Prices;
  /** Whether the tally has lost its windows, so that contention stays as it is at the start. */
  readonly frozen: boolean;
  /** The tally made ready for many prices; made when it is first called. */
  readonly pricing: () => CompiledPricing;
}

export interface LiveComparison {
  /** As it was replayed and priced: the starting point. */
  readonly start: Comparison;
  /** In the order of its runs. */
  readonly runs: readonly LiveRun[];
}

/** A structure that was replayed, ready to be priced. */
export function liveRun(label: string, tally: Tally, system: System, frozen = false): LiveRun {
  let compiled: CompiledPricing | null = null;
  const pricing = (): CompiledPricing => {
    compiled ??= compilePricing(tally, system);
    return compiled;
  };
  return { label, tally, system, prices: system.prices, frozen, pricing };
}

/** A comparison of a result with what the page carries of its tallies, run by run. */
export function liveComparison(start: Comparison, carried: readonly CarriedTally[]): LiveComparison {
  return {
    start,
    runs: start.runs.map(({ name, system, tally }, i) => {
      const { windows, held } = carried[i]!;
      return liveRun(
        name,
        { ...tally, windows: unpackWindows(windows ?? []), held },
        system,
        windows === null,
      );
    }),
  };
}

/**
 * The comparison at other prices; without any it is the starting point itself. Of other seeds only totals are known:
 * they keep their distance to the first seed's, in picoseconds. Sensitivity and notes stay as they are.
 * @throws InputError if a total does not fit whole picoseconds.
 */
export function reprice({ start, runs }: LiveComparison, settings: Settings): Comparison {
  if (settings.size === 0) return start;
  const { summary } = start.trace;
  return {
    ...start,
    runs: runs.map(({ system, prices, pricing, frozen }, i): SystemRun => {
      const before = start.runs[i]!;
      const at = (written: Prices) =>
        pricing().priced(resolvePrices({ ...system, prices: written }, summary));
      const set = withSettings(prices, settings);
      const priced = frozen ? withFrozenContention(before, at(prices), at(set)) : at(set);
      const moved = priced.breakdown.total_ps - before.breakdown.total_ps;
      return {
        ...before,
        ...priced,
        system: { ...system, prices: set },
        seeds: before.seeds.map(({ seed, total_ps }) => ({ seed, total_ps: total_ps + moved })),
      };
    }),
  };
}
