import { wordLayout } from '../hardware/kernel.ts';
import { FIRST_SYNTHETIC, wider } from '../hardware/pages.ts';
import type { PlatformParts } from '../platform.ts';
import { firstOf, REGION, type Synthetic } from './synthetic.ts';

/**
 * Machine pages beside those that physical pages have of themselves: replicas, and where pages have moved to. A
 * machine page has the cache colour of the page whose contents it holds (page colouring, assumed), and is used again
 * when it is free.
 */
export interface Frames {
  /** A free machine page on `node` for the contents of `page`, with a translation that no TLB sees. */
  allocate(page: number, node: number): { readonly machine: number; readonly alias: number };
  /** A machine page that held contents of `page` is free. */
  release(page: number, machine: number): void;
  /** A machine page that another page had first is that page's from now on. */
  assign(machine: number, page: number): void;
  /** Physical page whose contents a machine page holds; −1 for pages of no guest. */
  pageOf(machine: number): number;
  /** Machine pages in use beside those that pages have of themselves. */
  inUse(): number;
}

/** Of a machine page that holds no guest's page. */
const NOBODYS = -1;

export function createFrames(parts: PlatformParts, synthetic: Synthetic): Frames {
  const { pages } = parts;
  // The machine's own, not those of others that are replayed beside it.
  const colours = 1 << wordLayout(parts.system.machine).colourBits;
  const { nodes } = parts.system.machine;
  /** By colour × nodes + node: free machine pages' translations. */
  const free = new Map<number, number[]>();
  /** By colour: machine pages made so far. */
  const made = new Map<number, number>();
  /** By machine page: its translation + 1 (0: a page's own). */
  let aliases = new Int32Array(1024);
  /** By machine page: the page it holds + 1; 0: not asked yet. */
  let holds = new Int32Array(1024);
  let used = 0;

  const listOf = (page: number, node: number): number[] => {
    const key = (pages.physicalPage[page]! % colours) * nodes + node;
    let list = free.get(key);
    if (list === undefined) {
      list = [];
      free.set(key, list);
    }
    return list;
  };

  const make = (page: number): number => {
    const colour = pages.physicalPage[page]! % colours;
    const index = made.get(colour) ?? 0;
    made.set(colour, index + 1);
    // Where the region begins is of some colour itself.
    const first = firstOf(REGION.machine) % colours;
    return synthetic.monitor(REGION.machine, index * colours + ((colour - first + colours) % colours));
  };

  return {
    allocate: (page, node) => {
      const alias = listOf(page, node).pop() ?? make(page);
      const machine = pages.physical[alias]!;
      if (machine >= aliases.length) aliases = wider(aliases, machine);
      if (machine >= holds.length) holds = wider(holds, machine);
      aliases[machine] = alias + 1;
      holds[machine] = page + 1;
      used++;
      parts.kernel().reserve();
      parts.kernel().machinePages.place(machine, node);
      return { machine, alias };
    },
    release: (page, machine) => {
      const kernel = parts.kernel().machinePages;
      const node = kernel.home(machine);
      kernel.forget(machine);
      const alias = (aliases[machine] ?? 0) - 1;
      if (machine < holds.length) holds[machine] = 0;
      // A page's own machine page stays its own: it may come back to it by way of no one else.
      if (alias < 0) return;
      used--;
      listOf(page, node).push(alias);
    },
    assign: (machine, page) => {
      if (machine >= holds.length) holds = wider(holds, machine);
      holds[machine] = page + 1;
    },
    pageOf: (machine) => {
      if (machine >= holds.length) holds = wider(holds, machine);
      if (holds[machine] === 0)
        holds[machine] = pages.physicalPage[machine]! < FIRST_SYNTHETIC ? machine + 1 : NOBODYS;
      const held = holds[machine]!;
      return held > 0 ? held - 1 : -1;
    },
    inUse: () => used,
  };
}
