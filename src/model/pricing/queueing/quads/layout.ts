/** What lies where in the memory of four samples. Names are those of `cycles.ts`. */

/** Samples that are solved at once, and bytes of a number of each. */
export const LANES = 4;
export const QUAD = LANES * 4;

/** Columns of a class, four floats each: its rate × each of the four services, and its cycle as found. */
export const CLASS_BYTES = 5 * QUAD;
export const FOUND = 4 * QUAD;

/** Visits of a cell, which all samples share: for the first and second service, and those of posted work. */
export const VISIT_BYTES = 4 * 4;
export const [FIRST, SECOND, POSTED_FIRST, POSTED_SECOND] = [0, 4, 8, 12];
/** What is found of a cell: its wait (until that is known, a), and where there are two services κ h of the formula. */
export const CELL_BYTES = 2 * QUAD;
export const WAIT = 0;
export const OWN = QUAD;

/** A service's price, and that × E[S²]/(2 E[S]²). */
export const PRICE_BYTES = 2 * QUAD;

/** Words of a station. */
export const STATION = {
  /** Addresses of its first visits and their end, of its first cell and that cell’s class, */
  visits: 0,
  end: 4,
  cell: 8,
  person: 12,
  /** of that class’s rate × its first and second service, and of the prices of these. */
  rate: 16,
  otherRate: 20,
  price: 24,
  otherPrice: 28,
} as const;
export const STATION_BYTES = 32;

/** What is found of a station: Σ u (then whole), Σ u² (then free), utilisation, rest; then x and what is taken from waits. */
export const LOAD_BYTES = 6 * QUAD;
export const [WHOLE, FREE, BUSY, REST, LENGTH, TAKEN] = [0, QUAD, 2 * QUAD, 3 * QUAD, 4 * QUAD, 5 * QUAD];

/** A term of a sum: the address of four numbers, and what they are multiplied with. */
export const TERM_BYTES = 8;

/** Stations are of one service or two, and have posted work or none: loops of their own for each. */
export interface Variant {
  readonly two: boolean;
  readonly posted: boolean;
}
export const VARIANTS: readonly Variant[] = [
  { two: false, posted: false },
  { two: false, posted: true },
  { two: true, posted: false },
  { two: true, posted: true },
];
