import { deflateRawSync } from 'node:zlib';
import { price } from '../../model/pricing/price.ts';
import { resolvePrices } from '../../model/systems/resolve.ts';
import type { System } from '../../model/systems/schema.ts';
import type { CountedCombination, CountedOffer } from '../../sweep/kept.ts';
import { evenly } from '../../sweep/offered.ts';
import { typed } from '../../sweep/typed.ts';
import type { PriceBand } from '../facts.ts';
import { base85Length } from '../html/base85.ts';
import {
  type CarriedCounts,
  type CarriedRun,
  type CarriedStructure,
  type CarriedSweep,
  carriedCounts,
} from '../live/structures.ts';
import { placeText, placeTextShort } from './words.ts';

/** What of a sweep's structures fits into its page: as many as there is room for, evenly apart. */

/** Bytes that something takes in a page: deflated, as text. */
const bytesOf = (value: unknown): number =>
  base85Length(deflateRawSync(Buffer.from(JSON.stringify(value)), { level: 9 }).length);

/** Things that are carried once, however often they occur. */
interface Shared<T> {
  readonly list: T[];
  readonly bytes: number[];
  readonly indexOf: (key: string, make: () => T) => number;
}

function shared<T>(): Shared<T> {
  const places = new Map<string, number>();
  const list: T[] = [];
  const bytes: number[] = [];
  const indexOf = (key: string, make: () => T): number => {
    const known = places.get(key);
    if (known !== undefined) return known;
    const made = make();
    places.set(key, list.length);
    bytes.push(bytesOf(made));
    return list.push(made) - 1;
  };
  return { list, bytes, indexOf };
}

/** How far prices move the difference of each system of a trace to the baseline; none: nobody has asked. */
export type Bands = readonly (readonly (PriceBand | null)[])[];

/** A system as a page needs it. */
const plain = (system: System): System => ({ ...system, description: '', sources: {} });

/** All that is offered, carried; what fits is chosen from it. */
function everything(
  offers: readonly (CountedOffer | null)[],
  bands: Bands,
  windows: boolean,
): CarriedSweep & {
  readonly bytes: { readonly systems: readonly number[]; readonly counts: readonly number[] };
} {
  const systems = shared<System>();
  const counts = shared<CarriedCounts>();
  const present = offers.flatMap((offer, trace) => (offer === null ? [] : [{ ...offer, trace }]));
  const runOf = (offer: CountedOffer, one: CountedCombination, at: number): CarriedRun => {
    const [system, tally] = [plain(one.systems[at]!), one.tallies[at]!];
    const made = counts.indexOf(String(one.groups[at]!.structure), () => carriedCounts(tally, windows));
    return {
      system: systems.indexOf(JSON.stringify(system), () => system),
      counts: made,
      ...(counts.list[made]!.windows === null && {
        start: price(tally, resolvePrices(system, offer.summary), system),
      }),
    };
  };
  const structures = present.flatMap((offer, trace) =>
    offer.combinations.map(
      (one): CarriedStructure => ({
        id: one.id,
        trace,
        label: placeText(one.values),
        short: placeTextShort(one.values),
        sets: Object.entries(one.values).map(([path, value]) => `${path}=${typed(value, path)}`),
        runs: one.systems.map((_, at) => runOf(offer, one, at)),
      }),
    ),
  );
  return {
    traces: present.map(({ header, summary, combinations, start, trace }) => ({
      header,
      summary,
      start: combinations[start]!.id,
      bands: bands[trace] ?? [],
    })),
    systems: systems.list,
    counts: counts.list,
    structures,
    bytes: { systems: systems.bytes, counts: counts.bytes },
  };
}

/**
 * The structures that a page of so many bytes more can carry, chosen evenly, the starting point of each trace always
 * among them; contention stays behind where not even these fit with it. null: there is no room, or nothing was kept.
 */
export function carriedSweep(
  offers: readonly (CountedOffer | null)[],
  room: number,
  bands: Bands = [],
): CarriedSweep | null {
  if (offers.every((offer) => offer === null)) return null;
  for (const windows of [true, false]) {
    const all = everything(offers, bands, windows);
    const ofTrace = all.traces.map((_, trace) => all.structures.filter((one) => one.trace === trace));
    const most = Math.max(...ofTrace.map(({ length }) => length));
    for (let each = most; each > 0; each--) {
      const chosen = ofTrace.flatMap((list, trace) => {
        const start = list.findIndex(({ id }) => id === all.traces[trace]!.start);
        return evenly(list.length, each, start).map((at) => list[at]!);
      });
      const carried = only(all, chosen);
      const bytes = carried.indexes.counts
        .map((at) => all.bytes.counts[at]!)
        .concat(carried.indexes.systems.map((at) => all.bytes.systems[at]!))
        .reduce((sum, size) => sum + size, bytesOf([all.traces, chosen]));
      if (bytes <= room) return carried.sweep;
    }
  }
  return null;
}

/** Of everything what some structures need. */
function only(
  { traces, systems, counts }: CarriedSweep,
  structures: readonly CarriedStructure[],
): {
  readonly sweep: CarriedSweep;
  readonly indexes: { readonly systems: readonly number[]; readonly counts: readonly number[] };
} {
  const runs = structures.flatMap((structure) => structure.runs);
  const used = (pick: (run: CarriedRun) => number): number[] =>
    [...new Set(runs.map(pick))].sort((a, b) => a - b);
  const indexes = { systems: used(({ system }) => system), counts: used((run) => run.counts) };
  const place = (list: readonly number[]): ReadonlyMap<number, number> =>
    new Map(list.map((was, is) => [was, is]));
  const [ofSystem, ofCounts] = [place(indexes.systems), place(indexes.counts)];
  return {
    indexes,
    sweep: {
      traces,
      systems: indexes.systems.map((at) => systems[at]!),
      counts: indexes.counts.map((at) => counts[at]!),
      structures: structures.map((structure) => ({
        ...structure,
        runs: structure.runs.map((run) => ({
          ...run,
          system: ofSystem.get(run.system)!,
          counts: ofCounts.get(run.counts)!,
        })),
      })),
    },
  };
}
