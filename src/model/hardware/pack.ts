/**
 * Packing: a chunk's columns into the kernel's reference words, for one line size and one rule of counting.
 *
 * A word that would repeat the one just before it is left out: the second is a hit on the most recently used
 * line through the same translation, with nothing in between, so it cannot change any state. (That is exact
 * under inclusion too, unlike dropping hits with other references in between.) Accesses are counted here,
 * before words are left out. Segments and events start afresh.
 */
import {
  type Chunk,
  EVENT,
  FETCH,
  LOAD,
  MODIFY,
  OFFSET_MASK,
  OFFSET_SHIFT,
  SEGMENT_RDHWR,
  SEGMENT_REFILL,
  SIZE_SHIFT,
  STORE,
  TAIL_BIT,
  UNCACHED,
} from '../../trace/types.ts';
import type { Machine } from '../systems/schema.ts';
import { SPAN, type WordLayout } from './kernel.ts';

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
}

export interface Packer {
  /**
   * Packs a chunk. `ids` maps the trace's translations to kernel ids, `flags` to trace flags.
   * The result is reused by the next call.
   */
  pack(chunk: Chunk, ids: Int32Array, flags: Uint8Array): Packed;
}

/** The packing rule of a machine for a trace; equal rules have equal JSON. */
export function packRule(
  machine: Machine,
  layout: WordLayout,
  instructionBytes: 0 | 4,
  dropRdhwr: boolean,
): PackRule {
  const lines = [machine.l1i, machine.l1d, machine.l2].map((cache) => cache?.line ?? 4096);
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

export function createPacker(rule: PackRule): Packer {
  const { lineBits, pageLineBits, fetchLineBits, dataLineBits } = rule.layout;
  const spans = rule.counting === 'cachegrind';
  const fetchCoarse = -1 << (fetchLineBits - lineBits);
  const dataCoarse = -1 << (dataLineBits - lineBits);
  const fetchStep = 1 << (fetchLineBits - lineBits);
  const dataStep = 1 << (dataLineBits - lineBits);
  const fixed = rule.instructionBytes === 4;
  const packed: Packed = {
    words: new Int32Array(1 << 17),
    length: 0,
    segmentEnd: new Int32Array(1024),
    accesses: new Int32Array(4096),
    aside: new Uint8Array(1024),
    eventAt: new Int32Array(1024),
  };
  /** Most words one record can make: a modify of a whole page in the finest lines, and a span's header. */
  const perRecord = 2 * (1 << pageLineBits) + 4;

  const pack = (chunk: Chunk, ids: Int32Array, flags: Uint8Array): Packed => {
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
        if (!aside) packRecords(chunk, ids, flags, record, stop, segment * 4);
        record = stop;
      }
      packed.segmentEnd[segment] = packed.length;
    }
    while (event < events.length) packed.eventAt[event++] = packed.length;
    return packed;
  };

  /** Packs records from … to − 1 of one segment, without events in between. */
  const packRecords = (
    chunk: Chunk,
    ids: Int32Array,
    flags: Uint8Array,
    from: number,
    to: number,
    tally: number,
  ): void => {
    const { translation, word: recordWord } = chunk;
    if (spans) {
      packSpans(chunk, ids, flags, from, to, tally);
      return;
    }
    let words = packed.words;
    let length = packed.length;
    let previous = -1;
    let fetches = 0;
    let loads = 0;
    let stores = 0;
    let uncached = 0;
    for (let i = from; i < to; i++) {
      const record = recordWord[i]!;
      const page = translation[i]!;
      if (length + perRecord > words.length) words = grow();
      const kind = record & 3;
      const offset = (record >>> OFFSET_SHIFT) & OFFSET_MASK;
      const size = record >>> SIZE_SHIFT;
      if ((flags[page]! & UNCACHED) !== 0) {
        uncached += kind === FETCH && fixed ? size >>> 2 : kind === MODIFY ? 2 : 1;
        continue;
      }
      const base = ids[page]! << pageLineBits;
      let line = offset >>> lineBits;
      let last = (offset + size - 1) >>> lineBits;
      if (kind === FETCH) {
        line &= fetchCoarse;
        last &= fetchCoarse;
        // A run of instructions is as many accesses as instructions; they are aligned and cross no line.
        fetches += fixed ? size >>> 2 : (last - line) / fetchStep + 1;
        for (; line <= last; line += fetchStep) {
          const word = ((base | line) << 2) | 2;
          if (word !== previous) words[length++] = word;
          previous = word;
        }
        continue;
      }
      line &= dataCoarse;
      last &= dataCoarse;
      const lines = (last - line) / dataStep + 1;
      if (kind !== STORE) {
        loads += lines;
        for (let at = line; at <= last; at += dataStep) {
          const word = (base | at) << 2;
          if (word !== previous) words[length++] = word;
          previous = word;
        }
      }
      if (kind !== LOAD) {
        stores += lines;
        for (let at = line; at <= last; at += dataStep) {
          const word = ((base | at) << 2) | 1;
          if (word !== previous) words[length++] = word;
          previous = word;
        }
      }
    }
    packed.length = length;
    packed.accesses[tally]! += fetches;
    packed.accesses[tally + 1]! += loads;
    packed.accesses[tally + 2]! += stores;
    packed.accesses[tally + 3]! += uncached;
  };

  const grow = (): Int32Array => {
    const wider = new Int32Array(packed.words.length * 2);
    wider.set(packed.words);
    packed.words = wider;
    return wider;
  };

  /**
   * cachegrind's rule. A reference is one access; over two lines it becomes a SPAN of both. Operands longer
   * than the shortest line are cut to it; a modify is a load.
   */
  const packSpans = (
    chunk: Chunk,
    ids: Int32Array,
    flags: Uint8Array,
    from: number,
    to: number,
    tally: number,
  ): void => {
    let previous = -1;
    const emit = (word: number): void => {
      packed.words[packed.length++] = word;
    };
    for (let i = from; i < to; i++) {
      if (packed.length + perRecord > packed.words.length) grow();
      const record = chunk.word[i]!;
      if ((record & TAIL_BIT) !== 0) continue;
      const page = chunk.translation[i]!;
      const kind = record & 3;
      const fetch = kind === FETCH;
      const instructions = fetch && fixed ? record >>> (SIZE_SHIFT + 2) : 1;
      if ((flags[page]! & UNCACHED) !== 0) {
        packed.accesses[tally + 3]! += instructions;
        continue;
      }
      packed.accesses[tally + (fetch ? 0 : kind === STORE ? 2 : 1)]! += instructions;
      const offset = (record >>> OFFSET_SHIFT) & OFFSET_MASK;
      const tail = i + 1 < chunk.length && (chunk.word[i + 1]! & TAIL_BIT) !== 0;
      const size = (record >>> SIZE_SHIFT) + (tail ? chunk.word[i + 1]! >>> SIZE_SHIFT : 0);
      const step = fetch ? fetchStep : dataStep;
      const side = (fetch ? 2 : 0) | (kind === STORE ? 1 : 0);
      const wordOf = (id: number, line: number): number =>
        (((ids[id]! << pageLineBits) | (line & -step)) << 2) | side;
      let line = offset >>> lineBits;
      // A fixed-length run is many references, each within a line.
      const cut = fetch && fixed ? size : Math.min(size, rule.shortestLine);
      const lastByte = offset + cut - 1;
      const first = wordOf(page, line);
      const last =
        lastByte <= OFFSET_MASK ? wordOf(page, lastByte >>> lineBits) : wordOf(chunk.translation[i + 1]!, 0);
      if (fetch && fixed) {
        for (line &= -step; line <= lastByte >>> lineBits; line += step) emit(wordOf(page, line));
        previous = -1;
      } else if (first === last) {
        if (first !== previous) emit(first);
        previous = first;
      } else {
        emit(SPAN);
        emit(first);
        emit(last);
        previous = -1;
      }
    }
  };

  return { pack };
}

/** Events that a replay of recorded episodes leaves out together with them. */
export const isAsideEvent = (kind: number, flags: number, dropRdhwr: boolean): boolean =>
  kind === EVENT.refill || (isAside(flags, dropRdhwr) && kind !== EVENT.spaceSwitch && kind !== EVENT.unmap);
