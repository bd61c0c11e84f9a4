import type { ResolvedPrices } from '../../model/systems/resolve.ts';
import type { Prices } from '../../model/systems/schema.ts';

/**
 * What a reader has set in the page: prices by name, each for all systems, as `--set prices.NAME=VALUE` on the command
 * line. Pure text and numbers, so that a link can hold it.
 */

export type PriceName = keyof ResolvedPrices;

/** Only what differs from the starting point is in it. */
export type Settings = ReadonlyMap<PriceName, number>;

/** Prices that have to be above zero; all others may be zero. */
const POSITIVE: readonly PriceName[] = ['cycle_ns'];

/** Prices with an upper end. */
const MOST: Partial<Readonly<Record<PriceName, number>>> = { disk_scv: 1 };

/** The largest value that a system accepts. */
export const mostOf = (name: PriceName): number => MOST[name] ?? Number.POSITIVE_INFINITY;

/** Whether a system accepts the value: the rule of its schema. */
export function isPriceValue(name: PriceName, value: number): boolean {
  return (
    Number.isFinite(value) && (POSITIVE.includes(name) ? value > 0 : value >= 0) && value <= mostOf(name)
  );
}

/** `local_ns:500,remote_ns:1200`, in the order of `names`. */
export function formatSettings(settings: Settings, names: readonly PriceName[]): string {
  return names
    .filter((name) => settings.has(name))
    .map((name) => `${name}:${settings.get(name)}`)
    .join(',');
}

/** What an address holds: prices, and as text what is none (`nosuch:3`) or has a value that no system accepts. */
export function parseSettings(
  text: string,
  names: readonly PriceName[],
): { readonly settings: Map<PriceName, number>; readonly ignored: readonly string[] } {
  const settings = new Map<PriceName, number>();
  const ignored: string[] = [];
  for (const pair of text.split(',')) {
    if (pair === '') continue;
    const [name, written = '', ...more] = pair.split(':');
    const known = names.find((one) => one === name);
    const value = written.trim() === '' || more.length > 0 ? Number.NaN : Number(written);
    if (known !== undefined && isPriceValue(known, value)) settings.set(known, value);
    else ignored.push(pair);
  }
  return { settings, ignored };
}

/** The same as options of the command line, one by one. */
export function settingsAsOptions(settings: Settings): string[] {
  return [...settings].map(([name, value]) => `--set prices.${name}=${value}`);
}

/** Prices as written with the reader's in their place. */
export function withSettings(prices: Prices, settings: Settings): Prices {
  return settings.size === 0 ? prices : { ...prices, ...Object.fromEntries(settings) };
}
