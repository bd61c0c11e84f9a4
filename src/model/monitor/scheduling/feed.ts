import { type Collector, createCollector } from '../../../trace/compose/collect.ts';
import { type Clock, type Cursor, cursorAt, restart } from '../../../trace/compose/cursor.ts';
import { InputError } from '../../../trace/errors.ts';
import type { Chunk } from '../../../trace/types.ts';
import { type Parcel, parcelsOf, wholeParcel } from './parcels.ts';

/** A vCPU has something to run; it may have after its stream is read on; its trace keeps it waiting; it is done. */
export const READY = 0;
export const DRY = 1;
export const STARVED = 2;
export const ENDED = 3;
export type FeedState = typeof READY | typeof DRY | typeof STARVED | typeof ENDED;

/** What the vCPUs have yet to run, read from the streams as it is needed. */
export interface Feed {
  readonly collector: Collector;
  /**
   * STARVED: the vCPU's next record lies behind more than the look-ahead of another vCPU's in their trace. The
   * trace kept it waiting there (for a lock, a message, a disk), and so does the schedule.
   */
  state(vcpu: number): FeedState;
  /** Reads the stream of a vCPU on by one chunk. */
  pull(vcpu: number): Promise<void>;
  /** Runs a vCPU that is READY into the collector, for so long at most; gives the time that passed. */
  take(vcpu: number, budget: number): number;
  /** Whether the last `take` ended because the vCPU went idle. */
  idled(): boolean;
  peakBytes(): number;
  close(): Promise<void>;
}

export interface FeedOptions {
  readonly name: string;
  readonly instructionBytes: 0 | 4;
  readonly clock: Clock;
  /** Streams and the vCPUs of each. */
  readonly streams: readonly { readonly chunks: AsyncIterable<Chunk>; readonly vcpus: readonly number[] }[];
  readonly vcpus: number;
  /** Instructions. */
  readonly lookahead: number;
  readonly sliceInstructions: number;
  readonly bufferBytes: number;
}

export function createFeed(options: FeedOptions): Feed {
  const { clock, bufferBytes } = options;
  const byInstructions = clock === 'instructions';
  // The model asks for no classes of code.
  const collector = createCollector(options.instructionBytes, false);
  const streams = options.streams.map(({ chunks, vcpus }) => ({
    vcpus,
    chunks: chunks[Symbol.asyncIterator](),
    ended: false,
  }));
  const streamOf = Array.from({ length: options.vcpus }, (_, vcpu) => {
    const stream = streams.find(({ vcpus }) => vcpus.includes(vcpu));
    if (stream === undefined) throw new Error(`schedule: vCPU ${vcpu} is in no stream`);
    return stream;
  });
  const parcels: Parcel[][] = streamOf.map(() => []);
  const cursors: (Cursor | null)[] = streamOf.map(() => null);
  /** Idle events passed of the first parcel; time of all parcels, by vCPU. */
  const idles = streamOf.map(() => 0);
  const buffered = streamOf.map(() => 0);
  let bytes = 0;
  let peak = 0;
  let idle = false;

  const add = (vcpu: number, parcel: Parcel): void => {
    if (vcpu >= streamOf.length) throw new InputError(`${options.name}: CPU ${vcpu} is not in its header`);
    parcels[vcpu]!.push(parcel);
    buffered[vcpu]! += parcel.time;
    bytes += parcel.bytes;
    if (bytes > peak) peak = bytes;
    if (bytes > bufferBytes)
      throw new InputError(
        `${options.name}: what waiting virtual CPUs have yet to run takes more than ${Math.floor(bufferBytes / 2 ** 20)} MB: ` +
          `lower the time slice (now ${options.sliceInstructions} instructions), or name the machines as vms:…, which are read one by one`,
      );
    if (parcels[vcpu]!.length === 1) begin(vcpu);
  };

  const begin = (vcpu: number): void => {
    const parcel = parcels[vcpu]![0];
    idles[vcpu] = 0;
    if (parcel === undefined) return;
    const cursor = cursors[vcpu];
    if (cursor) restart(cursor, parcel.chunk);
    else cursors[vcpu] = cursorAt(parcel.chunk);
  };

  const state = (vcpu: number): FeedState => {
    if (parcels[vcpu]!.length > 0) return READY;
    const stream = streamOf[vcpu]!;
    if (stream.ended) return ENDED;
    for (const other of stream.vcpus) if (buffered[other]! > options.lookahead) return STARVED;
    return DRY;
  };

  const pull = async (vcpu: number): Promise<void> => {
    const stream = streamOf[vcpu]!;
    const next = await stream.chunks.next();
    if (next.done === true) {
      stream.ended = true;
      return;
    }
    const chunk = next.value;
    collector.translations(chunk.translations);
    if (chunk.length === 0 && chunk.events.length === 0) return;
    if (stream.vcpus.length === 1) add(stream.vcpus[0]!, wholeParcel(chunk, byInstructions));
    else for (const [by, parcel] of parcelsOf(chunk, byInstructions)) add(by, parcel);
  };

  const take = (vcpu: number, budget: number): number => {
    const parcel = parcels[vcpu]![0]!;
    const cursor = cursors[vcpu]!;
    const stop = parcel.idles[idles[vcpu]!];
    const time =
      stop === undefined
        ? collector.take(cursor, budget, clock)
        : collector.take(cursor, budget, clock, { record: parcel.chunk.events.at[stop]!, event: stop + 1 });
    buffered[vcpu]! -= time;
    idle = stop !== undefined && cursor.event > stop;
    if (idle) idles[vcpu]!++;
    if (cursor.record >= parcel.chunk.length && cursor.event >= parcel.chunk.events.length) {
      bytes -= parcel.bytes;
      parcels[vcpu]!.shift();
      begin(vcpu);
    }
    return time;
  };

  return {
    collector,
    state,
    pull,
    take,
    idled: () => idle,
    peakBytes: () => peak,
    close: async () => {
      await Promise.all(streams.map(({ chunks }) => chunks.return?.()));
    },
  };
}
