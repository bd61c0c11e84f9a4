/** The slow, obvious twin of the hot-page policy: a log of misses that is read from its beginning every time. */

export interface TwinOptions {
  readonly trigger: number;
  readonly sharing: number;
  readonly write: number;
  readonly migrate: number;
  readonly interval: number;
}

/** Where the copies of the pages are, and what was done. Carries out what a policy decides. */
export function createPlace(nodes: number, pages: number) {
  const copies = Array.from({ length: pages }, (_, page) => new Set([page % nodes]));
  return {
    copies,
    holds: (page: number, node: number): boolean => copies[page]!.has(node),
    replicated: (page: number): boolean => copies[page]!.size > 1,
    move: (page: number, node: number): void => {
      copies[page] = new Set([node]);
    },
    copy: (page: number, node: number): void => {
      copies[page]!.add(node);
    },
    /** Keeps the copy of the lowest node. */
    collapse: (page: number): void => {
      copies[page] = new Set([Math.min(...copies[page]!)]);
    },
  };
}
export type Place = ReturnType<typeof createPlace>;

type Entry =
  | { readonly what: 'miss'; readonly cpu: number; readonly page: number; readonly write: boolean }
  | { readonly what: 'restart' | 'migrate' | 'collapse'; readonly page: number };

export function createTwin(options: TwinOptions, cpus: number, nodes: number, place: Place) {
  let log: Entry[] = [];
  let interval = 0;
  const nodeOf = (cpu: number): number => Math.floor(cpu / (cpus / nodes));

  /** Misses of a page since it last started anew, and everything of it since the last reset. */
  const ofPage = (page: number) => {
    const all = log.filter((entry) => entry.page === page);
    const anew = all.findLastIndex(({ what }) => what !== 'miss');
    const misses = all.slice(anew + 1).flatMap((entry) => (entry.what === 'miss' ? [entry] : []));
    return { all, misses };
  };
  const count = (page: number, what: Entry['what']): number =>
    ofPage(page).all.filter((entry) => entry.what === what).length;

  return {
    miss: (cpu: number, page: number, write: boolean): boolean => {
      log.push({ what: 'miss', cpu, page, write });
      const own = ofPage(page).misses.filter((entry) => entry.cpu === cpu).length;
      return own >= options.trigger && !place.holds(page, nodeOf(cpu));
    },
    decide: (cpu: number, page: number): string => {
      const node = nodeOf(cpu);
      const { all, misses } = ofPage(page);
      const others = Array.from({ length: nodes }, (_, other) =>
        other === node ? 0 : misses.filter((entry) => nodeOf(entry.cpu) === other).length,
      );
      const writes = all.filter((entry) => entry.what === 'miss' && entry.write).length;
      const shared = place.replicated(page) || others.some((n) => n >= options.sharing);
      const collapses = count(page, 'collapse');
      log.push({ what: 'restart', page });
      if (place.holds(page, node)) return 'leave local';
      if (!shared) return count(page, 'migrate') >= options.migrate ? 'leave frozen' : 'migrate private';
      if (writes > options.write) return 'leave write-shared';
      return collapses > 0 && collapses >= options.migrate ? 'leave frozen' : 'replicate read-shared';
    },
    carriedOut: (page: number, what: 'migrate' | 'replicate' | 'collapse'): void => {
      log.push({ what: what === 'replicate' ? 'restart' : what, page });
    },
    advance: (now: number): void => {
      if (Math.floor(now / options.interval) !== interval) log = [];
      interval = Math.floor(now / options.interval);
    },
  };
}
