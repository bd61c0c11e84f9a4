import type { Chunk, Trace, TraceSummary } from '../../trace/types.ts';

/** Runs through a trace for its summary. */
export async function summaryOf(trace: Trace, signal?: AbortSignal): Promise<TraceSummary> {
  for await (const _ of trace.chunks()) signal?.throwIfAborted();
  const summary = trace.summary();
  if (summary === null) throw new Error(`${trace.header.name} has no summary after its end`);
  return summary;
}

/**
 * A trace for several readers at once, each of which reads it once, side by side: it is made once, and a chunk stays
 * until all have asked for the next. All readers must go on to the end; a failed one fails the others.
 */
export function broadcast(trace: Trace, summary: TraceSummary, readers: number): Trace[] {
  const source = trace.chunks()[Symbol.asyncIterator]();
  let waiting: {
    readonly resolve: (chunk: Chunk | null) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  const next = (): Promise<Chunk | null> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      if (waiting.length < readers) return;
      const all = waiting;
      waiting = [];
      source.next().then(
        ({ done, value }) => {
          for (const reader of all) reader.resolve(done ? null : value);
        },
        (error: unknown) => {
          for (const reader of all) reader.reject(error);
        },
      );
    });
  return Array.from({ length: readers }, () => ({
    header: trace.header,
    summary: () => summary,
    chunks: async function* () {
      for (let chunk = await next(); chunk !== null; chunk = await next()) yield chunk;
    },
    close: async () => {},
  }));
}
