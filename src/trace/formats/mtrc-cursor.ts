/**
 * A place in a buffer of bytes that are still coming, and the numbers of the format. Reading may run past
 * `end`: what is read there is left over from before and means nothing, so whoever reads must compare `at`
 * with `end` before acting on it. The buffer is longer than anything can run past.
 */
export interface ByteCursor {
  readonly buffer: Uint8Array;
  at: number;
  end: number;
  /** Offset in the input of the buffer's first byte. */
  base: number;
  /** The last number read, in unsigned halves. */
  lo: number;
  hi: number;
}

/** A cursor that takes `most` bytes at once beside a piece of an unfinished record of `longest` bytes. */
export function createCursor(most: number, longest: number, base: number): ByteCursor {
  return { buffer: new Uint8Array(most + 2 * longest), at: 0, end: 0, base, lo: 0, hi: 0 };
}

/** Drops the bytes before the cursor and adds these. */
export function feedCursor(c: ByteCursor, bytes: Uint8Array): void {
  c.buffer.copyWithin(0, c.at, c.end);
  c.base += c.at;
  c.end -= c.at;
  c.at = 0;
  c.buffer.set(bytes, c.end);
  c.end += bytes.length;
}

/** LEB128 into hi:lo. False if it is longer than 64 bits. */
export function readNumber(c: ByteCursor): boolean {
  const { buffer } = c;
  let at = c.at;
  let byte = buffer[at++]!;
  let lo = byte & 0x7f;
  let hi = 0;
  for (let shift = 7; byte >= 128 && shift < 28; shift += 7) {
    byte = buffer[at++]!;
    lo |= (byte & 0x7f) << shift;
  }
  if (byte >= 128) {
    byte = buffer[at++]!;
    lo = (lo | (byte << 28)) >>> 0;
    hi = (byte & 0x7f) >>> 4;
    for (let shift = 3; byte >= 128; shift += 7) {
      byte = buffer[at++]!;
      if (shift === 31 && byte > 1) {
        c.at = at;
        return false;
      }
      hi |= (byte & 0x7f) << shift;
    }
    hi >>>= 0;
  }
  c.at = at;
  c.lo = lo;
  c.hi = hi;
  return true;
}

/** LEB128 up to `limit` (below 2^32); −1 if it is larger. */
export function readSmall(c: ByteCursor, limit: number): number {
  return readNumber(c) && c.hi === 0 && c.lo <= limit ? c.lo : -1;
}

/** Four bytes, little-endian, unsigned. */
export function readWord(c: ByteCursor): number {
  const { buffer, at } = c;
  c.at = at + 4;
  return (buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24)) >>> 0;
}

/** `what`, or null if the bytes ran out before it was certain. */
export function wrong(c: ByteCursor, what: string): string | null {
  return c.at > c.end ? null : what;
}
