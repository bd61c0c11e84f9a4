/**
 * The kernel of a pass over many geometries: it stands in for the replay kernel (`hardware/kernel.ts`) of one CPU on
 * one node without coherence, has the same interface, and hands references to a `Hierarchy`, which counts for all
 * geometries at once. Translation (which pages are usable, what an LRU TLB must know) is done here as there.
 *
 * A reference to what was used last in its set, of as few sets as the hierarchy asks for, changes nothing in any of
 * its caches unless it is a store to what is not dirty in all of them. `filter` has those lines as words, with the
 * store bit of one that was stored to last: one compare, as in the replay kernel, and no more for most references.
 */

import { ownCopy } from '../../trace/own-copy.ts';
import { C } from '../counters.ts';
import { type Kernel, type KernelOptions, SPAN, wordLayout } from '../hardware/kernel.ts';
import type { Counter } from '../tally.ts';
import type { RowCounts } from './rows.ts';

/** Told that a line, by its number at the finest size, may have left an L1: of fetches, or of data. */
export type Lost = (line: number, fetch: boolean) => void;

/** The caches of all geometries. */
export interface Hierarchy {
  /** Sets, at the finest line size, of the caches with the fewest: what the filter may have. */
  readonly fewestSets: number;
  /** Whether fetches and data share these caches. */
  readonly unified: boolean;
  /** A reference, whose line at the finest size is physical line `line`. */
  access(word: number, line: number): void;
  /** One reference over two lines (cachegrind's rule), as words and as lines. */
  accessSpan(first: number, firstLine: number, second: number, secondLine: number): void;
  /** Writes the misses and write-backs of one geometry, by its number, into the rows of a replay's counters. */
  write(values: Float64Array, geometry: number): void;
  dirtyLines(geometry: number): { l1: number; l2: number };
}

export interface GeometryKernel extends Kernel {
  /** From now on the counters and dirty lines are those of this geometry. References must have ended. */
  assume(geometry: number): void;
}

/**
 * `create` makes the caches, which tell what they lose. `translates`: whether translations that are not usable matter
 * (they do not to caches alone).
 */
export function createGeometryKernel(
  options: KernelOptions,
  rows: RowCounts,
  create: (lost: Lost) => Hierarchy,
  translates: boolean,
): GeometryKernel {
  const layout = wordLayout(options.machine);
  let front: Front | null = null;
  const hierarchy = create((line, fetch) => front!.lost(line, fetch));
  front = ownCopy(buildFront)(options, hierarchy, rows, { layout, translates, C, SPAN });
  return front.kernel;
}

interface Front {
  readonly kernel: GeometryKernel;
  readonly lost: Lost;
}

interface Imports {
  readonly layout: ReturnType<typeof wordLayout>;
  readonly translates: boolean;
  readonly C: Readonly<Record<Counter, number>>;
  readonly SPAN: number;
}

function buildFront(options: KernelOptions, hierarchy: Hierarchy, rows: RowCounts, imports: Imports): Front {
  const { counters, pages, stamps, usable, onMiss } = options;
  const { layout, translates, C, SPAN } = imports;
  const { lineBits, pageLineBits, fetchLineBits, dataLineBits } = layout;
  const { fetch_accesses } = C;
  const { access, accessSpan } = hierarchy;
  const lineMask = (1 << pageLineBits) - 1;
  const pageShift = pageLineBits + 2;
  // The side is the lowest bit of the index, unless both share their sets.
  const side = hierarchy.unified ? 2 : 1;
  const filterMask = (hierarchy.fewestSets << (2 - side)) - 1;
  const filter = new Int32Array(filterMask + 1).fill(-1);
  /** As in the replay kernel: the time of an LRU TLB is `clock` plus the position in the words. */
  let clock = 1;
  let position = 0;
  let geometry = 0;

  const kindOf = (word: number): number => ((word & 2) !== 0 ? 0 : 1 + (word & 1));

  const physicalLine = (word: number): number =>
    (pages.physical[word >>> pageShift]! << pageLineBits) | ((word >>> 2) & lineMask);

  const look = (word: number): void => {
    const at = (word >>> side) & filterMask;
    if (((filter[at]! ^ word) & (word | -2)) === 0) return;
    filter[at] = word;
    access(word, physicalLine(word));
  };

  const translate = (word: number): void => {
    const id = word >>> pageShift;
    if (usable[0]![id] === 0) {
      onMiss(0, id, kindOf(word));
      rows.select(counters.row);
    }
    if (stamps !== null) stamps[0]![id] = clock + position;
  };

  /** Position of the first word that must be looked at. */
  const scan = (words: Int32Array, from: number, to: number): number => {
    for (let p = from; p < to; p++) {
      const word = words[p]!;
      if (((filter[(word >>> side) & filterMask]! ^ word) & (word | -2)) !== 0) return p;
    }
    return to;
  };

  /** The same where translation matters. */
  const scanTranslated = (words: Int32Array, from: number, to: number): number => {
    const ready = usable[0]!;
    const used = stamps === null ? null : stamps[0]!;
    for (let p = from; p < to; p++) {
      const word = words[p]!;
      if (ready[word >>> pageShift] === 0) return p;
      if (((filter[(word >>> side) & filterMask]! ^ word) & (word | -2)) !== 0) return p;
      if (used !== null) used[word >>> pageShift] = clock + p;
    }
    return to;
  };

  const runSpan = (first: number, second: number): void => {
    if (translates) {
      translate(first);
      translate(second);
    }
    accessSpan(first, physicalLine(first), second, physicalLine(second));
    // They may be in one set of the filter: the next reference finds out.
    filter[(first >>> side) & filterMask] = -1;
    filter[(second >>> side) & filterMask] = -1;
  };

  const run = (words: Int32Array, from: number, to: number): void => {
    rows.select(counters.row);
    let p = from;
    for (;;) {
      p = translates ? scanTranslated(words, p, to) : scan(words, p, to);
      if (p >= to) break;
      const word = words[p]!;
      position = p;
      if (word === SPAN) {
        runSpan(words[p + 1]!, words[p + 2]!);
        p += 3;
        continue;
      }
      if (translates) translate(word);
      look(word);
      p++;
    }
    position = 0;
    if (stamps !== null) {
      clock += to;
      if (clock > 0x40000000) renumberStamps();
    }
  };

  /** Stamps are 32-bit: long before they overflow, resident ones are renumbered by rank. */
  const renumberStamps = (): void => {
    const ofCpu = stamps![0]!;
    const live: number[] = [];
    usable[0]!.forEach((isLive, id) => {
      if (isLive === 1) live.push(id);
    });
    live.sort((a, b) => ofCpu[a]! - ofCpu[b]!);
    live.forEach((id, rank) => {
      ofCpu[id] = rank + 1;
    });
    clock = pages.size + 2;
  };

  /** Index bits of a page's id are those of its physical page, so a line's number finds its word. */
  const lost: Lost = (line, fetch) => {
    filter[((line << (2 - side)) | (side === 1 && fetch ? 1 : 0)) & filterMask] = -1;
  };

  const nothing = (): void => {};

  const kernel: GeometryKernel = {
    run,
    select: nothing,
    touch: (word) => {
      counters.values[counters.row + fetch_accesses + kindOf(word)]!++;
      clock++;
      rows.select(counters.row);
      translate(word);
      look(word);
    },
    word: (id, offset, fetch, store) => {
      const bits = fetch ? fetchLineBits : dataLineBits;
      const line = (offset >>> bits) << (bits - lineBits);
      return (((id << pageLineBits) | line) << 2) | (fetch ? 2 : 0) | (store ? 1 : 0);
    },
    reserve: nothing,
    dirtyLines: () => hierarchy.dirtyLines(geometry),
    lostLines: () => [],
    clear: () => rows.clear(),
    // Pages do not move here: nobody asks.
    machinePages: {
      of: (physical) => physical,
      home: () => 0,
      place: nothing,
      remap: nothing,
      guard: nothing,
      guarded: () => false,
      translations: () => [],
      forget: nothing,
    },
    assume: (next) => {
      geometry = next;
      hierarchy.write(counters.values, next);
    },
  };
  return { kernel, lost };
}
