import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { applyOverrides, ingest, openTrace, parseOverride, presetSystem } from '../../src/index.ts';
import { referencesIn, replayed, tidy } from './coherence-runs.ts';
import type { CoherenceCounts } from './oracle-caches.ts';
import { snoopingOracle } from './snooping-oracle.ts';

/**
 * Golden counts of coherence: what DynamoRIO's drcachesim counted for `mt4.drmemtrace` (five threads with
 * false sharing) on four cores with private L1s of geometry A, coherent, over one last level of 1 MB, 2 ways
 * (`-no_core_serial`, no prefetch). See docs/counting.md.
 */
const MT4 = fileURLToPath(new URL('../../traces/user/mt4.drmemtrace', import.meta.url));

const [SYSTEM] = applyOverrides(
  [presetSystem('drcachesim')],
  [
    'machine.cpus=4',
    'machine.cpu_assignment=round-robin',
    'machine.coherence=drcachesim',
    'machine.l2.shared=true',
  ].map(parseOverride),
);

const by: Partial<Record<'oracle' | 'kernel', CoherenceCounts>> = {};

beforeAll(async () => {
  const trace = await ingest(await openTrace(MT4));
  try {
    by.oracle = tidy(snoopingOracle(SYSTEM!, await referencesIn(trace, 4), 4));
    by.kernel = await replayed(SYSTEM!, trace);
  } finally {
    await trace.close();
  }
});

describe.each(['oracle', 'kernel'] as const)('mt4.drmemtrace on four coherent cores, %s', (whose) => {
  const perCore = (...names: string[]): number[] =>
    by[whose]!.rows.map((row) => names.reduce((sum, name) => sum + (row[name] ?? 0), 0));
  const total = (...names: string[]): number => perCore(...names).reduce((sum, n) => sum + n, 0);

  test('misses of the L1s', () => {
    expect(perCore('l1i_misses')).toEqual([1_578, 80, 129, 132]);
    expect(perCore('l1d_load_misses', 'l1d_store_misses')).toEqual([27_446, 18_232, 18_285, 18_340]);
  });

  test('write invalidations: received by each core, 3,346 in all', () => {
    expect(by[whose]!.lostLines).toEqual([1_394, 911, 739, 302]);
    expect(total('invalidations')).toBe(3_346);
  });

  test('the last level', () => {
    const misses = total('l2_fetch_misses', 'l2_load_misses', 'l2_store_misses');
    const accesses = total('l1i_misses', 'l1d_load_misses', 'l1d_store_misses');
    expect({ hits: accesses - misses, misses }).toEqual({ hits: 73_849, misses: 10_373 });
  });

  // drcachesim writes back a modified line that is evicted, that another reads, and that another stores to.
  test('write-backs', () => {
    expect(total('l1_writebacks') + total('interventions')).toBe(27_248);
  });

  test('classes are those of the misses of the L1Ds', () => {
    expect(perCore('cold_misses', 'capacity_misses', 'true_sharing_misses', 'false_sharing_misses')).toEqual(
      perCore('l1d_load_misses', 'l1d_store_misses'),
    );
  });
});

test('kernel and oracle agree in everything else', () => {
  // A fetch over two pages is two records here; who made the counts of instructions knows that.
  const plain = ({ rows, ...rest }: CoherenceCounts) => ({
    ...rest,
    rows: rows.map(({ instructions: _, ...row }) => row),
  });
  expect(plain(by.kernel!)).toEqual(plain(by.oracle!));
});
