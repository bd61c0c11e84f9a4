import type { TraceBuilder } from '../builder.ts';
import { GLOBAL, KERNEL } from '../types.ts';
import type { Instance, Layout } from './layout.ts';

/** Which flat pages are mapped to which translations, and which frames hold something. */
export interface Pages {
  /** Translation id of each flat page; −1 where the page was not used yet. */
  readonly ids: Int32Array;
  /** Maps a page at its first use, or returns −1 if the kernel must do something for that first. */
  readonly touch: (flat: number) => number;
  /** Maps a page without more ado. */
  readonly map: (flat: number) => number;
  readonly instanceOf: (flat: number) => Instance;
  /** Translation of the direct kernel page of a flat page's frame. */
  readonly direct: (flat: number) => number;
  /** Whether the frame of a flat page holds what belongs there; `fill` says that now it does. */
  readonly filled: (flat: number) => boolean;
  readonly fill: (flat: number) => void;
  /**
   * Address space of an owner; `renew` gives it another one, with nothing mapped, and calls `freed` with each
   * translation of a page that a fault had given to it alone.
   */
  readonly space: (owner: number) => number;

  readonly renew: (owner: number, freed: (id: number) => void) => void;
}

/** `faults`: whether there is a kernel that maps pages; otherwise any page is mapped at its first use. */
export function createPages(layout: Layout, builder: TraceBuilder, faults: boolean): Pages {
  const { instances } = layout;
  const ids = new Int32Array(layout.flatPages).fill(-1);
  const filled = new Uint8Array(layout.frames);
  for (const { frame, pages, resident } of instances) if (resident) filled.fill(1, frame, frame + pages);
  const spaces = Int32Array.from({ length: layout.owners }, (_, owner) => owner);
  const directs = new Map<number, number>();
  let spaceCount = layout.owners;

  const instanceOf = (flat: number): Instance => {
    let low = 0;
    let high = instances.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (instances[middle]!.first <= flat) low = middle;
      else high = middle - 1;
    }
    return instances[low]!;
  };

  const mapIn = (instance: Instance, flat: number): number => {
    const page = flat - instance.first;
    const physical = layout.physical(instance.frame + page);
    const virtual = instance.virtualPage + (instance.direct ? physical : page);
    const space = instance.owner < 0 ? -1 : spaces[instance.owner]!;
    const id = builder.translate(space, virtual, physical, instance.flags);
    ids[flat] = id;
    return id;
  };

  const frameOf = (flat: number): number => {
    const instance = instanceOf(flat);
    return instance.frame + flat - instance.first;
  };

  return {
    ids,
    touch: (flat) => {
      const instance = instanceOf(flat);
      return faults && instance.fault !== 'none' ? -1 : mapIn(instance, flat);
    },
    map: (flat) => mapIn(instanceOf(flat), flat),
    instanceOf,
    direct: (flat) => {
      const physical = layout.physical(frameOf(flat));
      let id = directs.get(physical);
      if (id === undefined) {
        id = builder.translate(-1, layout.directBase + physical, physical, KERNEL | GLOBAL);
        directs.set(physical, id);
      }
      return id;
    },
    filled: (flat) => filled[frameOf(flat)] === 1,
    fill: (flat) => {
      filled[frameOf(flat)] = 1;
    },
    space: (owner) => spaces[owner]!,
    renew: (owner, freed) => {
      for (const instance of instances) {
        if (instance.owner !== owner) continue;
        for (let page = 0; page < instance.pages; page++) {
          const flat = instance.first + page;
          if (ids[flat]! < 0) continue;
          if (!instance.shared && !instance.resident && instance.fault !== 'none') {
            filled[instance.frame + page] = 0;
            freed(ids[flat]!);
          }
          ids[flat] = -1;
        }
      }
      spaces[owner] = spaceCount++;
    },
  };
}
