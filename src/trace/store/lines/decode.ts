/**
 * The reference coder, reading side, straight to lines (`LineRequest`): the fast twin of decoding records and
 * making lines of them.
 *
 * The loop (`run.ts`) runs templates that lie within a segment, as ours do. What is not common (fetches around
 * the caches) runs by the book, as does a chunk that is wanted as records.
 */
import { InputError } from '../../errors.ts';
import { addRecords, createLineOutput, mostWords } from '../../lines.ts';
import {
  CHUNK_RECORDS,
  type LineColumns,
  type LineRequest,
  OFFSET_SHIFT,
  type SegmentColumns,
} from '../../types.ts';
import { type Cursor, checkCursors } from '../lanes.ts';
import {
  LANE_BLOCKS,
  LANE_MOVES,
  LANE_PAGES,
  LANE_PLACES,
  MOVE_NEAR,
  MOVE_REPEAT,
  MOVE_SPECIAL,
  TEMPLATE_RECORDS,
} from '../layout.ts';
import { outlineOf, unitBits } from '../places.ts';
import { createTemplates, HEAD, REFERENCE } from '../templates.ts';
import * as is from './layout.ts';
import { createLineMemory } from './memory.ts';
import { IMPOSSIBLE, moveReference } from './move.ts';
import { nextTemplate } from './next.ts';
import { createMadeSegments, drainRows, enterRow, leaveRow, makeRows } from './rows.ts';
import { prepareLines } from './templates.ts';

export interface LineDecoder {
  /** Starts a group, given its lanes. */
  readonly begin: (lanes: readonly Cursor[], request: LineRequest) => void;
  /**
   * Decodes the next `length` records, whose translations are below `translations`, into lines. `ids`: page ids by
   * translation. Throws an InputError where the lanes do not make such records. Undefined: they are in the columns.
   */
  readonly decode: (
    length: number,
    translations: number,
    segments: SegmentColumns,
    ids: Int32Array,
  ) => LineColumns | undefined;
  /** The same into the columns. */
  readonly decodeRecords: (length: number, translations: number, ids: Int32Array) => void;
  readonly translation: Int32Array;
  readonly word: Int32Array;
}

/** Lanes whose cursors are in the state, from BLOCK_AT on. */
const LANES_HELD = [LANE_BLOCKS, LANE_MOVES, LANE_PLACES, LANE_PAGES] as const;

export function createLineDecoder(): LineDecoder {
  const templates = createTemplates(0, 1 << 16);
  const held = createLineMemory();
  let memory = held.integers();
  let state = memory.subarray(is.STATE_AT, is.STATE_AT + is.STATE);
  let used = 0;
  const columns = { translation: new Int32Array(CHUNK_RECORDS), word: new Int32Array(CHUNK_RECORDS) };
  const output = createLineOutput(memory);

  memory.fill(is.NOT_QUICK, is.QUICK_MOVES, is.QUICK_MOVES + 256);
  memory[is.QUICK_MOVES] = 0;
  for (let code = MOVE_REPEAT + 1; code < MOVE_SPECIAL; code++)
    memory[code] = memory[is.QUICK_MOVES + code] = (code - MOVE_NEAR) << OFFSET_SHIFT;

  let lanes: readonly Cursor[] = [];
  let request: LineRequest;
  /** The place before the first template, and where the section is. */
  let none = 0;
  let section = 0;
  /** Most words of a template, and those copied beyond. */
  let margin = 0;
  let made = createMadeSegments(1024);

  /** To be called after all that may have made the memory grow. */
  const look = (): void => {
    if (memory === held.integers()) return;
    memory = held.integers();
    state = memory.subarray(is.STATE_AT, is.STATE_AT + is.STATE);
  };

  const begin = (newLanes: readonly Cursor[], newRequest: LineRequest): void => {
    lanes = newLanes;
    request = newRequest;
    margin = TEMPLATE_RECORDS * mostWords(request) + 2 * is.COPIED;
    templates.begin(newLanes);
    section = held.placeSection(newLanes[LANE_BLOCKS]!.bytes);
    look();
    // The place before the first template, with the place of the data reference before the first.
    none = held.linesAt();
    used = none + is.LINE_HEAD + is.DATA_FIELDS;
    memory.fill(0, none, used);
    memory[none + is.LINE_RECORDS] = is.ODD;
    memory[none + is.LINE_NEXT] = memory[none + is.LINE_OTHER] = 4 * none;
    state.fill(0);
    state[is.CURRENT] = 4 * none;
    state[is.NEAR] = 4 * (none + is.LINE_HEAD);
    memory[MOVE_REPEAT] = memory[is.PAGE_MOVES + MOVE_REPEAT] = memory[is.QUICK_MOVES + MOVE_REPEAT] = 0;
  };

  // The segments of the chunk; those from `first` to `next` − 1 have rows.
  let segments: SegmentColumns;
  let first = 0;
  let next = 0;
  let cpu = -1;
  let ended = false;

  /** Makes rows for the next segments and enters the first of them. */
  const fill = (): void => {
    first = next;
    next = Math.min(segments.length, first + is.ROWS);
    cpu = makeRows(memory, segments, first, next, request.asideFlags, cpu);
    state[is.ROW] = 4 * is.ROWS_AT;
    enterRow(memory, state);
  };

  const lastRow = (): number => 4 * (is.ROWS_AT + is.ROW_FIELDS * (next - first - 1));
  const rowEnd = (): number => memory[(state[is.ROW]! >> 2) + is.ROW_END]!;

  /** Ends a segment and begins the next, if there is one. */
  const proceed = (): void => {
    const last = state[is.ROW] === lastRow();
    leaveRow(memory, state);
    if (!last) enterRow(memory, state);
    else {
      drainRows(memory, first, next, held.wordsAt(), made);
      if (next < segments.length) fill();
      else ended = true;
    }
  };

  /** Makes lines of the records from `from` on that were just run into the columns; several segments may have them. */
  const lineUp = (from: number, ids: Int32Array): void => {
    const { translation, word } = columns;
    const to = state[is.AT]!;
    for (let at = from; at < to; ) {
      while (at === rowEnd()) proceed();
      const end = Math.min(to, rowEnd());
      output.words = memory;
      output.put = state[is.PUT]! >> 2;
      output.lastFetch = state[is.LAST_FETCH]!;
      output.lastData = state[is.LAST_DATA]!;
      const tally = (state[is.ROW]! >> 2) + is.ROW_ACCESSES;
      addRecords(translation, word, at, end, ids, request, output, memory, tally);
      state[is.PUT] = 4 * output.put;
      state[is.LAST_FETCH] = output.lastFetch;
      state[is.LAST_DATA] = output.lastData;
      at = end;
    }
  };

  /** Defines the templates that are new in this chunk. */
  const define = (ids: Int32Array, translations: number): void => {
    let id = templates.count();
    templates.define(translations);
    const { places } = templates;
    const count = templates.count();
    const source = templates.store();
    let room = 0;
    for (; id < count; id++) {
      if (used + is.MOST_OF_LINE > room) {
        room = held.reserveLines(used + is.MOST_OF_LINE);
        look();
      }
      memory[is.PLACES_AT + id] = 4 * used;
      memory[used + is.LINE_NEXT] = memory[used + is.LINE_OTHER] = 4 * none;
      used = prepareLines(source, places[id]!, memory, used, request, ids);
    }
  };

  /** Runs the current template into the columns. */
  const runIntoColumns = (length: number, translations: number): void => {
    const { word, translation } = columns;
    const place = state[is.CURRENT]! >> 2;
    const defined = templates.store();
    const source = memory[place + is.LINE_SOURCE]!;
    const records = defined[source]!;
    const at = state[is.AT]!;
    // Also the empty place before the first template.
    if (records === 0 || at + records > length) throw new InputError(IMPOSSIBLE);
    for (let index = 0; index < records; index++) {
      word[at + index] = defined[source + HEAD + 2 * index]!;
      translation[at + index] = defined[source + HEAD + 2 * index + 1]!;
    }
    let reference = source + HEAD + 2 * records;
    const end = memory[place + is.LINE_END]! >> 2;
    const bytes = held.bytes();
    for (let data = place + is.LINE_HEAD; data < end; data += is.DATA_FIELDS) {
      moveReference(memory, bytes, data, translations);
      const index = at + (defined[reference + 2]! - source - HEAD) / 2;
      word[index] = outlineOf(memory[data]!);
      translation[index] = memory[data + 1]!;
      reference += REFERENCE;
      memory[place + is.LINE_LENGTH] = is.HARD;
    }
    state[is.AT] = at + records;
  };

  /** Takes the cursors of the lanes into the state, or back. */
  const load = (): void => {
    LANES_HELD.forEach((lane, field) => {
      state[is.BLOCK_AT + field] = section + lanes[lane]!.at;
    });
    state[is.AT] = 0;
  };
  const save = (): void => {
    LANES_HELD.forEach((lane, field) => {
      lanes[lane]!.at = state[is.BLOCK_AT + field]! - section;
    });
    checkCursors(lanes, false);
  };

  const decodeRecords = (length: number, translations: number, ids: Int32Array): void => {
    load();
    define(ids, translations);
    while (state[is.AT]! < length) {
      nextTemplate(memory, held.bytes(), templates.count());
      runIntoColumns(length, translations);
    }
    save();
  };

  const decode: LineDecoder['decode'] = (length, translations, ofChunk, ids) => {
    const bits = unitBits(request.lineBits);
    if (held.run(bits) === null) {
      decodeRecords(length, translations, ids);
      return undefined;
    }
    load();
    define(ids, translations);
    const idsAt = held.placeIds(ids, translations);
    look();
    if (ofChunk.length > made.aside.length) made = createMadeSegments(2 * ofChunk.length);
    segments = ofChunk;
    next = 0;
    cpu = -1;
    state[is.PUT] = 4 * held.wordsAt();
    ended = segments.length === 0;
    if (!ended) fill();
    while (!ended) {
      held.run(bits)!(lastRow(), 4 * (memory.length - margin), translations - 1, templates.count(), idsAt);
      if (state[is.FAULTS]! < 0) throw new InputError(IMPOSSIBLE);
      if (state[is.AT] === rowEnd()) proceed();
      else if (state[is.EXIT] === is.BY_THE_BOOK) {
        const from = state[is.AT]!;
        runIntoColumns(length, translations);
        lineUp(from, ids);
      }
      if (state[is.PUT]! >= 4 * (memory.length - margin)) {
        held.widen();
        look();
      }
    }
    save();
    // As `linesOfRecords` makes them, which to V8 are then of one shape.
    const { segmentEnd, accesses, aside } = made;
    return { words: memory.subarray(held.wordsAt()), segmentEnd, accesses, aside };
  };

  return { begin, decode, decodeRecords, ...columns };
}
