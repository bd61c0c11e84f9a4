/**
 * The slow and obvious twin of the replay kernel: one object per line, lists in LRU order, addresses as
 * BigInt, every access done one by one. It shares no code with `src/model`; what it implements is what
 * docs/model.md says.
 */
import type { System } from '../../src/model/systems/schema.ts';

export interface Reference {
  readonly cpu: number;
  /** 0 fetch, 1 load, 2 store, 3 modify. */
  readonly kind: 0 | 1 | 2 | 3;
  /** −1: global. */
  readonly space: number;
  readonly page: number;
  readonly physicalPage: number;
  readonly mapped: boolean;
  readonly offset: number;
  readonly size: number;
}

/** Counts of one CPU, the workload's and the refill handler's apart. */
export interface OracleCounts {
  readonly workload: Record<string, number>;
  readonly refill: Record<string, number>;
}

interface Line {
  address: bigint;
  dirty: boolean;
}

interface Cache {
  readonly ways: number;
  readonly line: number;
  readonly sets: Line[][];
}

interface Geometry {
  readonly size: number;
  readonly ways: number;
  readonly line: number;
}

const makeCache = (geometry: Geometry | null): Cache | null =>
  geometry && {
    ways: geometry.ways,
    line: geometry.line,
    sets: Array.from({ length: geometry.size / geometry.ways / geometry.line }, () => []),
  };

const lineAddress = (cache: Cache, address: bigint): bigint => address / BigInt(cache.line);
const setOf = (cache: Cache, line: bigint): Line[] => cache.sets[Number(line % BigInt(cache.sets.length))]!;

interface Entry {
  space: number;
  pair: number;
  valid: boolean[];
  used: number;
}

export function oracle(system: System, references: readonly Reference[], cpus: number): OracleCounts[] {
  const { machine, os } = system;
  const counts: OracleCounts[] = Array.from({ length: cpus }, () => ({ workload: {}, refill: {} }));
  const l1i = counts.map(() => makeCache(machine.l1i));
  const l1d = counts.map(() => makeCache(machine.l1d));
  const l2 = counts.map(() => makeCache(machine.l2));
  const tlbs = counts.map((): (Entry | null)[] => new Array(machine.tlb?.entries ?? 0).fill(null));
  const randoms = counts.map((_, cpu) => ((machine.tlb?.seed ?? 0) + Math.imul(cpu, 0x9e3779b9)) | 0);
  const homes = new Map<bigint, number>();
  const tables = new Map<string, number>();
  const touched = new Map<string, number>(); // virtual page → physical page in force
  let time = 0;
  let cpu = 0;
  let into: Record<string, number> = {};
  const bump = (name: string, by = 1): void => {
    into[name] = (into[name] ?? 0) + by;
  };
  const names = ['fetch', 'load', 'store'] as const;
  const l1Names = ['l1i_misses', 'l1d_load_misses', 'l1d_store_misses'] as const;
  const nodeOf = (ofCpu: number): number => Math.floor(ofCpu / (cpus / machine.nodes));
  const remote = (address: bigint): boolean => {
    const page = address >> 12n;
    if (!homes.has(page))
      homes.set(
        page,
        // Handlers' own pages are where they are used first.
        machine.placement === 'first-touch' || page >= 2n ** 52n
          ? nodeOf(cpu)
          : Number(page % BigInt(machine.nodes)),
      );
    return homes.get(page) !== nodeOf(cpu);
  };

  /** Removes a line from a cache; the line if it was there. */
  const remove = (cache: Cache, line: bigint): Line | undefined => {
    const set = setOf(cache, line);
    const at = set.findIndex((held) => held.address === line);
    return at < 0 ? undefined : set.splice(at, 1)[0];
  };

  const fromMemory = (address: bigint, kind: number, name: string): void => {
    bump(name);
    if (name !== 'l2_writeback_misses' && machine.nodes > 1 && remote(address))
      bump(`remote_${names[kind]}_misses`);
  };

  const accessL2 = (address: bigint, kind: number, dirty: boolean, missName: string): void => {
    const cache = l2[cpu];
    if (!cache) {
      fromMemory(address, kind, missName);
      return;
    }
    const line = lineAddress(cache, address);
    const set = setOf(cache, line);
    let held = remove(cache, line);
    if (!held) {
      fromMemory(address, kind, missName);
      if (set.length === cache.ways) {
        const victim = set.pop()!;
        let victimDirty = victim.dirty;
        if (machine.l2!.inclusive)
          for (const l1 of [l1i[cpu], l1d[cpu]]) {
            if (!l1) continue;
            const first = victim.address * BigInt(cache.line);
            for (let byte = 0; byte < cache.line; byte += l1.line)
              if (remove(l1, lineAddress(l1, first + BigInt(byte)))?.dirty) victimDirty = true;
          }
        if (victimDirty) bump('l2_writebacks');
      }
      held = { address: line, dirty: false };
    }
    held.dirty ||= dirty;
    set.unshift(held);
  };

  /** One access of a physical byte address that stays in one L1 line. kind 0, 1, 2. */
  const access = (address: bigint, kind: number): void => {
    bump(`${names[kind]}_accesses`);
    const cache = kind === 0 ? l1i[cpu] : l1d[cpu];
    if (!cache) {
      accessL2(address, kind, kind === 2, `l2_${names[kind]}_misses`);
      return;
    }
    const line = lineAddress(cache, address);
    const set = setOf(cache, line);
    let held = remove(cache, line);
    if (!held) {
      bump(l1Names[kind]!);
      accessL2(address, kind, false, `l2_${names[kind]}_misses`);
      held = { address: line, dirty: false };
      const victim = set.length === cache.ways ? set.pop() : undefined;
      if (victim?.dirty) {
        bump('l1_writebacks');
        const victimAddress = victim.address * BigInt(cache.line);
        if (!machine.l2) {
          // straight to memory
        } else if (machine.l2.inclusive) {
          const l2Line = lineAddress(l2[cpu]!, victimAddress);
          const copy = setOf(l2[cpu]!, l2Line).find((l) => l.address === l2Line);
          if (!copy) throw new Error('inclusion broken');
          copy.dirty = true;
        } else if (machine.counting === 'vmtax' || machine.counting === 'dinero')
          accessL2(victimAddress, 2, true, 'l2_writeback_misses');
      }
    }
    held.dirty ||= kind === 2;
    set.unshift(held);
  };

  const pairOf = (page: number): number => (machine.tlb!.pairs ? Math.floor(page / 2) : page);
  const halfOf = (page: number): number => (machine.tlb!.pairs ? page % 2 : 0);

  const synthetic = (region: number, index: number): bigint =>
    (2n ** 52n + BigInt(region) * 2n ** 36n + BigInt(index)) << 12n;
  const tablePage = (space: number, level: number, index: number): bigint => {
    const key = `${space}:${level}:${index}`;
    if (!tables.has(key)) tables.set(key, tables.size);
    return synthetic(2, tables.get(key)!);
  };
  const tableEntry = (space: number, level: number, index: number): bigint =>
    tablePage(space, level, Math.floor(index / 512)) + BigInt((index % 512) * 8);

  /** The refill handler's references: its code lines, then its loads. */
  const refill = (space: number, page: number): void => {
    const outer = into;
    into = counts[cpu]!.refill;
    bump('count');
    const step = machine.l1i?.line ?? machine.l2!.line;
    const fetched: bigint[] = [];
    for (let byte = 0; byte < 128; byte += step) fetched.push(synthetic(0, 0) + BigInt(byte));
    const loads: bigint[] = [];
    const n = os.refill_loads as number;
    for (let at = 0; at < n; at++) {
      const fromEnd = n - 1 - at;
      if (n === 1) loads.push(tableEntry(space, 0, page));
      else if (fromEnd < 2) loads.push(tableEntry(space, 0, page - (page % 2) + 1 - fromEnd));
      else if (at === 0) loads.push(synthetic(1, cpu));
      else loads.push(tableEntry(space, fromEnd - 1, Math.floor(page / 512 ** (fromEnd - 1))));
    }
    for (const address of fetched) access(address, 0);
    for (const address of loads) access(address, 1);
    into = outer;
  };

  const translate = (reference: Reference, page: number, physicalPage: number, kind: number): void => {
    time++;
    if (!machine.tlb || !reference.mapped) return;
    const { space } = reference;
    const entries = tlbs[cpu]!;
    const key = `${space}:${page}`;
    if (touched.has(key) && touched.get(key) !== physicalPage) {
      // The guest changed the mapping: the entry is gone on every CPU.
      for (const tlb of tlbs)
        for (const [slot, entry] of tlb.entries())
          if (entry?.space === space && entry.pair === pairOf(page)) tlb[slot] = null;
      touched.delete(key);
    }
    let entry = entries.find((e) => e !== null && e.space === space && e.pair === pairOf(page));
    if (!entry) {
      bump(`tlb_${names[kind]}_misses`);
      refill(space, page);
      const { wired } = machine.tlb;
      let slot = wired;
      if (machine.tlb.replacement === 'lru') {
        for (let i = wired; i < entries.length; i++) {
          if (entries[i] === null) {
            slot = i;
            break;
          }
          if (entries[i]!.used < entries[slot]!.used) slot = i;
        }
      } else {
        randoms[cpu] = (Math.imul(randoms[cpu]!, 1664525) + 1013904223) | 0;
        slot = wired + Math.floor(((randoms[cpu]! >>> 8) / 2 ** 24) * (entries.length - wired));
      }
      entry = { space, pair: pairOf(page), valid: [false, false], used: time };
      const other = machine.tlb.pairs ? (page % 2 === 0 ? page + 1 : page - 1) : page;
      entry.valid[halfOf(other)] = touched.has(`${space}:${other}`);
      entries[slot] = entry;
    }
    entry.valid[halfOf(page)] = true;
    entry.used = time;
    touched.set(key, physicalPage);
  };

  for (const reference of references) {
    cpu = reference.cpu;
    into = counts[cpu]!.workload;
    const kinds = reference.kind === 3 ? [1, 2] : [reference.kind];
    for (const kind of kinds) {
      const line = (kind === 0 ? machine.l1i : machine.l1d)?.line ?? machine.l2!.line;
      const first = reference.offset - (reference.offset % line);
      for (let byte = first; byte < reference.offset + reference.size; byte += line) {
        translate(reference, reference.page, reference.physicalPage, kind);
        access((BigInt(reference.physicalPage) << 12n) + BigInt(byte), kind);
      }
    }
  }
  return counts;
}
