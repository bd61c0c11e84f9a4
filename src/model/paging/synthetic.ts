import { GLOBAL, KERNEL } from '../../trace/types.ts';
import { FIRST_SYNTHETIC, type Pages } from '../hardware/pages.ts';

/**
 * Pages that no trace has: code and tables of modelled handlers and of the monitor. Each region has its own
 * physical pages far above any recorded one, numbered from 0, so that they spread over the caches' sets
 * as contiguous allocations do.
 */
export const REGION = {
  guestText: 0,
  guestData: 1,
  guestPageTables: 2,
  monitorText: 3,
  vcpu: 4,
  l2tlb: 5,
  pmap: 6,
  memmap: 7,
  device: 8,
  /** Machine pages that pages are moved or copied to. */
  machine: 9,
  /** Buffers of the virtual network. */
  network: 10,
  /** The monitor's record of each virtual machine. */
  machineRecord: 11,
} as const;
export type Region = (typeof REGION)[keyof typeof REGION];

/** Address spaces of the direct mappings (virtual page = physical page): the guest kernel's, the monitor's. */
const GUEST_DIRECT = -2;
const MONITOR_DIRECT = -3;
/**
 * Pages of a region: room for a table with an entry of 32 bytes for each page of 128 virtual machines. Regions do
 * not begin at the same sets of a cache, where the first lines of all would meet, but 24 pages (more than the
 * monitor's 72 KB of code) after each other, as if allocated one after the other.
 */
const REGION_PAGES = 2 ** 36 + 24;

/** Number of a region's first page. */
export const firstOf = (region: Region): number => FIRST_SYNTHETIC + region * REGION_PAGES;

export interface Synthetic {
  /** Id of page `index` of a guest kernel region: directly mapped natively, relocated under a monitor. */
  guest(region: Region, index: number): number;
  /** Id of page `index` of a monitor region: never translated by the TLB. */
  monitor(region: Region, index: number): number;
  /** Id of the guest kernel's direct mapping of a physical page (dense number). */
  direct(physical: number): number;
  /** Pages of the monitor's own in use: code and tables. */
  monitorPages(): number;
  /** Id of the monitor's own mapping of that page. */
  monitorAlias(physical: number): number;
}

/** Whether a translation is a handler's or the monitor's direct mapping of a page that the trace has. */
export const isDirect = (pages: Pages, id: number): boolean => pages.space[id]! <= GUEST_DIRECT;

/** `admit` is told each new id, to decide whether the TLB translates it. */
export function createSynthetic(pages: Pages, admit: (ids: readonly number[]) => void): Synthetic {
  const known = new Map<number, number>();
  const directs = new Map<number, number>();
  const monitorAliases = new Map<number, number>();

  const page = (region: Region, index: number, flags: number): number => {
    const number = firstOf(region) + index;
    let id = known.get(number);
    if (id === undefined) {
      id = pages.add(-1, number, number, flags);
      known.set(number, id);
      admit([id]);
    }
    return id;
  };

  const aliasOf = (of: Map<number, number>, space: number, flags: number, physical: number): number => {
    let alias = of.get(physical);
    if (alias === undefined) {
      const number = pages.physicalPage[physical]!;
      alias = pages.add(space, number, number, flags);
      of.set(physical, alias);
      admit([alias]);
    }
    return alias;
  };

  return {
    guest: (region, index) => page(region, index, KERNEL | GLOBAL),
    monitor: (region, index) => page(region, index, 0),
    monitorPages: () => {
      let count = 0;
      for (const number of known.keys()) {
        const region = Math.floor((number - FIRST_SYNTHETIC) / REGION_PAGES);
        if (region >= REGION.monitorText && region < REGION.machine) count++;
      }
      return count;
    },
    direct: (physical) => aliasOf(directs, GUEST_DIRECT, KERNEL | GLOBAL, physical),
    monitorAlias: (physical) => aliasOf(monitorAliases, MONITOR_DIRECT, 0, physical),
  };
}
