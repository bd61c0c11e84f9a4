import { costOf, workOf } from '../model/pricing/costs.ts';
import { stallsOf } from '../model/pricing/stalls.ts';
import type { SystemRun } from '../model/result.ts';
import { type ResolvedPrices, resolvePrices } from '../model/systems/resolve.ts';
import { isUnused } from '../model/systems/unused.ts';
import { COUNTERS, LAYERS, sumCounter, type TallyRow } from '../model/tally.ts';
import type { Facts } from './facts.ts';

/**
 * Which inputs cannot have had an effect on a run: what concerns several CPUs where there is one, a page policy
 * where there is none, prices of what did not happen. What is not known to be without effect has one.
 */

/** Prices that the memory system's queues alone know. */
const QUEUES = ['controller_ns', 'memory_ns', 'message_ns', 'line_ns'];

type Rule = (run: SystemRun) => boolean;

const single: Rule = ({ tally, system }) => tally.cpus === 1 && system.machine.nodes === 1;
const withoutDisks: Rule = ({ waiting }) => (waiting?.disks ?? null) === null;

/** Rules by path or by the beginning of one, beside those that need no run; the first that fits decides. */
const RULES: readonly (readonly [prefix: string, idle: Rule])[] = [
  ['machine.interconnect', single],
  ['machine.coherence', ({ tally }) => tally.cpus === 1],
  ['machine.replacement_hints', ({ tally }) => tally.cpus === 1],
  ['machine.contention', single],
  ['machine.disks', withoutDisks],
  ['os.jobs', ({ waiting }) => (waiting?.disks ?? waiting?.server ?? null) === null],
  ['prices.disk_', withoutDisks],
  ['prices.server_ns', ({ waiting }) => (waiting?.server ?? null) === null],
  [
    'os.server',
    ({ tally }) => sumCounter(tally, 'network_requests') + sumCounter(tally, 'disk_requests') === 0,
  ],
  ['prices.context_switch_ns', ({ tally }) => tally.locks.every(({ kind }) => kind === 'spin')],
];

/** Whether an input had no effect in any run that has it. */
export function idleInputs(all: readonly Facts[]): (path: string) => boolean {
  const runs = all.flatMap((facts) =>
    facts.runs.map(({ run }) => ({ run, facts, idlePrice: idlePrices(run, facts) })),
  );
  return (path) => {
    const rule = RULES.find(([prefix]) => path.startsWith(prefix))?.[1];
    const price = path.startsWith('prices.') ? path.slice('prices.'.length) : null;
    return runs.every(
      ({ run, facts, idlePrice }) =>
        isUnused(path, run.system, facts.comparison.trace.header) ??
        rule?.(run) ??
        (price !== null && idlePrice(price as keyof ResolvedPrices)),
    );
  };
}

/** Whether a price had no effect on the times of a run: one more of it changes nothing. */
function idlePrices(run: SystemRun, { comparison }: Facts): (name: keyof ResolvedPrices) => boolean {
  const prices = resolvePrices(run.system, comparison.trace.summary);
  const rows = sumsByLayer(run.tally.rows);
  const felt = (on: readonly TallyRow[], name: keyof ResolvedPrices): boolean => {
    const more = { ...prices, [name]: prices[name] + 1 };
    return on.some((row) => timeOf(row, more) !== timeOf(row, prices));
  };
  return (name) => {
    if (QUEUES.includes(name)) return run.contention === null;
    // What not even a row with everything feels acts elsewhere, and nothing is known of it here.
    return felt(PROBE, name) && !felt(rows, name);
  };
}

function timeOf(row: TallyRow, prices: ResolvedPrices): number {
  const { executed, patchable, uncached } = costOf(row.layer, workOf(row), prices);
  return stallsOf(row, prices).reduce(
    (sum, { count, ns }) => sum + count * ns,
    executed + patchable + uncached,
  );
}

/** A row for each layer in which everything happens. */
const PROBE: readonly TallyRow[] = LAYERS.map((layer) => ({
  cpu: 0,
  context: 'user',
  layer,
  counters: Object.fromEntries(
    COUNTERS.map((name) => [
      name,
      name.startsWith('l1') ? 900 : name.startsWith('l2') ? 90 : name === 'count' ? 9 : 2,
    ]),
  ),
}));

function sumsByLayer(rows: readonly TallyRow[]): TallyRow[] {
  return LAYERS.flatMap((layer) => {
    const mine = rows.filter((row) => row.layer === layer);
    if (mine.length === 0) return [];
    const counters = Object.fromEntries(
      COUNTERS.map((name) => [name, mine.reduce((sum, row) => sum + (row.counters[name] ?? 0), 0)]),
    );
    return [{ cpu: 0, context: 'user', layer, counters }];
  });
}
