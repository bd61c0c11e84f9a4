import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemSchema } from '../../src/model/systems/schema.ts';
import {
  type Case,
  COHERENCE_ONLY,
  directoryMachine,
  fromReferences,
  onCpus,
  references,
  referencesIn,
  replayed,
  replayedTogether,
  runs,
  snoopingMachine,
  tidy,
  wholeInstructions,
} from './coherence-runs.ts';
import { directoryOracle } from './directory-oracle.ts';
import type { Reference } from './oracle.ts';
import type { CoherenceCounts } from './oracle-caches.ts';
import { snoopingOracle } from './snooping-oracle.ts';

const CLASSES = COHERENCE_ONLY.slice(0, 5);
const L2_MISSES = ['l2_fetch_misses', 'l2_load_misses', 'l2_store_misses'];

const sum = (row: Readonly<Record<string, number>>, names: readonly string[]): number =>
  names.reduce((total, name) => total + (row[name] ?? 0), 0);

const few = fc.integer({ min: 2, max: 12 });
const many = fc.constantFrom(32, 33, 64, 96, 128);
const perChunk = fc.integer({ min: 1, max: 300 });

async function sameCounts(
  { input, cpus }: Case,
  list: readonly Reference[],
  chunk: number,
  oracle: typeof directoryOracle,
): Promise<void> {
  const mine = onCpus(list, cpus);
  const counted = await replayed(input, fromReferences(mine, cpus, chunk));
  expect(counted).toEqual(tidy(oracle(systemSchema.parse(input), mine, cpus)));
}

describe('coherence by directory', () => {
  test('agrees with the slow oracle to the last count on random machines and traces', async () => {
    await fc.assert(
      fc.asyncProperty(directoryMachine(few), references(400), perChunk, (machine, list, chunk) =>
        sameCounts(machine, list, chunk, directoryOracle),
      ),
      runs(140),
    );
  });

  test('the same with 32 to 128 CPUs', async () => {
    await fc.assert(
      fc.asyncProperty(directoryMachine(many), references(600), perChunk, (machine, list, chunk) =>
        sameCounts(machine, list, chunk, directoryOracle),
      ),
      runs(12),
    );
  });

  // To the oracle each instruction is a reference; to the kernel a run is, and a miss of its first instruction is true
  // sharing where a later one was stored to. So the two classes of sharing are added up here.
  test('the same where fetches are runs of instructions', async () => {
    const together = ({ rows, ...rest }: CoherenceCounts) => ({
      ...rest,
      rows: rows.map(({ true_sharing_misses: yes = 0, false_sharing_misses: no = 0, ...row }) => ({
        ...row,
        sharing: yes + no,
      })),
    });
    await fc.assert(
      fc.asyncProperty(
        directoryMachine(few),
        references(400),
        perChunk,
        async ({ input, cpus }, list, chunk) => {
          const trace = fromReferences(wholeInstructions(onCpus(list, cpus)), cpus, chunk, 4);
          const counted = together(await replayed(input, trace));
          const apart = await referencesIn(trace, cpus);
          expect(counted).toEqual(together(tidy(directoryOracle(systemSchema.parse(input), apart, cpus))));
        },
      ),
      runs(20),
    );
  });

  test('the same with machines side by side', async () => {
    const machines = fc.array(fc.oneof(directoryMachine(fc.constant(4)), snoopingMachine(fc.constant(4))), {
      minLength: 2,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(machines, references(300), perChunk, async (cases, list, chunk) => {
        const mine = onCpus(list, 4);
        const inputs = cases.map(({ input }) => input);
        const expected = inputs.map((input) => {
          const oracle = input.machine!.coherence === 'drcachesim' ? snoopingOracle : directoryOracle;
          return tidy(oracle(systemSchema.parse(input), mine, 4));
        });
        expect(await replayedTogether(inputs, fromReferences(mine, 4, chunk))).toEqual(expected);
      }),
      runs(20),
    );
  });

  test('one CPU counts what it counts without', async () => {
    await fc.assert(
      fc.asyncProperty(directoryMachine(fc.constant(1)), references(300), async ({ input }, list) => {
        const trace = fromReferences(onCpus(list, 1), 1, 100);
        const coherent = await replayed(input, trace);
        const plain = await replayed({ ...input, machine: { ...input.machine, coherence: 'none' } }, trace);
        const row = Object.entries(coherent.rows[0]!).filter(([name]) => !COHERENCE_ONLY.includes(name));
        expect(Object.fromEntries(row)).toEqual(plain.rows[0]);
        expect(sum(plain.rows[0]!, COHERENCE_ONLY)).toBe(0);
        expect(coherent.dirtyL1Lines).toBe(plain.dirtyL1Lines);
        expect(coherent.dirtyL2Lines).toBe(plain.dirtyL2Lines);
        expect(coherent.lostLines).toEqual([0]);
        expect(sum(coherent.rows[0]!, CLASSES)).toBe(sum(plain.rows[0]!, L2_MISSES));
      }),
      runs(40),
    );
  });

  test('every miss has one class, every lost line one store', async () => {
    await fc.assert(
      fc.asyncProperty(directoryMachine(few), references(400), async ({ input, cpus }, list) => {
        const { rows, lostLines } = await replayed(input, fromReferences(onCpus(list, cpus), cpus, 100));
        for (const row of rows) expect(sum(row, CLASSES)).toBe(sum(row, L2_MISSES));
        const lost = lostLines.reduce((total, n) => total + n, 0);
        expect(rows.reduce((total, row) => total + sum(row, ['invalidations']), 0)).toBe(lost);
        // Who is told of every line that leaves sends no message in vain.
        const never = input.machine!.replacement_hints ? 'stale_messages' : 'replacement_hints';
        for (const row of rows) expect(row[never] ?? 0).toBe(0);
      }),
      runs(30),
    );
  });
});

/**
 * Pages that first appear in a later chunk: tables by line grow while there is something in them. The last
 * reference alternates between two lines of one set: it lets each go and misses again on its own account.
 */
test.each([2, 32, 33, 64, 128])('lines of pages that come late, %i CPUs', async (cpus) => {
  const cache = { size: 16, ways: 1, line: 16 };
  const rest = { cpus, nodes: 1, l1i: cache, l1d: cache, tlb: null } as const;
  for (const pages of [1, 4, 5, 8, 9, 16, 17]) {
    const list = Array.from({ length: pages }, (_, i): Reference => {
      const page = 2 ** 51 + i;
      const last = i === pages - 1;
      const what = last
        ? ({ kind: 3, offset: 30, size: 3 } as const)
        : ({ kind: 0, offset: 0, size: 1 } as const);
      return { cpu: 0, space: -1, page, physicalPage: page, mapped: false, ...what };
    });
    for (const chunk of [1, 4, 8]) {
      const byDirectory = { machine: { ...rest, l2: { ...cache, inclusive: true } }, os: { overlay: false } };
      await sameCounts({ cpus, input: byDirectory }, list, chunk, directoryOracle);
      const snooping = {
        machine: { ...rest, coherence: 'drcachesim', l2: null },
        os: { overlay: false },
      } as const;
      await sameCounts({ cpus, input: snooping }, list, chunk, snoopingOracle);
    }
  }
});

describe('coherence as drcachesim has it', () => {
  test('agrees with the slow oracle to the last count on random machines and traces', async () => {
    await fc.assert(
      fc.asyncProperty(snoopingMachine(few), references(400), perChunk, (machine, list, chunk) =>
        sameCounts(machine, list, chunk, snoopingOracle),
      ),
      runs(60),
    );
  });

  test('the same with 32 to 128 CPUs', async () => {
    await fc.assert(
      fc.asyncProperty(snoopingMachine(many), references(600), perChunk, (machine, list, chunk) =>
        sameCounts(machine, list, chunk, snoopingOracle),
      ),
      runs(8),
    );
  });
});
