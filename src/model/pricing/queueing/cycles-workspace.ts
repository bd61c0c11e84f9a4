/** The memory of `cycles.ts`: inputs, answers and scratch, allocated once by the caller; and how hard to try. */

/**
 * Who visits which station. The cells of one station follow each other, and so do their classes: those between that do
 * not visit it have cells of zeros, which change nothing and save looking up whose a cell is.
 */
export interface Cells {
  readonly classes: number;
  readonly stations: number;
  /** By station: its first cell; one more for the end. */
  readonly first: Int32Array;
  /** By station: the class of its first cell. */
  readonly from: Int32Array;
}

/**
 * Columns of a cell, which lie together in one array (the engine checks and loads what it knows of an array anew at each
 * use, for each array). In: visits per cycle, service per cycle, and Σ E[S²]/2 over the visits of a cycle; the same of
 * posted work. Out: the wait per visit.
 */
export const VISITS = 0;
export const DEMAND = 1;
export const HALF_SQUARE = 2;
export const POSTED_VISITS = 3;
export const POSTED_DEMAND = 4;
export const POSTED_HALF_SQUARE = 5;
export const WAIT = 6;
/** Scratch: a of the formula; κ h a is where the wait will be. */
export const PART = 7;
export const CELL_WIDTH = 8;

/** Memory to solve a network, and its answers. */
export interface CycleWorkspace {
  /** [cell × CELL_WIDTH + column], times in ns. */
  readonly cell: Float64Array;
  /** In, by class: cycle time without waiting (thinking, delays and own service). 0: absent. */
  readonly base_ns: Float64Array;
  /** In, by class: visits and service of all its posted work. */
  readonly sent: Float64Array;
  readonly service_ns: Float64Array;
  /**
   * In: how regular service times are, (1 − cv²)/(1 + cv²) of the squared coefficient of variation: 0 for
   * exponential service, 1 for constant.
   */
  regularity: number;

  /** Out, by class: cycle time, and the part of it in which the class waits for its posted buffer. */
  readonly cycle_ns: Float64Array;
  readonly buffer_ns: Float64Array;
  /** Out, by station. */
  readonly utilisation: Float64Array;
  /** Out: how often the network was looked at. */
  iterations: number;

  /** Scratch, by class: the least that its cycle can be, 1/T, and the cycle found. */
  readonly least: Float64Array;
  readonly rate: Float64Array;
  readonly found: Float64Array;
  /** Of Anderson's method: the last cycle found, how far it was from the one before, and in what. */
  readonly before: Float64Array;
  readonly away: Float64Array;
  /** By station: how much longer than by chance the rest of a service is. */
  readonly rest: Float64Array;
  /** Of `cycles-saturated.ts`, by cell: its work, the wait found, the one before, and how far that was. */
  readonly work: Float64Array;
  readonly next: Float64Array;
  readonly previous: Float64Array;
  readonly step: Float64Array;
}

/** Memory for networks of up to so many classes, stations and cells. */
export function cycleWorkspace(
  classes: number,
  stations: number,
  cells = classes * stations,
): CycleWorkspace {
  const perClass = () => new Float64Array(classes);
  return {
    cell: new Float64Array(cells * CELL_WIDTH),
    base_ns: perClass(),
    sent: perClass(),
    service_ns: perClass(),
    regularity: 0,
    cycle_ns: perClass(),
    buffer_ns: perClass(),
    utilisation: new Float64Array(stations),
    iterations: 0,
    least: perClass(),
    rate: perClass(),
    found: perClass(),
    before: perClass(),
    away: perClass(),
    rest: new Float64Array(stations),
    work: new Float64Array(cells),
    next: new Float64Array(cells),
    previous: new Float64Array(cells),
    step: new Float64Array(cells),
  };
}

/** How hard to try. */
export interface CycleOptions {
  /** Upper limit of iterations. */
  readonly iterations: number;
  /** The fixed point has been reached when no cycle (near saturation: no wait) changes by more than this share of itself. */
  readonly tolerance: number;
  /** Posted jobs that one customer can have in flight, at least 1. */
  readonly posted_buffer: number;
}

export const CYCLE_DEFAULTS: CycleOptions = { iterations: 200, tolerance: 1e-7, posted_buffer: 4 };
