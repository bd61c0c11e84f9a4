import type { System } from '../../model/systems/schema.ts';
import type { Tally } from '../../model/tally.ts';
import type { TraceHeader, TraceSummary } from '../../trace/types.ts';
import type { ChunkSizes } from './shared-chunk.ts';

/** What the thread that decodes says to one that replays: a start, chunks, an end (or a stop). */
export type ToWorker =
  | {
      readonly kind: 'start';
      readonly header: TraceHeader;
      readonly summary: TraceSummary;
      readonly systems: readonly System[];
      /** Whether one pass serves families of them, or each is replayed by itself. */
      readonly families: boolean;
      readonly warmup: number;
      /** One number in shared memory, to count the chunks that are not needed any more. */
      readonly taken: Int32Array;
    }
  | { readonly kind: 'chunk'; readonly buffer: SharedArrayBuffer; readonly sizes: ChunkSizes }
  | { readonly kind: 'end' }
  /** There will be no more, and nobody wants the tallies. */
  | { readonly kind: 'stop' };

/** What it hears at the end: the tallies in the order of the systems, null where the replay failed. */
export interface FromWorker {
  readonly tallies: readonly Tally[] | null;
}
