import { all, type Code, increase, type Local, or, until } from '../../../../trace/wasm/code.ts';
import {
  add,
  div,
  equal,
  greater,
  lesser,
  lessThan,
  mul,
  spread,
  sub,
} from '../../../../trace/wasm/doubles.ts';
import type { Definition } from '../../../../trace/wasm/module.ts';
import { anyOf, choose, load, store, unless } from '../../../../trace/wasm/vectors.ts';
import {
  BASE,
  BUSY,
  CLASS_BYTES,
  CYCLE,
  cellsOf,
  DEMAND,
  FOUND,
  FREE,
  four,
  HALF_SQUARE,
  LENGTH,
  LOAD_BYTES,
  ONE,
  PART,
  POSTED_DEMAND,
  POSTED_HALF_SQUARE,
  placeOf,
  RATE,
  REST,
  rateOf,
  SENT,
  SERVICE,
  stationsFrom,
  VISITS,
  WAIT,
  WHOLE,
  ZERO,
} from './cells.ts';

/** A look at the network. See `kernel.ts`. */

/** `closing` of `cycles-load.ts`. */
const closing = (
  { whole, squares, near, saturation }: Readonly<Record<'whole' | 'squares' | 'near' | 'saturation', Local>>,
  u: Local,
  g: Local,
) => ({
  prepare: all(
    u.set(div(squares.get, whole.get)),
    g.set(div(mul(mul(spread(2.5), near.get), u.get), add(ONE, mul(spread(2), u.get)))),
  ),
  value: choose(
    equal(whole.get, ZERO),
    saturation.get,
    choose(lessThan(g.get, ONE), add(g.get, mul(sub(ONE, g.get), saturation.get)), ONE),
  ),
});

/** The classes before a look: rates, and cycles without waiting. */
export const before: Definition = {
  params: ['i32', 'i32'],
  result: null,
  body: (_, person, end) => [
    until(
      person,
      end.get,
      store(person.get, RATE, rateOf(load(person.get, CYCLE))),
      store(person.get, FOUND, load(person.get, BASE)),
      increase(person, CLASS_BYTES),
    ),
  ],
};

/**
 * `look` in turns over the stations, so that a processor can work at several stations at once: what one has to wait for, a
 * sum or a division, the next does not. First what each is asked for (Σ u, Σ u² and all that occupies it),
 */
export const sums: Definition = {
  params: ['i32', 'i32', 'i32'],
  result: null,
  body: (local, station, end, loads) => {
    const place = placeOf(local);
    const [whole, squares, posted, u] = four(local);
    const r = local('f64x2');
    return [
      stationsFrom(
        station,
        end,
        whole.set(ZERO),
        squares.set(ZERO),
        posted.set(ZERO),
        cellsOf(
          station,
          place,
          r.set(load(place.person.get, RATE)),
          u.set(mul(load(place.cell.get, DEMAND), r.get)),
          whole.set(add(whole.get, u.get)),
          squares.set(add(squares.get, mul(u.get, u.get))),
          posted.set(add(posted.get, mul(load(place.cell.get, POSTED_DEMAND), r.get))),
        ),
        store(loads.get, WHOLE, whole.get),
        store(loads.get, FREE, squares.get),
        store(loads.get, BUSY, add(whole.get, posted.get)),
        increase(loads, LOAD_BYTES),
      ),
    ];
  },
};

/** what follows from that, in the same places, */
export const saturate: Definition = {
  params: ['i32', 'i32', 'f64'],
  result: null,
  body: (local, loads, end, regularity) => {
    const [whole, squares, near, power] = four(local);
    const [saturation, u, g, free] = four(local);
    const { prepare, value } = closing({ whole, squares, near, saturation }, u, g);
    return [
      until(
        loads,
        end.get,
        whole.set(load(loads.get, WHOLE)),
        squares.set(load(loads.get, FREE)),
        near.set(lesser(ONE, load(loads.get, BUSY))),
        power.set(fourth(near)),
        power.set(fourth(power)),
        saturation.set(mul(power.get, power.get)),
        prepare,
        store(loads.get, REST, add(ONE, mul(spread(regularity.get), value))),
        free.set(sub(ONE, saturation.get)),
        store(loads.get, FREE, free.get),
        store(loads.get, WHOLE, add(ONE, mul(whole.get, free.get))),
        increase(loads, LOAD_BYTES),
      ),
    ];
  },
};

const fourth = (y: Local): Code => mul(mul(mul(y.get, y.get), y.get), y.get);

/** then all that is there to be done, `entry` being 1 ÷ entries of the posted buffer and `least` what is left at least, */
export const work: Definition = {
  params: ['i32', 'i32', 'i32', 'f64', 'f64'],
  result: null,
  body: (local, station, end, loads, entry, least) => {
    const place = placeOf(local);
    const [r, u, up, kappa] = four(local);
    const [one, two, a, alone] = four(local);
    const [p, h, own, share] = four(local);
    const [sum, left, rest, free] = four(local);
    const [whole, unit, part, small] = four(local);
    const of = (column: number): Code => load(place.cell.get, column);
    return [
      unit.set(ONE),
      part.set(spread(entry.get)),
      small.set(spread(least.get)),
      stationsFrom(
        station,
        end,
        share.set(ZERO),
        sum.set(ZERO),
        rest.set(load(loads.get, REST)),
        free.set(load(loads.get, FREE)),
        whole.set(load(loads.get, WHOLE)),
        cellsOf(
          station,
          place,
          r.set(load(place.person.get, RATE)),
          u.set(mul(of(DEMAND), r.get)),
          up.set(mul(of(POSTED_DEMAND), r.get)),
          kappa.set(sub(whole.get, mul(u.get, free.get))),
          one.set(add(unit.get, mul(kappa.get, u.get))),
          two.set(add(unit.get, mul(up.get, part.get))),
          a.set(div(unit.get, mul(one.get, two.get))),
          alone.set(mul(a.get, one.get)),
          a.set(mul(a.get, two.get)),
          p.set(mul(up.get, alone.get)),
          h.set(mul(mul(of(HALF_SQUARE), r.get), a.get)),
          own.set(mul(kappa.get, h.get)),
          share.set(add(share.get, mul(add(u.get, p.get), a.get))),
          sum.set(
            add(
              sum.get,
              add(sub(h.get, mul(p.get, own.get)), mul(mul(of(POSTED_HALF_SQUARE), r.get), alone.get)),
            ),
          ),
          store(place.cell.get, PART, a.get),
          store(place.cell.get, WAIT, mul(own.get, rest.get)),
        ),
        left.set(sub(unit.get, share.get)),
        left.set(
          choose(
            lessThan(left.get, small.get),
            div(mul(small.get, small.get), sub(mul(spread(2), small.get), left.get)),
            left.get,
          ),
        ),
        store(loads.get, LENGTH, div(mul(sum.get, rest.get), left.get)),
        increase(loads, LOAD_BYTES),
      ),
    ];
  },
};

/** and how long everybody waits: gives whether anybody’s posted buffer, of so many entries, may be full. */
export const wait: Definition = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'f64'],
  result: 'i32',
  body: (local, station, end, people, peopleEnd, loads, entries) => {
    const place = placeOf(local);
    const { cell, person } = place;
    const full = local('i32');
    const [x, ns, longest, least] = four(local);
    return [
      longest.set(ZERO),
      stationsFrom(
        station,
        end,
        x.set(load(loads.get, LENGTH)),
        longest.set(greater(longest.get, x.get)),
        // Rounding alone can leave something where nobody else is.
        least.set(mul(x.get, spread(1e-12))),
        cellsOf(
          station,
          place,
          ns.set(sub(mul(load(cell.get, PART), x.get), load(cell.get, WAIT))),
          ns.set(unless(ns.get, lessThan(ns.get, least.get))),
          store(cell.get, WAIT, ns.get),
          store(person.get, FOUND, add(load(person.get, FOUND), mul(load(cell.get, VISITS), ns.get))),
        ),
        increase(loads, LOAD_BYTES),
      ),
      until(
        people,
        peopleEnd.get,
        full.set(
          or(
            full.get,
            anyOf(
              lessThan(
                mul(load(people.get, FOUND), spread(entries.get)),
                add(mul(load(people.get, SENT), longest.get), load(people.get, SERVICE)),
              ),
            ),
          ),
        ),
        increase(people, CLASS_BYTES),
      ),
      full.get,
    ];
  },
};
