import { GLOBAL } from '../../trace/types.ts';
import type { Machine } from '../systems/schema.ts';
import { type Pages, wider } from './pages.ts';

export type TlbStructure = NonNullable<Machine['tlb']>;

/**
 * The TLBs of all CPUs: fully associative, refilled by software. What the replay's hit path asks ("is this
 * translation usable now?") is a byte per translation and CPU, `resident`; the entries themselves are only
 * looked at on a miss.
 *
 * An entry maps a pair of pages (or one page) of one address space; each half has its own valid bit, which
 * here is: `resident` of the translation that is current for that virtual page.
 */
export interface Tlb {
  /** Per CPU: 1 for each translation id that hits. Reallocated by `reserve`. */
  readonly resident: Uint8Array[];
  /** Per CPU, LRU only: time of the last use of each id. Reallocated by `reserve`. */
  readonly stamp: Int32Array[];
  /** Makes room for all ids of `pages`. */
  reserve(): void;
  /** Whether the entry that would map `id` is present (the half itself may be invalid). */
  present(cpu: number, id: number): boolean;
  /**
   * Makes `id` usable: puts in the entry that maps it unless it is there (the other half comes in valid if
   * its page was touched before), in place of the entry that the replacement policy names.
   */
  insert(cpu: number, id: number): void;
  /** Drops the entry that maps `id`, on all CPUs, because the guest changed the mapping. */
  invalidate(id: number): void;
  /** Drops the entries that map `id`, wherever there is one; those CPUs. The guest's mapping stays as it is. */
  shoot(id: number): number[];
  /** Drops the entries of a CPU but those with a translation whose flags `keeps` accepts. */
  flush(cpu: number, keeps: (flags: number) => boolean): void;
  /** Entries in use. */
  occupancy(cpu: number): number;
  /** Number under which entries are kept: the pair or the virtual page of `id`. */
  key(id: number): number;
}

/** Whether an entry with these flags matches any address space. */
export const isGlobal = (flags: number): boolean => (flags & GLOBAL) !== 0;

/** A machine without a TLB: every entry is present, so that only first touches need attention. */
export function createIdealTlb(pages: Pages, cpus: number): Tlb {
  const resident = Array.from({ length: cpus }, () => new Uint8Array(1024));
  return {
    resident,
    stamp: [],
    reserve: () => {
      for (let cpu = 0; cpu < cpus; cpu++)
        if (pages.size > resident[cpu]!.length) resident[cpu] = wider(resident[cpu]!, pages.size);
    },
    present: () => true,
    insert: (cpu, id) => {
      resident[cpu]![id] = 1;
    },
    invalidate: () => {},
    shoot: () => [],
    flush: () => {},
    occupancy: () => 0,
    key: (id) => pages.block[id]!,
  };
}

export function createTlb(structure: TlbStructure, pages: Pages, cpus: number): Tlb {
  const { entries, wired } = structure;
  const shift = structure.pairs ? 1 : 0;
  const lru = structure.replacement === 'lru';
  const resident: Uint8Array[] = [];
  const stamp: Int32Array[] = [];
  const slots: Int32Array[] = []; // per CPU: key in each slot, −1 if free
  const slotOf: Int16Array[] = []; // per CPU: slot of each key, −1 if absent; short, as misses wait for it
  const random = new Int32Array(cpus);
  let current = new Int32Array(1024).fill(-1); // per virtual block: the translation now in force
  for (let cpu = 0; cpu < cpus; cpu++) {
    resident.push(new Uint8Array(1024));
    stamp.push(new Int32Array(lru ? 1024 : 0));
    slots.push(new Int32Array(entries).fill(-1));
    slotOf.push(new Int16Array(1024).fill(-1));
    // Each CPU its own sequence: the seeds are spread by the golden ratio.
    random[cpu] = (structure.seed + Math.imul(cpu, 0x9e3779b9)) | 0;
  }

  const reserve = (): void => {
    for (let cpu = 0; cpu < cpus; cpu++) {
      if (pages.size > resident[cpu]!.length) {
        resident[cpu] = wider(resident[cpu]!, pages.size);
        if (lru) stamp[cpu] = wider(stamp[cpu]!, pages.size);
      }
      if (pages.blocks > slotOf[cpu]!.length) slotOf[cpu] = wider(slotOf[cpu]!, pages.blocks, -1);
    }
    if (pages.blocks > current.length) current = wider(current, pages.blocks, -1);
  };

  const key = (id: number): number => pages.block[id]! >> shift;

  /** The translation in force for half `half` of an entry, −1 if none. */
  const halfOf = (entry: number, half: number): number => current[(entry << shift) | half]!;

  const remove = (cpu: number, entry: number): void => {
    const slot = slotOf[cpu]![entry]!;
    if (slot < 0) return;
    slotOf[cpu]![entry] = -1;
    slots[cpu]![slot] = -1;
    const usable = resident[cpu]!;
    for (let half = 0; half <= shift; half++) {
      const id = halfOf(entry, half);
      if (id >= 0) usable[id] = 0;
    }
  };

  /** Slot by the Random register: a linear congruential generator's upper bits, wired slots skipped. */
  const randomSlot = (cpu: number): number => {
    const next = (Math.imul(random[cpu]!, 1664525) + 1013904223) | 0;
    random[cpu] = next;
    // The product is below 2^36: exact in a double, and so is the quotient.
    return wired + ((((next >>> 8) * (entries - wired)) / 0x1000000) | 0);
  };

  const lruSlot = (cpu: number): number => {
    let oldest = Number.POSITIVE_INFINITY;
    let victim = wired;
    for (let slot = wired; slot < entries; slot++) {
      const entry = slots[cpu]![slot]!;
      if (entry < 0) return slot;
      let last = -1;
      for (let half = 0; half <= shift; half++) {
        const id = halfOf(entry, half);
        if (id >= 0 && resident[cpu]![id] === 1) last = Math.max(last, stamp[cpu]![id]!);
      }
      if (last < oldest) {
        oldest = last;
        victim = slot;
      }
    }
    return victim;
  };

  /** Makes `id` the translation in force for its virtual page, in place of another. */
  const replaceCurrent = (block: number, before: number, id: number): void => {
    if (before >= 0) for (const usable of resident) usable[before] = 0;
    current[block] = id;
  };

  const insert = (cpu: number, id: number): void => {
    const block = pages.block[id]!;
    const entry = block >> shift;
    const usable = resident[cpu]!;
    const ofKey = slotOf[cpu]!;
    if (ofKey[entry]! < 0) {
      const slot = lru ? lruSlot(cpu) : randomSlot(cpu);
      const inSlot = slots[cpu]!;
      const old = inSlot[slot]!;
      if (old >= 0) remove(cpu, old);
      inSlot[slot] = entry;
      ofKey[entry] = slot;
      // The other half comes in valid if its page was touched before: `current` knows only touched ones.
      const other = shift === 1 ? current[block ^ 1]! : -1;
      if (other >= 0) {
        usable[other] = 1;
        if (lru) stamp[cpu]![other] = 0;
      }
    }
    const before = current[block]!;
    if (before !== id) replaceCurrent(block, before, id);
    usable[id] = 1;
  };

  const invalidate = (id: number): void => {
    for (let cpu = 0; cpu < cpus; cpu++) remove(cpu, key(id));
    if (current[pages.block[id]!] === id) current[pages.block[id]!] = -1;
  };

  const shoot = (id: number): number[] => {
    const held: number[] = [];
    for (let cpu = 0; cpu < cpus; cpu++) {
      if (slotOf[cpu]![key(id)]! < 0) continue;
      remove(cpu, key(id));
      held.push(cpu);
    }
    return held;
  };

  const flush = (cpu: number, keeps: (flags: number) => boolean): void => {
    for (const entry of slots[cpu]!.slice()) {
      if (entry < 0) continue;
      let kept = false;
      for (let half = 0; half <= shift; half++) {
        const id = halfOf(entry, half);
        kept ||= id >= 0 && keeps(pages.flags[id]!);
      }
      if (!kept) remove(cpu, entry);
    }
  };

  return {
    resident,
    stamp,
    reserve,
    present: (cpu, id) => slotOf[cpu]![key(id)]! >= 0,
    insert,
    invalidate,
    shoot,
    flush,
    occupancy: (cpu) => slots[cpu]!.reduce((used, entry) => used + (entry >= 0 ? 1 : 0), 0),
    key,
  };
}
