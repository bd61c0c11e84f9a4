import { MACHINE_PAGES } from '../../trace/compose/identity.ts';
import { PAGE_BYTES, type VirtualMachine } from '../../trace/types.ts';
import type { Machine } from '../systems/schema.ts';
import { cpusOfNode, nodeOfCpu } from './nodes.ts';
import { FIRST_SYNTHETIC, type Pages } from './pages.ts';

/**
 * Where a page goes that is missed on for the first time: its node. `page` is a physical page's dense id, `node`
 * that of the CPU that misses. Pages of handlers and of the monitor are placed where they are used first.
 * `vms`: empty for a single machine, which has all nodes.
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
      return ofGuests((number) => {
        const vm = vms[Math.floor(number / MACHINE_PAGES)] ?? { firstCpu: 0, cpus };
        const first = nodeOfCpu(vm.firstCpu % cpus, cpus, nodes);
        const own = Math.max(1, Math.ceil(vm.cpus / cpusOfNode(cpus, nodes)));
        return (first + (Math.floor((number % MACHINE_PAGES) / nodePages) % own)) % nodes;
      });
    }
  }
}
