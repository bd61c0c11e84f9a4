import { CATEGORIES, CAUSES } from '../model/pricing/breakdown.ts';
import { BY_CPU, TOTAL as PRICED_TOTAL } from '../model/pricing/compiled.ts';
import { type Counter, type Layer, sumCounter, type Tally } from '../model/tally.ts';

/** What a row of a sweep says: the same numbers in the same order for every system and cell. */

export interface Output {
  /** In `Row.outputs`. */
  readonly key: string;
  readonly unit: 'ps' | 'instructions' | 'events';
  readonly description: string;
}

interface Count extends Output {
  readonly of: (tally: Tally) => number;
}

const MISSES = ['fetch', 'load', 'store'] as const;

const all =
  (...counters: readonly Counter[]) =>
  (tally: Tally): number =>
    counters.reduce((sum, counter) => sum + sumCounter(tally, counter), 0);

const missesOf = (what: 'l2' | 'remote' | 'dirty' | 'neighbour' | 'tlb') =>
  all(...MISSES.map((kind): Counter => `${what}_${kind}_misses`));

const times =
  (layer: Layer) =>
  (tally: Tally): number =>
    sumCounter(tally, 'count', (row) => row.layer === layer);

const count = (name: string, description: string, of: Count['of']): Count => ({
  key: `count.${name}`,
  unit: 'events',
  description,
  of,
});

/** Counts of a tally: no price changes them. */
const COUNTS: readonly Count[] = [
  count('l1i_misses', 'misses of the first-level instruction caches', all('l1i_misses')),
  count('l1d_misses', 'misses of the first-level data caches', all('l1d_load_misses', 'l1d_store_misses')),
  count('l2_misses', 'misses of the second-level caches', missesOf('l2')),
  count('remote_misses', 'the part of the L2 misses that memory of another node served', missesOf('remote')),
  count('dirty_misses', 'the part that a cache of another node served', missesOf('dirty')),
  count('neighbour_misses', 'the part that another cache of the node served', missesOf('neighbour')),
  count('upgrades', 'stores to shared lines', all('upgrades')),
  count('tlb_misses', 'TLB misses', missesOf('tlb')),
  count('l2tlb_hits', 'TLB misses that the monitor’s second-level TLB served', times('l2tlb')),
  count('refills', 'TLB misses that the guest’s refill handler served', times('refill')),
  count('traps', 'exceptions delivered to the guest by the monitor', times('trap')),
  count('privileged', 'privileged instructions emulated', times('privileged')),
  count('tlb_writes', 'TLB writes of the guest emulated', times('tlb_write')),
  count('kernel_tlb_faults', 'TLB misses on the relocated kernel', times('kernel_tlb')),
  count('monitor_calls', 'monitor calls', times('call')),
  count('pages_migrated', 'pages moved to another node', times('migrate')),
  count('pages_replicated', 'pages copied to another node', times('replicate')),
  count('pages_collapsed', 'replicas dropped because of a store', times('collapse')),
  count('world_switches', 'another virtual CPU took a CPU', times('world_switch')),
  count('lock_acquisitions', 'locks acquired', all('lock_acquisitions')),
  count('disk_requests', 'disk requests', all('disk_requests')),
];

const ps = (key: string, description: string): Output => ({ key, unit: 'ps', description });

export const OUTPUTS: readonly Output[] = [
  {
    key: 'instructions',
    unit: 'instructions',
    description: 'instructions of the trace that were counted, all CPUs',
  },
  ps('total', 'time of all CPUs together: the exact sum of the categories, and of the causes'),
  ps('elapsed', 'time of the CPU that takes longest, idle time included'),
  ...CATEGORIES.map((category) => ps(`category.${category}`, `time in category ${category}`)),
  ...CAUSES.map((cause) => ps(`cause.${cause}`, `time with cause ${cause}`)),
  ...COUNTS.map(({ key, unit, description }) => ({ key, unit, description })),
];

/** From here on the columns of compiled pricing, in its order, up to those by CPU; then the counts. */
export const FIRST_PRICED = 1;
export const TOTAL = FIRST_PRICED + PRICED_TOTAL;
const FIRST_COUNT = FIRST_PRICED + BY_CPU;

/** The outputs that a tally has without prices, the others 0. */
export function countedOutputs(tally: Tally): Float64Array {
  const outputs = new Float64Array(OUTPUTS.length);
  outputs[0] = tally.instructions;
  for (const [at, { of }] of COUNTS.entries()) outputs[FIRST_COUNT + at] = of(tally);
  return outputs;
}
