import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { withNodes } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import type { Tally } from '../model/tally.ts';
import { isSystemError } from '../trace/system-errors.ts';
import type { TraceHeader, TraceSummary } from '../trace/types.ts';
import { writeWhole } from './journal.ts';
import type { Layout } from './laid.ts';
import { type Combination, keptStructures, type Offer, offersOf } from './offered.ts';

/**
 * Tallies of the structures that a page may offer, beside the finished units of a sweep: a page prices them anew without
 * another replay. A file is a line with the CRC-32 (hexadecimal) of all that follows, and JSON, deflated.
 */

interface Kept {
  readonly summary: TraceSummary;
  readonly tally: Tally;
}

const pathOf = (directory: string, id: string): string => join(directory, `${id}.tally`);

/** Takes what is replayed and keeps what a page may offer, in the directory of a journal. */
export function keeper(
  layout: Layout,
  directory: string,
): (structure: number, tally: Tally, summary: TraceSummary) => Promise<void> {
  const names = keptStructures(layout);
  return async (structure, tally, summary) => {
    const id = names.get(structure);
    if (id === undefined) return;
    const kept: Kept = { summary, tally };
    const body = deflateRawSync(Buffer.from(JSON.stringify(kept)));
    const head = Buffer.from(`${crc32(body).toString(16).padStart(8, '0')}\n`);
    await writeWhole(pathOf(directory, id), Buffer.concat([head, body]), true);
  };
}

async function readKept(directory: string, id: string): Promise<Kept | null> {
  try {
    const bytes = await readFile(pathOf(directory, id));
    const body = bytes.subarray(9);
    if (bytes[8] !== 10 || crc32(body) !== Number.parseInt(bytes.toString('latin1', 0, 8), 16)) return null;
    return JSON.parse(inflateRawSync(body).toString()) as Kept;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** One structure that a page can price: what was counted, and for whom. */
export interface CountedCombination extends Combination {
  /** By system of the trace, their nodes resolved, as they were replayed. */
  readonly systems: readonly System[];
  readonly tallies: readonly Tally[];
}

/** The structures of one trace that a page can price. */
export interface CountedOffer extends Pick<Offer, 'of'> {
  readonly header: TraceHeader;
  readonly summary: TraceSummary;
  readonly combinations: readonly CountedCombination[];
  /** Index of the one nearest to what the systems have themselves. */
  readonly start: number;
}

/**
 * What of the offers was counted and kept, by trace; null: nothing of a trace. A structure of which a system could not be
 * replayed is left out.
 */
export async function countedOffers(layout: Layout, directory: string): Promise<(CountedOffer | null)[]> {
  const names = keptStructures(layout);
  const offers: (CountedOffer | null)[] = [];
  for (const [trace, { combinations, start, of }] of offersOf(layout).entries()) {
    const { header } = layout.traces[trace]!;
    const counted: CountedCombination[] = [];
    let summary: TraceSummary | null = null;
    let first = 0;
    for (const [at, one] of combinations.entries()) {
      const kept = await Promise.all(
        one.groups.map(({ structure }) => readKept(directory, names.get(structure)!)),
      );
      if (kept.some((tally) => tally === null)) continue;
      summary ??= kept[0]!.summary;
      // Where the nearest one is missing, the last one before it is.
      if (at <= start) first = counted.length;
      const systems = one.groups.map(({ system }) => withNodes(system, header));
      counted.push({ ...one, systems, tallies: kept.map((each) => each!.tally) });
    }
    offers.push(summary === null ? null : { header, summary, combinations: counted, start: first, of });
  }
  return offers;
}
