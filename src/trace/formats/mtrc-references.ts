import type { TraceBuilder } from '../builder.ts';
import { DIRECT_UNCACHED, isUser, KERNEL_MAPPED, segmentOf, USER_SEGMENT } from '../mips.ts';
import {
  FETCH,
  GLOBAL,
  KERNEL,
  MAPPED,
  PAGE_BYTES,
  pageOf,
  type ReferenceKind,
  referenceWord,
  UNCACHED,
} from '../types.ts';

/** Recently used translations: a power of two of slots, each for one (space, virtual page). */
const SLOTS = 4096;

/**
 * Writes references into a builder: joins instructions to runs, and finds translations. Runs are held
 * back, so everything else that goes to the builder must be preceded by `flush`.
 */
export interface ReferenceWriter {
  /** From here on this CPU, these flags, this service. */
  segment(cpu: number, flags: number, service: number): void;
  /** `count` instructions at `offset` of a page; continues the run before if it can. */
  fetch(translation: number, offset: number, count: number): void;
  /** A load or store of `size` bytes at hi:lo. */
  data(kind: ReferenceKind, translation: number, lo: number, size: number): void;
  /** Translation of address hi:lo; `userSpace` counts only for user addresses. */
  translate(userSpace: number, lo: number, hi: number, physicalPage: number, device: boolean): number;
  flush(): void;
}

export function createReferenceWriter(builder: TraceBuilder): ReferenceWriter {
  let runTranslation = -1;
  let runOffset = 0;
  let runBytes = 0;
  let segmentCpu = -1;
  let segmentFlags = 0;
  let segmentService = 0;
  // A (space, virtual page) has one slot, so what a slot says of it is what the builder holds for it.
  const slotSpace = new Int32Array(SLOTS).fill(-2);
  const slotLo = new Int32Array(SLOTS);
  const slotHi = new Int32Array(SLOTS);
  const slotPage = new Float64Array(SLOTS);
  const slotId = new Int32Array(SLOTS);

  const flush = (): void => {
    if (runBytes === 0) return;
    builder.record(runTranslation, referenceWord(FETCH, runOffset, runBytes));
    runBytes = 0;
  };

  const lookUp = (space: number, lo: number, hi: number, physicalPage: number, device: boolean): number => {
    flush(); // the builder may add an unmap event
    const ofSegment = segmentOf(lo, hi);
    let flags = ofSegment === USER_SEGMENT ? MAPPED : GLOBAL | KERNEL;
    if (ofSegment === KERNEL_MAPPED) flags |= MAPPED;
    if (ofSegment === DIRECT_UNCACHED || device) flags |= UNCACHED;
    return builder.translate(space, pageOf(lo, hi), physicalPage, flags);
  };

  return {
    segment: (cpu, flags, service) => {
      if (cpu === segmentCpu && flags === segmentFlags && service === segmentService) return;
      flush();
      segmentCpu = cpu;
      segmentFlags = flags;
      segmentService = service;
      builder.segment(cpu, flags, service);
    },
    fetch: (translation, offset, count) => {
      if (runBytes !== 0 && translation === runTranslation && offset === runOffset + runBytes) {
        runBytes += count * 4;
        return;
      }
      flush();
      runTranslation = translation;
      runOffset = offset;
      runBytes = count * 4;
    },
    data: (kind, translation, lo, size) => {
      flush();
      builder.record(translation, referenceWord(kind, lo & (PAGE_BYTES - 1), size));
    },
    translate: (userSpace, lo, hi, physicalPage, device) => {
      const space = isUser(hi) ? userSpace : -1;
      const pageLo = (lo >>> 12) | (hi << 20);
      const pageHi = hi >>> 12;
      const slot = (pageLo ^ (pageLo >>> 12) ^ Math.imul(space, 0x9e5)) & (SLOTS - 1);
      if (
        slotLo[slot] === pageLo &&
        slotHi[slot] === pageHi &&
        slotSpace[slot] === space &&
        slotPage[slot] === physicalPage
      ) {
        return slotId[slot]!;
      }
      const id = lookUp(space, lo, hi, physicalPage, device);
      slotSpace[slot] = space;
      slotLo[slot] = pageLo;
      slotHi[slot] = pageHi;
      slotPage[slot] = physicalPage;
      slotId[slot] = id;
      return id;
    },
    flush,
  };
}
