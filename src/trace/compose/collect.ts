import { CHUNK_RECORDS, type Chunk, SEGMENT_REFILL, TAIL_BIT, type TranslationColumns } from '../types.ts';
import { codeColumns, eventColumns, grown, segmentColumns, translationColumns, widened } from './columns.ts';
import { type Clock, type Cursor, type Passed, scan } from './cursor.ts';

/** Where a `take` stops at the latest; both default to the chunk's end. */
export interface TakeLimits {
  /** Record that is not taken any more. Events before it are. */
  readonly record?: number;
  /** Event that is not taken any more. */
  readonly event?: number;
}

/**
 * Puts chunks together from parts of other chunks. What is taken keeps its order; segments are cut where a
 * part begins or ends, with their counts. Events at a cut belong to what ran before it.
 */
export interface Collector {
  /**
   * Copies from the cursor on until `budget` (in the clock's unit) has passed, a limit or the end of the
   * cursor's chunk is reached, or the collector is full. Moves the cursor. Gives the time that passed.
   */
  take(cursor: Cursor, budget: number, clock: Clock, limits?: TakeLimits): number;
  /** Adds new translations; ids must follow those added before. */
  translations(added: TranslationColumns): void;
  full(): boolean;
  empty(): boolean;
  /** Segments and events collected so far. */
  segments(): number;
  events(): number;
  /** What was collected. Its columns hold until the next `take` or `translations`. */
  chunk(): Chunk;
}

/** `withCode`: false leaves out the classes of code, which no model asks for. */
export function createCollector(instructionBytes: 0 | 4, withCode = true): Collector {
  const translationColumn = new Int32Array(CHUNK_RECORDS);
  const wordColumn = new Int32Array(CHUNK_RECORDS);
  let length = 0;
  let stuck = false;

  let segments = 0;
  let segment = segmentColumns(256);
  let events = 0;
  let event = eventColumns(256);
  let codes = 0;
  let code = codeColumns(64);
  let classesUsed = 0;
  let classes = new Uint8Array(1024);

  let first = 0;
  let added = 0;
  let translation = translationColumns(256);

  const passed: Passed = { record: 0, instructions: 0, loads: 0, stores: 0, time: 0 };

  const addSegment = (cursor: Cursor, end: number, instructions: number, loads: number, stores: number) => {
    if (segments === segment.end.length) segment = grown(segment);
    const { segments: from } = cursor.chunk;
    const at = cursor.segment;
    segment.end[segments] = end;
    segment.cpu[segments] = from.cpu[at]!;
    segment.flags[segments] = from.flags[at]!;
    segment.service[segments] = from.service[at]!;
    segment.instructions[segments] = instructions;
    segment.loads[segments] = loads;
    segment.stores[segments] = stores;
    segments++;
  };

  const addEvents = (cursor: Cursor, upTo: number, limit: number, shift: number): void => {
    const from = cursor.chunk.events;
    for (; cursor.event < limit && from.at[cursor.event]! <= upTo; cursor.event++) {
      const at = cursor.event;
      if (events === event.at.length) event = grown(event);
      event.at[events] = from.at[at]! + shift;
      event.kind[events] = from.kind[at]!;
      event.cpu[events] = from.cpu[at]!;
      event.flags[events] = from.flags[at]!;
      event.arg[events] = from.arg[at]!;
      event.lo[events] = from.lo[at]!;
      event.hi[events] = from.hi[at]!;
      events++;
    }
  };

  /** Code that holds from a record before `upTo` on; at the end of a chunk all that is left. */
  const addCode = (cursor: Cursor, upTo: number, shift: number): void => {
    const from = cursor.chunk.code;
    const last = upTo >= cursor.chunk.length;
    for (; cursor.code < from.length && (last || from.at[cursor.code]! < upTo); cursor.code++) {
      const count = from.count[cursor.code]!;
      if (withCode) {
        if (codes === code.at.length) code = grown(code);
        if (classesUsed + count > classes.length) classes = widened(classes, classesUsed + count);
        code.at[codes] = from.at[cursor.code]! + shift;
        code.physicalPage[codes] = from.physicalPage[cursor.code]!;
        code.offset[codes] = from.offset[cursor.code]!;
        code.count[codes] = count;
        codes++;
        classes.set(from.classes.subarray(cursor.classes, cursor.classes + count), classesUsed);
        classesUsed += count;
      }
      cursor.classes += count;
    }
  };

  /** The last record that room is left for, as a place: never between the parts of one reference. */
  const roomUpTo = (cursor: Cursor, to: number): number => {
    const { word, length: all } = cursor.chunk;
    let room = cursor.record + CHUNK_RECORDS - length;
    if (room >= to) return to;
    while (room > cursor.record && room < all && (word[room]! & TAIL_BIT) !== 0) room--;
    stuck = true;
    return room;
  };

  const take = (cursor: Cursor, budget: number, clock: Clock, limits?: TakeLimits): number => {
    const { chunk } = cursor;
    const from = cursor.record;
    const shift = length - from;
    const to = roomUpTo(cursor, Math.min(chunk.length, limits?.record ?? chunk.length));
    let time = 0;
    while (cursor.record < to && time < budget) {
      const at = cursor.segment;
      const end = chunk.segments.end[at]!;
      const aside = (chunk.segments.flags[at]! & SEGMENT_REFILL) !== 0;
      const instructions = chunk.segments.instructions[at]! - cursor.instructions;
      const whole = end <= to && (aside || (clock === 'instructions' && instructions <= budget - time));
      if (whole) {
        passed.record = end;
        if (!aside) time += instructions;
      } else {
        const left = aside ? Number.POSITIVE_INFINITY : budget - time;
        scan(chunk, cursor.record, Math.min(end, to), left, instructionBytes, clock, passed);
        if (!aside) time += passed.time;
      }
      if (passed.record === end) {
        // The rest of the segment's counts, with operands of which there is no record.
        const loads = chunk.segments.loads[at]! - cursor.loads;
        addSegment(cursor, end + shift, instructions, loads, chunk.segments.stores[at]! - cursor.stores);
        cursor.segment++;
        cursor.instructions = cursor.loads = cursor.stores = 0;
      } else {
        addSegment(cursor, passed.record + shift, passed.instructions, passed.loads, passed.stores);
        cursor.instructions += passed.instructions;
        cursor.loads += passed.loads;
        cursor.stores += passed.stores;
      }
      cursor.record = passed.record;
    }
    translationColumn.set(chunk.translation.subarray(from, cursor.record), length);
    wordColumn.set(chunk.word.subarray(from, cursor.record), length);
    length = cursor.record + shift;
    // What room was too short for goes on in the next chunk, only if time did not stop before it.
    if (cursor.record < to) stuck = false;
    addEvents(cursor, cursor.record, limits?.event ?? chunk.events.length, shift);
    addCode(cursor, cursor.record, shift);
    return time;
  };

  const addTranslations = (more: TranslationColumns): void => {
    if (more.length === 0) return;
    if (added === 0) first = more.first;
    else if (more.first !== first + added) throw new Error('collector: translations are not in order');
    if (added + more.length > translation.space.length) translation = grown(translation, added + more.length);
    translation.space.set(more.space.subarray(0, more.length), added);
    translation.virtualPage.set(more.virtualPage.subarray(0, more.length), added);
    translation.physicalPage.set(more.physicalPage.subarray(0, more.length), added);
    translation.flags.set(more.flags.subarray(0, more.length), added);
    added += more.length;
  };

  const chunk = (): Chunk => {
    const made: Chunk = {
      length,
      translation: translationColumn.subarray(0, length),
      word: wordColumn.subarray(0, length),
      segments: { length: segments, ...segment },
      events: { length: events, ...event },
      translations: {
        first,
        length: added,
        space: translation.space.subarray(0, added),
        virtualPage: translation.virtualPage.subarray(0, added),
        physicalPage: translation.physicalPage.subarray(0, added),
        flags: translation.flags.subarray(0, added),
      },
      code: { length: codes, ...code, classes: classes.subarray(0, classesUsed) },
    };
    length = segments = events = codes = classesUsed = 0;
    first += added;
    added = 0;
    stuck = false;
    return made;
  };

  return {
    take,
    translations: addTranslations,
    full: () => stuck || length === CHUNK_RECORDS || events >= CHUNK_RECORDS,
    empty: () => length === 0 && events === 0 && codes === 0 && added === 0,
    segments: () => segments,
    events: () => events,
    chunk,
  };
}
