/**
 * The directory: which CPUs have a line, who may write it, and what a miss, a store to a shared line or an
 * eviction does to the others. The protocol and every count are in docs/coherence.md; the slow twin is
 * `test/model/directory-oracle.ts`.
 *
 * One entry per line of each physical page, in one flat table by dense line number, so that all that is known of a
 * line is in one line of the host's caches: the owner, with the slot of `sharing.ts`, which tells true and false
 * sharing apart; then vectors of CPUs: sharers, those that ever had the line, those that lost it as its page
 * moved. The caches themselves are the kernel's: `take` reaches into another CPU's.
 *
 * Like the kernel, every directory runs its own copy of the code (`ownCopy`).
 */

import { ownCopy } from '../../trace/own-copy.ts';
import { C, type Counters } from '../counters.ts';
import type { Counter } from '../tally.ts';
import { wider } from './pages.ts';
import { createSharing, OWNER_BITS, type Sharing } from './sharing.ts';

/** Answers of `take`: the CPU had the line clean, or modified; 0 if it did not have it. */
export const CLEAN = 1;
export const MODIFIED = 2;

/** So many CPUs have their three vectors in one word. */
const PACKED = 10;

export interface DirectoryOptions {
  /** `directory`: MESI. `drcachesim`: MSI, evictions always told, nothing sent on the network. */
  readonly rule: 'directory' | 'drcachesim';
  readonly cpus: number;
  readonly hints: boolean;
  readonly linesPerPage: number;
  readonly counters: Counters;
  /** Node of each CPU. */
  readonly nodeOf: Uint8Array;
  /** Takes a line from `cpu`'s caches; `lose`: altogether, else it stays there, shared and clean. */
  readonly take: (cpu: number, line: number, lose: boolean) => number;
  /** Whether `cpu`'s caches have a line. */
  readonly has: (cpu: number, line: number) => boolean;
  /** Notes a message of the running CPU (`FLOW_KINDS`). */
  readonly flow: (kind: number, home: number, other: number) => void;
  /** The span that `request` and `stored` were given a name of: asked for when it matters, which is seldom. */
  readonly spanOf: (span: number) => number;
  /** Whether pages change their machine page: then losses by that are told apart. */
  readonly movable: boolean;
}

export interface Directory {
  /**
   * The running CPU misses on a line; `kind` 0 fetch, 1 load, 2 store, `span` its granules, `home` the line's
   * node. Counts class and served, takes the line from whom it must; 1 if the CPU may write it now.
   */
  request(line: number, kind: number, span: number, home: number): number;
  /** The running CPU stores to a line that it has shared: the others lose it. */
  upgrade(line: number, home: number): void;
  /** The running CPU has stored to `span`. True if such stores must go on being told. */
  stored(line: number, span: number): boolean;
  /** A line leaves the running CPU's caches. */
  gone(line: number, modified: boolean, home: number): void;
  /** What is known of two lines is asked for soon: of the host's memory it is asked for both at once now. */
  ready(line: number, other: number): void;
  /** Makes `cpu` the running one. */
  select(cpu: number): void;
  /** Room for lines of `pages` physical pages. */
  reserve(pages: number): void;
  /** Lines that each CPU lost to others' stores. */
  readonly lost: Float64Array;
  /** CPUs that the directory lists for a line, ascending. */
  sharers(line: number): number[];
  /** Whether stores to a line must be told. */
  watched(line: number): boolean;
  /**
   * The contents of a line are at `to` from now on for CPUs `first` to `last` − 1, and `from` is in their caches no
   * more, unless it `stays` there for others. What is known of their losses goes with it.
   */
  divert(from: number, to: number, first: number, last: number, stays: boolean): void;
  /** Nobody may write the line without asking. */
  disown(line: number): void;
  /** Forgets everything about a line, whose page is free. */
  clear(line: number): void;
}

export function createDirectory(options: DirectoryOptions): Directory {
  const width = (options.cpus + 31) >>> 5;
  // 2 words up to PACKED CPUs, 4 up to 32, 8 up to 64, 16 up to 128.
  const entryBits = options.cpus <= PACKED ? 1 : 32 - Math.clz32(3 * width);
  const sharing = createSharing(options.cpus, entryBits, options.spanOf);
  return ownCopy(buildDirectory)(options, { C, wider, sharing, width, entryBits, OWNER_BITS, PACKED });
}

interface Imports {
  readonly C: Readonly<Record<Counter, number>>;
  readonly wider: typeof wider;
  readonly sharing: Sharing;
  /** Words of a vector of CPUs. */
  readonly width: number;
  /** log2 of the words of an entry. */
  readonly entryBits: number;
  readonly OWNER_BITS: number;
  readonly PACKED: number;
}

function buildDirectory(options: DirectoryOptions, imports: Imports): Directory {
  const { rule, cpus, hints, linesPerPage, counters, nodeOf, take, has, flow, movable } = options;
  const { C, wider, sharing, width, entryBits, OWNER_BITS, PACKED } = imports;
  const { cold_misses, capacity_misses, true_sharing_misses, false_sharing_misses, moved_misses } = C;
  const { remote_fetch_misses, dirty_fetch_misses, neighbour_fetch_misses } = C;
  const { upgrades, remote_upgrades, interventions, invalidations, stale_messages } = C;
  const { sharing_writebacks, replacement_hints } = C;
  const mesi = rule === 'directory';
  /** Answers of `take` (see above). */
  const MODIFIED = 2;
  /** Kinds of traffic (FLOW_KINDS). */
  const LOCAL = 0;
  const LOCAL_CACHE = 1;
  const REMOTE_CLEAN = 2;
  const REMOTE_DIRTY = 3;
  const UPGRADE = 4;
  const WRITEBACK = 5;
  const HINT = 6;
  const INVALIDATION = 7;

  /**
   * By line: the CPU that has it E or M, plus 1 (0: none), below its slot; from SHARERS, SEEN and MOVED on, vectors,
   * whose first bits are so many bits up in a word.
   */
  let table = new Int32Array(1024 << entryBits);
  sharing.use(table);
  const OWNER = (1 << OWNER_BITS) - 1;
  const packed = cpus <= PACKED;
  const SHARERS = 1;
  const SEEN = packed ? 1 : 1 + width;
  const MOVED = packed ? 1 : 1 + 2 * width;
  const SEEN_BITS = packed ? PACKED : 0;
  const MOVED_BITS = packed ? 2 * PACKED : 0;
  /** All CPUs of a word. */
  const ALL = packed ? (1 << PACKED) - 1 : -1;
  /** Classes by the answers of `sharing.regain`. */
  const sharingClass = [capacity_misses, true_sharing_misses, false_sharing_misses];
  const lost = new Float64Array(cpus);

  const setOwner = (at: number, owner: number): void => {
    table[at] = (table[at]! & ~OWNER) | owner;
  };

  // The CPU that is running: its word and bit in a vector.
  let cpu = 0;
  let node = 0;
  let ownWord = 0;
  let ownBit = 1;

  const select = (next: number): void => {
    cpu = next;
    node = nodeOf[next]!;
    ownWord = next >>> 5;
    ownBit = 1 << (next & 31);
  };

  /** `victim` loses its line to the running CPU's store, if it still has it. */
  const invalidate = (line: number, victim: number): void => {
    const { values, row } = counters;
    if (take(victim, line, true) === 0) {
      values[row + stale_messages]!++;
      return;
    }
    values[row + invalidations]!++;
    lost[victim]!++;
    sharing.lose(line, victim);
  };

  /** All sharers but the running CPU lose the line. */
  const invalidateOthers = (line: number, home: number): void => {
    const base = (line << entryBits) + SHARERS;
    for (let w = 0; w < width; w++) {
      let left = table[base + w]! & ALL;
      if (w === ownWord) left &= ~ownBit;
      if (left === 0) continue;
      table[base + w] = table[base + w]! & ~left;
      while (left !== 0) {
        const victim = (w << 5) + 31 - Math.clz32(left & -left);
        left &= left - 1;
        if (mesi) flow(INVALIDATION, home, nodeOf[victim]!);
        invalidate(line, victim);
      }
    }
  };

  const hasOthers = (line: number): boolean => {
    const base = (line << entryBits) + SHARERS;
    if (width === 1) return (table[base]! & ALL & ~ownBit) !== 0;
    for (let w = 0; w < width; w++)
      if ((table[base + w]! & (w === ownWord ? ~ownBit : -1)) !== 0) return true;
    return false;
  };

  const request = (line: number, kind: number, span: number, home: number): number => {
    const at = line << entryBits;
    const own = at + ownWord;
    const lines = table;
    const { values, row } = counters;
    // Its class, by how the CPU lost the line; it has it again now.
    const before = lines[own + SEEN]!;
    if ((before & (ownBit << SEEN_BITS)) === 0) {
      lines[own + SEEN] = before | (ownBit << SEEN_BITS);
      values[row + cold_misses]!++;
    } else if (movable && (lines[own + MOVED]! & (ownBit << MOVED_BITS)) !== 0) {
      lines[own + MOVED] = lines[own + MOVED]! & ~(ownBit << MOVED_BITS);
      values[row + moved_misses]!++;
    } else if (lines[at]! >>> OWNER_BITS === 0) values[row + capacity_misses]!++;
    else values[row + sharingClass[sharing.regain(line, cpu, span)]!]!++;
    const owner = (lines[at]! & OWNER) - 1;
    let had = 0;
    if (owner >= 0 && owner !== cpu) {
      values[row + interventions]!++;
      had = take(owner, line, kind === 2);
      setOwner(at, 0);
      if (had === 0) values[row + stale_messages]!++;
      else if (kind !== 2 && (had & MODIFIED) !== 0) values[row + sharing_writebacks]!++;
      if (had === 0 || kind === 2) {
        const theirs = at + SHARERS + (owner >>> 5);
        table[theirs] = table[theirs]! & ~(1 << (owner & 31));
      }
      if (had !== 0 && kind === 2) {
        values[row + invalidations]!++;
        lost[owner]!++;
        sharing.lose(line, owner);
      }
    } else if (kind === 2) invalidateOthers(line, home);

    if (mesi) {
      if ((had & MODIFIED) === 0) {
        if (home !== node) values[row + remote_fetch_misses + kind]!++;
        flow(home === node ? LOCAL : REMOTE_CLEAN, home, home);
      } else {
        const other = nodeOf[owner]!;
        values[row + (other === node ? neighbour_fetch_misses : dirty_fetch_misses) + kind]!++;
        flow(other === node ? LOCAL_CACHE : REMOTE_DIRTY, home, other);
      }
    }
    const alone = !hasOthers(line);
    table[own + SHARERS] = table[own + SHARERS]! | ownBit;
    if (kind !== 2 && !(mesi && alone)) return 0;
    setOwner(at, cpu + 1);
    return 1;
  };

  // A load whose value goes nowhere would be compiled away.
  const loaded = new Int32Array(1);
  const ready = (line: number, other: number): void => {
    loaded[0] = table[line << entryBits]! ^ table[other << entryBits]!;
  };

  const upgrade = (line: number, home: number): void => {
    const { values, row } = counters;
    values[row + upgrades]!++;
    if (mesi) {
      if (home !== node) values[row + remote_upgrades]!++;
      flow(UPGRADE, home, home);
    }
    invalidateOthers(line, home);
    setOwner(line << entryBits, cpu + 1);
  };

  const gone = (line: number, modified: boolean, home: number): void => {
    if (mesi) {
      if (!modified && !hints) return;
      if (!modified) counters.values[counters.row + replacement_hints]!++;
      flow(modified ? WRITEBACK : HINT, home, home);
    }
    const at = line << entryBits;
    const own = at + SHARERS + ownWord;
    table[own] = table[own]! & ~ownBit;
    if ((table[at]! & OWNER) === cpu + 1) setOwner(at, 0);
  };

  const reserve = (pages: number): void => {
    const words = (pages * linesPerPage) << entryBits;
    if (words <= table.length) return;
    table = wider(table, words);
    sharing.use(table);
  };

  const lists = (line: number, c: number): boolean =>
    (table[(line << entryBits) + SHARERS + (c >>> 5)]! & (1 << (c & 31))) !== 0;

  const listed = (line: number): number[] => {
    const cpusOf: number[] = [];
    for (let c = 0; c < cpus; c++) if (lists(line, c)) cpusOf.push(c);
    return cpusOf;
  };

  const clear = (line: number): void => {
    sharing.clear(line);
    table.fill(0, line << entryBits, (line + 1) << entryBits);
  };

  const divert = (from: number, to: number, first: number, last: number, stays: boolean): void => {
    const source = from << entryBits;
    const target = to << entryBits;
    for (let w = first >>> 5; w <= (last - 1) >>> 5; w++) {
      const low = w === first >>> 5 ? -1 << (first & 31) : -1;
      const high = w === (last - 1) >>> 5 ? -1 >>> (31 - ((last - 1) & 31)) : -1;
      const users = low & high & ALL;
      // Who had it, and has not got the copy, which it may have made, has lost it.
      let gone = 0;
      for (let left = table[source + SHARERS + w]! & users; left !== 0; left &= left - 1) {
        const user = (w << 5) + 31 - Math.clz32(left & -left);
        const had = stays ? has(user, from) : take(user, from, true) !== 0;
        if (had && !has(user, to)) gone |= 1 << (user & 31);
      }
      const seen = table[source + SEEN + w]! & (users << SEEN_BITS);
      const moved = (table[source + MOVED + w]! & (users << MOVED_BITS)) | (gone << MOVED_BITS);
      table[target + SEEN + w] = table[target + SEEN + w]! | seen;
      table[target + MOVED + w] = table[target + MOVED + w]! | moved;
      if (stays) continue;
      table[source + SHARERS + w] = table[source + SHARERS + w]! & ~users;
      table[source + SEEN + w] = table[source + SEEN + w]! & ~(users << SEEN_BITS);
      table[source + MOVED + w] = table[source + MOVED + w]! & ~(users << MOVED_BITS);
    }
    if (stays) return;
    const owner = (table[source]! & OWNER) - 1;
    if (owner >= first && owner < last) setOwner(source, 0);
    if (table[source]! >>> OWNER_BITS === 0) return;
    for (let user = first; user < last; user++) sharing.divert(from, to, user);
  };

  return {
    request,
    ready,
    upgrade,
    stored: sharing.stored,
    gone,
    select,
    reserve,
    lost,
    watched: (line) => table[line << entryBits]! >>> OWNER_BITS !== 0,
    sharers: listed,
    divert,
    disown: (line) => {
      setOwner(line << entryBits, 0);
    },
    clear,
  };
}
