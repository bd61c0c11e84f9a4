import { CHUNK_RESERVE, type TraceBuilder } from '../builder.ts';
import { CHUNK_RECORDS, LOAD, OFFSET_MASK, OFFSET_SHIFT, PAGE_BITS, SIZE_SHIFT, STORE } from '../types.ts';
import type { Pages } from './pages.ts';
import { nextOffset } from './places.ts';
import { nextWord } from './random.ts';
import { NEVER, type Stream, UPDATE } from './stream.ts';

/** Makes references of streams, straight into the builder's columns. */
export interface Runner {
  /**
   * Runs `budget` instructions of a stream on a CPU, or fewer: until the chunk is nearly full, or a page is
   * missing (`missing()` then tells which). Going on later continues at the same reference.
   */
  run(stream: Stream, budget: number, cpu: number): number;
  /** Flat page that the last `run` stopped at, or −1. */
  missing(): number;
}

/** Bits 15 on hold bytes; an instruction has four. */
const RUN_SHIFT = SIZE_SHIFT + 2;

export function createRunner(builder: TraceBuilder, pages: Pages): Runner {
  const { translation, word } = builder.columns;
  const { ids } = pages;
  // A turn of the loop makes two records: the reserve is room enough to look for the end once a turn.
  const limit = CHUNK_RECORDS - CHUNK_RESERVE;
  let missing = -1;

  const run = (stream: Stream, budget: number, cpu: number): number => {
    const { random, runs, kinds, sizes, places, bases, perCpu, codePage, turns, cpuBound } = stream;
    const { stay, other, size: entries } = stream.draw;
    const drawScale = entries / 4294967296;
    const start = builder.position();
    let at = start;
    let left = budget;
    let loads = 0;
    let stores = 0;
    let { pc, toData, toBranch } = stream;
    if (runs.length === 0) toBranch = NEVER;
    if (kinds.length === 0) toData = NEVER;
    missing = -1;

    for (;;) {
      // The operand that is due.
      if (toData === 0 || stream.waitNow) {
        let entry = stream.waitEntry;
        let offset: number;
        let kind: number;
        if (entry >= 0) {
          offset = stream.waitOffset;
          kind = stream.waitKind;
        } else {
          if (turns !== null) {
            entry = turns[stream.turn]!;
            stream.turn = stream.turn + 1 === turns.length ? 0 : stream.turn + 1;
          } else if (entries === 1) entry = 0;
          else {
            const x = nextWord(random) * drawScale;
            entry = x | 0;
            if (x - entry >= stay[entry]!) entry = other[entry]!;
          }
          offset = nextOffset(places[entry]!, random);
          kind = kinds[entry]!;
        }
        let page = bases[entry]! + (offset >>> PAGE_BITS);
        if (cpuBound) page += cpu * perCpu[entry]!;
        let id = ids[page]!;
        if (id < 0) id = pages.touch(page);
        if (id < 0) {
          stream.waitEntry = entry;
          stream.waitOffset = offset;
          stream.waitKind = kind;
          stream.waitNow = true;
          missing = page;
          break;
        }
        translation[at] = id;
        const place = ((offset & OFFSET_MASK) << OFFSET_SHIFT) | (sizes[entry]! << SIZE_SHIFT);
        stream.waitNow = false;
        if (kind === UPDATE) {
          word[at] = place | LOAD;
          loads++;
          stream.waitEntry = entry;
          stream.waitOffset = offset;
          stream.waitKind = STORE;
        } else {
          word[at] = place | kind;
          if (kind === STORE) stores++;
          else loads++;
          stream.waitEntry = -1;
        }
        at++;
        const due = stream.gap + stream.owed;
        toData = due | 0;
        stream.owed = due - toData;
      }
      // Only here, so that an operand is never parted from its instruction by the end of a chunk.
      if (left === 0 || at >= limit) break;

      // Instructions up to the next operand, branch, page, or end.
      const codeAt = codePage + (pc >>> PAGE_BITS);
      let id = ids[codeAt]!;
      if (id < 0) id = pages.touch(codeAt);
      if (id < 0) {
        missing = codeAt;
        break;
      }
      const offset = pc & OFFSET_MASK;
      let n = (4096 - offset) >>> 2;
      const toEnd = (stream.codeEnd - pc) >>> 2;
      if (toEnd < n) n = toEnd;
      if (toData < n) n = toData;
      if (toBranch < n) n = toBranch;
      if (left < n) n = left;
      translation[at] = id;
      word[at] = (offset << OFFSET_SHIFT) | (n << RUN_SHIFT);
      at++;
      left -= n;
      pc += n << 2;
      toData -= n;
      toBranch -= n;
      if (toBranch === 0) {
        if (stream.loop === 0 || nextWord(random) >= stream.loop) {
          stream.runFrom = stream.codeFrom + nextOffset(stream.targets!, random);
          stream.runLength = runs[nextWord(random) >>> 22]!;
        }
        pc = stream.runFrom;
        toBranch = stream.runLength;
      } else if (pc === stream.codeEnd) pc = stream.codeFrom;
    }
    stream.pc = pc;
    stream.toData = toData;
    stream.toBranch = toBranch;
    builder.advance(at - start, budget - left, loads, stores);
    return budget - left;
  };

  return { run, missing: () => missing };
}
