import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { fromReferences, nonZero, onCpus, references, runs } from './coherence-runs.ts';
import { type NumaCounts, numaOracle } from './numa-oracle.ts';
import { countsOf, numaMachine, talliesOf } from './numa-runs.ts';
import type { Reference } from './oracle.ts';

const tidy = (counts: NumaCounts): NumaCounts => ({
  ...counts,
  rows: counts.rows.map((layers) =>
    Object.fromEntries(Object.entries(layers).map(([layer, row]) => [layer, nonZero(row)])),
  ),
});

/** The same references, none by the unmapped segment. */
const mappedOnly = (list: readonly Reference[]): Reference[] =>
  list.map((r) => (r.space < 0 ? { ...r, space: 0, mapped: true, page: 2 * r.physicalPage } : r));

test('pages that move: agrees with the slow oracle to the last count on random machines and traces', async () => {
  await fc.assert(
    fc.asyncProperty(
      numaMachine,
      references(200),
      fc.integer({ min: 1, max: 300 }),
      fc.boolean(),
      async ({ input, cpus }, list, perChunk, withKernel) => {
        const mine = onCpus(withKernel ? list : mappedOnly(list), cpus);
        const expected = tidy(numaOracle(systemSchema.parse(input), mine, cpus, perChunk));
        const [tally] = await talliesOf([input], fromReferences(mine, cpus, perChunk));
        expect(countsOf(tally!)).toEqual(expected);
      },
    ),
    runs(250),
  );
});

/** What random traces seldom find. */
describe('after a page has moved', () => {
  const cache = { size: 8192, ways: 2, line: 32 };
  const system = (disco: object): SystemInput => ({
    machine: { cpus: 3, nodes: 3, l1i: cache, l1d: cache, l2: { ...cache, inclusive: true }, tlb: null },
    os: { overlay: false },
    pages: { policy: 'disco', disco: { trigger: 8, ...disco } },
  });
  const use = (cpu: number, kind: 1 | 2, offset: number): Reference => ({
    cpu,
    kind,
    space: 0,
    mapped: true,
    page: 5,
    physicalPage: 5,
    offset,
    size: 4,
  });
  const loads = (cpu: number) => Array.from({ length: 8 }, (_, i) => use(cpu, 1, 1024 + 32 * i));

  const both = async (list: readonly Reference[], disco: object): Promise<NumaCounts> => {
    const input = system(disco);
    const [tally] = await talliesOf([input], fromReferences(list, 3, 1000));
    const counts = countsOf(tally!);
    expect(counts).toEqual(tidy(numaOracle(systemSchema.parse(input), list, 3, 1000)));
    return counts;
  };

  test('stores to what its mover has dirty make others’ misses true sharing', async () => {
    // CPU 2 loses the line to CPU 0; CPU 1 moves the page, reads the line and stores to another word of it.
    const list = [use(2, 1, 8), use(0, 2, 0), ...loads(1), use(1, 1, 8), use(1, 2, 8), use(2, 1, 8)];
    const { rows, pages } = await both(list, { sharing: 'infinite' });
    expect(pages.fates).toEqual({ migrated: 1 });
    expect(rows[2]!.workload).toMatchObject({ cold_misses: 1, true_sharing_misses: 1 });
  });

  test.each([65536, 1 << 20])('its copy meets in caches of %d bytes what the page met', async (size) => {
    // Pages of one colour drive each other out of the direct-mapped caches; those of the next do not.
    const large = { size, ways: 1, line: 32 };
    const input: SystemInput = {
      ...system({ sharing: 'infinite' }),
      machine: { ...system({}).machine, l1i: large, l1d: large, l2: { ...large, inclusive: true } },
    };
    const other = (colours: number): Reference => {
      const page = 5 + colours + size / 4096;
      return { ...use(1, 1, 1024), page, physicalPage: page };
    };
    const list = [
      ...loads(0),
      ...loads(1),
      use(1, 1, 1024),
      other(1),
      use(1, 1, 1024),
      other(0),
      use(1, 1, 1024),
    ];
    const [tally] = await talliesOf([input], fromReferences(list, 3, 1000));
    const counts = countsOf(tally!);
    expect(counts).toEqual(tidy(numaOracle(systemSchema.parse(input), list, 3, 1000)));
    expect(counts.pages.fates).toEqual({ migrated: 1 });
    expect(counts.rows[1]!.workload).toMatchObject({ capacity_misses: 1 });
  });

  test('a store to what the maker of a copy has dirty collapses it', async () => {
    const list = [...loads(0), ...loads(1), use(1, 1, 8), use(1, 2, 8), use(0, 1, 8)];
    const { rows, pages } = await both(list, { sharing: 1 });
    expect(pages.fates).toEqual({ replicated: 1 });
    expect(rows[1]!.collapse!.count).toBe(1);
  });

  test('its mover misses for lack of room, others because it moved', async () => {
    // CPU 0 has lines of the page when it moves; CPU 1, which moves it, lets them go by itself.
    const others = Array.from({ length: 256 }, (_, i): Reference => {
      const page = 8 + Math.floor(i / 128);
      return { ...use(1, 1, (32 * i) % 4096), page, physicalPage: page };
    });
    const list = [...loads(0), ...loads(1), ...others, ...loads(1), ...loads(0)];
    const { rows } = await both(list, { sharing: 'infinite' });
    expect(rows[0]!.workload).toMatchObject({ cold_misses: 8, moved_misses: 8 });
    expect(rows[1]!.workload).toMatchObject({ capacity_misses: 8 });
    expect(rows[1]!.workload!.moved_misses).toBeUndefined();
  });

  test('a machine page is used again', async () => {
    // The page goes to and fro: its second machine page on node 1 is the first.
    const turns = [0, 1, 2, 1, 0, 1, 2].flatMap((cpu) => [
      ...Array.from({ length: 16 }, (_, i) => use(cpu, 1, 256 * i)),
      use(cpu, 2, 256),
    ]);
    const { pages } = await both(turns, { sharing: 'infinite', migrate: 'infinite' });
    expect(pages.replicas).toBe(1);
    expect(pages.decisions['migrate: private']).toBe(6);
  });
});
