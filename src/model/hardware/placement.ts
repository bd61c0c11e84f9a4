import type { Machine } from '../systems/schema.ts';
import type { Pages } from './pages.ts';

/** Pages of different virtual machines are this far apart (see docs/virtual-machines.md). */
const VM_PAGES = 2 ** 36;
const PAGE_BYTES = 4096;

/**
 * Where a page goes that is missed on for the first time: its node. `page` is a physical page's dense id, `node`
 * that of the CPU that misses.
 */
export function createPlacement(machine: Machine, pages: Pages): (page: number, node: number) => number {
  const { nodes, placement } = machine;
  const nodePages = machine.node_memory / PAGE_BYTES;
  switch (placement) {
    case 'first-touch':
      return (_page, node) => node;
    case 'fixed':
      return () => machine.placement_node;
    case 'round-robin':
      return (page) => pages.physicalPage[page]! % nodes;
    case 'contiguous':
      return (page) => Math.floor((pages.physicalPage[page]! % VM_PAGES) / nodePages) % nodes;
  }
}
