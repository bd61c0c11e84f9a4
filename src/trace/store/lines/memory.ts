/**
 * The memory of a decoder of lines, and the loop that works on it. Without WebAssembly there is a memory, but no loop,
 * and the decoder gives records instead.
 */
import { CHUNK_RECORDS } from '../../types.ts';
import { compileModule, createMemory, type WasmModule } from '../../wasm/module.ts';
import { SECTION_AT } from './layout.ts';
import { type LineRun, lineRun } from './run.ts';

/** Room for the section of most groups, and for more in steps of it. */
const SOME_BYTES = 1 << 21;
/** More than a damaged chunk reads beyond its section: 8 bytes for each record are the most. */
const BEYOND = 9 * CHUNK_RECORDS;
const SOME_LINES = 1 << 20;
const SOME_IDS = 1 << 15;
const SOME_WORDS = 1 << 16;

export interface LineMemory {
  /** All of it, as integers and as bytes. Other arrays whenever it has grown. */
  readonly integers: () => Int32Array<ArrayBuffer>;
  readonly bytes: () => Uint8Array<ArrayBuffer>;
  /** Where line templates begin, and where words do, in integers. */
  readonly linesAt: () => number;
  readonly wordsAt: () => number;
  /** Puts a section where the loop finds it, and forgets all else. Gives the place of its first byte. */
  readonly placeSection: (section: Uint8Array) => number;
  /**
   * Makes room for line templates up to `end` at least, and gives up to where. Words, of which there are none yet,
   * may begin elsewhere then.
   */
  readonly reserveLines: (end: number) => number;
  /**
   * Puts the page ids of the translations below `translations` after the line templates, those that are new. Gives
   * their place in bytes.
   */
  readonly placeIds: (ids: Int32Array, translations: number) => number;
  /** Makes room for more words. */
  readonly widen: () => void;
  /** The loop for lines of 2 to the `bits` units of 8 bytes; null: there is none here. */
  readonly run: (bits: number) => LineRun | null;
}

export function createLineMemory(): LineMemory {
  const section = 4 * SECTION_AT;
  let sectionRoom = SOME_BYTES;
  let lineRoom = SOME_LINES;
  let idRoom = SOME_IDS;
  let filled = 0;
  let placed = 0;
  const linesAt = (): number => SECTION_AT + (sectionRoom >> 2);
  const idsAt = (): number => linesAt() + lineRoom;
  const wordsAt = (): number => idsAt() + idRoom;
  const first = wordsAt() + SOME_WORDS;
  let memory = createMemory(4 * first);
  let integers = memory === null ? new Int32Array(first) : new Int32Array(memory.buffer);
  let bytes = new Uint8Array(integers.buffer);
  let made: { readonly bits: number; readonly module: WasmModule<{ readonly run: LineRun }> | null } | null =
    null;
  let run: LineRun | null = null;

  /** Makes it so many integers long, or longer. */
  const reach = (length: number): void => {
    if (length <= integers.length) return;
    const old = integers;
    const wanted = Math.max(length, 2 * old.length);
    if (memory === null) integers = new Int32Array(wanted);
    else {
      memory = createMemory(4 * wanted);
      if (memory === null) throw new RangeError(`no memory for ${4 * wanted} bytes of lines`);
      integers = new Int32Array(memory.buffer);
    }
    integers.set(old);
    bytes = new Uint8Array(integers.buffer);
    run = null;
  };

  return {
    integers: () => integers,
    bytes: () => bytes,
    linesAt,
    wordsAt,
    placeSection: (given) => {
      const needed = given.length + BEYOND;
      if (needed > sectionRoom) {
        sectionRoom = Math.ceil(needed / SOME_BYTES) * SOME_BYTES;
        filled = sectionRoom;
        reach(wordsAt() + SOME_WORDS);
      }
      bytes.fill(0, section + given.length, section + Math.max(given.length, filled));
      bytes.set(given, section);
      filled = given.length;
      placed = 0;
      return section;
    },
    reserveLines: (end) => {
      if (end > idsAt()) {
        while (end > idsAt()) lineRoom += SOME_LINES;
        reach(wordsAt() + SOME_WORDS);
        placed = 0;
      }
      return idsAt();
    },
    placeIds: (ids, translations) => {
      while (translations > idRoom) idRoom *= 2;
      reach(wordsAt() + SOME_WORDS);
      if (translations > placed) integers.set(ids.subarray(placed, translations), idsAt() + placed);
      placed = translations;
      return 4 * idsAt();
    },
    widen: () => reach(integers.length + 1),
    run: (bits) => {
      if (made?.bits !== bits) {
        made = { bits, module: memory === null ? null : compileModule({ run: lineRun(bits) }) };
        run = null;
      }
      if (run === null && memory !== null && made.module !== null) run = made.module.instantiate(memory).run;
      return run;
    },
  };
}
