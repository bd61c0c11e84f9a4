import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  applyOverrides,
  ingest,
  openTrace,
  parseOverride,
  presetSystem,
  replayAll,
  sumCounter,
  type Tally,
  type Trace,
} from '../../src/index.ts';
import type { Counter } from '../../src/model/tally.ts';
import { MODIFY } from '../../src/trace/types.ts';

/**
 * Golden counts: what Dinero IV, DynamoRIO's drcachesim and Valgrind's cachegrind counted for the two
 * user-level traces that ship with vmtax (`docs/counting.md` names versions and command lines). Every
 * number must come out to the last digit under the counting rule of that name.
 */
const path = (name: string): string => fileURLToPath(new URL(`../../traces/user/${name}`, import.meta.url));
const TRUE = path('true.lackey.gz');
const MT4 = path('mt4.drmemtrace');

/** Opens the trace and replays it through a preset with overrides, from the first instruction on. */
async function count(trace: string, preset: string, overrides: readonly string[] = []): Promise<Tally> {
  const [system] = applyOverrides([presetSystem(preset)], overrides.map(parseOverride));
  const ingested = await ingest(await openTrace(trace));
  try {
    const { tallies } = await replayAll(ingested, ingested.summary()!, [system!], { warmup: 0 });
    return tallies[0]!;
  } finally {
    await ingested.close();
  }
}

/** Sums of the recorded program's own counters, in the order of the names. */
const sums = (tally: Tally, names: readonly Counter[], cpu?: number): number[] =>
  names.map((name) =>
    sumCounter(tally, name, (row) => row.layer === 'workload' && (cpu === undefined || row.cpu === cpu)),
  );

const L1 = [
  'fetch_accesses',
  'l1i_misses',
  'load_accesses',
  'l1d_load_misses',
  'store_accesses',
  'l1d_store_misses',
] as const;
const L2 = ['l2_fetch_misses', 'l2_load_misses', 'l2_store_misses'] as const;

/** Geometry B is A with lines of 128 bytes in the L2. */
const B = ['machine.l2.line=128'];

describe('true.lackey.gz', () => {
  const l1 = [114_707, 1_146, 26_160, 1_310, 11_788, 358];

  test('Dinero IV, geometry A', async () => {
    const tally = await count(TRUE, 'dinero');
    expect(sums(tally, L1)).toEqual(l1);
    const [instructions, loads, stores] = sums(tally, L2);
    expect([instructions, loads! + stores!]).toEqual([1_075, 1_308]);
    expect(sums(tally, ['l1_writebacks'])).toEqual([516]);
  });

  test('Dinero IV, geometry B', async () => {
    const tally = await count(TRUE, 'dinero', B);
    expect(sums(tally, L1)).toEqual(l1);
    const [instructions, loads, stores] = sums(tally, L2);
    expect([instructions, loads! + stores!]).toEqual([654, 815]);
  });

  test('drcachesim agrees with Dinero in the L1s', async () => {
    expect(sums(await count(TRUE, 'drcachesim'), L1)).toEqual(l1);
    expect(sums(await count(TRUE, 'drcachesim', B), L1)).toEqual(l1);
  });

  test('cachegrind, geometry A', async () => {
    const tally = await count(TRUE, 'cachegrind');
    // A modify is a load only: 1,504 of them are in 26,150 and not among the stores.
    expect(sums(tally, L1)).toEqual([110_713, 1_141, 26_150, 1_309, 10_267, 358]);
    expect(sums(tally, L2)).toEqual([1_072, 996, 311]);
  });

  // One unified fully associative LRU cache: the whole miss-ratio curve.
  test.each([
    [64, 10_936],
    [128, 4_500],
    [256, 3_564],
    [512, 2_836],
    [1024, 2_596],
    [2048, 2_412],
  ])('%i lines, fully associative: %i misses', async (lines, misses) => {
    const cache = `{size: ${lines * 64}, ways: ${lines}, line: 64, inclusive: false}`;
    const only = `machine={counting: dinero, tlb: null, l1i: null, l1d: null, l2: ${cache}}`;
    const tally = await count(TRUE, 'dinero', [only]);
    expect(sums(tally, L2).reduce((sum, n) => sum + n)).toBe(misses);
  });

  test('TLB of 64 entries, fully associative, LRU: 186 misses of 148,767 page accesses', async () => {
    const tally = await count(TRUE, 'dinero', [
      'machine.tlb={entries: 64, pairs: false, replacement: lru}',
      'os.refill_loads=0',
    ]);
    expect(sums(tally, ['tlb_fetch_misses', 'tlb_load_misses', 'tlb_store_misses'])).toEqual([81, 86, 19]);
    expect(await pageAccesses(await openTrace(TRUE))).toBe(148_767);
  });
});

describe('mt4.drmemtrace, five threads', () => {
  const ROUND_ROBIN = 'machine.cpu_assignment=round-robin';

  test('drcachesim, geometry A, all threads on one core', async () => {
    const tally = await count(MT4, 'drcachesim', [ROUND_ROBIN, 'machine.cpus=1']);
    const [fetches, l1i, loads, loadMisses, stores, storeMisses] = sums(tally, L1) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const l1d = loadMisses + storeMisses;
    const l2 = sums(tally, L2).reduce((sum, n) => sum + n);
    expect({ hits: fetches - l1i, misses: l1i }).toEqual({ hits: 1_895_631, misses: 1_581 });
    expect({ hits: loads + stores - l1d, misses: l1d }).toEqual({ hits: 347_709, misses: 79_813 });
    expect({ hits: l1i + l1d - l2, misses: l2 }).toEqual({ hits: 71_041, misses: 10_353 });
  });

  test('drcachesim, instruction caches of four cores, thread n on core n modulo 4', async () => {
    // Data caches differ by what coherence invalidates; nobody writes code, so these are the same.
    const tally = await count(MT4, 'drcachesim', [ROUND_ROBIN, 'machine.cpus=4']);
    expect([0, 1, 2, 3].map((cpu) => sums(tally, ['l1i_misses'], cpu)[0])).toEqual([1_578, 80, 129, 132]);
  });

  test('fewer CPUs than the trace has are refused unless asked for', async () => {
    await expect(count(MT4, 'drcachesim', ['machine.cpus=1'])).rejects.toThrow(
      /recorded on 5: set machine.cpus to 5 or 0, or machine.cpu_assignment to round-robin/,
    );
  });
});

/** Records, a reference over two pages being two and a modify twice what it touches. */
async function pageAccesses(trace: Trace): Promise<number> {
  let accesses = 0;
  for await (const chunk of trace.chunks())
    for (let i = 0; i < chunk.length; i++) accesses += (chunk.word[i]! & 3) === MODIFY ? 2 : 1;
  return accesses;
}
