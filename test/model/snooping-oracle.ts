/**
 * The slow and obvious twin of rule `drcachesim` of docs/coherence.md: MSI among the L1Ds alone, over any L2
 * that is not inclusive, of each CPU or of all. Written as `directory-oracle.ts` is, and checked as it is: by
 * versions of lines and by what must hold of a line, after every reference. What lies beyond the L1Ds is one
 * memory as far as versions go; L2s only count.
 */
import type { System } from '../../src/model/systems/schema.ts';
import type { Reference } from './oracle.ts';
import {
  type Cache,
  type CoherenceCounts,
  check,
  createFates,
  createHomes,
  dirtyLines,
  find,
  KIND_NAMES,
  L1_MISSES,
  type Line,
  makeCache,
  numberOf,
  type Piece,
  piecesOf,
  put,
  take,
} from './oracle-caches.ts';

interface DataLine extends Line {
  state: 'M' | 'S';
  /** Number of the last store that this copy has seen. */
  version: number;
}

export function snoopingOracle(
  system: System,
  references: readonly Reference[],
  cpus: number,
): CoherenceCounts {
  const { machine } = system;
  check(machine.tlb === null && machine.l1d !== null && !machine.l2?.inclusive, () => 'a machine for this');
  const rows = Array.from({ length: cpus }, (): Record<string, number> => ({}));
  const lostLines = rows.map(() => 0);
  const l1i = rows.map(() => makeCache<Line>(machine.l1i!));
  const l1d = rows.map(() => makeCache<DataLine>(machine.l1d!));
  const one = machine.l2 && makeCache<Line>(machine.l2);
  const l2 = rows.map(() => (machine.l2?.shared ? one : machine.l2 && makeCache<Line>(machine.l2)));
  const homes = createHomes(machine, cpus);
  const fates = createFates(machine.l1d!.line);
  const newest = new Map<bigint, number>();
  const memory = new Map<bigint, number>();
  let cpu = 0;
  const bump = (name: string): void => {
    rows[cpu]![name] = (rows[cpu]![name] ?? 0) + 1;
  };

  const toMemory = (address: bigint, missName: string, kind: number | null): void => {
    bump(missName);
    if (kind === null) return; // a write-back is posted: nobody waits, no page is placed by it
    homes.missed(cpu, address);
    if (homes.isRemote(cpu, address)) bump(`remote_${KIND_NAMES[kind]}_misses`);
  };

  /** An access below the L1s; kind null: an L1D line is written back. */
  const accessL2 = (address: bigint, kind: 0 | 1 | 2 | null): void => {
    const cache = l2[cpu];
    const name = kind === null ? 'l2_writeback_misses' : `l2_${KIND_NAMES[kind]}_misses`;
    if (!cache) {
      if (kind !== null) toMemory(address, name, kind);
      return;
    }
    let line = take(cache, numberOf(cache, address));
    if (!line) {
      toMemory(address, name, kind);
      line = { number: numberOf(cache, address), dirty: false };
    }
    if (kind === null) line.dirty = true;
    if (put(cache, line)?.dirty) bump('l2_writebacks');
  };

  const fetch = (piece: Piece): void => {
    const cache = l1i[cpu]!;
    let line = take(cache, numberOf(cache, piece.from));
    if (!line) {
      bump('l1i_misses');
      accessL2(piece.from, 0);
      line = { number: numberOf(cache, piece.from), dirty: false };
    }
    put(cache, line);
  };

  /** All other L1Ds lose the line. */
  const invalidateOthers = (number: bigint): void => {
    for (const [other, cache] of l1d.entries()) {
      if (other === cpu) continue;
      const line = take(cache, number);
      if (!line) continue;
      if (line.state === 'M') {
        bump('interventions');
        memory.set(number, line.version);
      }
      bump('invalidations');
      lostLines[other]!++;
      fates.lost(other, number);
    }
  };

  /** Another's modified line is written back and stays there, to be read. */
  const shareOthers = (number: bigint): void => {
    for (const [other, cache] of l1d.entries()) {
      const line = find(cache, number);
      if (other === cpu || line?.state !== 'M') continue;
      bump('interventions');
      bump('sharing_writebacks');
      memory.set(number, line.version);
      line.state = 'S';
      line.dirty = false;
    }
  };

  const data = (piece: Piece): void => {
    const cache = l1d[cpu]!;
    const number = numberOf(cache, piece.from);
    const store = piece.kind === 2;
    let line = take(cache, number);
    if (!line) {
      bump(L1_MISSES[piece.kind]);
      bump(fates.classOf(cpu, number, piece.from, piece.to));
      if (store) invalidateOthers(number);
      else shareOthers(number);
      accessL2(piece.from, piece.kind);
      line = { number, dirty: false, state: store ? 'M' : 'S', version: memory.get(number) ?? 0 };
      fates.got(cpu, number);
    } else if (store && line.state === 'S') {
      bump('upgrades');
      invalidateOthers(number);
    }
    const { version } = line;
    const latest = newest.get(number) ?? 0;
    check(version === latest, () => `CPU ${cpu} sees version ${version} of ${latest} of line ${number}`);
    if (store) {
      line.state = 'M';
      line.dirty = true;
      line.version = latest + 1;
      newest.set(number, latest + 1);
      fates.stored(number, piece.from, piece.to);
    }
    const victim = put(cache, line);
    if (victim) {
      fates.letGo(cpu, victim.number);
      if (victim.state === 'M') {
        bump('l1_writebacks');
        memory.set(victim.number, victim.version);
        if (machine.counting !== 'drcachesim') accessL2(victim.number * BigInt(cache.line), null);
      }
    }
    checkLine(number);
    if (victim) checkLine(victim.number);
  };

  const checkLine = (number: bigint): void => {
    const held: [number, Cache<DataLine>][] = [...l1d.entries()].filter(([, c]) => find(c, number));
    const latest = newest.get(number) ?? 0;
    for (const [c, cache] of held) {
      const line = find(cache, number)!;
      check(line.state === 'S' || held.length === 1, () => `line ${number}: a writer and others`);
      check((line.state === 'M') === line.dirty, () => `line ${number}: ${line.state}, dirty ${line.dirty}`);
      check(line.version === latest, () => `line ${number}: old data in CPU ${c}`);
      if (!line.dirty) check(memory.get(number) === latest || latest === 0, () => `line ${number}: memory`);
    }
    for (let c = 0; c < cpus; c++)
      check(fates.isHere(c, number) === held.some(([h]) => h === c), () => `line ${number}: fate at ${c}`);
    if (held.length === 0)
      check((memory.get(number) ?? 0) === latest, () => `line ${number}: old data in memory`);
  };

  for (const reference of references) {
    cpu = reference.cpu;
    if (reference.kind === 0) bump('instructions');
    for (const piece of piecesOf(machine, reference)) {
      bump(`${KIND_NAMES[piece.kind]}_accesses`);
      if (piece.kind === 0) fetch(piece);
      else data(piece);
    }
  }
  const seconds = machine.l2?.shared ? [one] : l2;
  return { rows, lostLines, dirtyL1Lines: dirtyLines(l1d), dirtyL2Lines: dirtyLines(seconds) };
}
