/**
 * L1s and an inclusive L2 of one geometry. A line that leaves the L2 leaves the L1s, so nothing here is shared with other
 * geometries but the references that hit in front everywhere, which the front of the pass finds: `lost` tells it of
 * lines that are taken from an L1.
 */

import { ownCopy } from '../../trace/own-copy.ts';
import { C } from '../counters.ts';
import type { WordLayout } from '../hardware/kernel.ts';
import type { Machine } from '../systems/schema.ts';
import type { Hierarchy, Lost } from './front.ts';
import type { RowCounts } from './rows.ts';

type Cache = NonNullable<Machine['l1i']>;

/** The hierarchy of a machine with L1s and an inclusive L2, for its one geometry. */
export function inclusiveCaches(
  { l1i, l1d, l2 }: Machine,
  layout: WordLayout,
  rows: RowCounts,
  lost: Lost,
): Hierarchy {
  if (l1i === null || l1d === null || l2 === null) throw new Error('no L1s above an L2');
  // L1 misses by kind, L1 write-backs, L2 misses by kind, L2 write-backs.
  const counts = rows.reserve(8);
  const { access, dirtyLines, fewestSets } = ownCopy(buildInclusive)({
    l1i,
    l1d,
    l2,
    layout,
    rows,
    counts,
    lost,
  });
  return {
    fewestSets,
    unified: false,
    access,
    accessSpan: () => {
      throw new Error('cachegrind’s rule has no inclusive L2');
    },
    write: (values) =>
      rows.each((row, base) => {
        for (let kind = 0; kind < 3; kind++) {
          values[row + C.l1i_misses + kind] = rows.values[base + counts + kind]!;
          values[row + C.l2_fetch_misses + kind] = rows.values[base + counts + 4 + kind]!;
        }
        values[row + C.l1_writebacks] = rows.values[base + counts + 3]!;
        values[row + C.l2_writebacks] = rows.values[base + counts + 7]!;
      }),
    dirtyLines,
  };
}

interface Parts {
  readonly l1i: Cache;
  readonly l1d: Cache;
  readonly l2: Cache;
  readonly layout: WordLayout;
  readonly rows: RowCounts;
  readonly counts: number;
  readonly lost: Lost;
}

function buildInclusive(parts: Parts) {
  const { l1i, l1d, l2, layout, rows, counts, lost } = parts;
  const log2 = (n: number): number => 31 - Math.clz32(n);
  const fetchShift = layout.fetchLineBits - layout.lineBits;
  const dataShift = layout.dataLineBits - layout.lineBits;
  const l2Shift = log2(l2.line) - layout.lineBits;
  const fetchWays = l1i.ways;
  const dataWays = l1d.ways;
  const l2Ways = l2.ways;
  const fetchMask = l1i.size / l1i.ways / l1i.line - 1;
  const dataMask = l1d.size / l1d.ways / l1d.line - 1;
  const l2Mask = l2.size / l2.ways / l2.line - 1;
  // Line << 1 | dirty, most recently used first; −1: none.
  const fetchTags = new Int32Array(l1i.size / l1i.line).fill(-1);
  const dataTags = new Int32Array(l1d.size / l1d.line).fill(-1);
  const l2Tags = new Int32Array(l2.size / l2.line).fill(-1);

  /** Place of a line from `base` on, −1 if it is not there. */
  const find = (tags: Int32Array, base: number, ways: number, key: number): number => {
    for (let at = base; at < base + ways; at++) if (((tags[at]! ^ key) & -2) === 0) return at;
    return -1;
  };

  /** Puts a tag in front; what was before place `at` moves back. */
  const front = (tags: Int32Array, base: number, at: number, tag: number): void => {
    for (let to = at; to > base; to--) tags[to] = tags[to - 1]!;
    tags[base] = tag;
  };

  /** Takes a line out of its set; its dirty bit. */
  const drop = (tags: Int32Array, base: number, ways: number, key: number): number => {
    const at = find(tags, base, ways, key);
    if (at < 0) return 0;
    const dirty = tags[at]! & 1;
    for (let from = at; from < base + ways - 1; from++) tags[from] = tags[from + 1]!;
    tags[base + ways - 1] = -1;
    return dirty;
  };

  /** A line leaves the L2, and with it the L1s; dirty data go to memory. */
  const evict = (tag: number): void => {
    let dirty = tag & 1;
    const first = (tag >>> 1) << l2Shift;
    for (let line = first; line < first + (1 << l2Shift); line += 1 << fetchShift) {
      const key = line >>> fetchShift;
      drop(fetchTags, (key & fetchMask) * fetchWays, fetchWays, key << 1);
      lost(line, true);
    }
    for (let line = first; line < first + (1 << l2Shift); line += 1 << dataShift) {
      const key = line >>> dataShift;
      dirty |= drop(dataTags, (key & dataMask) * dataWays, dataWays, key << 1);
      lost(line, false);
    }
    if (dirty === 1) rows.values[rows.base + counts + 7]!++;
  };

  const accessL2 = (line: number, kind: number): void => {
    const key = (line >>> l2Shift) << 1;
    const base = ((line >>> l2Shift) & l2Mask) * l2Ways;
    const at = find(l2Tags, base, l2Ways, key);
    if (at >= 0) {
      if (at > base) front(l2Tags, base, at, l2Tags[at]!);
      return;
    }
    rows.values[rows.base + counts + 4 + kind]!++;
    const last = base + l2Ways - 1;
    if (l2Tags[last] !== -1) evict(l2Tags[last]!);
    front(l2Tags, base, last, key);
  };

  const look = (
    tags: Int32Array,
    base: number,
    ways: number,
    key: number,
    line: number,
    kind: number,
    dirties: number,
  ): void => {
    const at = find(tags, base, ways, key);
    if (at >= 0) {
      front(tags, base, at, tags[at]! | dirties);
      return;
    }
    rows.values[rows.base + counts + kind]!++;
    accessL2(line, kind);
    // After the L2 has perhaps taken a line of this set.
    const victim = tags[base + ways - 1]!;
    front(tags, base, base + ways - 1, key | dirties);
    if (victim === -1 || (victim & 1) === 0) return;
    rows.values[rows.base + counts + 3]!++;
    // Inclusion has kept the line in the L2, where it is only marked: its place stays.
    const out = ((victim >>> 1) << dataShift) >>> l2Shift;
    const to = find(l2Tags, (out & l2Mask) * l2Ways, l2Ways, out << 1);
    l2Tags[to] = l2Tags[to]! | 1;
  };

  const access = (word: number, line: number): void => {
    if ((word & 2) !== 0) {
      const key = line >>> fetchShift;
      look(fetchTags, (key & fetchMask) * fetchWays, fetchWays, key << 1, line, 0, 0);
    } else {
      const key = line >>> dataShift;
      look(dataTags, (key & dataMask) * dataWays, dataWays, key << 1, line, 1 + (word & 1), word & 1);
    }
  };

  const dirtyIn = (tags: Int32Array): number =>
    tags.reduce((sum, tag) => sum + (tag === -1 ? 0 : tag & 1), 0);

  return {
    access,
    fewestSets: Math.min(fetchMask, dataMask) + 1,
    dirtyLines: () => ({ l1: dirtyIn(dataTags), l2: dirtyIn(l2Tags) }),
  };
}
