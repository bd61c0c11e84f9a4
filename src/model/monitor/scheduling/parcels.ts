import { type Chunk, EVENT, SEGMENT_REFILL, TAIL_BIT } from '../../../trace/types.ts';

/** A part of a chunk that is one vCPU's, in columns of its own. */
export interface Parcel {
  readonly chunk: Chunk;
  /** Events after which the vCPU is idle. */
  readonly idles: readonly number[];
  /** Time that it takes to run: instructions outside recorded refill episodes, or references. */
  readonly time: number;
  readonly bytes: number;
}

const RECORD_BYTES = 8;
const SEGMENT_BYTES = 4 + 1 + 1 + 2 + 12;
const EVENT_BYTES = 4 + 1 + 1 + 1 + 12;

/** The chunk itself as a parcel: for a stream of one vCPU, which is read on only when this has run. */
export function wholeParcel(chunk: Chunk, byInstructions: boolean): Parcel {
  return { chunk, idles: idlesOf(chunk), time: timeOf(chunk, byInstructions), bytes: 0 };
}

/**
 * The parts of a chunk by vCPU. Each vCPU's records, segments and events keep their order; an event of a vCPU
 * comes after as many of its records as in the chunk. Classes of code and translations are not in them.
 */
export function parcelsOf(chunk: Chunk, byInstructions: boolean): Map<number, Parcel> {
  const { segments, events } = chunk;
  const open = new Map<number, OpenParcel>();
  const of = (vcpu: number): OpenParcel => {
    let parcel = open.get(vcpu);
    if (parcel === undefined) {
      parcel = { records: 0, segments: [], events: [], at: [] };
      open.set(vcpu, parcel);
    }
    return parcel;
  };
  let start = 0;
  let event = 0;
  for (let segment = 0; segment < segments.length; segment++) {
    const end = segments.end[segment]!;
    const vcpu = segments.cpu[segment]!;
    const own = of(vcpu);
    for (; event < events.length && events.at[event]! < end; event++) {
      const by = of(events.cpu[event]!);
      by.events.push(event);
      by.at.push(by.records + (by === own ? events.at[event]! - start : 0));
    }
    own.segments.push(segment);
    own.records += end - start;
    start = end;
  }
  for (; event < events.length; event++) {
    const by = of(events.cpu[event]!);
    by.events.push(event);
    by.at.push(by.records);
  }
  const parcels = new Map<number, Parcel>();
  for (const [vcpu, parcel] of open) {
    const part = copied(chunk, parcel);
    const bytes =
      RECORD_BYTES * part.length + SEGMENT_BYTES * part.segments.length + EVENT_BYTES * part.events.length;
    parcels.set(vcpu, { chunk: part, idles: idlesOf(part), time: timeOf(part, byInstructions), bytes });
  }
  return parcels;
}

interface OpenParcel {
  records: number;
  readonly segments: number[];
  readonly events: number[];
  readonly at: number[];
}

function copied(chunk: Chunk, parcel: OpenParcel): Chunk {
  const { segments, events } = chunk;
  const translation = new Int32Array(parcel.records);
  const word = new Int32Array(parcel.records);
  const end = new Int32Array(parcel.segments.length);
  let length = 0;
  for (const [at, segment] of parcel.segments.entries()) {
    const from = segment === 0 ? 0 : segments.end[segment - 1]!;
    translation.set(chunk.translation.subarray(from, segments.end[segment]), length);
    word.set(chunk.word.subarray(from, segments.end[segment]), length);
    length += segments.end[segment]! - from;
    end[at] = length;
  }
  return {
    length,
    translation,
    word,
    segments: {
      length: end.length,
      end,
      cpu: Uint8Array.from(parcel.segments, (at) => segments.cpu[at]!),
      flags: Uint8Array.from(parcel.segments, (at) => segments.flags[at]!),
      service: Uint16Array.from(parcel.segments, (at) => segments.service[at]!),
      instructions: Int32Array.from(parcel.segments, (at) => segments.instructions[at]!),
      loads: Int32Array.from(parcel.segments, (at) => segments.loads[at]!),
      stores: Int32Array.from(parcel.segments, (at) => segments.stores[at]!),
    },
    events: {
      length: parcel.events.length,
      at: Int32Array.from(parcel.at),
      kind: Uint8Array.from(parcel.events, (at) => events.kind[at]!),
      cpu: Uint8Array.from(parcel.events, (at) => events.cpu[at]!),
      flags: Uint8Array.from(parcel.events, (at) => events.flags[at]!),
      arg: Int32Array.from(parcel.events, (at) => events.arg[at]!),
      lo: Uint32Array.from(parcel.events, (at) => events.lo[at]!),
      hi: Uint32Array.from(parcel.events, (at) => events.hi[at]!),
    },
    translations: { ...chunk.translations, length: 0 },
    code: { ...chunk.code, length: 0 },
  };
}

/** Inside a recorded refill nobody goes idle. */
function idlesOf({ events }: Chunk): number[] {
  const idles: number[] = [];
  for (let at = 0; at < events.length; at++)
    if (events.kind[at] === EVENT.idle && (events.flags[at]! & SEGMENT_REFILL) === 0) idles.push(at);
  return idles;
}

function timeOf({ segments, word }: Chunk, byInstructions: boolean): number {
  let time = 0;
  let start = 0;
  for (let segment = 0; segment < segments.length; segment++) {
    const end = segments.end[segment]!;
    if ((segments.flags[segment]! & SEGMENT_REFILL) === 0) {
      if (byInstructions) time += segments.instructions[segment]!;
      else for (let at = start; at < end; at++) if ((word[at]! & TAIL_BIT) === 0) time++;
    }
    start = end;
  }
  return time;
}
