import { OP, writesRegister } from '../../trace/mips.ts';
import { KERNEL, MAPPED } from '../../trace/types.ts';
import { C, L, PRIVILEGED } from '../counters.ts';
import { countPrivileged, createGuest, UTLB, zeroPage } from '../guest/guest.ts';
import { cellOfCpu, nodeOfCpu } from '../hardware/nodes.ts';
import { FIRST_SYNTHETIC } from '../hardware/pages.ts';
import { isGlobal } from '../hardware/tlb.ts';
import { createPageMechanics } from '../paging/mechanics.ts';
import { createPageMoves } from '../paging/moves.ts';
import { REGION } from '../paging/synthetic.ts';
import type { PageMoves, Platform, PlatformParts } from '../platform.ts';
import type { Monitor } from '../systems/schema.ts';
import { MEMMAP_BEYOND } from './entries.ts';
import { createFootprint } from './footprint.ts';
import { createInterrupts } from './interrupts.ts';
import { createSecondLevelTlb } from './l2tlb.ts';
import { createMachineMemory } from './machine-memory.ts';
import { createNetwork } from './network.ts';
import { isPatchable, isPatched } from './patched.ts';

/**
 * Lines in which a virtual CPU's state is saved, 64 bytes each as `Footprint.state` has them: 32 general and 32
 * floating-point registers of 8 bytes (MIPS III; R10000 User's Manual, ch. 1), and 8 more for HI, LO, the program
 * counter and the CP0 registers that a world switch changes (assumed: the paper prints no format).
 */
const SAVED_LINES = ((32 + 32 + 8) * 8) / 64;

/**
 * Disco on one virtual CPU per CPU. On a TLB miss the monitor looks in its second-level TLB first: a hit is
 * installed without any event in the guest; a miss is delivered to the guest's refill handler, which runs
 * with its privileged instructions emulated and whose TLB write goes through the pmap into both TLBs.
 * Misses on the relocated kernel are served by the monitor itself.
 */
export function createDisco(parts: PlatformParts, monitor: Monitor): Platform {
  const { tlb, counters, pages, cpus, vcpus, vcpuOn } = parts;
  const l2tlb = createSecondLevelTlb(monitor.l2tlb, vcpus, pages, tlb);
  const lastDevice = new Float64Array(cpus).fill(Number.NEGATIVE_INFINITY);
  const backed = new Set<number>();

  const isRelocated = (flags: number): boolean =>
    monitor.relocated_kernel && (flags & MAPPED) === 0 && (flags & KERNEL) !== 0;

  const admit = (ids: readonly number[]): void => {
    tlb.reserve();
    parts.kernel().reserve();
    for (const id of ids) {
      const flags = pages.flags[id]!;
      if ((flags & MAPPED) === 0 && !isRelocated(flags)) for (const usable of tlb.resident) usable[id] = 1;
    }
    moves?.admit(ids);
  };

  /** Machine pages beyond those that the guest knows, in the order of their first use. */
  const beyond = new Map<number, number>();

  /** Entries of the memmap are by page number; of machine pages beyond those the guest knows, after them. */
  const memmapEntry = (machine: number): number => {
    const number = pages.physicalPage[machine]!;
    if (number < FIRST_SYNTHETIC) return number;
    if (!beyond.has(machine)) beyond.set(machine, beyond.size);
    return MEMMAP_BEYOND + beyond.get(machine)!;
  };

  const pageNumber = (id: number): number => pages.physicalPage[pages.physical[id]!]!;

  /** An exception of the guest arrives in the monitor and is delivered to the guest's vector. */
  const deliver = (cpu: number): void => {
    const layer = monitorWork.begin(cpu, 'trap');
    monitorWork.vcpu(cpu, 1, true);
    monitorWork.vcpu(cpu, 2, true);
    counters.enter(layer);
  };

  const interrupt = (cpu: number): void => {
    const layer = monitorWork.begin(cpu, 'interrupt');
    monitorWork.vcpu(cpu, 1, true);
    monitorWork.vcpu(cpu, 3, true);
    counters.enter(layer);
  };

  /** The guest writes a TLB entry: physical to machine through the pmap, into both TLBs' bookkeeping. */
  const writeTlb = (cpu: number, op: number, id: number): void => {
    const layer = monitorWork.begin(cpu, 'tlb_write');
    counters.values[counters.row + PRIVILEGED + op]!++;
    if (id >= 0) {
      monitorWork.record(cpu);
      monitorWork.table(REGION.pmap, pageNumber(id), false);
      monitorWork.table(REGION.memmap, pageNumber(id), true);
      l2tlbTable(cpu, id, true);
    }
    counters.enter(layer);
  };

  const l2tlbTable = (cpu: number, id: number, store: boolean): void => {
    const slot = l2tlb.slot(vcpuOn[cpu]!, id);
    if (slot >= 0) monitorWork.table(REGION.l2tlb, slot, store);
  };

  /** Translation that the refill or fault now being served is about; −1 outside. */
  let serving = -1;

  const privileged = (cpu: number, op: number, register: number): void => {
    if (op === OP.syscall || op === OP.rdhwr) return; // system calls and RDHWR arrive as exceptions
    if (op === OP.tlbwr || op === OP.tlbwi) {
      writeTlb(cpu, op, serving);
      return;
    }
    if (isPatched(monitor, op, register)) {
      countPrivileged(parts, op);
      monitorPage(cpu, writesRegister(op));
      return;
    }
    const layer = monitorWork.begin(cpu, 'privileged');
    counters.values[counters.row + PRIVILEGED + op]!++;
    if (isPatchable(op, register, true)) counters.values[counters.row + C.patchable]!++;
    monitorWork.routine(cpu, op);
    monitorWork.vcpu(cpu, 4 + (Math.max(register, 0) & 31), writesRegister(op));
    counters.enter(layer);
  };

  /** A patched operation: a load or store by the guest on its page of registers. */
  const monitorPage = (cpu: number, store: boolean): void => {
    const kernel = parts.kernel();
    kernel.touch(kernel.word(guest.synthetic.monitor(REGION.vcpu, vcpus + vcpuOn[cpu]!), 0, false, store));
  };

  const zero = (cpu: number, id: number): void => {
    back(cpu, id);
    if (!monitor.zeroes_pages) {
      zeroPage(parts, guest.synthetic.direct(pages.physical[id]!));
      return;
    }
    // A monitor call like any other, not an `act` of the manager of memory: the zeroes are the guest's first use of
    // the page, and their misses may make it hot as natively.
    const layer = monitorWork.begin(cpu, 'call');
    // The monitor writes the page through its own mapping, which no TLB translates.
    zeroPage(parts, guest.synthetic.monitorAlias(pages.physical[id]!));
    counters.enter(layer);
  };

  /** First use of a physical page: the monitor finds it a machine page. */
  const back = (cpu: number, id: number): void => {
    const physical = pages.physical[id]!;
    if (backed.has(physical)) return;
    backed.add(physical);
    const layer = monitorWork.begin(cpu, 'backing');
    monitorWork.record(cpu);
    monitorWork.table(REGION.pmap, pageNumber(id), true);
    monitorWork.table(REGION.memmap, pageNumber(id), true);
    counters.enter(layer);
  };

  const guest = createGuest(parts, { privileged, deliver, interrupt, zero }, admit);
  const monitorWork = createFootprint(parts, guest.synthetic, monitor);
  const mechanics = createPageMechanics(parts, guest.synthetic, {
    memmap: (machine, store) => monitorWork.table(REGION.memmap, memmapEntry(machine), store),
    dropped: (id) => l2tlb.invalidate(id),
    alias: guest.synthetic.monitorAlias,
    interrupts: createInterrupts(parts, monitor.shootdown, l2tlb, monitorWork),
  });
  const memory = createMachineMemory(parts, guest.synthetic, mechanics);
  const network = createNetwork(parts, monitor.network, monitorWork, guest.synthetic, mechanics, memory);
  const moves: PageMoves | null = parts.movesPages ? createPageMoves(parts, mechanics, memory.users) : null;

  /** A request to a device: one monitor call, or (an unmodified driver) one intercepted access. */
  const request = (cpu: number): void => {
    const layer = monitorWork.begin(cpu, monitor.drivers === 'monitor-call' ? 'call' : 'device');
    monitorWork.table(REGION.device, 0, true);
    counters.enter(layer);
  };

  const kernelMiss = (cpu: number, id: number): void => {
    const layer = monitorWork.begin(cpu, 'kernel_tlb');
    monitorWork.record(cpu);
    monitorWork.table(REGION.pmap, pageNumber(id), false);
    counters.enter(layer);
  };

  const guestMiss = (cpu: number, id: number): void => {
    if (l2tlb.lookup(vcpuOn[cpu]!, id)) {
      guest.within(cpu, UTLB, () => {
        monitorWork.begin(cpu, 'l2tlb');
        l2tlbTable(cpu, id, false);
      });
      return;
    }
    // The look-up that failed is part of the delivery: its table reference is made, its few instructions
    // are in the price.
    guest.within(cpu, UTLB, () => {
      deliver(cpu);
      counters.enter(L.trap);
      l2tlbTable(cpu, id, false);
    });
    const before = serving;
    serving = id;
    guest.refill(cpu, id);
    serving = before;
    l2tlb.insert(vcpuOn[cpu]!, id);
  };

  const miss = (cpu: number, id: number, kind: number): void => {
    if (!tlb.present(cpu, id)) {
      counters.values[counters.row + C.tlb_fetch_misses + kind]!++;
      if (isRelocated(pages.flags[id]!)) kernelMiss(cpu, id);
      else guestMiss(cpu, id);
    }
    const before = serving;
    serving = id;
    guest.firstTouch(cpu, id, kind);
    serving = before;
    memory.used(cpu, id, kind);
    moves?.used(cpu, id);
    tlb.insert(cpu, id);
  };

  return {
    moves,
    memory,
    guarded: (cpu, id) => {
      const page = pages.physical[id]!;
      // A page of its own first, then, if nodes still have copies of it, one copy.
      if (memory.watched(page)) memory.stored(cpu, id);
      if (moves !== null) moves.onGuarded(cpu, id);
      else parts.kernel().machinePages.guard(page, false);
    },
    admit,
    miss,
    privileged,
    exception: deliver,
    interrupt,
    device: (cpu, time) => {
      const within = time - lastDevice[cpu]! < monitor.request_gap;
      lastDevice[cpu] = time;
      if (!(monitor.drivers === 'monitor-call' && within)) request(cpu);
    },
    request,
    packet: network.packet,
    received: network.received,
    zero,
    allocated: back,
    timer: guest.timer,
    worldSwitch: (cpu, from, to) => {
      // ASIDs are not virtualised: the TLB is emptied, relocated kernel included. The L2TLB is the vCPU's.
      tlb.flush(cpu, () => false);
      mechanics.act('world_switch', () => {
        for (let slot = 0; slot < SAVED_LINES; slot++) {
          if (from >= 0) monitorWork.state(from, slot, true);
          monitorWork.state(to, slot, false);
        }
      });
    },
    vcpuMove: (cpu, from) =>
      mechanics.act('vcpu_move', () => {
        const { nodes, cells } = parts.system.machine;
        if (cellOfCpu(cpu, cpus, cells) !== cellOfCpu(from, cpus, cells))
          counters.values[counters.row + C.cell_moves]!++;
        else if (nodeOfCpu(cpu, cpus, nodes) !== nodeOfCpu(from, cpus, nodes))
          counters.values[counters.row + C.node_moves]!++;
      }),
    spaceSwitch: (cpu) => {
      if (parts.system.machine.tlb?.tags === 'none') tlb.flush(cpu, isGlobal);
    },
    unmap: (id) => {
      l2tlb.invalidate(id);
      tlb.invalidate(id);
      moves?.unmapped(id);
    },
    tlbFlush: (cpu) => {
      l2tlb.clear(vcpuOn[cpu]!);
      // Relocated kernel entries are the monitor's own: a guest's flush does not reach them.
      tlb.flush(cpu, isRelocated);
    },
  };
}
