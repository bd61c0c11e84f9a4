import { price } from '../../src/model/pricing/price.ts';
import type { Comparison, RunResult } from '../../src/model/result.ts';
import { compareWithTallies } from '../../src/model/run.ts';
import { difference, ledger } from '../../src/model/systems/ledger.ts';
import { applyOverrides, parseOverride, presetSystem } from '../../src/model/systems/load.ts';
import { resolvePrices } from '../../src/model/systems/resolve.ts';
import { COUNTERS, LAYERS, type Tally, type TallyRow } from '../../src/model/tally.ts';
import type { HtmlOptions } from '../../src/report/html.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { ingest } from '../../src/trace/ingest.ts';

/** Small real runs with their tallies, as `vmtax run --html` has them. */

export interface LiveResult {
  readonly result: RunResult;
  readonly tallies: readonly (readonly Tally[])[];
}

export async function replayed(
  path: string,
  systems: readonly string[],
  sets: readonly string[] = [],
  seeds = 1,
): Promise<{ readonly comparison: Comparison; readonly tallies: readonly Tally[] }> {
  const trace = await ingest(await openTrace(path));
  try {
    const made = applyOverrides(systems.map(presetSystem), sets.map(parseOverride));
    return await compareWithTallies(trace, made, { warmup: null, baseline: null, seeds });
  } finally {
    await trace.close();
  }
}

/** A run of several CPUs to whose tally a row of each layer is added, so that everything happens and no price is idle. */
export async function everything(): Promise<{
  readonly comparison: Comparison;
  readonly tallies: readonly Tally[];
}> {
  const sets = [
    'machine.contention_windows=4',
    'prices.disk_ns=3000',
    'prices.hop_ns=12',
    'os.server=network',
  ];
  const { comparison, tallies } = await replayed(
    'workload:services?cpus=4&instructions=120K',
    ['irix-numa', 'disco-numa'],
    sets,
  );
  const more = tallies.map((tally): Tally => {
    const locks = tally.locks.map((lock, i) => (i === 0 ? { ...lock, kind: 'semaphore' as const } : lock));
    return { ...tally, rows: [...tally.rows, ...EVERYTHING], locks };
  });
  const runs = comparison.runs.map((run, i) => {
    const { windows: _, held: __, ...tally } = more[i]!;
    const { summary } = comparison.trace;
    const priced = price(more[i]!, resolvePrices(run.system, summary), run.system);
    return { ...run, tally, ...priced, seeds: [{ seed: 1, total_ps: priced.breakdown.total_ps }] };
  });
  return { comparison: { ...comparison, runs }, tallies: more };
}

const EVERYTHING: readonly TallyRow[] = LAYERS.map((layer) => ({
  cpu: 1,
  context: 'kernel',
  layer,
  counters: Object.fromEntries(
    COUNTERS.filter((name) => !name.startsWith('disk_')).map((name) => [
      name,
      name.startsWith('l1') ? 9001 : name.startsWith('l2') ? 907 : name === 'count' ? 97 : 23,
    ]),
  ),
}));

export function resultOf(
  parts: readonly { readonly comparison: Comparison; readonly tallies: readonly Tally[] }[],
): LiveResult {
  return {
    result: {
      schema: 'vmtax.run/1',
      tool: { name: 'vmtax', version: '0' },
      comparisons: parts.map(({ comparison }) => comparison),
    },
    tallies: parts.map(({ tallies }) => tallies),
  };
}

/** What a page of it is written with. */
export function optionsOf({ result, tallies }: LiveResult): HtmlOptions {
  const systems = new Map(
    result.comparisons.flatMap(({ runs }) => runs.map((run) => [run.name, run.system])),
  );
  return {
    ledger: (name) => ledger(systems.get(name)!),
    difference: (a, b) => difference(systems.get(a)!, systems.get(b)!),
    tallies,
  };
}

/** The total that the command line's pricing gives with `--set prices.NAME=VALUE`. */
export function totalWith(
  { result, tallies }: LiveResult,
  comparison: number,
  run: number,
  sets: readonly string[],
): number {
  const { trace, runs } = result.comparisons[comparison]!;
  const [system] = applyOverrides([runs[run]!.system], sets.map(parseOverride));
  return price(tallies[comparison]![run]!, resolvePrices(system!, trace.summary), system!).breakdown.total_ps;
}
