import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { unfollowed } from '../../src/model/locks.ts';
import { type System, systemSchema } from '../../src/model/systems/schema.ts';
import type { Counter, HeldRow, Tally, TallyRow } from '../../src/model/tally.ts';
import {
  EVENT,
  FETCH,
  MAPPED,
  type ReferenceKind,
  referenceWord,
  SEGMENT_KERNEL,
  SEGMENT_REFILL,
  type Trace,
  UNCACHED,
} from '../../src/trace/types.ts';
import { traceOf } from './trace-of.ts';

const systems: readonly System[] = [
  systemSchema.parse({ name: 'native' }),
  systemSchema.parse({ name: 'disco', machine: { nodes: 0 }, monitor: { patched_hal: false } }),
  systemSchema.parse({
    name: 'moves',
    machine: { nodes: 0 },
    pages: { policy: 'disco' },
    monitor: {},
  }),
];

interface Step {
  readonly cpu: number;
  readonly kind: ReferenceKind;
  readonly page: number;
  readonly flags: number;
  /** Lock to acquire (0–3) or release (4–7) before the reference; −1: none. */
  readonly lock: number;
  readonly privileged: boolean;
  readonly cut: boolean;
}

const steps = (cpus: number) =>
  fc.array(
    fc.record({
      cpu: fc.nat(cpus - 1),
      kind: fc.constantFrom<ReferenceKind>(0, 0, 0, 1, 2, 3),
      page: fc.nat(40),
      flags: fc.constantFrom(0, SEGMENT_KERNEL, SEGMENT_KERNEL, SEGMENT_REFILL | SEGMENT_KERNEL),
      lock: fc.integer({ min: -6, max: 7 }).map((lock) => Math.max(lock, -1)),
      privileged: fc.boolean(),
      cut: fc.constantFrom(false, false, false, true),
    }),
    { minLength: 1, maxLength: 120 },
  );

const UNCACHED_PAGE = 40;

const traceFrom = (cpus: number, instructionBytes: 0 | 4, list: readonly Step[], locks: boolean): Trace =>
  traceOf({ cpus, instructionBytes }, (builder, chunk) => {
    for (const { cpu, kind, page, flags, lock, privileged, cut } of list) {
      builder.segment(cpu, flags, 0);
      if (locks && lock >= 0)
        builder.event(lock < 4 ? EVENT.lockAcquire : EVENT.lockRelease, cpu, lock % 4, lock % 2);
      if (privileged) builder.event(EVENT.privileged, cpu, 1 | (12 << 8));
      builder.record(
        builder.translate(0, page, page, page === UNCACHED_PAGE ? UNCACHED : MAPPED),
        referenceWord(kind, ((page * 68) % 4000) & ~3, kind === FETCH ? 4 : 8),
      );
      if (cut) chunk();
    }
  });

const replay = async (trace: Trace, warmup: number): Promise<readonly Tally[]> =>
  (await replayAll(trace, trace.summary()!, systems, { warmup })).tallies;

const withoutAcquisitions = (rows: readonly TallyRow[]) =>
  rows.flatMap(({ counters: { lock_acquisitions: _, ...counters }, ...row }) =>
    Object.keys(counters).length + Object.keys(row.privileged ?? {}).length > 0 ? [{ ...row, counters }] : [],
  );

/** The slow twin: instructions and uncached accesses of the workload by CPU and locks held. */
function walk(list: readonly Step[]): Map<string, number> {
  const held = new Map<number, number[]>();
  const sums = new Map<string, number>();
  const add = (key: string): void => {
    sums.set(key, (sums.get(key) ?? 0) + 1);
  };
  for (const { cpu, kind, page, flags, lock } of list) {
    const mine = held.get(cpu) ?? [];
    held.set(cpu, mine);
    // Events inside a set-aside episode are set aside with it.
    const aside = (flags & SEGMENT_REFILL) !== 0;
    if (!aside && lock >= 4 && mine.includes(lock - 4)) mine.splice(mine.lastIndexOf(lock - 4), 1);
    if (!aside && lock >= 0 && lock < 4) {
      mine.push(lock);
      if (mine.length > 8) mine.shift();
      add(`${cpu} ${mine.join()} lock_acquisitions`);
    }
    if (aside || mine.length === 0) continue;
    if (kind === FETCH) add(`${cpu} ${mine.join()} instructions`);
    if (page === UNCACHED_PAGE)
      for (let times = kind === 3 ? 2 : 1; times > 0; times--) add(`${cpu} ${mine.join()} uncached_accesses`);
  }
  return sums;
}

function heldSums(held: readonly HeldRow[], counters: readonly Counter[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of held)
    if (row.layer === 'workload')
      for (const counter of counters) {
        const key = `${row.cpu} ${row.locks.join()} ${counter}`;
        const count = row.counters[counter] ?? 0;
        if (count !== 0) sums.set(key, (sums.get(key) ?? 0) + count);
      }
  return sums;
}

const sorted = (map: Map<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

describe('locks held', () => {
  test('change no count: rows are those of the trace without lock events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }).chain((cpus) => fc.tuple(fc.constant(cpus), steps(cpus))),
        fc.constantFrom<0 | 4>(0, 4),
        fc.nat(20),
        async ([cpus, list], instructionBytes, warmup) => {
          const instructions = list.filter(
            (s) => s.kind === FETCH && (s.flags & SEGMENT_REFILL) === 0,
          ).length;
          const cut = Math.min(warmup, Math.max(0, instructions - 1));
          const [bare, locked] = await Promise.all(
            [false, true].map((locks) => replay(traceFrom(cpus, instructionBytes, list, locks), cut)),
          );
          locked!.forEach((tally, i) => {
            expect(withoutAcquisitions(tally.rows)).toEqual(bare![i]!.rows);
            expect(tally.windows).toEqual(bare![i]!.windows);
            expect(bare![i]!.held).toEqual([]);
            expect(bare![i]!.locks).toEqual([]);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('what is counted under them is what the trace does between acquire and release', async () => {
    await fc.assert(
      fc.asyncProperty(steps(3), fc.constantFrom<0 | 4>(0, 4), async (list, instructionBytes) => {
        const expected = walk(list);
        for (const { held, locks, rows } of await replay(traceFrom(3, instructionBytes, list, true), 0)) {
          expect(sorted(heldSums(held, ['instructions', 'uncached_accesses', 'lock_acquisitions']))).toEqual(
            sorted(expected),
          );
          for (const { lock, kind } of locks) expect(kind).toBe(lock % 2 === 1 ? 'semaphore' : 'spin');
          expect(unfollowed(rows, locks)).toBe(0);
          // Held rows are parts of rows.
          for (const row of held)
            for (const [name, count] of Object.entries(row.counters) as [Counter, number][]) {
              expect(count).toBeGreaterThan(0);
              const whole = rows.find(
                ({ cpu, context, layer }) =>
                  cpu === row.cpu && context === row.context && layer === row.layer,
              );
              expect(whole?.counters[name] ?? 0).toBeGreaterThanOrEqual(count);
            }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('misses and the monitor’s work belong to the lock under which they happen', async () => {
    const trace = traceOf({ instructionBytes: 4 }, (builder) => {
      const fetch = (page: number, line: number): void =>
        builder.record(builder.translate(0, page, page, MAPPED), referenceWord(FETCH, line * 128, 4));
      builder.segment(0, SEGMENT_KERNEL, 0);
      for (let line = 0; line < 8; line++) fetch(1, line);
      builder.event(EVENT.lockAcquire, 0, 7, 0);
      for (let line = 0; line < 5; line++) fetch(2, line);
      builder.event(EVENT.privileged, 0, 1 | (12 << 8));
      builder.event(EVENT.lockAcquire, 0, 9, 1);
      for (let line = 0; line < 3; line++) fetch(3, line);
      builder.event(EVENT.diskRequest, 0, 4096);
      builder.event(EVENT.lockRelease, 0, 9, 1);
      for (let line = 0; line < 2; line++) fetch(4, line);
      builder.event(EVENT.lockRelease, 0, 7, 0);
      for (let line = 0; line < 4; line++) fetch(5, line);
      builder.event(EVENT.networkRequest, 0, 1500);
    });
    const [native, disco] = await replay(trace, 0);
    const of = (tally: Tally, locks: readonly number[], counter: Counter, layer = 'workload'): number =>
      tally.held
        .filter((row) => row.locks.join() === locks.join() && row.layer === layer)
        .reduce((sum, row) => sum + (row.counters[counter] ?? 0), 0);
    for (const tally of [native!, disco!]) {
      expect(of(tally, [7], 'instructions')).toBe(7);
      expect(of(tally, [7], 'l2_fetch_misses')).toBe(7);
      expect(of(tally, [7, 9], 'instructions')).toBe(3);
      expect(of(tally, [7, 9], 'l2_fetch_misses')).toBe(3);
      expect(of(tally, [7, 9], 'disk_bytes')).toBe(4096);
      expect(tally.rows.reduce((sum, row) => sum + (row.counters.network_requests ?? 0), 0)).toBe(1);
      expect(tally.locks).toEqual([
        { lock: 7, kind: 'spin', acquisitions: [1], holds: { count: 1, instructions: 10, squares: 100 } },
        { lock: 9, kind: 'semaphore', acquisitions: [1], holds: { count: 1, instructions: 3, squares: 9 } },
      ]);
    }
    // The instruction itself, and those of the refill handler.
    expect(of(disco!, [7], 'count', 'privileged')).toBeGreaterThan(1);
    expect(of(disco!, [7, 9], 'count', 'call')).toBe(1);
    expect(of(disco!, [7], 'count', 'trap') + of(disco!, [7, 9], 'count', 'trap')).toBeGreaterThan(0);
  });

  test('more locks than there is room for wait for nobody, and are counted', async () => {
    const many = 9000;
    const trace = traceOf({ instructionBytes: 4 }, (builder, chunk) => {
      const id = builder.translate(0, 1, 1, MAPPED);
      for (let lock = 0; lock < many; lock++) {
        builder.segment(0, SEGMENT_KERNEL, 0);
        builder.event(EVENT.lockAcquire, 0, lock, 0);
        builder.record(id, referenceWord(FETCH, 0, 4));
        builder.event(EVENT.lockRelease, 0, lock, 0);
        if (lock % 1000 === 0) chunk();
      }
    });
    const [tally] = (await replayAll(trace, trace.summary()!, [systems[0]!], { warmup: 0 })).tallies;
    expect(tally!.instructions).toBe(many);
    expect(tally!.rows.reduce((sum, row) => sum + (row.counters.instructions ?? 0), 0)).toBe(many);
    expect(unfollowed(tally!.rows, tally!.locks)).toBe(many - tally!.locks.length);
    expect(tally!.locks.length).toBeLessThan(many);
  });
});
