/**
 * Byte lanes: a section is a few byte streams of one kind of value each, one behind the other, since equal
 * kinds compress together and decode in simple loops. Raw section = the lanes' lengths (4 bytes each), then
 * the lanes.
 */
import { InputError } from '../errors.ts';
import { MAX_CHUNK_ITEMS } from './layout.ts';

/** A growing byte array. Hot loops `reserve` once, then store into `bytes` and set `length` themselves. */
export interface Lane {
  bytes: Uint8Array;
  length: number;
}

export function createLane(): Lane {
  return { bytes: new Uint8Array(1 << 12), length: 0 };
}

export function createLanes(count: number): Lane[] {
  return Array.from({ length: count }, createLane);
}

/** Makes room for `count` more bytes. */
export function reserve(lane: Lane, count: number): void {
  const needed = lane.length + count;
  if (needed <= lane.bytes.length) return;
  const wider = new Uint8Array(Math.max(needed, lane.bytes.length * 2));
  wider.set(lane.bytes.subarray(0, lane.length));
  lane.bytes = wider;
}

export function putByte(lane: Lane, value: number): void {
  reserve(lane, 1);
  lane.bytes[lane.length++] = value;
}

/** Appends an unsigned integer below 2^53: 7 bits per byte, lowest first, bit 7 set but in the last. */
export function putNumber(lane: Lane, value: number): void {
  reserve(lane, 8);
  let rest = value;
  while (rest > 127) {
    lane.bytes[lane.length++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  lane.bytes[lane.length++] = rest;
}

/** Appends an integer of magnitude below 2^52, sign in the lowest bit. */
export function putSigned(lane: Lane, value: number): void {
  putNumber(lane, value < 0 ? -2 * value - 1 : 2 * value);
}

export function putBytes(lane: Lane, bytes: Uint8Array): void {
  reserve(lane, bytes.length);
  lane.bytes.set(bytes, lane.length);
  lane.length += bytes.length;
}

/** Joins lanes into a raw section and empties them. No lanes with content: an empty section. */
export function joinLanes(lanes: readonly Lane[]): Uint8Array {
  const total = lanes.reduce((sum, lane) => sum + lane.length, 0);
  if (total === 0) return new Uint8Array(0);
  const section = new Uint8Array(4 * lanes.length + total);
  const view = new DataView(section.buffer);
  let at = 4 * lanes.length;
  lanes.forEach((lane, index) => {
    view.setUint32(4 * index, lane.length, true);
    section.set(lane.bytes.subarray(0, lane.length), at);
    at += lane.length;
    lane.length = 0;
  });
  return section;
}

/** A position in one lane of a raw section: reads beyond `end` are found by `checkCursor`, never unsafe. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

/** Takes a raw section apart. Throws an InputError where the lengths do not fit. */
export function splitLanes(section: Uint8Array, count: number): Cursor[] {
  if (section.length === 0) return Array.from({ length: count }, () => ({ bytes: section, at: 0, end: 0 }));
  if (section.length < 4 * count) throw new InputError('a section is shorter than its lane lengths');
  const view = new DataView(section.buffer, section.byteOffset, section.length);
  const cursors: Cursor[] = [];
  let at = 4 * count;
  for (let lane = 0; lane < count; lane++) {
    const end = at + view.getUint32(4 * lane, true);
    cursors.push({ bytes: section, at, end });
    at = end;
  }
  if (at !== section.length) throw new InputError('lane lengths do not add up to their section');
  return cursors;
}

/** Next unsigned integer. Below 2^53 for what `putNumber` wrote; garbage in gives some number, no loop. */
export function takeNumber(cursor: Cursor): number {
  const { bytes } = cursor;
  let byte = bytes[cursor.at++] ?? 0;
  if (byte < 128) return byte;
  let value = byte & 127;
  let unit = 128;
  for (let count = 1; count < 8; count++) {
    byte = bytes[cursor.at++] ?? 0;
    value += (byte & 127) * unit;
    if (byte < 128) break;
    unit *= 128;
  }
  return value;
}

/** The same where most are below 128: V8 then compiles no more than that into each place that it is called from. */
export function takeSmall(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at] ?? 0;
  if (byte >= 128) return takeNumber(cursor);
  cursor.at++;
  return byte;
}

export function takeSigned(cursor: Cursor): number {
  const value = takeNumber(cursor);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

export function takeByte(cursor: Cursor): number {
  return cursor.bytes[cursor.at++] ?? 0;
}

/** Throws where a lane was read beyond its end, or (`exact`) not to its end. */
export function checkCursors(cursors: readonly Cursor[], exact: boolean): void {
  for (const { at, end } of cursors) {
    if (at > end) throw new InputError('a lane ends before its values do');
    if (exact && at !== end) throw new InputError('a lane holds more values than its chunks');
  }
}

/** A count that is possible and that the lane's remaining bytes can hold: nothing else is allocated for. */
export function takeCount(counts: Cursor, values: Cursor): number {
  const count = takeNumber(counts);
  if (count > MAX_CHUNK_ITEMS || count > values.end - values.at) {
    throw new InputError('a count is larger than its lane');
  }
  return count;
}
