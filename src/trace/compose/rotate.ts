import type { StoredTrace } from '../store/read.ts';
import { type Chunk, EVENT, type EventKind, type Trace } from '../types.ts';
import { createCollector } from './collect.ts';
import { NO_CODE, NO_TRANSLATIONS, recordless } from './columns.ts';
import { type Clock, type Cursor, cursorAt, isExhausted } from './cursor.ts';

/** A place in a trace at which a virtual machine may begin: a cursor into one of its chunks. */
export interface Start {
  /** Number of the chunk; the number of chunks where the place is the trace's end. */
  readonly chunk: number;
  readonly cursor: Omit<Cursor, 'chunk'>;
  /** By CPU: the address space that the trace last switched to; 0 where it has not yet. */
  readonly spaces: readonly number[];
}

/** Events that a rotated stream has besides those of its trace: `cpus` at its start, twice that at the wrap. */
export const eventsOfRotation = (cpus: number): number => 3 * cpus;

/**
 * Finds the places after so many instructions (references, by that clock), in one pass over the trace up to
 * the last of them: the first boundaries between instructions there.
 */
export async function findStarts(
  trace: Trace,
  times: readonly number[],
  clock: Clock,
): Promise<ReadonlyMap<number, Start>> {
  const { instructionBytes, cpus } = trace.header;
  const wanted = [...new Set(times)].sort((a, b) => a - b);
  const found = new Map<number, Start>();
  const spaces = new Array<number>(cpus).fill(0);
  // Only where the cursor comes to matters; what is collected is dropped.
  const collector = createCollector(instructionBytes, false);
  let seen = 0;
  let number = 0;
  let end: Start = { chunk: 0, cursor: cursorAt(recordless(NO_TABLES)), spaces };

  for await (const chunk of trace.chunks()) {
    const cursor = cursorAt(chunk);
    const { events } = chunk;
    while (found.size < wanted.length && !isExhausted(cursor)) {
      let event = cursor.event;
      seen += collector.take(cursor, wanted[found.size]! - seen, clock);
      for (; event < cursor.event; event++)
        if (events.kind[event] === EVENT.spaceSwitch) spaces[events.cpu[event]!] = events.arg[event]!;
      while (found.size < wanted.length && seen >= wanted[found.size]!) {
        const { chunk: _, ...place } = cursor;
        found.set(wanted[found.size]!, { chunk: number, cursor: place, spaces: [...spaces] });
      }
      if (collector.full()) collector.chunk();
    }
    if (found.size === wanted.length) return found;
    number++;
    end = { chunk: number, cursor: end.cursor, spaces: [...spaces] };
  }
  // A boundary is a little after what was asked for: that may be the end.
  for (const time of wanted) if (!found.has(time)) found.set(time, end);
  return found;
}

const NO_TABLES = { translations: NO_TRANSLATIONS, code: NO_CODE };

/**
 * The chunks of a trace from a place to its end, and then from its beginning to that place: everything once.
 * At its start every CPU is told which address space it is in. At the wrap the guest's memory is again as it
 * was at the trace's beginning, so every CPU drops its TLB's contents and goes to space 0.
 */
export async function* rotated(trace: Trace, start: Start): AsyncGenerator<Chunk> {
  const collector = createCollector(trace.header.instructionBytes);
  yield saying(start.spaces.map((space, cpu) => ({ kind: EVENT.spaceSwitch, cpu, arg: space })));
  // A store leaves out what comes before, and gives the tables of all that in one chunk.
  const seekable = isStored(trace);
  let number = seekable ? Math.max(0, start.chunk - 1) : 0;
  for await (const chunk of seekable ? trace.chunksFrom(start.chunk) : trace.chunks()) {
    if (number > start.chunk) yield chunk;
    else if (number < start.chunk) yield tablesOf(chunk, chunk.code.length, chunk.code.classes.length);
    else {
      yield tablesOf(chunk, start.cursor.code, start.cursor.classes);
      collector.take({ ...start.cursor, chunk }, Number.POSITIVE_INFINITY, 'instructions');
      yield collector.chunk();
    }
    number++;
  }
  yield saying(
    start.spaces.flatMap((_, cpu) => [
      { kind: EVENT.tlbFlush, cpu, arg: 0 },
      { kind: EVENT.spaceSwitch, cpu, arg: 0 },
    ]),
  );
  number = 0;
  for await (const chunk of trace.chunks()) {
    if (number < start.chunk) yield chunk;
    else {
      const { record, event } = start.cursor;
      collector.take(cursorAt(chunk), Number.POSITIVE_INFINITY, 'instructions', { record, event });
      yield collector.chunk();
      return;
    }
    number++;
  }
}

const isStored = (trace: Trace): trace is StoredTrace => 'chunksFrom' in trace;

/** The translations of a chunk and the first of its code entries, which hold from the beginning. */
const tablesOf = ({ translations, code }: Chunk, entries: number, classes: number): Chunk =>
  recordless({
    translations,
    code: {
      ...code,
      length: entries,
      at: new Int32Array(entries),
      classes: code.classes.subarray(0, classes),
    },
  });

/** A chunk of such events alone. */
function saying(
  events: readonly { readonly kind: EventKind; readonly cpu: number; readonly arg: number }[],
): Chunk {
  return recordless(NO_TABLES, {
    length: events.length,
    at: new Int32Array(events.length),
    kind: Uint8Array.from(events, ({ kind }) => kind),
    cpu: Uint8Array.from(events, ({ cpu }) => cpu),
    flags: new Uint8Array(events.length),
    arg: Int32Array.from(events, ({ arg }) => arg),
    lo: new Uint32Array(events.length),
    hi: new Uint32Array(events.length),
  });
}
