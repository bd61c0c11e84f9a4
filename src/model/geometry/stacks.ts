/**
 * All-associativity simulation: what LRU caches of one line size, any numbers of sets and any numbers of ways do with
 * one stream of lines, in one pass (Mattson, Gecsei, Slutz and Traiger, IBM Systems Journal 9(2), 1970; Hill and
 * Smith, IEEE Trans. Computers 38(12), 1989).
 *
 * - For each number of sets there is an LRU stack a set. A cache of w ways holds the w lines in front, so that an
 *   access at depth d (0: the line used last) misses where w ≤ d. Ways are powers of two, so a depth is kept as its
 *   *level*, the least l with d < 2^l, and 2^l ways are the fewest that hit.
 * - A set of a cache with more sets is part of a set of one with fewer, so an access at depth 0 among few sets is at
 *   depth 0 among more: nothing moves there, and the search, which begins at the fewest sets, ends.
 * - Write-backs (Thompson and Smith, ACM TOCS 7(1), 1989): a line is dirty in caches of at least as many ways as the
 *   deepest access since it was last stored to has needed. That level is kept with the line; CLEAN: never stored to,
 *   or not since it was out of all caches. A line leaves a cache of w ways when it is pushed from place w − 1 to w,
 *   and is written back there and then if it is dirty at that level: in the row that is current, as a cache alone
 *   would count it, and not when the line comes back.
 *
 * Misses of a geometry are a sum over levels, its write-backs one count. Only accesses that move lines count anything.
 */
import { ownCopy } from '../../trace/own-copy.ts';
import type { RowCounts } from './rows.ts';

/** A cache's shape; lines are its family's. Both powers of two. */
export interface Shape {
  readonly sets: number;
  readonly ways: number;
}

/** A line's number must be below 2^28: its level takes the other four bits. */
const LEVEL_BITS = 4;
/** Most ways: 15 is no level but CLEAN. */
export const MOST_WAYS = 2 ** 14;

/** Columns of accesses: fetch, load, store, an upper level's write-back; for two lines accessed as one. */
export const WRITEBACK = 3;
const PENDING = 4;
const COLUMNS = 5;

export interface Stacks {
  readonly fewestSets: number;
  /**
   * Accesses a line as `kind` 0 fetch, 1 load, 2 store or WRITEBACK; `dirties` 1 if that makes it dirty in every cache,
   * else 0.
   */
  access(line: number, kind: number, dirties: number): void;
  /** The same without counting misses; `settle` then counts all since the last one as one access each cache. */
  defer(line: number, dirties: number): void;
  settle(kind: number): void;
  /** Misses by kind and write-backs of one geometry in the row whose counts start at `base`. */
  misses(shape: Shape, base: number, kind: number): number;
  writebacks(shape: Shape, base: number): number;
  /** Lines that are dirty in a cache of this shape now. */
  dirtyLines(shape: Shape): number;
}

const log2 = (n: number): number => 31 - Math.clz32(n);

/** Stacks for these shapes, which reserve their counts in `rows`. */
export function createStacks(shapes: readonly Shape[], rows: RowCounts): Stacks {
  const wayBits = new Map<number, number>();
  for (const { sets, ways } of shapes) wayBits.set(sets, Math.max(wayBits.get(sets) ?? 0, log2(ways)));
  const sets = [...wayBits.keys()].sort((a, b) => a - b);
  const levels = Int32Array.from(sets, (n) => wayBits.get(n)!);
  const start = new Int32Array(sets.length);
  const at = new Int32Array(sets.length);
  let lines = 0;
  for (const [s, n] of sets.entries()) {
    start[s] = lines;
    lines += n << levels[s]!;
    // Misses by kind and the level that the depth is above, then write-backs by level.
    at[s] = rows.reserve((levels[s]! + 1) * (COLUMNS + 1));
  }
  return ownCopy(buildStacks)({
    sets: Int32Array.from(sets),
    levels,
    start,
    at,
    tags: new Int32Array(lines).fill(-1),
    rows,
    LEVEL_BITS,
    COLUMNS,
    PENDING,
  });
}

interface Parts {
  /** Ascending. */
  readonly sets: Int32Array;
  /** By number of sets: log2 of the most ways; where its lines are in `tags`; where its counts are in a row. */
  readonly levels: Int32Array;
  readonly start: Int32Array;
  readonly at: Int32Array;
  /** Line << LEVEL_BITS | level from which it is dirty; −1: none. */
  readonly tags: Int32Array;
  readonly rows: RowCounts;
  readonly LEVEL_BITS: number;
  readonly COLUMNS: number;
  readonly PENDING: number;
}

function buildStacks(parts: Parts): Stacks {
  const { sets, levels, start, at, tags, rows, LEVEL_BITS, COLUMNS, PENDING } = parts;
  const CLEAN = (1 << LEVEL_BITS) - 1;
  const LINE = -1 << LEVEL_BITS;
  const many = sets.length;

  const access = (line: number, kind: number, dirties: number): void => {
    const key = line << LEVEL_BITS;
    for (let s = 0; s < many; s++) {
      const last = levels[s]!;
      const base = start[s]! + ((line & (sets[s]! - 1)) << last);
      let carried = tags[base]!;
      if (((carried ^ key) & LINE) === 0) {
        // What is dirty at level 0 among few sets is so among more.
        if (dirties === 0 || (carried & CLEAN) === 0) return;
        tags[base] = key;
        continue;
      }
      const { values } = rows;
      const counts = rows.base + at[s]!;
      const writebacks = counts + (last + 1) * COLUMNS;
      // Level from which the line is dirty: of none, unless it is found.
      let dirty = CLEAN;
      let level = 0;
      let place = base + 1;
      let end = base + 2;
      for (;;) {
        // The line carried is out of caches of 2^level ways.
        if ((carried & CLEAN) <= level) values[writebacks + level]!++;
        if (level === last) break;
        for (; place < end; place++) {
          const next = tags[place]!;
          tags[place] = carried;
          carried = next;
          if (((carried ^ key) & LINE) === 0) break;
        }
        if (place < end) {
          dirty = carried & CLEAN;
          if (dirty <= level) dirty = level + 1;
          break;
        }
        end += end - base;
        level++;
      }
      values[counts + level * COLUMNS + kind]!++;
      tags[base] = dirties === 1 ? key : key | dirty;
    }
  };

  /** Number of a shape among the sets, and its level. */
  const numberOf = ({ sets: n }: Shape): number => sets.indexOf(n);
  const levelOf = ({ ways }: Shape): number => 31 - Math.clz32(ways);

  return {
    fewestSets: sets[0]!,
    access,
    defer: (line, dirties) => access(line, PENDING, dirties),
    settle: (kind) => {
      const { values } = rows;
      for (let s = 0; s < many; s++) {
        const counts = rows.base + at[s]!;
        let deepest = -1;
        for (let level = 0; level <= levels[s]!; level++) {
          const pending = counts + level * COLUMNS + PENDING;
          if (values[pending] !== 0) deepest = level;
          values[pending] = 0;
        }
        if (deepest >= 0) values[counts + deepest * COLUMNS + kind]!++;
      }
    },
    misses: (shape, base, kind) => {
      const s = numberOf(shape);
      const counts = base + at[s]! + kind;
      let sum = 0;
      for (let level = levelOf(shape); level <= levels[s]!; level++)
        sum += rows.values[counts + level * COLUMNS]!;
      return sum;
    },
    writebacks: (shape, base) => {
      const s = numberOf(shape);
      return rows.values[base + at[s]! + (levels[s]! + 1) * COLUMNS + levelOf(shape)]!;
    },
    dirtyLines: (shape) => {
      const s = numberOf(shape);
      const level = levelOf(shape);
      let dirty = 0;
      for (let set = 0; set < shape.sets; set++)
        for (let way = 0; way < shape.ways; way++)
          if ((tags[start[s]! + (set << levels[s]!) + way]! & CLEAN) <= level) dirty++;
      return dirty;
    },
  };
}
