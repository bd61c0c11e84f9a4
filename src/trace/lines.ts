/**
 * Lines: what a replay of caches needs of a chunk, in place of its records. A source that keeps stretches of code
 * as templates (the store) can give them without making the records first, several times faster.
 *
 * A word is `line << 2 | fetch << 1 | store`, where `line` is the page's id followed by the number of the line in
 * its page, as the replay kernel reads it. What cannot change the state of split first-level caches may be left
 * out, see `LineRequest`; what is counted of them is in the columns.
 */
import type { SegmentColumns, TranslationColumns } from './types.ts';

/**
 * What is wanted. Asking for lines says that what the caches do with fetches depends on no data reference and
 * the other way round (no inclusion, no TLB), and that events do not matter. Then a fetch of the line that the last
 * fetch of the CPU was from, and data on the line of the last data reference, may be left out, but for a store
 * after a load.
 */
export interface LineRequest {
  /** log2 of the line size in bytes, 4 to 12. */
  readonly lineBits: number;
  /** As in the trace header: 4 makes a fetch of 4n bytes count n accesses. */
  readonly instructionBytes: 0 | 4;
  /** Segments with any of these flags are set aside: they make no words and count no accesses. */
  readonly asideFlags: number;
  /**
   * Called for each chunk before its records are decoded, with its translations. Gives the page id of each
   * translation so far, −1 where it goes around the caches and beyond the last.
   */
  readonly ids: (translations: TranslationColumns) => Int32Array;
  /** Called after that: whether this chunk is wanted as records all the same. */
  readonly asRecords: (segments: SegmentColumns) => boolean;
}

/** The lines of a chunk. Valid until the next chunk is asked for. */
export interface LineColumns {
  readonly words: Int32Array;
  /** Per segment: words up to its end. */
  readonly segmentEnd: Int32Array;
  /** Per segment: accesses by fetch, load, store, uncached (4 each). One per line that a reference touches. */
  readonly accesses: Int32Array;
  /** Per segment: 1 if it is set aside. */
  readonly aside: Uint8Array;
}
