import { wider } from '../hardware/pages.ts';
import type { Thresholds } from '../systems/schema-memory.ts';
import type { BalanceCounts } from '../tally-memory.ts';
import { createClock } from './balance-clock.ts';

/**
 * Memory between virtual machines, as Cellular Disco has it between cells (SOSP’99, sections 5.1 to 5.3). Every VM has
 * a share of the machine’s memory, its own cell. A VM that needs more borrows units from the VMs that it prefers, if
 * they have enough to spare, before anything goes to disk. Without balancing a VM lives within its share: what is more
 * is paged out, second-chance FIFO, and paged in when it is touched again.
 *
 * All in pages; a page is a dense id of one VM’s page (or of a machine page, where VMs share: then of the VM that
 * had it first). Memory is told apart by whose it is, so that a borrowed page can be placed on its owner’s nodes.
 */
export interface Balance {
  /** A use of a page; cheap if it is resident. To be called at TLB misses: they set the reference bits. */
  touch(vm: number, page: number): Fault | null;
  /** The guest has no use for the page any more. */
  freed(page: number): readonly Transfer[];
  /** Whose memory a page is in; −1 if it is in none. */
  owner(page: number): number;
  /** Free pages that a VM holds of an owner’s memory, and pages of its own that are resident. */
  free(vm: number, owner: number): number;
  resident(vm: number): number;
  /** By VM, since the beginning. */
  counts(vm: number): BalanceCounts;
}

/** Memory that changed hands: `pages` free pages, from the free ones of `from` to those of `to`. */
export interface Transfer {
  /**
   * borrow: a loan; return: the borrower has no need of it; recall: the owner has; claim: one that has less than its
   * share takes what is free anywhere.
   */
  readonly kind: 'borrow' | 'return' | 'recall' | 'claim';
  readonly from: number;
  readonly to: number;
  readonly pages: number;
}

/** What it took to make a page resident. */
export interface Fault {
  /** Whose memory it came to be in. */
  readonly owner: number;
  /** It was paged out before: read from disk. */
  readonly pageIn: boolean;
  /** The page that was written to disk to make room, or −1. It may be another VM’s that has more than its share. */
  readonly pageOut: number;
  readonly transfers: readonly Transfer[];
}

export interface BalanceOptions {
  /** Pages of memory of each VM. */
  readonly shares: readonly number[];
  /** Thresholds of each VM; null: no balancing. */
  readonly thresholds: readonly Thresholds[] | null;
  /** For each VM the others, preferred first; default: those that follow in number, round. */
  readonly preference?: readonly (readonly number[])[];
}

const NO_COUNTS: Record<keyof BalanceCounts, number> = {
  faults: 0,
  page_ins: 0,
  page_outs: 0,
  borrows: 0,
  borrowed_pages: 0,
  returns: 0,
  recalls: 0,
  claims: 0,
};
const NO_TRANSFERS: readonly Transfer[] = Object.freeze([]);

export function createBalance({ shares, thresholds, preference }: BalanceOptions): Balance {
  const vms = shares.length;
  const prefers =
    preference ?? shares.map((_, vm) => Array.from({ length: vms - 1 }, (_, i) => (vm + 1 + i) % vms));
  // free[vm × vms + owner]
  const free = new Int32Array(vms * vms);
  shares.forEach((share, vm) => {
    free[vm * vms + vm] = share;
  });
  const residents = new Int32Array(vms);
  const counts = Array.from({ length: vms }, () => ({ ...NO_COUNTS }));
  // By page: owner of its memory + 1 (0: not resident), VM, and whether it is on disk.
  let ownerOf = new Int32Array(1024);
  let vmOf = new Int32Array(1024);
  let onDisk = new Uint8Array(1024);
  const clock = createClock(vms);

  const tally = (vm: number, what: keyof BalanceCounts, by = 1): void => {
    counts[vm]![what] += by;
  };
  const freeOf = (vm: number, owner: number): number => free[vm * vms + owner]!;
  const give = (kind: Transfer['kind'], from: number, to: number, owner: number, pages: number): Transfer => {
    free[from * vms + owner]! -= pages;
    free[to * vms + owner]! += pages;
    return { kind, from, to, pages };
  };

  const lends = (vm: number): boolean => freeOf(vm, vm) > thresholds![vm]!.lend_above;

  /** Short of memory of its own, a VM borrows a unit of each that lends and of which it has too little left. */
  const borrow = (vm: number, transfers: Transfer[]): void => {
    if (thresholds === null) return;
    const { borrow_below, keep } = thresholds[vm]!;
    if (freeOf(vm, vm) >= borrow_below) return;
    for (const lender of prefers[vm]!) {
      if (freeOf(vm, lender) >= keep || !lends(lender)) continue;
      const pages = Math.min(thresholds[lender]!.unit, freeOf(lender, lender));
      transfers.push(give('borrow', lender, vm, lender, pages));
      tally(vm, 'borrows');
      tally(vm, 'borrowed_pages', pages);
    }
  };

  /** Before a VM pages anything out, those that hold free pages of its memory give them back. */
  const recall = (vm: number, transfers: Transfer[]): void => {
    if (thresholds === null) return;
    for (let holder = 0; holder < vms; holder++) {
      const pages = holder === vm ? 0 : freeOf(holder, vm);
      if (pages === 0) continue;
      transfers.push(give('recall', holder, vm, vm, pages));
      tally(vm, 'recalls');
    }
  };

  /** Memory that a VM may use: its own first, then by preference. −1: none. */
  const available = (vm: number): number => {
    if (freeOf(vm, vm) > 0) return vm;
    return prefers[vm]!.find((owner) => freeOf(vm, owner) > 0) ?? -1;
  };

  /** A VM that has less than its share takes a unit of free pages from the VM that has most of them. */
  const claim = (vm: number, transfers: Transfer[]): void => {
    let holder = -1;
    let most = 0;
    for (let other = 0; other < vms; other++) {
      let sum = 0;
      for (let owner = 0; owner < vms; owner++) sum += freeOf(other, owner);
      if (sum <= most) continue;
      most = sum;
      holder = other;
    }
    if (holder < 0) return;
    let left = thresholds![vm]!.unit;
    for (let owner = 0; owner < vms && left > 0; owner++) {
      const pages = Math.min(left, freeOf(holder, owner));
      if (pages === 0) continue;
      transfers.push(give('claim', holder, vm, owner, pages));
      left -= pages;
    }
    tally(vm, 'claims');
  };

  /** Whose page goes: its own, or that of the VM most above its share, if this one has less than its share. */
  const loserFor = (vm: number): number => {
    let loser = vm;
    if (thresholds === null || residents[vm]! >= shares[vm]!) return loser;
    let most = 0;
    for (let other = 0; other < vms; other++) {
      const above = residents[other]! - shares[other]!;
      if (above <= most) continue;
      most = above;
      loser = other;
    }
    return loser;
  };

  /** Makes room for a VM. Its share is the limit of a resident set: who is above it gives way to who is below. */
  const pageOut = (vm: number): number => {
    const loser = loserFor(vm);
    const page = clock.victim(loser);
    if (page < 0) throw new RangeError(`virtual machine ${vm} has no memory at all`);
    const owner = ownerOf[page]! - 1;
    ownerOf[page] = 0;
    onDisk[page] = 1;
    residents[loser]!--;
    free[vm * vms + owner]!++;
    tally(loser, 'page_outs');
    return page;
  };

  const fault = (vm: number, page: number): Fault => {
    const transfers: Transfer[] = [];
    borrow(vm, transfers);
    if (available(vm) < 0) recall(vm, transfers);
    if (available(vm) < 0 && thresholds !== null && residents[vm]! < shares[vm]!) claim(vm, transfers);
    const out = available(vm) < 0 ? pageOut(vm) : -1;
    const owner = available(vm);
    free[vm * vms + owner]!--;
    ownerOf[page] = owner + 1;
    vmOf[page] = vm;
    residents[vm]!++;
    clock.add(vm, page);
    const pageIn = onDisk[page] === 1;
    onDisk[page] = 0;
    tally(vm, 'faults');
    if (pageIn) tally(vm, 'page_ins');
    return { owner, pageIn, pageOut: out, transfers };
  };

  /** A borrower that is not short gives back what it has free beyond what it keeps, in units. */
  const giveBack = (vm: number, owner: number): readonly Transfer[] => {
    if (thresholds === null || owner === vm) return NO_TRANSFERS;
    const { borrow_below, keep } = thresholds[vm]!;
    const { unit } = thresholds[owner]!;
    if (freeOf(vm, vm) < borrow_below || freeOf(vm, owner) < keep + unit) return NO_TRANSFERS;
    tally(vm, 'returns');
    return [give('return', vm, owner, owner, unit)];
  };

  return {
    touch: (vm, page) => {
      if (page < ownerOf.length && ownerOf[page] !== 0) {
        clock.reference(page);
        return null;
      }
      if (page >= ownerOf.length) {
        ownerOf = wider(ownerOf, page);
        vmOf = wider(vmOf, page);
        onDisk = wider(onDisk, page);
      }
      return fault(vm, page);
    },
    freed: (page) => {
      if (page >= ownerOf.length) return NO_TRANSFERS;
      onDisk[page] = 0;
      const owner = ownerOf[page]! - 1;
      if (owner < 0) return NO_TRANSFERS;
      const vm = vmOf[page]!;
      ownerOf[page] = 0;
      clock.remove(vm, page);
      residents[vm]!--;
      free[vm * vms + owner]!++;
      return giveBack(vm, owner);
    },
    owner: (page) => (page < ownerOf.length ? ownerOf[page]! - 1 : -1),
    free: freeOf,
    resident: (vm) => residents[vm]!,
    counts: (vm) => ({ ...counts[vm]! }),
  };
}
