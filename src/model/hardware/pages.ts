import { InputError } from '../../trace/errors.ts';

/**
 * Physical pages from here on are no guest's, but code and tables of modelled handlers and of the monitor: above all
 * pages of 64-bit addresses, which have 52 bits.
 */
export const FIRST_SYNTHETIC = 2 ** 52;

/**
 * The pages of a replay. Every translation (address space, virtual page, physical page) has a dense id,
 * and so has every physical page. Both kinds of id keep the page number's low `colourBits` bits, so that a
 * cache's set index can be taken from an id exactly as from the address; the rest of the id is a count.
 *
 * `block[id]` numbers virtual pages: 2 × pair + half, so an even and an odd page share `block >> 1`, and
 * translations of one virtual page to several physical pages share a block.
 */
export interface Pages {
  readonly colourBits: number;
  /** All ids are below this; the columns are at least this long. */
  size: number;
  /** Per id: dense physical page, virtual block, trace flags (MAPPED …), address space, page number. */
  physical: Int32Array;
  block: Int32Array;
  flags: Uint8Array;
  space: Int32Array;
  virtualPage: Float64Array;
  /** Per physical id: page number. */
  physicalPage: Float64Array;
  /** Number of virtual blocks (pairs × 2) and of physical ids so far: bounds for tables by them. */
  blocks: number;
  physicalSize: number;
  /** Adds a translation and gives its id. */
  add(space: number, virtualPage: number, physicalPage: number, flags: number): number;
}

export function createPages(colourBits: number, maxIds: number): Pages {
  const colours = 1 << colourBits;
  const nextId = new Int32Array(colours);
  const nextPhysical = new Int32Array(colours);
  const physicalIds = new Map<number, number>();
  const pairs = new Map<number, Map<number, number>>();

  /** Next free id of the colour of `page`. */
  const allocate = (next: Int32Array, page: number): number => {
    const colour = page % colours;
    const id = next[colour]! * colours + colour;
    next[colour]!++;
    if (id >= maxIds)
      throw new InputError(
        `the trace touches too many pages for this machine's line sizes (limit ${maxIds} page ids): ` +
          'use longer lines or fewer sets',
      );
    return id;
  };

  const physicalId = (page: number): number => {
    let id = physicalIds.get(page);
    if (id === undefined) {
      id = allocate(nextPhysical, page);
      physicalIds.set(page, id);
      if (id >= pages.physicalPage.length) pages.physicalPage = wider(pages.physicalPage, id);
      pages.physicalPage[id] = page;
      if (id >= pages.physicalSize) pages.physicalSize = id + 1;
    }
    return id;
  };

  const blockOf = (space: number, virtualPage: number): number => {
    let ofSpace = pairs.get(space);
    if (ofSpace === undefined) {
      ofSpace = new Map();
      pairs.set(space, ofSpace);
    }
    const half = virtualPage % 2;
    const key = (virtualPage - half) / 2;
    let pair = ofSpace.get(key);
    if (pair === undefined) {
      pair = pages.blocks / 2;
      ofSpace.set(key, pair);
      pages.blocks += 2;
    }
    return pair * 2 + half;
  };

  const add = (space: number, virtualPage: number, physicalPage: number, flags: number): number => {
    const id = allocate(nextId, physicalPage);
    if (id >= pages.physical.length) {
      pages.physical = wider(pages.physical, id);
      pages.block = wider(pages.block, id);
      pages.flags = wider(pages.flags, id);
      pages.space = wider(pages.space, id);
      pages.virtualPage = wider(pages.virtualPage, id);
    }
    pages.physical[id] = physicalId(physicalPage);
    pages.block[id] = blockOf(space, virtualPage);
    pages.flags[id] = flags;
    pages.space[id] = space;
    pages.virtualPage[id] = virtualPage;
    if (id >= pages.size) pages.size = id + 1;
    return id;
  };

  const pages: Pages = {
    colourBits,
    size: 0,
    physical: new Int32Array(1024),
    block: new Int32Array(1024),
    flags: new Uint8Array(1024),
    space: new Int32Array(1024),
    virtualPage: new Float64Array(1024),
    physicalPage: new Float64Array(1024),
    blocks: 0,
    physicalSize: 0,
    add,
  };
  return pages;
}

/** A copy of a column, long enough for `index`, that doubles so that growth is linear overall. */
export function wider<T extends Int32Array | Int16Array | Uint8Array | Uint16Array | Float64Array>(
  old: T,
  index: number,
  fill = 0,
): T {
  let length = Math.max(old.length, 16);
  while (length <= index) length *= 2;
  const copy = new (old.constructor as new (length: number) => T)(length);
  copy.set(old);
  if (fill !== 0) copy.fill(fill, old.length);
  return copy;
}
