import { MACHINE_PAGES } from '../../trace/compose/identity.ts';
import type { Interrupts } from '../paging/mechanics.ts';
import type { PlatformParts } from '../platform.ts';
import type { Footprint } from './footprint.ts';

/**
 * Lines of the page of registers of a virtual CPU by which others ask it to drop mappings and see that it has, each a
 * line of the L2 of its own (slots have 64 bytes).
 */
const ASKED = 60;
const ANSWERED = 62;

/**
 * Shootdowns under the monitor. Its memmap says which virtual machine uses a page at which virtual address (Disco,
 * SOSP'97, section 4.2.3), not which of its virtual CPUs, so all CPUs that run one of the machine are interrupted. A
 * mover writes its request where the other looks, and waits for its answer: each is a line that comes from the
 * other's cache.
 */
export function createInterrupts(
  { pages, vcpus, vcpuOn, vms }: PlatformParts,
  { vcpu }: Footprint,
): Interrupts {
  const mayHold = (cpu: number, page: number): boolean => {
    const running = vcpuOn[cpu]!;
    if (running < 0 || running >= vcpus) return false;
    if (vms.length <= 1) return true;
    const vm = vms[Math.floor(pages.physicalPage[page]! / MACHINE_PAGES)];
    return vm !== undefined && running >= vm.firstCpu && running < vm.firstCpu + vm.cpus;
  };

  return {
    mayHold,
    ask: (of) => vcpu(of, ASKED, true),
    answer: (cpu) => {
      vcpu(cpu, ASKED, false);
      vcpu(cpu, ANSWERED, true);
    },
    hear: (of) => vcpu(of, ANSWERED, false),
  };
}
