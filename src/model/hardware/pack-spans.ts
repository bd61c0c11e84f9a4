/**
 * Packing for coherent caches: reference words as `pack.ts` makes them, each with its span, the granules of the
 * directory's line that it touches, so that true and false sharing can be told apart. A word is left out if
 * it repeats the one before it and, for a store, its span too: a load that repeats is a hit, which asks for no
 * span, but a store to another granule is news to whoever lost the line.
 */

import { ownCopy } from '../../trace/own-copy.ts';
import {
  type Chunk,
  FETCH,
  LOAD,
  MODIFY,
  OFFSET_MASK,
  OFFSET_SHIFT,
  SIZE_SHIFT,
  STORE,
} from '../../trace/types.ts';
import type { Granularity } from './kernel.ts';
import { createPacked, type Packed, type Packer, type PackRule, packStretches } from './pack.ts';
import { wider } from './pages.ts';
import { GRANULE_BITS } from './sharing.ts';

/** Packs with `spans`: first granule | last granule << GRANULE_BITS of each word. */
export function createSpanPacker(rule: PackRule, grain: Granularity): Packer {
  const packed: Packed = createPacked();
  packed.spans = new Uint16Array(packed.words.length);
  /** Most words one record can make: a modify of a whole page in the finest lines. */
  const perRecord = 2 * (1 << rule.layout.pageLineBits);
  const stretch = ownCopy(buildSpanStretch)(packed, {
    ...rule.layout,
    ...grain,
    fixed: rule.instructionBytes === 4,
    kinds: { FETCH, LOAD, STORE, MODIFY },
    fields: { OFFSET_SHIFT, OFFSET_MASK, SIZE_SHIFT },
    directoryBits: grain.lineBits,
    finestBits: rule.layout.lineBits,
    GRANULE_BITS,
  });

  const packStretch = (chunk: Chunk, ids: Int32Array, from: number, to: number, tally: number): void => {
    for (let start = from; start < to; ) {
      // A record makes many words at most, a few as a rule: room for a quarter of the worst, then again.
      const records = Math.min(to - start, Math.max(1, (packed.words.length - packed.length) >>> 2));
      while (packed.length + 4 * records + perRecord > packed.words.length) {
        packed.words = wider(packed.words, packed.words.length);
        packed.spans = wider(packed.spans!, packed.spans!.length);
      }
      start = stretch(chunk.translation, chunk.word, ids, start, start + records, tally, perRecord);
    }
  };

  return { pack: (chunk, ids) => packStretches(packed, rule, chunk, ids, packStretch) };
}

interface SpanConstants {
  readonly pageLineBits: number;
  readonly finestBits: number;
  readonly fetchLineBits: number;
  readonly dataLineBits: number;
  readonly directoryBits: number;
  readonly granuleBits: number;
  readonly GRANULE_BITS: number;
  readonly fixed: boolean;
  readonly kinds: {
    readonly FETCH: number;
    readonly LOAD: number;
    readonly STORE: number;
    readonly MODIFY: number;
  };
  readonly fields: {
    readonly OFFSET_SHIFT: number;
    readonly OFFSET_MASK: number;
    readonly SIZE_SHIFT: number;
  };
}

type SpanStretch = (
  translation: Int32Array,
  record: Int32Array,
  ids: Int32Array,
  from: number,
  to: number,
  tally: number,
  margin: number,
) => number;

/**
 * Makes the packer of a stretch without events: from … to − 1, or as far as there is room for `margin` more
 * words; gives where it stopped. Self-contained, as it is copied (see `ownCopy`).
 */
function buildSpanStretch(packed: Packed, constants: SpanConstants): SpanStretch {
  const {
    pageLineBits,
    finestBits,
    fetchLineBits,
    dataLineBits,
    directoryBits,
    granuleBits,
    fixed,
    GRANULE_BITS,
  } = constants;
  const { FETCH, LOAD, STORE, MODIFY } = constants.kinds;
  const { OFFSET_SHIFT, OFFSET_MASK, SIZE_SHIFT } = constants.fields;
  const inLine = (1 << directoryBits) - 1;

  return (translation, record, ids, from, to, tally, margin) => {
    const words = packed.words;
    const spans = packed.spans!;
    const { accesses } = packed;
    const limit = words.length - margin;
    let length = packed.length;
    let lastWord = -1;
    let lastSpan = -1;
    let i = from;
    for (; i < to && length <= limit; i++) {
      const r = record[i]!;
      const id = ids[translation[i]!]!;
      const kind = r & 3;
      const size = r >>> SIZE_SHIFT;
      const runs = kind === FETCH && fixed;
      if (id < 0) {
        accesses[tally + 3] = accesses[tally + 3]! + (runs ? size >>> 2 : kind === MODIFY ? 2 : 1);
        continue;
      }
      const offset = (r >>> OFFSET_SHIFT) & OFFSET_MASK;
      const end = offset + size - 1;
      const bits = kind === FETCH ? fetchLineBits : dataLineBits;
      const first = offset >>> bits;
      const last = end >>> bits;
      const base = id << pageLineBits;
      // A modify is a load of all its lines, then a store to them.
      for (let pass = kind === MODIFY ? LOAD : kind; pass <= (kind === MODIFY ? STORE : kind); pass++) {
        const side = pass === FETCH ? 2 : pass === LOAD ? 0 : 1;
        for (let line = first; line <= last; line++) {
          const low = line === first ? offset : line << bits;
          const high = line === last ? end : ((line + 1) << bits) - 1;
          const w = ((base | (line << (bits - finestBits))) << 2) | side;
          const span = ((low & inLine) >>> granuleBits) | (((high & inLine) >>> granuleBits) << GRANULE_BITS);
          if (w === lastWord && (side !== 1 || span === lastSpan)) continue;
          words[length] = w;
          spans[length] = span;
          length = (length + 1) | 0;
          lastWord = w;
          lastSpan = span;
        }
        accesses[tally + pass] = accesses[tally + pass]! + (runs ? size >>> 2 : last - first + 1);
      }
    }
    packed.length = length;
    return i;
  };
}
