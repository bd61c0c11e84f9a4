import type { Directory } from './directory.ts';

/**
 * Where physical pages are: a machine page each, which may differ from node to node (replicas). Machine pages
 * are numbered like physical pages, and a physical page is on the machine page of its own number unless told
 * otherwise; it must keep its cache colour. Who calls these does the copying and takes the TLB entries away.
 */
export interface MachinePages {
  /** The machine page that CPUs of `node` use for a physical page. */
  of(physical: number, node: number): number;
  /** Node of a machine page; 255 if nobody has missed on it yet. */
  home(machine: number): number;
  /** Puts a machine page on a node. */
  place(machine: number, node: number): void;
  /**
   * From now on CPUs of `node` (−1: of all nodes) use `to` for the physical page, in place of `from`, whose lines
   * leave their caches. What is known of their losses goes with them. `stays`: other physical pages stay on `from`,
   * which is guarded: then its lines leave the L1s only, and these only under names of this page.
   */
  remap(physical: number, node: number, from: number, to: number, stays?: boolean): void;
  /** Stores to the physical page call `onGuarded` first, or no longer. Nobody has it writable afterwards. */
  guard(physical: number, on: boolean): void;
  guarded(physical: number): boolean;
  /** Translations of a physical page that have missed so far. */
  translations(physical: number): number[];
  /** A machine page is free: nothing is known of it any more. No cache may have lines of it. */
  forget(machine: number): void;
}

/** What machine pages are to the kernel whose pages they are. Tables that grow are asked for when needed. */
export interface MachinePagesParts {
  readonly cpus: number;
  /** Lines of the directory in a page. */
  readonly linesPerPage: number;
  readonly directory: Directory;
  /** By node and translation: machine page << 1 | 1 if others of it have missed too; −1: not yet. */
  readonly framesOf: readonly Int32Array[];
  /** By node and physical page: its machine page + 1; 0: its own number's. */
  readonly machineOf: readonly Int32Array[];
  /** By machine page: the first translation that missed << 1 | 1 if there are more; −1: none. */
  readonly owners: () => Int32Array;
  /** By machine page: its node. */
  readonly homes: () => Uint8Array;
  /** Translations of a physical page that have missed so far. */
  readonly translations: (physical: number) => number[];
  readonly guarded: (physical: number) => boolean;
  readonly guard: (physical: number, on: boolean) => void;
  /** Takes a line from a CPU's caches; `lose`: altogether, else it stays there, shared and clean. 0: it had none. */
  readonly take: (cpu: number, line: number, lose: boolean) => number;
  /** Lines leave the L1s of a node's CPUs (−1: all) where they have names of a physical page. */
  readonly unname: (physical: number, node: number) => void;
  /** Stores to a line must be told from now on. */
  readonly watch: (line: number) => void;
}

/** A machine page on no node yet, as in the kernel. */
const NOWHERE = 255;

/**
 * The kernel's machine pages, apart from the kernel: no reference comes this way, only what moves pages. Their tables
 * stay the kernel's own, as the path of a miss reads them.
 */
export function createMachinePages(parts: MachinePagesParts): MachinePages {
  const { cpus, linesPerPage, directory, framesOf, machineOf } = parts;
  const { owners, homes, translations, take, unname, watch } = parts;
  const views = framesOf.length;

  const of = (physical: number, node: number): number => (machineOf[node]![physical]! || physical + 1) - 1;

  /** Nobody may write lines of a machine page without asking: they stay where they are, clean and shared. */
  const protect = (page: number): void => {
    for (let line = page * linesPerPage; line < (page + 1) * linesPerPage; line++) {
      for (const sharer of directory.sharers(line)) take(sharer, line, false);
      directory.disown(line);
    }
  };

  const remap = (physical: number, node: number, from: number, to: number, stays = false): void => {
    if (stays) unname(physical, node);
    // The translation by which its lines are looked for may be one that leaves: then it must not be asked for by name.
    const owner = owners()[from]!;
    if (owner >= 0) owners()[from] = owner | 1;
    // The CPUs of a node are neighbours.
    const first = node < 0 ? 0 : node * (cpus / views);
    const last = node < 0 ? cpus : first + cpus / views;
    for (let i = 0; i < linesPerPage; i++) {
      const line = from * linesPerPage + i;
      const next = to * linesPerPage + i;
      directory.divert(line, next, first, last, stays);
      if (directory.watched(next)) watch(next);
    }
    const ids = translations(physical);
    for (let view = 0; view < views; view++) {
      if (node >= 0 && view !== node) continue;
      machineOf[view]![physical] = to + 1;
      for (const id of ids) framesOf[view]![id] = -1;
    }
  };

  return {
    of,
    home: (page) => homes()[page]!,
    place: (page, node) => {
      homes()[page] = node;
    },
    remap,
    guard: (physical, on) => {
      parts.guard(physical, on);
      if (!on) return;
      for (let view = 0; view < views; view++) {
        const page = of(physical, view);
        if (view === 0 || page !== of(physical, view - 1)) protect(page);
      }
    },
    guarded: parts.guarded,
    translations,
    forget: (page) => {
      for (let i = 0; i < linesPerPage; i++) directory.clear(page * linesPerPage + i);
      // The page's own alias, by which it is written as a copy, meets it anew.
      for (const id of translations(page))
        for (const view of framesOf) if (view[id]! >>> 1 === page) view[id] = -1;
      owners()[page] = -1;
      homes()[page] = NOWHERE;
    },
  };
}
