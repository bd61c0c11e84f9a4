/**
 * The L1s of one geometry above something that wants to know what an L2 would see of them: their misses and, by the
 * counting rule, their dirty victims. Nothing comes back from below: the L2 is not inclusive.
 */

import { ownCopy } from '../../trace/own-copy.ts';
import type { WordLayout } from '../hardware/kernel.ts';
import type { Machine } from '../systems/schema.ts';
import type { RowCounts } from './rows.ts';
import { type Stacks, WRITEBACK } from './stacks.ts';

type L1 = NonNullable<Machine['l1i']>;

/** Who gets the accesses, as lines of the L2. */
export type L2Accesses = Pick<Stacks, 'access' | 'defer' | 'settle'>;

export interface L1s {
  /** As of `Hierarchy`. */
  readonly fewestSets: number;
  readonly access: (word: number, line: number) => void;
  readonly accessSpan: (first: number, firstLine: number, second: number, secondLine: number) => void;
  readonly dirtyLines: () => number;
  /** From a row's base on: misses by kind, then write-backs. */
  readonly counts: number;
}

/** The L1s of a machine that has them, and an L2 that is not inclusive. */
export function createL1s(machine: Machine, below: L2Accesses, layout: WordLayout, rows: RowCounts): L1s {
  const { l1i, l1d, l2, counting } = machine;
  if (l1i === null || l1d === null || l2 === null) throw new Error('no L1s above an L2');
  return ownCopy(buildL1s)({
    l1i,
    l1d,
    below,
    rows,
    counts: rows.reserve(4),
    layout,
    l2LineBits: 31 - Math.clz32(l2.line),
    WRITEBACK,
    writebackAccesses: counting === 'vmtax' || counting === 'dinero',
  });
}

interface Parts {
  readonly l1i: L1;
  readonly l1d: L1;
  readonly below: L2Accesses;
  readonly rows: RowCounts;
  readonly counts: number;
  readonly layout: WordLayout;
  readonly l2LineBits: number;
  readonly WRITEBACK: number;
  /** Whether a dirty victim is an access of the L2 (`counting`). */
  readonly writebackAccesses: boolean;
}

function buildL1s(parts: Parts): L1s {
  const { l1i, l1d, below, rows, counts, layout, l2LineBits, WRITEBACK, writebackAccesses } = parts;
  const fetchShift = layout.fetchLineBits - layout.lineBits;
  const dataShift = layout.dataLineBits - layout.lineBits;
  const l2Shift = l2LineBits - layout.lineBits;
  const fetchWays = l1i.ways;
  const dataWays = l1d.ways;
  const fetchMask = l1i.size / l1i.ways / l1i.line - 1;
  const dataMask = l1d.size / l1d.ways / l1d.line - 1;
  // Line << 1 | dirty, most recently used first; −1: none.
  const fetchTags = new Int32Array(l1i.size / l1i.line).fill(-1);
  const dataTags = new Int32Array(l1d.size / l1d.line).fill(-1);

  /** After a miss: the tag that has left its set; −1: none. */
  let victim = -1;

  /** Whether a line hits in its set, in front of which it is then. */
  const hits = (tags: Int32Array, base: number, ways: number, key: number, dirties: number): boolean => {
    let carried = tags[base]!;
    let way = 0;
    while (((carried ^ key) & -2) !== 0) {
      way++;
      if (way === ways) {
        victim = carried;
        tags[base] = key | dirties;
        return false;
      }
      const next = tags[base + way]!;
      tags[base + way] = carried;
      carried = next;
    }
    tags[base] = carried | dirties;
    return true;
  };

  const hitsSide = (word: number, line: number): boolean => {
    if ((word & 2) !== 0) {
      const key = line >>> fetchShift;
      return hits(fetchTags, (key & fetchMask) * fetchWays, fetchWays, key << 1, 0);
    }
    const key = line >>> dataShift;
    return hits(dataTags, (key & dataMask) * dataWays, dataWays, key << 1, word & 1);
  };

  /** The L1 line that a miss has displaced is written back if it is dirty. Only data are. */
  const writeBack = (left: number): void => {
    if (left === -1 || (left & 1) === 0) return;
    rows.values[rows.base + counts + 3]!++;
    if (writebackAccesses) below.access(((left >>> 1) << dataShift) >>> l2Shift, WRITEBACK, 1);
  };

  const kindOf = (word: number): number => ((word & 2) !== 0 ? 0 : 1 + (word & 1));

  const access = (word: number, line: number): void => {
    if (hitsSide(word, line)) return;
    const kind = kindOf(word);
    rows.values[rows.base + counts + kind]!++;
    below.access(line >>> l2Shift, kind, 0);
    writeBack(victim);
  };

  const accessSpan = (first: number, firstLine: number, second: number, secondLine: number): void => {
    let missed = false;
    if (!hitsSide(first, firstLine)) {
      missed = true;
      writeBack(victim);
    }
    if (!hitsSide(second, secondLine)) {
      missed = true;
      writeBack(victim);
    }
    if (!missed) return;
    const kind = kindOf(first);
    rows.values[rows.base + counts + kind]!++;
    // Two L1 lines may be one of the L2: then the second hits whatever the geometry.
    below.defer(firstLine >>> l2Shift, 0);
    below.defer(secondLine >>> l2Shift, 0);
    below.settle(kind);
  };

  const dirtyLines = (): number => dataTags.reduce((sum, tag) => sum + (tag === -1 ? 0 : tag & 1), 0);

  return {
    fewestSets: Math.min(fetchMask, dataMask) + 1,
    access,
    accessSpan,
    dirtyLines,
    counts,
  };
}
