/**
 * The layout of a trace store, in constants. `docs/store-format.md` says it in words.
 *
 *     magic (8) · header: length, CRC-32, JSON
 *     group · group · …        up to 128 chunks each, decodable alone
 *     footer: tag, length, index and summary, CRC-32
 *     trailer (20): footer offset (8), CRC-32 of it, end mark (8)
 *
 * Every number is little-endian. Every byte is covered by a fixed mark or by a CRC-32.
 */

/** `VMTAX`, a CR LF that text-mode copying changes, and the version with bit 7 set (lost in 7-bit copying). */
export const VERSION = 2;
export const MAGIC = Uint8Array.of(0x56, 0x4d, 0x54, 0x41, 0x58, 0x0d, 0x0a, 0x80 | VERSION);
export const END_MARK = Uint8Array.of(0x56, 0x4d, 0x54, 0x41, 0x58, 0x65, 0x6e, 0x64); // VMTAXend

/** Length and CRC-32 that precede the header's JSON. */
export const HEADER_PREFIX_BYTES = 8;
/** The header must fit into the first 64 KB with the magic, so that a pipe's head always holds it. */
export const MAX_HEADER_BYTES = 60_000;

/** First four bytes of a group and of the footer. */
export const GROUP_TAG = 0x50555247; // GRUP
export const FOOTER_TAG = 0x544f4f46; // FOOT
export const TAG_BYTES = 4;
/** Tag, ordinal, first chunk, chunks, 4 methods, 4 × (raw length, stored length, CRC-32), CRC-32 of these. */
export const GROUP_HEADER_BYTES = 5 * 4 + 4 * 12 + 4;
/** Tag and length of the footer, before its payload; the payload's CRC-32 follows it. */
export const FOOTER_PREFIX_BYTES = 8;
export const TRAILER_BYTES = 8 + 4 + 8;

/** Sections of a group, in file order. Finding a position needs only the first of the groups before it. */
export const TABLES = 0; // translations and code
export const SPARSE = 1; // segments and events
export const REFERENCES = 2;
export const FINE = 3; // what lines of 16 bytes and more do not need of the references
export const SECTIONS = 4;
/** Byte lanes of each section: parallel byte streams, one behind the other (see `lanes.ts`). */
export const SECTION_LANES = [3, 6, 6, 2] as const;

/** Most chunks in a group: what a seek may have to decode and drop, and how long the coder's state lives. */
export const GROUP_CHUNKS = 128;
/** A group is closed early once a section is this large, so that memory stays bounded. */
export const GROUP_BYTES = 8 << 20;
/** Nothing larger is written, and a length beyond it is corrupt: no length field can make a reader allocate. */
export const MAX_SECTION_BYTES = 64 << 20;
/** Most segments, events, translations or code entries of one chunk. */
export const MAX_CHUNK_ITEMS = 1 << 22;
export const MAX_FOOTER_BYTES = 256 << 20;

/** Compression methods, as the byte in the file. */
export const METHODS = ['none', 'deflate', 'brotli'] as const;
export type Method = (typeof METHODS)[number];

// The reference coder: templates (see `encode-references.ts`).

/** Most records of one template; a template without a fetch is cut shorter, as its shape seldom recurs. */
export const TEMPLATE_RECORDS = 64;
export const DATA_TEMPLATE_RECORDS = 4;
/** Template ids are two bytes of which the first has four values reserved. */
export const MAX_TEMPLATES = 252 * 256;
/**
 * What the templates of a group may take in a reader: 4 for each template, 2 for each of its records and 4 more
 * for each data reference. A group that comes near it is closed early.
 */
export const TEMPLATE_SPACE = 1 << 22;

/** Lanes of the references section. */
export const LANE_BLOCKS = 0;
export const LANE_TEMPLATES = 1;
export const LANE_MOVES = 2;
export const LANE_PLACES = 3;
export const LANE_PAGES = 4;
export const LANE_DEFINED = 5;

/** Lanes of section FINE. */
export const LANE_FINE_RUNS = 0;
export const LANE_FINE_BITS = 1;

/**
 * Block codes: the template that followed the last one last time, or the time before; else id + 1024. Of the first
 * two, 1 more if data references have moved: else they have no moves in the lane.
 */
export const BLOCK_NEXT = 0;
export const BLOCK_OTHER = 2;
export const BLOCK_ID = 4;

/** Move codes: how a data reference moved, in places (`places.ts`), since the same reference of its template last ran. */
export const MOVE_SAME = 0;
export const MOVE_REPEAT = 1; // by the last irregular move (page and place)
export const MOVE_NEAR = 82; // ± up to 80 in its page: codes 2 to 161, 82 would be 0
export const MOVE_SPECIAL = 162; // the first code that is not a plain table look-up
export const MOVE_SWAP = 162; // by the irregular move before the last
export const MOVE_PAGE = 163; // same page, place given
export const MOVE_PREVIOUS_PAGE = 164; // page of the previous data reference, place given
export const MOVE_ANYWHERE = 165; // page and place given
export const MOVE_BESIDE = 206; // −40 to +39 from the previous data reference: codes 166 to 245
export const MOVE_BESIDE_FIRST = 166;
export const MOVE_BESIDE_LAST = 245;

/** Shape index that says that the shape itself follows; at most so many shapes are remembered. */
export const SHAPE_NEW = 255;
export const MAX_SHAPES = 254;

// The sparse coder.

/** Codes 1 to 254 name remembered tuples; 255 is followed by a new one. For events, 0 repeats a succession. */
export const TUPLE_NEW = 255;
export const TUPLES = 254;

/** Pages are unsigned 52-bit numbers. */
export const PAGE_LIMIT = 2 ** 52;
/** Global and direct pages are in space −1, those of machine v of a composed trace in −1 − 16 × v. */
export const LEAST_SPACE = -1 - 16 * 255;
