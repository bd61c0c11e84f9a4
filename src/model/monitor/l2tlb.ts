import type { Pages } from '../hardware/pages.ts';
import type { Tlb } from '../hardware/tlb.ts';
import type { Monitor } from '../systems/schema.ts';

/**
 * The monitor's second-level TLB: a set-associative table in memory for each virtual CPU, LRU within a set,
 * with entries like the hardware's. Overwriting a hardware entry leaves its copy here.
 */
export interface SecondLevelTlb {
  /** Whether the entry of `id` is held; a hit becomes the most recent of its set. */
  lookup(vcpu: number, id: number): boolean;
  insert(vcpu: number, id: number): void;
  invalidate(id: number): void;
  clear(vcpu: number): void;
  /** Virtual CPUs whose tables hold the entry of `id`. */
  holders(id: number): readonly number[];
  /**
   * Slot of the most recent entry of the set of `id` in the table of a virtual CPU, where a look-up reads first; −1
   * without a table. The ways lie one after the other, each with its entries of all sets.
   */
  slot(vcpu: number, id: number): number;
}

export function createSecondLevelTlb(
  structure: Monitor['l2tlb'],
  vcpus: number,
  pages: Pages,
  tlb: Tlb,
): SecondLevelTlb {
  const { entries } = structure;
  if (entries === 0)
    return {
      lookup: () => false,
      insert: () => {},
      invalidate: () => {},
      clear: () => {},
      holders: () => [],
      slot: () => -1,
    };
  const { ways } = structure;
  const mask = entries / ways - 1;
  const tables = Array.from({ length: vcpus }, () => new Int32Array(entries).fill(-1));

  // The set comes from the virtual pair and the address space, so that spaces, which use the same addresses,
  // do not all meet in the same sets (assumed: the paper does not say how the table is indexed).
  const setOf = (id: number): number => {
    const pair = Math.floor(pages.virtualPage[id]! / 2);
    return ((pair % 0x40000000) ^ Math.imul(pages.space[id]!, 0x9e3779b1)) & mask;
  };

  const toFront = (table: Int32Array, base: number, way: number, key: number): void => {
    for (let w = way; w > 0; w--) table[base + w] = table[base + w - 1]!;
    table[base] = key;
  };

  const wayOf = (table: Int32Array, base: number, key: number): number => {
    for (let way = 0; way < ways; way++) if (table[base + way] === key) return way;
    return -1;
  };

  return {
    lookup: (vcpu, id) => {
      const table = tables[vcpu]!;
      const base = setOf(id) * ways;
      const key = tlb.key(id);
      const way = wayOf(table, base, key);
      if (way >= 0) toFront(table, base, way, key);
      return way >= 0;
    },
    insert: (vcpu, id) => {
      const table = tables[vcpu]!;
      const base = setOf(id) * ways;
      const key = tlb.key(id);
      const way = wayOf(table, base, key);
      toFront(table, base, way < 0 ? ways - 1 : way, key);
    },
    invalidate: (id) => {
      for (const table of tables) {
        const base = setOf(id) * ways;
        const way = wayOf(table, base, tlb.key(id));
        if (way >= 0) {
          for (let w = way; w < ways - 1; w++) table[base + w] = table[base + w + 1]!;
          table[base + ways - 1] = -1;
        }
      }
    },
    clear: (vcpu) => {
      tables[vcpu]!.fill(-1);
    },
    holders: (id) => {
      const base = setOf(id) * ways;
      const key = tlb.key(id);
      return tables.flatMap((table, vcpu) => (wayOf(table, base, key) >= 0 ? [vcpu] : []));
    },
    slot: (vcpu, id) => vcpu * entries + setOf(id),
  };
}
