import { deflateRawSync } from 'node:zlib';
import type { Tally } from '../../model/tally.ts';
import { base85Length } from '../html/base85.ts';
import { type CarriedTally, packWindows } from './windows.ts';

/** Bytes of compressed counts, as text, that a page takes beside its result. */
const MOST_BYTES = 800_000;

/**
 * What a page carries of tallies beside the counts in its result: by comparison and run. Where windows would make it too
 * large they stay behind, and contention cannot be solved anew.
 */
export function carriedTallies(tallies: readonly (readonly Tally[])[]): readonly (readonly CarriedTally[])[] {
  const whole = tallies.map((runs) =>
    runs.map(({ windows, held }) => ({ windows: packWindows(windows), held })),
  );
  const bytes = base85Length(deflateRawSync(Buffer.from(JSON.stringify(whole))).length);
  if (bytes <= MOST_BYTES) return whole;
  return whole.map((runs) =>
    runs.map(({ windows, held }) => ({ windows: windows.length === 0 ? [] : null, held })),
  );
}
