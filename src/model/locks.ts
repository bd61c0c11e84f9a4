import { type Chunk, FETCH, MODIFY, SIZE_SHIFT, TAIL_BIT } from '../trace/types.ts';
import { C, type Counters, type Holding } from './counters.ts';
import type { HeldRow, LockCount, TallyRow } from './tally.ts';

/**
 * Which locks are held while a trace is replayed. A CPU of the trace holds a nest of them, the last one acquired
 * innermost; everything that is counted on its behalf meanwhile (instructions, misses, the monitor's work) is counted
 * under the nest, and pricing makes hold times of it. Locks are taken at once, whoever else has them: waiting is
 * priced.
 */
export interface HeldLocks {
  /**
   * The counts of a segment have been added to the current row: what follows a lock event in it goes with the event.
   * `uncached`: its uncached accesses; `vcpu`: its CPU of the trace.
   */
  begin(
    chunk: Chunk,
    ids: Int32Array,
    start: number,
    vcpu: number,
    uncached: number,
    instructions: number,
  ): void;
  /** The segment is over. */
  end(): void;
  /**
   * The vCPU on the current CPU acquires or releases a lock before this record; one that it does not hold is not
   * released. The current row becomes that of what it holds then.
   */
  acquire(vcpu: number, record: number, lock: number, semaphore: boolean): void;
  release(vcpu: number, record: number, lock: number): void;
  /** Counts start from 0; what is held stays held. */
  clear(): void;
  /** What was counted under locks, and the locks. */
  facts(cpus: number): { readonly held: HeldRow[]; readonly locks: LockCount[] };
}

/** Deepest nest. Locks that a damaged trace never releases leave it at its outer end. */
const DEEPEST = 8;

/** `holding`: what `counters` were made with. `isUncached`: whether a kernel id’s references go around the caches. */
export function createHeldLocks(
  { nestOf }: Holding,
  counters: Counters,
  instructionBytes: 0 | 4,
  isUncached: (id: number) => boolean,
): HeldLocks {
  /** Locks of each nest, outermost first; number 0 is none. */
  const nests: (readonly number[])[] = [[]];
  const numbers = new Map<string, number>([['', 0]]);
  const semaphores = new Set<number>();
  const ended = new Map<number, { count: number; instructions: number; squares: number }>();
  /** By vCPU: instructions run, and where on that clock each lock of its nest was acquired. */
  const clock = new Float64Array(nestOf.length);
  const since = Array.from(nestOf, (): number[] => []);

  const numberOf = (locks: readonly number[]): number => {
    const key = locks.join();
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, nests.length);
    return nests.push(locks) - 1;
  };

  /** The segment at hand, its vCPU, the record up to which `pass` has come, and the counts from there on. */
  let chunk: Chunk | null = null;
  let ids = new Int32Array(0);
  let runs = -1;
  let at = 0;
  let instructionsInAll = 0;
  let instructionsLeft = 0;
  let uncachedLeft = 0;

  const pass = (current: Chunk, record: number): void => {
    for (; at < record; at++) {
      const word = current.word[at]!;
      const kind = word & 3;
      const times = instructionBytes === 4 && kind === FETCH ? word >>> (SIZE_SHIFT + 2) : 1;
      if (kind === FETCH && (word & TAIL_BIT) === 0) instructionsLeft -= times;
      if (uncachedLeft > 0 && isUncached(ids[current.translation[at]!]!))
        uncachedLeft -= kind === MODIFY ? 2 : times;
    }
  };

  /** Instructions that a vCPU has run before this record. */
  const now = (vcpu: number, record: number): number => {
    if (chunk === null || vcpu !== runs) return clock[vcpu]!;
    pass(chunk, record);
    return clock[vcpu]! + instructionsInAll - instructionsLeft;
  };

  /** Makes another nest the vCPU's, and moves the rest of its segment, which `now` has found, to the nest's row. */
  const change = (vcpu: number, nest: number): void => {
    const before = counters.row;
    nestOf[vcpu] = nest;
    counters.select(counters.cpu, counters.context);
    if (chunk === null || vcpu !== runs) return;
    const { values, row } = counters;
    const move = (counter: number, count: number): void => {
      values[before + counter]! -= count;
      values[row + counter]! += count;
    };
    move(C.instructions, instructionsLeft);
    move(C.uncached_accesses, Math.max(0, uncachedLeft));
  };

  return {
    begin: (current, translations, start, vcpu, uncached, instructions) => {
      chunk = current;
      ids = translations as Int32Array<ArrayBuffer>;
      runs = vcpu;
      at = start;
      uncachedLeft = uncached;
      instructionsInAll = instructions;
      instructionsLeft = instructions;
    },
    end: () => {
      chunk = null;
      clock[runs]! += instructionsInAll;
    },
    acquire: (vcpu, record, lock, semaphore) => {
      if (semaphore) semaphores.add(lock);
      since[vcpu] = [...since[vcpu]!, now(vcpu, record)].slice(-DEEPEST);
      change(vcpu, numberOf([...nests[nestOf[vcpu]!]!, lock].slice(-DEEPEST)));
      counters.values[counters.row + C.lock_acquisitions]!++;
    },
    release: (vcpu, record, lock) => {
      const locks = nests[nestOf[vcpu]!]!;
      const found = locks.lastIndexOf(lock);
      if (found < 0) return;
      const [start] = since[vcpu]!.splice(found, 1);
      const length = now(vcpu, record) - start!;
      const holds = ended.get(lock) ?? { count: 0, instructions: 0, squares: 0 };
      holds.count++;
      holds.instructions += length;
      holds.squares += length * length;
      ended.set(lock, holds);
      change(vcpu, numberOf(locks.filter((_, i) => i !== found)));
    },
    clear: () => ended.clear(),
    facts: (cpus) => {
      const held = counters.heldRows().map(({ nest, ...row }): HeldRow => ({ ...row, locks: nests[nest]! }));
      const taken = new Map<number, number[]>();
      for (const { cpu, counters: counted, locks } of held) {
        const lock = locks[locks.length - 1]!;
        const byCpu = taken.get(lock) ?? new Array<number>(cpus).fill(0);
        byCpu[cpu]! += counted.lock_acquisitions ?? 0;
        taken.set(lock, byCpu);
      }
      const locks = [...taken]
        .filter(([, byCpu]) => byCpu.some((count) => count > 0))
        .sort(([a], [b]) => a - b)
        .map(
          ([lock, acquisitions]): LockCount => ({
            lock,
            kind: semaphores.has(lock) ? 'semaphore' : 'spin',
            acquisitions,
            holds: ended.get(lock) ?? { count: 0, instructions: 0, squares: 0 },
          }),
        );
      return { held, locks };
    },
  };
}

/** Acquisitions that were not followed, because more locks were held than there is room for: they wait for nobody. */
export function unfollowed(rows: readonly TallyRow[], locks: readonly LockCount[]): number {
  const all = rows.reduce((sum, row) => sum + (row.counters.lock_acquisitions ?? 0), 0);
  return locks.reduce((left, { acquisitions }) => left - acquisitions.reduce((a, b) => a + b, 0), all);
}
