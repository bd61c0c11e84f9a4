import { type ReplayOptions, replayAll } from '../model/compare.ts';
import { onePass } from '../model/geometry/one-pass.ts';
import { planGeometry } from '../model/geometry/plan.ts';
import { streamForm } from '../model/streams.ts';
import { systemFor } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import type { Tally } from '../model/tally.ts';
import type { Trace, TraceHeader, TraceSummary } from '../trace/types.ts';

/** Replays of many structures of one trace. */

/** Replays side by side: enough for decoding to weigh little, few enough for their caches to fit in memory. */
const SIDE_BY_SIDE = 8;

/** Most geometries in one pass: more would lose much work when interrupted, and share little more. */
const MOST_GEOMETRIES = 56;

/** What so many structures of one family cost, in replays (measured: 1.6 for four of them). */
export const passCost = (members: number): number => (members === 1 ? 1 : 1 + members / 7);

/**
 * The structures in groups that are replayed together, as indexes: those that take the trace in the same form (one
 * decoding serves them), first the families that differ in the geometry of caches, then the others, as much at a time
 * as so many threads take side by side.
 */
export function replayGroups(systems: readonly System[], header: TraceHeader, threads = 1): number[][] {
  const byForm = new Map<string, number[]>();
  for (const [at, given] of systems.entries()) {
    const system = systemFor(given, header);
    const { l1i, l1d, l2, tlb, counting, coherence } = system.machine;
    const lines = [l1i?.line, l1d?.line, l2?.line, tlb === null, counting, coherence, system.os.rdhwr];
    const key = JSON.stringify([streamForm(system, header.cpus), lines]);
    const form = byForm.get(key);
    if (form === undefined) byForm.set(key, [at]);
    else form.push(at);
  }
  return [...byForm.values()].flatMap((form) => {
    const { families, singles } = familiesOf(
      form.map((at) => systems[at]!),
      header,
    );
    const parts = families.flatMap((members) =>
      Array.from({ length: Math.ceil(members.length / MOST_GEOMETRIES) }, (_, i) =>
        members.slice(i * MOST_GEOMETRIES, (i + 1) * MOST_GEOMETRIES),
      ),
    );
    return [parts, singles]
      .flatMap((items) => filled(items, SIDE_BY_SIDE * threads))
      .map((group) => group.map((i) => form[i]!));
  });
}

/** Systems, as indexes, by whether one pass serves several of them. */
export function familiesOf(
  systems: readonly System[],
  header: TraceHeader,
): { readonly families: readonly (readonly number[])[]; readonly singles: readonly (readonly number[])[] } {
  const families = planGeometry(systems, header).families.map(({ members }) => members);
  const known = new Set(families.flat());
  return { families, singles: systems.flatMap((_, at) => (known.has(at) ? [] : [[at]])) };
}

/** How many replays so many structures take, as one serves all that differ in the geometry of caches only. */
export const replayCount = (systems: readonly System[], header: TraceHeader): number =>
  replayGroups(systems, header).reduce((sum, group) => sum + itemsOf(group, systems, header).length, 0);

/** The replays of a group, each with the structures that it serves. */
function itemsOf(
  group: readonly number[],
  systems: readonly System[],
  header: TraceHeader,
): (readonly number[])[] {
  const { families, singles } = familiesOf(
    group.map((at) => systems[at]!),
    header,
  );
  return [...families, ...singles];
}

/**
 * Replays structures group by group; gives each with its index. `progress` hears how much of all replays is done, in
 * records of one. Throws only when interrupted, and where the trace fails.
 */
export async function* replayInGroups(
  trace: Trace,
  summary: TraceSummary,
  systems: readonly System[],
  options: Omit<ReplayOptions, 'progress'> & { readonly progress?: (done: number, total: number) => void },
  { threads, replay }: Replayers = THIS_THREAD,
): AsyncGenerator<{ readonly at: number; readonly result: PromiseSettledResult<Tally> }> {
  const { warmup, signal, progress } = options;
  const groups = replayGroups(systems, trace.header, threads);
  const costs = groups.map((group) =>
    itemsOf(group, systems, trace.header).reduce((sum, { length }) => sum + passCost(length), 0),
  );
  const all = costs.reduce((sum, cost) => sum + cost, 0) * summary.records;
  let before = 0;
  for (const [i, group] of groups.entries()) {
    signal?.throwIfAborted();
    const settled = await replay(
      trace,
      summary,
      group.map((at) => systems[at]!),
      {
        warmup,
        ...(signal && { signal }),
        ...(progress && { progress: (records) => progress(before + records * costs[i]!, all) }),
      },
    );
    before += costs[i]! * summary.records;
    for (const [place, result] of settled.entries()) yield { at: group[place]!, result };
  }
}

/** Items one after the other in groups that cost no more than that, but for an item that does so alone. */
function filled(items: readonly (readonly number[])[], most: number): number[][] {
  const groups: number[][] = [];
  let room = 0;
  for (const item of items) {
    room -= passCost(item.length);
    if (groups.length > 0 && room >= 0) groups.at(-1)!.push(...item);
    else {
      groups.push([...item]);
      room = most - passCost(item.length);
    }
  }
  return groups;
}

/**
 * The tallies of structures on one trace, each as a replay by itself would give it, settled one by one: what is wrong
 * with one of them leaves the others alone. Throws only when interrupted.
 */
export async function replayStructures(
  trace: Trace,
  summary: TraceSummary,
  systems: readonly System[],
  options: ReplayOptions,
): Promise<PromiseSettledResult<Tally>[]> {
  const served = await geometries(trace, summary, systems, options);
  const results = served.map((value): PromiseSettledResult<Tally> | null =>
    value === null ? null : { status: 'fulfilled', value },
  );
  const left = systems.flatMap((_, at) => (results[at] === null ? [at] : []));
  const others = left.map((at) => systems[at]!);
  for (const places of replayGroups(others, trace.header)) {
    const group = places.map((place) => left[place]!);
    const members = group.map((at) => systems[at]!);
    const settled = await replayTogether(trace, summary, members, options);
    for (const [i, at] of group.entries()) results[at] = settled[i]!;
  }
  return results.map((result) => result!);
}

/** Tallies of those structures that one pass can serve, as they differ in caches only; null for the others. */
async function geometries(
  trace: Trace,
  summary: TraceSummary,
  systems: readonly System[],
  options: ReplayOptions,
): Promise<(Tally | null)[]> {
  try {
    return await onePass(trace, summary, systems, options);
  } catch {
    options.signal?.throwIfAborted();
    // What is wrong with one of them, its own replay will say.
    return systems.map(() => null);
  }
}

/** Who replays: this thread alone, or several. */
export interface Replayers {
  readonly threads: number;
  /** As `replayStructures` does. */
  readonly replay: typeof replayStructures;
}

export const THIS_THREAD: Replayers = { threads: 1, replay: replayStructures };

async function replayTogether(
  trace: Trace,
  summary: TraceSummary,
  systems: readonly System[],
  options: ReplayOptions,
): Promise<PromiseSettledResult<Tally>[]> {
  try {
    const { tallies } = await replayAll(trace, summary, systems, options);
    return tallies.map((value) => ({ status: 'fulfilled', value }));
  } catch (reason) {
    options.signal?.throwIfAborted();
    if (systems.length === 1) return [{ status: 'rejected', reason }];
    // One of them is the reason: each by itself.
    const alone: PromiseSettledResult<Tally>[] = [];
    for (const system of systems) alone.push(...(await replayTogether(trace, summary, [system], options)));
    return alone;
  }
}

const NOTHING: TraceSummary = {
  records: 0,
  chunks: 0,
  translations: 0,
  spaces: 0,
  instructions: 0,
  loads: 0,
  stores: 0,
  workloadInstructions: 0,
  events: 0,
  refill: null,
  totals: {},
};

async function* nothing(): AsyncGenerator<never> {}

/**
 * Throws InputError where the system cannot be replayed on such a trace (CPUs, nodes and virtual machines that do not
 * fit): by a replay of nothing, so that the rules are those of a replay.
 */
export async function checkReplay(system: System, header: TraceHeader): Promise<void> {
  const { vms } = header;
  const empty: Trace = {
    header,
    summary: () => NOTHING,
    chunks: nothing,
    ...(vms && { streams: () => vms.map(nothing) }),
    close: async () => {},
  };
  await replayAll(empty, NOTHING, [system], { warmup: 0 });
}
