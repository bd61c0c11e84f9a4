/**
 * The reference coder, reading side, straight to lines (`LineRequest`): the fast twin of decoding records and
 * making lines of them.
 *
 * The loop (`line-run.ts`) runs templates that lie within a segment, as ours do. What is not common (fetches around
 * the caches) runs by the book, as does a chunk that is wanted as records.
 */
import { InputError } from '../errors.ts';
import { addRecords, createLineOutput, mostWords } from '../lines.ts';
import {
  CHUNK_RECORDS,
  type LineColumns,
  type LineRequest,
  OFFSET_SHIFT,
  type SegmentColumns,
} from '../types.ts';
import { type Cursor, checkCursors } from './lanes.ts';
import {
  LANE_BLOCKS,
  LANE_MOVES,
  LANE_PAGES,
  LANE_PLACES,
  MOVE_NEAR,
  MOVE_REPEAT,
  MOVE_SPECIAL,
  TEMPLATE_RECORDS,
} from './layout.ts';
import { createLineLoop } from './line-loop.ts';
import {
  AT,
  BLOCK_AT,
  CURRENT,
  ENDED,
  EXIT,
  FAULTS,
  LAST_DATA,
  LAST_FETCH,
  LINES_AT,
  NEAR,
  NOT_QUICK,
  PAGE_MOVES,
  PLACES_AT,
  PUT,
  QUICK_MOVES,
  ROW,
  ROW_ACCESSES,
  ROW_END,
  ROW_FIELDS,
  ROWS,
  ROWS_AT,
  SOME_WORDS,
  STATE,
  STATE_AT,
  WORDS_AT,
} from './line-memory.ts';
import { IMPOSSIBLE, moveReference } from './line-move.ts';
import { createMadeSegments, drainRows, enterRow, leaveRow, makeRows } from './line-rows.ts';
import {
  DATA_FIELDS,
  LINE_END,
  LINE_HARD,
  LINE_HEAD,
  LINE_NEXT,
  LINE_OTHER,
  LINE_RECORDS,
  LINE_SOURCE,
  ODD,
  prepareLines,
} from './line-templates.ts';
import { outlineOf, unitBits } from './places.ts';
import { createTemplates, HEAD, REFERENCE } from './templates.ts';

export interface LineDecoder {
  /** Starts a group, given its lanes. */
  readonly begin: (lanes: readonly Cursor[], request: LineRequest) => void;
  /**
   * Decodes the next `length` records, whose translations are below `translations`, into lines. `ids`: page ids by
   * translation. Throws an InputError where the lanes do not make such records.
   */
  readonly decode: (
    length: number,
    translations: number,
    segments: SegmentColumns,
    ids: Int32Array,
  ) => LineColumns;
  /** The same into the columns. */
  readonly decodeRecords: (length: number, translations: number, ids: Int32Array) => void;
  readonly translation: Int32Array;
  readonly word: Int32Array;
}

type Step = (bytes: Uint8Array, ids: Int32Array, length: number, translations: number) => void;

/** Lanes whose cursors are in the state, from BLOCK_AT on. */
const MOVED = [LANE_BLOCKS, LANE_MOVES, LANE_PLACES, LANE_PAGES] as const;

/**
 * Words after which the loop is left and entered again, in the first chunks and later: then V8 runs what it has
 * compiled meanwhile. In a loop that does not end it compiles a second time, for the middle of the loop.
 */
const FEW_WORDS = 1 << 6;
const MANY_WORDS = 1 << 12;
/** Chunks after which V8 is done compiling. */
const FIRST_CHUNKS = 64;

export function createLineDecoder(): LineDecoder {
  const templates = createTemplates(0);
  let memory = new Int32Array(WORDS_AT + SOME_WORDS); // is used as it fills
  let state = memory.subarray(STATE_AT, STATE_AT + STATE);
  let words = memory.subarray(WORDS_AT);
  let used = 0;
  const columns = { translation: new Int32Array(CHUNK_RECORDS), word: new Int32Array(CHUNK_RECORDS) };

  memory.fill(NOT_QUICK, QUICK_MOVES, QUICK_MOVES + 256);
  memory[QUICK_MOVES] = 0;
  for (let code = MOVE_REPEAT + 1; code < MOVE_SPECIAL; code++)
    memory[code] = memory[QUICK_MOVES + code] = (code - MOVE_NEAR) << OFFSET_SHIFT;

  const loop = createLineLoop();
  let bytes: Uint8Array = new Uint8Array(0);
  let lanes: readonly Cursor[] = [];
  let request: LineRequest;
  let bits = 0;
  /** Most words of a template. */
  let margin = 0;
  let made = createMadeSegments(1024);

  const begin = (newLanes: readonly Cursor[], newRequest: LineRequest): void => {
    lanes = newLanes;
    request = newRequest;
    bits = unitBits(request.lineBits);
    margin = TEMPLATE_RECORDS * mostWords(request);
    templates.begin(newLanes);
    bytes = loop.place(newLanes[LANE_BLOCKS]!.bytes);
    // The place before the first template, with the place of the data reference before the first.
    used = LINES_AT + LINE_HEAD + DATA_FIELDS;
    memory.fill(0, LINES_AT, used);
    memory[LINES_AT + LINE_RECORDS] = ODD;
    memory[LINES_AT + LINE_NEXT] = memory[LINES_AT + LINE_OTHER] = LINES_AT;
    state.fill(0);
    state[CURRENT] = LINES_AT;
    state[NEAR] = LINES_AT + LINE_HEAD;
    memory[MOVE_REPEAT] = memory[PAGE_MOVES + MOVE_REPEAT] = memory[QUICK_MOVES + MOVE_REPEAT] = 0;
  };

  // The segments of the chunk; those from `first` to `next` − 1 have rows.
  let segments: SegmentColumns;
  let first = 0;
  let next = 0;
  let cpu = -1;
  let ended = false;
  /** Chunks so far. */
  let chunks = 0;
  /** First of the records that were run into the columns last. */
  let columnsFrom = 0;

  /** Makes rows for the next segments and enters the first of them. */
  const fill = (): void => {
    first = next;
    next = Math.min(segments.length, first + ROWS);
    cpu = makeRows(memory, segments, first, next, request.asideFlags, cpu, state[AT]!);
    state[ROW] = ROWS_AT;
    enterRow(memory, state);
  };

  const lastRow = (): number => ROWS_AT + ROW_FIELDS * (next - first);

  /** Ends a segment and begins the next, if there is one. */
  const proceed: Step = () => {
    const last = state[ROW] === lastRow();
    leaveRow(memory, state);
    if (!last) enterRow(memory, state);
    else {
      drainRows(memory, first, next, made);
      if (next < segments.length) fill();
      else ended = true;
    }
  };

  const output = createLineOutput(memory);

  /** Makes lines of the records that were just run into the columns, which may lie in several segments. */
  const lineUp: Step = (bytes, ids, length, translations) => {
    const { translation, word } = columns;
    const to = state[AT]!;
    for (let at = columnsFrom; at < to; ) {
      while (at === memory[state[ROW]! + ROW_END]) steps[ENDED]![0]!(bytes, ids, length, translations);
      const row = state[ROW]!;
      const end = Math.min(to, memory[row + ROW_END]!);
      output.words = memory;
      output.put = state[PUT]!;
      output.lastFetch = state[LAST_FETCH]!;
      output.lastData = state[LAST_DATA]!;
      addRecords(translation, word, at, end, ids, request, output, memory, row + ROW_ACCESSES);
      state[PUT] = output.put;
      state[LAST_FETCH] = output.lastFetch;
      state[LAST_DATA] = output.lastData;
      at = end;
    }
  };

  /** Makes more room for words, if there is little left. */
  const widen: Step = () => {
    if (state[PUT]! < memory.length - margin) return;
    const old = memory;
    memory = new Int32Array(old.length + words.length);
    memory.set(old);
    state = memory.subarray(STATE_AT, STATE_AT + STATE);
    words = memory.subarray(WORDS_AT);
  };

  /** Defines the templates that are new in this chunk. */
  const define = (ids: Int32Array, translations: number): void => {
    let id = templates.count();
    templates.define(translations);
    for (; id < templates.count(); id++) {
      memory[PLACES_AT + id] = used;
      memory[used + LINE_NEXT] = memory[used + LINE_OTHER] = LINES_AT;
      used = prepareLines(templates, templates.places[id]!, memory, used, request, ids);
    }
  };

  /** Runs the template that stopped a run into the columns. */
  const runIntoColumns: Step = (bytes, _ids, length, translations) => {
    const { word, translation } = columns;
    const place = state[CURRENT]!;
    const defined = templates.store;
    const source = memory[place + LINE_SOURCE]!;
    const records = defined[source]!;
    const at = state[AT]!;
    // Also the empty place before the first template.
    if (records === 0 || at + records > length) throw new InputError(IMPOSSIBLE);
    columnsFrom = at;
    for (let index = 0; index < records; index++) {
      word[at + index] = defined[source + HEAD + 2 * index]!;
      translation[at + index] = defined[source + HEAD + 2 * index + 1]!;
    }
    let reference = source + HEAD + 2 * records;
    for (let data = place + LINE_HEAD; data < memory[place + LINE_END]!; data += DATA_FIELDS) {
      moveReference(memory, bytes, data, translations);
      const index = at + (defined[reference + 2]! - source - HEAD) / 2;
      word[index] = outlineOf(memory[data]!);
      translation[index] = memory[data + 1]!;
      reference += REFERENCE;
    }
    memory[place + LINE_HARD] = 1;
    state[AT] = at + records;
  };

  /**
   * What to do after a run, by why it ended. Called through tables only: V8 then leaves them where they are, and
   * does not compile them into each other again and again.
   */
  const steps: readonly (readonly Step[])[] = [[widen], [runIntoColumns, lineUp], [proceed]];
  const stepsToRecords: readonly (readonly Step[])[] = [[widen], [runIntoColumns]];

  /** Takes the cursors of the lanes into the state, or back. */
  const load = (): Uint8Array => {
    MOVED.forEach((lane, field) => {
      state[BLOCK_AT + field] = lanes[lane]!.at;
    });
    state[AT] = 0;
    return bytes;
  };
  const save = (): void => {
    MOVED.forEach((lane, field) => {
      lanes[lane]!.at = state[BLOCK_AT + field]!;
    });
    checkCursors(lanes, false);
  };

  /** Runs templates to the end of the chunk. A function of its own: it is hot and small, its caller is neither. */
  const runAll: Step = (bytes, ids, length, translations) => {
    const count = templates.count();
    while (!ended) {
      const few = chunks < FIRST_CHUNKS ? FEW_WORDS : MANY_WORDS;
      const room = Math.min(memory.length - margin, state[PUT]! + few);
      loop.run(memory, bits)(ids, lastRow(), room, false, translations, count);
      if (state[FAULTS]! < 0) throw new InputError(IMPOSSIBLE);
      const why = state[AT] === memory[state[ROW]! + ROW_END] ? ENDED : state[EXIT]!;
      const todo = steps[why]!;
      for (let i = 0; i < todo.length; i++) todo[i]!(bytes, ids, length, translations);
    }
  };

  const decode = (
    length: number,
    translations: number,
    ofChunk: SegmentColumns,
    ids: Int32Array,
  ): LineColumns => {
    const bytes = load();
    chunks++;
    if (ofChunk.length > made.aside.length) made = createMadeSegments(2 * ofChunk.length);
    segments = ofChunk;
    next = 0;
    cpu = -1;
    state[PUT] = WORDS_AT;
    ended = segments.length === 0;
    define(ids, translations);
    if (!ended) {
      fill();
      runAll(bytes, ids, length, translations);
    }
    save();
    // As `linesOfRecords` makes them, which to V8 are then of one shape.
    const { segmentEnd, accesses, aside } = made;
    return { words, segmentEnd, accesses, aside };
  };

  const decodeRecords = (length: number, translations: number, ids: Int32Array): void => {
    const bytes = load();
    const end = memory.length;
    define(ids, translations);
    // One row for all: nothing is made of it.
    memory[ROWS_AT + ROW_END] = length;
    state[ROW] = ROWS_AT;
    state[PUT] = WORDS_AT;
    while (state[AT]! < length) {
      loop.run(memory, bits)(ids, ROWS_AT, end, true, translations, templates.count());
      if (state[FAULTS]! < 0) throw new InputError(IMPOSSIBLE);
      for (const step of stepsToRecords[state[EXIT]!]!) step(bytes, ids, length, translations);
    }
    save();
  };

  return { begin, decode, decodeRecords, ...columns };
}
