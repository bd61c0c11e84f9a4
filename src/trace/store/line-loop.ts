/** The loop of the line decoder, made anew for the arrays that it runs on. */
import { ownCopy } from '../own-copy.ts';
import { CHUNK_RECORDS } from '../types.ts';
import { buildLineRun, type LineRun } from './line-run.ts';

/** Room for the section of most groups, and for more in steps of it. */
const SOME_BYTES = 1 << 21;
/** More than a damaged chunk reads beyond its section: 5 bytes for the page of each record are the most. */
const BEYOND = 8 * CHUNK_RECORDS;

export interface LineLoop {
  /** Puts a section where the loop finds it. Gives the bytes, which begin with it; zeros follow. */
  readonly place: (section: Uint8Array) => Uint8Array;
  /** The loop for the bytes placed last. `bits`: log2 of the line size. */
  readonly run: (memory: Int32Array, bits: number) => LineRun;
}

export function createLineLoop(): LineLoop {
  let bytes = new Uint8Array(SOME_BYTES);
  let filled = 0;
  let made: { memory: Int32Array; bits: number; run: LineRun } | null = null;
  return {
    place: (section) => {
      const needed = section.length + BEYOND;
      if (needed > bytes.length) {
        bytes = new Uint8Array(Math.ceil(needed / SOME_BYTES) * SOME_BYTES);
        made = null;
      } else bytes.fill(0, section.length, Math.max(section.length, filled));
      bytes.set(section);
      filled = section.length;
      return bytes;
    },
    run: (memory, bits) => {
      if (made === null || made.memory !== memory || made.bits !== bits)
        made = { memory, bits, run: ownCopy(buildLineRun)(bytes, memory, bits) };
      return made.run;
    },
  };
}
