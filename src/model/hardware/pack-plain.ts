/** The packer’s loop over common records. `pack.ts` has the rest, and what packed words are. */

/** What the parts of a packer share. */
export interface PackState {
  /** The packed chunk so far: words, how many, and accesses. */
  readonly packed: { words: Int32Array; length: number; readonly accesses: Int32Array };
  /** The word just before, −1 at the start of a stretch. */
  previous: number;
}

interface PlainConstants {
  readonly pageLineBits: number;
  readonly lineBits: number;
  readonly fixed: boolean;
  readonly offsetShift: number;
  readonly offsetMask: number;
  readonly sizeShift: number;
}

type PackPlain = (
  translation: Int32Array,
  record: Int32Array,
  ids: Int32Array,
  from: number,
  to: number,
  tally: number,
) => number;

/**
 * Makes the packer of the common records: a cached fetch, load or store within a line, or a run of
 * instructions over two. It stops at the first other one; room has been made. One loop without calls, as in
 * the kernel; self-contained, as it is copied (see `ownCopy`).
 */
export function buildPackPlain(state: PackState, constants: PlainConstants): PackPlain {
  const { packed } = state;
  const { pageLineBits, lineBits, fixed, offsetShift, offsetMask, sizeShift } = constants;
  const countShift = sizeShift + 2;

  return (
    translation: Int32Array,
    record: Int32Array,
    ids: Int32Array,
    from: number,
    to: number,
    tally: number,
  ): number => {
    const words = packed.words;
    const shift = pageLineBits;
    const bits = lineBits;
    let length = packed.length;
    let last = state.previous;
    let loads = 0;
    let stores = 0;
    let more = 0; // instructions of a run beyond its first
    let i = from;
    for (; i < to; i++) {
      const r = record[i]!;
      const id = ids[translation[i]!]!;
      const kind = r & 3;
      const offset = (r >>> offsetShift) & offsetMask;
      const line = offset >>> bits;
      const moreLines = ((offset + (r >>> sizeShift) - 1) >>> bits) - line;
      // Fetch, load, store become the side and store bits 2, 0, 1.
      const w = (((id << shift) | line) << 2) | ((0b01_00_10 >>> (kind << 1)) & 3);
      // A word is written in any case, and kept if it differs from the one before: whether it does is a coin
      // toss, which a branch would mispredict.
      if ((moreLines | (id >>> 31)) === 0 && kind !== 3) {
        loads = (loads + (kind & 1)) | 0;
        stores = (stores + (kind >>> 1)) | 0;
        if (fixed) more = (more + (((r >>> countShift) - 1) & ((kind - 1) >> 31))) | 0;
        words[length] = w;
        length = (length + (((w ^ last) | -(w ^ last)) >>> 31)) | 0;
        last = w;
        continue;
      }
      if (!fixed || kind !== 0 || moreLines !== 1 || id < 0) break;
      more = (more + (r >>> countShift) - 1) | 0;
      words[length] = w;
      length = (length + (((w ^ last) | -(w ^ last)) >>> 31)) | 0;
      last = w + 4;
      words[length] = last;
      length = (length + 1) | 0;
    }
    packed.length = length;
    state.previous = last;
    packed.accesses[tally]! += i - from - loads - stores + more;
    packed.accesses[tally + 1]! += loads;
    packed.accesses[tally + 2]! += stores;
    return i;
  };
}
