import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSharing, type Sharing } from '../../src/model/monitor/sharing.ts';
import { PAGE_CLASSES, type PageClass } from '../../src/model/tally-memory.ts';

const pagesOf = (counts: Partial<Record<PageClass, number>>): Record<PageClass, number> => ({
  ...{ kernel_text: 0, kernel_data: 0, buffer_cache: 0, process_data: 0, monitor: 0 },
  ...counts,
});

describe('kernel text', () => {
  it('of the same recording is one machine page for all virtual machines, until one stores to it', () => {
    const sharing = createSharing();
    // Pages 0, 1, 2: the same physical page of three VMs; 3: another page of VM 0.
    expect(sharing.fetched(0, 700)).toEqual({ effect: 'nothing', machine: 0, before: 0 });
    sharing.touched(1, true);
    expect(sharing.fetched(1, 700)).toEqual({ effect: 'share', machine: 0, before: 1 });
    expect(sharing.fetched(1, 700).effect).toBe('nothing');
    expect(sharing.fetched(2, 700)).toEqual({ effect: 'share', machine: 0, before: 1 });
    expect(sharing.fetched(3, 701).effect).toBe('nothing');
    expect(sharing.users(0)).toBe(3);
    expect(sharing.footprint()).toEqual({
      virtual: pagesOf({ kernel_text: 4 }),
      machine: pagesOf({ kernel_text: 2 }),
    });
    expect(sharing.stored(1)).toMatchObject({ effect: 'copy', before: 0 });
    expect(sharing.watched(1)).toBe(false);
    expect(sharing.stored(1).effect).toBe('nothing');
    // Stored to: no text any more, whatever is fetched.
    expect(sharing.fetched(1, 700).effect).toBe('nothing');
    expect(sharing.footprint().machine).toEqual(pagesOf({ kernel_text: 2, kernel_data: 1 }));
    expect(sharing.stored(2).effect).toBe('copy');
    expect(sharing.stored(0)).toEqual({ effect: 'unprotect', machine: 0, before: 0 });
    expect(sharing.counts()).toEqual({ text_shared: 2, reads_saved: 0, copies: 2, unprotected: 1 });
  });

  it('that was stored to before its first fetch is data; pages of processes are no kernel text', () => {
    const sharing = createSharing();
    sharing.fetched(0, 5);
    sharing.stored(1);
    expect(sharing.fetched(1, 5).effect).toBe('nothing');
    sharing.touched(2, true);
    sharing.touched(2, false);
    expect(sharing.fetched(2, 5).effect).toBe('nothing');
    expect(sharing.footprint().virtual).toEqual(pagesOf({ kernel_text: 1, kernel_data: 1, process_data: 1 }));
  });
});

describe('buffer cache', () => {
  it('a block that another virtual machine read needs no disk and no second page', () => {
    const sharing = createSharing();
    expect(sharing.resident(42)).toBe(false);
    expect(sharing.mapped(0, 42, true)).toEqual({ effect: 'nothing', machine: 0, before: -1 });
    expect(sharing.resident(42)).toBe(true);
    expect(sharing.mapped(1, 42, false)).toEqual({ effect: 'share', machine: 0, before: -1 });
    expect(sharing.mapped(1, 42, false)).toEqual({ effect: 'nothing', machine: 0, before: 0 });
    expect(sharing.footprint()).toEqual({
      virtual: pagesOf({ buffer_cache: 2 }),
      machine: pagesOf({ buffer_cache: 1 }),
    });
    sharing.freed(0);
    expect(sharing.resident(42)).toBe(true);
    // The last one who has it writes: the disk’s content is nowhere any more.
    expect(sharing.stored(1).effect).toBe('unprotect');
    expect(sharing.resident(42)).toBe(false);
    expect(sharing.mapped(0, 42, true)).toMatchObject({ effect: 'nothing', before: -1 });
    expect(sharing.counts().reads_saved).toBe(2);
  });

  it('a page that is zeroed or freed lets go of what it shared', () => {
    const sharing = createSharing();
    for (const page of [0, 1, 2]) sharing.mapped(page, 7, false);
    expect(sharing.mapped(1, -1, false)).toMatchObject({ effect: 'nothing', before: 0 });
    expect(sharing.machine(1)).not.toBe(0);
    expect(sharing.watched(1)).toBe(false);
    sharing.freed(2);
    expect(sharing.machine(2)).toBe(-1);
    expect(sharing.users(0)).toBe(1);
    expect(sharing.footprint().virtual).toEqual(pagesOf({ buffer_cache: 1, process_data: 1 }));
    sharing.freed(0);
    expect(sharing.resident(7)).toBe(false);
  });
});

it('footprints over time, with the monitor’s own pages in both', () => {
  const sharing = createSharing();
  sharing.monitor(18);
  sharing.sample(0);
  sharing.mapped(0, 1, false);
  sharing.mapped(1, 1, false);
  sharing.sample(1000);
  expect(sharing.samples()).toEqual([
    { instructions: 0, virtual: pagesOf({ monitor: 18 }), machine: pagesOf({ monitor: 18 }) },
    {
      instructions: 1000,
      virtual: pagesOf({ buffer_cache: 2, monitor: 18 }),
      machine: pagesOf({ buffer_cache: 1, monitor: 18 }),
    },
  ]);
});

/** The slow twin: what each page holds, as text; machine pages are counted as distinct texts. */
function createTwin() {
  const pages = new Map<number, { as: PageClass; holds: string; dirty: boolean }>();
  let unique = 0;
  const own = () => `own ${unique++}`;
  const shared = (holds: string) => [...pages.values()].filter((page) => page.holds === holds).length;
  const touched = (page: number, kernel: boolean) => {
    const entry = pages.get(page);
    if (!entry) pages.set(page, { as: kernel ? 'kernel_data' : 'process_data', holds: own(), dirty: false });
    else if (!kernel && entry.as === 'kernel_data') entry.as = 'process_data';
  };
  return {
    pages,
    touched,
    fetched: (page: number, text: number): string => {
      touched(page, true);
      const entry = pages.get(page)!;
      if (entry.as !== 'kernel_data' || entry.dirty) return 'nothing';
      const effect = shared(`text ${text}`) > 0 ? 'share' : 'nothing';
      Object.assign(entry, { as: 'kernel_text', holds: `text ${text}` });
      return effect;
    },
    stored: (page: number): string => {
      touched(page, true);
      const entry = pages.get(page)!;
      entry.dirty = true;
      if (entry.holds.startsWith('own')) return 'nothing';
      const effect = shared(entry.holds) > 1 ? 'copy' : 'unprotect';
      entry.holds = own();
      if (entry.as === 'kernel_text') entry.as = 'kernel_data';
      return effect;
    },
    mapped: (page: number, block: number, kernel: boolean): string => {
      const before = pages.get(page)?.holds;
      pages.delete(page);
      const holds = `block ${block}`;
      const effect = block >= 0 && before !== holds && shared(holds) > 0 ? 'share' : 'nothing';
      if (block >= 0) pages.set(page, { as: 'buffer_cache', holds, dirty: false });
      else pages.set(page, { as: kernel ? 'kernel_data' : 'process_data', holds: own(), dirty: true });
      return effect;
    },
    freed: (page: number) => {
      pages.delete(page);
    },
    footprint: () => {
      const virtual = pagesOf({});
      const machine = pagesOf({});
      const seen = new Set<string>();
      for (const { as, holds } of pages.values()) {
        virtual[as]++;
        if (!seen.has(holds)) machine[as]++;
        seen.add(holds);
      }
      return { virtual, machine };
    },
  };
}

function check(sharing: Sharing, twin: ReturnType<typeof createTwin>, pageCount: number) {
  expect(sharing.footprint()).toEqual(twin.footprint());
  const users = new Map<number, number[]>();
  for (let page = 0; page < pageCount; page++) {
    const machine = sharing.machine(page);
    expect(machine >= 0).toBe(twin.pages.has(page));
    if (machine < 0) continue;
    users.set(machine, [...(users.get(machine) ?? []), page]);
    expect(sharing.watched(page)).toBe(!twin.pages.get(page)!.dirty);
  }
  // Mapped pages are exactly those that hold the same; duplicates are the whole difference.
  let duplicates = 0;
  for (const [machine, pages] of users) {
    expect(sharing.users(machine)).toBe(pages.length);
    expect(new Set(pages.map((page) => twin.pages.get(page)!.holds)).size).toBe(1);
    duplicates += pages.length - 1;
  }
  const { virtual, machine } = sharing.footprint();
  const sum = (of: Record<PageClass, number>) => PAGE_CLASSES.reduce((total, name) => total + of[name], 0);
  expect(sum(machine)).toBe(sum(virtual) - duplicates);
}

it('shares as its slow twin, and no machine page is freed while it is mapped', () => {
  const page = fc.nat(11);
  const identity = fc.nat(3);
  const step = fc.oneof(
    fc.tuple(fc.constant('touched' as const), page, fc.constant(0), fc.boolean()),
    fc.tuple(fc.constantFrom('fetched', 'stored', 'freed'), page, identity, fc.constant(true)),
    fc.tuple(fc.constant('mapped' as const), page, fc.integer({ min: -1, max: 3 }), fc.boolean()),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const sharing = createSharing();
      const twin = createTwin();
      for (const [what, which, identityOf, kernel] of steps) {
        switch (what) {
          case 'touched':
            sharing.touched(which, kernel);
            twin.touched(which, kernel);
            break;
          case 'fetched':
            expect(sharing.fetched(which, identityOf).effect).toBe(twin.fetched(which, identityOf));
            break;
          case 'stored':
            expect(sharing.stored(which).effect).toBe(twin.stored(which));
            break;
          case 'freed':
            sharing.freed(which);
            twin.freed(which);
            break;
          case 'mapped':
            expect(sharing.mapped(which, identityOf, kernel).effect).toBe(
              twin.mapped(which, identityOf, kernel),
            );
        }
        for (const block of [0, 1, 2, 3])
          expect(sharing.resident(block)).toBe(
            [...twin.pages.values()].some(({ holds }) => holds === `block ${block}`),
          );
      }
      check(sharing, twin, 12);
    }),
    { numRuns: 300, seed: 11 },
  );
});

it('many pages, one content', () => {
  const sharing = createSharing();
  for (let page = 0; page < 5000; page++) sharing.mapped(page * 3, page % 100, false);
  expect(sharing.footprint().machine.buffer_cache).toBe(100);
  expect(sharing.footprint().virtual.buffer_cache).toBe(5000);
  for (let page = 0; page < 5000; page++) sharing.stored(page * 3);
  expect(sharing.footprint().machine.buffer_cache).toBe(5000);
  expect(sharing.counts()).toMatchObject({ reads_saved: 4900, copies: 4900, unprotected: 100 });
});
