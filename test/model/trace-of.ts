import { createTraceBuilder, type TraceBuilder } from '../../src/trace/builder.ts';
import type { Chunk, Trace, TraceHeader, TraceSummary } from '../../src/trace/types.ts';

/** A trace written by a function; `chunk()` in it ends a chunk. Its summary is known at once. */
export function traceOf(
  header: Partial<TraceHeader>,
  write: (builder: TraceBuilder, chunk: () => void) => void,
): Trace {
  const complete: TraceHeader = {
    name: 'made up',
    format: 'test',
    level: 'system',
    cpus: 1,
    instructionBytes: 0,
    addressBits: 64,
    physical: true,
    abi: '',
    provenance: {},
    ...header,
  };
  const pass = (): { chunks: Chunk[]; summary: TraceSummary } => {
    const builder = createTraceBuilder({ instructionBytes: complete.instructionBytes });
    const chunks: Chunk[] = [];
    // The builder reuses its columns, so a list of chunks needs copies.
    const chunk = (): void => {
      if (!builder.empty()) chunks.push(structuredClone(builder.take()));
    };
    write(builder, chunk);
    chunk();
    return { chunks, summary: builder.summary({}) };
  };
  const { chunks, summary } = pass();
  return {
    header: complete,
    summary: () => summary,
    chunks: async function* () {
      yield* chunks;
    },
    close: async () => {},
  };
}
