import { SERVICE_NONE } from '../services.ts';
import { SEGMENT_KERNEL, SEGMENT_REFILL } from '../types.ts';

/** Deepest nesting kept; deeper ones (only in damaged files) forget the outermost. */
const DEPTH = 16;

/**
 * What each CPU's kernel is doing, from exceptions and returns: a stack of open services per CPU and
 * address space.
 *
 * An exception or interrupt opens one, ERET closes the innermost, and reaching user code closes all of
 * them. A switch of address space is a switch of tasks: what was open stays with the task switched from, and
 * the other goes on with what it had open when it was left (nothing known: no service). Kernel threads have no
 * address space of their own, so their work counts for the service that was open before.
 *
 * A refill opens no service: it runs on account of the one below it.
 */
export interface ServiceStack {
  open(cpu: number, service: number, flags: number): void;
  /** Opens a refill episode; `failed` is how many instructions of it are the failed attempt before it. */
  openRefill(cpu: number, failed: number): void;
  /** ERET: closes the innermost. Returns −1, or if it was a refill episode the `failed` given for it. */
  close(cpu: number): number;
  /**
   * An exception inside a refill handler ends the refill episode: Status.EXL was set, so EPC still tells
   * the instruction that missed and one ERET will end both; what is done until then is the kernel's own
   * work. Returns as `close` does.
   */
  interruptRefill(cpu: number): number;
  /** User code runs: nothing is open. */
  clear(cpu: number): void;
  /** Another address space is current on this CPU: its own stack comes into force. */
  switchSpace(cpu: number, from: number, to: number): void;
  /** Service and segment flags of kernel code of this CPU. */
  service(cpu: number): number;
  flags(cpu: number): number;
}

interface Saved {
  readonly depth: number;
  readonly services: Uint16Array;
  readonly flags: Uint8Array;
  readonly failed: Int8Array;
}

export function createServiceStack(cpus: number): ServiceStack {
  const depth = new Int32Array(cpus);
  // Entry 0 of each CPU is the empty stack.
  const width = DEPTH + 1;
  const services = new Uint16Array(cpus * width).fill(SERVICE_NONE);
  const allFlags = new Uint8Array(cpus * width).fill(SEGMENT_KERNEL);
  const failedBefore = new Int8Array(cpus * width).fill(-1); // −1: no refill episode

  const push = (cpu: number, service: number, flags: number, failed: number): void => {
    const bottom = cpu * width;
    if (depth[cpu] === DEPTH) {
      services.copyWithin(bottom + 1, bottom + 2, bottom + width);
      allFlags.copyWithin(bottom + 1, bottom + 2, bottom + width);
      failedBefore.copyWithin(bottom + 1, bottom + 2, bottom + width);
      depth[cpu]!--;
    }
    const top = bottom + ++depth[cpu]!;
    services[top] = service;
    allFlags[top] = allFlags[top - 1]! | flags;
    failedBefore[top] = failed;
  };
  const close = (cpu: number): number => {
    if (depth[cpu] === 0) return -1;
    return failedBefore[cpu * width + depth[cpu]!--]!;
  };
  const top = (cpu: number): number => cpu * width + depth[cpu]!;

  /** Stacks of the spaces that are not current, by space; spaces belong to one CPU. */
  const left = new Map<number, Saved>();

  const switchSpace = (cpu: number, from: number, to: number): void => {
    const bottom = cpu * width;
    const end = bottom + width;
    left.set(from, {
      depth: depth[cpu]!,
      services: services.slice(bottom, end),
      flags: allFlags.slice(bottom, end),
      failed: failedBefore.slice(bottom, end),
    });
    const saved = left.get(to);
    depth[cpu] = saved?.depth ?? 0;
    if (saved === undefined) return;
    services.set(saved.services, bottom);
    allFlags.set(saved.flags, bottom);
    failedBefore.set(saved.failed, bottom);
  };

  return {
    open: (cpu, service, flags) => push(cpu, service, flags, -1),
    openRefill: (cpu, failed) => push(cpu, services[top(cpu)]!, SEGMENT_REFILL, failed),
    close,
    interruptRefill: (cpu) => (failedBefore[top(cpu)]! >= 0 ? close(cpu) : -1),
    clear: (cpu) => {
      depth[cpu] = 0;
    },
    switchSpace,
    service: (cpu) => services[top(cpu)]!,
    flags: (cpu) => allFlags[top(cpu)]!,
  };
}
