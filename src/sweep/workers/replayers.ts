import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { ReplayOptions } from '../../model/compare.ts';
import { cachesAlone } from '../../model/lines.ts';
import type { System } from '../../model/systems/schema.ts';
import type { Tally } from '../../model/tally.ts';
import type { Chunk, Trace, TraceSummary } from '../../trace/types.ts';
import { familiesOf, passCost, type Replayers, replayGroups, replayStructures } from '../replays.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { bytesOf, chunkIn, copyChunk, sizesOf } from './shared-chunk.ts';

/**
 * Replays on several threads: this one decodes each chunk once into memory that all share, and each worker runs its
 * share of the structures on it. What a worker cannot do is done here, the way it is done without workers.
 */

/** Chunks that are decoded and not yet run by all: so that no thread waits for another at every chunk. */
const SLOTS = 8;

export interface WorkerReplayers extends Replayers {
  /** Ends the threads. */
  readonly close: () => Promise<void>;
}

/** Threads are started when they are first needed. `program`: of a worker. */
export function createReplayers(
  count: number,
  program: URL = new URL('./worker.js', import.meta.url),
): WorkerReplayers {
  const threads: Thread[] = [];
  const thread = (at: number): Thread => {
    if (threads[at] === undefined || threads[at].dead()) threads[at] = createThread(program);
    return threads[at];
  };
  /** Replays items (systems of one form that one pass serves, as indexes) and puts their tallies where they belong. */
  const deal = async (
    items: readonly (readonly number[])[],
    families: boolean,
    results: PromiseSettledResult<Tally>[],
    systems: readonly System[],
    ...[trace, summary, options]: [Trace, TraceSummary, ReplayOptions]
  ): Promise<void> => {
    const shares = dealt(items, count);
    const members = shares.map((share) => share.map((at) => systems[at]!));
    const tallies =
      shares.length < 2
        ? []
        : await replayShared(
            trace,
            summary,
            members.map((systems, at) => ({ systems, families, thread: thread(at) })),
            options,
          );
    for (const [i, share] of shares.entries()) {
      const settled: PromiseSettledResult<Tally>[] =
        tallies[i]?.map((value) => ({ status: 'fulfilled', value })) ??
        (await replayStructures(trace, summary, members[i]!, options));
      for (const [j, at] of share.entries()) results[at] = settled[j]!;
    }
  };
  const replay: Replayers['replay'] = async (trace, summary, systems, options) => {
    const results: PromiseSettledResult<Tally>[] = [];
    for (const group of replayGroups(systems, trace.header, count)) {
      const members = group.map((at) => systems[at]!);
      const settled: PromiseSettledResult<Tally>[] = [];
      // A composed trace is read as several streams, by the schedule of each system; and to caches alone a source
      // gives lines instead of records, which is worth more than a second thread.
      if (trace.streams !== undefined || members.every(cachesAlone))
        settled.push(...(await replayStructures(trace, summary, members, options)));
      else {
        const { families, singles } = familiesOf(members, trace.header);
        await deal(families, true, settled, members, trace, summary, options);
        await deal(singles, false, settled, members, trace, summary, options);
      }
      for (const [i, at] of group.entries()) results[at] = settled[i]!;
    }
    return results;
  };
  return {
    threads: count,
    replay,
    close: async () => {
      await Promise.all(threads.map(({ close }) => close()));
    },
  };
}

/** Items dealt to at most so many hands, the dearest first, each to whoever has least. */
function dealt(items: readonly (readonly number[])[], most: number): number[][] {
  const hands = Array.from({ length: Math.min(most, items.length) }, () => ({
    cost: 0,
    items: [] as number[],
  }));
  for (const item of [...items].sort((a, b) => b.length - a.length)) {
    const hand = hands.reduce((least, other) => (other.cost < least.cost ? other : least));
    hand.items.push(...item);
    hand.cost += passCost(item.length);
  }
  return hands.map(({ items }) => items);
}

/** What one thread does in a pass. */
interface Share {
  readonly thread: Thread;
  readonly systems: readonly System[];
  /** Whether they are families that differ in the geometry of caches, or each needs a replay of its own. */
  readonly families: boolean;
}

/** One pass over a trace. By share: its tallies, or null where they could not be had. */
async function replayShared(
  trace: Trace,
  summary: TraceSummary,
  shares: readonly Share[],
  { warmup, signal, progress }: ReplayOptions,
): Promise<(readonly Tally[] | null)[]> {
  const { header } = trace;
  const results = shares.map(({ thread, systems, families }) =>
    thread.start({ kind: 'start', header, summary, systems, families, warmup, taken: thread.taken }),
  );
  const team = shares.map(({ thread }) => thread);
  const working = (): Thread[] => team.filter(({ busy }) => busy());
  let whole = false;
  try {
    const ring: SharedArrayBuffer[] = [];
    let number = 0;
    let records = 0;
    for await (const chunk of trace.chunks()) {
      await allHaveTaken(working, number - SLOTS + 1);
      signal?.throwIfAborted();
      const message = put(ring, number++, chunk);
      const listening = working();
      if (listening.length === 0) break;
      for (const { say } of listening) say(message);
      records += chunk.length;
      progress?.(records, summary.records);
    }
    whole = true;
  } catch {
    // Whatever is wrong with the trace, a replay by itself says it; an interruption is said below.
  }
  for (const { say } of team) say({ kind: whole ? 'end' : 'stop' });
  const tallies = await Promise.all(results);
  signal?.throwIfAborted();
  return tallies;
}

/** Puts a chunk into its place of the ring, which nobody needs any more. */
function put(ring: SharedArrayBuffer[], number: number, chunk: Chunk): ToWorker {
  const sizes = sizesOf(chunk);
  const bytes = bytesOf(sizes);
  let buffer = ring[number % SLOTS];
  if (buffer === undefined || buffer.byteLength < bytes) {
    // Chunks differ little; a half more makes it rare that one does not fit.
    buffer = new SharedArrayBuffer(Math.ceil(bytes * 1.5));
    ring[number % SLOTS] = buffer;
  }
  copyChunk(chunk, chunkIn(buffer, sizes));
  return { kind: 'chunk', buffer, sizes };
}

/** How long this thread sleeps at a time before it looks at its messages (a thread has ended; an interruption). */
const NAP_MS = 20;

/** Waits until all threads that work have done with so many chunks of this pass. */
async function allHaveTaken(working: () => readonly Thread[], count: number): Promise<void> {
  for (;;) {
    const late = working().find(({ taken }) => Atomics.load(taken, 0) < count);
    if (late === undefined) return;
    // There is nothing else to do here. A message for each chunk would cost the threads more than the waiting.
    const seen = Atomics.load(late.taken, 0);
    if (seen < count) Atomics.wait(late.taken, 0, seen, NAP_MS);
    await setImmediate();
  }
}

interface Thread {
  readonly say: (message: ToWorker) => void;
  /** Begins a replay; resolves with its tallies, null where it fails. */
  readonly start: (message: ToWorker) => Promise<readonly Tally[] | null>;
  /** One number in shared memory: chunks of this pass that it has done with. */
  readonly taken: Int32Array;
  /** Whether its replay goes on. */
  readonly busy: () => boolean;
  /** Whether it has ended, of itself. */
  readonly dead: () => boolean;
  readonly close: () => Promise<unknown>;
}

function createThread(program: URL): Thread {
  const worker = new Worker(program);
  const taken = new Int32Array(new SharedArrayBuffer(4));
  let dead = false;
  let finish: ((tallies: readonly Tally[] | null) => void) | null = null;
  const end = (tallies: readonly Tally[] | null): void => {
    finish?.(tallies);
    finish = null;
  };
  worker.on('message', ({ tallies }: FromWorker) => end(tallies));
  const lost = (): void => {
    dead = true;
    end(null);
  };
  // Out of memory, for one.
  worker.on('error', lost);
  worker.on('exit', lost);
  return {
    say: (message) => worker.postMessage(message),
    start: (message) =>
      new Promise((done) => {
        if (dead) return done(null);
        finish = done;
        Atomics.store(taken, 0, 0);
        worker.postMessage(message);
      }),
    taken,
    busy: () => finish !== null,
    dead: () => dead,
    close: () => worker.terminate(),
  };
}
