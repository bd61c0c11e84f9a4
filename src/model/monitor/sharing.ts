import { wider } from '../hardware/pages.ts';
import { type Footprint, PAGE_CLASSES, type PageClass, type SharingCounts } from '../tally-memory.ts';

/**
 * Transparent sharing of memory between virtual machines, and the accounts of it (Disco, SOSP’97, sections 4.2.5
 * and 5.3). A *page* is a dense id of one VM’s physical page; the module numbers *machine pages* (densely; numbers of
 * freed ones are used again). Pages with the same known content are one machine page, write-protected, until a store
 * or a new use separates them. Content is known of
 * - kernel text: fetched from in kernel mode and not stored to; identity: the recorded kernel and its page number,
 * - the buffer cache: read from a disk block, or remapped from who has read it, and not stored to; identity: the block.
 * No time and no price: what a copy or a saved disk request is worth is for others to say.
 */
export interface Sharing {
  /**
   * A page is used, by the guest’s kernel or by a process: it has a machine page from now on. Once used by a process
   * it is process data. To be called at the first use of each translation; more often does no harm.
   */
  touched(page: number, kernel: boolean): void;
  /**
   * An instruction was fetched from the page in kernel mode. `text`: which page of which recorded kernel. To be
   * called at the first fetch; more often does no harm.
   */
  fetched(page: number, text: number): Change;
  /** A store; to be called where `watched` says so. */
  stored(page: number): Change;
  /** Whether the next store to the page has to be told: nothing was stored since it came into use. */
  watched(page: number): boolean;
  /** The page got new content: `block` of a disk, or −1 for zeroes. `kernel`: it is not for a process. */
  mapped(page: number, block: number, kernel: boolean): Change;
  /**
   * The page came over the network and is of the buffer cache: the page of that disk block remapped, or (−1) a copy,
   * which is nobody else’s.
   */
  received(page: number, block: number): Change;
  /** The guest has no use for the page any more. */
  freed(page: number): void;
  /** Whether the content of a disk block is in memory, so that a read of it needs no disk request. */
  resident(block: number): boolean;
  /** Machine page of a page; −1 if it has none. */
  machine(page: number): number;
  /** Pages that are this machine page. */
  users(machine: number): number;
  /** Pages that the monitor itself takes; replaces the number given before. */
  monitor(pages: number): void;
  footprint(): Footprint;
  /** Keeps the footprint of this moment (`instructions` so far) for `samples`. */
  sample(instructions: number): void;
  samples(): readonly (Footprint & { readonly instructions: number })[];
  /** Since the beginning. */
  counts(): SharingCounts;
}

/** What the machine must do: nothing; map the page to a machine page that others have too; copy a shared page; or
 * make a page writable that nobody else has any more. */
export type Effect = 'nothing' | 'share' | 'copy' | 'unprotect';

export interface Change {
  readonly effect: Effect;
  /** Machine page from now on, and before (−1: none). */
  readonly machine: number;
  readonly before: number;
}

const NONE = -1;
const TEXT = 0;
const DATA = 1;
const CACHE = 2;
const PROCESS = 3;
const MONITOR = 4;

const named = (counts: Int32Array): Record<PageClass, number> =>
  Object.fromEntries(PAGE_CLASSES.map((name, i) => [name, counts[i]!])) as Record<PageClass, number>;

/** `enabled` false: accounts alone, in which no page is another’s. */
export function createSharing(enabled = true): Sharing {
  // By page: machine page + 1 (0: none), class, whether stored to.
  let machineOf = new Int32Array(1024);
  let classOf = new Uint8Array(1024);
  let dirty = new Uint8Array(1024);
  // By machine page: users, class, and the content it is known by (−1: none).
  let users = new Int32Array(1024);
  let machineClass = new Uint8Array(1024);
  let content = new Float64Array(1024).fill(NONE);
  let machines = 0;
  const free: number[] = [];
  // Machine page of each known content. A machine page is in one of them at most: text or block, by its class.
  const texts = new Map<number, number>();
  const blocks = new Map<number, number>();
  const virtual = new Int32Array(PAGE_CLASSES.length);
  const machine = new Int32Array(PAGE_CLASSES.length);
  const sampled: (Footprint & { readonly instructions: number })[] = [];
  let textShared = 0;
  let readsSaved = 0;
  let copies = 0;
  let unprotected = 0;

  const reserve = (page: number): void => {
    if (page < machineOf.length) return;
    machineOf = wider(machineOf, page);
    classOf = wider(classOf, page);
    dirty = wider(dirty, page);
  };

  const allocate = (): number => {
    const id = free.pop() ?? machines++;
    if (id >= users.length) {
      users = wider(users, id);
      machineClass = wider(machineClass, id);
      content = wider(content, id, NONE);
    }
    return id;
  };

  const forget = (id: number): void => {
    if (content[id] === NONE) return;
    (machineClass[id] === TEXT ? texts : blocks).delete(content[id]!);
    content[id] = NONE;
  };

  const know = (id: number, by: Map<number, number>, what: number): void => {
    if (!enabled) return;
    by.set(what, id);
    content[id] = what;
  };

  const enter = (page: number, id: number, as: number): void => {
    machineOf[page] = id + 1;
    classOf[page] = as;
    virtual[as]!++;
    if (users[id]!++ === 0) {
      machineClass[id] = as;
      machine[as]!++;
    }
  };

  /** The page lets go of its machine page; gives it, or −1. */
  const leave = (page: number): number => {
    const id = machineOf[page]! - 1;
    if (id < 0) return NONE;
    machineOf[page] = 0;
    virtual[classOf[page]!]!--;
    if (--users[id]! === 0) {
      machine[machineClass[id]!]!--;
      forget(id);
      free.push(id);
    }
    return id;
  };

  /** Another class for a page that has its machine page to itself, whose content is known by nothing. */
  const reclass = (page: number, as: number): void => {
    virtual[classOf[page]!]!--;
    machine[classOf[page]!]!--;
    classOf[page] = as;
    machineClass[machineOf[page]! - 1] = as;
    virtual[as]!++;
    machine[as]!++;
  };

  const change = (effect: Effect, now: number, before: number): Change => ({ effect, machine: now, before });
  const nothing = (page: number): Change => change('nothing', machineOf[page]! - 1, machineOf[page]! - 1);

  const touched = (page: number, kernel: boolean): void => {
    reserve(page);
    if (machineOf[page] === 0) {
      dirty[page] = 0;
      enter(page, allocate(), kernel ? DATA : PROCESS);
    } else if (!kernel && classOf[page] === DATA) reclass(page, PROCESS);
  };

  const share = (page: number, id: number, as: number): Change => {
    const before = leave(page);
    enter(page, id, as);
    return change('share', id, before);
  };

  const read = (page: number, block: number): Change => {
    const before = machineOf[page]! - 1;
    const there = blocks.get(block);
    dirty[page] = 0;
    if (there !== undefined) {
      return there === before ? nothing(page) : share(page, there, CACHE);
    }
    leave(page);
    const id = allocate();
    enter(page, id, CACHE);
    if (block >= 0) know(id, blocks, block);
    return change('nothing', id, before);
  };

  const footprint = (): Footprint => ({ virtual: named(virtual), machine: named(machine) });

  return {
    touched,
    fetched: (page, text) => {
      touched(page, true);
      if (classOf[page] !== DATA || dirty[page] === 1) return nothing(page);
      const there = texts.get(text);
      if (there !== undefined) {
        textShared++;
        return share(page, there, TEXT);
      }
      reclass(page, TEXT);
      know(machineOf[page]! - 1, texts, text);
      return nothing(page);
    },
    stored: (page) => {
      reserve(page);
      if (machineOf[page] === 0) touched(page, true);
      if (dirty[page] === 1) return nothing(page);
      dirty[page] = 1;
      const before = machineOf[page]! - 1;
      if (content[before] === NONE) {
        if (classOf[page] === TEXT) reclass(page, DATA);
        return nothing(page);
      }
      const as = classOf[page] === TEXT ? DATA : classOf[page]!;
      if (users[before] === 1) {
        unprotected++;
        forget(before);
        reclass(page, as);
        return change('unprotect', before, before);
      }
      copies++;
      leave(page);
      const id = allocate();
      enter(page, id, as);
      return change('copy', id, before);
    },
    watched: (page) => page >= dirty.length || machineOf[page] === 0 || dirty[page] === 0,
    mapped: (page, block, kernel) => {
      reserve(page);
      if (block >= 0) {
        if (blocks.has(block)) readsSaved++;
        return read(page, block);
      }
      const before = leave(page);
      const id = allocate();
      enter(page, id, kernel ? DATA : PROCESS);
      dirty[page] = 1;
      return change('nothing', id, before);
    },
    received: (page, block) => {
      reserve(page);
      return read(page, block);
    },
    freed: (page) => {
      if (page < machineOf.length) leave(page);
    },
    resident: (block) => blocks.has(block),
    machine: (page) => (page < machineOf.length ? machineOf[page]! - 1 : NONE),
    users: (id) => (id < machines ? users[id]! : 0),
    monitor: (pages) => {
      virtual[MONITOR] = pages;
      machine[MONITOR] = pages;
    },
    footprint,
    sample: (instructions) => {
      sampled.push({ instructions, ...footprint() });
    },
    samples: () => sampled,
    counts: () => ({ text_shared: textShared, reads_saved: readsSaved, copies, unprotected }),
  };
}
