/**
 * Times as integers. A part of a breakdown is rounded to whole picoseconds once, totals are sums of parts;
 * where a total comes first, it is split so that the parts add up to it exactly.
 */

/** Nanoseconds to whole picoseconds. */
export function picoseconds(ns: number): number {
  const ps = Math.round(ns * 1000);
  if (!Number.isSafeInteger(ps))
    throw new RangeError(`${ns} ns is not a time that sums exactly in picoseconds`);
  return ps;
}

/**
 * Splits an integer in proportion to the weights (none negative): each part is the floor of its exact share or
 * one more, the largest remainders first (Hamilton's method), ties to the earlier part. If all weights are
 * zero, the first part takes everything.
 */
export function splitExactly(total: number, weights: readonly number[]): number[] {
  if (!Number.isSafeInteger(total) || total < 0) throw new RangeError(`cannot split ${total} exactly`);
  const sum = weights.reduce((a, b) => a + b, 0);
  if (!(sum > 0) || !Number.isFinite(sum)) return weights.map((_, i) => (i === 0 ? total : 0));
  const parts: number[] = [];
  const remainders: [number, number][] = [];
  let left = total;
  weights.forEach((weight, i) => {
    const share = (weight / sum) * total;
    // Rounding of the shares alone could hand out more than there is.
    const part = Math.min(Math.floor(share), left);
    parts.push(part);
    remainders.push([share - part, i]);
    left -= part;
  });
  remainders.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  // At most one a part is left over, but for totals beyond 2^52 where a share has no fraction any more.
  for (let i = 0; left > 0; i = (i + 1) % remainders.length) {
    const [, part] = remainders[i]!;
    if (weights[part]! > 0) {
      parts[part]!++;
      left--;
    }
  }
  return parts;
}

/**
 * The same split for many totals by the same weights, without allocation. The parts belong to the splitter and are
 * overwritten by its next split.
 */
export function splitter(weights: readonly number[]): (total: number) => Float64Array {
  const parts = new Float64Array(weights.length);
  const sum = weights.reduce((a, b) => a + b, 0);
  const even = sum > 0 && Number.isFinite(sum);
  // Without weight there is no share and no remainder.
  const at = Int32Array.from(weights.flatMap((weight, i) => (even && weight > 0 ? [i] : [])));
  const shares = Float64Array.from(at, (i) => weights[i]! / sum);
  const remainders = new Float64Array(at.length);
  const sorted = new Float64Array(at.length);
  const count = at.length;
  return (total) => {
    if (!Number.isSafeInteger(total) || total < 0) throw new RangeError(`cannot split ${total} exactly`);
    if (count === 0 || total === 0) {
      parts.fill(0);
      if (parts.length > 0) parts[0] = total;
      return parts;
    }
    let left = total;
    for (let i = 0; i < count; i++) {
      const share = shares[i]! * total;
      const part = Math.min(Math.floor(share), left);
      parts[at[i]!] = part;
      remainders[i] = share - part;
      left -= part;
    }
    for (; left > count; left -= count) for (let i = 0; i < count; i++) parts[at[i]!]!++;
    if (left === 0) return parts;
    sort(remainders, sorted);
    const least = sorted[count - left]!;
    for (let i = 0; i < count; i++)
      if (remainders[i]! > least) {
        parts[at[i]!]!++;
        left--;
      }
    // Ties to the earlier part.
    for (let i = 0; left > 0; i++)
      if (remainders[i] === least) {
        parts[at[i]!]!++;
        left--;
      }
    return parts;
  };
}

/** Up to so many numbers are in order sooner than the language's own sort is called. */
const FEW = 40;

/** Writes numbers in increasing order. */
function sort(numbers: Float64Array, into: Float64Array): void {
  if (numbers.length > FEW) {
    into.set(numbers);
    into.sort();
    return;
  }
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    let at = i;
    for (; at > 0 && into[at - 1]! > number; at--) into[at] = into[at - 1]!;
    into[at] = number;
  }
}
