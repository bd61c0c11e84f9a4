/**
 * Exact mean value analysis of closed, single-class, product-form queueing networks.
 *
 * Reiser & Lavenberg, "Mean-value analysis of closed multichain queuing networks", JACM 27(2), 1980: a
 * customer that arrives at a station of a network of n customers sees the station as it is, on average, in
 * the same network of n − 1 customers. With demand D_k (visits × service) and think time Z:
 *
 *   R_k(n) = D_k (1 + Q_k(n−1))                              one server
 *   R_k(n) = D_k                                             delay
 *   R_k(n) = Σ_{j=1..n} j D_k/α_k(j) · p_k(j−1 | n−1)        rate α_k(j) with j customers (m servers: min(j, m))
 *   X(n)   = n / (Z + Σ R_k(n)),   Q_k(n) = X(n) R_k(n)
 *
 * The marginal probabilities p_k(j|n) = X(n) D_k/α_k(j) p_k(j−1|n−1) are usually closed by p_k(0|n) = 1 − Σ,
 * which cancels catastrophically near saturation. Instead p_k(0|n) = p_k(0|n−1) X(n)/X⁻ᵏ(n), where X⁻ᵏ is the
 * throughput of the network without station k (Reiser, "Mean-value analysis and convolution method for
 * queue-dependent servers", Performance Evaluation 1, 1981): products of positive numbers only. It solves
 * every subset of the rate-dependent stations, hence the limit on their number.
 */

/** A station of a closed network. `demand_ns` is visits × service time, per cycle of a customer. */
export type MvaStation =
  /** One server. */
  | { readonly kind: 'queue'; readonly demand_ns: number }
  /** Nobody waits. */
  | { readonly kind: 'delay'; readonly demand_ns: number }
  /** Identical servers with one queue. */
  | { readonly kind: 'servers'; readonly demand_ns: number; readonly servers: number }
  /** `rates[j−1]`: speed with j customers, relative to one; beyond the end the last one holds. */
  | { readonly kind: 'rates'; readonly demand_ns: number; readonly rates: readonly number[] };

/** The answer; the arrays have one element a station and belong to the workspace. */
export interface MvaResult {
  /** Completed cycles per ns, all customers. 0 without customers; Infinity if a cycle takes no time. */
  readonly throughput_per_ns: number;
  /** Time of one cycle of one customer, think time included. */
  readonly cycle_ns: number;
  /** Time at each station per cycle of a customer, waiting and service. */
  readonly residence_ns: Float64Array;
  /** Mean number of customers at each station, in service included. */
  readonly queue: Float64Array;
  /** Busy servers ÷ servers; for delays and `rates` throughput × demand (for delays: customers there). */
  readonly utilisation: Float64Array;
  /** Mean number that an arriving customer finds at the station. */
  readonly seen: Float64Array;
}

/** Rate-dependent stations in one network: 2^n networks are solved. */
export const MVA_RATE_STATIONS = 6;

/** Memory of a solve; owned by the caller, reused between solves of the same or a smaller size. */
export interface MvaWorkspace extends MvaResult {
  throughput_per_ns: number;
  cycle_ns: number;
  readonly maxPopulation: number;
  readonly maxStations: number;
  /** X of each subset of rate-dependent stations, by population. */
  readonly throughputs: Float64Array;
  /** p(j|n) of each rate-dependent station in the subset at hand. */
  readonly marginals: Float64Array;
  /** Which station is the i-th rate-dependent one. */
  readonly rated: Int32Array;
}

/** A workspace for up to so many stations, customers and rate-dependent stations. */
export function mvaWorkspace(stations: number, population: number, rateStations = 1): MvaWorkspace {
  if (rateStations > MVA_RATE_STATIONS)
    throw new RangeError(`${rateStations} rate-dependent stations: at most ${MVA_RATE_STATIONS}`);
  const array = () => new Float64Array(stations);
  return {
    throughput_per_ns: 0,
    cycle_ns: 0,
    residence_ns: array(),
    queue: array(),
    utilisation: array(),
    seen: array(),
    maxPopulation: population,
    maxStations: stations,
    throughputs: new Float64Array((1 << rateStations) * (population + 1)),
    marginals: new Float64Array(rateStations * (population + 1)),
    rated: new Int32Array(rateStations),
  };
}

/** Speed of a station with j customers. */
function rateOf(station: MvaStation, j: number): number {
  if (station.kind === 'servers') return Math.min(j, station.servers);
  if (station.kind === 'rates') return station.rates[Math.min(j, station.rates.length) - 1]!;
  return 1;
}

/** Solves the network for `population` customers that think for `think_ns` between cycles. */
export function solveMva(
  stations: readonly MvaStation[],
  population: number,
  think_ns: number,
  workspace: MvaWorkspace = mvaWorkspace(stations.length, population, countRated(stations)),
): MvaResult {
  const { rated, throughputs, marginals } = workspace;
  const count = stations.length;
  const width = population + 1;
  let rates = 0;
  for (let k = 0; k < count; k++) {
    if (!isRated(stations[k]!)) continue;
    if (rates < rated.length) rated[rates] = k;
    rates++;
  }
  if (count > workspace.maxStations || population > workspace.maxPopulation || rates > rated.length)
    throw new RangeError('the workspace is too small for this network');

  // Subsets in increasing order, so that each finds the ones without one of its members; the last is the
  // whole network and leaves its residences and queues in the workspace.
  for (let subset = 0; subset < 1 << rates; subset++) {
    reset(workspace, rates, width);
    for (let n = 1; n <= population; n++) {
      let cycle = think_ns;
      let rate = 0;
      for (let k = 0; k < count; k++) {
        const station = stations[k]!;
        const demand = station.demand_ns;
        let residence = demand;
        if (station.kind === 'queue') {
          workspace.seen[k] = workspace.queue[k]!;
          residence = demand * (1 + workspace.queue[k]!);
        } else if (station.kind === 'delay') {
          workspace.seen[k] = workspace.queue[k]!;
        } else {
          const at = rate * width;
          if (subset & (1 << rate++)) {
            residence = 0;
            let seen = 0;
            for (let j = 1; j <= n; j++) {
              const p = marginals[at + j - 1]!;
              residence += (j / rateOf(station, j)) * p;
              seen += (j - 1) * p;
            }
            residence *= demand;
            workspace.seen[k] = seen;
          } else residence = 0;
        }
        workspace.residence_ns[k] = residence;
        cycle += residence;
      }
      const throughput = n / cycle;
      throughputs[subset * width + n] = throughput;
      workspace.throughput_per_ns = throughput;
      workspace.cycle_ns = cycle;
      for (let k = 0; k < count; k++)
        workspace.queue[k] = cycle > 0 ? throughput * workspace.residence_ns[k]! : 0;
      for (let l = 0; l < rates; l++) {
        if (!(subset & (1 << l))) continue;
        const station = stations[rated[l]!]!;
        const at = l * width;
        const demand = station.demand_ns;
        if (demand > 0)
          for (let j = n; j >= 1; j--)
            marginals[at + j] = ((throughput * demand) / rateOf(station, j)) * marginals[at + j - 1]!;
        // Without demand the station is always empty, whatever the rest does.
        if (demand > 0) marginals[at]! *= throughput / throughputs[(subset ^ (1 << l)) * width + n]!;
      }
    }
  }
  finish(stations, workspace);
  return workspace;
}

const isRated = (station: MvaStation): boolean => station.kind === 'servers' || station.kind === 'rates';
const countRated = (stations: readonly MvaStation[]): number => stations.filter(isRated).length;

/** The empty network. */
function reset(workspace: MvaWorkspace, rates: number, width: number): void {
  workspace.throughput_per_ns = 0;
  workspace.cycle_ns = 0;
  workspace.residence_ns.fill(0);
  workspace.queue.fill(0);
  workspace.seen.fill(0);
  for (let l = 0; l < rates; l++) {
    workspace.marginals.fill(0, l * width, (l + 1) * width);
    workspace.marginals[l * width] = 1;
  }
}

/** Utilisation law: U = X D, per server. */
function finish(stations: readonly MvaStation[], workspace: MvaWorkspace): void {
  for (let k = 0; k < stations.length; k++) {
    const station = stations[k]!;
    const busy = station.demand_ns > 0 ? workspace.throughput_per_ns * station.demand_ns : 0;
    workspace.utilisation[k] = station.kind === 'servers' ? busy / station.servers : busy;
  }
}
