import { PAGE_BYTES } from '../../trace/types.ts';
import { C, L } from '../counters.ts';
import { nodeOfCpu } from '../hardware/nodes.ts';
import type { PlatformParts } from '../platform.ts';
import type { Layer } from '../tally.ts';
import { createFrames, type Frames } from './frames.ts';
import type { Synthetic } from './synthetic.ts';

/**
 * What moving, copying and sharing pages have in common: copies go line by line through the caches of the CPU that
 * acts, and TLB entries are taken from the CPUs that have them, each of which is interrupted.
 */
export interface PageMechanics {
  readonly frames: Frames;
  readonly hooks: PageMoveHooks;
  nodeOf(cpu: number): number;
  /** Runs `body` as `layer`'s activity of the CPU that runs, and counts it `times` (1). */
  act(layer: Layer, body: () => void, times?: number): void;
  /** Whether an activity is going on: its own misses make no page hot. */
  acting(): boolean;
  /** CPUs that hold a mapping of one of the pages are interrupted and drop it. */
  shootDown(cpu: number, pages: readonly number[]): void;
  /** Copies a page to a new machine page on the CPU's node; that machine page. */
  copy(cpu: number, page: number): number;
}

/** How the one who manages memory carries out the rest. */
export interface PageMoveHooks {
  /** An entry of the machine's page table (memmap) is read or written. */
  readonly memmap: (machine: number, store: boolean) => void;
  /** TLB entries of a translation are gone from the hardware. */
  readonly dropped: (id: number) => void;
  /** The manager's own alias of a physical page: never translated by a TLB. */
  readonly alias: (page: number) => number;
  /** How CPUs are interrupted. Null: the manager knows which TLBs hold a mapping, and interrupting costs its price alone. */
  readonly interrupts: Interrupts | null;
}

/** Interrupts between CPUs of a manager that asks by way of memory and waits for the answer. */
export interface Interrupts {
  /** CPUs that the one that runs has to ask, for all it knows, to drop the translations of a page. */
  readonly toAsk: (page: number, ids: readonly number[]) => readonly number[];
  /** The CPU that runs asks another. */
  readonly ask: (of: number) => void;
  /** The CPU that runs sees that it was asked, and answers. */
  readonly answer: (cpu: number) => void;
  /** The CPU that runs sees the answer of another. */
  readonly hear: (of: number) => void;
}

export function createPageMechanics(
  parts: PlatformParts,
  synthetic: Synthetic,
  hooks: PageMoveHooks,
): PageMechanics {
  const { counters, tlb, cpus } = parts;
  const { machine: hardware } = parts.system;
  const frames = createFrames(parts, synthetic);
  const line = hardware.l1d?.line ?? hardware.l2!.line;
  let active = false;

  const nodeOf = (cpu: number): number => nodeOfCpu(cpu, cpus, hardware.nodes);

  const act = (layer: Layer, body: () => void, times = 1): void => {
    const outer = active;
    active = true;
    const before = counters.enter(L[layer]);
    counters.values[counters.row + C.count]! += times;
    body();
    counters.enter(before);
    active = outer;
  };

  const shootDown = (cpu: number, pages: readonly number[]): void => {
    const { interrupts } = hooks;
    const victims = new Set<number>();
    for (const page of pages) {
      const ids = parts.kernel().machinePages.translations(page);
      for (const victim of interrupts?.toAsk(page, ids) ?? []) victims.add(victim);
      for (const id of ids) {
        for (const victim of tlb.shoot(id)) victims.add(victim);
        hooks.dropped(id);
      }
    }
    victims.delete(cpu);
    if (victims.size === 0) return;
    const { context, layer } = counters;
    for (const victim of victims) interrupts?.ask(victim);
    for (const victim of victims) {
      parts.kernel().select(victim);
      counters.select(victim, counters.contextOf[victim]!);
      act('shootdown', () => interrupts?.answer(victim));
    }
    parts.kernel().select(cpu);
    counters.select(cpu, context);
    counters.enter(layer);
    for (const victim of victims) interrupts?.hear(victim);
  };

  const copy = (cpu: number, page: number): number => {
    const kernel = parts.kernel();
    const source = hooks.alias(page);
    const target = frames.allocate(page, nodeOf(cpu));
    for (let offset = 0; offset < PAGE_BYTES; offset += line) {
      kernel.touch(kernel.word(source, offset, false, false));
      kernel.touch(kernel.word(target.alias, offset, false, true));
    }
    return target.machine;
  };

  return { frames, hooks, nodeOf, act, acting: () => active, shootDown, copy };
}
