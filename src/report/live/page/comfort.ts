import type { Comparison, RunResult } from '../../../model/result.ts';
import type { CarriedTally } from '../windows.ts';

/** What the page's other script (`html/script.ts`) leaves for this one. */
interface Comfort {
  /** The part of the address that names prices. */
  prices: string;
  /** Writes the address anew. */
  readonly write: () => void;
  /** The page's data, decompressed once. */
  readonly data: () => Promise<{
    readonly result: RunResult;
    readonly carried: readonly (readonly CarriedTally[])[];
  }>;
  /** What downloads take in place of the page's data, by id of table and chart. */
  readonly tables: Record<string, readonly (readonly (string | null)[])[]>;
  readonly specs: Record<string, object>;
}

export const comfort = (globalThis as unknown as { readonly vmtax: Comfort }).vmtax;

/** Comparisons of the page with what it carries of their tallies. */
export async function pageData(): Promise<
  readonly { readonly comparison: Comparison; readonly carried: readonly CarriedTally[] }[]
> {
  const { result, carried } = await comfort.data();
  return result.comparisons.map((comparison, i) => ({ comparison, carried: carried[i]! }));
}

/** An element that the page has for certain. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}
