import type { Role } from '../model/systems/fields.ts';
import { ledger } from '../model/systems/ledger.ts';
import type { ResolvedPrices } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import type { Tally } from '../model/tally.ts';
import { InputError } from '../trace/errors.ts';

/**
 * How far prices may be from what a system says. Structure (sizes, policies, counts) is not varied here: that takes
 * replays, and is what a sweep is for.
 */

/** One side of a comparison: what was counted, and what it was priced with. */
export interface UncertainSystem {
  readonly name: string;
  readonly tally: Tally;
  readonly prices: ResolvedPrices;
  readonly system: System;
}

/**
 * By the role of an input: how many percent of itself it may be off, either way. A convention, stated with every
 * result: what is printed is rounded and was measured on another machine; what was fitted or guessed may be off by
 * more; a free choice is not uncertain.
 */
export const PERCENT_BY_ROLE: Readonly<Record<Role, number>> = {
  measured: 5,
  calibrated: 20,
  assumed: 20,
  chosen: 0,
};

/** A range that somebody states: percent of the value either way, or the values themselves. */
export type StatedRange = { readonly percent: number } | { readonly low: number; readonly high: number };

/** The range of one price. All systems move together. */
export interface PriceRange {
  /** Path in the system, e.g. `prices.emulate_cycles`. */
  readonly path: string;
  readonly name: keyof ResolvedPrices;
  /** The least certain role that any of the systems gives it; null: the range was stated. */
  readonly role: Role | null;
  /** `factor`: of each system’s own value; `value`: the same value in all. */
  readonly kind: 'factor' | 'value';
  readonly low: number;
  readonly high: number;
}

export interface RangeOptions {
  readonly percentByRole?: Readonly<Record<Role, number>>;
  /** Ranges by path, in place of the rule’s. */
  readonly stated?: Readonly<Record<string, StatedRange>>;
}

const PRICES = 'prices.';

/**
 * The ranges of all prices that can be off and are not 0, in the order of the first system’s ledger.
 * @throws InputError for a stated range of something that is no price, or that is no range.
 */
export function rangesOf(
  systems: readonly UncertainSystem[],
  { percentByRole = PERCENT_BY_ROLE, stated = {} }: RangeOptions = {},
): PriceRange[] {
  const roles = new Map<string, Role>();
  for (const { system } of systems)
    for (const { path, role } of ledger(system)) {
      if (!path.startsWith(PRICES)) continue;
      const known = roles.get(path);
      if (known === undefined || percentByRole[role] > percentByRole[known]) roles.set(path, role);
    }
  for (const path of Object.keys(stated))
    if (!roles.has(path))
      throw new InputError(
        `${path} has a range but is no price of these systems: give ranges to prices, and vary the rest as structure`,
      );
  return [...roles].flatMap(([path, role]): PriceRange[] => {
    const name = path.slice(PRICES.length) as keyof ResolvedPrices;
    const given = stated[path];
    if (given !== undefined && 'low' in given) {
      if (!(given.low >= 0 && given.low <= given.high && given.high < Infinity))
        throw new InputError(`${path}: no price is from ${given.low} to ${given.high}`);
      return [{ path, name, role: null, kind: 'value', low: given.low, high: given.high }];
    }
    const percent = given?.percent ?? percentByRole[role];
    if (!(percent >= 0 && percent <= 100))
      throw new InputError(`${path}: a range of ${percent} % is not from 0 to 100`);
    if (percent === 0 || systems.every(({ prices }) => prices[name] === 0)) return [];
    const [low, high] = [(100 - percent) / 100, (100 + percent) / 100];
    return [{ path, name, role: given === undefined ? role : null, kind: 'factor', low, high }];
  });
}

/** The value of a price in a system with the range’s position at `share` (0: low end, 1: high end). */
export function priceAt(range: PriceRange, prices: ResolvedPrices, share: number): number {
  const at = range.low + (range.high - range.low) * share;
  return range.kind === 'value' ? at : prices[range.name] * at;
}
