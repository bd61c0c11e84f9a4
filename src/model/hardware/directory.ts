/**
 * The directory: which CPUs have a line, who may write it, and what a miss, a store to a shared line or an
 * eviction does to the others. The protocol and every count are in docs/coherence.md; the slow twin is
 * `test/model/directory-oracle.ts`.
 *
 * One entry per line of each physical page, in flat arrays by dense line number: a vector of sharers, a
 * vector of CPUs that ever had the line, and the owner. The caches themselves are the kernel's: `take` reaches
 * into another CPU's. True and false sharing are told apart by `sharing.ts`.
 *
 * Like the kernel, every directory runs its own copy of the code (`ownCopy`).
 */
import { C, type Counters } from '../counters.ts';
import type { Counter } from '../tally.ts';
import { ownCopy } from './own-copy.ts';
import { wider } from './pages.ts';
import { createSharing, type Sharing } from './sharing.ts';

/** Answers of `take`: the CPU had the line clean, or modified; 0 if it did not have it. */
export const CLEAN = 1;
export const MODIFIED = 2;

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
  /** Notes a message of the running CPU (`FLOW_KINDS`). */
  readonly flow: (kind: number, home: number, other: number) => void;
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
  /** Makes `cpu` the running one. */
  select(cpu: number): void;
  /** Room for lines of `pages` physical pages. */
  reserve(pages: number): void;
  /** Lines that each CPU lost to others' stores. */
  readonly lost: Float64Array;
  /** CPUs that the directory lists for a line, ascending. */
  sharers(line: number): number[];
  /** Whether the directory lists a CPU for a line. */
  lists(line: number, cpu: number): boolean;
  /**
   * The contents of a line are at `to` for CPU `cpu` from now on, and `from` is in its caches no more. `lost`: it
   * was until now, and `to` is not.
   */
  divert(from: number, to: number, cpu: number, lost: boolean): void;
  /** Nobody may write the line without asking. */
  disown(line: number): void;
  /** Forgets everything about a line, whose page is free. */
  clear(line: number): void;
}

export function createDirectory(options: DirectoryOptions): Directory {
  const sharing = createSharing(options.cpus);
  return ownCopy(buildDirectory)(options, { C, wider, sharing });
}

interface Imports {
  readonly C: Readonly<Record<Counter, number>>;
  readonly wider: typeof wider;
  readonly sharing: Sharing;
}

function buildDirectory(options: DirectoryOptions, imports: Imports): Directory {
  const { rule, cpus, hints, linesPerPage, counters, nodeOf, take, flow, movable } = options;
  const { C, wider, sharing } = imports;
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

  /** Words of a vector of CPUs. */
  const width = (cpus + 31) >>> 5;
  let sharers = new Int32Array(1024);
  let seen = new Int32Array(1024);
  let moved = new Int32Array(movable ? 1024 : 0);
  /** The CPU that has the line E or M, plus 1; 0: none. */
  let owners = new Uint8Array(1024);
  const lost = new Float64Array(cpus);

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
    const base = line * width;
    for (let w = 0; w < width; w++) {
      let left = sharers[base + w]!;
      if (w === ownWord) left &= ~ownBit;
      if (left === 0) continue;
      sharers[base + w] = sharers[base + w]! & ~left;
      while (left !== 0) {
        const victim = (w << 5) + 31 - Math.clz32(left & -left);
        left &= left - 1;
        if (mesi) flow(INVALIDATION, home, nodeOf[victim]!);
        invalidate(line, victim);
      }
    }
  };

  const hasOthers = (line: number): boolean => {
    const base = line * width;
    if (width === 1) return (sharers[base]! & ~ownBit) !== 0;
    for (let w = 0; w < width; w++)
      if ((sharers[base + w]! & (w === ownWord ? ~ownBit : -1)) !== 0) return true;
    return false;
  };

  /** Class of a miss, by how the CPU lost the line; it has it again now. */
  const classOf = (line: number, own: number, span: number): number => {
    if ((seen[own]! & ownBit) === 0) {
      seen[own] = seen[own]! | ownBit;
      return cold_misses;
    }
    if (movable && (moved[own]! & ownBit) !== 0) {
      moved[own] = moved[own]! & ~ownBit;
      return moved_misses;
    }
    const how = sharing.regain(line, cpu, span);
    return how === 0 ? capacity_misses : how === 1 ? true_sharing_misses : false_sharing_misses;
  };

  const request = (line: number, kind: number, span: number, home: number): number => {
    const own = line * width + ownWord;
    const { values, row } = counters;
    values[row + classOf(line, own, span)]!++;
    const owner = owners[line]! - 1;
    let had = 0;
    if (owner >= 0 && owner !== cpu) {
      values[row + interventions]!++;
      had = take(owner, line, kind === 2);
      owners[line] = 0;
      if (had === 0) values[row + stale_messages]!++;
      else if (kind !== 2 && (had & MODIFIED) !== 0) values[row + sharing_writebacks]!++;
      if (had === 0 || kind === 2) {
        const at = line * width + (owner >>> 5);
        sharers[at] = sharers[at]! & ~(1 << (owner & 31));
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
    sharers[own] = sharers[own]! | ownBit;
    if (kind !== 2 && !(mesi && alone)) return 0;
    owners[line] = cpu + 1;
    return 1;
  };

  const upgrade = (line: number, home: number): void => {
    const { values, row } = counters;
    values[row + upgrades]!++;
    if (mesi) {
      if (home !== node) values[row + remote_upgrades]!++;
      flow(UPGRADE, home, home);
    }
    invalidateOthers(line, home);
    owners[line] = cpu + 1;
  };

  const gone = (line: number, modified: boolean, home: number): void => {
    if (mesi) {
      if (!modified && !hints) return;
      if (!modified) counters.values[counters.row + replacement_hints]!++;
      flow(modified ? WRITEBACK : HINT, home, home);
    }
    const own = line * width + ownWord;
    sharers[own] = sharers[own]! & ~ownBit;
    if (owners[line] === cpu + 1) owners[line] = 0;
  };

  const reserve = (pages: number): void => {
    const lines = pages * linesPerPage;
    sharing.reserve(lines);
    if (lines <= owners.length && lines * width <= sharers.length) return;
    owners = wider(owners, lines);
    sharers = wider(sharers, lines * width);
    seen = wider(seen, lines * width);
    if (movable) moved = wider(moved, lines * width);
  };

  const lists = (line: number, c: number): boolean =>
    (sharers[line * width + (c >>> 5)]! & (1 << (c & 31))) !== 0;

  const listed = (line: number): number[] => {
    const cpusOf: number[] = [];
    for (let c = 0; c < cpus; c++) if (lists(line, c)) cpusOf.push(c);
    return cpusOf;
  };

  const clear = (line: number): void => {
    owners[line] = 0;
    for (let w = line * width; w < (line + 1) * width; w++) {
      sharers[w] = 0;
      seen[w] = 0;
      moved[w] = 0;
    }
    sharing.clear(line);
  };

  const divert = (from: number, to: number, user: number, lost: boolean): void => {
    const w = user >>> 5;
    const bit = 1 << (user & 31);
    const source = from * width + w;
    const target = to * width + w;
    if ((seen[source]! & bit) !== 0) seen[target] = seen[target]! | bit;
    if (lost || (moved[source]! & bit) !== 0) moved[target] = moved[target]! | bit;
    sharers[source] = sharers[source]! & ~bit;
    moved[source] = moved[source]! & ~bit;
    seen[source] = seen[source]! & ~bit;
    if (owners[from] === user + 1) owners[from] = 0;
    sharing.divert(from, to, user);
  };

  return {
    request,
    upgrade,
    stored: sharing.stored,
    gone,
    select,
    reserve,
    lost,
    lists,
    sharers: listed,
    divert,
    disown: (line) => {
      owners[line] = 0;
    },
    clear,
  };
}
