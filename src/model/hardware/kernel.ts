/**
 * The replay kernel: packed reference words through L1, L2 and memory of every CPU.
 *
 * A reference word is `line << 2 | fetch << 1 | store`, where `line` is a translation id followed by the
 * number of the line in its page (`pack.ts` makes them). L1 tags are words of the same form, with the store
 * bit meaning "dirty, and may be written". So one compare answers hit and write permission together:
 *
 *     ((tag ^ word) & (word | −2)) === 0
 *
 * (a store's word compares all bits, a load's or fetch's ignores the store bit). What keeps it fast:
 *
 * - Only hits on the most recently used way, with permission and a resident translation, stay in the loop.
 *   Everything else breaks out, is handled by a closure over flat arrays, and the loop is entered again;
 *   with no call inside, V8 keeps everything in registers. The loop is unrolled 8 times by hand, so that
 *   bounds and type checks are paid once per 8 references.
 * - Nothing is counted on a hit: accesses come from the segments, only misses are counted here.
 * - Tags name *translations*, so the hit path needs no translation look-up. Two translations of one
 *   physical line (a page mapped by two processes, or by user and kernel) share the set, because ids keep
 *   the physical page's colour bits; on a tag mismatch the slow path compares physical lines and renames
 *   the tag. L2 tags are physical.
 * - The ways of an L1 are planes: way w of index i is at `w × plane + i`, most recently used first, so LRU
 *   order is position and the loop only ever reads plane 0.
 *
 * Rejected: a second word per reference for the translation (more memory traffic), a "same line as
 * before" test (mispredicts on branchy code), code generation for constant geometry (no gain in V8).
 *
 * The slow and obvious twin that this must agree with to the last count is `test/model/oracle.ts`.
 */
import { InputError } from '../../trace/errors.ts';
import { C, type Counters } from '../counters.ts';
import type { Machine } from '../systems/schema.ts';
import { type Pages, wider } from './pages.ts';

/** Word that announces one reference over two lines (rule `cachegrind`): the two words follow. */
export const SPAN = -2;

/** No line: differs from every word and from SPAN in a bit that every compare looks at. */
const EMPTY = -0x80000000;

/** Kind of an L2 access that nobody asked for: an L1's dirty line. Others: 0 fetch, 1 load, 2 store. */
const WRITEBACK = 3;

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

/** Most translation ids that words of this layout can name. */
export const maxIds = (layout: WordLayout): number => 2 ** (29 - layout.pageLineBits);

export function createKernel(options: KernelOptions): Kernel {
  const { machine, cpus, pages, counters, stamps, usable, onMiss } = options;
  const { l1i, l1d, l2, counting } = machine;
  const layout = wordLayout(machine);
  const { lineBits, pageLineBits } = layout;
  const pageShift = pageLineBits + 2;
  const inPageMask = (1 << (pageLineBits + 2)) - 2; // line in page and side, without the store bit
  const inclusive = l2?.inclusive ?? false;
  const writebackAccesses = !inclusive && (counting === 'vmtax' || counting === 'dinero');

  // L1 geometry. One plane holds the indices of both sides. Where both sides have as many sets and the same
  // line size, the side is the lowest index bit; otherwise the fetch side follows the data side.
  const hasL1 = l1i !== null && l1d !== null;
  const fetchSets = hasL1 ? l1i.size / l1i.ways / l1i.line : 1;
  const dataSets = hasL1 ? l1d.size / l1d.ways / l1d.line : 1;
  const fetchWays = hasL1 ? l1i.ways : 0;
  const dataWays = hasL1 ? l1d.ways : 0;
  const uniform = fetchSets === dataSets && layout.fetchLineBits === layout.dataLineBits;
  const uniformMask = 2 * dataSets - 1;
  const fetchShift = 2 + layout.fetchLineBits - lineBits;
  const dataShift = 2 + layout.dataLineBits - lineBits;
  const fetchMask = fetchSets - 1;
  const dataMask = dataSets - 1;
  const plane = fetchSets + dataSets;
  const planes = Math.max(fetchWays, dataWays, 1);

  const l2Ways = l2 ? l2.ways : 0;
  const l2Mask = l2 ? l2.size / l2.ways / l2.line - 1 : 0;
  const l2Shift = l2 ? log2(l2.line) - lineBits : 0;

  const l1Tags: Int32Array[] = [];
  const l2Tags: Int32Array[] = [];
  for (let cpu = 0; cpu < cpus; cpu++) {
    l1Tags.push(new Int32Array(plane * planes).fill(EMPTY));
    l2Tags.push(new Int32Array(l2 ? l2.size / l2.line : 0).fill(-1));
  }
  let homes = new Uint8Array(1024).fill(255); // per physical page: its node, 255 not placed yet
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

  const index = (word: number): number => {
    if (uniform) return (word >>> 1) & uniformMask;
    return (word & 2) !== 0
      ? dataSets + ((word >>> fetchShift) & fetchMask)
      : (word >>> dataShift) & dataMask;
  };

  /** Physical line at the finest line size. */
  const physicalLine = (word: number): number =>
    (pages.physical[word >>> pageShift]! << pageLineBits) | ((word >>> 2) & ((1 << pageLineBits) - 1));

  /** Whether two words, of the same side, name the same physical line. */
  const sameLine = (tag: number, word: number): boolean =>
    ((tag ^ word) & inPageMask) === 0 &&
    pages.physical[tag >>> pageShift] === pages.physical[word >>> pageShift];

  const kindOf = (word: number): number => ((word & 2) !== 0 ? 0 : 1 + (word & 1));

  /** Takes a physical L1 line out of this CPU's L1; whether it was dirty. */
  const dropFromL1 = (line: number, fetch: number): number => {
    // Set bits of an id are those of its physical page, so the physical line finds the set.
    const probe = (line << 2) | (fetch << 1);
    const ways = fetch !== 0 ? fetchWays : dataWays;
    const inPage = line & ((1 << pageLineBits) - 1);
    const page = line >>> pageLineBits;
    let at = index(probe);
    for (let way = 0; way < ways; way++, at += plane) {
      const tag = l1[at]!;
      if (
        tag === EMPTY ||
        ((tag >>> 2) & ((1 << pageLineBits) - 1)) !== inPage ||
        (tag & 2) !== fetch << 1 ||
        pages.physical[tag >>> pageShift] !== page
      )
        continue;
      for (let w = way; w < ways - 1; w++, at += plane) l1[at] = l1[at + plane]!;
      l1[at] = EMPTY;
      return tag & 1;
    }
    return 0;
  };

  /** A line leaves the L2: with inclusion it leaves the L1s too; dirty data go to memory. */
  const evict = (victim: number): void => {
    let dirty = victim & 1;
    if (inclusive && hasL1) {
      const first = (victim >>> 1) << l2Shift;
      const end = first + (1 << l2Shift);
      const fetchStep = 1 << (layout.fetchLineBits - lineBits);
      const dataStep = 1 << (layout.dataLineBits - lineBits);
      for (let line = first; line < end; line += fetchStep) dropFromL1(line, 1);
      for (let line = first; line < end; line += dataStep) dirty |= dropFromL1(line, 0);
    }
    if (dirty !== 0) counters.values[counters.row + C.l2_writebacks]!++;
  };

  /** Counts a fetch from memory, by where the page is. */
  const memory = (line: number, kind: number): void => {
    if (kind === WRITEBACK) {
      // Nothing waits for it, and whoever wrote the line has placed its page.
      counters.values[counters.row + C.l2_writeback_misses]!++;
      return;
    }
    counters.values[counters.row + C.l2_fetch_misses + kind]!++;
    if (machine.nodes === 1) return;
    const page = line >>> pageLineBits;
    let home = homes[page]!;
    if (home === 255) {
      home = firstTouch ? node : pages.physicalPage[page]! % machine.nodes;
      homes[page] = home;
    }
    if (home !== node) counters.values[counters.row + C.remote_fetch_misses + kind]!++;
  };

  /** Looks a line up in the L2, fills it on a miss. `line` at the finest size. */
  const accessL2 = (line: number, kind: number, store: number): void => {
    if (l2 === null) {
      memory(line, kind);
      return;
    }
    const key = (line >>> l2Shift) << 1;
    const base = ((line >>> l2Shift) & l2Mask) * l2Ways;
    const tags = l2Tag;
    let way = 0;
    let tag = tags[base]!;
    while ((tag & -2) !== key && ++way < l2Ways) tag = tags[base + way]!;
    if (way === l2Ways) {
      memory(line, kind);
      way = l2Ways - 1;
      if (tag !== -1) evict(tag);
      tag = key;
    }
    for (let w = way; w > 0; w--) tags[base + w] = tags[base + w - 1]!;
    tags[base] = tag | store;
  };

  /** A dirty line leaves the L1. */
  const writeBack = (victim: number): void => {
    counters.values[counters.row + C.l1_writebacks]!++;
    if (l2 === null) return;
    const line = physicalLine(victim);
    if (inclusive) {
      // Inclusion has kept the line: it is only marked, its place in the LRU order stays.
      const key = (line >>> l2Shift) << 1;
      const base = ((line >>> l2Shift) & l2Mask) * l2Ways;
      for (let way = 0; way < l2Ways; way++)
        if ((l2Tag[base + way]! & -2) === key) l2Tag[base + way] = key | 1;
    } else if (writebackAccesses) accessL2(line, WRITEBACK, 1);
  };

  /** Puts a word in front of its L1 set; `at` is its index. The last way leaves. */
  const fill = (at: number, word: number): void => {
    const ways = (word & 2) !== 0 ? fetchWays : dataWays;
    if (ways === 0) return;
    const last = at + (ways - 1) * plane;
    const victim = l1[last]!;
    for (let to = last; to > at; to -= plane) l1[to] = l1[to - plane]!;
    l1[at] = word;
    if (victim !== EMPTY && (victim & 1) !== 0) writeBack(victim);
  };

  /** Looks a word up in its L1 set beyond the hit path; on a hit moves it to the front. */
  const hitL1 = (at: number, word: number): boolean => {
    const ways = (word & 2) !== 0 ? fetchWays : dataWays;
    const key = word & -2;
    let from = at;
    for (let way = 0; way < ways; way++, from += plane) {
      const tag = l1[from]!;
      if (tag === EMPTY || ((tag & -2) !== key && !sameLine(tag, word))) continue;
      for (let to = from; to > at; to -= plane) l1[to] = l1[to - plane]!;
      l1[at] = key | ((tag | word) & 1);
      return true;
    }
    return false;
  };

  /** Everything that is not a hit in the first way: later ways, clean lines written, misses. */
  const access = (word: number): void => {
    const at = index(word);
    if (hitL1(at, word)) return;
    const kind = kindOf(word);
    if (hasL1) counters.values[counters.row + C.l1i_misses + kind]!++;
    accessL2(physicalLine(word), kind, hasL1 ? 0 : word & 1);
    fill(at, word);
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
    counters.values[counters.row + C.l1i_misses + kind]!++;
    const one = physicalLine(first);
    const two = physicalLine(second);
    const misses = C.l2_fetch_misses + kind;
    const before = counters.values[counters.row + misses]!;
    accessL2(one, kind, 0);
    if (one >>> l2Shift !== two >>> l2Shift) accessL2(two, kind, 0);
    if (counters.values[counters.row + misses]! > before + 1)
      counters.values[counters.row + misses] = before + 1;
  };

  const translate = (word: number): void => {
    const id = word >>> pageShift;
    if (usable[cpu]![id] === 0) onMiss(cpu, id, kindOf(word));
    if (stamps !== null) stamps[cpu]![id] = clock + position;
  };

  const reference = (word: number): void => {
    translate(word);
    if (((l1[index(word)]! ^ word) & (word | -2)) !== 0) access(word);
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

  const run = (words: Int32Array, from: number, to: number, onCpu: number): void => {
    select(onCpu);
    let p = from;
    while (p < to) {
      p = stamps !== null ? scanLru(words, p, to) : uniform ? scan(words, p, to) : scanSplit(words, p, to);
      if (p >= to) break;
      const word = words[p]!;
      position = p;
      if (word === SPAN) {
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
  const scan = (words: Int32Array, from: number, to: number): number => {
    const T = usable[cpu]!;
    const L1 = l1;
    const mask = uniformMask;
    const shift = pageShift;
    const unrolledEnd = (to - 7) | 0;
    let p = from | 0;
    let r = 0;
    while (p < unrolledEnd) {
      r = words[p]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return p;
      r = words[(p + 1) | 0]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return (p + 1) | 0;
      r = words[(p + 2) | 0]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return (p + 2) | 0;
      r = words[(p + 3) | 0]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return (p + 3) | 0;
      r = words[(p + 4) | 0]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return (p + 4) | 0;
      r = words[(p + 5) | 0]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return (p + 5) | 0;
      r = words[(p + 6) | 0]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return (p + 6) | 0;
      r = words[(p + 7) | 0]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return (p + 7) | 0;
      p = (p + 8) | 0;
    }
    while (p < to) {
      r = words[p]!;
      if (((L1[(r >>> 1) & mask]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) return p;
      p = (p + 1) | 0;
    }
    return p;
  };

  /** The same where the L1s differ in sets or line size. */
  const scanSplit = (words: Int32Array, from: number, to: number): number => {
    const T = usable[cpu]!;
    const L1 = l1;
    for (let p = from; p < to; p++) {
      const r = words[p]!;
      const at = (r & 2) !== 0 ? dataSets + ((r >>> fetchShift) & fetchMask) : (r >>> dataShift) & dataMask;
      if (((L1[at]! ^ r) & (r | -2)) !== 0 || T[r >>> pageShift] === 0) return p;
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

  const touch = (word: number): void => {
    const kind = kindOf(word);
    counters.values[counters.row + C.fetch_accesses + kind]!++;
    clock++;
    reference(word);
  };

  const limit = maxIds(layout);
  const reserve = (): void => {
    if (pages.size > limit) throw new InputError('the trace touches too many pages for these line sizes');
    if (pages.physicalSize > homes.length) homes = wider(homes, pages.physicalSize, 255);
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
      l2: l2Tags.reduce((sum, tags) => sum + dirty(tags, -1), 0),
    };
  };

  return { run, select, touch, word, reserve, dirtyLines };
}
