import { MACHINE_PAGES } from '../../trace/compose/identity.ts';
import { KERNEL } from '../../trace/types.ts';
import type { Synthetic } from '../guest/synthetic.ts';
import { FIRST_SYNTHETIC, wider } from '../hardware/pages.ts';
import type { MachineMemory, PlatformParts } from '../platform.ts';
import { scaledThresholds } from '../systems/schema-memory.ts';
import { type Balance, createBalance, type Transfer } from './balance.ts';
import type { PageMechanics } from './page-mechanics.ts';
import { type Change, createSharing } from './sharing.ts';

const PAGE_BYTES = 4096;
/** Pages of one recorded kernel, for the identity of its text. */
const SOURCE_PAGES = 2 ** 40;

/**
 * The machine's memory under several virtual machines: pages of the same content are one machine page until one of
 * them is stored to, and the accounts of it all. `sharing.ts` knows what is the same; this carries it out. Where
 * pages cannot be moved (one virtual machine, or caches that are not coherent) it keeps the accounts alone.
 */
export function createMachineMemory(
  parts: PlatformParts,
  synthetic: Synthetic,
  { frames, nodeOf, act, shootDown, copy }: PageMechanics,
): MachineMemory {
  const { pages, vms } = parts;
  const movable = parts.sharesPages;
  const { nodes } = parts.system.machine;
  const sharing = createSharing();
  const machine = () => parts.kernel().machinePages;
  /** By the account's machine page: the pages on it. */
  const members = new Map<number, number[]>();
  let known = new Uint8Array(1024); // by translation: 1 once used
  let text = new Uint8Array(1024); // by page: 1 once fetched from in kernel mode
  const alone = new Map<number, readonly number[]>();

  const pageOf = (id: number): number => pages.physical[id]!;
  const isGuests = (page: number): boolean => pages.physicalPage[page]! < FIRST_SYNTHETIC;

  /** Which page of which recorded kernel it is. */
  const textOf = (page: number): number => {
    const number = pages.physicalPage[page]!;
    const vm = vms[Math.floor(number / MACHINE_PAGES)];
    return (vm?.source ?? 0) * SOURCE_PAGES + (number % MACHINE_PAGES);
  };

  const guard = (page: number): void => {
    if (movable && !machine().guarded(page)) machine().guard(page, true);
  };

  /** The page is on machine pages `to` (by node) from now on; what it was on before is free if nobody else is on it. */
  const settle = (
    cpu: number,
    page: number,
    others: readonly number[],
    to: (node: number) => number,
  ): void => {
    shootDown(cpu, [page]);
    const left = new Set<number>();
    for (let node = 0; node < nodes; node++) {
      const from = machine().of(page, node);
      if (from === to(node)) continue;
      machine().remap(page, node, from, to(node));
      left.add(from);
    }
    for (const from of left)
      if (others.length === 0) frames.release(page, from);
      else frames.assign(from, others[0]!);
  };

  /** Moves a page between the lists of `members`; those that stay behind. */
  const regroup = (page: number, { machine: now, before }: Change): readonly number[] => {
    const left = (members.get(before) ?? []).filter((other) => other !== page);
    if (left.length === 0) members.delete(before);
    else members.set(before, left);
    if (now >= 0) members.set(now, [...(members.get(now) ?? []), page]);
    return left;
  };

  const apply = (cpu: number, page: number, change: Change): void => {
    if (change.machine === change.before) {
      if (change.effect === 'unprotect' && movable) machine().guard(page, false);
      return;
    }
    const others = regroup(page, change);
    if (!movable) return;
    if (change.effect === 'share') {
      const leader = members.get(change.machine)!.find((other) => other !== page)!;
      settle(cpu, page, others, (node) => machine().of(leader, node));
      guard(page);
      guard(leader);
    } else if (change.effect === 'copy') {
      act('copy_on_write', () => {
        const to = copy(cpu, page);
        settle(cpu, page, others, () => to);
        machine().guard(page, false);
      });
    } else if (others.length > 0) {
      // New content in place of what others still share.
      const { machine: to } = frames.allocate(page, nodeOf(cpu));
      settle(cpu, page, others, () => to);
    }
  };

  const { vms: shape, memory: management } = parts.system.monitor!;
  const sharePages = shape.memory / PAGE_BYTES;
  const machines = Math.max(1, vms.length);
  /** Null: memory is as large as anyone wants. */
  const balance: Balance | null =
    shape.memory === 0
      ? null
      : createBalance({
          shares: new Array<number>(machines).fill(sharePages),
          thresholds: management.balancing
            ? new Array(machines).fill(scaledThresholds(management, sharePages))
            : null,
        });
  const vmOf = (page: number): number =>
    vms.length === 0 ? 0 : Math.floor(pages.physicalPage[page]! / MACHINE_PAGES);

  const lend = (transfers: readonly Transfer[]): void => {
    for (const transfer of transfers) act('borrow', () => {}, transfer.pages);
  };

  /** A page is used: it may have to come from disk, or others to go there, or memory of others to be borrowed. */
  const occupy = (page: number): void => {
    const fault = balance!.touch(vmOf(page), memory.users(page)[0]!);
    if (fault === null) return;
    lend(fault.transfers);
    if (fault.pageOut >= 0) act('page_out', () => {});
    if (fault.pageIn) act('page_out', () => {});
  };

  const used = (cpu: number, id: number, kind: number): void => {
    if (id >= known.length) known = wider(known, id);
    const page = pageOf(id);
    const kernel = (pages.flags[id]! & KERNEL) !== 0;
    if (known[id] === 0) {
      known[id] = 1;
      if (!isGuests(page)) return;
      if (sharing.machine(page) < 0) {
        sharing.touched(page, kernel);
        members.set(sharing.machine(page), [page]);
        guard(page);
      } else sharing.touched(page, kernel);
    }
    if (balance !== null && isGuests(page)) occupy(page);
    if (kind !== 0 || !kernel || !isGuests(page)) return;
    if (page >= text.length) text = wider(text, page);
    if (text[page] === 1) return;
    text[page] = 1;
    apply(cpu, page, sharing.fetched(page, textOf(page)));
  };

  const memory: MachineMemory = {
    used,
    stored: (cpu, id) => {
      const page = pageOf(id);
      const change = sharing.stored(page);
      apply(cpu, page, change);
      if (change.effect === 'nothing') machine().guard(page, false);
    },
    mapped: (cpu, id, block) => {
      const page = pageOf(id);
      const before = sharing.machine(page);
      const change = sharing.mapped(page, block, (pages.flags[id]! & KERNEL) !== 0);
      if (before < 0 || !members.has(before))
        members.set(change.machine, [...(members.get(change.machine) ?? []), page]);
      apply(cpu, page, { ...change, before });
      if (movable && sharing.watched(page)) guard(page);
    },
    freed: (cpu, id) => {
      const page = pageOf(id);
      const before = sharing.machine(page);
      if (balance !== null && memory.users(page).length === 1) lend(balance.freed(page));
      sharing.freed(page);
      if (before < 0) return;
      const others = regroup(page, { effect: 'nothing', machine: -1, before });
      if (movable && others.length > 0) {
        const { machine: to } = frames.allocate(page, nodeOf(cpu));
        settle(cpu, page, others, () => to);
        machine().guard(page, false);
      }
    },
    resident: sharing.resident,
    users: (page) => {
      const of = members.get(sharing.machine(page));
      if (of !== undefined) return of;
      let own = alone.get(page);
      if (own === undefined) {
        own = [page];
        alone.set(page, own);
      }
      return own;
    },
    watched: sharing.watched,
    sample: (instructions) => {
      sharing.monitor(synthetic.monitorPages());
      sharing.sample(instructions);
    },
    facts: () => {
      sharing.monitor(synthetic.monitorPages());
      return {
        ...sharing.footprint(),
        counts: sharing.counts(),
        samples: sharing.samples(),
        balance:
          balance === null ? null : Array.from({ length: machines }, (_, vm) => ({ ...balance.counts(vm) })),
      };
    },
  };
  return memory;
}
