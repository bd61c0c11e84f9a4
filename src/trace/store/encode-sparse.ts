/**
 * The coders of what is sparse, writing side: segments and events (section SPARSE), translations and code
 * (section TABLES). Small columns that go together (an event's kind, CPU, flags and argument) are coded as
 * one byte that names a remembered tuple; positions and counts as variable-length numbers; an event's 64-bit
 * operand as the low bytes in which it differs from that of the last event of the same tuple.
 */
import type { Chunk } from '../types.ts';
import { createLanes, type Lane, putByte, putBytes, putNumber, putSigned, reserve } from './lanes.ts';
import { LEAST_SPACE, PAGE_LIMIT, SECTION_LANES, SPARSE, TABLES, TUPLE_NEW, TUPLES } from './layout.ts';

/** Lanes of section SPARSE. */
export const LANE_COUNTS = 0;
export const LANE_SEGMENT_TUPLES = 1;
export const LANE_SEGMENT_COUNTS = 2;
export const LANE_EVENT_TUPLES = 3;
export const LANE_EVENT_POSITIONS = 4;
export const LANE_EVENT_OPERANDS = 5;

/** Lanes of section TABLES. */
export const LANE_TABLE_COUNTS = 0;
export const LANE_TABLE_NUMBERS = 1;
export const LANE_CLASSES = 2;

export interface SparseEncoder {
  /** Codes the chunk's record count, segments and events. */
  readonly add: (chunk: Chunk) => void;
  readonly lanes: readonly Lane[];
  readonly reset: () => void;
}

/** Ring of remembered tuples, looked up by key; slots 1 to TUPLES, the oldest is replaced. */
function createTuples() {
  const slotOf = new Map<string | number, number>();
  const keys: (string | number | undefined)[] = [];
  let next = 1;
  return {
    find: (key: string | number): number => slotOf.get(key) ?? 0,
    add: (key: string | number): number => {
      const slot = next;
      next = next === TUPLES ? 1 : next + 1;
      const old = keys[slot];
      if (old !== undefined) slotOf.delete(old);
      keys[slot] = key;
      slotOf.set(key, slot);
      return slot;
    },
    reset: (): void => {
      slotOf.clear();
      keys.length = 0;
      next = 1;
    },
  };
}

export function createSparseEncoder(): SparseEncoder {
  const lanes = createLanes(SECTION_LANES[SPARSE]);
  const counts = lanes[LANE_COUNTS]!;
  const segmentTuples = lanes[LANE_SEGMENT_TUPLES]!;
  const segmentCounts = lanes[LANE_SEGMENT_COUNTS]!;
  const eventTuples = lanes[LANE_EVENT_TUPLES]!;
  const eventPositions = lanes[LANE_EVENT_POSITIONS]!;
  const eventOperands = lanes[LANE_EVENT_OPERANDS]!;

  const segmentRing = createTuples();
  const eventRing = createTuples();
  const low = new Uint32Array(TUPLES + 1); // operand of the last event of each tuple
  const high = new Uint32Array(TUPLES + 1);
  const successor = new Uint8Array(TUPLES + 1); // tuple that followed each one last
  let previous = 0;

  const reset = (): void => {
    segmentRing.reset();
    eventRing.reset();
    successor.fill(0);
    previous = 0;
  };

  const addSegments = ({ length, segments }: Chunk): void => {
    let start = 0;
    for (let at = 0; at < segments.length; at++) {
      const end = segments.end[at]!;
      if (end < start || end > length) throw new Error('trace store: segments are not in order');
      const cpu = segments.cpu[at]!;
      const flags = segments.flags[at]!;
      const service = segments.service[at]!;
      const key = cpu * 2 ** 24 + flags * 2 ** 16 + service;
      const slot = segmentRing.find(key);
      if (slot !== 0) putByte(segmentTuples, slot);
      else {
        segmentRing.add(key);
        putBytes(segmentTuples, Uint8Array.of(TUPLE_NEW, cpu, flags, service, service >>> 8));
      }
      putNumber(segmentCounts, end - start);
      putNumber(segmentCounts, segments.instructions[at]! >>> 0);
      putNumber(segmentCounts, segments.loads[at]! >>> 0);
      putNumber(segmentCounts, segments.stores[at]! >>> 0);
      start = end;
    }
    if (start !== length) throw new Error('trace store: segments do not cover their chunk');
  };

  /** The operand, as differing low bytes of each half: a byte `low + 5 × high`, then those bytes. */
  const putOperand = (slot: number, newLow: number, newHigh: number): void => {
    const lows = differingBytes(low[slot]! ^ newLow);
    const highs = differingBytes(high[slot]! ^ newHigh);
    reserve(eventOperands, 9);
    const { bytes } = eventOperands;
    bytes[eventOperands.length++] = lows + 5 * highs;
    for (let byte = 0; byte < lows; byte++) bytes[eventOperands.length++] = newLow >>> (8 * byte);
    for (let byte = 0; byte < highs; byte++) bytes[eventOperands.length++] = newHigh >>> (8 * byte);
    low[slot] = newLow;
    high[slot] = newHigh;
  };

  const addEvents = ({ length, events }: Chunk): void => {
    let position = 0;
    for (let index = 0; index < events.length; index++) {
      const at = events.at[index]!;
      if (at < position || at > length) throw new Error('trace store: events are not in order');
      putNumber(eventPositions, at - position);
      position = at;
      const kind = events.kind[index]!;
      const cpu = events.cpu[index]!;
      const flags = events.flags[index]!;
      const arg = events.arg[index]! >>> 0;
      const key = `${kind},${cpu},${flags},${arg}`;
      let slot = eventRing.find(key);
      if (slot === 0) {
        slot = eventRing.add(key);
        low[slot] = high[slot] = 0;
        putBytes(eventTuples, Uint8Array.of(TUPLE_NEW, kind, cpu, flags));
        putBytes(eventTuples, Uint8Array.of(arg, arg >>> 8, arg >>> 16, arg >>> 24));
      } else putByte(eventTuples, successor[previous] === slot ? 0 : slot);
      successor[previous] = slot;
      previous = slot;
      putOperand(slot, events.lo[index]!, events.hi[index]!);
    }
  };

  const add = (chunk: Chunk): void => {
    putNumber(counts, chunk.length);
    putNumber(counts, chunk.segments.length);
    putNumber(counts, chunk.events.length);
    addSegments(chunk);
    addEvents(chunk);
  };

  return { add, lanes, reset };
}

/** How many low bytes hold all differences (0 to 4). */
function differingBytes(difference: number): number {
  return (39 - Math.clz32(difference)) >>> 3;
}

export interface TablesEncoder {
  /** Codes the chunk's translations and code; `first` is the number of translations before it. */
  readonly add: (chunk: Chunk, first: number) => void;
  readonly lanes: readonly Lane[];
  readonly reset: () => void;
}

export function createTablesEncoder(): TablesEncoder {
  const lanes = createLanes(SECTION_LANES[TABLES]);
  const counts = lanes[LANE_TABLE_COUNTS]!;
  const numbers = lanes[LANE_TABLE_NUMBERS]!;
  const classes = lanes[LANE_CLASSES]!;
  let lastSpace = 0;
  let lastVirtual = 0;
  let lastPhysical = 0;
  let lastCode = 0;

  const add = ({ length, translations, code }: Chunk, first: number): void => {
    if (translations.length > 0 && translations.first !== first) {
      throw new Error(`trace store: translations begin at ${translations.first}, not at ${first}`);
    }
    putNumber(counts, translations.length);
    putNumber(counts, code.length);
    for (let at = 0; at < translations.length; at++) {
      const space = translations.space[at]!;
      const virtual = checkedPage(translations.virtualPage[at]!);
      const physical = checkedPage(translations.physicalPage[at]!);
      if (space < LEAST_SPACE) throw new Error('trace store: an address space out of range');
      putByte(numbers, translations.flags[at]!);
      putSigned(numbers, space - lastSpace);
      putSigned(numbers, virtual - lastVirtual);
      putSigned(numbers, physical - expectedPhysical(lastPhysical, virtual - lastVirtual));
      lastSpace = space;
      lastVirtual = virtual;
      lastPhysical = physical;
    }
    let position = 0;
    let used = 0;
    for (let entry = 0; entry < code.length; entry++) {
      const at = code.at[entry]!;
      if (at < position || at > length) throw new Error('trace store: code is not in order');
      const page = checkedPage(code.physicalPage[entry]!);
      putNumber(numbers, at - position);
      putSigned(numbers, page - lastCode);
      putNumber(numbers, code.offset[entry]!);
      putNumber(numbers, code.count[entry]!);
      used += code.count[entry]!;
      position = at;
      lastCode = page;
    }
    if (used !== code.classes.length) throw new Error('trace store: code has other classes than counted');
    putBytes(classes, code.classes);
  };

  const reset = (): void => {
    lastSpace = lastVirtual = lastPhysical = lastCode = 0;
  };
  return { add, lanes, reset };
}

/** Physical pages mostly go with virtual ones (always where a trace has none); else near the last one. */
export function expectedPhysical(last: number, virtualStep: number): number {
  const expected = last + virtualStep;
  return expected >= 0 && expected < PAGE_LIMIT ? expected : last;
}

function checkedPage(page: number): number {
  if (!(page >= 0 && page < PAGE_LIMIT && Number.isInteger(page))) {
    throw new Error(`trace store: ${page} is no page number`);
  }
  return page;
}
