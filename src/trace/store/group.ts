/** A group of chunks: the header that says what follows, and the four sections. */
import { InputError } from '../errors.ts';
import { checksum } from './checksum.ts';
import { decompress, type StoredSection } from './compress.ts';
import {
  GROUP_CHUNKS,
  GROUP_HEADER_BYTES,
  GROUP_TAG,
  MAX_SECTION_BYTES,
  METHODS,
  SECTIONS,
} from './layout.ts';

export interface SectionHeader {
  readonly method: number;
  readonly rawLength: number;
  readonly length: number;
  readonly checksum: number;
}

export interface GroupHeader {
  readonly ordinal: number;
  readonly firstChunk: number;
  readonly chunks: number;
  readonly sections: readonly SectionHeader[];
}

/** The raw sections of a group, in file order. */
export interface Group {
  readonly header: GroupHeader;
  readonly raw: readonly Uint8Array[];
}

/** Header and sections of one group, as they go to the file. */
export function groupBytes(
  place: { readonly ordinal: number; readonly firstChunk: number; readonly chunks: number },
  sections: readonly (StoredSection & { readonly rawLength: number })[],
): Uint8Array[] {
  const header = new Uint8Array(GROUP_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, GROUP_TAG, true);
  view.setUint32(4, place.ordinal, true);
  view.setUint32(8, place.firstChunk, true);
  view.setUint32(12, place.chunks, true);
  sections.forEach(({ method, bytes, rawLength }, section) => {
    header[16 + section] = method;
    view.setUint32(20 + 12 * section, rawLength, true);
    view.setUint32(24 + 12 * section, bytes.length, true);
    view.setUint32(28 + 12 * section, checksum(bytes), true);
  });
  view.setUint32(GROUP_HEADER_BYTES - 4, checksum(header.subarray(0, GROUP_HEADER_BYTES - 4)), true);
  return [header, ...sections.map(({ bytes }) => bytes)];
}

/** Parses a group header, tag included. Throws an InputError where it is damaged or out of order. */
export function parseGroupHeader(bytes: Uint8Array, ordinal: number, firstChunk: number): GroupHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, GROUP_HEADER_BYTES);
  const sum = view.getUint32(GROUP_HEADER_BYTES - 4, true);
  if (view.getUint32(0, true) !== GROUP_TAG || sum !== checksum(bytes.subarray(0, GROUP_HEADER_BYTES - 4))) {
    throw new InputError('the group header is damaged');
  }
  const chunks = view.getUint32(12, true);
  if (view.getUint32(4, true) !== ordinal || view.getUint32(8, true) !== firstChunk) {
    throw new InputError('the group is out of order');
  }
  if (chunks === 0 || chunks > GROUP_CHUNKS) throw new InputError('the group has an impossible size');
  const sections = Array.from({ length: SECTIONS }, (_, section) => ({
    method: bytes[16 + section]!,
    rawLength: view.getUint32(20 + 12 * section, true),
    length: view.getUint32(24 + 12 * section, true),
    checksum: view.getUint32(28 + 12 * section, true),
  }));
  if (sections.some(({ rawLength, length }) => rawLength > MAX_SECTION_BYTES || length > rawLength)) {
    throw new InputError('the group has an impossible size');
  }
  return { ordinal, firstChunk, chunks, sections };
}

/** Stored bytes of all sections. */
export function storedLength(header: GroupHeader): number {
  return header.sections.reduce((sum, { length }) => sum + length, 0);
}

/** Checks and, if it is wanted, decompresses one section. */
export async function unpackSection(
  section: SectionHeader,
  stored: Uint8Array,
  wanted = true,
): Promise<Uint8Array> {
  if (checksum(stored) !== section.checksum) throw new InputError('the checksum is wrong');
  if (!wanted) return new Uint8Array(0);
  return decompress(stored, METHODS[section.method], section.rawLength);
}

/**
 * Checks the sections that follow the header and decompresses them, but for what `unwanted` numbers, which is left
 * empty.
 */
export async function unpackGroup(
  header: GroupHeader,
  stored: Uint8Array,
  unwanted: number | null,
): Promise<Group> {
  let at = 0;
  const raw = header.sections.map((section, number) => {
    const from = at;
    at += section.length;
    return unpackSection(section, stored.subarray(from, at), number !== unwanted);
  });
  return { header, raw: await Promise.all(raw) };
}
