import { type Code, increase, type Local, load as loadWord, until } from '../../../../trace/wasm/code.ts';
import { add, div, greater, lesser, lessThan, mul, spread, sub } from '../../../../trace/wasm/doubles.ts';
import type { Definition } from '../../../../trace/wasm/module.ts';
import { and, load, store } from '../../../../trace/wasm/vectors.ts';
import {
  CELL_BYTES,
  CLASS_BYTES,
  cellsOf,
  DEMAND,
  FOUND,
  four,
  HALF_SQUARE,
  LEAST,
  ONE,
  PAIR,
  POSTED_DEMAND,
  POSTED_HALF_SQUARE,
  POSTED_VISITS,
  placeOf,
  RATE,
  rateOf,
  SLOPE,
  STATION_BYTES,
  stationsFrom,
  VISIT_BYTES,
  VISITS,
  ZERO,
} from './cells.ts';

/** Before the first look: what cells ask for, and a guess of the cycles. See `kernel.ts`. */

/** `loadDemands`: what cells ask for, from visits and prices. */
export const price: Definition = {
  params: ['i32', 'i32', 'i32'],
  result: null,
  body: (local, station, end, visits) => {
    const [cell, a, b, one, two] = [local('i32'), local('f64x2'), local('f64x2'), local('i32'), local('i32')];
    const sums = (first: Local, second: Local, offset: number): Code =>
      add(mul(first.get, load(one.get, offset)), mul(second.get, load(two.get, offset)));
    const demands = (from: number, times: number, ns: number, square: number): readonly Code[] => [
      a.set(load(visits.get, from)),
      b.set(load(visits.get, from + PAIR)),
      store(cell.get, times, add(a.get, b.get)),
      store(cell.get, ns, sums(a, b, 0)),
      store(cell.get, square, sums(a, b, PAIR)),
    ];
    return [
      stationsFrom(
        station,
        end,
        one.set(loadWord(station.get, 8)),
        two.set(loadWord(station.get, 12)),
        cell.set(loadWord(station.get)),
        until(
          cell,
          loadWord(station.get, STATION_BYTES),
          ...demands(0, VISITS, DEMAND, HALF_SQUARE),
          ...demands(2 * PAIR, POSTED_VISITS, POSTED_DEMAND, POSTED_HALF_SQUARE),
          increase(cell, CELL_BYTES),
          increase(visits, VISIT_BYTES),
        ),
      ),
    ];
  },
};

/** The stations of `guess`; writes the highest utilisation to `most`. `limit`: BUSY of `cycles.ts`. */
export const guess: Definition = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'f64'],
  result: null,
  body: (local, station, end, people, peopleEnd, most, limit) => {
    const place = placeOf(local);
    const { cell, person } = place;
    const [busy, rest, steep, x] = four(local);
    const [wait, ns, highest, r] = four(local);
    const of = (column: number): Code => load(cell.get, column);
    return [
      person.set(people.get),
      until(
        person,
        peopleEnd.get,
        store(person.get, RATE, rateOf(load(person.get, LEAST))),
        store(person.get, FOUND, ZERO),
        store(person.get, SLOPE, ZERO),
        increase(person, CLASS_BYTES),
      ),
      highest.set(ZERO),
      stationsFrom(
        station,
        end,
        busy.set(ZERO),
        rest.set(ZERO),
        cellsOf(
          station,
          place,
          r.set(load(person.get, RATE)),
          busy.set(add(busy.get, mul(add(of(DEMAND), of(POSTED_DEMAND)), r.get))),
          rest.set(add(rest.get, mul(add(of(HALF_SQUARE), of(POSTED_HALF_SQUARE)), r.get))),
        ),
        highest.set(greater(highest.get, busy.get)),
        steep.set(div(ONE, sub(ONE, lesser(spread(limit.get), busy.get)))),
        x.set(mul(rest.get, steep.get)),
        cellsOf(
          station,
          place,
          wait.set(sub(x.get, mul(add(of(HALF_SQUARE), mul(of(DEMAND), x.get)), load(person.get, RATE)))),
          ns.set(and(mul(of(VISITS), wait.get), lessThan(ZERO, wait.get))),
          store(person.get, FOUND, add(load(person.get, FOUND), ns.get)),
          store(person.get, SLOPE, add(load(person.get, SLOPE), mul(ns.get, steep.get))),
        ),
      ),
      store(most.get, 0, highest.get),
    ];
  },
};
