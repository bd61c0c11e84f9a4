/**
 * The replay kernel: packed reference words through L1, L2 and memory of every CPU.
 *
 * A reference word is `line << 2 | fetch << 1 | store`, where `line` is a translation id followed by the
 * number of the line in its page (`pack.ts` makes them). L1 tags are words of the same form, with the store
 * bit meaning "dirty, and may be written". So one compare answers hit and write permission together:
 *
 *     ((tag ^ word) & (word | −2)) === 0
 *
 * (a store's word compares all bits, a load's or fetch's ignores the store bit). What keeps it fast, with
 * measurements in bench/README.md:
 *
 * - Hits on the most recently used way, with permission and a resident translation, stay in an inner loop
 *   (`runPlain`) that is unrolled 16 times, stores nothing and calls nothing, so that V8 checks types and
 *   loads lengths once per 16 references. First writes to a clean line and hits in the second way are one loop
 *   further out, still without a call. Only misses and the rest call.
 * - Nothing is counted on a hit: accesses come from the segments, only misses are counted here.
 * - The ways of an L1 are planes: way w of index i is at `w × plane + i`, most recently used first, so LRU
 *   order is position and the inner loop only ever reads plane 0.
 * - Tags name *translations*, so the hit path needs no translation look-up. Several translations of one
 *   physical page (mapped by two processes, or by user and kernel) share sets, because ids keep the physical
 *   page's colour bits. `owners` and `frames` know which pages have more than one translation; only for those
 *   a miss looks for the same physical line under another name, and renames the tag.
 * - L2 tags are physical, and say whether the L1s were ever given the line, so that taking an evicted line out
 *   of the L1s (inclusion) looks only where it may be.
 * - Every kernel runs its own copy of the code (`ownCopy`): V8 then compiles geometry and table addresses in as
 *   constants, which it does not for closures that share code.
 *
 * The slow and obvious twin that this must agree with to the last count is `test/model/oracle.ts`.
 */
import { InputError } from '../../trace/errors.ts';
import { C, type Counters } from '../counters.ts';
import type { Machine } from '../systems/schema.ts';
import type { Counter } from '../tally.ts';
import { ownCopy } from './own-copy.ts';
import { type Pages, wider } from './pages.ts';

/** Word that announces one reference over two lines (rule `cachegrind`): the two words follow. */
export const SPAN = -2;

export interface Kernel {
  /** Replays `words[from … to − 1]` on `cpu`; the counters' current row gets the misses. */
  run(words: Int32Array, from: number, to: number, cpu: number): void;
  /** Makes `cpu` the one that runs; `touch` is on its behalf. */
  select(cpu: number): void;
  /** One injected reference (a handler's or the monitor's) on the CPU that is running. */
  touch(word: number): void;
  /** Word of an injected reference: line of byte `offset` in the page of translation `id`. */
  word(id: number, offset: number, fetch: boolean, store: boolean): number;
  /** Makes room for all ids of the pages (before a run, and after pages were added). */
  reserve(): void;
  dirtyLines(): { l1: number; l2: number };
}

export interface KernelOptions {
  readonly machine: Machine;
  readonly cpus: number;
  readonly pages: Pages;
  readonly counters: Counters;
  /** Of an LRU TLB: per CPU, the time of each id's last use, which the kernel keeps; null otherwise. */
  readonly stamps: readonly Int32Array[] | null;
  /** Per CPU: a byte per id, 1 if a reference may proceed. The elements may be replaced by longer ones. */
  readonly usable: readonly Uint8Array[];
  /** A reference to a translation that is not usable; must make it usable. `kind` 0 fetch, 1 load, 2 store. */
  readonly onMiss: (cpu: number, id: number, kind: number) => void;
}

/** How words are laid out for a machine: what the packer and the kernel must agree on. */
export interface WordLayout {
  /** log2 of the finest line size of the L1s (or of the L2 where there are none). */
  readonly lineBits: number;
  /** log2 of lines per page at that size. */
  readonly pageLineBits: number;
  /** Index bits of any cache above the page offset: ids must keep so many bits of the page number. */
  readonly colourBits: number;
  /** log2 of the L1s' own line sizes. */
  readonly fetchLineBits: number;
  readonly dataLineBits: number;
}

const log2 = (n: number): number => 31 - Math.clz32(n);

export function wordLayout(machine: Machine): WordLayout {
  const { l1i, l1d, l2 } = machine;
  const fetchLineBits = log2((l1i ?? l2)!.line);
  const dataLineBits = log2((l1d ?? l2)!.line);
  const lineBits = Math.min(fetchLineBits, dataLineBits);
  let colourBits = 0;
  for (const cache of [l1i, l1d, l2])
    if (cache) colourBits = Math.max(colourBits, log2(cache.size / cache.ways) - 12);
  return { lineBits, pageLineBits: 12 - lineBits, colourBits, fetchLineBits, dataLineBits };
}

/** Most translation ids that words of this layout can name (the last line of all would read as an empty tag). */
export const maxIds = (layout: WordLayout): number => 2 ** (29 - layout.pageLineBits) - 1;

export function createKernel(options: KernelOptions): Kernel {
  const layout = wordLayout(options.machine);
  const limit = maxIds(layout);
  const checkSize = (ids: number): void => {
    if (ids > limit) throw new InputError('the trace touches too many pages for these line sizes');
  };
  return ownCopy(buildKernel)(options, { layout, C, wider, checkSize });
}

/** What `buildKernel` needs of this module: it is compiled away from it (see `ownCopy`). */
interface Imports {
  readonly layout: WordLayout;
  readonly C: Readonly<Record<Counter, number>>;
  readonly wider: typeof wider;
  readonly checkSize: (ids: number) => void;
}

function buildKernel(options: KernelOptions, imports: Imports): Kernel {
  const { machine, cpus, pages, counters, stamps, usable, onMiss } = options;
  const { l1i, l1d, l2, counting } = machine;
  const { layout, C, wider, checkSize } = imports;

  /** No line in an L1: negative, as no word is. No line in the L2. */
  const EMPTY = -0x80000000;
  const NO_LINE = -1;
  /** Kind of an L2 access that nobody asked for: an L1's dirty line. Others: 0 fetch, 1 load, 2 store. */
  const WRITEBACK = 3;
  /** Low bits of an L2 tag: dirty; given to the L1D; given to the L1I. */
  const DIRTY = 1;
  const IN_L1D = 2;
  const IN_L1I = 4;
  const L2_LINE = -8;
  // Counters, as plain numbers in the closure.
  const { l1i_misses, l1_writebacks, l2_writebacks, l2_fetch_misses, l2_writeback_misses } = C;
  const { remote_fetch_misses, fetch_accesses } = C;

  const log2 = (n: number): number => 31 - Math.clz32(n);
  const { lineBits, pageLineBits } = layout;
  const lineMask = (1 << pageLineBits) - 1;
  const pageShift = pageLineBits + 2;
  const inPageMask = (1 << pageShift) - 2; // line in page and side, without the store bit
  const inclusive = l2?.inclusive ?? false;
  const writebackAccesses = !inclusive && (counting === 'vmtax' || counting === 'dinero');

  // L1 geometry. A plane holds one way of all sets of both sides; a line's index in it is
  // `(((line >>> shift) & mask) << stride) + base` by its side. Where both sides have as many sets and the
  // same line size, the side is the index's lowest bit, so that it is `(word >>> 1) & uniformMask` for any
  // word; otherwise the fetch side follows the data side.
  const hasL1 = l1i !== null && l1d !== null;
  const fetchSets = hasL1 ? l1i.size / l1i.ways / l1i.line : 1;
  const dataSets = hasL1 ? l1d.size / l1d.ways / l1d.line : 1;
  const fetchWays = hasL1 ? l1i.ways : 0;
  const dataWays = hasL1 ? l1d.ways : 0;
  const uniform = fetchSets === dataSets && layout.fetchLineBits === layout.dataLineBits;
  const uniformMask = 2 * dataSets - 1;
  const stride = uniform ? 1 : 0;
  const fetchBase = uniform ? 1 : dataSets;
  const fetchShift = layout.fetchLineBits - lineBits;
  const dataShift = layout.dataLineBits - lineBits;
  const fetchMask = fetchSets - 1;
  const dataMask = dataSets - 1;
  const plane = fetchSets + dataSets;
  // At least two planes: the loop looks at the second way without asking whether there is one.
  const planes = Math.max(fetchWays, dataWays, 2);
  /** The common case, which has a loop of its own. */
  const plain = hasL1 && uniform && stamps === null;

  const l2WayBits = l2 ? log2(l2.ways) : 0;
  const l2Ways = 1 << l2WayBits;
  const l2Mask = l2 ? l2.size / l2.ways / l2.line - 1 : 0;
  const l2Shift = l2 ? log2(l2.line) - lineBits : 0;

  const l1Tags: Int32Array[] = [];
  const l2Tags: Int32Array[] = [];
  for (let cpu = 0; cpu < cpus; cpu++) {
    l1Tags.push(new Int32Array(plane * planes).fill(EMPTY));
    l2Tags.push(new Int32Array(l2 ? l2.size / l2.line : 0).fill(NO_LINE));
  }
  /** Per translation that has missed in an L1: physical page << 1 | 1 if others of it have too; −1: not yet. */
  let frames = new Int32Array(1024).fill(-1);
  /** Per physical page: the first such translation << 1 | 1 if there are more; −1: none. */
  let owners = new Int32Array(1024).fill(-1);
  /** Per physical page: its node; 255: not placed yet. */
  let homes = new Uint8Array(1024).fill(255);
  const oneNode = machine.nodes === 1;
  const firstTouch = machine.placement === 'first-touch';
  const cpusPerNode = Math.max(1, Math.floor(cpus / machine.nodes));

  // The CPU that is running.
  let cpu = 0;
  let l1 = l1Tags[0]!;
  let l2Tag = l2Tags[0]!;
  let node = 0;
  /** LRU TLB: time is `clock` plus the position in the words. */
  let clock = 1;
  let position = 0;

  const select = (next: number): void => {
    cpu = next;
    l1 = l1Tags[next]!;
    l2Tag = l2Tags[next]!;
    node = Math.min(machine.nodes - 1, Math.floor(next / cpusPerNode));
  };

  const index = (word: number): number =>
    (word & 2) !== 0
      ? (((word >>> (2 + fetchShift)) & fetchMask) << stride) + fetchBase
      : ((word >>> (2 + dataShift)) & dataMask) << stride;

  const kindOf = (word: number): number => ((word & 2) !== 0 ? 0 : 1 + (word & 1));

  /** First miss of a translation: finds out whether its physical page is known by another. */
  const meet = (id: number): number => {
    const page = pages.physical[id]!;
    const owner = owners[page]!;
    const shared = owner < 0 ? 0 : 1;
    if (shared === 0) owners[page] = id << 1;
    else {
      owners[page] = owner | 1;
      frames[owner >>> 1] = (page << 1) | 1;
    }
    frames[id] = (page << 1) | shared;
    return frames[id]!;
  };

  /** Physical line, at the finest line size, of a word that has been in `hitL1` or `miss`. */
  const physicalLine = (word: number): number =>
    ((frames[word >>> pageShift]! >>> 1) << pageLineBits) | ((word >>> 2) & lineMask);

  /** Whether a tag is the line of `word` (of the same set and side) under another translation. */
  const isAlias = (tag: number, word: number, page: number): boolean =>
    tag >= 0 && ((tag ^ word) & inPageMask) === 0 && frames[tag >>> pageShift]! >>> 1 === page;

  /** Takes a line out of an L1 set; its dirty bit. `page`: physical page if it has several translations, or −1. */
  const drop = (at: number, ways: number, word: number, page: number): number => {
    const tags = l1;
    const last = at + (ways - 1) * plane;
    if (page < 0 && ways <= 2) {
      const first = tags[at]!;
      const second = tags[last]!;
      if ((first & -2) === word) {
        tags[at] = second;
        tags[last] = EMPTY;
        return first & 1;
      }
      if ((second & -2) !== word) return 0;
      tags[last] = EMPTY;
      return second & 1;
    }
    for (let from = at; from <= last; from += plane) {
      const tag = tags[from]!;
      if ((tag & -2) !== word && (page < 0 || !isAlias(tag, word, page))) continue;
      for (; from < last; from += plane) tags[from] = tags[from + plane]!;
      tags[last] = EMPTY;
      return tag & 1;
    }
    return 0;
  };

  /** A line leaves the L2: with inclusion it leaves the L1s too; dirty data go to memory. */
  const evict = (victim: number): void => {
    let dirty = victim & DIRTY;
    if (inclusive && (victim & (IN_L1D | IN_L1I)) !== 0) {
      const first = (victim >>> 3) << l2Shift;
      const end = first + (1 << l2Shift);
      const owner = owners[first >>> pageLineBits]!;
      const page = (owner & 1) !== 0 ? first >>> pageLineBits : -1;
      // Index bits of an id are those of its physical page, so any of its translations finds the sets.
      const base = ((((owner >>> 1) << pageLineBits) | (first & lineMask)) - first) << 2;
      if ((victim & IN_L1I) !== 0)
        for (let line = first; line < end; line += 1 << fetchShift) {
          const word = (base + (line << 2)) | 2;
          drop(index(word), fetchWays, word, page);
        }
      if ((victim & IN_L1D) !== 0)
        for (let line = first; line < end; line += 1 << dataShift) {
          const word = (base + (line << 2)) | 0;
          dirty |= drop(index(word), dataWays, word, page);
        }
    }
    if (dirty !== 0) counters.values[counters.row + l2_writebacks]!++;
  };

  /** Counts a fetch from memory, by where the page is. */
  const memory = (line: number, kind: number): void => {
    if (kind === WRITEBACK) {
      // Nothing waits for it, and whoever wrote the line has placed its page.
      counters.values[counters.row + l2_writeback_misses]!++;
      return;
    }
    counters.values[counters.row + l2_fetch_misses + kind]!++;
    if (oneNode) return;
    const page = line >>> pageLineBits;
    let home = homes[page]!;
    if (home === 255) {
      home = firstTouch ? node : pages.physicalPage[page]! % machine.nodes;
      homes[page] = home;
    }
    if (home !== node) counters.values[counters.row + remote_fetch_misses + kind]!++;
  };

  /** Looks a line up in the L2, fills it on a miss, and sets `bits` in its tag. `line` at the finest size. */
  const accessL2 = (line: number, kind: number, bits: number): void => {
    if (l2 === null) {
      memory(line, kind);
      return;
    }
    const tags = l2Tag;
    const key = (line >>> l2Shift) << 3;
    const base = ((line >>> l2Shift) & l2Mask) << l2WayBits;
    let tag = tags[base]!;
    if (((tag ^ key) & L2_LINE) === 0) {
      tags[base] = tag | bits;
      return;
    }
    let way = 1;
    for (; way < l2Ways; way++) {
      const first = tag;
      tag = tags[base + way]!;
      if (((tag ^ key) & L2_LINE) !== 0) continue;
      if (way > 1) break;
      tags[base + 1] = first;
      tags[base] = tag | bits;
      return;
    }
    if (way === l2Ways) {
      memory(line, kind);
      way = l2Ways - 1;
      if (tag !== NO_LINE) evict(tag);
      tag = key;
    }
    for (; way > 0; way--) tags[base + way] = tags[base + way - 1]!;
    tags[base] = tag | bits;
  };

  /** A dirty line leaves the L1. */
  const writeBack = (victim: number): void => {
    counters.values[counters.row + l1_writebacks]!++;
    if (l2 === null) return;
    const line = physicalLine(victim);
    if (inclusive) {
      // Inclusion has kept the line: it is only marked, its place in the LRU order stays.
      const tags = l2Tag;
      const key = (line >>> l2Shift) << 3;
      let at = ((line >>> l2Shift) & l2Mask) << l2WayBits;
      while (((tags[at]! ^ key) & L2_LINE) !== 0) at++;
      tags[at] = tags[at]! | DIRTY;
    } else if (writebackAccesses) accessL2(line, WRITEBACK, DIRTY);
  };

  /** Puts a word in front of its L1 set; `at` is its index. The last way leaves. */
  const fill = (at: number, word: number): void => {
    const ways = (word & 2) !== 0 ? fetchWays : dataWays;
    if (ways === 0) return;
    const tags = l1;
    const last = at + (ways - 1) * plane;
    const victim = tags[last]!;
    if (ways === 2) tags[last] = tags[at]!;
    else for (let to = last; to > at; to -= plane) tags[to] = tags[to - plane]!;
    tags[at] = word;
    if (victim >= 0 && (victim & 1) !== 0) writeBack(victim);
  };

  /** Looks a word up in all ways of its L1 set; on a hit moves it to the front. */
  const hitL1 = (at: number, word: number): boolean => {
    const tags = l1;
    const ways = (word & 2) !== 0 ? fetchWays : dataWays;
    const key = word & -2;
    let frame = frames[word >>> pageShift]!;
    if (frame < 0) frame = meet(word >>> pageShift);
    const last = at + (ways - 1) * plane;
    for (let from = at; from <= last; from += plane) {
      const tag = tags[from]!;
      if ((tag & -2) !== key && ((frame & 1) === 0 || !isAlias(tag, word, frame >>> 1))) continue;
      for (let to = from; to > at; to -= plane) tags[to] = tags[to - plane]!;
      tags[at] = key | ((tag | word) & 1);
      return true;
    }
    return false;
  };

  /** Everything that is not a hit in the first way: later ways, clean lines written, misses. */
  const access = (at: number, word: number): void => {
    if (hitL1(at, word)) return;
    const kind = kindOf(word);
    if (hasL1) counters.values[counters.row + l1i_misses + kind]!++;
    accessL2(physicalLine(word), kind, hasL1 ? IN_L1D + (word & 2) : word & 1);
    fill(at, word);
  };

  /**
   * The same for `runPlain`, whose word is not in the first two ways under its own name: most often a miss.
   * What happens most often, a hit in the first two ways of an inclusive L2, is written out here.
   */
  const miss = (at: number, word: number): void => {
    const id = word >>> pageShift;
    let frame = frames[id]!;
    if (frame < 0) frame = meet(id);
    if (((frame & 1) !== 0 || planes > 2) && hitL1(at, word)) return;
    const kind = kindOf(word);
    counters.values[counters.row + l1i_misses + kind]!++;
    const line = ((frame >>> 1) << pageLineBits) | ((word >>> 2) & lineMask);
    const bits = IN_L1D + (word & 2);
    if (l2 === null) memory(line, kind);
    else {
      const l2Tags = l2Tag;
      const key = (line >>> l2Shift) << 3;
      const base = ((line >>> l2Shift) & l2Mask) << l2WayBits;
      const first = l2Tags[base]!;
      if (((first ^ key) & L2_LINE) === 0) l2Tags[base] = first | bits;
      else accessL2(line, kind, bits);
    }
    const tags = l1;
    const ways = (word & 2) !== 0 ? fetchWays : dataWays;
    const last = at + (ways - 1) * plane;
    const victim = tags[last]!;
    if (ways === 2) tags[last] = tags[at]!;
    else for (let to = last; to > at; to -= plane) tags[to] = tags[to - plane]!;
    tags[at] = word;
    if (victim < 0 || (victim & 1) === 0) return;
    if (!inclusive) {
      writeBack(victim);
      return;
    }
    counters.values[counters.row + l1_writebacks]!++;
    const out = ((frames[victim >>> pageShift]! >>> 1) << pageLineBits) | ((victim >>> 2) & lineMask);
    const outKey = (out >>> l2Shift) << 3;
    let to = ((out >>> l2Shift) & l2Mask) << l2WayBits;
    while (((l2Tag[to]! ^ outKey) & L2_LINE) !== 0) to++;
    l2Tag[to] = l2Tag[to]! | DIRTY;
  };

  /** cachegrind's rule: one access over two lines, at most one miss in each cache. */
  const accessSpan = (first: number, second: number): void => {
    const kind = kindOf(first);
    const missed = [first, second].filter((word) => {
      const at = index(word);
      if (hitL1(at, word)) return false;
      fill(at, word);
      return true;
    });
    if (missed.length === 0) return;
    counters.values[counters.row + l1i_misses + kind]!++;
    const one = physicalLine(first);
    const two = physicalLine(second);
    const before = counters.values[counters.row + l2_fetch_misses + kind]!;
    accessL2(one, kind, 0);
    if (one >>> l2Shift !== two >>> l2Shift) accessL2(two, kind, 0);
    if (counters.values[counters.row + l2_fetch_misses + kind]! > before + 1)
      counters.values[counters.row + l2_fetch_misses + kind] = before + 1;
  };

  const translate = (word: number): void => {
    const id = word >>> pageShift;
    if (usable[cpu]![id] === 0) onMiss(cpu, id, kindOf(word));
    if (stamps !== null) stamps[cpu]![id] = clock + position;
  };

  const reference = (word: number): void => {
    translate(word);
    const at = index(word);
    if (((l1[at]! ^ word) & (word | -2)) !== 0) access(at, word);
  };

  /** Stamps are 32-bit: long before they overflow, resident ones are renumbered by rank. */
  const renumberStamps = (): void => {
    for (let c = 0; c < cpus; c++) {
      const ofCpu = stamps![c]!;
      const live: number[] = [];
      usable[c]!.forEach((isLive, id) => {
        if (isLive === 1) live.push(id);
      });
      live.sort((a, b) => ofCpu[a]! - ofCpu[b]!);
      live.forEach((id, rank) => {
        ofCpu[id] = rank + 1;
      });
    }
    clock = pages.size + 2;
  };

  /** L1s with as many sets and one line size, no LRU TLB. */
  const runPlain = (words: Int32Array, from: number, to: number): void => {
    const mask = uniformMask;
    const shift = pageShift;
    const nextWay = plane;
    const unrolledEnd = (to - 15) | 0;
    let p = from | 0;
    calls: for (;;) {
      const T = usable[cpu]!; // afresh: a call may have put a longer one in its place
      const L1 = l1;
      let r = 0;
      for (;;) {
        // biome-ignore lint/suspicious/noConfusingLabels: the way out of two loops that go on where the first stopped
        scan: {
          while (p < unrolledEnd) {
            r = words[p]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) break scan;
            r = words[(p + 1) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 1) | 0;
              break scan;
            }
            r = words[(p + 2) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 2) | 0;
              break scan;
            }
            r = words[(p + 3) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 3) | 0;
              break scan;
            }
            r = words[(p + 4) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 4) | 0;
              break scan;
            }
            r = words[(p + 5) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 5) | 0;
              break scan;
            }
            r = words[(p + 6) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 6) | 0;
              break scan;
            }
            r = words[(p + 7) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 7) | 0;
              break scan;
            }
            r = words[(p + 8) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 8) | 0;
              break scan;
            }
            r = words[(p + 9) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 9) | 0;
              break scan;
            }
            r = words[(p + 10) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 10) | 0;
              break scan;
            }
            r = words[(p + 11) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 11) | 0;
              break scan;
            }
            r = words[(p + 12) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 12) | 0;
              break scan;
            }
            r = words[(p + 13) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 13) | 0;
              break scan;
            }
            r = words[(p + 14) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 14) | 0;
              break scan;
            }
            r = words[(p + 15) | 0]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 15) | 0;
              break scan;
            }
            p = (p + 16) | 0;
          }
          while (p < to) {
            r = words[p]!;
            if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) break scan;
            p = (p + 1) | 0;
          }
          return;
        }
        if (r === -2) {
          // SPAN
          const one = words[p + 1]!;
          const two = words[p + 2]!;
          p = (p + 3) | 0;
          translate(one);
          translate(two);
          accessSpan(one, two);
          continue calls;
        }
        p = (p + 1) | 0;
        const resident = T[r >>> shift] !== 0;
        if (!resident) translate(r);
        const at = (r >>> 1) & mask;
        const first = L1[at]!;
        if (((first ^ r) & -2) === 0) L1[at] = first | (r & 1);
        else {
          const second = L1[(at + nextWay) | 0]!;
          if (((second ^ r) & -2) !== 0) {
            miss(at, r);
            continue calls;
          }
          L1[(at + nextWay) | 0] = first;
          L1[at] = second | (r & 1);
        }
        if (!resident) continue calls;
      }
    }
  };

  /** Any machine, one reference after the other; `scanAny` and `scanLru` skip plain hits. */
  const runAny = (words: Int32Array, from: number, to: number): void => {
    let p = from;
    while (p < to) {
      p = stamps !== null ? scanLru(words, p, to) : scanAny(words, p, to);
      if (p >= to) break;
      const word = words[p]!;
      position = p;
      if (word === -2) {
        // SPAN
        const first = words[p + 1]!;
        const second = words[p + 2]!;
        translate(first);
        translate(second);
        accessSpan(first, second);
        p += 3;
      } else {
        reference(word);
        p++;
      }
    }
    position = 0;
    if (stamps !== null) {
      clock += to;
      if (clock > 0x40000000) renumberStamps();
    }
  };

  /** Position of the first word that is not a plain hit. */
  const scanAny = (words: Int32Array, from: number, to: number): number => {
    const T = usable[cpu]!;
    const L1 = l1;
    for (let p = from; p < to; p++) {
      const r = words[p]!;
      if (((L1[index(r)]! ^ r) & (r | -2)) !== 0 || T[r >>> pageShift] === 0) return p;
    }
    return to;
  };

  /** The same with an LRU TLB: every reference stamps its page. */
  const scanLru = (words: Int32Array, from: number, to: number): number => {
    const T = usable[cpu]!;
    const S = stamps![cpu]!;
    const L1 = l1;
    const now = clock;
    for (let p = from; p < to; p++) {
      const r = words[p]!;
      if (((L1[index(r)]! ^ r) & (r | -2)) !== 0 || T[r >>> pageShift] === 0) return p;
      S[r >>> pageShift] = now + p;
    }
    return to;
  };

  const run = (words: Int32Array, from: number, to: number, onCpu: number): void => {
    select(onCpu);
    if (plain) runPlain(words, from, to);
    else runAny(words, from, to);
  };

  const touch = (word: number): void => {
    const kind = kindOf(word);
    counters.values[counters.row + fetch_accesses + kind]!++;
    clock++;
    reference(word);
  };

  const reserve = (): void => {
    checkSize(pages.size);
    if (pages.size > frames.length) frames = wider(frames, pages.size, -1);
    if (pages.physicalSize > owners.length) {
      owners = wider(owners, pages.physicalSize, -1);
      homes = wider(homes, pages.physicalSize, 255);
    }
  };

  const word = (id: number, offset: number, fetch: boolean, store: boolean): number => {
    const bits = fetch ? layout.fetchLineBits : layout.dataLineBits;
    const line = (offset >>> bits) << (bits - lineBits);
    return (((id << pageLineBits) | line) << 2) | (fetch ? 2 : 0) | (store ? 1 : 0);
  };

  const dirtyLines = (): { l1: number; l2: number } => {
    const dirty = (tags: Int32Array, none: number): number =>
      tags.reduce((sum, tag) => sum + (tag !== none ? tag & 1 : 0), 0);
    return {
      l1: l1Tags.reduce((sum, tags) => sum + dirty(tags, EMPTY), 0),
      l2: l2Tags.reduce((sum, tags) => sum + dirty(tags, NO_LINE), 0),
    };
  };

  return { run, select, touch, word, reserve, dirtyLines };
}
