/**
 * XXH64 (seed 0) over a stream, lower 32 bits: the content checksum of zstd frames. 64-bit lanes are pairs
 * of 32-bit halves; BigInt would be some thirty times slower.
 */
export interface Xxh64 {
  update(bytes: Uint8Array): void;
  /** Lower 32 bits of the hash of everything so far, unsigned. */
  digestLow(): number;
}

// The algorithm's primes, upper and lower halves.
const P1H = 0x9e3779b1;
const P1L = 0x85ebca87;
const P2H = 0xc2b2ae3d;
const P2L = 0x27d4eb4f;
const P3H = 0x165667b1;
const P3L = 0x9e3779f9;
const P4H = 0x85ebca77;
const P4L = 0xc2b2ae63;
const P5H = 0x27d4eb2f;
const P5L = 0x165667c5;

export function createXxh64(): Xxh64 {
  // Lanes 0–3, low half at 2i, high half at 2i + 1; start values P1 + P2 (set below), P2, 0, −P1 (below).
  const lane = new Int32Array([0, 0, P2L, P2H, 0, 0, 0, 0]);
  let lo = 0;
  let hi = 0;

  const multiply = (aLo: number, aHi: number, bLo: number, bHi: number): void => {
    const a0 = aLo & 0xffff;
    const a1 = aLo >>> 16;
    const b0 = bLo & 0xffff;
    const b1 = bLo >>> 16;
    const p00 = Math.imul(a0, b0);
    const middle = (Math.imul(a1, b0) >>> 0) + (p00 >>> 16);
    const middleLow = (middle & 0xffff) + (Math.imul(a0, b1) >>> 0);
    hi =
      (Math.imul(a1, b1) + (middle >>> 16) + (middleLow >>> 16) + Math.imul(aHi, bLo) + Math.imul(aLo, bHi)) |
      0;
    lo = Math.imul(aLo, bLo);
  };
  const add = (bLo: number, bHi: number): void => {
    const sum = (lo >>> 0) + (bLo >>> 0);
    hi = (hi + bHi + (sum > 0xffffffff ? 1 : 0)) | 0;
    lo = sum | 0;
  };
  const rotate = (bits: number): void => {
    let l = lo;
    let h = hi;
    if (bits >= 32) [l, h] = [h, l];
    const n = bits & 31;
    if (n !== 0) {
      lo = (l << n) | (h >>> (32 - n));
      hi = (h << n) | (l >>> (32 - n));
    } else {
      lo = l;
      hi = h;
    }
  };
  const word = (b: Uint8Array, i: number): number =>
    b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);

  // One lane step: acc = rotl(acc + input × P2, 31) × P1.
  const round = (i: number, inLo: number, inHi: number): void => {
    multiply(inLo, inHi, P2L, P2H);
    add(lane[2 * i]!, lane[2 * i + 1]!);
    const l = lo;
    lo = (l << 31) | (hi >>> 1);
    hi = (hi << 31) | (l >>> 1);
    multiply(lo, hi, P1L, P1H);
    lane[2 * i] = lo;
    lane[2 * i + 1] = hi;
  };
  const stripe = (b: Uint8Array, at: number): void => {
    for (let i = 0; i < 4; i++) round(i, word(b, at + 8 * i), word(b, at + 8 * i + 4));
  };

  const pending = new Uint8Array(32);
  let held = 0;
  let total = 0;

  const start = (i: number, l: number, h: number): void => {
    lane[2 * i] = l;
    lane[2 * i + 1] = h;
  };
  lo = P1L | 0;
  hi = P1H | 0;
  add(P2L, P2H);
  start(0, lo, hi);
  lo = ~P1L;
  hi = ~P1H;
  add(1, 0);
  start(3, lo, hi);

  return {
    update(bytes) {
      total += bytes.length;
      let at = 0;
      if (held > 0) {
        const take = Math.min(32 - held, bytes.length);
        pending.set(bytes.subarray(0, take), held);
        held += take;
        at = take;
        if (held < 32) return;
        stripe(pending, 0);
        held = 0;
      }
      for (; at + 32 <= bytes.length; at += 32) stripe(bytes, at);
      pending.set(bytes.subarray(at), 0);
      held = bytes.length - at;
    },
    digestLow() {
      if (total >= 32) {
        const sum = [0, 0] as [number, number];
        [1, 7, 12, 18].forEach((bits, i) => {
          lo = lane[2 * i]!;
          hi = lane[2 * i + 1]!;
          rotate(bits);
          add(sum[0], sum[1]);
          sum[0] = lo;
          sum[1] = hi;
        });
        for (let i = 0; i < 4; i++) {
          const kept = lane.slice();
          start(i, 0, 0);
          round(i, kept[2 * i]!, kept[2 * i + 1]!);
          lane.set(kept);
          lo ^= sum[0];
          hi ^= sum[1];
          multiply(lo, hi, P1L, P1H);
          add(P4L, P4H);
          sum[0] = lo;
          sum[1] = hi;
        }
        [lo, hi] = sum;
      } else {
        lo = P5L;
        hi = P5H;
      }
      add(total % 4294967296, Math.floor(total / 4294967296));
      let at = 0;
      const mix = (bits: number, byLo: number, byHi: number, plusLo: number, plusHi: number): void => {
        rotate(bits);
        multiply(lo, hi, byLo, byHi);
        add(plusLo, plusHi);
      };
      for (; at + 8 <= held; at += 8) {
        const [l, h] = [lo, hi];
        const kept = lane.slice(0, 2);
        start(0, 0, 0);
        round(0, word(pending, at), word(pending, at + 4));
        lane.set(kept);
        lo ^= l;
        hi ^= h;
        mix(27, P1L, P1H, P4L, P4H);
      }
      if (at + 4 <= held) {
        const [l, h] = [lo, hi];
        multiply(word(pending, at), 0, P1L, P1H);
        lo ^= l;
        hi ^= h;
        mix(23, P2L, P2H, P3L, P3H);
        at += 4;
      }
      for (; at < held; at++) {
        const [l, h] = [lo, hi];
        multiply(pending[at]!, 0, P5L, P5H);
        lo ^= l;
        hi ^= h;
        mix(11, P1L, P1H, 0, 0);
      }
      lo ^= hi >>> 1; // hash ^= hash >>> 33
      multiply(lo, hi, P2L, P2H);
      const [l, h] = [lo, hi];
      lo = l ^ ((l >>> 29) | (h << 3)); // hash ^= hash >>> 29
      hi = h ^ (h >>> 29);
      multiply(lo, hi, P3L, P3H);
      lo ^= hi; // hash ^= hash >>> 32
      return lo >>> 0;
    },
  };
}
