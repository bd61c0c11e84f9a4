/**
 * The slow and obvious twin of the kernel's coherence, rule `directory` of docs/coherence.md: every CPU with
 * lists of lines, the directory with a set of sharers, every message sent one by one. Each store makes a new
 * version of the bytes it touches, versions travel with the data, and after every reference the protocol's
 * invariants are checked. Translation is not part of it: `machine.tlb` must be null. `numa-oracle.ts` moves pages on
 * top of it.
 */
import type { System } from '../../src/model/systems/schema.ts';
import type { Reference } from './oracle.ts';
import {
  allLines,
  type Cache,
  type CoherenceCounts,
  check,
  countFrom,
  createFates,
  createHomes,
  type DataLine,
  dirtyLines,
  type EngineHooks,
  type Entry,
  find,
  type HeldLine,
  type Hierarchy,
  KIND_NAMES,
  L1_MISSES,
  makeCache,
  numberOf,
  type Piece,
  piecesOf,
  put,
  take,
} from './oracle-caches.ts';

/** References between two checks of everything; what a reference touched is checked after each. */
const FULL_CHECK = 64;
/** Lines checked after a reference, of those that it touched: more are touched only where a page is copied. */
const MOST_CHECKS = 48;

/** The caches of all CPUs and the directory: takes one piece of a reference after the other. */
export function directoryEngine({ machine }: System, cpus: number, hooks: EngineHooks) {
  check(machine.tlb === null && machine.l2?.inclusive === true, () => 'a machine for this oracle');
  const lineBytes = machine.l2!.line;
  const lostLines = Array.from({ length: cpus }, () => 0);
  const hierarchies = lostLines.map(
    (): Hierarchy => ({
      l1i: machine.l1i && makeCache(machine.l1i),
      l1d: machine.l1d && makeCache(machine.l1d),
      l2: makeCache(machine.l2!),
    }),
  );
  const directory = new Map<bigint, Entry>();
  const homes = createHomes(machine, cpus);
  const fates = createFates(lineBytes);

  // Parts: their versions in memory, and who made version 1, 2, …
  const part = Math.min(machine.l1i?.line ?? lineBytes, machine.l1d?.line ?? lineBytes);
  const memory = new Map<bigint, number>();
  const writers = new Map<bigint, number[]>();
  const partsOf = (number: bigint, bytes: number): bigint[] =>
    countFrom((number * BigInt(bytes)) / BigInt(part), bytes / part);
  const fromMemory = (number: bigint): number[] => partsOf(number, lineBytes).map((p) => memory.get(p) ?? 0);
  const toMemory = (line: HeldLine): void => {
    for (const [i, p] of partsOf(line.number, lineBytes).entries()) memory.set(p, line.versions[i]!);
  };

  let cpu = 0;
  let touched = new Set<bigint>();
  const bump = (name: string): void => {
    const row = hooks.row(cpu);
    row[name] = (row[name] ?? 0) + 1;
  };

  const entryOf = (number: bigint): Entry => {
    const entry = directory.get(number) ?? { sharers: new Set<number>(), owner: null };
    directory.set(number, entry);
    return entry;
  };

  /** Numbers of a CPU's L1 lines that lie in a line. */
  const within = (l1: Cache<DataLine>, number: bigint): bigint[] =>
    countFrom((number * BigInt(lineBytes)) / BigInt(l1.line), lineBytes / l1.line);

  /** Copies a dirty L1 line into the L2's line, which is then dirty in its place. */
  const mergeDown = (l1: Cache<DataLine>, from: DataLine, into: HeldLine): void => {
    const start = Number(((from.number * BigInt(l1.line)) % BigInt(lineBytes)) / BigInt(part));
    for (const [i, version] of from.versions.entries()) into.versions[start + i] = version;
    into.dirty = true;
    from.dirty = false;
  };

  /** Brings what the L1 has of a line down into the L2. */
  const flush = (of: number, line: HeldLine): void => {
    const { l1d } = hierarchies[of]!;
    if (!l1d) return;
    for (const number of within(l1d, line.number)) {
      const above = find(l1d, number);
      if (above?.dirty) mergeDown(l1d, above, line);
    }
  };

  /** Takes a line's copies out of both L1s of a CPU. */
  const dropAbove = (of: number, line: bigint): void => {
    const { l1i, l1d } = hierarchies[of]!;
    for (const l1 of [l1i, l1d]) if (l1) for (const number of within(l1, line)) take(l1, number);
  };

  /** A CPU loses a line to the store of another; the line, complete, if it had it. */
  const loseLine = (of: number, number: bigint): HeldLine | undefined => {
    const line = find(hierarchies[of]!.l2, number);
    if (!line) {
      bump('stale_messages');
      return undefined;
    }
    flush(of, line);
    take(hierarchies[of]!.l2, number);
    dropAbove(of, number);
    bump('invalidations');
    lostLines[of]!++;
    fates.lost(of, number);
    return line;
  };

  /** Invalidations to all sharers but the CPU itself, which then owns the line. */
  const invalidateOthers = (number: bigint): void => {
    const entry = entryOf(number);
    for (const sharer of entry.sharers) if (sharer !== cpu) loseLine(sharer, number);
    entry.sharers.clear();
    entry.sharers.add(cpu);
    entry.owner = cpu;
  };

  const served = (supplier: number | null, piece: Piece): void => {
    const { nodeOf, isRemote } = homes;
    const name = KIND_NAMES[piece.kind];
    if (supplier !== null)
      bump(nodeOf(supplier) === nodeOf(cpu) ? `neighbour_${name}_misses` : `dirty_${name}_misses`);
    else if (isRemote(cpu, piece.from)) bump(`remote_${name}_misses`);
  };

  const missToRead = (number: bigint, piece: Piece): HeldLine => {
    const entry = entryOf(number);
    let supplier: number | null = null;
    const { owner } = entry;
    if (owner !== null && owner !== cpu) {
      bump('interventions');
      const theirs = find(hierarchies[owner]!.l2, number);
      if (!theirs) {
        bump('stale_messages');
        entry.sharers.delete(owner);
      } else {
        if (theirs.state === 'M') {
          flush(owner, theirs);
          toMemory(theirs);
          theirs.dirty = false;
          bump('sharing_writebacks');
          supplier = owner;
        }
        theirs.state = 'S';
      }
      entry.owner = null;
    }
    served(supplier, piece);
    entry.sharers.add(cpu);
    const alone = entry.sharers.size === 1;
    entry.owner = alone ? cpu : null;
    return { number, dirty: false, state: alone ? 'E' : 'S', versions: fromMemory(number) };
  };

  const missToWrite = (number: bigint, piece: Piece): HeldLine => {
    const entry = entryOf(number);
    let supplier: number | null = null;
    let versions: number[] | null = null;
    const { owner } = entry;
    if (owner !== null && owner !== cpu) {
      bump('interventions');
      const theirs = loseLine(owner, number);
      if (theirs?.state === 'M') {
        supplier = owner;
        versions = theirs.versions;
      }
      entry.sharers.delete(owner);
    }
    invalidateOthers(number);
    served(supplier, piece);
    return { number, dirty: false, state: 'M', versions: versions ?? fromMemory(number) };
  };

  /** A line leaves the CPU's L2 to make room. */
  const leave = (line: HeldLine): void => {
    touched.add(line.number);
    const entry = entryOf(line.number);
    const { l1d } = hierarchies[cpu]!;
    if (l1d)
      for (const number of within(l1d, line.number)) {
        const above = find(l1d, number);
        if (above?.dirty) mergeDown(l1d, above, line);
      }
    dropAbove(cpu, line.number);
    fates.letGo(cpu, line.number);
    if (line.state === 'M') {
      bump('l2_writebacks');
      toMemory(line);
    } else if (machine.replacement_hints) bump('replacement_hints');
    else return;
    entry.sharers.delete(cpu);
    if (entry.owner === cpu) entry.owner = null;
  };

  /** An access of the L2: the line, now in front. */
  const accessL2 = (piece: Piece): HeldLine => {
    const { l2 } = hierarchies[cpu]!;
    const number = numberOf(l2, piece.from);
    let line = take(l2, number);
    if (!line) {
      bump(`l2_${KIND_NAMES[piece.kind]}_misses`);
      bump(fates.classOf(cpu, number, piece.from, piece.to));
      homes.missed(cpu, piece.from);
      hooks.missed(cpu, piece.from, piece.kind === 2);
      line = piece.kind === 2 ? missToWrite(number, piece) : missToRead(number, piece);
      fates.got(cpu, number);
    }
    const victim = put(l2, line);
    if (victim) leave(victim);
    return line;
  };

  /** Makes the CPU's line writable. */
  const makeModified = (piece: Piece): void => {
    const { l2 } = hierarchies[cpu]!;
    const line = find(l2, numberOf(l2, piece.from));
    if (!line) throw new Error('broken invariant: inclusion');
    if (line.state === 'S') {
      bump('upgrades');
      if (homes.isRemote(cpu, piece.from)) bump('remote_upgrades');
      invalidateOthers(line.number);
      hooks.missed(cpu, piece.from, true);
    }
    line.state = 'M';
  };

  /** Reads or writes a piece in the line that serves it. */
  const use = (line: DataLine, bytes: number, piece: Piece): void => {
    for (const [i, p] of partsOf(line.number, bytes).entries()) {
      const start = p * BigInt(part);
      if (start >= piece.to || start + BigInt(part) <= piece.from) continue;
      const made = writers.get(p) ?? [];
      const seen = line.versions[i]!;
      // Fetches may miss what the own CPU stored: instruction caches do not look into data caches.
      const unseen = made.slice(seen).filter((writer) => piece.kind !== 0 || writer !== cpu);
      check(unseen.length === 0, () => `CPU ${cpu} sees version ${seen} of ${made.length} of part ${p}`);
      if (piece.kind !== 2) continue;
      made.push(cpu);
      writers.set(p, made);
      line.versions[i] = made.length;
    }
    if (piece.kind === 2) line.dirty = true;
  };

  const access = (piece: Piece): void => {
    cpu = piece.cpu;
    const { l1i, l1d, l2 } = hierarchies[cpu]!;
    const number = numberOf(l2, piece.from);
    touched.add(number);
    bump(`${KIND_NAMES[piece.kind]}_accesses`);
    const l1 = piece.kind === 0 ? l1i : l1d;
    if (!l1) {
      const line = accessL2(piece);
      if (piece.kind === 2) makeModified(piece);
      use(line, lineBytes, piece);
    } else {
      let line = take(l1, numberOf(l1, piece.from));
      if (!line) {
        bump(L1_MISSES[piece.kind]);
        const below = accessL2(piece);
        const own = numberOf(l1, piece.from);
        const at = Number(((own * BigInt(l1.line)) % BigInt(lineBytes)) / BigInt(part));
        const versions = below.versions.slice(at, at + l1.line / part);
        line = { number: own, dirty: false, versions };
      }
      if (piece.kind === 2) makeModified(piece);
      use(line, l1.line, piece);
      const victim = put(l1, line);
      if (victim?.dirty) {
        bump('l1_writebacks');
        const below = find(l2, (victim.number * BigInt(l1.line)) / BigInt(lineBytes));
        if (!below) throw new Error('broken invariant: inclusion');
        mergeDown(l1, victim, below);
      }
    }
    if (piece.kind === 2) fates.stored(number, piece.from, piece.to);
  };

  /** What must hold of a line, whoever has it. */
  const checkLine = (number: bigint): void => {
    const entry = entryOf(number);
    const say = (what: string) => () => `line ${number}: ${what}`;
    const holders = lostLines.map((_, c) => c).filter((c) => find(hierarchies[c]!.l2, number) !== undefined);
    for (const c of holders) {
      const line = find(hierarchies[c]!.l2, number)!;
      const alone = line.state !== 'S';
      check(!alone || holders.length === 1, say(`${line.state} in CPU ${c}, and others have it`));
      check(entry.sharers.has(c), say(`in CPU ${c}, and the directory does not know`));
      check(alone === (entry.owner === c), say(`${line.state} in CPU ${c}, owner ${entry.owner}`));
      const { l1i, l1d } = hierarchies[c]!;
      const above = l1d ? within(l1d, number).flatMap((n) => find(l1d, n) ?? []) : [];
      const dirty = line.dirty || above.some((l) => l.dirty);
      check(dirty === (line.state === 'M'), say(`${line.state} in CPU ${c}, dirty: ${dirty}`));
      const fetched = l1i ? within(l1i, number).flatMap((n) => find(l1i, n) ?? []) : [];
      check(!fetched.some((l) => l.dirty), say('dirty in an instruction cache'));
      // What the CPU has of it, its L1D before its L2, is the newest of all parts.
      for (const [i, p] of partsOf(number, lineBytes).entries()) {
        const address = p * BigInt(part);
        const inL1 = above.find((l) => address / BigInt(l1d!.line) === l.number);
        const version = inL1
          ? inL1.versions[Number((address % BigInt(l1d!.line)) / BigInt(part))]
          : line.versions[i];
        check(version === (writers.get(p)?.length ?? 0), say(`old data in CPU ${c}`));
        if (line.state !== 'M') check(version === (memory.get(p) ?? 0), say('clean, unlike memory'));
      }
    }
    for (let c = 0; c < cpus; c++)
      check(fates.isHere(c, number) === holders.includes(c), say(`fate at CPU ${c}`));
    if (entry.owner !== null)
      check(entry.sharers.size === 1 && entry.sharers.has(entry.owner), say('an owner and others'));
    if (machine.replacement_hints) {
      check(entry.sharers.size === holders.length, say('sharers that do not have it'));
      if (holders.length === 0) check(entry.owner === null, say('an owner that does not have it'));
    }
    if (holders.length === 0)
      for (const p of partsOf(number, lineBytes))
        check((memory.get(p) ?? 0) === (writers.get(p)?.length ?? 0), say('old data in memory'));
  };

  const checkAll = (): void => {
    for (const number of directory.keys()) checkLine(number);
    for (const { l1i, l1d, l2 } of hierarchies) {
      for (const line of allLines(l2)) check(directory.has(line.number), () => `line ${line.number} unknown`);
      for (const l1 of [l1i, l1d])
        for (const line of l1 ? allLines(l1) : [])
          check(
            find(l2, (line.number * BigInt(l1!.line)) / BigInt(lineBytes)) !== undefined,
            () => `L1 line ${line.number} is not in the L2`,
          );
    }
  };

  /** After reference number `i`: what it touched is as it must be. */
  const checkTouched = (i: number): void => {
    const every = Math.ceil(touched.size / MOST_CHECKS);
    for (const [at, number] of [...touched].entries()) if (at % every === i % every) checkLine(number);
    touched = new Set();
  };

  const left = () => ({
    lostLines,
    dirtyL1Lines: dirtyLines(hierarchies.map(({ l1d }) => l1d)),
    dirtyL2Lines: dirtyLines(hierarchies.map(({ l2 }) => l2)),
  });

  return {
    access,
    checkTouched,
    checkAll,
    left,
    hierarchies,
    directory,
    homes,
    fates,
    flush,
    toMemory,
    dropAbove,
    /** Nobody has a line any more, and its contents are of no interest. */
    forget: (number: bigint): void => {
      directory.delete(number);
      for (const p of partsOf(number, lineBytes)) {
        memory.delete(p);
        writers.delete(p);
      }
    },
  };
}

export function directoryOracle(
  system: System,
  references: readonly Reference[],
  cpus: number,
): CoherenceCounts {
  const rows = Array.from({ length: cpus }, (): Record<string, number> => ({}));
  const engine = directoryEngine(system, cpus, { row: (cpu) => rows[cpu]!, missed: () => {} });
  for (const [i, reference] of references.entries()) {
    const row = rows[reference.cpu]!;
    if (reference.kind === 0) row.instructions = (row.instructions ?? 0) + 1;
    for (const piece of piecesOf(system.machine, reference)) engine.access(piece);
    engine.checkTouched(i);
    if (i % FULL_CHECK === 0) engine.checkAll();
  }
  engine.checkAll();
  return { rows, ...engine.left() };
}
