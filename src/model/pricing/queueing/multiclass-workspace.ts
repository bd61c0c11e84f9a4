/** The memory of `multiclass.ts`: inputs, answers and scratch, allocated once by the caller. */

/** A network and the memory to solve it; all arrays but `population` and `base_ns` are [class × stations + station]. */
export interface MulticlassWorkspace {
  readonly classes: number;
  readonly stations: number;
  /** In: customers of a class; 0: absent. */
  readonly population: Float64Array;
  /** In: cycle time without waiting (thinking, delays and own service). */
  readonly base_ns: Float64Array;
  /** In: visits per cycle. */
  readonly visits: Float64Array;
  /** In: service per cycle. */
  readonly demand_ns: Float64Array;
  /** In: Σ E[S²]/2 over the visits of a cycle. */
  readonly half_square_ns2: Float64Array;
  /**
   * In: how regular service times are, (1 − cv²)/(1 + cv²) of the squared coefficient of variation: 0 for
   * exponential service, 1 for constant.
   */
  regularity: number;

  /** Out: cycle time. */
  readonly cycle_ns: Float64Array;
  /** Out: wait per visit. */
  readonly wait_ns: Float64Array;
  /** Out: utilisation of each station. */
  readonly utilisation: Float64Array;
  /** Out: iterations used. */
  iterations: number;
  /** Whether the last iteration moved any wait by more than the tolerance. */
  moved: boolean;

  /** What the solver remembers: ratios of the refinement, Anderson's last step, work and load by station. */
  readonly ratio: Float64Array;
  readonly next: Float64Array;
  readonly previous: Float64Array;
  readonly step: Float64Array;
  readonly work: Float64Array;
  readonly total: Float64Array;
  readonly squares: Float64Array;
  readonly closing: Float64Array;
  /** A customer’s share of its class’s work. */
  readonly each: Float64Array;
  readonly removed: Float64Array;
}

/** Memory for a network of up to so many classes and stations. */
export function multiclassWorkspace(classes: number, stations: number): MulticlassWorkspace {
  const table = () => new Float64Array(classes * stations);
  const perClass = () => new Float64Array(classes);
  const perStation = () => new Float64Array(stations);
  return {
    classes,
    stations,
    population: perClass(),
    base_ns: perClass(),
    visits: table(),
    demand_ns: table(),
    half_square_ns2: table(),
    cycle_ns: perClass(),
    wait_ns: table(),
    utilisation: perStation(),
    regularity: 0,
    iterations: 0,
    moved: false,
    ratio: table(),
    next: table(),
    previous: table(),
    step: table(),
    work: table(),
    total: perStation(),
    squares: perStation(),
    closing: perStation(),
    each: table(),
    removed: perStation(),
  };
}
