import { createTranslationTable } from './builder-translations.ts';
import { codeColumns, eventColumns, grown, segmentColumns, widened } from './compose/columns.ts';
import {
  CHUNK_RECORDS,
  type Chunk,
  EVENT,
  type EventKind,
  FETCH,
  LOAD,
  MAPPED,
  MODIFY,
  OFFSET_MASK,
  OFFSET_SHIFT,
  PAGE_BITS,
  PAGE_BYTES,
  pageOf,
  type ReferenceKind,
  type RefillEpisodes,
  referenceWord,
  SEGMENT_REFILL,
  SIZE_SHIFT,
  STORE,
  TAIL_BIT,
  type TraceSummary,
} from './types.ts';

/** Records a reader may add after it saw `full()` false: more than one basic block can make. */
export const CHUNK_RESERVE = 2048;

/**
 * Collects references and events into chunks. Every reader and generator writes through one of these, so
 * that page splitting, translation ids, segment counts and totals are decided in one place.
 *
 * A reader loops: add records; when `full()`, yield `take()`. The chunk's columns are views of the
 * builder's own buffers: they hold until the next record is added.
 */
export interface TraceBuilder {
  /** From here on `cpu` runs in this mode and service (flags: SEGMENT_…). */
  segment(cpu: number, flags: number, service: number): void;
  /**
   * Id of the translation of virtual page `virtualPage` in `space` (−1: global or direct) to
   * `physicalPage`. If the page was mapped elsewhere before, an `unmap` event of the old id is added.
   */
  translate(space: number, virtualPage: number, physicalPage: number, flags: number): number;
  /** Id of the translation of page number `page` of a user-level trace (space 0, physical = virtual, mapped). */
  userPage(page: number): number;
  /** Adds one record; the reference must not leave its page. */
  record(translation: number, word: number): void;
  /**
   * Adds a reference of a user-level trace (space 0, physical = virtual, mapped) at address hi:lo
   * (unsigned halves), split into a head and tails where it crosses pages.
   */
  access(kind: ReferenceKind, lo: number, hi: number, size: number): void;
  /** Counts a load or store whose extent is not recorded: it is an operand, but touches nothing known. */
  countOnly(kind: typeof LOAD | typeof STORE): void;
  /**
   * The record columns themselves, for who makes many records at once. Write whole records (never tails) from `position()`
   * on, below CHUNK_RECORDS, then say with `advance` how many there are and what they add up to.
   */
  readonly columns: RecordColumns;
  position(): number;
  advance(records: number, instructions: number, loads: number, stores: number): void;
  /** Adds an event before the next record. */
  event(kind: EventKind, cpu: number, arg: number, lo?: number, hi?: number): void;
  /** Adds the classes of `count` instructions at `offset` of a physical page, `classes[from …]`. */
  code(physicalPage: number, offset: number, count: number, classes: Uint8Array, from: number): void;
  /**
   * Marks the end of one recorded refill episode, for the summary. `attempted` instructions of its
   * segments are the failed attempt before it, not its handler's.
   */
  refillEpisode(attempted?: number): void;
  full(): boolean;
  empty(): boolean;
  /** The chunk so far; the builder then starts the next one in the same segment. */
  take(): Chunk;
  summary(totals: Readonly<Record<string, number>>): TraceSummary;
}

/** The columns of the chunk under construction, CHUNK_RECORDS long: translation ids and reference words. */
export interface RecordColumns {
  readonly translation: Int32Array;
  readonly word: Int32Array;
}

export interface BuilderOptions {
  /** As in the trace header: 4 makes a fetch of 4n bytes count n instructions. */
  readonly instructionBytes: 0 | 4;
}

export function createTraceBuilder(options: BuilderOptions): TraceBuilder {
  const fixed = options.instructionBytes === 4;

  // The chunk under construction.
  const translationColumn = new Int32Array(CHUNK_RECORDS);
  const wordColumn = new Int32Array(CHUNK_RECORDS);
  let length = 0;

  let column = segmentColumns(256);
  let segments = 0;
  let segmentStart = 0;
  let cpu = 0;
  let flags = 0;
  let service = 0;
  let instructions = 0;
  let loads = 0;
  let stores = 0;

  let events = 0;
  let eventColumn = eventColumns(256);
  let codes = 0;
  let codeColumn = codeColumns(64);
  let codeClasses = new Uint8Array(1024);
  let classesUsed = 0;

  const translations = createTranslationTable((replaced) => event(EVENT.unmap, cpu, replaced));
  const { translate } = translations;

  // Pages that `access` met lately, direct-mapped by the lower bits of the page number.
  const recentLo = new Int32Array(RECENT).fill(-1);
  const recentHi = new Int32Array(RECENT);
  const recentId = new Int32Array(RECENT);
  // References that `access` counted since the segment began, by kind (the others `record` counted).
  const accessed = new Int32Array(4);

  const total = { records: 0, chunks: 0, instructions: 0, loads: 0, stores: 0, workload: 0, events: 0 };
  const episode = {
    count: 0,
    instructions: 0,
    loads: 0,
    stores: 0,
    privileged: new Array<number>(16).fill(0),
  };

  const closeSegment = (): void => {
    if (length === segmentStart) return;
    instructions += accessed[FETCH]!;
    loads += accessed[LOAD]! + accessed[MODIFY]!;
    stores += accessed[STORE]! + accessed[MODIFY]!;
    accessed.fill(0);
    if (segments === column.end.length) column = grown(column);
    column.end[segments] = length;
    column.cpu[segments] = cpu;
    column.flags[segments] = flags;
    column.service[segments] = service;
    column.instructions[segments] = instructions;
    column.loads[segments] = loads;
    column.stores[segments] = stores;
    segments++;
    segmentStart = length;
    total.instructions += instructions;
    total.loads += loads;
    total.stores += stores;
    if ((flags & SEGMENT_REFILL) === 0) total.workload += instructions;
    else {
      episode.instructions += instructions;
      episode.loads += loads;
      episode.stores += stores;
    }
    instructions = loads = stores = 0;
  };

  const segment = (newCpu: number, newFlags: number, newService: number): void => {
    if (newCpu === cpu && newFlags === flags && newService === service) return;
    closeSegment();
    cpu = newCpu;
    flags = newFlags;
    service = newService;
  };

  const record = (translation: number, word: number): void => {
    if (length === CHUNK_RECORDS) throw new Error('trace builder: chunk overrun; take() when full()');
    translationColumn[length] = translation;
    wordColumn[length] = word;
    length++;
    if ((word & TAIL_BIT) !== 0) return;
    const kind = word & 3;
    if (kind === FETCH) instructions += fixed ? word >>> (SIZE_SHIFT + 2) : 1;
    else {
      if (kind !== STORE) loads++;
      if (kind !== LOAD) stores++;
    }
  };

  const userPage = (page: number): number => translate(0, page, page, MAPPED);

  // The common case, a reference inside a page met lately, is kept so small that the engine inlines it into
  // a reader's loop.
  const access = (kind: ReferenceKind, lo: number, hi: number, size: number): void => {
    const pageLo = lo >>> PAGE_BITS;
    const recent = pageLo & (RECENT - 1);
    const offset = lo & OFFSET_MASK;
    if (
      recentLo[recent] !== pageLo ||
      recentHi[recent] !== (hi | 0) ||
      offset + size > PAGE_BYTES ||
      length === CHUNK_RECORDS ||
      fixed
    ) {
      accessElsewhere(kind, lo, hi, size);
      return;
    }
    translationColumn[length] = recentId[recent]!;
    wordColumn[length] = kind | (offset << OFFSET_SHIFT) | (size << SIZE_SHIFT);
    length++;
    accessed[kind]!++;
  };

  const accessElsewhere = (kind: ReferenceKind, lo: number, hi: number, size: number): void => {
    const pageLo = lo >>> PAGE_BITS;
    let page = pageOf(lo, hi);
    const id = userPage(page);
    const recent = pageLo & (RECENT - 1);
    recentLo[recent] = pageLo;
    recentHi[recent] = hi | 0;
    recentId[recent] = id;
    const offset = lo & OFFSET_MASK;
    let done = Math.min(size, PAGE_BYTES - offset);
    record(id, referenceWord(kind, offset, done));
    while (done < size) {
      page = page + 1 === 2 ** 52 ? 0 : page + 1;
      const part = Math.min(size - done, PAGE_BYTES);
      record(userPage(page), referenceWord(kind, 0, part, true));
      done += part;
    }
  };

  const countOnly = (kind: typeof LOAD | typeof STORE): void => {
    accessed[kind]!++;
  };

  const advance = (records: number, ofInstructions: number, ofLoads: number, ofStores: number): void => {
    length += records;
    instructions += ofInstructions;
    loads += ofLoads;
    stores += ofStores;
  };

  const event = (kind: EventKind, ofCpu: number, arg: number, lo = 0, hi = 0): void => {
    if (events === eventColumn.at.length) eventColumn = grown(eventColumn);
    eventColumn.at[events] = length;
    eventColumn.kind[events] = kind;
    eventColumn.cpu[events] = ofCpu;
    eventColumn.flags[events] = flags;
    eventColumn.arg[events] = arg;
    eventColumn.lo[events] = lo;
    eventColumn.hi[events] = hi;
    events++;
    total.events++;
    if (kind === EVENT.privileged && (flags & SEGMENT_REFILL) !== 0) {
      const op = arg & 0xf;
      episode.privileged[op] = (episode.privileged[op] ?? 0) + 1;
    }
  };

  const code = (physicalPage: number, offset: number, count: number, classes: Uint8Array, from: number) => {
    if (codes === codeColumn.at.length) codeColumn = grown(codeColumn);
    if (classesUsed + count > codeClasses.length) codeClasses = widened(codeClasses, classesUsed + count);
    codeColumn.at[codes] = length;
    codeColumn.physicalPage[codes] = physicalPage;
    codeColumn.offset[codes] = offset;
    codeColumn.count[codes] = count;
    codes++;
    codeClasses.set(classes.subarray(from, from + count), classesUsed);
    classesUsed += count;
  };

  const take = (): Chunk => {
    closeSegment();
    const chunk: Chunk = {
      length,
      translation: translationColumn.subarray(0, length),
      word: wordColumn.subarray(0, length),
      segments: { length: segments, ...column },
      events: { length: events, ...eventColumn },
      translations: translations.take(),
      code: { length: codes, ...codeColumn, classes: codeClasses.subarray(0, classesUsed) },
    };
    total.records += length;
    total.chunks++;
    length = segments = segmentStart = events = codes = classesUsed = 0;
    return chunk;
  };

  const summary = (totals: Readonly<Record<string, number>>): TraceSummary => {
    const refill: RefillEpisodes | null =
      episode.count === 0 ? null : { ...episode, privileged: [...episode.privileged] };
    return {
      records: total.records,
      chunks: total.chunks,
      translations: translations.count(),
      spaces: translations.spaces(),
      instructions: total.instructions,
      // What was only counted after the last record is in no segment yet.
      loads: total.loads + accessed[LOAD]!,
      stores: total.stores + accessed[STORE]!,
      workloadInstructions: total.workload,
      events: total.events,
      refill,
      totals,
    };
  };

  return {
    segment,
    translate,
    userPage,
    record,
    access,
    countOnly,
    columns: { translation: translationColumn, word: wordColumn },
    position: () => length,
    advance,
    event,
    code,
    refillEpisode: (attempted = 0) => {
      episode.count++;
      episode.instructions -= attempted;
    },
    full: () => length >= CHUNK_RECORDS - CHUNK_RESERVE || events >= CHUNK_RECORDS,
    empty: () => length === 0 && events === 0 && codes === 0,
    take,
    summary,
  };
}

/** Entries of the memory of pages met last. */
const RECENT = 256;
