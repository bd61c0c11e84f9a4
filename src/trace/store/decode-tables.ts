/** The coder of translations and code, reading side: the inverse of `createTablesEncoder`. */
import { InputError } from '../errors.ts';
import { CHUNK_RECORDS, type CodeColumns, type TranslationColumns } from '../types.ts';
import { expectedPhysical, LANE_CLASSES, LANE_TABLE_COUNTS, LANE_TABLE_NUMBERS } from './encode-sparse.ts';
import { type Cursor, checkCursors, takeByte, takeCount, takeNumber, takeSigned } from './lanes.ts';
import { LEAST_SPACE, PAGE_LIMIT } from './layout.ts';

export interface TablesChunk {
  readonly translations: TranslationColumns;
  readonly code: CodeColumns;
}

export interface TablesDecoder {
  readonly begin: (lanes: readonly Cursor[]) => void;
  /** The next chunk's translations, numbered from `first`, and its code, in new arrays. */
  readonly decode: (first: number) => TablesChunk;
}

export function createTablesDecoder(): TablesDecoder {
  let lanes: readonly Cursor[] = [];
  let lastSpace = 0;
  let lastVirtual = 0;
  let lastPhysical = 0;
  let lastCode = 0;

  const begin = (newLanes: readonly Cursor[]): void => {
    lanes = newLanes;
    lastSpace = lastVirtual = lastPhysical = lastCode = 0;
  };

  const decode = (first: number): TablesChunk => {
    const counts = lanes[LANE_TABLE_COUNTS]!;
    const numbers = lanes[LANE_TABLE_NUMBERS]!;
    const classes = lanes[LANE_CLASSES]!;
    const length = takeCount(counts, numbers);
    const codes = takeCount(counts, numbers);
    const space = new Int32Array(length);
    const virtualPage = new Float64Array(length);
    const physicalPage = new Float64Array(length);
    const flags = new Uint8Array(length);
    for (let at = 0; at < length; at++) {
      flags[at] = takeByte(numbers);
      lastSpace += takeSigned(numbers);
      const step = takeSigned(numbers);
      lastVirtual += step;
      lastPhysical = expectedPhysical(lastPhysical, step) + takeSigned(numbers);
      if (!(lastSpace >= LEAST_SPACE && lastSpace < 2 ** 31 && isPage(lastVirtual) && isPage(lastPhysical))) {
        throw new InputError('a translation has an impossible page or address space');
      }
      space[at] = lastSpace;
      virtualPage[at] = lastVirtual;
      physicalPage[at] = lastPhysical;
    }
    const at = new Int32Array(codes);
    const page = new Float64Array(codes);
    const offset = new Uint16Array(codes);
    const count = new Uint16Array(codes);
    let position = 0;
    let used = 0;
    for (let entry = 0; entry < codes; entry++) {
      position += takeNumber(numbers);
      lastCode += takeSigned(numbers);
      if (!(position <= CHUNK_RECORDS && isPage(lastCode))) {
        throw new InputError('a code entry has an impossible position or page');
      }
      at[entry] = position;
      page[entry] = lastCode;
      offset[entry] = takeNumber(numbers);
      count[entry] = takeNumber(numbers);
      used += count[entry]!;
    }
    const from = classes.at;
    classes.at += used;
    checkCursors(lanes, false);
    return {
      translations: { first, length, space, virtualPage, physicalPage, flags },
      code: {
        length: codes,
        at,
        physicalPage: page,
        offset,
        count,
        classes: classes.bytes.slice(from, classes.at),
      },
    };
  };

  return { begin, decode };
}

function isPage(page: number): boolean {
  return page >= 0 && page < PAGE_LIMIT;
}
