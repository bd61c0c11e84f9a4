import type { Monitor } from '../systems/schema.ts';

/**
 * The monitor's second-level TLB: a set-associative table in memory for each virtual CPU, LRU within a set,
 * keyed like the hardware's entries. Overwriting a hardware entry leaves its copy here.
 */
export interface SecondLevelTlb {
  /** Whether `key` is held; a hit becomes the most recent of its set. */
  lookup(vcpu: number, key: number): boolean;
  insert(vcpu: number, key: number): void;
  invalidate(key: number): void;
  clear(vcpu: number): void;
  /** Index of the set that holds `key`: where in the table a look-up reads. */
  set(key: number): number;
}

export function createSecondLevelTlb(structure: Monitor['l2tlb'], vcpus: number): SecondLevelTlb {
  const { entries } = structure;
  if (entries === 0)
    return { lookup: () => false, insert: () => {}, invalidate: () => {}, clear: () => {}, set: () => 0 };
  const { ways } = structure;
  const mask = entries / ways - 1;
  const tables = Array.from({ length: vcpus }, () => new Int32Array(entries).fill(-1));

  // Keys are dense numbers in order of first use: consecutive keys fill consecutive sets, as the low bits
  // of consecutive virtual pages would.
  const set = (key: number): number => key & mask;

  const toFront = (table: Int32Array, base: number, way: number, key: number): void => {
    for (let w = way; w > 0; w--) table[base + w] = table[base + w - 1]!;
    table[base] = key;
  };

  const wayOf = (table: Int32Array, base: number, key: number): number => {
    for (let way = 0; way < ways; way++) if (table[base + way] === key) return way;
    return -1;
  };

  return {
    lookup: (vcpu, key) => {
      const table = tables[vcpu]!;
      const base = set(key) * ways;
      const way = wayOf(table, base, key);
      if (way >= 0) toFront(table, base, way, key);
      return way >= 0;
    },
    insert: (vcpu, key) => {
      const table = tables[vcpu]!;
      const base = set(key) * ways;
      const way = wayOf(table, base, key);
      toFront(table, base, way < 0 ? ways - 1 : way, key);
    },
    invalidate: (key) => {
      for (const table of tables) {
        const base = set(key) * ways;
        const way = wayOf(table, base, key);
        if (way >= 0) {
          for (let w = way; w < ways - 1; w++) table[base + w] = table[base + w + 1]!;
          table[base + ways - 1] = -1;
        }
      }
    },
    clear: (vcpu) => {
      tables[vcpu]!.fill(-1);
    },
    set,
  };
}
