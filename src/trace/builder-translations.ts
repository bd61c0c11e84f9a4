import { widened } from './compose/columns.ts';
import type { TranslationColumns } from './types.ts';

/** The translations of a trace that is being built. */
export interface TranslationTable {
  /** Id of the translation of a virtual page in a space to a physical page: see `TraceBuilder`. */
  translate(space: number, virtualPage: number, physicalPage: number, flags: number): number;
  /** Those that are new since the last time. */
  take(): TranslationColumns;
  count(): number;
  /** Address spaces: the highest number + 1. */
  spaces(): number;
}

/** `replaced` is told of a translation whose virtual page goes to another physical page, before that one has an id. */
export function createTranslationTable(replaced: (id: number) => void): TranslationTable {
  // All translations, and an open-addressing table from (space, virtual page) to the current one.
  let space = new Int32Array(1024);
  let virtualPages = new Float64Array(1024);
  let physicalPages = new Float64Array(1024);
  let translationFlags = new Uint8Array(1024);
  let older = new Int32Array(1024); // other translations of the same virtual page, newest first
  let translations = 0;
  let firstNew = 0;
  let slots = new Int32Array(4096).fill(-1);
  let slotMask = 4095;
  let occupied = 0;
  let maxSpace = 0;

  const hash = (ofSpace: number, virtualPage: number): number => {
    const low = (virtualPage % 4294967296) | 0;
    const high = (virtualPage / 4294967296) | 0;
    let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1) ^ Math.imul(ofSpace, 0x85ebca6b), 0x9e3779b1);
    h ^= h >>> 15;
    return Math.imul(h, 0x2c1b3c6d) >>> 8;
  };

  const slotOf = (ofSpace: number, virtualPage: number): number => {
    let slot = hash(ofSpace, virtualPage) & slotMask;
    for (;;) {
      const id = slots[slot]!;
      if (id < 0 || (virtualPages[id] === virtualPage && space[id] === ofSpace)) return slot;
      slot = (slot + 1) & slotMask;
    }
  };

  const growSlots = (): void => {
    const old = slots;
    slots = new Int32Array(old.length * 2).fill(-1);
    slotMask = slots.length - 1;
    for (const id of old) if (id >= 0) slots[slotOf(space[id]!, virtualPages[id]!)] = id;
  };

  const addTranslation = (ofSpace: number, virtualPage: number, physicalPage: number, ofFlags: number) => {
    if (translations === space.length) {
      const more = translations + 1;
      space = widened(space, more);
      virtualPages = widened(virtualPages, more);
      physicalPages = widened(physicalPages, more);
      translationFlags = widened(translationFlags, more);
      older = widened(older, more);
    }
    space[translations] = ofSpace;
    virtualPages[translations] = virtualPage;
    physicalPages[translations] = physicalPage;
    translationFlags[translations] = ofFlags;
    older[translations] = -1;
    if (ofSpace > maxSpace) maxSpace = ofSpace;
    return translations++;
  };

  const translate = (ofSpace: number, virtualPage: number, physicalPage: number, ofFlags: number) => {
    const slot = slotOf(ofSpace, virtualPage);
    const current = slots[slot]!;
    if (current >= 0 && physicalPages[current] === physicalPage) return current;
    if (current < 0) {
      const id = addTranslation(ofSpace, virtualPage, physicalPage, ofFlags);
      slots[slot] = id;
      if (++occupied * 2 > slots.length) growSlots();
      return id;
    }
    replaced(current);
    let before = current;
    let id = older[current]!;
    while (id >= 0 && physicalPages[id] !== physicalPage) {
      before = id;
      id = older[id]!;
    }
    if (id >= 0) older[before] = older[id]!;
    else id = addTranslation(ofSpace, virtualPage, physicalPage, ofFlags);
    older[id] = current;
    slots[slot] = id;
    return id;
  };

  return {
    translate,
    take: () => {
      const first = firstNew;
      firstNew = translations;
      return {
        first,
        length: translations - first,
        space: space.subarray(first, translations),
        virtualPage: virtualPages.subarray(first, translations),
        physicalPage: physicalPages.subarray(first, translations),
        flags: translationFlags.subarray(first, translations),
      };
    },
    count: () => translations,
    spaces: () => maxSpace + 1,
  };
}
