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
 * - What no reference comes by, moving pages, is apart in `machine-pages.ts` and called through this one’s tables.
 *
 * The slow and obvious twin that this must agree with to the last count is `test/model/oracle.ts`.
 */
import { InputError } from '../../trace/errors.ts';
import { ownCopy } from '../../trace/own-copy.ts';
import { PAGE_BITS } from '../../trace/types.ts';
import { C, type Counters } from '../counters.ts';
import type { Machine } from '../systems/schema.ts';
import type { Counter } from '../tally.ts';
import { createDirectory } from './directory.ts';
import { createMachinePages, type MachinePages } from './machine-pages.ts';
import { nodeOfCpu } from './nodes.ts';
import { type Pages, wider } from './pages.ts';
import { GRANULE_BITS } from './sharing.ts';

/**
 * Word that announces one reference over two lines (rule `cachegrind`): the two words follow. It matches no tag,
 * an empty one (−1) neither.
 */
export const SPAN = -4;

export interface Kernel {
  /**
   * Replays `words[from … to − 1]` on `cpu`; the counters' current row gets the misses. `spans`: granules of
   * each word, where caches are coherent (see `granuleBits`).
   */
  run(words: Int32Array, from: number, to: number, cpu: number, spans: Uint16Array | null): void;
  /** Makes `cpu` the one that runs; `touch` is on its behalf. */
  select(cpu: number): void;
  /** One injected reference (a handler's or the monitor's) on the CPU that is running. */
  touch(word: number): void;
  /** Word of an injected reference: line of byte `offset` in the page of translation `id`. */
  word(id: number, offset: number, fetch: boolean, store: boolean): number;
  /** Makes room for all ids of the pages (before a run, and after pages were added). */
  reserve(): void;
  dirtyLines(): { l1: number; l2: number };
  /** By CPU: lines lost to other CPUs' stores since the last `clear`; empty where caches are not coherent. */
  lostLines(): number[];
  /** Sets the counts that are not in the counters to 0. */
  clear(): void;
  /** Machine pages, where they may change (`movable`). */
  readonly machinePages: MachinePages;
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
  /** Node of a page that is missed on for the first time, by CPU of node `node`; 254: whichever node asks. */
  readonly place: (page: number, node: number) => number;
  /**
   * Messages of the memory system by kind (FLOW_KINDS), CPU, home and other node, the last index fastest; null:
   * not wanted.
   */
  readonly traffic: Int32Array | null;
  /** Pages may move; needs `coherence: directory`. */
  readonly movable: boolean;
  /** A store to a guarded page by translation `id` comes next: the guard must be lifted. */
  readonly onGuarded: (cpu: number, id: number) => void;
  /** The home counts a miss (or an upgrade) on a machine page: true if it is hot. Null: nobody counts. */
  readonly counted: ((cpu: number, machine: number, write: boolean) => boolean) | null;
  /** The reference that made a page hot is done. */
  readonly onHot: (cpu: number, machine: number) => void;
}

/** What keeps the caches of a machine with so many CPUs the same (`auto` decided). */
export function coherenceOf(machine: Machine, cpus: number): 'directory' | 'drcachesim' | 'none' {
  if (machine.coherence !== 'auto') return machine.coherence;
  return cpus > 1 && machine.l2?.inclusive ? 'directory' : 'none';
}

/** A line as the directory sees it, and what is told apart within it. */
export interface Granularity {
  /** log2 of the directory's line. */
  readonly lineBits: number;
  /** log2 of a granule: a byte, or a 128th of a longer line. */
  readonly granuleBits: number;
}

/** Lines and granules of a machine's directory; null where caches are not coherent. */
export function granularity(machine: Machine, cpus: number): Granularity | null {
  const rule = coherenceOf(machine, cpus);
  if (rule === 'none') return null;
  const lineBits = log2(rule === 'directory' ? machine.l2!.line : machine.l1d!.line);
  return { lineBits, granuleBits: Math.max(0, lineBits - GRANULE_BITS) };
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
    if (cache) colourBits = Math.max(colourBits, log2(cache.size / cache.ways) - PAGE_BITS);
  return { lineBits, pageLineBits: PAGE_BITS - lineBits, colourBits, fetchLineBits, dataLineBits };
}

/** Most translation ids: an L2 tag has 28 bits for the line (and the last of all would read as an empty tag). */
export const maxIds = (layout: WordLayout): number => 2 ** (28 - layout.pageLineBits) - 1;

export function createKernel(options: KernelOptions): Kernel {
  const layout = wordLayout(options.machine);
  const limit = maxIds(layout);
  const checkSize = (ids: number): void => {
    if (ids > limit) throw new InputError('the trace touches too many pages for these line sizes');
  };
  const rule = coherenceOf(options.machine, options.cpus);
  const grain = granularity(options.machine, options.cpus);
  return ownCopy(buildKernel)(options, {
    layout,
    C,
    wider,
    nodeOfCpu,
    checkSize,
    rule,
    grain,
    createDirectory,
    createMachinePages,
    GRANULE_BITS,
  });
}

/** What `buildKernel` needs of this module: it is compiled away from it (see `ownCopy`). */
interface Imports {
  readonly layout: WordLayout;
  readonly C: Readonly<Record<Counter, number>>;
  readonly wider: typeof wider;
  readonly nodeOfCpu: typeof nodeOfCpu;
  readonly checkSize: (ids: number) => void;
  readonly rule: 'directory' | 'drcachesim' | 'none';
  readonly grain: Granularity | null;
  readonly createDirectory: typeof createDirectory;
  readonly createMachinePages: typeof createMachinePages;
  readonly GRANULE_BITS: number;
}

function buildKernel(options: KernelOptions, imports: Imports): Kernel {
  const { machine, cpus, pages, counters, stamps, usable, onMiss, place, traffic } = options;
  const { movable, onGuarded, counted, onHot } = options;
  const { l1i, l1d, l2, counting } = machine;
  const { layout, C, wider, nodeOfCpu, checkSize, rule, grain, GRANULE_BITS } = imports;
  const { createDirectory, createMachinePages } = imports;

  /** No line in an L1; no line in the L2. */
  const EMPTY = -1;
  const NO_LINE = -1;
  /** In the tag of a dirty L1 line whose stores the directory wants to know: it matches no word. */
  const WATCHED = -0x80000000;
  /** All of a tag but WATCHED and the store bit. An empty tag is no line's. */
  const NAME = 0x7ffffffe;
  /** Kind of an L2 access that nobody asked for: an L1's dirty line. Others: 0 fetch, 1 load, 2 store. */
  const WRITEBACK = 3;
  /** Low bits of an L2 tag: dirty; given to the L1D; given to the L1I; may be written (coherent: M or E). */
  const DIRTY = 1;
  const IN_L1D = 2;
  const IN_L1I = 4;
  const WRITABLE = 8;
  const L2_LINE = -16;
  // Counters, as plain numbers in the closure.
  const { l1i_misses, l1_writebacks, l2_writebacks, l2_fetch_misses, l2_writeback_misses } = C;
  const { remote_fetch_misses, fetch_accesses } = C;

  const log2 = (n: number): number => 31 - Math.clz32(n);
  const { lineBits, pageLineBits } = layout;
  const lineMask = (1 << pageLineBits) - 1;
  const pageShift = pageLineBits + 2;
  const inPageMask = (1 << pageShift) - 2; // line in page and side, without the store bit
  const inclusive = l2?.inclusive ?? false;
  /** MESI among whole hierarchies, MSI among L1Ds, or neither. */
  const mesi = rule === 'directory';
  const msi = rule === 'drcachesim';
  const coherent = mesi || msi;
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

  // All L1s in one array, CPU after CPU, and all L2s: so their places and lengths are compiled in.
  const l1Tags = new Int32Array(cpus * plane * planes).fill(EMPTY);
  const l2Lines = l2 ? l2.size / l2.line : 0;
  const l2s = l2?.shared ? 1 : cpus;
  const l2Tags = new Int32Array(l2Lines * l2s).fill(NO_LINE);
  /** Where a CPU's L2 begins. */
  const l2StartOf = Int32Array.from({ length: cpus }, (_, cpu) => (l2s === 1 ? 0 : cpu * l2Lines));
  /** Per translation that has missed in an L1: machine page << 1 | 1 if others of it have too; −1: not yet. */
  let frames: Int32Array = new Int32Array(1024).fill(-1);
  /** The same by node, where nodes may differ; `frames` is that of the node of the CPU that runs. */
  const views = movable ? machine.nodes : 1;
  const framesOf: Int32Array[] = Array.from({ length: views }, () => frames.slice());
  frames = framesOf[0]!;
  /** Movable: by node and physical page, its machine page + 1; 0: its own number's. */
  const machineOf: Int32Array[] = Array.from({ length: movable ? views : 0 }, () => new Int32Array(1024));
  /** Movable: by physical page, 1 if stores call `onGuarded`; its translations: the first + 1, then each one's next. */
  let guards = new Uint8Array(movable ? 1024 : 0);
  let guardedPages = 0;
  let firstTranslation = new Int32Array(movable ? 1024 : 0);
  let nextTranslation = new Int32Array(movable ? 1024 : 0);
  let listed = new Uint8Array(movable ? 1024 : 0);
  /** A machine page that has become hot, to be seen to after this reference; −1: none. */
  let hotPage = -1;
  /** Per machine page: the first such translation << 1 | 1 if there are more; −1: none. */
  let owners = new Int32Array(1024).fill(-1);
  /** Per physical page: its node; 255: not placed yet. */
  let homes = new Uint8Array(1024).fill(255);
  const { nodes } = machine;
  const oneNode = nodes === 1;
  const nodeOf = new Uint8Array(cpus);
  for (let cpu = 0; cpu < cpus; cpu++) nodeOf[cpu] = nodeOfCpu(cpu, cpus, nodes);
  /** Not placed yet. */
  const NOWHERE = 255;
  /** Kinds of traffic (FLOW_KINDS). */
  const LOCAL = 0;
  const REMOTE_CLEAN = 2;
  const WRITE_BACK = 5;
  /** Nothing beyond counting a miss. */
  const simple = oneNode && traffic === null && !mesi;

  /** Lines of the directory: its shift from the finest line. */
  const directoryShift = grain === null ? 0 : grain.lineBits - lineBits;
  const granuleBits = grain === null ? 0 : grain.granuleBits;

  // The CPU that is running.
  let cpu = 0;
  let l1Start = 0;
  let l2Start = 0;
  let node = 0;
  /** LRU TLB: time is `clock` plus the position in the words. */
  let clock = 1;
  let position = 0;
  /** Coherent: the span of the reference now being made (see `sharing.ts`), or ~ its word's position in `spans`. */
  let span = 0;

  const select = (next: number): void => {
    cpu = next;
    l1Start = next * plane * planes;
    l2Start = l2StartOf[next]!;
    node = nodeOf[next]!;
    if (movable) frames = framesOf[node]!;
    if (coherent) directory.select(next);
  };

  /** Where the set of a word begins, in the running CPU's L1. */
  const index = (word: number): number =>
    (word & 2) !== 0
      ? l1Start + (((word >>> (2 + fetchShift)) & fetchMask) << stride) + fetchBase
      : l1Start + (((word >>> (2 + dataShift)) & dataMask) << stride);

  const kindOf = (word: number): number => ((word & 2) !== 0 ? 0 : 1 + (word & 1));

  /** First miss of a translation: finds out whether its physical page is known by another. */
  const meet = (id: number): number => {
    const page = movable ? machinePage(id) : pages.physical[id]!;
    const owner = owners[page]!;
    if (owner < 0) owners[page] = id << 1;
    else if (owner >>> 1 !== id) {
      owners[page] = owner | 1;
      for (const view of framesOf) if (view[owner >>> 1]! >>> 1 === page) view[owner >>> 1] = (page << 1) | 1;
    }
    frames[id] = (page << 1) | (owners[page]! & 1);
    return frames[id]!;
  };

  /** Movable: the machine page of a translation on the running CPU's node; lists the translation. */
  const machinePage = (id: number): number => {
    const physical = pages.physical[id]!;
    if (listed[id] === 0) {
      listed[id] = 1;
      nextTranslation[id] = firstTranslation[physical]!;
      firstTranslation[physical] = id + 1;
    }
    return (machineOf[node]![physical]! || physical + 1) - 1;
  };

  /** Physical line, at the finest line size, of a word that has been in `hitL1` or `miss`. */
  const physicalLine = (word: number): number =>
    ((frames[word >>> pageShift]! >>> 1) << pageLineBits) | ((word >>> 2) & lineMask);

  /** Whether a tag is the line of `word` (of the same set and side) under another translation. */
  const isAlias = (tag: number, word: number, page: number): boolean =>
    tag !== EMPTY && ((tag ^ word) & inPageMask) === 0 && frames[(tag & NAME) >>> pageShift]! >>> 1 === page;

  /** Takes a line out of an L1 set; its dirty bit. `page`: physical page if it has several translations, or −1. */
  const drop = (at: number, ways: number, word: number, page: number): number => {
    const tags = l1Tags;
    const last = at + (ways - 1) * plane;
    if (page < 0 && ways <= 2) {
      const first = tags[at]!;
      const second = tags[last]!;
      if ((first & NAME) === word) {
        tags[at] = second;
        tags[last] = EMPTY;
        return first & 1;
      }
      if ((second & NAME) !== word) return 0;
      tags[last] = EMPTY;
      return second & 1;
    }
    for (let from = at; from <= last; from += plane) {
      const tag = tags[from]!;
      // By page, not by name: the name may have gone to another machine page, and the line with it.
      if (page < 0 ? (tag & NAME) !== word : !isAlias(tag, word, page)) continue;
      for (; from < last; from += plane) tags[from] = tags[from + plane]!;
      tags[last] = EMPTY;
      return tag & 1;
    }
    return 0;
  };

  /** Makes a line of an L1 set clean; its dirty bit. Otherwise as `drop`. */
  const clean = (at: number, ways: number, word: number, page: number): number => {
    const tags = l1Tags;
    for (let way = 0; way < ways; way++) {
      const tag = tags[at + way * plane]!;
      if (page < 0 ? (tag & NAME) !== word : !isAlias(tag, word, page)) continue;
      tags[at + way * plane] = tag & NAME;
      return tag & 1;
    }
    return 0;
  };

  /**
   * The L1s' part in the fate of a line whose L2 tag is `tag`: they give it up, or keep it clean. 1 if it was dirty
   * there.
   */
  const recall = (tag: number, lose: boolean): number => {
    let dirty = 0;
    const first = (tag >>> 4) << l2Shift;
    const end = first + (1 << l2Shift);
    const owner = owners[first >>> pageLineBits]!;
    const page = (owner & 1) !== 0 ? first >>> pageLineBits : -1;
    // Index bits of an id are those of its physical page, so any of its translations finds the sets.
    const base = ((((owner >>> 1) << pageLineBits) | (first & lineMask)) - first) << 2;
    if (lose && (tag & IN_L1I) !== 0)
      for (let line = first; line < end; line += 1 << fetchShift) {
        const word = (base + (line << 2)) | 2;
        drop(index(word), fetchWays, word, page);
      }
    if ((tag & IN_L1D) !== 0)
      for (let line = first; line < end; line += 1 << dataShift) {
        const word = (base + (line << 2)) | 0;
        dirty |= lose ? drop(index(word), dataWays, word, page) : clean(index(word), dataWays, word, page);
      }
    return dirty;
  };

  /** A line leaves the L2: with inclusion it leaves the L1s too; dirty data go to memory. */
  const evict = (victim: number): void => {
    let dirty = victim & DIRTY;
    if (inclusive && (victim & (IN_L1D | IN_L1I)) !== 0) dirty |= recall(victim, true);
    if (dirty !== 0) counters.values[counters.row + l2_writebacks]!++;
    if (!simple) evicted(victim, dirty);
  };

  /** Tells the home of a line that has left the L2. Apart, so that `evict` stays short enough to be inlined. */
  const evicted = (victim: number, dirty: number): void => {
    const line = victim >>> 4;
    const home = homeOf((line << l2Shift) >>> pageLineBits);
    if (mesi) directory.gone(line, dirty !== 0, home);
    else if (dirty !== 0) flow(WRITE_BACK, home, home);
  };

  /** Another CPU's request takes a directory line from `from`: altogether, or it stays there, clean and shared. */
  const take = (from: number, line: number, lose: boolean): number => {
    const running = cpu;
    const tags = l2Tags;
    if (msi) {
      const first = line << directoryShift;
      const owner = owners[first >>> pageLineBits]!;
      const page = (owner & 1) !== 0 ? first >>> pageLineBits : -1;
      const word = (((owner >>> 1) << pageLineBits) | (first & lineMask)) << 2;
      select(from);
      const at = index(word);
      const dirty = lose ? drop(at, dataWays, word, page) : clean(at, dataWays, word, page);
      select(running);
      return dirty !== 0 ? 2 : 1;
    }
    const key = line << 4;
    const base = l2StartOf[from]! + ((line & l2Mask) << l2WayBits);
    let way = 0;
    while (way < l2Ways && ((tags[base + way]! ^ key) & L2_LINE) !== 0) way++;
    if (way === l2Ways) return 0;
    const tag = tags[base + way]!;
    let dirty = tag & DIRTY;
    if ((tag & (IN_L1D | IN_L1I)) !== 0) {
      select(from);
      dirty |= recall(tag, lose);
      select(running);
    }
    if (lose) {
      for (; way < l2Ways - 1; way++) tags[base + way] = tags[base + way + 1]!;
      tags[base + way] = NO_LINE;
    } else tags[base + way] = tag & ~(DIRTY | WRITABLE);
    return dirty !== 0 ? 2 : 1;
  };

  /** Notes a message of the running CPU. */
  const flow = (kind: number, home: number, other: number): void => {
    if (traffic !== null) {
      const at = ((kind * cpus + cpu) * nodes + home) * nodes + other;
      traffic[at] = traffic[at]! + 1;
    }
  };

  // Without coherence nobody asks it anything.
  const directory = coherent
    ? createDirectory({
        rule: msi ? 'drcachesim' : 'directory',
        cpus,
        hints: machine.replacement_hints,
        linesPerPage: (1 << pageLineBits) >> directoryShift,
        counters,
        nodeOf,
        take,
        has: (inCpu, line) => has(inCpu, line),
        flow,
        spanOf: (where) => (where < 0 ? spans[~where]! : where),
        movable,
      })
    : (null as never);

  /** Node of a physical page, which is placed at the first miss. */
  const homeOf = (page: number): number => {
    if (oneNode) return 0;
    let home = homes[page]!;
    if (home === NOWHERE) {
      home = place(page, node);
      homes[page] = home;
    }
    return home;
  };

  /** Counts a fetch from memory, by where it is served; bits for the L2 tag. */
  const memory = (line: number, kind: number): number => {
    if (kind === WRITEBACK) {
      // Nothing waits for it, and whoever wrote the line has placed its page.
      counters.values[counters.row + l2_writeback_misses]!++;
      return 0;
    }
    counters.values[counters.row + l2_fetch_misses + kind]!++;
    return simple ? 0 : served(line, kind);
  };

  /** Who serves a miss; bits for the L2 tag. */
  const served = (line: number, kind: number): number => {
    const page = line >>> pageLineBits;
    const home = homeOf(page);
    if (counted?.(cpu, page, kind === 2)) hotPage = page;
    if (mesi) return directory.request(line >>> l2Shift, kind, span, home) << 3;
    if (home !== node) counters.values[counters.row + remote_fetch_misses + kind]!++;
    flow(home === node ? LOCAL : REMOTE_CLEAN, home, home);
    return 0;
  };

  /** L2 tag of a line that a store has hit: permission to write it is asked for unless it is there. */
  const permitted = (tag: number): number => {
    if ((tag & WRITABLE) === 0) {
      const page = ((tag >>> 4) << l2Shift) >>> pageLineBits;
      directory.upgrade(tag >>> 4, homeOf(page));
      if (counted?.(cpu, page, true)) hotPage = page;
    }
    return tag | WRITABLE;
  };

  /** Looks a line up in the L2, fills it on a miss, and sets `bits` in its tag. `line` at the finest size. */
  const accessL2 = (line: number, kind: number, bits: number): void => {
    if (l2 === null) {
      memory(line, kind);
      return;
    }
    const tags = l2Tags;
    const key = (line >>> l2Shift) << 4;
    const base = l2Start + (((line >>> l2Shift) & l2Mask) << l2WayBits);
    let tag = tags[base]!;
    if (((tag ^ key) & L2_LINE) === 0) {
      tags[base] = (mesi && kind === 2 ? permitted(tag) : tag) | bits;
      return;
    }
    let way = 1;
    for (; way < l2Ways; way++) {
      const first = tag;
      tag = tags[base + way]!;
      if (((tag ^ key) & L2_LINE) !== 0) continue;
      if (mesi && kind === 2) tag = permitted(tag);
      if (way > 1) break;
      tags[base + 1] = first;
      tags[base] = tag | bits;
      return;
    }
    if (way === l2Ways) {
      if (mesi) directory.ready(line >>> l2Shift, tag === NO_LINE ? line >>> l2Shift : tag >>> 4);
      const granted = memory(line, kind);
      way = l2Ways - 1;
      if (tag !== NO_LINE) evict(tag);
      tag = key | granted;
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
      const tags = l2Tags;
      const key = (line >>> l2Shift) << 4;
      let at = l2Start + (((line >>> l2Shift) & l2Mask) << l2WayBits);
      while (((tags[at]! ^ key) & L2_LINE) !== 0) at++;
      tags[at] = tags[at]! | DIRTY;
    } else if (writebackAccesses) accessL2(line, WRITEBACK, DIRTY);
  };

  /** Puts a word in front of its L1 set; `at` is its index. The last way leaves. */
  const fill = (at: number, word: number): void => {
    const ways = (word & 2) !== 0 ? fetchWays : dataWays;
    if (ways === 0) return;
    const tags = l1Tags;
    const last = at + (ways - 1) * plane;
    const victim = tags[last]!;
    if (ways === 2) tags[last] = tags[at]!;
    else for (let to = last; to > at; to -= plane) tags[to] = tags[to - plane]!;
    tags[at] = word;
    if (victim === EMPTY) return;
    if (msi && (word & 2) === 0) directory.gone(physicalLine(victim & NAME) >>> directoryShift, false, 0);
    if ((victim & 1) !== 0) writeBack(victim & NAME);
  };

  /**
   * Coherent: a store to the L1 line in front at index `at`. If the line is clean, permission is asked for
   * unless the CPU has it.
   */
  const storeTo = (at: number, word: number): void => {
    const line = physicalLine(word);
    const ofDirectory = line >>> directoryShift;
    if ((l1Tags[at]! & 1) === 0) {
      if (msi) directory.upgrade(ofDirectory, 0);
      else {
        const key = (line >>> l2Shift) << 4;
        let from = l2Start + (((line >>> l2Shift) & l2Mask) << l2WayBits);
        while (((l2Tags[from]! ^ key) & L2_LINE) !== 0) from++;
        l2Tags[from] = permitted(l2Tags[from]!);
      }
    }
    l1Tags[at] = directory.stored(ofDirectory, span) ? word | WATCHED : word;
  };

  /** Looks a word up in all ways of its L1 set; on a hit moves it to the front. */
  const hitL1 = (at: number, word: number): boolean => {
    const tags = l1Tags;
    const ways = (word & 2) !== 0 ? fetchWays : dataWays;
    const key = word & -2;
    let frame = frames[word >>> pageShift]!;
    if (frame < 0) frame = meet(word >>> pageShift);
    const last = at + (ways - 1) * plane;
    for (let from = at; from <= last; from += plane) {
      const tag = tags[from]!;
      if ((tag & NAME) !== key && ((frame & 1) === 0 || !isAlias(tag, word, frame >>> 1))) continue;
      for (let to = from; to > at; to -= plane) tags[to] = tags[to - plane]!;
      if (coherent) {
        tags[at] = key | (tag & ~NAME);
        if ((word & 1) !== 0) storeTo(at, word);
      } else tags[at] = key | ((tag | word) & 1);
      return true;
    }
    return false;
  };

  /** Everything that is not a hit in the first way: later ways, clean lines written, misses. */
  const access = (at: number, word: number): void => {
    if (hitL1(at, word)) return;
    const kind = kindOf(word);
    if (hasL1) counters.values[counters.row + l1i_misses + kind]!++;
    const line = physicalLine(word);
    if (msi && kind !== 0) directory.request(line >>> directoryShift, kind, span, 0);
    accessL2(line, kind, hasL1 ? IN_L1D + (word & 2) : word & 1);
    if (coherent && (word & 1) !== 0 && directory.stored(line >>> directoryShift, span))
      fill(at, word | WATCHED);
    else fill(at, word);
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
    if (msi && kind !== 0) directory.request(line >>> directoryShift, kind, span, 0);
    if (l2 === null) memory(line, kind);
    else {
      const key = (line >>> l2Shift) << 4;
      const base = l2Start + (((line >>> l2Shift) & l2Mask) << l2WayBits);
      const first = l2Tags[base]!;
      if (((first ^ key) & L2_LINE) === 0 && (!mesi || kind !== 2)) l2Tags[base] = first | bits;
      else accessL2(line, kind, bits);
    }
    let tag = word;
    if (coherent && kind === 2 && directory.stored(line >>> directoryShift, span)) tag = word | WATCHED;
    if (msi) {
      fill(at, tag);
      return;
    }
    const tags = l1Tags;
    const ways = (word & 2) !== 0 ? fetchWays : dataWays;
    const last = at + (ways - 1) * plane;
    const victim = tags[last]!;
    if (ways === 2) tags[last] = tags[at]!;
    else for (let to = last; to > at; to -= plane) tags[to] = tags[to - plane]!;
    tags[at] = tag;
    if (victim === EMPTY || (victim & 1) === 0) return;
    if (!inclusive) {
      writeBack(victim);
      return;
    }
    counters.values[counters.row + l1_writebacks]!++;
    const out = physicalLine(mesi ? victim & NAME : victim);
    const outKey = (out >>> l2Shift) << 4;
    let to = l2Start + (((out >>> l2Shift) & l2Mask) << l2WayBits);
    while (((l2Tags[to]! ^ outKey) & L2_LINE) !== 0) to++;
    l2Tags[to] = l2Tags[to]! | DIRTY;
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
    if (usable[cpu]![id] === 0) {
      // A handler's own references have spans of their own.
      const before = span;
      onMiss(cpu, id, kindOf(word));
      span = before;
    }
    if (stamps !== null) stamps[cpu]![id] = clock + position;
  };

  /** Movable: a store to a guarded page asks first. */
  const permit = (word: number): void => {
    if (guardedPages === 0 || guards[pages.physical[word >>> pageShift]!] === 0) return;
    const before = span;
    onGuarded(cpu, word >>> pageShift);
    span = before;
  };

  const takeHot = (): void => {
    const page = hotPage;
    hotPage = -1;
    onHot(cpu, page);
  };

  const reference = (word: number): void => {
    translate(word);
    if (movable && (word & 1) !== 0) permit(word);
    const at = index(word);
    if (((l1Tags[at]! ^ word) & (word | -2)) !== 0) access(at, word);
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
    // A watched line matches no word in the innermost loop.
    const same = coherent ? NAME : -2;
    const L1 = l1Tags;
    const unrolledEnd = (to - 15) | 0;
    let p = from | 0;
    calls: for (;;) {
      if (counted !== null && hotPage >= 0) takeHot();
      const T = usable[cpu]!; // afresh: a call may have put a longer one in its place
      const start = l1Start;
      let r = 0;
      for (;;) {
        // biome-ignore lint/suspicious/noConfusingLabels: the way out of two loops that go on where the first stopped
        scan: {
          while (p < unrolledEnd) {
            r = words[p]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0)
              break scan;
            r = words[(p + 1) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 1) | 0;
              break scan;
            }
            r = words[(p + 2) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 2) | 0;
              break scan;
            }
            r = words[(p + 3) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 3) | 0;
              break scan;
            }
            r = words[(p + 4) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 4) | 0;
              break scan;
            }
            r = words[(p + 5) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 5) | 0;
              break scan;
            }
            r = words[(p + 6) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 6) | 0;
              break scan;
            }
            r = words[(p + 7) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 7) | 0;
              break scan;
            }
            r = words[(p + 8) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 8) | 0;
              break scan;
            }
            r = words[(p + 9) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 9) | 0;
              break scan;
            }
            r = words[(p + 10) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 10) | 0;
              break scan;
            }
            r = words[(p + 11) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 11) | 0;
              break scan;
            }
            r = words[(p + 12) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 12) | 0;
              break scan;
            }
            r = words[(p + 13) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 13) | 0;
              break scan;
            }
            r = words[(p + 14) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 14) | 0;
              break scan;
            }
            r = words[(p + 15) | 0]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0) {
              p = (p + 15) | 0;
              break scan;
            }
            p = (p + 16) | 0;
          }
          while (p < to) {
            r = words[p]!;
            if (((L1[(((r >>> 1) & mask) + start) | 0]! ^ r) & (r | -2)) !== 0 || T[r >>> shift] === 0)
              break scan;
            p = (p + 1) | 0;
          }
          return;
        }
        if (r === -4) {
          // SPAN
          const one = words[p + 1]!;
          const two = words[p + 2]!;
          p = (p + 3) | 0;
          translate(one);
          translate(two);
          accessSpan(one, two);
          continue calls;
        }
        if (coherent) span = ~p;
        p = (p + 1) | 0;
        const resident = T[r >>> shift] !== 0;
        if (!resident) translate(r);
        if (movable && (r & 1) !== 0) permit(r);
        const at = (((r >>> 1) & mask) + start) | 0;
        const first = L1[at]!;
        if (((first ^ r) & same) === 0) {
          if (coherent && (r & 1) !== 0) {
            storeTo(at, r);
            continue calls;
          }
          L1[at] = first | (r & 1);
        } else {
          const second = L1[(at + nextWay) | 0]!;
          if (((second ^ r) & same) !== 0) {
            miss(at, r);
            continue calls;
          }
          L1[(at + nextWay) | 0] = first;
          if (coherent && (r & 1) !== 0) {
            L1[at] = second;
            storeTo(at, r);
            continue calls;
          }
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
      if (coherent) span = ~p;
      if (word === -4) {
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
        if (counted !== null && hotPage >= 0) takeHot();
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
    const L1 = l1Tags;
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
    const L1 = l1Tags;
    const now = clock;
    for (let p = from; p < to; p++) {
      const r = words[p]!;
      if (((L1[index(r)]! ^ r) & (r | -2)) !== 0 || T[r >>> pageShift] === 0) return p;
      S[r >>> pageShift] = now + p;
    }
    return to;
  };

  /** Coherent: the spans of the words being replayed. */
  let spans: Uint16Array = new Uint16Array(0);

  const run = (
    words: Int32Array,
    from: number,
    to: number,
    onCpu: number,
    spansOfWords: Uint16Array | null,
  ): void => {
    select(onCpu);
    if (spansOfWords !== null) spans = spansOfWords;
    if (plain) runPlain(words, from, to);
    else runAny(words, from, to);
  };

  /** Granules of an injected reference: all of its L1 line. */
  const wholeSpan = (word: number): number => {
    const bits = (word & 2) !== 0 ? layout.fetchLineBits : layout.dataLineBits;
    const inLine = ((word >>> 2) << lineBits) & ((1 << (directoryShift + lineBits)) - 1);
    const first = inLine >>> granuleBits;
    return first | ((first + (bits > granuleBits ? 1 << (bits - granuleBits) : 1) - 1) << GRANULE_BITS);
  };

  const touch = (word: number): void => {
    if (coherent) span = wholeSpan(word);
    const kind = kindOf(word);
    counters.values[counters.row + fetch_accesses + kind]!++;
    clock++;
    reference(word);
  };

  const reserve = (): void => {
    checkSize(pages.size);
    if (pages.size > frames.length) {
      for (let view = 0; view < views; view++) framesOf[view] = wider(framesOf[view]!, pages.size, -1);
      frames = framesOf[movable ? node : 0]!;
      if (movable) {
        nextTranslation = wider(nextTranslation, pages.size);
        listed = wider(listed, pages.size);
      }
    }
    if (pages.physicalSize > owners.length) {
      owners = wider(owners, pages.physicalSize, -1);
      homes = wider(homes, pages.physicalSize, NOWHERE);
      if (movable) {
        for (let view = 0; view < views; view++)
          machineOf[view] = wider(machineOf[view]!, pages.physicalSize);
        guards = wider(guards, pages.physicalSize);
        firstTranslation = wider(firstTranslation, pages.physicalSize);
      }
    }
    if (coherent) directory.reserve(pages.physicalSize);
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
      l1: dirty(l1Tags, EMPTY),
      l2: dirty(l2Tags, NO_LINE),
    };
  };

  const lostLines = (): number[] => (coherent ? Array.from(directory.lost) : []);
  const clear = (): void => {
    if (coherent) directory.lost.fill(0);
    traffic?.fill(0);
  };

  const linesPerPage = (1 << pageLineBits) >> directoryShift;

  /** Whether a CPU's hierarchy has a line. */
  const has = (inCpu: number, line: number): boolean => {
    const base = l2StartOf[inCpu]! + ((line & l2Mask) << l2WayBits);
    for (let way = 0; way < l2Ways; way++)
      if (((l2Tags[base + way]! ^ (line << 4)) & L2_LINE) === 0) return true;
    return false;
  };

  /** Lines leave the L1s of `node`'s CPUs (−1: all) where they have names of a physical page. */
  const unname = (physical: number, ofNode: number): void => {
    if (!hasL1) return;
    const running = cpu;
    for (let c = 0; c < cpus; c++) {
      if (ofNode >= 0 && nodeOf[c] !== ofNode) continue;
      select(c);
      for (let id = firstTranslation[physical]!; id !== 0; id = nextTranslation[id - 1]!)
        for (let line = 0; line <= lineMask; line++) {
          const word = (((id - 1) << pageLineBits) | line) << 2;
          drop(index(word), dataWays, word, -1);
          drop(index(word | 2), fetchWays, word | 2, -1);
        }
    }
    select(running);
  };

  /** Stores to a line must be told from now on: to what is dirty in an L1 as well (of a copy, by whoever made it). */
  const watch = (line: number): void => {
    if (!hasL1) return;
    const running = cpu;
    const first = line << directoryShift;
    const page = first >>> pageLineBits;
    const owner = owners[page]!;
    for (const sharer of directory.sharers(line)) {
      select(sharer);
      for (let part = first; part < first + (1 << directoryShift); part += 1 << dataShift) {
        const word = (((owner >>> 1) << pageLineBits) | (part & lineMask)) << 2;
        for (let way = 0; way < dataWays; way++) {
          const at = index(word) + way * plane;
          const tag = l1Tags[at]!;
          if ((tag & 1) !== 0 && isAlias(tag, word, page)) l1Tags[at] = tag | WATCHED;
        }
      }
    }
    select(running);
  };

  const machinePages = createMachinePages({
    cpus,
    linesPerPage,
    directory,
    framesOf,
    machineOf,
    owners: () => owners,
    homes: () => homes,
    translations: (physical) => {
      const ids: number[] = [];
      for (let id = firstTranslation[physical]!; id !== 0; id = nextTranslation[id - 1]!) ids.push(id - 1);
      return ids;
    },
    guarded: (physical) => guards[physical] === 1,
    guard: (physical, on) => {
      guardedPages += (on ? 1 : 0) - guards[physical]!;
      guards[physical] = on ? 1 : 0;
    },
    take,
    unname,
    watch,
  });

  if (coherent) select(0);
  return { run, select, touch, word, reserve, dirtyLines, lostLines, clear, machinePages };
}
