/**
 * One server whose services are not exponential, with arrivals at a rate that depends on how many are there: the speed at
 * which it works with each number of customers. Exact.
 *
 * A service is a chain of exponential phases of one rate: k of them, or with some probability k − 1, so that mean and
 * variance are those asked for (the mixture of Erlang distributions of Tijms, Stochastic Models, 1994, section 5.6). With
 * customers n and phase p, balance over a level and over the cut above it,
 *
 *   (λ_n + φ) π(n, p) = φ π(n, p−1) + λ_{n−1} π(n−1, p) + s_p λ_n P(n),   P(n) = Σ_p π(n, p),   s the first phase,
 *
 * gives level after level from the one before by sums of positive numbers alone.
 */

/** The phases of a service. */
export interface Phases {
  /** Phases at the most. */
  readonly count: number;
  /** Probability that the first one is left out. */
  readonly skip: number;
  /** Rate of a phase × mean service. */
  readonly rate: number;
}

/** Phases at the most: services that vary less than 1 ÷ so many are taken to vary so much. */
export const MOST_PHASES = 64;

/** The phases of services with a squared coefficient of variation of 0 to 1. */
export function phasesOf(scv: number): Phases {
  const count = Math.min(MOST_PHASES, Math.ceil(1 / Math.max(scv, 1 / MOST_PHASES)));
  const varies = Math.max(scv, 1 / count);
  const skip =
    count === 1
      ? 0
      : (count * varies - Math.sqrt(Math.max(0, count * (1 + varies) - count * count * varies))) /
        (1 + varies);
  return { count, skip, rate: count - skip };
}

/**
 * Writes into `speeds[n]`, n from 1, the rate at which services end while n customers are there, in units of 1 ÷ mean
 * service. `arrivals[n]` is the arrival rate in the same unit while n are there, positive below the largest number.
 */
export function speedsOf(
  { count, skip, rate }: Phases,
  arrivals: Float64Array,
  most: number,
  speeds: Float64Array,
  level: Float64Array = new Float64Array(count),
): void {
  // `level` is π(n, p) ÷ P(n) of the level below.
  for (let n = 1; n <= most; n++) {
    const below = arrivals[n - 1]!;
    const here = n < most ? arrivals[n]! : 0;
    const kept = rate / (here + rate);
    // Arrivals from below, and, as a part of P(n), services that begin here; both pass on from phase to phase.
    let [came, sum] = [0, 0];
    let uninterrupted = 1;
    for (let p = 0; p < count; p++) {
      const inflow = n > 1 ? level[p]! : p === 0 ? 1 - skip : p === 1 ? skip : 0;
      came = came * kept + (below * inflow) / (here + rate);
      level[p] = came;
      sum += came;
      if (p > 0) uninterrupted *= kept;
    }
    // P(n): 1 − Σ s-part is the probability that no one arrives during a service.
    const alone = uninterrupted * (kept * (1 - skip) + skip);
    const total = sum / alone;
    let begun = 0;
    for (let p = 0; p < count; p++) {
      const first = p === 0 ? 1 - skip : p === 1 ? skip : 0;
      begun = begun * kept + (here * first * total) / (here + rate);
      level[p] = (level[p]! + begun) / total;
    }
    speeds[n] = below / total;
  }
}
