/**
 * The coders of what is sparse, reading side: segments and events, the inverse of
 * `createSparseEncoder`. A decoder owns column buffers that it fills anew for every chunk.
 */
import { InputError } from '../errors.ts';
import { CHUNK_RECORDS, type EventColumns, type SegmentColumns } from '../types.ts';
import {
  LANE_COUNTS,
  LANE_EVENT_OPERANDS,
  LANE_EVENT_POSITIONS,
  LANE_EVENT_TUPLES,
  LANE_SEGMENT_COUNTS,
  LANE_SEGMENT_TUPLES,
} from './encode-sparse.ts';
import { type Cursor, checkCursors, takeByte, takeCount, takeNumber, takeSmall } from './lanes.ts';
import { TUPLE_NEW, TUPLES } from './layout.ts';

const EVENT_LANES = [LANE_EVENT_TUPLES, LANE_EVENT_POSITIONS, LANE_EVENT_OPERANDS] as const;

export interface SparseChunk {
  readonly length: number;
  readonly segments: SegmentColumns;
  readonly events: EventColumns;
}

export interface SparseDecoder {
  /** Starts a group, given its lanes. Without `withEvents` chunks have no events. */
  readonly begin: (lanes: readonly Cursor[], withEvents: boolean) => void;
  /** The next chunk's record count, segments and events; throws an InputError where they cannot be. */
  readonly decode: () => SparseChunk;
}

export function createSparseDecoder(): SparseDecoder {
  let lanes: readonly Cursor[] = [];
  let withEvents = true;

  let segments = segmentBuffers(256);
  const segmentTuple = {
    cpu: new Uint8Array(256),
    flags: new Uint8Array(256),
    service: new Uint16Array(256),
  };
  let nextSegmentTuple = 1;
  let segmentTuples = 0; // known

  let events = eventBuffers(1024);
  const tupleKind = new Uint8Array(256);
  const tupleCpu = new Uint8Array(256);
  const tupleFlags = new Uint8Array(256);
  const tupleArg = new Int32Array(256);
  const tupleLow = new Uint32Array(256);
  const tupleHigh = new Uint32Array(256);
  const successor = new Uint8Array(256);
  let nextEventTuple = 1;
  let eventTuples = 0; // known
  let previous = 0;

  const begin = (newLanes: readonly Cursor[], newWithEvents: boolean): void => {
    lanes = newLanes;
    withEvents = newWithEvents;
    if (!withEvents) for (const lane of EVENT_LANES) lanes[lane]!.at = lanes[lane]!.end;
    nextSegmentTuple = nextEventTuple = 1;
    segmentTuples = eventTuples = 0;
    successor.fill(0);
    previous = 0;
  };

  /** Reads a tuple that has not been there, or is forgotten. Gives its slot. */
  const newSegmentTuple = (tuples: Cursor): number => {
    const slot = nextSegmentTuple;
    if (segmentTuples < slot) segmentTuples = slot;
    nextSegmentTuple = slot === TUPLES ? 1 : slot + 1;
    segmentTuple.cpu[slot] = takeByte(tuples);
    segmentTuple.flags[slot] = takeByte(tuples);
    segmentTuple.service[slot] = takeByte(tuples) | (takeByte(tuples) << 8);
    return slot;
  };

  const decodeSegments = (length: number, count: number): void => {
    const tuples = lanes[LANE_SEGMENT_TUPLES]!;
    const counts = lanes[LANE_SEGMENT_COUNTS]!;
    if (count > segments.end.length) segments = segmentBuffers(count + (count >> 1));
    const { end, cpu, flags, service } = segments;
    const { instructions, loads, stores } = segments;
    let position = 0;
    for (let at = 0; at < count; at++) {
      let tuple = takeByte(tuples);
      if (tuple === TUPLE_NEW) tuple = newSegmentTuple(tuples);
      else if (tuple === 0 || tuple > segmentTuples) throw new InputError('a segment has an unknown tuple');
      cpu[at] = segmentTuple.cpu[tuple]!;
      flags[at] = segmentTuple.flags[tuple]!;
      service[at] = segmentTuple.service[tuple]!;
      position += takeSmall(counts);
      if (position > length) break;
      end[at] = position;
      instructions[at] = takeSmall(counts);
      loads[at] = takeSmall(counts);
      stores[at] = takeSmall(counts);
    }
    if (position !== length) throw new InputError('segments do not cover their chunk');
  };

  const decodeEvents = (length: number, count: number): void => {
    const tuples = lanes[LANE_EVENT_TUPLES]!;
    const positions = lanes[LANE_EVENT_POSITIONS]!;
    const operands = lanes[LANE_EVENT_OPERANDS]!;
    if (count > events.at.length) events = eventBuffers(count + (count >> 1));
    const { at, kind, cpu, flags, arg, lo, hi } = events;
    const { bytes } = operands;
    let operand = operands.at;
    let position = 0;
    for (let index = 0; index < count; index++) {
      let tuple = bytes[tuples.at++]!;
      if (tuple === 0) tuple = successor[previous]!;
      else if (tuple === TUPLE_NEW) {
        tuple = nextEventTuple;
        if (eventTuples < tuple) eventTuples = tuple;
        nextEventTuple = tuple === TUPLES ? 1 : tuple + 1;
        tupleKind[tuple] = takeByte(tuples);
        tupleCpu[tuple] = takeByte(tuples);
        tupleFlags[tuple] = takeByte(tuples);
        tupleArg[tuple] =
          takeByte(tuples) | (takeByte(tuples) << 8) | (takeByte(tuples) << 16) | (takeByte(tuples) << 24);
        tupleLow[tuple] = tupleHigh[tuple] = 0;
      }
      // Also where a succession is repeated that never was: those lead to 0.
      if (tuple === 0 || tuple > eventTuples) throw new InputError('an event has an unknown tuple');
      successor[previous] = tuple;
      previous = tuple;
      const step = bytes[positions.at]!;
      if (step < 128) {
        position += step;
        positions.at++;
      } else position += takeNumber(positions);
      if (position > length) throw new InputError('an event lies outside its chunk');
      const differing = bytes[operand++]!;
      if (differing !== 0) {
        let highs = 0;
        let lows = differing;
        for (; lows > 4; lows -= 5) highs++;
        if (highs > 4) throw new InputError('an event has an impossible operand');
        if (lows > 0) {
          let value = tupleLow[tuple]!;
          for (let shift = 0; shift < 8 * lows; shift += 8) {
            value = (value & ~(255 << shift)) | (bytes[operand++]! << shift);
          }
          tupleLow[tuple] = value;
        }
        if (highs > 0) {
          let value = tupleHigh[tuple]!;
          for (let shift = 0; shift < 8 * highs; shift += 8) {
            value = (value & ~(255 << shift)) | (bytes[operand++]! << shift);
          }
          tupleHigh[tuple] = value;
        }
      }
      at[index] = position;
      kind[index] = tupleKind[tuple]!;
      cpu[index] = tupleCpu[tuple]!;
      flags[index] = tupleFlags[tuple]!;
      arg[index] = tupleArg[tuple]!;
      lo[index] = tupleLow[tuple]!;
      hi[index] = tupleHigh[tuple]!;
    }
    operands.at = operand;
  };

  const decode = (): SparseChunk => {
    const counts = lanes[LANE_COUNTS]!;
    const length = takeNumber(counts);
    if (length > CHUNK_RECORDS) throw new InputError('a chunk has more records than any can');
    const segmentCount = takeCount(counts, lanes[LANE_SEGMENT_TUPLES]!);
    const tuples = lanes[LANE_EVENT_TUPLES]!;
    const eventCount = withEvents ? takeCount(counts, tuples) : 0 * takeNumber(counts);
    decodeSegments(length, segmentCount);
    if (eventCount > 0) decodeEvents(length, eventCount);
    checkCursors(lanes, false);
    return {
      length,
      segments: { length: segmentCount, ...segments },
      events: { length: eventCount, ...events },
    };
  };

  return { begin, decode };
}

function segmentBuffers(capacity: number) {
  return {
    end: new Int32Array(capacity),
    cpu: new Uint8Array(capacity),
    flags: new Uint8Array(capacity),
    service: new Uint16Array(capacity),
    instructions: new Int32Array(capacity),
    loads: new Int32Array(capacity),
    stores: new Int32Array(capacity),
  };
}

function eventBuffers(capacity: number) {
  return {
    at: new Int32Array(capacity),
    kind: new Uint8Array(capacity),
    cpu: new Uint8Array(capacity),
    flags: new Uint8Array(capacity),
    arg: new Int32Array(capacity),
    lo: new Uint32Array(capacity),
    hi: new Uint32Array(capacity),
  };
}
