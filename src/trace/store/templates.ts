/**
 * The templates of a group, reading side: their definitions in lanes TEMPLATES and DEFINED (see
 * `encode-references.ts`), kept in one array. The decoders of records and of lines run them.
 */
import { InputError } from '../errors.ts';
import { FETCH, OFFSET_SHIFT, PAGE_BYTES, SIZE_SHIFT } from '../types.ts';
import { type Cursor, takeNumber, takeSigned } from './lanes.ts';
import {
  LANE_DEFINED,
  LANE_TEMPLATES,
  MAX_SHAPES,
  MAX_TEMPLATES,
  SHAPE_NEW,
  TEMPLATE_RECORDS,
  TEMPLATE_SPACE,
} from './layout.ts';
import { placedWord } from './places.ts';

// A template in the array: header, then word and translation of each record, then its data references.
export const HEAD = 4; // records, end of the data references, successor, other successor
export const REFERENCE = 4; // placed word, translation, where its record is above, word without its block

export interface Templates {
  /** All templates, one behind the other; some room after the last. Another array when it has grown. */
  readonly store: () => Int32Array;
  /** Where each begins. Before the first is one without records, at 0. */
  readonly places: Int32Array;
  readonly count: () => number;
  /** Starts a group, given its lanes. */
  readonly begin: (lanes: readonly Cursor[]) => void;
  /**
   * Reads the definitions of the templates that are new in the next chunk, whose translations are below
   * `translations`. Throws an InputError where the lanes do not make them.
   */
  readonly define: (translations: number) => void;
}

/**
 * `slack`: integers beyond the last template that a decoder may read. `room`: for templates at first; with all that
 * there may be, which is the default, the array remains the same.
 */
export function createTemplates(slack: number, room: number = TEMPLATE_SPACE): Templates {
  let templates = new Int32Array(room + HEAD + slack);
  const places = new Int32Array(MAX_TEMPLATES);
  let count = 0;
  let used = 0;
  const shapes = new Int32Array(MAX_SHAPES);
  let shapeCount = 0;
  let definitionPage = 0;
  let lanes: readonly Cursor[] = [];

  const begin = (newLanes: readonly Cursor[]): void => {
    lanes = newLanes;
    // The place before the first template has no records: it may precede but not be run.
    templates.fill(0, 0, HEAD);
    used = HEAD;
    count = shapeCount = definitionPage = 0;
  };

  const defineOne = (translations: number): void => {
    const source = lanes[LANE_TEMPLATES]!;
    const { bytes } = source;
    let from = source.at; // reads beyond the lane are found at the end of the chunk
    const records = bytes[from++]! | 0;
    if (records === 0 || records > TEMPLATE_RECORDS || count === MAX_TEMPLATES) {
      throw new InputError('a template has an impossible size');
    }
    if (used + HEAD + records * (2 + REFERENCE) > TEMPLATE_SPACE + HEAD) {
      throw new InputError('the templates take more space than any group may');
    }
    if (used + HEAD + records * (2 + REFERENCE) + slack > templates.length) templates = wider(templates);
    // Local copies: an imported constant is looked up at each use.
    const fetch = FETCH;
    const step = REFERENCE;
    const shapeNew = SHAPE_NEW;
    const maxShapes = MAX_SHAPES;
    const offsetShift = OFFSET_SHIFT;
    const sizeShift = SIZE_SHIFT;
    const pageBytes = PAGE_BYTES;
    const store = templates;
    const end = used + HEAD + 2 * records;
    let reference = end;
    let page = -1;
    let offset = 0;
    for (let put = used + HEAD; put < end; put += 2) {
      const index = bytes[from++]! | 0;
      let shape: number;
      if (index === shapeNew) {
        shape = (bytes[from]! & 7) | ((bytes[from + 1]! | (bytes[from + 2]! << 8)) << sizeShift);
        from += 3;
        if (shapeCount < maxShapes) shapes[shapeCount++] = shape;
      } else {
        if (index >= shapeCount) throw new InputError('a template has an unknown shape');
        shape = shapes[index]!;
      }
      const size = shape >>> sizeShift;
      if (size === 0 || size > pageBytes) throw new InputError('a reference has an impossible size');
      if ((shape & 3) === fetch) {
        if (page < 0) {
          page = definitionPage += takeSigned(lanes[LANE_DEFINED]!);
          offset = bytes[from]! | (bytes[from + 1]! << 8);
          from += 2;
          if (!(page >= 0 && page < translations)) throw new InputError('a fetch has no translation');
        }
        if (offset + size > pageBytes) throw new InputError('a fetch leaves its page');
        store[put] = shape | (offset << offsetShift);
        store[put + 1] = page;
        offset += size;
      } else {
        store[reference] = placedWord(shape);
        store[reference + 1] = 0;
        store[reference + 2] = put;
        store[put] = shape;
        store[put + 1] = 0;
        store[reference + 3] = shape;
        reference += step;
      }
    }
    source.at = from;
    store[used] = records;
    store[used + 1] = reference;
    store[used + 2] = store[used + 3] = 0;
    places[count++] = used;
    used = reference;
  };

  const define = (translations: number): void => {
    // Each has a byte at least: a number that cannot be ends at once.
    for (let left = takeNumber(lanes[LANE_DEFINED]!); left > 0; left--) defineOne(translations);
  };

  return { store: () => templates, places, count: () => count, begin, define };
}

function wider(old: Int32Array): Int32Array<ArrayBuffer> {
  const result = new Int32Array(old.length * 2);
  result.set(old);
  return result;
}
