import { KERNEL, MAPPED } from '../../trace/types.ts';
import { wider } from '../hardware/pages.ts';
import type { PageMoves, PlatformParts } from '../platform.ts';
import { createPagePolicy } from '../systems/schema-pages.ts';
import type { PageFacts } from '../tally.ts';
import type { PageMechanics } from './mechanics.ts';
import { createMappings } from './policies/mappings.ts';
import type { Decision } from './policies/policy.ts';
import { isDirect } from './synthetic.ts';

const FATES = ['left', 'migrated', 'replicated'] as const;

/**
 * Pages that move: carries out what a page policy decides, under a monitor or natively. A page is copied line by
 * line through the caches of the CPU that wants it, TLB entries are taken from the CPUs that have them, each of
 * which is interrupted, and whatever was cached under the old machine address is lost. A store to a replicated
 * page collapses it first. Everything is counted in the layer of the action; victims' time in `shootdown`.
 */
export function createPageMoves(
  parts: PlatformParts,
  { frames, hooks, nodeOf, act, acting, shootDown, copy }: PageMechanics,
  usersOf: (page: number) => readonly number[],
): PageMoves {
  const { system, pages, tlb, cpus } = parts;
  const { nodes } = system.machine;
  const machine = () => parts.kernel().machinePages;
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
    replicated: (page) => replicated(page),
    kernel: (page) => ofKernel[page] === 1,
    mappings,
  });

  /** Whether nodes use different machine pages for a page. */
  const replicated = (page: number): boolean => {
    const first = machine().of(page, 0);
    for (let node = 1; node < nodes; node++) if (machine().of(page, node) !== first) return true;
    return false;
  };

  const mark = (page: number, fate: number): void => {
    if (page >= fates.length) fates = wider(fates, page);
    fates[page] = fates[page]! | (1 << fate);
  };

  const migrate = (cpu: number, page: number): void =>
    act('migrate', () => {
      const from = machine().of(page, nodeOf(cpu));
      const users = usersOf(page);
      hooks.memmap(from, true);
      shootDown(cpu, users);
      const to = copy(cpu, page);
      hooks.memmap(to, true);
      for (const user of users) machine().remap(user, -1, from, to);
      // A page that is read-only stays so: the copying CPU has lines of the copy modified.
      if (machine().guarded(page)) machine().guard(page, true);
      frames.release(page, from);
      policy.carriedOut(page, 'migrate');
      mark(page, 1);
    });

  const replicate = (cpu: number, page: number): void =>
    act('replicate', () => {
      const from = machine().of(page, nodeOf(cpu));
      const users = usersOf(page);
      hooks.memmap(from, true);
      // All mappings become read-only; the node's own go to its replica.
      shootDown(cpu, users);
      for (const user of users) machine().guard(user, true);
      const to = copy(cpu, page);
      hooks.memmap(to, true);
      for (const user of users) machine().remap(user, nodeOf(cpu), from, to);
      // The copy, too, is read-only from now on: the copying CPU has lines of it modified.
      machine().guard(page, true);
      policy.carriedOut(page, 'replicate');
      mark(page, 2);
    });

  /** A store comes to a replicated page: one copy remains, the storing node's if it has one. */
  const collapse = (cpu: number, page: number): void =>
    act('collapse', () => {
      const kept = machine().of(page, nodeOf(cpu));
      hooks.memmap(kept, true);
      shootDown(cpu, [page]);
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
            if (acting()) return false;
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
    onGuarded: (cpu, id) => {
      const page = pages.physical[id]!;
      if (replicated(page)) collapse(cpu, page);
      else machine().guard(page, false);
    },
    admit: (ids) => {
      for (const id of ids) {
        const page = pages.physical[id]!;
        const flags = pages.flags[id]!;
        if (page >= ofKernel.length) ofKernel = wider(ofKernel, page);
        if ((flags & KERNEL) !== 0 && (flags & MAPPED) === 0 && !isDirect(pages, id)) ofKernel[page] = 1;
      }
    },
    advance: (now) => {
      const toWithdraw = policy.advance(now);
      // Asked after every segment: nothing else is done for an empty list.
      if (toWithdraw.length === 0) return;
      for (const id of toWithdraw) {
        if (id >= withdrawn.length) withdrawn = wider(withdrawn, id);
        withdrawn[id] = 1;
        // Not to come back with the other page of its pair.
        tlb.invalidate(id);
        hooks.dropped(id);
      }
    },
    used: (cpu, id) => {
      const page = pages.physical[id]!;
      if ((pages.flags[id]! & MAPPED) !== 0) mappings.add(id, pages.space[id]!, pages.virtualPage[id]!, page);
      if (id >= withdrawn.length || withdrawn[id] === 0) return;
      withdrawn[id] = 0;
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
