import {
  all,
  type Code,
  increase,
  type Local,
  load as loadWord,
  until,
} from '../../../../trace/wasm/code.ts';
import {
  add,
  div,
  equal,
  greater,
  lesser,
  lessThan,
  loadAll,
  mul,
  spread,
  sub,
} from '../../../../trace/wasm/floats.ts';
import type { Definition, Locals } from '../../../../trace/wasm/module.ts';
import { choose, load, store } from '../../../../trace/wasm/vectors.ts';
import * as layout from './layout.ts';
import { QUAD, STATION, type Variant } from './layout.ts';

/**
 * A look at a network by four samples (`look` of `cycles.ts`), in turns over the stations. It does less than that for the
 * same formula: with one service at a station, s with s' = E[S²]/(2 E[S]), everything is a multiple of it. Then h = s' u,
 * κ h a = s' (1 − a), the work is s' × the share, and a wait is (x + s' rest) a − s' rest.
 */

const ONE = spread(1);
const ZERO = spread(0);
const NOTHING = all();
const four = (local: Locals): [Local, Local, Local, Local] => [
  local('f32x4'),
  local('f32x4'),
  local('f32x4'),
  local('f32x4'),
];

/** A loop over the stations, and one over the cells of a station. */
interface Place {
  readonly visits: Local;
  readonly last: Local;
  readonly cell: Local;
  readonly rate: Local;
  readonly otherRate: Local;
}
const placeOf = (local: Locals): Place => ({
  visits: local('i32'),
  last: local('i32'),
  cell: local('i32'),
  rate: local('i32'),
  otherRate: local('i32'),
});
const cellsOf = (station: Local, two: boolean, place: Place, ...each: readonly Code[]): Code => {
  const { visits, last, cell, rate, otherRate } = place;
  const from = (word: keyof typeof STATION): Code => loadWord(station.get, STATION[word]);
  return all(
    visits.set(from('visits')),
    last.set(from('end')),
    cell.set(from('cell')),
    rate.set(from('rate')),
    two ? otherRate.set(from('otherRate')) : NOTHING,
    until(
      visits,
      last.get,
      ...each,
      increase(visits, layout.VISIT_BYTES),
      increase(cell, layout.CELL_BYTES),
      increase(rate, layout.CLASS_BYTES),
      two ? increase(otherRate, layout.CLASS_BYTES) : NOTHING,
    ),
  );
};

/** Utilisation by the first and second service of a cell: by misses, or by posted work. */
const used = ({ visits, rate, otherRate }: Place, posted: boolean) => ({
  first: mul(loadAll(visits.get, posted ? layout.POSTED_FIRST : layout.FIRST), load(rate.get)),
  second: mul(loadAll(visits.get, posted ? layout.POSTED_SECOND : layout.SECOND), load(otherRate.get)),
});
const both = (place: Place, posted: boolean, two: boolean): Code => {
  const { first, second } = used(place, posted);
  return two ? add(first, second) : first;
};

/** Σ u, Σ u² and the utilisation of each station, */
export const sums = ({ two, posted }: Variant): Definition => ({
  params: ['i32', 'i32', 'i32'],
  result: null,
  body: (local, station, end, loads) => {
    const place = placeOf(local);
    const [whole, squares, sent, u] = four(local);
    return [
      until(
        station,
        end.get,
        whole.set(ZERO),
        squares.set(ZERO),
        sent.set(ZERO),
        cellsOf(
          station,
          two,
          place,
          u.set(both(place, false, two)),
          whole.set(add(whole.get, u.get)),
          squares.set(add(squares.get, mul(u.get, u.get))),
          posted ? sent.set(add(sent.get, both(place, true, two))) : NOTHING,
        ),
        store(loads.get, layout.WHOLE, whole.get),
        store(loads.get, layout.FREE, squares.get),
        store(loads.get, layout.BUSY, add(whole.get, sent.get)),
        increase(loads, layout.LOAD_BYTES),
        increase(station, layout.STATION_BYTES),
      ),
    ];
  },
});

/** what follows from these, */
export const saturate: Definition = {
  params: ['i32', 'i32', 'f32'],
  result: null,
  body: (local, loads, end, regularity) => {
    const [whole, squares, near, power] = four(local);
    const [saturation, g, free] = four(local);
    const fourth = (y: Local): Code => mul(mul(y.get, y.get), mul(y.get, y.get));
    const closing = choose(
      equal(whole.get, ZERO),
      saturation.get,
      choose(lessThan(g.get, ONE), add(g.get, mul(sub(ONE, g.get), saturation.get)), ONE),
    );
    return [
      until(
        loads,
        end.get,
        whole.set(load(loads.get, layout.WHOLE)),
        squares.set(load(loads.get, layout.FREE)),
        near.set(lesser(ONE, load(loads.get, layout.BUSY))),
        power.set(fourth(near)),
        power.set(fourth(power)),
        saturation.set(mul(power.get, power.get)),
        // 2.5 U u/(1 + 2 u) with u the mean utilisation by one customer, Σ u² ÷ Σ u.
        g.set(div(mul(mul(spread(2.5), near.get), squares.get), add(whole.get, mul(spread(2), squares.get)))),
        free.set(sub(ONE, saturation.get)),
        store(loads.get, layout.REST, add(ONE, mul(spread(regularity.get), closing))),
        store(loads.get, layout.FREE, free.get),
        store(loads.get, layout.WHOLE, add(ONE, mul(whole.get, free.get))),
        increase(loads, layout.LOAD_BYTES),
      ),
    ];
  },
};

/** all that is there to be done, */
export const work = ({ two, posted }: Variant): Definition => ({
  params: ['i32', 'i32', 'i32', 'f32', 'f32'],
  result: null,
  body: (local, station, end, loads, entry, least) => {
    const place = placeOf(local);
    const [u, kappa, a, part] = four(local);
    const [h, other, alone, p] = four(local);
    const [share, sum, left, rest] = four(local);
    const [free, whole, unit, small] = four(local);
    const [half, otherHalf, one, less] = four(local);
    const { cell } = place;
    const demand = used(place, false);
    const sent = used(place, true);
    const prices = (word: 'price' | 'otherPrice'): Code => load(loadWord(station.get, STATION[word]), QUAD);
    return [
      unit.set(ONE),
      part.set(spread(entry.get)),
      small.set(spread(least.get)),
      until(
        station,
        end.get,
        share.set(ZERO),
        sum.set(ZERO),
        rest.set(load(loads.get, layout.REST)),
        free.set(load(loads.get, layout.FREE)),
        whole.set(load(loads.get, layout.WHOLE)),
        half.set(prices('price')),
        two ? otherHalf.set(prices('otherPrice')) : NOTHING,
        cellsOf(
          station,
          two,
          place,
          u.set(demand.first),
          two
            ? all(
                other.set(demand.second),
                h.set(add(mul(half.get, u.get), mul(otherHalf.get, other.get))),
                u.set(add(u.get, other.get)),
              )
            : NOTHING,
          kappa.set(sub(whole.get, mul(u.get, free.get))),
          a.set(add(unit.get, mul(kappa.get, u.get))),
          posted
            ? all(
                p.set(both(place, true, two)),
                less.set(add(unit.get, mul(p.get, part.get))),
                one.set(div(unit.get, mul(a.get, less.get))),
                alone.set(mul(one.get, a.get)),
                a.set(mul(one.get, less.get)),
                p.set(mul(p.get, alone.get)),
              )
            : a.set(div(unit.get, a.get)),
          two ? all(h.set(mul(h.get, a.get)), sum.set(add(sum.get, h.get))) : NOTHING,
          two ? kappa.set(mul(kappa.get, h.get)) : NOTHING,
          posted
            ? all(
                u.set(add(u.get, p.get)),
                two
                  ? sum.set(
                      add(
                        sum.get,
                        sub(
                          mul(add(mul(half.get, sent.first), mul(otherHalf.get, sent.second)), alone.get),
                          mul(p.get, kappa.get),
                        ),
                      ),
                    )
                  : NOTHING,
              )
            : NOTHING,
          share.set(add(share.get, mul(u.get, a.get))),
          store(cell.get, layout.WAIT, a.get),
          two ? store(cell.get, layout.OWN, kappa.get) : NOTHING,
        ),
        two ? NOTHING : sum.set(mul(half.get, share.get)),
        left.set(sub(unit.get, share.get)),
        left.set(
          choose(
            lessThan(left.get, small.get),
            div(mul(small.get, small.get), sub(mul(spread(2), small.get), left.get)),
            left.get,
          ),
        ),
        store(loads.get, layout.LENGTH, div(mul(sum.get, rest.get), left.get)),
        store(loads.get, layout.TAKEN, two ? rest.get : mul(half.get, rest.get)),
        increase(loads, layout.LOAD_BYTES),
        increase(station, layout.STATION_BYTES),
      ),
    ];
  },
});

/** and how long everybody waits. */
export const wait = ({ two }: Pick<Variant, 'two'>): Definition => ({
  params: ['i32', 'i32', 'i32'],
  result: null,
  body: (local, station, end, loads) => {
    const place = placeOf(local);
    const { visits, cell, rate } = place;
    const [x, taken, ns] = four(local);
    const times = two
      ? add(loadAll(visits.get, layout.FIRST), loadAll(visits.get, layout.SECOND))
      : loadAll(visits.get, layout.FIRST);
    return [
      until(
        station,
        end.get,
        taken.set(load(loads.get, layout.TAKEN)),
        x.set(load(loads.get, layout.LENGTH)),
        two ? NOTHING : x.set(add(x.get, taken.get)),
        visits.set(loadWord(station.get, STATION.visits)),
        cell.set(loadWord(station.get, STATION.cell)),
        rate.set(loadWord(station.get, STATION.person)),
        until(
          visits,
          loadWord(station.get, STATION.end),
          ns.set(
            sub(
              mul(load(cell.get, layout.WAIT), x.get),
              two ? mul(load(cell.get, layout.OWN), taken.get) : taken.get,
            ),
          ),
          ns.set(greater(ns.get, ZERO)),
          store(cell.get, layout.WAIT, ns.get),
          store(rate.get, layout.FOUND, add(load(rate.get, layout.FOUND), mul(times, ns.get))),
          increase(visits, layout.VISIT_BYTES),
          increase(cell, layout.CELL_BYTES),
          increase(rate, layout.CLASS_BYTES),
        ),
        increase(loads, layout.LOAD_BYTES),
        increase(station, layout.STATION_BYTES),
      ),
    ];
  },
});
