/**
 * What the slow simulators of coherence (`directory-oracle.ts`, `snooping-oracle.ts`) are made of: caches as
 * lists of line objects, the pieces of a reference, homes of pages, and why a CPU no longer has a line.
 * Nothing here comes from `src/model` but the shape of a system; what it implements is docs/coherence.md.
 */
import type { System } from '../../src/model/systems/schema.ts';
import type { Reference } from './oracle.ts';

type Machine = System['machine'];

/** What a simulation counted: by CPU the workload's counters, and what is left at the end. */
export interface CoherenceCounts {
  readonly rows: readonly Record<string, number>[];
  readonly lostLines: readonly number[];
  readonly dirtyL1Lines: number;
  readonly dirtyL2Lines: number;
}

export const KIND_NAMES = ['fetch', 'load', 'store'] as const;
export const L1_MISSES = ['l1i_misses', 'l1d_load_misses', 'l1d_store_misses'] as const;

export function check(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(`broken invariant: ${what()}`);
}

export interface Line {
  /** Byte address ÷ line size. */
  readonly number: bigint;
  dirty: boolean;
}

/** A line with the versions of its parts; a part is as long as the shortest line of the machine. */
export interface DataLine extends Line {
  readonly versions: number[];
}

/** A line of the L2, and with it of the CPU's hierarchy. */
export interface HeldLine extends DataLine {
  state: 'M' | 'E' | 'S';
}

/** Sets of lines, the most recently used first. */
export interface Cache<L extends Line> {
  readonly ways: number;
  readonly line: number;
  readonly sets: L[][];
}

export function makeCache<L extends Line>(geometry: { size: number; ways: number; line: number }): Cache<L> {
  const { size, ways, line } = geometry;
  return { ways, line, sets: Array.from({ length: size / ways / line }, () => []) };
}

export const numberOf = (cache: Cache<Line>, address: bigint): bigint => address / BigInt(cache.line);

const setOf = <L extends Line>(cache: Cache<L>, number: bigint): L[] =>
  cache.sets[Number(number % BigInt(cache.sets.length))]!;

/** The line, left where it is. */
export const find = <L extends Line>(cache: Cache<L>, number: bigint): L | undefined =>
  setOf(cache, number).find((line) => line.number === number);

/** The line, taken out. */
export function take<L extends Line>(cache: Cache<L>, number: bigint): L | undefined {
  const set = setOf(cache, number);
  const at = set.findIndex((line) => line.number === number);
  return at < 0 ? undefined : set.splice(at, 1)[0];
}

/** Puts a line in front; the line that has to go for it. */
export function put<L extends Line>(cache: Cache<L>, line: L): L | undefined {
  const set = setOf(cache, line.number);
  const victim = set.length === cache.ways ? set.pop() : undefined;
  set.unshift(line);
  return victim;
}

export const allLines = <L extends Line>(cache: Cache<L>): L[] => cache.sets.flat();

export const dirtyLines = (caches: readonly (Cache<Line> | null)[]): number =>
  caches.flatMap((cache) => (cache ? allLines(cache) : [])).filter((line) => line.dirty).length;

/** One access: the part of a reference, or of one half of a modify, that is in one line of the L1. */
export interface Piece {
  readonly cpu: number;
  /** 0 fetch, 1 load, 2 store. */
  readonly kind: 0 | 1 | 2;
  /** First byte and the byte after the last. */
  readonly from: bigint;
  readonly to: bigint;
}

export function* piecesOf(machine: Machine, reference: Reference): Generator<Piece> {
  const first = (BigInt(reference.physicalPage) << 12n) + BigInt(reference.offset);
  const end = first + BigInt(reference.size);
  for (const kind of reference.kind === 3 ? ([1, 2] as const) : [reference.kind]) {
    const line = BigInt((kind === 0 ? machine.l1i : machine.l1d)?.line ?? machine.l2!.line);
    for (let from = first; from < end; ) {
      const next = (from / line + 1n) * line;
      const to = next < end ? next : end;
      yield { cpu: reference.cpu, kind, from, to };
      from = to;
    }
  }
}

/** The caches of one CPU. */
export interface Hierarchy {
  readonly l1i: Cache<DataLine> | null;
  readonly l1d: Cache<DataLine> | null;
  readonly l2: Cache<HeldLine>;
}

/** What the directory knows of a line. */
export interface Entry {
  readonly sharers: Set<number>;
  owner: number | null;
}

/** Where an oracle counts, and who is told of what. */
export interface EngineHooks {
  /** The row in which `cpu` counts now. */
  readonly row: (cpu: number) => Record<string, number>;
  /** An L2 miss or (a write) an upgrade of `cpu`, on the line of an address. */
  readonly missed: (cpu: number, address: bigint, write: boolean) => void;
}

/** So many numbers from the first on. */
export function countFrom(first: bigint, length: number): bigint[] {
  const numbers: bigint[] = [];
  for (let i = 0; i < length; i++) numbers.push(first + BigInt(i));
  return numbers;
}

/** Which node a CPU and a page are on. */
export function createHomes(machine: Machine, cpus: number) {
  const homes = new Map<bigint, number>();
  const nodeOf = (cpu: number): number => Math.floor(cpu / (cpus / machine.nodes));
  return {
    nodeOf,
    /** Puts a page on a node before anyone misses on it. */
    place: (page: bigint, node: number): void => void homes.set(page, node),
    of: (page: bigint): number | undefined => homes.get(page),
    /** A miss of a CPU goes to memory, or to the home of the page at least. */
    missed: (cpu: number, address: bigint): void => {
      const page = address >> 12n;
      if (homes.has(page)) return;
      if (machine.placement === 'first-touch') homes.set(page, nodeOf(cpu));
      else if (machine.placement === 'round-robin') homes.set(page, Number(page % BigInt(machine.nodes)));
      else if (machine.placement === 'fixed') homes.set(page, machine.placement_node);
      else throw new Error(`no oracle of placement ${machine.placement}`);
    },
    isRemote: (cpu: number, address: bigint): boolean => {
      const home = homes.get(address >> 12n);
      check(home !== undefined, () => `page ${address >> 12n} has no home`);
      return home !== nodeOf(cpu);
    },
  };
}

/** First and last granule of a line that bytes `from` to `to` (excluded) touch. */
function granules(lineBytes: number, number: bigint, from: bigint, to: bigint): [number, number] {
  const size = BigInt(lineBytes > 128 ? lineBytes / 128 : 1);
  const start = number * BigInt(lineBytes);
  check(from >= start && to <= start + BigInt(lineBytes), () => `an access that leaves line ${number}`);
  return [Number((from - start) / size), Number((to - 1n - start) / size)];
}

/** `here`; `let go` by its own cache; `moved` with its page; or lost to a store: the granules stored to since. */
type Fate = 'here' | 'let go' | 'moved' | Set<number>;

/** What became of each line that each CPU ever had: where the classes of misses come from. */
export function createFates(lineBytes: number) {
  const lines = new Map<bigint, Map<number, Fate>>();
  const fatesOf = (number: bigint): Map<number, Fate> => {
    const fates = lines.get(number) ?? new Map<number, Fate>();
    lines.set(number, fates);
    return fates;
  };
  return {
    isHere: (cpu: number, number: bigint): boolean => lines.get(number)?.get(cpu) === 'here',
    /** The counter of the class of a miss by an access to bytes `from` to `to`. */
    classOf: (cpu: number, number: bigint, from: bigint, to: bigint): string => {
      const fate = fatesOf(number).get(cpu);
      check(fate !== 'here', () => `CPU ${cpu} misses on line ${number}, which it has`);
      if (fate === undefined) return 'cold_misses';
      if (fate === 'moved') return 'moved_misses';
      if (fate === 'let go' || fate === 'here') return 'capacity_misses';
      const [first, last] = granules(lineBytes, number, from, to);
      for (let granule = first; granule <= last; granule++)
        if (fate.has(granule)) return 'true_sharing_misses';
      return 'false_sharing_misses';
    },
    got: (cpu: number, number: bigint): void => void fatesOf(number).set(cpu, 'here'),
    letGo: (cpu: number, number: bigint): void => void fatesOf(number).set(cpu, 'let go'),
    lost: (cpu: number, number: bigint): void => void fatesOf(number).set(cpu, new Set()),
    /** For a CPU the contents of a line are another line's from now on. It may have them there: it made the copy. */
    moved: (cpu: number, from: bigint, to: bigint): void => {
      const fate = fatesOf(from).get(cpu);
      fatesOf(from).delete(cpu);
      if (fate === undefined || fatesOf(to).get(cpu) === 'here') return;
      fatesOf(to).set(cpu, fate === 'here' ? 'moved' : fate);
    },
    /** Bytes `from` to `to` have been stored to: after the losses that the store itself made. */
    stored: (number: bigint, from: bigint, to: bigint): void => {
      const [first, last] = granules(lineBytes, number, from, to);
      for (const fate of fatesOf(number).values())
        if (typeof fate !== 'string') for (let granule = first; granule <= last; granule++) fate.add(granule);
    },
  };
}
