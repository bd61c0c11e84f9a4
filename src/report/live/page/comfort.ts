import type { RunResult } from '../../../model/result.ts';
import type { CarriedSweep } from '../structures.ts';
import type { CarriedTally } from '../windows.ts';

/** What the page of a run holds: the run, and what its result leaves out of the tallies. */
export interface RunData {
  readonly result: RunResult;
  readonly carried: readonly (readonly CarriedTally[])[];
}

/** What the page of a sweep holds, besides what is downloaded: the structures that fit into it. */
export interface SweepData {
  readonly result: { readonly schema: string };
  readonly carried: CarriedSweep;
}

export const isRun = (data: RunData | SweepData): data is RunData => 'comparisons' in data.result;

/** What the page's other script (`html/script.ts`) leaves for this one. */
interface Comfort {
  /** The parts of the address that name prices, and a sweep's structure. */
  prices: string;
  structure: string;
  /** Parts of the address that name nothing. */
  ignored: readonly string[];
  /** Writes the address anew. */
  readonly write: () => void;
  /** The page's data, decompressed once. */
  readonly data: () => Promise<RunData | SweepData>;
  /** What downloads take in place of the page's data, by id of table and chart. */
  readonly tables: Record<string, readonly (readonly (string | null)[])[]>;
  readonly specs: Record<string, object>;
  /** Makes the specification of a chart that is in neither. */
  spec?: (id: string) => Promise<object | undefined>;
}

export const comfort = (globalThis as unknown as { readonly vmtax: Comfort }).vmtax;

/** An element that the page has for certain. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}
