import {
  CHUNK_RECORDS,
  type Chunk,
  EVENT,
  type EventKind,
  FETCH,
  LOAD,
  MODIFY,
  OFFSET_MASK,
  OFFSET_SHIFT,
  PAGE_BITS,
  PAGE_BYTES,
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
   * For generators: the record columns themselves. Write whole records (never tails) from `position()` on,
   * below CHUNK_RECORDS, then say with `advance` how many there are and what they add up to.
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

  let segmentEnd = new Int32Array(256);
  let segmentCpu = new Uint8Array(256);
  let segmentFlags = new Uint8Array(256);
  let segmentService = new Uint16Array(256);
  let segmentInstructions = new Int32Array(256);
  let segmentLoads = new Int32Array(256);
  let segmentStores = new Int32Array(256);
  let segments = 0;
  let segmentStart = 0;
  let cpu = 0;
  let flags = 0;
  let service = 0;
  let instructions = 0;
  let loads = 0;
  let stores = 0;

  let eventAt = new Int32Array(256);
  let eventKind = new Uint8Array(256);
  let eventCpu = new Uint8Array(256);
  let eventFlags = new Uint8Array(256);
  let eventArg = new Int32Array(256);
  let eventLo = new Uint32Array(256);
  let eventHi = new Uint32Array(256);
  let events = 0;

  let codeAt = new Int32Array(64);
  let codePage = new Float64Array(64);
  let codeOffset = new Uint16Array(64);
  let codeCount = new Uint16Array(64);
  let codeClasses = new Uint8Array(1024);
  let codes = 0;
  let classesUsed = 0;

  // All translations, and an open-addressing table from (space, virtual page) to the current one.
  let space = new Int32Array(1024);
  let virtualPages = new Float64Array(1024);
  let physicalPages = new Float64Array(1024);
  let translationFlags = new Uint8Array(1024);
  let older = new Int32Array(1024); // other translations of the same virtual page, newest first
  let translations = 0;
  let firstNew = 0;
  let slots = new Int32Array(4096).fill(-1);
  let slotMask = 4095;
  let occupied = 0;
  let maxSpace = 0;

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

  const hash = (ofSpace: number, virtualPage: number): number => {
    const low = (virtualPage % 4294967296) | 0;
    const high = (virtualPage / 4294967296) | 0;
    let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1) ^ Math.imul(ofSpace, 0x85ebca6b), 0x9e3779b1);
    h ^= h >>> 15;
    return Math.imul(h, 0x2c1b3c6d) >>> 8;
  };

  const slotOf = (ofSpace: number, virtualPage: number): number => {
    let slot = hash(ofSpace, virtualPage) & slotMask;
    for (;;) {
      const id = slots[slot]!;
      if (id < 0 || (virtualPages[id] === virtualPage && space[id] === ofSpace)) return slot;
      slot = (slot + 1) & slotMask;
    }
  };

  const growSlots = (): void => {
    const old = slots;
    slots = new Int32Array(old.length * 2).fill(-1);
    slotMask = slots.length - 1;
    for (const id of old) if (id >= 0) slots[slotOf(space[id]!, virtualPages[id]!)] = id;
  };

  const addTranslation = (ofSpace: number, virtualPage: number, physicalPage: number, ofFlags: number) => {
    if (translations === space.length) {
      space = grown(space);
      virtualPages = grown(virtualPages);
      physicalPages = grown(physicalPages);
      translationFlags = grown(translationFlags);
      older = grown(older);
    }
    space[translations] = ofSpace;
    virtualPages[translations] = virtualPage;
    physicalPages[translations] = physicalPage;
    translationFlags[translations] = ofFlags;
    older[translations] = -1;
    if (ofSpace > maxSpace) maxSpace = ofSpace;
    return translations++;
  };

  const translate = (ofSpace: number, virtualPage: number, physicalPage: number, ofFlags: number) => {
    const slot = slotOf(ofSpace, virtualPage);
    const current = slots[slot]!;
    if (current >= 0 && physicalPages[current] === physicalPage) return current;
    if (current < 0) {
      const id = addTranslation(ofSpace, virtualPage, physicalPage, ofFlags);
      slots[slot] = id;
      if (++occupied * 2 > slots.length) growSlots();
      return id;
    }
    event(EVENT.unmap, cpu, current);
    let before = current;
    let id = older[current]!;
    while (id >= 0 && physicalPages[id] !== physicalPage) {
      before = id;
      id = older[id]!;
    }
    if (id >= 0) older[before] = older[id]!;
    else id = addTranslation(ofSpace, virtualPage, physicalPage, ofFlags);
    older[id] = current;
    slots[slot] = id;
    return id;
  };

  const closeSegment = (): void => {
    if (length === segmentStart) return;
    instructions += accessed[FETCH]!;
    loads += accessed[LOAD]! + accessed[MODIFY]!;
    stores += accessed[STORE]! + accessed[MODIFY]!;
    accessed.fill(0);
    if (segments === segmentEnd.length) {
      segmentEnd = grown(segmentEnd);
      segmentCpu = grown(segmentCpu);
      segmentFlags = grown(segmentFlags);
      segmentService = grown(segmentService);
      segmentInstructions = grown(segmentInstructions);
      segmentLoads = grown(segmentLoads);
      segmentStores = grown(segmentStores);
    }
    segmentEnd[segments] = length;
    segmentCpu[segments] = cpu;
    segmentFlags[segments] = flags;
    segmentService[segments] = service;
    segmentInstructions[segments] = instructions;
    segmentLoads[segments] = loads;
    segmentStores[segments] = stores;
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
    let page = (hi >>> 0) * (4294967296 / PAGE_BYTES) + pageLo;
    const id = translate(0, page, page, MAPPED_USER);
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
      record(translate(0, page, page, MAPPED_USER), referenceWord(kind, 0, part, true));
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
    if (events === eventAt.length) {
      eventAt = grown(eventAt);
      eventKind = grown(eventKind);
      eventCpu = grown(eventCpu);
      eventFlags = grown(eventFlags);
      eventArg = grown(eventArg);
      eventLo = grown(eventLo);
      eventHi = grown(eventHi);
    }
    eventAt[events] = length;
    eventKind[events] = kind;
    eventCpu[events] = ofCpu;
    eventFlags[events] = flags;
    eventArg[events] = arg;
    eventLo[events] = lo;
    eventHi[events] = hi;
    events++;
    total.events++;
    if (kind === EVENT.privileged && (flags & SEGMENT_REFILL) !== 0) {
      const op = arg & 0xf;
      episode.privileged[op] = (episode.privileged[op] ?? 0) + 1;
    }
  };

  const code = (physicalPage: number, offset: number, count: number, classes: Uint8Array, from: number) => {
    if (codes === codeAt.length) {
      codeAt = grown(codeAt);
      codePage = grown(codePage);
      codeOffset = grown(codeOffset);
      codeCount = grown(codeCount);
    }
    while (classesUsed + count > codeClasses.length) codeClasses = grown(codeClasses);
    codeAt[codes] = length;
    codePage[codes] = physicalPage;
    codeOffset[codes] = offset;
    codeCount[codes] = count;
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
      segments: {
        length: segments,
        end: segmentEnd,
        cpu: segmentCpu,
        flags: segmentFlags,
        service: segmentService,
        instructions: segmentInstructions,
        loads: segmentLoads,
        stores: segmentStores,
      },
      events: {
        length: events,
        at: eventAt,
        kind: eventKind,
        cpu: eventCpu,
        flags: eventFlags,
        arg: eventArg,
        lo: eventLo,
        hi: eventHi,
      },
      translations: {
        first: firstNew,
        length: translations - firstNew,
        space: space.subarray(firstNew, translations),
        virtualPage: virtualPages.subarray(firstNew, translations),
        physicalPage: physicalPages.subarray(firstNew, translations),
        flags: translationFlags.subarray(firstNew, translations),
      },
      code: {
        length: codes,
        at: codeAt,
        physicalPage: codePage,
        offset: codeOffset,
        count: codeCount,
        classes: codeClasses.subarray(0, classesUsed),
      },
    };
    total.records += length;
    total.chunks++;
    firstNew = translations;
    length = segments = segmentStart = events = codes = classesUsed = 0;
    return chunk;
  };

  const summary = (totals: Readonly<Record<string, number>>): TraceSummary => {
    const refill: RefillEpisodes | null =
      episode.count === 0 ? null : { ...episode, privileged: [...episode.privileged] };
    return {
      records: total.records,
      chunks: total.chunks,
      translations,
      spaces: maxSpace + 1,
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

const MAPPED_USER = 1;
const RECENT = 256;

/** A copy of twice the length. */
function grown<T extends Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array>(old: T): T {
  const wider = new (old.constructor as new (length: number) => T)(old.length * 2);
  wider.set(old);
  return wider;
}
