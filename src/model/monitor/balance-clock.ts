import { wider } from '../hardware/pages.ts';

/**
 * Second-chance FIFO over the resident pages of each virtual machine: the oldest page goes, unless it was used since
 * it was looked at last; then it becomes the newest. Doubly linked lists in columns by page.
 */
export interface Clock {
  /** A page becomes resident, not yet used again. */
  add(vm: number, page: number): void;
  remove(vm: number, page: number): void;
  /** A resident page was used. */
  reference(page: number): void;
  /** Removes and gives the page of `vm` that goes; −1: there is none. */
  victim(vm: number): number;
}

const NONE = -1;

export function createClock(vms: number): Clock {
  const oldest = new Int32Array(vms).fill(NONE);
  const newest = new Int32Array(vms).fill(NONE);
  // By page.
  let older = new Int32Array(1024);
  let newer = new Int32Array(1024);
  let used = new Uint8Array(1024);

  const append = (vm: number, page: number): void => {
    const last = newest[vm]!;
    older[page] = last;
    newer[page] = NONE;
    if (last === NONE) oldest[vm] = page;
    else newer[last] = page;
    newest[vm] = page;
  };

  const remove = (vm: number, page: number): void => {
    const before = older[page]!;
    const after = newer[page]!;
    if (before === NONE) oldest[vm] = after;
    else newer[before] = after;
    if (after === NONE) newest[vm] = before;
    else older[after] = before;
  };

  return {
    add: (vm, page) => {
      if (page >= older.length) {
        older = wider(older, page);
        newer = wider(newer, page);
        used = wider(used, page);
      }
      used[page] = 0;
      append(vm, page);
    },
    remove,
    reference: (page) => {
      used[page] = 1;
    },
    victim: (vm) => {
      let page = oldest[vm]!;
      while (page !== NONE) {
        remove(vm, page);
        if (used[page] === 0) break;
        used[page] = 0;
        append(vm, page);
        page = oldest[vm]!;
      }
      return page;
    },
  };
}
