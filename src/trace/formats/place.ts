import type { TraceBuilder } from '../builder.ts';
import { OFFSET_MASK, PAGE_BYTES, pageOf, type ReferenceKind, referenceWord } from '../types.ts';

const PAGES = 2 ** 52;

/**
 * Adds a reference like the builder's `access`, but in any address space (−1: global) and with any
 * translation flags; physical pages equal the virtual ones.
 */
export function accessIn(
  builder: TraceBuilder,
  space: number,
  flags: number,
  kind: ReferenceKind,
  lo: number,
  hi: number,
  size: number,
): void {
  let page = pageOf(lo, hi);
  let offset = lo & OFFSET_MASK;
  for (let left = size; left > 0; ) {
    const part = Math.min(left, PAGE_BYTES - offset);
    const id = builder.translate(space, page, page, flags);
    builder.record(id, referenceWord(kind, offset, part, left !== size));
    left -= part;
    offset = 0;
    page = page + 1 === PAGES ? 0 : page + 1;
  }
}
