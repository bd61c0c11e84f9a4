import { MACHINE_PAGES } from '../../trace/compose/identity.ts';
import type { Interrupts } from '../paging/mechanics.ts';
import { REGION } from '../paging/synthetic.ts';
import type { PlatformParts } from '../platform.ts';
import type { Monitor } from '../systems/schema.ts';
import type { Footprint } from './footprint.ts';
import type { SecondLevelTlb } from './l2tlb.ts';

/**
 * Lines of the page of registers of a virtual CPU by which others ask it to drop mappings and see that it has, each a
 * line of the L2 of its own (slots have 64 bytes).
 */
const ASKED = 60;
const ANSWERED = 62;

/**
 * Shootdowns under the monitor. Its memmap says which virtual machine uses a page at which virtual address (Disco,
 * SOSP'97, section 4.2.3). Which of the virtual CPUs hold that mapping their second-level TLBs say, which have what
 * the guest's TLB writes put into the hardware's: the mover takes the entries out and interrupts the CPUs of their
 * owners. A monitor that does not look there interrupts all CPUs of the machine (`monitor.shootdown`). A mover writes
 * its request where the other looks, and waits for its answer: each is a line that comes from the other's cache. The
 * relocated kernel is in no second-level TLB; the mover is taken to know whose TLBs have it.
 */
export function createInterrupts(
  { pages, vcpus, vcpuOn, vms, cpus }: PlatformParts,
  shootdown: Monitor['shootdown'],
  l2tlb: SecondLevelTlb,
  { vcpu, table }: Footprint,
): Interrupts {
  /** CPUs that run a virtual CPU of the machine that has a page. */
  const cpusOf = (page: number): readonly number[] => {
    const vm = vms[Math.floor(pages.physicalPage[page]! / MACHINE_PAGES)];
    const first = vm?.firstCpu ?? 0;
    const end = vm === undefined ? vcpus : first + vm.cpus;
    return Array.from({ length: cpus }, (_, cpu) => cpu).filter((cpu) => {
      const running = vcpuOn[cpu]!;
      return running >= first && running < end;
    });
  };

  const holders = (id: number): readonly number[] => {
    const found: number[] = [];
    for (const of of l2tlb.holders(id)) {
      table(REGION.l2tlb, l2tlb.slot(of, id), true);
      const cpu = vcpuOn.indexOf(of);
      if (cpu >= 0) found.push(cpu);
    }
    return found;
  };

  return {
    toAsk: (page, ids) => (shootdown === 'machine' ? cpusOf(page) : ids.flatMap(holders)),
    ask: (of) => vcpu(of, ASKED, true),
    answer: (cpu) => {
      vcpu(cpu, ASKED, false);
      vcpu(cpu, ANSWERED, true);
    },
    hear: (of) => vcpu(of, ANSWERED, false),
  };
}
