/**
 * The slow and obvious twin of page migration and replication: `directory-oracle.ts` on machine pages, with a list
 * of machine pages by node for each physical page. A machine page that becomes free is never used again, so nothing
 * old can be left in it. Every store makes a new content of the parts it touches; a copy takes the source's contents
 * over, and who reads must find the newest. The policy is the real one; what carries it out is
 * docs/page-policies.md. No TLB, no monitor.
 */
import type { Decision } from '../../src/model/paging/policies/policy.ts';
import type { System } from '../../src/model/systems/schema.ts';
import { createPagePolicy } from '../../src/model/systems/schema-pages.ts';
import type { PageFacts } from '../../src/model/tally.ts';
import { directoryEngine } from './directory-oracle.ts';
import type { Reference } from './oracle.ts';
import {
  allLines,
  type CoherenceCounts,
  check,
  countFrom,
  find,
  type Piece,
  piecesOf,
  take,
} from './oracle-caches.ts';

/** What a simulation counted: by CPU and layer, and what became of pages. */
export interface NumaCounts extends Omit<CoherenceCounts, 'rows'> {
  readonly rows: readonly Readonly<Record<string, Record<string, number>>>[];
  readonly pages: PageFacts;
}

/** Copies have numbers above all pages of a trace, and the cache colour of their page in so many low bits. */
const COPIES = 2n ** 60n;
const COLOURS = 2n ** 20n;
const PART = 16n;
const PAGE = 4096n;

/** `perChunk`: records of a chunk; a chunk's translations are known from its beginning on. */
export function numaOracle(
  system: System,
  references: readonly Reference[],
  cpus: number,
  perChunk: number,
): NumaCounts {
  const { machine } = system;
  const { nodes } = machine;
  const rows = Array.from({ length: cpus }, (): Record<string, Record<string, number>> => ({}));
  let running = 0;
  let layer = 'workload';
  /** Whether a page is being moved: its own misses are not the workload's. */
  let acting = false;
  let hot: bigint | null = null;

  const row = (cpu: number): Record<string, number> => {
    rows[cpu]![layer] ??= {};
    return rows[cpu]![layer]!;
  };

  const engine = directoryEngine(system, cpus, {
    row,
    missed: (cpu, address, write) => {
      if (acting) return;
      const page = pageOf(address / PAGE);
      if (policy.miss(cpu, idOf(page), write)) hot = page;
    },
  });
  const { hierarchies, directory, homes, fates } = engine;
  const { nodeOf } = homes;
  const allCpus = Array.from({ length: cpus }, (_, cpu) => cpu);

  /** By physical page: its machine page on each node. */
  const views = new Map<bigint, bigint[]>();
  /** By copy: the physical page. */
  const copyOf = new Map<bigint, bigint>();
  let copies = 0n;
  const viewOf = (page: bigint): bigint[] => {
    const view = views.get(page) ?? new Array<bigint>(nodes).fill(page);
    views.set(page, view);
    return view;
  };
  const pageOf = (machinePage: bigint): bigint => copyOf.get(machinePage) ?? machinePage;
  const isReplicated = (page: bigint): boolean => new Set(viewOf(page)).size > 1;

  const ids = new Map<bigint, number>();
  const idOf = (page: bigint): number => {
    const id = ids.get(page) ?? ids.size;
    ids.set(page, id);
    return id;
  };
  const pageOfId = (id: number): bigint => [...ids.keys()][id]!;
  const kernelPages = new Set<bigint>();

  const policy = createPagePolicy(system.pages, {
    cpus,
    nodes,
    holds: (id, node) => homes.of(viewOf(pageOfId(id))[node]!) === node,
    replicated: (id) => isReplicated(pageOfId(id)),
    kernel: (id) => kernelPages.has(pageOfId(id)),
    mappings: {
      spaces: () => [],
      of: () => [],
      virtualPage: () => 0,
      page: () => 0,
    },
  });

  const act = (name: string, body: () => void): void => {
    const before = { layer, acting };
    layer = name;
    acting = true;
    row(running).count = (row(running).count ?? 0) + 1;
    body();
    ({ layer, acting } = before);
  };
  // Contents: of the parts of machine pages, and the newest of the parts of physical pages.
  const contents = new Map<bigint, number>();
  const newest = new Map<bigint, number>();
  let stores = 0;

  const linesOf = (machinePage: bigint): bigint[] => {
    const bytes = BigInt(machine.l2!.line);
    return countFrom((machinePage * PAGE) / bytes, Number(PAGE / bytes));
  };

  /** Reads a machine page and writes what was read to a new one on the CPU's node, a data line at a time. */
  const copy = (cpu: number, page: bigint): bigint => {
    const from = viewOf(page)[nodeOf(cpu)]!;
    const to = COPIES + copies++ * COLOURS + (page % COLOURS);
    copyOf.set(to, page);
    homes.place(to, nodeOf(cpu));
    const line = BigInt((machine.l1d ?? machine.l2!).line);
    for (let offset = 0n; offset < PAGE; offset += line) {
      const source = from * PAGE + offset;
      const target = to * PAGE + offset;
      engine.access({ cpu, kind: 1, from: source, to: source + line });
      engine.access({ cpu, kind: 2, from: target, to: target + line });
    }
    for (let part = 0n; part < PAGE / PART; part++)
      contents.set((to * PAGE) / PART + part, contents.get((from * PAGE) / PART + part) ?? 0);
    return to;
  };

  /** Whoever has lines of a machine page M or E keeps them S and clean. */
  const protect = (machinePage: bigint): void => {
    for (const number of linesOf(machinePage)) {
      for (const cpu of allCpus) {
        const line = find(hierarchies[cpu]!.l2, number);
        if (!line) continue;
        engine.flush(cpu, line);
        if (line.state === 'M') engine.toMemory(line);
        line.dirty = false;
        line.state = 'S';
      }
      const entry = directory.get(number);
      if (entry) entry.owner = null;
    }
  };

  /** From now on CPUs of `node` use `to` in place of `from`, whose lines leave their caches. */
  const divert = (page: bigint, node: number, to: bigint): void => {
    const from = viewOf(page)[node]!;
    viewOf(page)[node] = to;
    const targets = linesOf(to);
    for (const [i, number] of linesOf(from).entries())
      for (const cpu of allCpus) {
        if (nodeOf(cpu) !== node) continue;
        take(hierarchies[cpu]!.l2, number);
        engine.dropAbove(cpu, number);
        const entry = directory.get(number);
        entry?.sharers.delete(cpu);
        if (entry?.owner === cpu) entry.owner = null;
        fates.moved(cpu, number, targets[i]!);
      }
  };

  const free = (machinePage: bigint): void => {
    for (const number of linesOf(machinePage)) {
      const who = allCpus.find((cpu) => find(hierarchies[cpu]!.l2, number));
      check(who === undefined, () => `CPU ${who} has line ${number} of a page that is free`);
      engine.forget(number);
    }
  };

  const carryOut = {
    migrate: (cpu: number, page: bigint): void => {
      const from = viewOf(page)[0]!;
      const to = copy(cpu, page);
      for (let node = 0; node < nodes; node++) divert(page, node, to);
      free(from);
    },
    replicate: (cpu: number, page: bigint): void => {
      for (const machinePage of new Set(viewOf(page))) protect(machinePage);
      const to = copy(cpu, page);
      divert(page, nodeOf(cpu), to);
      protect(to);
    },
    collapse: (cpu: number, page: bigint): void => {
      const kept = viewOf(page)[nodeOf(cpu)]!;
      const others = new Set(viewOf(page));
      others.delete(kept);
      for (let node = 0; node < nodes; node++) if (viewOf(page)[node] !== kept) divert(page, node, kept);
      for (const other of others) free(other);
    },
  };

  const decisions: Record<string, number> = {};
  const fatesOfPages = new Map<bigint, Set<string>>();

  const doTo = (what: keyof typeof carryOut, cpu: number, page: bigint): void => {
    act(what, () => {
      carryOut[what](cpu, page);
      policy.carriedOut(idOf(page), what);
    });
    checkPages();
  };

  const onHot = (cpu: number, page: bigint): void => {
    let decided: Decision | null = null;
    act('hot_page', () => {
      decided = policy.decide(cpu, idOf(page));
    });
    const { action, reason } = decided!;
    decisions[`${action}: ${reason}`] = (decisions[`${action}: ${reason}`] ?? 0) + 1;
    fatesOfPages.set(page, (fatesOfPages.get(page) ?? new Set()).add(action));
    if (action !== 'leave') doTo(action, cpu, page);
  };

  /**
   * A reference that repeats the one before it to the letter (for a store, its granules too) cannot miss, and to the
   * kernel they are one: who made a page hot is interrupted after the last of them.
   */
  const wordOf = ({ space, page }: Reference, { kind, from, to }: Piece): string => {
    const line = machine.l2!.line;
    const granule = BigInt(line > 128 ? line / 128 : 1);
    const ofL1 = BigInt(((kind === 0 ? machine.l1i : machine.l1d) ?? machine.l2!).line);
    const span = kind === 2 ? `${from / granule} ${(to - 1n) / granule}` : '';
    return `${space} ${page} ${kind} ${from / ofL1} ${span}`;
  };
  let word = '';

  const takeHot = (): void => {
    if (hot === null) return;
    const which: bigint = hot;
    hot = null;
    onHot(running, which);
  };

  const access = (piece: Piece): void => {
    const page = piece.from / PAGE;
    if (piece.kind === 2 && isReplicated(page)) doTo('collapse', piece.cpu, page);
    const shift = (viewOf(page)[nodeOf(piece.cpu)]! - page) * PAGE;
    engine.access({ ...piece, from: piece.from + shift, to: piece.to + shift });
    for (let part = piece.from / PART; part * PART < piece.to; part++) {
      const ofMachine = part + shift / PART;
      if (piece.kind === 2) {
        stores++;
        contents.set(ofMachine, stores);
        newest.set(part, stores);
      } else
        check(
          (contents.get(ofMachine) ?? 0) === (newest.get(part) ?? 0),
          () => `old contents of part ${part}`,
        );
    }
  };

  /** No machine page is two pages', caches hold what their CPU's node uses, and nobody may write a copied page. */
  const checkPages = (): void => {
    const users = new Map<bigint, bigint>();
    for (const [page, view] of views)
      for (const machinePage of new Set(view)) {
        check(!users.has(machinePage), () => `machine page ${machinePage} is two pages'`);
        users.set(machinePage, page);
      }
    const replicas = [...views.values()].reduce((sum, view) => sum + new Set(view).size - 1, 0);
    check(users.size === views.size + replicas, () => 'machine pages are not conserved');
    for (const cpu of allCpus)
      for (const line of allLines(hierarchies[cpu]!.l2)) {
        const machinePage = (line.number * BigInt(machine.l2!.line)) / PAGE;
        const page = users.get(machinePage);
        check(
          page !== undefined,
          () => `CPU ${cpu} has a line of machine page ${machinePage}, which is free`,
        );
        check(viewOf(page!)[nodeOf(cpu)] === machinePage, () => `CPU ${cpu} has a line of another's copy`);
        check(
          line.state !== 'M' || !isReplicated(page!),
          () => `CPU ${cpu} has a line of a replica modified`,
        );
      }
  };

  let time = 0;
  for (const [i, reference] of references.entries()) {
    if (i % perChunk === 0)
      for (const { space, physicalPage } of references.slice(i, i + perChunk))
        if (space < 0) kernelPages.add(BigInt(physicalPage));
    running = reference.cpu;
    if (reference.kind === 0) {
      row(running).instructions = (row(running).instructions ?? 0) + 1;
      time++;
    }
    for (const piece of piecesOf(machine, reference)) {
      const now = wordOf(reference, piece);
      if (now !== word) takeHot();
      word = now;
      access(piece);
    }
    // A stretch of references of one CPU ends, and with it the policy's moment.
    const next = references[i + 1];
    if (next === undefined || next.cpu !== running || (i + 1) % perChunk === 0) {
      takeHot();
      word = '';
      policy.advance(time);
    }
    engine.checkTouched(i);
    if (i % 64 === 0) checkPages();
  }
  engine.checkAll();
  checkPages();
  const found: Record<string, number> = {};
  for (const actions of fatesOfPages.values()) {
    const done = (['migrate', 'replicate'] as const).filter((action) => actions.has(action));
    const name = done.map((action) => `${action}d`).join(' and ') || 'left';
    found[name] = (found[name] ?? 0) + 1;
  }
  const moved = [...views].flatMap(([page, view]) => [...new Set(view)].filter((m) => m !== page));
  return { rows, ...engine.left(), pages: { decisions, fates: found, replicas: moved.length } };
}
