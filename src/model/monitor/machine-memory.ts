import { MACHINE_PAGES } from '../../trace/compose/identity.ts';
import { KERNEL, PAGE_BYTES } from '../../trace/types.ts';
import { wordLayout } from '../hardware/kernel.ts';
import { FIRST_SYNTHETIC, wider } from '../hardware/pages.ts';
import type { PageMechanics } from '../paging/mechanics.ts';
import type { Synthetic } from '../paging/synthetic.ts';
import type { MachineMemory, PlatformParts } from '../platform.ts';
import { scaledThresholds } from '../systems/schema-memory.ts';
import { memoryOfVms } from '../systems/vm-lists.ts';
import { type Balance, createBalance, type Transfer } from './balance.ts';
import { type Change, createSharing } from './sharing.ts';

/** Pages of one recorded kernel, for the identity of its text. */
const SOURCE_PAGES = 2 ** 40;
const NOBODY: readonly number[] = Object.freeze([]);

/**
 * The machine's memory under several virtual machines: pages of the same content are one machine page until one of
 * them is stored to, and the accounts of it all. `sharing.ts` knows what is the same; this carries it out. Where
 * pages cannot be moved (one virtual machine, or caches that are not coherent) it keeps the accounts alone, and sees
 * stores where they miss in the TLB.
 *
 * Caches are indexed by a page's colour, which a machine page must keep. Pages of the same content but of other
 * colours are one machine page in the accounts, and one for each colour in the caches; all are read-only.
 */
export function createMachineMemory(
  parts: PlatformParts,
  synthetic: Synthetic,
  { frames, hooks, nodeOf, act, shootDown, copy }: PageMechanics,
): MachineMemory {
  const { pages, tlb, vms } = parts;
  const movable = parts.sharesPages;
  const { nodes } = parts.system.machine;
  const { vms: shape, memory: management } = parts.system.monitor!;
  const sharing = createSharing(management.sharing);
  const machine = () => parts.kernel().machinePages;
  const colours = 1 << wordLayout(parts.system.machine).colourBits;
  /** By the account's machine page: the pages on it; and by page: that machine page + 1. */
  const groups = new Map<number, readonly number[]>();
  let groupOf = new Int32Array(1024);
  let known = new Uint8Array(1024); // by translation: 1 once used
  let text = new Uint8Array(1024); // by page: 1 once fetched from in kernel mode, or freed
  /** By page, where memory is limited: its translations in use. */
  const translations = new Map<number, number[]>();

  const pageOf = (id: number): number => pages.physical[id]!;
  const isGuests = (page: number): boolean => pages.physicalPage[page]! < FIRST_SYNTHETIC;
  const accountOf = (page: number): number => (page < groupOf.length ? groupOf[page]! - 1 : -1);
  const colourOf = (page: number): number => pages.physicalPage[page]! % colours;

  /** Which page of which recorded kernel it is. */
  const textOf = (page: number): number => {
    const number = pages.physicalPage[page]!;
    const vm = vms[Math.floor(number / MACHINE_PAGES)];
    return (vm?.source ?? 0) * SOURCE_PAGES + (number % MACHINE_PAGES);
  };

  const guard = (page: number): void => {
    if (movable && !machine().guarded(page)) machine().guard(page, true);
  };

  /** Those of a group that are on one machine page with a page in the caches, too. */
  const mates = (page: number, group: readonly number[]): readonly number[] =>
    group.filter((other) => other !== page && colourOf(other) === colourOf(page));

  /** Puts a page into the group of a machine page of the account (−1: of none); those that it leaves behind. */
  const regroup = (page: number, now: number): readonly number[] => {
    const before = accountOf(page);
    const left = (groups.get(before) ?? NOBODY).filter((other) => other !== page);
    if (left.length > 0) groups.set(before, left);
    else groups.delete(before);
    if (now >= 0) groups.set(now, [...(groups.get(now) ?? NOBODY), page]);
    if (page >= groupOf.length) groupOf = wider(groupOf, page);
    groupOf[page] = now + 1;
    if (balance !== null && before >= 0 && left.length === 0) lend(balance.freed(before));
    return left;
  };

  /** The page is on machine pages `to` (by node) from now on; `others` stay on those that it was on, or they are free. */
  const settle = (
    cpu: number,
    page: number,
    others: readonly number[],
    to: (node: number) => number,
  ): void => {
    const from = Array.from({ length: nodes }, (_, node) => machine().of(page, node));
    if (from.every((old, node) => old === to(node))) return;
    shootDown(cpu, [page]);
    from.forEach((old, node) => {
      if (old !== to(node)) machine().remap(page, node, old, to(node), others.length > 0);
    });
    for (const old of new Set(from)) {
      if (from.some((_, node) => to(node) === old)) continue;
      if (others.length === 0) frames.release(page, old);
      else if (frames.pageOf(old) === page) frames.assign(old, others[0]!);
    }
  };

  /** The page gets new content from outside: nobody else has it, and no node a copy. */
  const separate = (cpu: number, page: number, others: readonly number[]): void => {
    const to =
      others.length > 0 ? frames.allocate(page, nodeOf(cpu)).machine : machine().of(page, nodeOf(cpu));
    settle(cpu, page, others, () => to);
  };

  const apply = (cpu: number, page: number, { effect, machine: now }: Change): void => {
    if (now === accountOf(page)) return;
    const others = mates(page, regroup(page, now));
    if (!movable) return;
    const joined = mates(page, groups.get(now)!)[0];
    if (effect === 'copy')
      act('copy_on_write', () => {
        hooks.memmap(machine().of(page, nodeOf(cpu)), true);
        const to = copy(cpu, page);
        hooks.memmap(to, true);
        settle(cpu, page, others, () => to);
      });
    else if (joined === undefined) separate(cpu, page, others);
    else {
      settle(cpu, page, others, (node) => machine().of(joined, node));
      guard(joined);
    }
    if (effect === 'share') guard(page);
  };

  const shares = memoryOfVms(shape.memory, Math.max(1, vms.length)).map((own) =>
    Math.floor(own / PAGE_BYTES),
  );
  /** Null: memory is as large as anyone wants. Its pages are the account's machine pages. */
  const balance: Balance | null =
    shape.memory === 0
      ? null
      : createBalance({
          shares,
          thresholds: management.balancing ? shares.map((own) => scaledThresholds(management, own)) : null,
        });
  const vmOf = (page: number): number =>
    vms.length === 0 ? 0 : Math.floor(pages.physicalPage[page]! / MACHINE_PAGES);

  const lend = (transfers: readonly Transfer[]): void => {
    for (const transfer of transfers) act('borrow', () => {}, transfer.pages);
  };

  /** A page is used: it may have to come from disk, or others to go there, or memory of others to be borrowed. */
  const occupy = (page: number): void => {
    const fault = balance!.touch(vmOf(page), accountOf(page));
    if (fault === null) return;
    lend(fault.transfers);
    if (fault.pageOut >= 0) {
      act('page_out', () => {});
      // Who uses it next has to fault: its mapping must not come back with the other page of its pair.
      for (const out of groups.get(fault.pageOut) ?? NOBODY)
        for (const id of translations.get(out) ?? NOBODY) {
          tlb.invalidate(id);
          hooks.dropped(id);
        }
    }
    if (fault.pageIn) act('page_out', () => {});
  };

  /** First use of a translation, or of a page that was freed. */
  const meet = (cpu: number, id: number, page: number, kernel: boolean): void => {
    sharing.touched(page, kernel);
    if (known[id] === 0 && balance !== null) {
      const of = translations.get(page);
      if (of === undefined) translations.set(page, [id]);
      else of.push(id);
    }
    known[id] = 1;
    if (accountOf(page) >= 0) return;
    apply(cpu, page, { effect: 'nothing', machine: sharing.machine(page), before: -1 });
    guard(page);
  };

  /** Whether what is in a page may be kernel text that is not known yet; it is not unknown any more. */
  const firstFetch = (page: number): boolean => {
    if (page >= text.length) text = wider(text, page);
    const first = text[page] === 0;
    text[page] = 1;
    return first;
  };

  const used = (cpu: number, id: number, kind: number): void => {
    const page = pageOf(id);
    if (!isGuests(page)) return;
    if (id >= known.length) known = wider(known, id);
    const kernel = (pages.flags[id]! & KERNEL) !== 0;
    if (known[id] === 0 || accountOf(page) < 0) meet(cpu, id, page, kernel);
    if (balance !== null) occupy(page);
    if (kind === 2 && !movable && sharing.watched(page)) apply(cpu, page, sharing.stored(page));
    if (kind === 0 && kernel && firstFetch(page)) apply(cpu, page, sharing.fetched(page, textOf(page)));
  };

  /** The page has new content, of which `account` says whose it is. */
  const filled = (cpu: number, page: number, account: (page: number) => Change): void => {
    firstFetch(page);
    const before = accountOf(page);
    const change = account(page);
    apply(cpu, page, change);
    if (!movable) return;
    if (change.machine === before && groups.get(before)!.length === 1) separate(cpu, page, NOBODY);
    if (sharing.watched(page)) guard(page);
  };

  return {
    used,
    stored: (cpu, id) => {
      const page = pageOf(id);
      apply(cpu, page, sharing.stored(page));
    },
    mapped: (cpu, id, block) =>
      filled(cpu, pageOf(id), (page) => sharing.mapped(page, block, (pages.flags[id]! & KERNEL) !== 0)),
    received: (cpu, id, block) => filled(cpu, pageOf(id), (page) => sharing.received(page, block)),
    freed: (cpu, id) => {
      const page = pageOf(id);
      // Whatever it is used for next, it is not what the kernel was started with.
      firstFetch(page);
      if (accountOf(page) < 0) return;
      sharing.freed(page);
      const others = mates(page, regroup(page, -1));
      if (!movable) return;
      separate(cpu, page, others);
      machine().guard(page, false);
    },
    resident: (block, bytes) => {
      // Reads of less than a page are not shared: they are not mapped.
      if (bytes < PAGE_BYTES) return false;
      for (let at = 0; at < bytes; at += PAGE_BYTES)
        if (!sharing.resident(block + at / PAGE_BYTES)) return false;
      return true;
    },
    users: (page) => {
      const group = movable ? groups.get(accountOf(page)) : undefined;
      return group?.filter((other) => colourOf(other) === colourOf(page)) ?? [page];
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
        balance: balance === null ? null : shares.map((_, vm) => ({ ...balance.counts(vm) })),
      };
    },
  };
}
