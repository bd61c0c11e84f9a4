import type { TraceBuilder } from '../builder.ts';
import { InputError } from '../errors.ts';
import { DIRECT_CACHED, DIRECT_UNCACHED, directPage, segmentOf } from '../mips.ts';
import { PAGE_BYTES, pageOf } from '../types.ts';

/** Bounds on what a file may ask for; recorded files stay far below (ids below 600,000). */
export const MAX_BLOCK_ID = 1 << 22;
export const MAX_BLOCK_INSTRUCTIONS = 220;
/** Pages with code: 2^17 of them are 512 MB of code. */
const MAX_CODE_PAGES = 1 << 17;
const INSTRUCTIONS_PER_PAGE = PAGE_BYTES / 4;
const UNKNOWN_CLASS = 255;

/** The blocks of code that a file has defined so far, by dense index (in order of definition). */
export interface BlockTable {
  /** Dense index of a block id, or −1 if it was not defined. */
  indexOf(id: number): number;
  /** Defines a block; returns null, or what is wrong with it. */
  define(
    id: number,
    virtualLo: number,
    virtualHi: number,
    physicalLo: number,
    physicalHi: number,
    classes: Uint8Array,
  ): string | null;
  readonly columns: BlockColumns;
  /** Blocks and instructions defined so far. */
  count(): number;
  instructions(): number;
}

export interface BlockColumns {
  /** Virtual address of the first instruction, in unsigned halves. */
  virtualLo: Uint32Array;
  virtualHi: Uint32Array;
  /** Segment of the address space (`segmentOf`). */
  segment: Uint8Array;
  physicalPage: Float64Array;
  /** Instructions in the block. */
  length: Uint8Array;
  /** Where the block's classes start in `classes`. */
  classesAt: Int32Array;
  classes: Uint8Array;
}

export function createBlockTable(): BlockTable {
  let dense = new Int32Array(1 << 14).fill(-1);
  let blocks = 0;
  let used = 0;
  const columns: BlockColumns = {
    virtualLo: new Uint32Array(1024),
    virtualHi: new Uint32Array(1024),
    segment: new Uint8Array(1024),
    physicalPage: new Float64Array(1024),
    length: new Uint8Array(1024),
    classesAt: new Int32Array(1024),
    classes: new Uint8Array(1 << 14),
  };

  const grow = (): void => {
    columns.virtualLo = doubled(columns.virtualLo);
    columns.virtualHi = doubled(columns.virtualHi);
    columns.segment = doubled(columns.segment);
    columns.physicalPage = doubled(columns.physicalPage);
    columns.length = doubled(columns.length);
    columns.classesAt = doubled(columns.classesAt);
  };

  return {
    columns,
    indexOf: (id) => (id < dense.length ? dense[id]! : -1),
    define: (id, virtualLo, virtualHi, physicalLo, physicalHi, classes) => {
      const length = classes.length;
      const segment = segmentOf(virtualLo, virtualHi);
      const physicalPage = pageOf(physicalLo, physicalHi);
      const offset = virtualLo % PAGE_BYTES;
      if (id >= MAX_BLOCK_ID) return `BLOCK id ${id} is beyond ${MAX_BLOCK_ID}`;
      if (length === 0 || length > MAX_BLOCK_INSTRUCTIONS) return `BLOCK of ${length} instructions`;
      if (virtualLo % 4 !== 0 || physicalLo % PAGE_BYTES !== offset || offset + length * 4 > PAGE_BYTES) {
        return `BLOCK ${id} is misaligned or leaves its page`;
      }
      if (segment === DIRECT_CACHED || segment === DIRECT_UNCACHED) {
        if (directPage(virtualLo, virtualHi) !== physicalPage) {
          return `BLOCK ${id} in a direct segment has a physical address of its own`;
        }
      }
      for (const c of classes) if (c > 11) return `BLOCK ${id} has an instruction of class ${c}`;
      while (id >= dense.length) {
        const wider = new Int32Array(dense.length * 2).fill(-1);
        wider.set(dense);
        dense = wider;
      }
      if (dense[id] !== -1) return `BLOCK ${id} is defined twice`;
      if (blocks === columns.segment.length) grow();
      while (used + length > columns.classes.length) columns.classes = doubled(columns.classes);
      columns.virtualLo[blocks] = virtualLo;
      columns.virtualHi[blocks] = virtualHi;
      columns.segment[blocks] = segment;
      columns.physicalPage[blocks] = physicalPage;
      columns.length[blocks] = length;
      columns.classesAt[blocks] = used;
      columns.classes.set(classes, used);
      used += length;
      dense[id] = blocks++;
      return null;
    },
    count: () => blocks,
    instructions: () => used,
  };
}

/** Which instruction classes the trace has said so far of each physical page of code. */
export interface CodePages {
  /**
   * Whether the classes of block `index` must be said before it runs: it never ran, or another block has
   * changed them since. Must be followed by `say` if true.
   */
  stale(index: number): boolean;
  /** Adds the block's classes to the builder. Throws InputError if there are too many pages of code. */
  say(index: number, builder: TraceBuilder): void;
}

/** A page's version counts how often classes were replaced by others; a block remembers the one it saw. */
export function createCodePages(label: string, blocks: BlockTable): CodePages {
  const pageIndex = new Map<number, number>();
  const pages: Uint8Array[] = [];
  let pageVersion = new Int32Array(256);
  let blockPage = new Int32Array(1024).fill(-1);
  let blockVersion = new Int32Array(1024);

  return {
    stale: (index) => {
      if (index >= blockPage.length) return true;
      const page = blockPage[index]!;
      return page < 0 || blockVersion[index] !== pageVersion[page];
    },
    say: (index, builder) => {
      const { physicalPage, virtualLo, length, classesAt, classes } = blocks.columns;
      while (index >= blockPage.length) {
        const wider = new Int32Array(blockPage.length * 2).fill(-1);
        wider.set(blockPage);
        blockPage = wider;
        blockVersion = doubled(blockVersion);
      }
      let page = pageIndex.get(physicalPage[index]!);
      if (page === undefined) {
        page = pages.length;
        if (page === MAX_CODE_PAGES) {
          throw new InputError(
            `${label}: more than ${MAX_CODE_PAGES} pages of code, which no recording has; the file is damaged: copy it again`,
          );
        }
        pageIndex.set(physicalPage[index]!, page);
        pages.push(new Uint8Array(INSTRUCTIONS_PER_PAGE).fill(UNKNOWN_CLASS));
        if (page === pageVersion.length) pageVersion = doubled(pageVersion);
      }
      const known = pages[page]!;
      const offset = virtualLo[index]! % PAGE_BYTES;
      const start = classesAt[index]!;
      let news = false;
      let replaced = false;
      for (let i = 0; i < length[index]!; i++) {
        const now = classes[start + i]!;
        const before = known[offset / 4 + i]!;
        if (before === now) continue;
        news = true;
        if (before !== UNKNOWN_CLASS) replaced = true;
        known[offset / 4 + i] = now;
      }
      if (news) builder.code(physicalPage[index]!, offset, length[index]!, classes, start);
      if (replaced) pageVersion[page]!++;
      blockPage[index] = page;
      blockVersion[index] = pageVersion[page]!;
    },
  };
}

/** A copy of twice the length. */
export function doubled<T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(old: T): T {
  const wider = new (old.constructor as new (length: number) => T)(old.length * 2);
  wider.set(old);
  return wider;
}
