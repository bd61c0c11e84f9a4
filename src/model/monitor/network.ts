import { PAGE_BYTES } from '../../trace/types.ts';
import { copyPage } from '../guest/guest.ts';
import type { PageMechanics } from '../paging/mechanics.ts';
import { REGION, type Synthetic } from '../paging/synthetic.ts';
import type { MachineMemory, Platform, PlatformParts } from '../platform.ts';
import { NETWORK_ENTRIES } from './entries.ts';
import type { Footprint } from './footprint.ts';

/**
 * Pages of network buffers that each machine uses in turn: as many as the longest datagram of IP, 64 KB, fills. A
 * trace does not say which pages a message is in, so this is assumed; with more, fewer of their entries are in the
 * caches.
 */
const BUFFERS = 2 ** 16 / PAGE_BYTES;

/**
 * The virtual network between machines (Disco, SOSP’97, section 4.2.6). Buffers are those of virtual CPUs, and of the
 * peers that a trace names. `network`: whether whole pages are remapped or copied.
 */
export function createNetwork(
  parts: PlatformParts,
  network: 'remap' | 'copy',
  { table }: Pick<Footprint, 'table'>,
  synthetic: Synthetic,
  { act }: Pick<PageMechanics, 'act'>,
  memory: Pick<MachineMemory, 'received'>,
): Pick<Platform, 'packet' | 'received'> {
  const { pages, vcpus, vcpuOn } = parts;
  const remapped = network === 'remap';
  /** By virtual CPU: the machine that it asked last, and pages that it has received. */
  const asked = new Float64Array(vcpus);
  const receipts = new Int32Array(vcpus);

  const ofVcpu = (vcpu: number): number => vcpu * BUFFERS;
  const ofPeer = (peer: number): number => (vcpus + peer) * BUFFERS;

  /** A page of the sender is the receiver’s from now on: an entry of the pmap of each, and the page’s of the memmap. */
  const remap = (sender: number, receiver: number): void => {
    table(REGION.pmap, NETWORK_ENTRIES + sender, true);
    table(REGION.pmap, NETWORK_ENTRIES + receiver, true);
    table(REGION.memmap, NETWORK_ENTRIES + sender, true);
  };

  return {
    packet: (cpu, bytes, peer) =>
      act('packet', () => {
        asked[vcpuOn[cpu]!] = peer;
        const line = parts.system.machine.l1d?.line ?? parts.system.machine.l2!.line;
        const whole = remapped ? Math.floor(bytes / PAGE_BYTES) : 0;
        const sender = ofVcpu(vcpuOn[cpu]!);
        const receiver = ofPeer(peer);
        for (let i = 0; i < whole; i++) remap(sender + (i % BUFFERS), receiver + (i % BUFFERS));
        const kernel = parts.kernel();
        for (let byte = 0; byte < bytes - whole * PAGE_BYTES; byte += line) {
          const index = Math.floor(byte / PAGE_BYTES) % BUFFERS;
          const at = (page: number, store: boolean): void =>
            kernel.touch(
              kernel.word(synthetic.monitor(REGION.network, page), byte % PAGE_BYTES, false, store),
            );
          at(sender + index, false);
          at(receiver + index, true);
        }
      }),
    // Remapped twice: by the network’s device to the receiver’s buffer, and from there to its place in the buffer cache by
    // the guest’s patched copy routine. Or copied, by both.
    received: (cpu, id, block) => {
      act('packet', () => {
        const vcpu = vcpuOn[cpu]!;
        const buffer = receipts[vcpu]!++ % BUFFERS;
        const sender = ofPeer(asked[vcpu]!) + buffer;
        const receiver = ofVcpu(vcpu) + buffer;
        const physical = pages.physical[id]!;
        if (remapped) {
          remap(sender, receiver);
          table(REGION.pmap, pages.physicalPage[physical]!, true);
          table(REGION.memmap, pages.physicalPage[physical]!, true);
          return;
        }
        const between = synthetic.monitor(REGION.network, receiver);
        copyPage(parts, synthetic.monitor(REGION.network, sender), between);
        copyPage(parts, between, synthetic.monitorAlias(physical));
      });
      memory.received(cpu, id, remapped ? block : -1);
    },
  };
}
