/**
 * The footer: where each group is, what each chunk counts, and the trace's summary. Payload: number of groups,
 * number of chunks; per group its offset (8 bytes) and chunks (4); per chunk records, instructions,
 * translations, events (4 each); then the summary's JSON to the end.
 */
import { InputError } from '../errors.ts';
import type { TraceSummary } from '../types.ts';
import { checksum } from './checksum.ts';
import type { ChunkCounts } from './encode.ts';
import { isRecord, parseJson } from './header.ts';
import {
  END_MARK,
  FOOTER_PREFIX_BYTES,
  FOOTER_TAG,
  GROUP_CHUNKS,
  MAX_FOOTER_BYTES,
  TRAILER_BYTES,
} from './layout.ts';

export interface GroupPlace {
  /** Byte offset in the file. */
  readonly offset: number;
  readonly firstChunk: number;
  readonly chunks: number;
}

/** Totals before each chunk; one entry more than chunks, the last being those of the whole trace. */
export interface StoreIndex {
  readonly records: Float64Array;
  readonly instructions: Float64Array;
  readonly translations: Float64Array;
  readonly events: Float64Array;
}

export interface Footer {
  readonly groups: readonly GroupPlace[];
  readonly index: StoreIndex;
  readonly summary: TraceSummary;
}

const GROUP_ENTRY = 12;
const CHUNK_ENTRY = 16;

/** Footer and trailer, as they end the file; `offset` is where the footer begins. */
export function footerBytes(
  offset: number,
  groups: readonly GroupPlace[],
  counts: readonly ChunkCounts[],
  summary: TraceSummary,
): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(summary));
  if (asSummary(parseJson(json)) === undefined)
    throw new Error('trace store: the summary has no such counts');
  const tables = 8 + GROUP_ENTRY * groups.length + CHUNK_ENTRY * counts.length;
  const payload = tables + json.length;
  if (payload > MAX_FOOTER_BYTES) throw new InputError('the trace is too long for one store: split it');
  const bytes = new Uint8Array(FOOTER_PREFIX_BYTES + payload + 4 + TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FOOTER_TAG, true);
  view.setUint32(4, payload, true);
  let at = FOOTER_PREFIX_BYTES;
  const put = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  put(groups.length);
  put(counts.length);
  for (const group of groups) {
    put(group.offset % 2 ** 32);
    put(Math.floor(group.offset / 2 ** 32));
    put(group.chunks);
  }
  for (const { records, instructions, translations, events } of counts) {
    put(records);
    put(instructions);
    put(translations);
    put(events);
  }
  bytes.set(json, at);
  at += json.length;
  put(checksum(bytes.subarray(0, at)));
  put(offset % 2 ** 32);
  put(Math.floor(offset / 2 ** 32));
  put(checksum(bytes.subarray(at - 8, at)));
  bytes.set(END_MARK, at);
  return bytes;
}

/** Where the footer begins, from the last bytes of a file; an InputError without a place where damaged. */
export function parseTrailer(trailer: Uint8Array): number {
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
  const marked = END_MARK.every((byte, at) => trailer[TRAILER_BYTES - END_MARK.length + at] === byte);
  if (!marked) throw new InputError('no end mark: the file is truncated or something was added to it');
  if (view.getUint32(8, true) !== checksum(trailer.subarray(0, 8))) {
    throw new InputError('the trailer is damaged');
  }
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/**
 * Parses the footer: tag, length, payload and checksum, and nothing after. `firstGroup` is where the groups
 * begin, `offset` where the footer does. Throws an InputError without a place where it is damaged.
 */
export function parseFooter(bytes: Uint8Array, firstGroup: number, offset: number): Footer {
  const damaged = new InputError('the footer is damaged');
  if (bytes.length < FOOTER_PREFIX_BYTES + 12) throw damaged;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = bytes.length - 4;
  if (view.getUint32(end, true) !== checksum(bytes.subarray(0, end))) throw damaged;
  if (view.getUint32(0, true) !== FOOTER_TAG || view.getUint32(4, true) !== end - FOOTER_PREFIX_BYTES) {
    throw damaged;
  }
  let at = FOOTER_PREFIX_BYTES;
  const take = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const groupCount = take();
  const chunkCount = take();
  if (at + GROUP_ENTRY * groupCount + CHUNK_ENTRY * chunkCount > end) throw damaged;
  const groups: GroupPlace[] = [];
  let firstChunk = 0;
  let before = firstGroup - 1;
  for (let group = 0; group < groupCount; group++) {
    const place = take() + take() * 2 ** 32;
    const chunks = take();
    if (place <= before || place >= offset || chunks === 0 || chunks > GROUP_CHUNKS) throw damaged;
    groups.push({ offset: place, firstChunk, chunks });
    firstChunk += chunks;
    before = place;
  }
  if (firstChunk !== chunkCount || (groupCount > 0 && groups[0]!.offset !== firstGroup)) throw damaged;
  if (groupCount === 0 && offset !== firstGroup) throw damaged;
  const column = () => new Float64Array(chunkCount + 1);
  const index = { records: column(), instructions: column(), translations: column(), events: column() };
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    index.records[chunk + 1] = index.records[chunk]! + take();
    index.instructions[chunk + 1] = index.instructions[chunk]! + take();
    index.translations[chunk + 1] = index.translations[chunk]! + take();
    index.events[chunk + 1] = index.events[chunk]! + take();
  }
  const summary = asSummary(parseJson(bytes.subarray(at, end)));
  if (summary === undefined) throw damaged;
  const agrees =
    summary.chunks === chunkCount &&
    summary.records === index.records[chunkCount] &&
    summary.translations === index.translations[chunkCount];
  if (!agrees) throw damaged;
  return { groups, index, summary };
}

const COUNTS = [
  'records',
  'chunks',
  'translations',
  'spaces',
  'instructions',
  'loads',
  'stores',
  'workloadInstructions',
  'events',
] as const;
const EPISODES = ['count', 'instructions', 'loads', 'stores'] as const;

const isRefill = (refill: unknown): boolean =>
  isRecord(refill) &&
  EPISODES.every((name) => typeof refill[name] === 'number') &&
  Array.isArray(refill.privileged) &&
  refill.privileged.length === 16 &&
  refill.privileged.every((total) => typeof total === 'number');

/** The summary, if that is what the JSON is. */
function asSummary(value: unknown): TraceSummary | undefined {
  if (!isRecord(value)) return undefined;
  const { refill, totals } = value;
  const fits =
    COUNTS.every((name) => typeof value[name] === 'number') &&
    (refill === null || isRefill(refill)) &&
    isRecord(totals) &&
    Object.values(totals).every((total) => typeof total === 'number');
  return fits ? (value as unknown as TraceSummary) : undefined;
}
