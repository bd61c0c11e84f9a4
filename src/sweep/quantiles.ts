/**
 * Quantiles of many numbers, exactly as from sorting them, in a few passes: numbers are counted by where they are between the
 * least and the greatest, and only those next to a quantile are sorted.
 */

/** Places that are counted. Few enough for a processor's first cache. */
const PLACES = 4096;

/**
 * The quantiles at some shares, each from 0 to 1: straight between the numbers next to place (n − 1) p of the sorted list, counted
 * from 0 (Hyndman & Fan's type 7, as R and NumPy have it). All numbers are finite, and there is at least one.
 */
export function quantilesOf(values: Float64Array, shares: readonly number[]): number[] {
  const places = shares.map((share) => (values.length - 1) * share);
  const ends = places.flatMap((place) => [Math.floor(place), Math.ceil(place)]);
  const found = atRanks(values, [...new Set(ends)]);
  return places.map((place) => {
    const [lower, upper] = [Math.floor(place), Math.ceil(place)];
    const low = found.get(lower)!;
    return lower === upper ? low : low + (place - lower) * (found.get(upper)! - low);
  });
}

/** The numbers that would be at some places of the sorted list. */
function atRanks(values: Float64Array, ranks: readonly number[]): Map<number, number> {
  let [low, high] = [values[0]!, values[0]!];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low === high) return new Map(ranks.map((rank) => [rank, low]));
  const scale = PLACES / (high - low);
  const last = PLACES - 1;
  const counts = new Float64Array(PLACES);
  for (let i = 0; i < values.length; i++) {
    const place = ((values[i]! - low) * scale) | 0;
    counts[place < last ? place : last]!++;
  }
  /** Places that a rank is in, and how many numbers are before them; by place which of these it is, from 1. */
  const wanted: { readonly first: number; readonly members: Float64Array; count: number }[] = [];
  const which = new Uint8Array(PLACES);
  let before = 0;
  for (let place = 0; place < PLACES; place++) {
    const after = before + counts[place]!;
    if (ranks.some((rank) => rank >= before && rank < after))
      which[place] = wanted.push({ first: before, members: new Float64Array(counts[place]!), count: 0 });
    before = after;
  }
  for (let i = 0; i < values.length; i++) {
    const place = ((values[i]! - low) * scale) | 0;
    const at = which[place < last ? place : last]!;
    if (at === 0) continue;
    const mine = wanted[at - 1]!;
    mine.members[mine.count++] = values[i]!;
  }
  const found = new Map<number, number>();
  for (const { first, members, count } of wanted) {
    members.sort();
    for (const rank of ranks)
      if (rank >= first && rank < first + count) found.set(rank, members[rank - first]!);
  }
  return found;
}
