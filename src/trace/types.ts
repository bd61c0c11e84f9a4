/**
 * The trace vocabulary: what every source is turned into and what every replay consumes.
 *
 * A trace is a header, a stream of chunks and, at the end, a summary. A chunk is a set of parallel
 * columns (typed arrays); there is no object per reference. Tables that grow with the footprint
 * (translations) are delivered incrementally: each chunk carries the entries it is the first to use.
 */

/** What a reference does. A `modify` is one operand that is read, then written (Lackey's `M`). */
export const FETCH = 0;
export const LOAD = 1;
export const STORE = 2;
export const MODIFY = 3;
export type ReferenceKind = typeof FETCH | typeof LOAD | typeof STORE | typeof MODIFY;

/** CPUs of a machine, and so of a trace. */
export const MOST_CPUS = 128;

/** All traces use 4 KB pages; a reference that crosses a page is two records, the second a tail. */
export const PAGE_BITS = 12;
/** 2 to the PAGE_BITS; written out, so that loops which repeat it as a literal are held to it by its type. */
export const PAGE_BYTES = 4096;

/**
 * The reference word: `kind` (bits 0–1), `tail` (bit 2: the rest of the previous record's reference, on
 * the next page), `offset` in the page (bits 3–14), `size` in bytes (bits 15–27, 1 to 4096).
 *
 * Where `header.instructionBytes` is not 0, a fetch of n × instructionBytes bytes stands for n
 * consecutive instruction fetches; it never crosses a page.
 */
export const TAIL_BIT = 1 << 2;
export const OFFSET_SHIFT = 3;
export const OFFSET_MASK = PAGE_BYTES - 1;
export const SIZE_SHIFT = 15;

/** Page number of address hi:lo, exact in a double. */
export const pageOf = (lo: number, hi: number): number =>
  (hi >>> 0) * (4294967296 / PAGE_BYTES) + (lo >>> PAGE_BITS);

/** Builds a reference word. `offset` 0–4095, `size` 1–4096 with offset + size ≤ 4096. */
export function referenceWord(kind: ReferenceKind, offset: number, size: number, tail = false): number {
  return kind | (tail ? TAIL_BIT : 0) | (offset << OFFSET_SHIFT) | (size << SIZE_SHIFT);
}

/** Translation flags. */
export const MAPPED = 1; // looked up in the TLB
export const GLOBAL = 2; // matches any address space
export const KERNEL = 4; // an address of the kernel's part of the address space
export const UNCACHED = 8; // goes around the caches (kseg1, device registers)

/**
 * Translations: dense ids (the index into these columns) for every distinct
 * (address space, virtual page, physical page) of the trace. TLBs look up (space, virtual page), caches
 * look up the physical page. A user-level trace has no physical pages: they equal the virtual ones.
 */
export interface TranslationColumns {
  /** Id of the first entry here; entries are `first`, `first + 1`, … */
  readonly first: number;
  readonly length: number;
  /**
   * Dense address-space id; 0 is the space that the trace starts in; −1 for global and direct pages (of
   * machine v of a composed trace: −1 − 16 × v).
   */
  readonly space: Int32Array;
  /** Virtual page number: virtual address ÷ 4096, unsigned 52 bits (exact in a double). */
  readonly virtualPage: Float64Array;
  /** Physical page number, unsigned 52 bits. */
  readonly physicalPage: Float64Array;
  /** Bits MAPPED, GLOBAL, KERNEL, UNCACHED. */
  readonly flags: Uint8Array;
}

/** Segment flags: who runs, and whether the references are the recorded machine's own doing. */
export const SEGMENT_KERNEL = 1;
/** A recorded TLB refill episode, with the failed first attempt of the instruction that missed. */
export const SEGMENT_REFILL = 2;
/** A recorded reserved-instruction trap of RDHWR (its handler; the instruction itself stays outside). */
export const SEGMENT_RDHWR = 4;

/** Segments: stretches of references by one CPU in one mode and service, in trace order. */
export interface SegmentColumns {
  readonly length: number;
  /** Index of the record after the last one of this segment. */
  readonly end: Int32Array;
  readonly cpu: Uint8Array;
  /** Bits SEGMENT_KERNEL, SEGMENT_REFILL, SEGMENT_RDHWR. */
  readonly flags: Uint8Array;
  /** Innermost open service (see `services.ts`); 0 is none. */
  readonly service: Uint16Array;
  /** Original counts: instruction fetches, loads and stores (a modify is a load and a store). */
  readonly instructions: Int32Array;
  readonly loads: Int32Array;
  readonly stores: Int32Array;
}

/** Event kinds. What `arg`, `lo`, `hi` mean is said beside each; unused operands are 0. */
export const EVENT = {
  /** Privileged instruction. arg = op | register << 8 | select << 16; hi:lo = operand value. */
  privileged: 1,
  /** Exception taken. arg = cause code | vector offset << 8; hi:lo = address of the instruction. */
  exception: 2,
  /** TLB refill exception of the recorded machine. arg = vector offset << 8; hi:lo = address. */
  refill: 3,
  /** Interrupt taken. arg = line | vector offset << 8; hi:lo = address that would have come next. */
  interrupt: 4,
  /** System call. arg = number as the ABI gives it. */
  syscall: 5,
  /** Device access. arg = size in bytes | 256 if a store; hi:lo = physical address. */
  device: 6,
  /** Another address space. arg = dense space id; lo = ASID. */
  spaceSwitch: 7,
  /** The guest dropped or changed a mapping. arg = translation id that no longer holds. */
  unmap: 8,
  /** The guest flushed its whole TLB. */
  tlbFlush: 9,
  /** Service begins / ends (synthetic traces). arg = service id. */
  serviceBegin: 10,
  serviceEnd: 11,
  /** Lock acquired / released. arg = lock id; lo = 0 for a spinlock, 1 for a semaphore. */
  lockAcquire: 12,
  lockRelease: 13,
  /** The CPU went idle (WAIT). */
  idle: 14,
  /** Disk or network request. arg = bytes; hi:lo = block or peer. */
  diskRequest: 15,
  networkRequest: 16,
  /**
   * A page was allocated / freed. arg = translation id; lo of pageMapped: MAPPED_…; hi = disk block of its contents,
   * where it has one.
   */
  pageMapped: 17,
  pageFreed: 18,
  /** A named point, e.g. a time stamp of the source. arg = what; hi:lo = value. */
  mark: 19,
} as const;
export type EventKind = (typeof EVENT)[keyof typeof EVENT];

/** `lo` of a mapped page: in memory already. */
export const MAPPED_KNOWN = 0;
/** It was zeroed. */
export const MAPPED_ZEROED = 1;
/** It was read from disk block hi (NO_BLOCK: of no disk that anyone else reads). */
export const MAPPED_FILLED = 2;
/** It came over the network from the peer that this CPU asked last, who has it from block hi. */
export const MAPPED_RECEIVED = 3;

/** Disk block of a page that was filled from no known block. */
export const NO_BLOCK = 0xffffffff;

/** Events, sparse, in order among the references. */
export interface EventColumns {
  readonly length: number;
  /** Index of the record that the event comes before (the chunk's length: after the last). */
  readonly at: Int32Array;
  readonly kind: Uint8Array;
  readonly cpu: Uint8Array;
  /** Segment-style flags of the moment (SEGMENT_…): an event inside a set-aside episode is marked. */
  readonly flags: Uint8Array;
  readonly arg: Int32Array;
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
}

/**
 * Code: instruction classes of the pages that are executed (full-system traces). Each entry sets the
 * classes of `count` instructions from `offset` in physical page `physicalPage`, from record `at` on.
 */
export interface CodeColumns {
  readonly length: number;
  readonly at: Int32Array;
  readonly physicalPage: Float64Array;
  readonly offset: Uint16Array;
  readonly count: Uint16Array;
  /** All classes, entry after entry. */
  readonly classes: Uint8Array;
}

/**
 * The lines of a chunk (see `LineRequest`), valid until the next chunk is asked for. A word is
 * `line << 2 | fetch << 1 | store`, where `line` is a page's id followed by the number of the line in its page.
 */
export interface LineColumns {
  readonly words: Int32Array;
  /** Per segment: words up to its end. */
  readonly segmentEnd: Int32Array;
  /** Per segment: accesses by fetch, load, store, uncached (4 each). One per line that a reference touches. */
  readonly accesses: Int32Array;
  /** Per segment: 1 if it is set aside. */
  readonly aside: Uint8Array;
}

/** One chunk: at most CHUNK_RECORDS references with all that goes with them. */
export interface Chunk {
  readonly length: number;
  /** Translation id of each record. */
  readonly translation: Int32Array;
  /** Reference word of each record. */
  readonly word: Int32Array;
  readonly segments: SegmentColumns;
  readonly events: EventColumns;
  readonly translations: TranslationColumns;
  readonly code: CodeColumns;
  /** In place of the records, where lines were asked for and the source has them; no records then. */
  readonly lines?: LineColumns | undefined;
}

/** Most records in a chunk: large enough to amortise, small enough to stay in the host's caches. */
export const CHUNK_RECORDS = 1 << 15;

/** What a source knows of itself. Absent knowledge is said, and the model says what it assumed. */
export interface TraceHeader {
  /** Name for people, e.g. the file's base name. */
  readonly name: string;
  /** Format the trace was read from first, e.g. `mtrc`, `lackey`. */
  readonly format: string;
  /** `system`: user and kernel recorded; `user`: user code alone. */
  readonly level: 'user' | 'system';
  readonly cpus: number;
  /** Bytes of every instruction, or 0 where it varies. */
  readonly instructionBytes: 0 | 4;
  readonly addressBits: 32 | 64;
  /** Whether physical pages are recorded (else they equal the virtual ones). */
  readonly physical: boolean;
  /** ABI by which system calls are numbered: `n64` (5000 + n), `o32` (4000 + n), `x86-64`, or empty. */
  readonly abi: '' | 'n64' | 'o32' | 'x86-64';
  /** Where the trace comes from: tool, command, file, notes. Free text, shown in reports. */
  readonly provenance: Readonly<Record<string, string>>;
  /** The virtual machines of a composed trace (`compose/`), by CPU; absent: the trace is one machine. */
  readonly vms?: readonly VirtualMachine[];
}

/** One virtual machine of a composed trace: which of its CPUs, spaces and pages are this machine's. */
export interface VirtualMachine {
  readonly firstCpu: number;
  readonly cpus: number;
  /**
   * Its physical pages are physicalBase … physicalBase + 2^36 − 1. Machines of one source have the same page
   * at the same distance from their bases, whatever was recorded in it.
   */
  readonly physicalBase: number;
  /** Which of the distinct input traces drives it, from 0 in order of first mention. */
  readonly source: number;
  /** Its address spaces begin at this id; its global and direct pages are in space −1 − 16 × machine. */
  readonly firstSpace: number;
}

/** Counts over a whole trace, as recorded (set-aside episodes included). */
export interface TraceSummary {
  readonly records: number;
  readonly chunks: number;
  readonly translations: number;
  readonly spaces: number;
  readonly instructions: number;
  readonly loads: number;
  readonly stores: number;
  /** Instructions outside refill episodes (what a replay runs). */
  readonly workloadInstructions: number;
  readonly events: number;
  /** Mean recorded refill episode, or null where none was recorded. */
  readonly refill: RefillEpisodes | null;
  /** Format-specific totals for checking, by name (documented in docs/formats.md). */
  readonly totals: Readonly<Record<string, number>>;
}

/** Recorded refill episodes: the samples of what a refill costs the guest. */
export interface RefillEpisodes {
  readonly count: number;
  readonly instructions: number;
  readonly loads: number;
  readonly stores: number;
  /** Privileged operations by op code (0–15), all episodes. */
  readonly privileged: readonly number[];
}

/**
 * Lines: what a replay of caches needs of a chunk, in place of its records. Asking for them says that what the caches do with fetches depends on no data reference and
 * the other way round (no inclusion, no TLB), and that events do not matter. Then a fetch of the line that the last
 * fetch of the CPU was from, and data on the line of the last data reference, may be left out, but for a store
 * after a load.
 */
export interface LineRequest {
  /** log2 of the line size in bytes, 4 to 12. */
  readonly lineBits: number;
  /** As in the trace header: 4 makes a fetch of 4n bytes count n accesses. */
  readonly instructionBytes: 0 | 4;
  /** Segments with any of these flags are set aside: they make no words and count no accesses. */
  readonly asideFlags: number;
  /**
   * Called for each chunk before its records are decoded, with its translations. Gives the page id of each
   * translation so far, −1 where it goes around the caches and beyond the last.
   */
  readonly ids: (translations: TranslationColumns) => Int32Array;
  /**
   * Called after that: whether this chunk is wanted as records all the same. Its fetches are then as recorded, of its
   * data references kind, page, tail and the lines that they touch.
   */
  readonly asRecords: (segments: SegmentColumns) => boolean;
}

/** What a consumer of chunks can do without. A source may give it all the same. */
export interface ChunkOptions {
  /** false: events are not looked at. */
  readonly events?: boolean;
  /** Lines are wanted instead of records. */
  readonly lines?: LineRequest | undefined;
}

/**
 * A readable trace. `chunks` streams it once from the start and may be called again where the source is a
 * file; `summary` is known beforehand for a store and after the last chunk for other sources.
 */
export interface Trace {
  readonly header: TraceHeader;
  readonly summary: () => TraceSummary | null;
  readonly chunks: (options?: ChunkOptions) => AsyncIterable<Chunk>;
  /**
   * Of a composed trace: each virtual machine's own chunks, to be read at whatever pace suits the reader.
   * Together they are what `chunks` gives, without its interleaving. New translations are numbered in the order
   * in which chunks are asked for, whichever machine's they are.
   */
  readonly streams?: () => readonly AsyncIterable<Chunk>[];
  readonly close: () => Promise<void>;
}
