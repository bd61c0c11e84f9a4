import type { VirtualMachine } from '../trace/types.ts';
import type { Counters } from './counters.ts';
import type { Kernel, KernelOptions } from './hardware/kernel.ts';
import type { Pages } from './hardware/pages.ts';
import type { Tlb } from './hardware/tlb.ts';
import type { RefillTemplate } from './systems/resolve.ts';
import type { System } from './systems/schema.ts';
import type { PageFacts } from './tally.ts';
import type { MemoryFacts } from './tally-memory.ts';

/**
 * What runs on the hardware under the recorded references: the guest operating system natively, or a
 * monitor with the guest on top. The replay tells it of TLB misses and events; it counts, keeps the TLB, and
 * injects the references of whatever handler runs.
 */
export interface Platform {
  /** New translations of the trace; those that the TLB does not translate become usable. */
  admit(ids: readonly number[]): void;
  /** A reference to a translation that is not usable. `kind`: 0 fetch, 1 load, 2 store. */
  miss(cpu: number, id: number, kind: number): void;
  /** A privileged instruction of the recorded guest. */
  privileged(cpu: number, op: number, register: number): void;
  /** An exception of the recorded guest, system calls included (TLB refills are modelled, not recorded). */
  exception(cpu: number, cause: number): void;
  interrupt(cpu: number, line: number): void;
  /** A device access; `time`: records of this CPU so far, to tell requests apart. */
  device(cpu: number, time: number): void;
  /** A disk or network request, where the trace says so. */
  request(cpu: number): void;
  /** A message of `bytes` to another machine, number `peer`, goes out. */
  packet(cpu: number, bytes: number, peer: number): void;
  /** The page with the content of a disk block (−1: of none that is known) comes from the machine that `cpu` asked last. */
  received(cpu: number, id: number, block: number): void;
  /** The guest took a new page into use (zeroed or read from disk). */
  allocated(cpu: number, id: number): void;
  /** The guest wants a page zeroed, and the monitor does that (`zeroes_pages`). */
  zero(cpu: number, id: number): void;
  /** A timer interrupt that the overlay adds to a user-level trace. */
  timer(cpu: number): void;
  spaceSwitch(cpu: number): void;
  /** The guest dropped the mapping of a translation. */
  unmap(id: number): void;
  /** The guest flushed its TLB. */
  tlbFlush(cpu: number): void;
  /** Virtual CPU `to` comes onto a CPU in place of `from` (−1: of none that is still of use there). */
  worldSwitch(cpu: number, from: number, to: number): void;
  /** A virtual CPU goes on on `cpu`, having been on `from`. */
  vcpuMove(cpu: number, from: number): void;
  /** A store to a guarded page comes next. */
  guarded(cpu: number, id: number): void;
  /** Where pages move (`movesPages`); else null. */
  readonly moves: PageMoves | null;
  /** Under a monitor. */
  readonly memory: MachineMemory | null;
}

/** Where pages move: see `paging/moves.ts`. */
export interface PageMoves {
  /** What the kernel asks at every miss, and tells when a page is hot or a store comes to a guarded one. */
  readonly counted: KernelOptions['counted'];
  onHot(cpu: number, machine: number): void;
  onGuarded(cpu: number, id: number): void;
  /** New translations of the trace. */
  admit(ids: readonly number[]): void;
  /** `now` instructions of all CPUs together have passed. */
  advance(now: number): void;
  /** The guest dropped the mapping of a translation. */
  unmapped(id: number): void;
  /** A translation is about to become usable on a CPU. */
  used(cpu: number, id: number): void;
  facts(): PageFacts;
  /** Counts start from 0; what became of pages stays. */
  clear(): void;
}

/** The machine's memory under a monitor: see `monitor/machine-memory.ts`. */
export interface MachineMemory {
  /** A reference needs a translation that was not usable. `kind`: 0 fetch, 1 load, 2 store. */
  used(cpu: number, id: number, kind: number): void;
  /** A store comes to a guarded page. */
  stored(cpu: number, id: number): void;
  /** The page got new content: a disk block, or −1 for zeroes. */
  mapped(cpu: number, id: number, block: number): void;
  /** The page came over the network: `block` as before, −1 where what it holds is a copy of its own. */
  received(cpu: number, id: number, block: number): void;
  freed(cpu: number, id: number): void;
  /** Whether `bytes` from a disk block on are in memory already, so that reading them needs no request. */
  resident(block: number, bytes: number): boolean;
  /** All pages on the same machine page as this one, itself included. */
  users(page: number): readonly number[];
  /** Whether a store to the page must be told. */
  watched(page: number): boolean;
  /** Keeps the footprint of this moment. */
  sample(instructions: number): void;
  facts(): MemoryFacts;
}

/** What a platform is built from. */
export interface PlatformParts {
  readonly system: System;
  readonly cpus: number;
  /** CPUs of the trace: under a monitor, virtual ones. */
  readonly vcpus: number;
  /** By CPU: the virtual CPU that it runs. Kept by the replay. */
  readonly vcpuOn: Int32Array;
  /** Whether pages may move: there are nodes to choose from, coherent caches, and a policy. */
  readonly movesPages: boolean;
  /** Whether virtual machines share pages: there are several, coherent caches, and sharing is on. */
  readonly sharesPages: boolean;
  /** Virtual machines of the trace; empty: it is one machine. */
  readonly vms: readonly VirtualMachine[];
  readonly pages: Pages;
  readonly counters: Counters;
  readonly tlb: Tlb;
  /** The kernel is made after the platform (it calls `miss`): asked for when needed. */
  readonly kernel: () => Kernel;
  /** Whether the overlay adds the operating system's part (a user-level trace). */
  readonly overlay: boolean;
  /** The guest's refill handler: page-table loads, privileged operations by op code. */
  readonly refill: RefillTemplate;
}
