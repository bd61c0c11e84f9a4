/**
 * Places: where data references are, as far as lines of 16 bytes and more can tell. A page has 256 blocks of 16
 * bytes. The *place* of a reference is twice the number of the block it begins in, and one more if it begins so late
 * in it that it reaches one block further than it would from the block's start. Its *span* is twice the blocks it
 * takes from there. So it touches what `span` units of 8 bytes from `place` on touch; offset and size are needed no more.
 *
 * A *placed word* is a reference word with the place for the offset and the span for the size. It is moved by adding
 * to it, like a reference word.
 */
import { OFFSET_MASK, OFFSET_SHIFT, SIZE_SHIFT } from '../types.ts';

/** Bytes of a unit, and units of a page. */
const UNIT_BITS = 3;
export const PAGE_UNITS = 512;
/** What is left of an offset beside the block. */
export const FINE_MASK = 15;
/** Bits of a placed word that moves change. */
export const PLACE_FIELD = (PAGE_UNITS - 1) << OFFSET_SHIFT;

/** The placed word of a reference word. */
export function placedWord(word: number): number {
  const offset = (word >>> OFFSET_SHIFT) & OFFSET_MASK;
  const size = word >>> SIZE_SHIFT;
  const more = (size - 1) >> 4;
  const late = (((offset & FINE_MASK) + size - 1) >> 4) - more;
  return (word & 7) | (((2 * (offset >> 4)) | late) << OFFSET_SHIFT) | ((2 * more + 2) << SIZE_SHIFT);
}

/** A reference word that touches the same lines of 16 bytes or more. */
export const outlineOf = (placed: number): number => (placed & 7) | ((placed & ~7) << UNIT_BITS);

/** Units of 8 bytes in a line, as the power of two. `lineBits`: 4 or more. */
export const unitBits = (lineBits: number): number => lineBits - UNIT_BITS;
