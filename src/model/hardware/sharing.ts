/**
 * True against false sharing: when a CPU misses on a line that it lost to another's store, has any of the
 * granules that it now wants been stored to since? (Torrellas, Lam and Hennessy, IEEE Trans. Computers 43(6),
 * 1994; granules are in docs/coherence.md.)
 *
 * Only lines that somebody has lost and not got back are watched. A watched line has a slot, which is kept in the
 * directory's table: when each CPU lost it, and when each of its 128 granules was last stored to, on a clock that ticks at every loss. The kernel
 * tells of stores to watched lines only (`stored` says which those are), so others cost nothing.
 */
import { ownCopy } from '../../trace/own-copy.ts';
import { wider } from './pages.ts';

/** Most granules of a line: bytes of one of 128 bytes. A span is first | last << GRANULE_BITS. */
export const GRANULE_BITS = 7;
/** Low bits of an entry's first word, which are the directory's; above them is the slot plus 1, 0: none. */
export const OWNER_BITS = 8;

export interface Sharing {
  /** `cpu` loses the line to a store that `stored` will be told of next. */
  lose(line: number, cpu: number): void;
  /**
   * `cpu` gets the line again, for the granules of `span`: 0 it did not lose it to a store, 1 one of them
   * has been stored to since, 2 none has.
   */
  regain(line: number, cpu: number, span: number): 0 | 1 | 2;
  /** A store to the granules of `span`; whether the line is watched. */
  stored(line: number, span: number): boolean;
  /** The directory's table from now on: a line's entry is at `line << entryBits`. */
  use(table: Int32Array): void;
  /** For `cpu` the line's contents are another line's from now on: it goes on having lost it, if it has. */
  divert(from: number, to: number, cpu: number): void;
  clear(line: number): void;
}

/** `spanOf`: the span that `regain` and `stored` were given a name of. */
export function createSharing(
  cpus: number,
  entryBits: number,
  spanOf: (span: number) => number = (span) => span,
): Sharing {
  return ownCopy(buildSharing)(cpus, { entryBits, spanOf, wider, GRANULE_BITS, OWNER_BITS });
}

interface Imports {
  readonly entryBits: number;
  readonly spanOf: (span: number) => number;
  readonly wider: typeof wider;
  readonly GRANULE_BITS: number;
  readonly OWNER_BITS: number;
}

function buildSharing(cpus: number, imports: Imports): Sharing {
  const { entryBits, spanOf, wider, GRANULE_BITS, OWNER_BITS } = imports;
  const GRANULES = 1 << GRANULE_BITS;
  const OWNER = (1 << OWNER_BITS) - 1;
  let table: Int32Array = new Int32Array(0);
  // By slot.
  let losers = new Int32Array(64);
  let lostAt = new Int32Array(64 * cpus);
  let storedAt = new Int32Array(64 * GRANULES);
  let slots = 0;
  const free: number[] = [];
  let clock = 0;

  /** Slot of a line, −1 if it is not watched. */
  const slotOf = (line: number): number => (table[line << entryBits]! >>> OWNER_BITS) - 1;

  const setSlot = (line: number, slot: number): void => {
    const at = line << entryBits;
    table[at] = (table[at]! & OWNER) | ((slot + 1) << OWNER_BITS);
  };

  const allocate = (line: number): number => {
    const slot = free.pop() ?? slots++;
    if (slot >= losers.length) {
      losers = wider(losers, slot);
      lostAt = wider(lostAt, slot * cpus + cpus);
      storedAt = wider(storedAt, slot * GRANULES + GRANULES);
    }
    setSlot(line, slot);
    return slot;
  };

  const release = (line: number, slot: number): void => {
    setSlot(line, -1);
    losers[slot] = 0;
    // What is left in `storedAt` is older than any loss to come.
    free.push(slot);
  };

  const lose = (line: number, cpu: number): void => {
    let slot = slotOf(line);
    if (slot < 0) slot = allocate(line);
    if (lostAt[slot * cpus + cpu] === 0) losers[slot]!++;
    clock++;
    lostAt[slot * cpus + cpu] = clock;
  };

  const regain = (line: number, cpu: number, span: number): 0 | 1 | 2 => {
    const slot = slotOf(line);
    if (slot < 0) return 0;
    const since = lostAt[slot * cpus + cpu]!;
    if (since === 0) return 0;
    let how: 1 | 2 = 2;
    const granules = spanOf(span);
    const last = slot * GRANULES + (granules >>> GRANULE_BITS);
    for (let at = slot * GRANULES + (granules & (GRANULES - 1)); at <= last; at++)
      if (storedAt[at]! >= since) {
        how = 1;
        break;
      }
    lostAt[slot * cpus + cpu] = 0;
    losers[slot]!--;
    if (losers[slot] === 0) release(line, slot);
    return how;
  };

  const stored = (line: number, span: number): boolean => {
    const slot = slotOf(line);
    if (slot < 0) return false;
    const granules = spanOf(span);
    const last = slot * GRANULES + (granules >>> GRANULE_BITS);
    for (let at = slot * GRANULES + (granules & (GRANULES - 1)); at <= last; at++) storedAt[at] = clock;
    return true;
  };

  const divert = (from: number, to: number, cpu: number): void => {
    const slot = slotOf(from);
    if (slot < 0 || lostAt[slot * cpus + cpu] === 0) return;
    let target = slotOf(to);
    if (target < 0) {
      target = allocate(to);
      // What is left in it may be younger than this loss.
      storedAt.fill(0, target * GRANULES, (target + 1) * GRANULES);
    }
    if (lostAt[target * cpus + cpu] === 0) losers[target]!++;
    lostAt[target * cpus + cpu] = lostAt[slot * cpus + cpu]!;
    // What has been stored to `from` since has been stored to its copy.
    for (let granule = 0; granule < GRANULES; granule++) {
      const copy = target * GRANULES + granule;
      storedAt[copy] = Math.max(storedAt[copy]!, storedAt[slot * GRANULES + granule]!);
    }
    lostAt[slot * cpus + cpu] = 0;
    losers[slot]!--;
    if (losers[slot] === 0) release(from, slot);
  };

  const clear = (line: number): void => {
    const slot = slotOf(line);
    if (slot < 0) return;
    lostAt.fill(0, slot * cpus, slot * cpus + cpus);
    release(line, slot);
  };

  return {
    lose,
    regain,
    stored,
    use: (ofDirectory) => {
      table = ofDirectory;
    },
    divert,
    clear,
  };
}
