/** Paired measuring: variants take turns, ratios are formed within a round, medians over rounds. */

/** CPU time of this process so far, user and system, in seconds. (The kernel splits the sum by sampling.) */
export function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Median, least and greatest of a list. */
export function spread(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/**
 * Runs the variants round-robin. A variant is `{ name, run }`; `run()` gives `{ seconds, counts }`, or a
 * promise of it. In every round all variants must give equal counts, or this throws.
 *
 * Gives the counts of the first pass, per variant the spread of seconds, and per variant the spread of `seconds of it ÷ seconds of the
 * first variant`, paired by round.
 */
export async function paired(label, variants, rounds, warmups) {
  const seconds = variants.map(() => []);
  let expected = null;
  let first = null;
  for (let round = -warmups; round < rounds; round++) {
    expected = null;
    for (const [i, variant] of variants.entries()) {
      const result = await variant.run();
      const counts = JSON.stringify(result.counts);
      expected ??= { counts, name: variant.name };
      first ??= result.counts;
      if (counts !== expected.counts)
        throw new Error(
          `${label}: counts differ in round ${round}\n  ${expected.name}: ${expected.counts}\n  ${variant.name}: ${counts}`,
        );
      if (round >= 0) seconds[i].push(result.seconds);
    }
  }
  return {
    counts: first,
    seconds: seconds.map(spread),
    ratios: seconds.map((list) => spread(list.map((s, round) => s / seconds[0][round]))),
  };
}

/** `0.61 [0.58..0.66]` */
export function show(value, digits = 2) {
  return `${value.median.toFixed(digits)} [${value.min.toFixed(digits)}..${value.max.toFixed(digits)}]`;
}

/** Rates in millions per second from a spread of seconds. */
export function rate(amount, seconds) {
  return {
    median: amount / seconds.median / 1e6,
    min: amount / seconds.max / 1e6,
    max: amount / seconds.min / 1e6,
  };
}

/** The inverse of a ratio's spread. */
export function inverse(ratio) {
  return { median: 1 / ratio.median, min: 1 / ratio.max, max: 1 / ratio.min };
}
