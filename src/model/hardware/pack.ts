/**
 * Packing: a chunk's columns into the kernel's reference words, for one line size and one rule of counting.
 *
 * A word that would repeat the one just before it is left out: the second is a hit on the most recently used
 * line through the same translation, with nothing in between, so it cannot change any state. (That is exact
 * under inclusion too, unlike dropping hits with other references in between.) Accesses are counted here,
 * before words are left out. Segments and events start afresh.
 */

import { ownCopy } from '../../trace/own-copy.ts';
import {
  type Chunk,
  EVENT,
  FETCH,
  LOAD,
  MODIFY,
  OFFSET_MASK,
  OFFSET_SHIFT,
  PAGE_BYTES,
  SEGMENT_RDHWR,
  SEGMENT_REFILL,
  SIZE_SHIFT,
  STORE,
  TAIL_BIT,
} from '../../trace/types.ts';
import type { Machine } from '../systems/schema.ts';
import { SPAN, type WordLayout } from './kernel.ts';
import { buildPackPlain, type PackState } from './pack-plain.ts';

/** What decides the packed words: systems that agree in it share them. */
export interface PackRule {
  readonly layout: WordLayout;
  /** `cachegrind`: a crossing reference is one access, a modify a load; else split, load and store. */
  readonly counting: Machine['counting'];
  /** Shortest line of any level: cachegrind cuts longer operands to it. */
  readonly shortestLine: number;
  readonly instructionBytes: 0 | 4;
  /** Leave out the recorded traps of RDHWR. */
  readonly dropRdhwr: boolean;
}

/** A packed chunk. Valid until the next `pack`. */
export interface Packed {
  words: Int32Array;
  length: number;
  /** Per segment of the chunk: words up to its end; accesses by fetch, load, store, uncached (4 each). */
  segmentEnd: Int32Array;
  accesses: Int32Array;
  /** Per segment: 1 if it is set aside (not replayed, not counted). */
  aside: Uint8Array;
  /** Per event of the chunk: words before it. */
  eventAt: Int32Array;
  /** Where caches are coherent, per word: a span (see `sharing.ts`). */
  spans: Uint16Array | null;
}

/** An empty packed chunk, for a packer to reuse. */
export const createPacked = (): Packed => ({
  words: new Int32Array(1 << 17),
  length: 0,
  segmentEnd: new Int32Array(1024),
  accesses: new Int32Array(4096),
  aside: new Uint8Array(1024),
  eventAt: new Int32Array(1024),
  spans: null,
});

/** Packs records from … to − 1 of one segment, without events in between; counts accesses from index `tally`. */
type PackStretch = (chunk: Chunk, ids: Int32Array, from: number, to: number, tally: number) => void;

export interface Packer {
  /**
   * Packs a chunk. `ids` maps the trace's translations to kernel ids, uncached ones to −1: their references
   * are counted and make no word. The result is reused by the next call.
   */
  pack(chunk: Chunk, ids: Int32Array): Packed;
}

/** The packing rule of a machine for a trace; equal rules have equal JSON. */
export function packRule(
  machine: Machine,
  layout: WordLayout,
  instructionBytes: 0 | 4,
  dropRdhwr: boolean,
): PackRule {
  const lines = [machine.l1i, machine.l1d, machine.l2].map((cache) => cache?.line ?? PAGE_BYTES);
  return {
    layout,
    counting: machine.counting === 'cachegrind' ? 'cachegrind' : 'vmtax',
    shortestLine: Math.min(...lines),
    instructionBytes,
    dropRdhwr,
  };
}

/** Whether a segment with these flags is set aside. */
export const isAside = (flags: number, dropRdhwr: boolean): boolean =>
  (flags & SEGMENT_REFILL) !== 0 || (dropRdhwr && (flags & SEGMENT_RDHWR) !== 0);

/** Events that a replay of recorded episodes leaves out together with them. */
export const isAsideEvent = (kind: number, flags: number, dropRdhwr: boolean): boolean =>
  kind === EVENT.refill || (isAside(flags, dropRdhwr) && kind !== EVENT.spaceSwitch && kind !== EVENT.unmap);

export function createPacker(rule: PackRule): Packer {
  const { lineBits, pageLineBits, fetchLineBits, dataLineBits } = rule.layout;
  const spans = rule.counting === 'cachegrind';
  const fixed = rule.instructionBytes === 4;
  const oneLineSize = fetchLineBits === dataLineBits;
  const packed = createPacked();
  /** Most words one record can make: a modify of a whole page in the finest lines, and a span's header. */
  const perRecord = 2 * (1 << pageLineBits) + 4;
  const state: PackState = { packed, previous: -1 };
  const packPlain = ownCopy(buildPackPlain)(state, {
    pageLineBits,
    lineBits,
    fixed,
    offsetShift: OFFSET_SHIFT,
    offsetMask: OFFSET_MASK,
    sizeShift: SIZE_SHIFT,
  });

  /** Makes room for `records` plain records and one of the longest. */
  const reserve = (records: number): void => {
    while (packed.length + 2 * records + perRecord > packed.words.length) {
      const wider = new Int32Array(packed.words.length * 2);
      wider.set(packed.words);
      packed.words = wider;
    }
  };

  const packStretch: PackStretch = (chunk, ids, from, to, tally) => {
    state.previous = -1;
    const { translation, word } = chunk;
    let i = from;
    while (i < to) {
      reserve(to - i);
      // With lines of two sizes the word depends on the side: by the book.
      if (oneLineSize) i = packPlain(translation, word, ids, i, to, tally);
      if (i < to) {
        packOther(word[i]!, ids[translation[i]!]!, tally);
        i++;
      }
    }
  };

  /** Any record, by the book: over several lines, a modify, uncached, or on the side with coarser lines. */
  const packOther = (record: number, id: number, tally: number): void => {
    const kind = record & 3;
    const size = record >>> SIZE_SHIFT;
    const runs = kind === FETCH && fixed;
    if (id < 0) {
      packed.accesses[tally + 3]! += runs ? size >>> 2 : kind === MODIFY ? 2 : 1;
      return;
    }
    const offset = (record >>> OFFSET_SHIFT) & OFFSET_MASK;
    const bits = kind === FETCH ? fetchLineBits : dataLineBits;
    const first = offset >>> bits;
    const end = (offset + size - 1) >>> bits;
    const base = id << pageLineBits;
    const emit = (side: number): void => {
      for (let line = first; line <= end; line++) {
        const word = ((base | (line << (bits - lineBits))) << 2) | side;
        if (word !== state.previous) packed.words[packed.length++] = word;
        state.previous = word;
      }
    };
    const lines = end - first + 1;
    if (kind === FETCH) {
      // A run of instructions is as many accesses as instructions; they are aligned and cross no line.
      packed.accesses[tally]! += runs ? size >>> 2 : lines;
      emit(2);
      return;
    }
    if (kind !== STORE) {
      packed.accesses[tally + 1]! += lines;
      emit(0);
    }
    if (kind !== LOAD) {
      packed.accesses[tally + 2]! += lines;
      emit(1);
    }
  };

  /**
   * cachegrind's rule. A reference is one access; over two lines it becomes a SPAN of both. Operands longer
   * than the shortest line are cut to it; a modify is a load.
   */
  const packSpans: PackStretch = (chunk, ids, from, to, tally) => {
    state.previous = -1;
    const { translation, word } = chunk;
    for (let i = from; i < to; i++) {
      const record = word[i]!;
      if ((record & TAIL_BIT) !== 0) continue;
      reserve(1);
      const kind = record & 3;
      const fetch = kind === FETCH;
      const runs = fetch && fixed;
      const instructions = runs ? record >>> (SIZE_SHIFT + 2) : 1;
      const id = ids[translation[i]!]!;
      if (id < 0) {
        packed.accesses[tally + 3]! += instructions;
        continue;
      }
      packed.accesses[tally + (fetch ? 0 : kind === STORE ? 2 : 1)]! += instructions;
      if (runs) {
        // Many references, each within a line: accesses are counted, lines are the same as elsewhere.
        const counted = packed.accesses[tally]!;
        packOther(record, id, tally);
        packed.accesses[tally] = counted;
        continue;
      }
      const bits = fetch ? fetchLineBits : dataLineBits;
      const side = (fetch ? 2 : 0) | (kind === STORE ? 1 : 0);
      const wordOf = (page: number, offset: number): number =>
        (((page << pageLineBits) | ((offset >>> bits) << (bits - lineBits))) << 2) | side;
      const tail = i + 1 < chunk.length && (word[i + 1]! & TAIL_BIT) !== 0;
      const size = (record >>> SIZE_SHIFT) + (tail ? word[i + 1]! >>> SIZE_SHIFT : 0);
      const offset = (record >>> OFFSET_SHIFT) & OFFSET_MASK;
      const lastByte = offset + Math.min(size, rule.shortestLine) - 1;
      const first = wordOf(id, offset);
      const last = lastByte <= OFFSET_MASK ? wordOf(id, lastByte) : wordOf(ids[translation[i + 1]!]!, 0);
      if (first === last) {
        if (first !== state.previous) packed.words[packed.length++] = first;
        state.previous = first;
      } else {
        packed.words[packed.length++] = SPAN;
        packed.words[packed.length++] = first;
        packed.words[packed.length++] = last;
        state.previous = -1;
      }
    }
  };

  const stretch = spans ? packSpans : packStretch;
  return { pack: (chunk, ids) => packStretches(packed, rule, chunk, ids, stretch) };
}

/** Packs a chunk by its stretches: what lies between segments' ends and events. Set-aside segments are left out. */
export function packStretches(
  packed: Packed,
  rule: PackRule,
  chunk: Chunk,
  ids: Int32Array,
  stretch: PackStretch,
): Packed {
  const { segments, events } = chunk;
  if (segments.length > packed.segmentEnd.length) {
    packed.segmentEnd = new Int32Array(segments.length * 2);
    packed.accesses = new Int32Array(segments.length * 8);
    packed.aside = new Uint8Array(segments.length * 2);
  }
  if (events.length > packed.eventAt.length) packed.eventAt = new Int32Array(events.length * 2);
  packed.length = 0;
  let event = 0;
  let record = 0;
  for (let segment = 0; segment < segments.length; segment++) {
    const end = segments.end[segment]!;
    packed.accesses.fill(0, segment * 4, segment * 4 + 4);
    const aside = isAside(segments.flags[segment]!, rule.dropRdhwr);
    packed.aside[segment] = aside ? 1 : 0;
    while (record < end || (event < events.length && events.at[event]! <= record)) {
      while (event < events.length && events.at[event]! <= record) packed.eventAt[event++] = packed.length;
      let stop = end;
      if (event < events.length && events.at[event]! < end) stop = events.at[event]!;
      if (stop <= record) break;
      if (!aside) stretch(chunk, ids, record, stop, segment * 4);
      record = stop;
    }
    packed.segmentEnd[segment] = packed.length;
  }
  while (event < events.length) packed.eventAt[event++] = packed.length;
  return packed;
}
