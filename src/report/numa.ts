import { MISS_CLASSES, type MissClass, type Numa, SERVED, type Served } from '../model/numa.ts';
import type { Reason } from '../model/paging/policies/policy.ts';
import type { PageAction, PageActionLayer } from '../model/pricing/actions.ts';
import type { Cause } from '../model/pricing/breakdown.ts';
import type { Contention, StationLoad } from '../model/pricing/contention.ts';
import type { BlockingKind } from '../model/pricing/queueing/traffic.ts';
import type { Facts, RunFacts } from './facts.ts';
import { percentInWords } from './finding.ts';
import { count, percentOf } from './numbers.ts';

/**
 * The memory system of several CPUs or nodes: the words for it, what its charts are drawn from, and their
 * findings. Only runs that have such facts take part.
 */

export interface ServedWords {
  /** Follows a number of misses: `local`. */
  readonly short: string;
  readonly name: string;
  /** The stall on data from there, whose colour and letters it has. */
  readonly cause: Cause;
}

export const SERVED_WORDS: Readonly<Record<Served, ServedWords>> = {
  local: { short: 'local', name: 'local memory', cause: 'stall_local_data' },
  remote: { short: 'remote', name: 'memory of another node (two hops)', cause: 'stall_remote_data' },
  dirty: { short: 'dirty remote', name: 'a cache of another node (three hops)', cause: 'stall_dirty_data' },
  neighbour: { short: 'neighbour', name: 'another cache of the node', cause: 'stall_neighbour_data' },
};

export const CLASS_WORDS: Readonly<Record<MissClass, string>> = {
  cold: 'cold',
  capacity: 'capacity',
  true_sharing: 'true sharing',
  false_sharing: 'false sharing',
  moved: 'moved page',
};

export const KIND_WORDS: Readonly<Record<BlockingKind, { readonly name: string; readonly cause: Cause }>> = {
  local: { name: 'miss to local memory', cause: 'stall_local_data' },
  local_cache: { name: 'miss to another cache of the node', cause: 'stall_neighbour_data' },
  remote_clean: { name: 'miss to memory of another node', cause: 'stall_remote_data' },
  remote_dirty: { name: 'miss to a cache of another node', cause: 'stall_dirty_data' },
  upgrade: { name: 'upgrade, home on the node', cause: 'stall_upgrade' },
  remote_upgrade: { name: 'upgrade, home on another node', cause: 'stall_upgrade' },
};

export const ACTION_WORDS: Readonly<Record<PageActionLayer, string>> = {
  hot_page: 'hot-page interrupt',
  migrate: 'migration',
  replicate: 'replication',
  collapse: 'collapse of replicas on a store',
  shootdown: 'TLB entry shot down',
  hint_fault: 'hint fault',
};

/** Why a policy decided so, for a narrow column. */
export const REASON_WORDS: Readonly<Record<Reason, string>> = {
  private: 'used by one node',
  'read-shared': 'read by several nodes',
  'write-shared': 'written by several nodes',
  frozen: 'moved too often',
  local: 'on the node already',
  kernel: 'of the kernel',
  'first-fault': 'first fault',
  'same-node': 'same node as before',
  'other-node': 'other node than before',
};

export interface NumaRun {
  readonly facts: RunFacts;
  readonly numa: Numa;
  readonly misses: number;
}

export interface ContendedRun {
  readonly facts: RunFacts;
  readonly contention: Contention;
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/** Runs of several CPUs or nodes, the baseline first. */
export function numaRuns({ runs }: Facts): NumaRun[] {
  return runs.flatMap((facts) => {
    const { numa } = facts.run;
    return numa === null ? [] : [{ facts, numa, misses: sum(SERVED.map((kind) => numa.served[kind])) }];
  });
}

export function contendedRuns({ runs }: Facts): ContendedRun[] {
  return runs.flatMap((facts) => {
    const { contention } = facts.run;
    return contention === null ? [] : [{ facts, contention }];
  });
}

/** Runs with a page policy. */
export function policyRuns({ runs }: Facts): RunFacts[] {
  return runs.filter((run) => run.run.tally.pages !== null);
}

/** Runs on several nodes that missed: those of which a map of nodes says something. */
export function mappedRuns(facts: Facts): NumaRun[] {
  return numaRuns(facts).filter(
    ({ numa }) => numa.matrix.length > 1 && numa.matrix.some((row) => row.some((misses) => misses > 0)),
  );
}

/** `a, b and c`. */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** Systems named one by one in a title. */
const NAMED = 3;

/** `11.2 % of misses under a and 40.3 % under b`; of many the lowest and the highest. `of` follows the first. */
function perRun(items: readonly { readonly name: string; readonly value: number }[], of = ''): string {
  const each = ({ name, value }: (typeof items)[number], i: number): string =>
    `${percentInWords(value)}${i === 0 ? of : ''} under ${name}`;
  if (items.length <= NAMED) return listed(items.map(each));
  const sorted = [...items].sort((a, b) => a.value - b.value);
  return `${each(sorted[0]!, 0)} to ${each(sorted.at(-1)!, 1)}`;
}

/** Title of the misses by what served them: the share of local memory. */
export function servedFinding(facts: Facts): string {
  const runs = numaRuns(facts).filter(({ misses }) => misses > 0);
  if (runs.length === 0) return `No access misses all caches on ${facts.short}`;
  const shares = runs.map(({ facts: { name }, numa, misses }) => ({
    name,
    value: (100 * numa.served.local) / misses,
  }));
  return `Local memory serves ${perRun(shares, ' of L2 misses')}`;
}

/** The class that most misses of a run have. */
function topClass({ numa }: NumaRun): MissClass {
  return MISS_CLASSES.reduce((a, b) => (numa.classes[b] > numa.classes[a] ? b : a));
}

const classified = ({ numa }: NumaRun): number => sum(MISS_CLASSES.map((name) => numa.classes[name]));

/** Runs whose misses have classes. */
export function classedRuns(facts: Facts): NumaRun[] {
  return numaRuns(facts).filter((run) => classified(run) > 0);
}

/** Title of the misses by class: the largest of each run. */
export function classFinding(facts: Facts): string {
  const runs = classedRuns(facts);
  const share = (run: NumaRun, name: MissClass): number => (100 * run.numa.classes[name]) / classified(run);
  const tops = runs.map(topClass);
  const [first] = tops;
  if (first === undefined) return `No miss has a class on ${facts.short}`;
  if (tops.every((top) => top === first)) {
    const shares = runs.map((run) => ({ name: run.facts.name, value: share(run, first) }));
    const name = CLASS_WORDS[first];
    return `${name[0]!.toUpperCase()}${name.slice(1)} misses are the largest class: ${perRun(shares, ' of misses')}`;
  }
  const each = runs
    .slice(0, NAMED)
    .map(
      (run, i) =>
        `${CLASS_WORDS[tops[i]!]} under ${run.facts.name} (${percentInWords(share(run, tops[i]!))})`,
    );
  return `The largest class of misses: ${each.join(', ')}${runs.length > NAMED ? ` and ${runs.length - NAMED} more systems` : ''}`;
}

/** Sums of a matrix of misses. */
export function matrixSums({ numa }: NumaRun): {
  readonly all: number;
  /** To lines whose home is the node that misses. */
  readonly own: number;
  /** By home node. */
  readonly homes: readonly number[];
} {
  const homes = numa.matrix.map((_, home) => sum(numa.matrix.map((row) => row[home]!)));
  return { all: sum(homes), own: sum(numa.matrix.map((row, node) => row[node]!)), homes };
}

/** Title of the maps: how many misses stay at home, and the node that most go to. */
export function matrixFinding(facts: Facts): string {
  const runs = mappedRuns(facts).map((run) => ({ run, ...matrixSums(run) }));
  const shares = runs.map(({ run, all, own }) => ({ name: run.facts.name, value: (100 * own) / all }));
  const crowded = runs
    .map(({ run, all, homes }) => {
      const most = Math.max(...homes);
      return { run, node: homes.indexOf(most), share: most / all, above: (most / all) * homes.length };
    })
    .reduce((a, b) => (b.above > a.above ? b : a));
  const even = 100 / crowded.run.numa.matrix.length;
  return (
    `The home of a missed line is the own node for ${perRun(shares, ' of misses')}; node ${crowded.node} is home to ` +
    `${percentInWords(crowded.share * 100)} of all misses under ${crowded.run.facts.name} (an even share is ${percentInWords(even)})`
  );
}

const actionOf = ({ run }: RunFacts, layer: PageActionLayer): PageAction | undefined =>
  run.actions.find((action) => action.layer === layer);

/** Migrations and replications of a run together: how often a second, and µs of one. */
export function movesOf(run: RunFacts): { count: number; per_second: number; us_each: number } {
  const actions = [actionOf(run, 'migrate'), actionOf(run, 'replicate')].filter(
    (action) => action !== undefined,
  );
  const moves = sum(actions.map((action) => action.count));
  return {
    count: moves,
    per_second: sum(actions.map((action) => action.per_second)),
    us_each: moves === 0 ? 0 : sum(actions.map((action) => action.ps)) / moves / 1e6,
  };
}

/** Title of the page moves: what became of the hot pages. */
export function movesFinding(facts: Facts): string {
  const sentences = policyRuns(facts)
    .slice(0, NAMED)
    .map((run) => {
      const fates = run.run.tally.pages!.fates;
      const hot = sum(Object.values(fates));
      if (hot === 0) return `no page becomes hot under ${run.name}`;
      const left = fates.left ?? 0;
      const moves = movesOf(run);
      const pages = `${run.name} moves ${count(hot - left)} of ${count(hot)} hot ${hot === 1 ? 'page' : 'pages'}`;
      return moves.count === 0
        ? pages
        : `${pages}, ${figure(moves.per_second)} moves a second of ${figure(moves.us_each)} µs each`;
    });
  return sentences.join('; ').replace(/^no page/, 'No page');
}

/** A rate or a mean with three digits or so: `1,234`, `45.6`, `0.012`. */
export function figure(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return count(Math.round(value));
  if (Math.abs(value) >= 10) return value.toFixed(1);
  if (Math.abs(value) >= 0.01) return value.toFixed(2);
  return '<0.01';
}

/** The busiest station of all runs, or null. */
export function hottest(facts: Facts): { readonly run: RunFacts; readonly station: StationLoad } | null {
  const each = contendedRuns(facts).flatMap(({ facts: run, contention }) =>
    contention.stations
      .filter(({ name }) => name === contention.hottest)
      .map((station) => ({ run, station })),
  );
  return each.length === 0
    ? null
    : each.reduce((a, b) => (b.station.utilisation > a.station.utilisation ? b : a));
}

/** Title of the loads: the busiest station. */
export function loadFinding(facts: Facts): string {
  const top = hottest(facts);
  if (top === null) return `No controller, memory or link is ever busy on ${facts.short}`;
  const { name, utilisation, peak } = top.station;
  return `The busiest place is the ${name} under ${top.run.name}: ${percentInWords(utilisation * 100)} of the time, ${percentInWords(peak * 100)} at its peak`;
}

/** Title of the times of misses: what queueing adds. */
export function queueingFinding(facts: Facts): string {
  const runs = contendedRuns(facts).filter(({ contention }) => contention.minimum_ps > 0);
  if (runs.length === 0) return `No CPU waits for memory on ${facts.short}`;
  const shares = runs.map(({ facts: { name }, contention }) => ({
    name,
    value: percentOf(contention.queueing_ps, contention.minimum_ps)!,
  }));
  return `Queueing lengthens misses by ${perRun(shares)}`;
}
