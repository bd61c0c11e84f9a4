/** Groups in, chunks out. */
import { InputError } from '../errors.ts';
import type { Chunk, ChunkOptions, LineColumns } from '../types.ts';
import { createReferenceDecoder, type ReferenceDecoder } from './decode-references.ts';
import { createSparseDecoder } from './decode-sparse.ts';
import { createTablesDecoder, type TablesChunk } from './decode-tables.ts';
import type { Group } from './group.ts';
import { type Cursor, checkCursors, splitLanes } from './lanes.ts';
import { FINE, REFERENCES, SECTION_LANES, SPARSE, TABLES } from './layout.ts';
import { createLineDecoder, type LineDecoder } from './lines/decode.ts';

export interface GroupDecoder {
  /** Starts a group; translations are numbered from `first`. */
  readonly begin: (group: Group, first: number, options: ChunkOptions) => void;
  /**
   * The next chunk. Its columns (but for translations and code, which are new arrays) are reused for the
   * chunk after it. Throws an InputError where the group's bytes do not make a chunk.
   */
  readonly next: () => Chunk;
  /** Translations so far. */
  readonly translations: () => number;
  /** Checks that nothing is left over. */
  readonly end: () => void;
}

/** The section that readings with these options do not need, or null. */
export const unwantedSection = ({ lines }: ChunkOptions = {}): number | null =>
  lines === undefined ? null : FINE;

export function createGroupDecoder(): GroupDecoder {
  const tables = createTablesDecoder();
  const sparse = createSparseDecoder();
  // Either is made when it is asked for: they have large tables.
  let references: ReferenceDecoder | null = null;
  let byLines: LineDecoder | null = null;
  let request: ChunkOptions['lines'];
  let cursors: Cursor[] = [];
  let translations = 0;

  const begin = ({ raw }: Group, first: number, { events = true, lines: wanted }: ChunkOptions): void => {
    const lanes = raw.map((section, index) => splitLanes(section, SECTION_LANES[index]!));
    tables.begin(lanes[TABLES]!);
    sparse.begin(lanes[SPARSE]!, events);
    request = wanted;
    if (wanted === undefined) {
      references ??= createReferenceDecoder();
      references.begin(lanes[REFERENCES]!, lanes[FINE]!);
    } else {
      byLines ??= createLineDecoder();
      byLines.begin(lanes[REFERENCES]!, wanted);
    }
    cursors = lanes.flat();
    translations = first;
  };

  const next = (): Chunk => {
    const table = tables.decode(translations);
    translations += table.translations.length;
    const { length, segments, events } = sparse.decode();
    const { code } = table;
    if (code.length > 0 && code.at[code.length - 1]! > length) {
      throw new InputError('a code entry lies outside its chunk');
    }
    let lines: LineColumns | undefined;
    if (request === undefined) references!.decode(length, translations);
    else {
      const ids = request.ids(table.translations);
      if (request.asRecords(segments)) byLines!.decodeRecords(length, translations, ids);
      else lines = byLines!.decode(length, translations, segments, ids);
    }
    const { translation, word } = request === undefined ? references! : byLines!;
    const records = lines === undefined ? length : 0;
    return {
      length,
      translation: translation.subarray(0, records),
      word: word.subarray(0, records),
      segments,
      events,
      translations: table.translations,
      code,
      lines,
    };
  };

  return {
    begin,
    next,
    translations: () => translations,
    end: () => checkCursors(cursors, true),
  };
}

/** Translations and code of the first `chunks` chunks of a group, given its first section alone. */
export function decodeTables(section: Uint8Array, chunks: number, first: number): TablesChunk[] {
  const tables = createTablesDecoder();
  tables.begin(splitLanes(section, SECTION_LANES[TABLES]!));
  const parts: TablesChunk[] = [];
  let translations = first;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const part = tables.decode(translations);
    translations += part.translations.length;
    parts.push(part);
  }
  return parts;
}
