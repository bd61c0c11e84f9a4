import {
  all,
  type Code,
  increase,
  type Local,
  load as loadWord,
  until,
} from '../../../../trace/wasm/code.ts';
import { div, lessThan, spread } from '../../../../trace/wasm/doubles.ts';
import type { Locals } from '../../../../trace/wasm/module.ts';
import { and } from '../../../../trace/wasm/vectors.ts';
import * as columns from '../cycles-workspace.ts';

/** What lies where in the kernel's memory, and loops over it. Names are those of `cycles.ts`. */

/** Bytes of a pair of doubles. */
export const PAIR = 16;

/** A cell: the columns of `cycles-workspace.ts`, a pair each. */
export const CELL_BYTES = columns.CELL_WIDTH * PAIR;
export const VISITS = columns.VISITS * PAIR;
export const DEMAND = columns.DEMAND * PAIR;
export const HALF_SQUARE = columns.HALF_SQUARE * PAIR;
export const POSTED_VISITS = columns.POSTED_VISITS * PAIR;
export const POSTED_DEMAND = columns.POSTED_DEMAND * PAIR;
export const POSTED_HALF_SQUARE = columns.POSTED_HALF_SQUARE * PAIR;
export const WAIT = columns.WAIT * PAIR;
export const PART = columns.PART * PAIR;

/** Columns of a class, a pair each. */
export const CLASS = {
  cycle: 0,
  base: 1,
  least: 2,
  rate: 3,
  found: 4,
  slope: 5,
  sent: 6,
  service: 7,
  before: 8,
  away: 9,
  buffer: 10,
} as const;
export const CLASS_WIDTH = 11;
export const CLASS_BYTES = CLASS_WIDTH * PAIR;
export const CYCLE = CLASS.cycle * PAIR;
export const BASE = CLASS.base * PAIR;
export const LEAST = CLASS.least * PAIR;
export const RATE = CLASS.rate * PAIR;
export const FOUND = CLASS.found * PAIR;
export const SLOPE = CLASS.slope * PAIR;
export const SENT = CLASS.sent * PAIR;
export const SERVICE = CLASS.service * PAIR;

/** Words of a station: addresses of its first cell, of that cell's class, and of its two services' prices. */
export const STATION_WORDS = 4;
export const STATION_BYTES = STATION_WORDS * 4;
/** What is found of a station, a pair each: utilisation, rest, free and whole of the formula, x. */
export const LOAD = { busy: 0, rest: 1, free: 2, whole: 3, length: 4 } as const;
export const LOAD_WIDTH = 5;
export const LOAD_BYTES = LOAD_WIDTH * PAIR;
export const BUSY = LOAD.busy * PAIR;
export const REST = LOAD.rest * PAIR;
export const FREE = LOAD.free * PAIR;
export const WHOLE = LOAD.whole * PAIR;
export const LENGTH = LOAD.length * PAIR;
/** A service's price: of one, and half its square. */
export const PRICE_BYTES = 2 * PAIR;
/** Visits of a cell: for the first and second service, and those of posted work. */
export const VISIT_BYTES = 4 * PAIR;
/** Who waits where: the address of a cell, and visits of it. */
export const ENTRY_BYTES = 2 * PAIR;

export const ONE = spread(1);
export const ZERO = spread(0);

/** The cells of each station in turn: `each` has the loop over them, from `first` on. */
export const stationsFrom = (station: Local, end: Local, ...each: readonly Code[]): Code =>
  until(station, end.get, ...each, increase(station, STATION_BYTES));

/** Where a loop over the cells of a station is, whose class the cell is, and where the loop ends. */
export interface Place {
  readonly cell: Local;
  readonly person: Local;
  readonly last: Local;
}
export const placeOf = (local: Locals): Place => ({
  cell: local('i32'),
  person: local('i32'),
  last: local('i32'),
});

export const cellsOf = (station: Local, { cell, person, last }: Place, ...each: readonly Code[]): Code =>
  all(
    cell.set(loadWord(station.get)),
    person.set(loadWord(station.get, 4)),
    last.set(loadWord(station.get, STATION_BYTES)),
    until(cell, last.get, ...each, increase(cell, CELL_BYTES), increase(person, CLASS_BYTES)),
  );

export const four = (local: Locals): [Local, Local, Local, Local] => [
  local('f64x2'),
  local('f64x2'),
  local('f64x2'),
  local('f64x2'),
];

/** 1 ÷ x where x is above 0, else 0. */
export const rateOf = (x: Code): Code => and(div(ONE, x), lessThan(ZERO, x));
