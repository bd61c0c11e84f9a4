import { KERNEL, MAPPED } from '../../trace/types.ts';
import { C, L } from '../counters.ts';
import type { Synthetic } from '../guest/synthetic.ts';
import { wider } from '../hardware/pages.ts';
import type { PageMoves, PlatformParts } from '../platform.ts';
import { createPagePolicy } from '../systems/schema-pages.ts';
import type { Layer, PageFacts } from '../tally.ts';
import { createFrames } from './frames.ts';
import { createMappings } from './policies/mappings.ts';
import type { Decision } from './policies/policy.ts';

/** How the one who manages memory carries out the rest. */
export interface PageMoveHooks {
  /** An entry of the machine's page table (memmap) is read or written. */
  readonly memmap: (machine: number, store: boolean) => void;
  /** TLB entries of a translation are gone from the hardware. */
  readonly dropped: (id: number) => void;
  /** The manager's own alias of the page of a translation: never translated by a TLB. */
  readonly alias: (id: number) => number;
}

const FATES = ['left', 'migrated', 'replicated'] as const;

/**
 * Pages that move: carries out what a page policy decides, under a monitor or natively. A page is copied line by
 * line through the caches of the CPU that wants it, TLB entries are taken from the CPUs that have them, each of
 * which is interrupted, and whatever was cached under the old machine address is lost. A store to a replicated
 * page collapses it first. Everything is counted in the layer of the action; victims' time in `shootdown`.
 */
export function createPageMoves(parts: PlatformParts, synthetic: Synthetic, hooks: PageMoveHooks): PageMoves {
  const { system, pages, counters, tlb, cpus } = parts;
  const { nodes } = system.machine;
  const cpusPerNode = Math.max(1, Math.floor(cpus / nodes));
  const nodeOf = (cpu: number): number => Math.min(nodes - 1, Math.floor(cpu / cpusPerNode));
  const machine = () => parts.kernel().machinePages;
  const frames = createFrames(parts, synthetic);
  const mappings = createMappings();
  /** By page: 1 if the kernel reaches it through the unmapped segment. */
  let ofKernel = new Uint8Array(1024);
  /** By page: bits of FATES. */
  let fates = new Uint8Array(1024);
  /** By translation: 1 if its mapping is withdrawn. */
  let withdrawn = new Uint8Array(1024);
  let decisions: Record<string, number> = {};

  const policy = createPagePolicy(system.pages, {
    cpus,
    nodes,
    holds: (page, node) => machine().home(machine().of(page, node)) === node,
    replicated: (page) => machine().guarded(page),
    kernel: (page) => ofKernel[page] === 1,
    mappings,
  });

  /** Whether one of the activities below is going on: its own misses make no page hot. */
  let acting = false;

  /** Runs `body` as `layer`'s activity of the CPU that runs, and counts it. */
  const act = (layer: Layer, body: () => void): void => {
    const outer = acting;
    acting = true;
    const before = counters.enter(L[layer]);
    counters.values[counters.row + C.count]!++;
    body();
    counters.enter(before);
    acting = outer;
  };

  /** CPUs whose TLBs hold a page are interrupted and drop it; those of `node` alone if it is not −1. */
  const shootDown = (cpu: number, page: number): void => {
    const victims = new Set<number>();
    for (const id of machine().translations(page)) {
      for (const victim of tlb.shoot(id)) victims.add(victim);
      hooks.dropped(id);
    }
    victims.delete(cpu);
    const { context, layer } = counters;
    for (const victim of victims) {
      counters.select(victim, counters.contextOf[victim]!);
      act('shootdown', () => {});
    }
    counters.select(cpu, context);
    counters.enter(layer);
  };

  /** Reads the page through the manager's alias and writes it to a new machine page on the CPU's node. */
  const copy = (cpu: number, page: number): number => {
    const kernel = parts.kernel();
    const source = hooks.alias(machine().translations(page)[0]!);
    const target = frames.allocate(page, nodeOf(cpu));
    const line = system.machine.l1d?.line ?? system.machine.l2!.line;
    for (let offset = 0; offset < 4096; offset += line) {
      kernel.touch(kernel.word(source, offset, false, false));
      kernel.touch(kernel.word(target.alias, offset, false, true));
    }
    return target.machine;
  };

  const mark = (page: number, fate: number): void => {
    if (page >= fates.length) fates = wider(fates, page);
    fates[page] = fates[page]! | (1 << fate);
  };

  const migrate = (cpu: number, page: number): void =>
    act('migrate', () => {
      const from = machine().of(page, nodeOf(cpu));
      hooks.memmap(from, true);
      shootDown(cpu, page);
      const to = copy(cpu, page);
      hooks.memmap(to, true);
      machine().remap(page, -1, from, to);
      frames.release(page, from);
      policy.carriedOut(page, 'migrate');
      mark(page, 1);
    });

  const replicate = (cpu: number, page: number): void =>
    act('replicate', () => {
      const from = machine().of(page, nodeOf(cpu));
      hooks.memmap(from, true);
      // All mappings become read-only; the node's own go to its replica.
      shootDown(cpu, page);
      machine().guard(page, true);
      const to = copy(cpu, page);
      hooks.memmap(to, true);
      machine().remap(page, nodeOf(cpu), from, to);
      policy.carriedOut(page, 'replicate');
      mark(page, 2);
    });

  /** A store comes to a replicated page: one copy remains, the storing node's if it has one. */
  const collapse = (cpu: number, page: number): void =>
    act('collapse', () => {
      const kept = machine().of(page, nodeOf(cpu));
      hooks.memmap(kept, true);
      shootDown(cpu, page);
      for (let node = 0; node < nodes; node++) {
        const other = machine().of(page, node);
        if (other === kept) continue;
        hooks.memmap(other, true);
        for (let also = node; also < nodes; also++)
          if (machine().of(page, also) === other) machine().remap(page, also, other, kept);
        frames.release(page, other);
      }
      machine().guard(page, false);
      policy.carriedOut(page, 'collapse');
    });

  const carryOut = (cpu: number, page: number, { action, reason }: Decision): void => {
    const name = `${action}: ${reason}`;
    decisions[name] = (decisions[name] ?? 0) + 1;
    if (action === 'migrate') migrate(cpu, page);
    else if (action === 'replicate') replicate(cpu, page);
    else mark(page, 0);
  };

  const facts = (): PageFacts => {
    const found: Record<string, number> = {};
    fates.forEach((bits) => {
      if (bits === 0) return;
      const name = FATES.filter((_, i) => (bits & (1 << i)) !== 0 && (i > 0 || bits === 1)).join(' and ');
      found[name] = (found[name] ?? 0) + 1;
    });
    return { decisions: { ...decisions }, fates: found, replicas: frames.inUse() };
  };

  return {
    counted:
      system.pages.policy === 'none'
        ? null
        : (cpu, ofMachine, write) => {
            if (acting) return false;
            const page = frames.pageOf(ofMachine);
            return page >= 0 && policy.miss(cpu, page, write);
          },
    onHot: (cpu, ofMachine) => {
      const page = frames.pageOf(ofMachine);
      if (page < 0) return;
      let decision: Decision | null = null;
      act('hot_page', () => {
        hooks.memmap(ofMachine, false);
        decision = policy.decide(cpu, page);
      });
      carryOut(cpu, page, decision!);
    },
    onGuarded: (cpu, id) => collapse(cpu, pages.physical[id]!),
    admit: (ids) => {
      for (const id of ids) {
        const page = pages.physical[id]!;
        const flags = pages.flags[id]!;
        if (page >= ofKernel.length) ofKernel = wider(ofKernel, page);
        if ((flags & KERNEL) !== 0 && (flags & MAPPED) === 0) ofKernel[page] = 1;
        if ((flags & MAPPED) !== 0) mappings.add(id, pages.space[id]!, pages.virtualPage[id]!, page);
      }
    },
    advance: (now) => {
      for (const id of policy.advance(now)) {
        if (id >= withdrawn.length) withdrawn = wider(withdrawn, id);
        withdrawn[id] = 1;
        tlb.shoot(id);
        hooks.dropped(id);
      }
    },
    used: (cpu, id) => {
      if (id >= withdrawn.length || withdrawn[id] === 0) return;
      withdrawn[id] = 0;
      const page = pages.physical[id]!;
      let decision: Decision | null = null;
      act('hint_fault', () => {
        decision = policy.hintFault(cpu, page, pages.space[id]!);
      });
      carryOut(cpu, page, decision!);
    },
    unmapped: mappings.remove,
    facts,
    clear: () => {
      decisions = {};
    },
  };
}
