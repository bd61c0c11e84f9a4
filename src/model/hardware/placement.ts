import type { VirtualMachine } from '../../trace/types.ts';
import type { Machine } from '../systems/schema.ts';
import type { Pages } from './pages.ts';

/** Pages of different virtual machines are this far apart (see docs/virtual-machines.md). */
const VM_PAGES = 2 ** 36;
/** Pages from here on are no guest's: handlers' and the monitor's, which are placed where they are used first. */
const FIRST_SYNTHETIC = 2 ** 52;
const PAGE_BYTES = 4096;

/**
 * Where a page goes that is missed on for the first time: its node. `page` is a physical page's dense id, `node`
 * that of the CPU that misses. `vms`: empty for a single machine, which has all nodes.
 */
export function createPlacement(
  machine: Machine,
  pages: Pages,
  cpus: number,
  vms: readonly Pick<VirtualMachine, 'firstCpu' | 'cpus'>[],
): (page: number, node: number) => number {
  const { nodes } = machine;
  const ofGuests = (place: (number: number) => number) => (page: number, node: number) => {
    const number = pages.physicalPage[page]!;
    return number < FIRST_SYNTHETIC ? place(number) : node;
  };
  switch (machine.placement) {
    case 'first-touch':
      return (_page, node) => node;
    case 'fixed':
      return ofGuests(() => machine.placement_node);
    case 'round-robin':
      return ofGuests((number) => number % nodes);
    case 'contiguous': {
      const nodePages = machine.node_memory / PAGE_BYTES;
      const cpusPerNode = Math.max(1, Math.floor(cpus / nodes));
      return ofGuests((number) => {
        const vm = vms[Math.floor(number / VM_PAGES)] ?? { firstCpu: 0, cpus };
        const first = Math.floor((vm.firstCpu % cpus) / cpusPerNode);
        const own = Math.max(1, Math.ceil(vm.cpus / cpusPerNode));
        return (first + (Math.floor((number % VM_PAGES) / nodePages) % own)) % nodes;
      });
    }
  }
}
