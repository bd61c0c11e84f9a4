import { wider } from '../../hardware/pages.ts';

/** Mappings by address space, for whoever scans them. */
export interface Mappings {
  /** Address spaces that have mappings, in the order in which they first had one. */
  spaces(): Iterable<number>;
  /** Translation ids of a space by ascending virtual page number. */
  of(space: number): readonly number[];
  virtualPage(id: number): number;
  /** Physical page of a translation. */
  page(id: number): number;
}

export interface MutableMappings extends Mappings {
  /** Global mappings (space −1), which are the kernel’s, are passed over. */
  add(id: number, space: number, virtualPage: number, page: number): void;
  /** The mapping is gone; a space without mappings is forgotten. */
  remove(id: number): void;
}

interface Space {
  readonly ids: number[];
  sorted: boolean;
}

export function createMappings(): MutableMappings {
  const spaces = new Map<number, Space>();
  // By translation: its space + 1 (0: not mapped), virtual and physical page.
  let spaceOf = new Int32Array(1024);
  let virtualPage = new Float64Array(1024);
  let physicalPage = new Int32Array(1024);

  return {
    spaces: () => spaces.keys(),
    of: (space) => {
      const entry = spaces.get(space);
      if (entry === undefined) return [];
      if (!entry.sorted) {
        // Several translations of one virtual page (to other physical pages) follow by id.
        entry.ids.sort((a, b) => virtualPage[a]! - virtualPage[b]! || a - b);
        entry.sorted = true;
      }
      return entry.ids;
    },
    virtualPage: (id) => virtualPage[id]!,
    page: (id) => physicalPage[id]!,
    add: (id, space, virtual, page) => {
      if (id >= spaceOf.length) {
        spaceOf = wider(spaceOf, id);
        virtualPage = wider(virtualPage, id);
        physicalPage = wider(physicalPage, id);
      }
      if (space < 0 || spaceOf[id] !== 0) return;
      spaceOf[id] = space + 1;
      virtualPage[id] = virtual;
      physicalPage[id] = page;
      const entry = spaces.get(space);
      if (entry === undefined) spaces.set(space, { ids: [id], sorted: true });
      else {
        entry.ids.push(id);
        entry.sorted = false;
      }
    },
    remove: (id) => {
      const space = (spaceOf[id] ?? 0) - 1;
      if (space < 0) return;
      spaceOf[id] = 0;
      const { ids } = spaces.get(space)!;
      ids.splice(ids.indexOf(id), 1);
      if (ids.length === 0) spaces.delete(space);
    },
  };
}
