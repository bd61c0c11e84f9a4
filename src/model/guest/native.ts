import { MAPPED } from '../../trace/types.ts';
import { C } from '../counters.ts';
import { isGlobal } from '../hardware/tlb.ts';
import { createPageMechanics } from '../paging/mechanics.ts';
import { createPageMoves } from '../paging/moves.ts';
import type { PageMoves, Platform, PlatformParts } from '../platform.ts';
import { countPrivileged, createGuest, zeroPage } from './guest.ts';

/**
 * The operating system on the bare machine: its refill handler serves every TLB miss, its kernel runs in
 * the unmapped segment, its privileged instructions are instructions like any other.
 */
export function createNative(parts: PlatformParts): Platform {
  const { tlb, counters } = parts;

  const admit = (ids: readonly number[]): void => {
    tlb.reserve();
    parts.kernel().reserve();
    for (const id of ids)
      if ((parts.pages.flags[id]! & MAPPED) === 0) for (const usable of tlb.resident) usable[id] = 1;
    moves?.admit(ids);
  };

  const nothing = (): void => {};
  const guest = createGuest(
    parts,
    {
      privileged: (_cpu, op) => countPrivileged(parts, op),
      deliver: nothing,
      interrupt: nothing,
      zero: (_cpu, id) => zeroPage(parts, guest.synthetic.direct(parts.pages.physical[id]!)),
    },
    admit,
  );

  const moves: PageMoves | null = parts.movesPages
    ? createPageMoves(
        parts,
        createPageMechanics(parts, guest.synthetic, {
          memmap: nothing,
          dropped: nothing,
          alias: guest.synthetic.direct,
          interrupts: null,
        }),
        (page) => [page],
      )
    : null;

  return {
    moves,
    memory: null,
    guarded: (cpu, id) => moves?.onGuarded(cpu, id),
    admit,
    miss: (cpu, id, kind) => {
      if (!tlb.present(cpu, id)) {
        counters.values[counters.row + C.tlb_fetch_misses + kind]!++;
        guest.refill(cpu, id);
      }
      guest.firstTouch(cpu, id, kind);
      moves?.used(cpu, id);
      tlb.insert(cpu, id);
    },
    privileged: (_cpu, op) => countPrivileged(parts, op),
    exception: nothing,
    interrupt: nothing,
    device: nothing,
    packet: nothing,
    received: nothing,
    zero: nothing,
    worldSwitch: nothing,
    vcpuMove: nothing,
    request: nothing,
    allocated: nothing,
    timer: guest.timer,
    spaceSwitch: (cpu) => {
      if (parts.system.machine.tlb?.tags === 'none') tlb.flush(cpu, isGlobal);
    },
    unmap: (id) => {
      tlb.invalidate(id);
      moves?.unmapped(id);
    },
    tlbFlush: (cpu) => tlb.flush(cpu, () => false),
  };
}
