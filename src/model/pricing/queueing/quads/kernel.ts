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
  atMost,
  div,
  greater,
  lessThan,
  loadAll,
  mul,
  signs,
  size,
  spread,
  sub,
} from '../../../../trace/wasm/floats.ts';
import type { Definition } from '../../../../trace/wasm/module.ts';
import { and, choose, load, store } from '../../../../trace/wasm/vectors.ts';
import { saturate, sums, wait, work } from './kernel-look.ts';
import { CLASS_BYTES, FOUND, LENGTH, LOAD_BYTES, PRICE_BYTES, QUAD, TERM_BYTES, VARIANTS } from './layout.ts';

/** The loops of `quads.ts`, as functions of addresses. */

/** The sum of the terms up to the end that `ends` names; both go on. */
const addTerms = (term: Local, ends: Local, end: Local, sum: Local): Code =>
  all(
    end.set(loadWord(ends.get)),
    sum.set(spread(0)),
    until(
      term,
      end.get,
      sum.set(add(sum.get, mul(loadAll(term.get, 4), load(loadWord(term.get))))),
      increase(term, TERM_BYTES),
    ),
    increase(ends, 4),
  );

/** Sums of terms, one after the other: `ends` has the address after the last term of each. */
const combine: Definition = {
  params: ['i32', 'i32', 'i32', 'i32'],
  result: null,
  body: (local, term, ends, endsEnd, into) => {
    const [end, sum] = [local('i32'), local('f32x4')];
    return [
      until(
        ends,
        endsEnd.get,
        addTerms(term, ends, end, sum),
        store(into.get, 0, sum.get),
        increase(into, QUAD),
      ),
    ];
  },
};

/** The shortest cycles: no shorter than what is sent takes, by the entries of its buffer; nor is the start. */
const least: Definition = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'f32'],
  result: null,
  body: (_local, base, end, service, into, cycle, entry) => [
    until(
      base,
      end.get,
      store(into.get, 0, greater(load(base.get), mul(load(service.get), spread(entry.get)))),
      store(cycle.get, 0, greater(load(cycle.get), load(into.get))),
      ...[base, service, into, cycle].map((at) => increase(at, QUAD)),
    ),
  ],
};

/** Rates of the classes times each service, and cycles without waiting. */
const begin: Definition = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32'],
  result: null,
  body: (local, cycle, end, base, person, prices) => {
    const [rate, ns] = [local('f32x4'), local('f32x4')];
    return [
      until(
        cycle,
        end.get,
        ns.set(load(cycle.get)),
        rate.set(choose(lessThan(spread(0), ns.get), div(spread(1), ns.get), spread(0))),
        ...[0, 1, 2, 3].map((service) =>
          store(person.get, service * QUAD, mul(rate.get, load(prices.get, service * PRICE_BYTES))),
        ),
        store(person.get, FOUND, load(base.get)),
        increase(person, CLASS_BYTES),
        increase(base, QUAD),
        increase(cycle, QUAD),
      ),
    ];
  },
};

/**
 * How far cycles are from those found, and to `settled` a mask of the samples in which none is further than the tolerance
 * and no posted buffer may be full; gives these as bits.
 */
const settle: Definition = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f32', 'f32'],
  result: 'i32',
  body: (local, cycle, end, person, away, sent, service, loads, loadsEnd, settled, tolerance, entries) => {
    const [found, longest, mask, ns] = [local('f32x4'), local('f32x4'), local('f32x4'), local('f32x4')];
    return [
      until(
        loads,
        loadsEnd.get,
        longest.set(greater(longest.get, load(loads.get, LENGTH))),
        increase(loads, LOAD_BYTES),
      ),
      mask.set(atMost(spread(0), spread(0))),
      until(
        cycle,
        end.get,
        ns.set(load(cycle.get)),
        found.set(load(person.get, FOUND)),
        store(away.get, 0, sub(found.get, ns.get)),
        mask.set(and(mask.get, atMost(size(load(away.get)), mul(spread(tolerance.get), ns.get)))),
        mask.set(
          and(
            mask.get,
            atMost(
              add(mul(loadAll(sent.get), longest.get), load(service.get)),
              mul(found.get, spread(entries.get)),
            ),
          ),
        ),
        increase(person, CLASS_BYTES),
        increase(sent, 4),
        ...[cycle, away, service].map((at) => increase(at, QUAD)),
      ),
      store(settled.get, 0, mask.get),
      signs(mask.get),
    ];
  },
};

/**
 * The next cycles: a step on, by Anderson's method of depth one (`advance` of `cycles.ts`). Of a sample that is settled
 * cycles stay, and `next` is what it was when it became so. `known`: 1, but 0 after the first look.
 */
const advance: Definition = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f32'],
  result: null,
  body: (local, cycle, end, step, before, stepBefore, least, next, settled, was, known) => {
    const [along, squares, unit, change] = [local('f32x4'), local('f32x4'), local('f32x4'), local('f32x4')];
    const [theta, ns] = [local('f32x4'), local('f32x4')];
    const [person, now, last, shortest] = [local('i32'), local('i32'), local('i32'), local('i32')];
    return [
      person.set(cycle.get),
      now.set(step.get),
      last.set(stepBefore.get),
      shortest.set(least.get),
      until(
        person,
        end.get,
        unit.set(load(shortest.get)),
        unit.set(choose(lessThan(spread(0), unit.get), div(spread(1), unit.get), spread(0))),
        ns.set(load(now.get)),
        change.set(mul(sub(ns.get, load(last.get)), unit.get)),
        along.set(add(along.get, mul(mul(ns.get, unit.get), change.get))),
        squares.set(add(squares.get, mul(change.get, change.get))),
        store(last.get, 0, ns.get),
        ...[person, now, last, shortest].map((at) => increase(at, QUAD)),
      ),
      theta.set(choose(lessThan(spread(0), squares.get), div(along.get, squares.get), spread(0))),
      theta.set(mul(theta.get, spread(known.get))),
      until(
        cycle,
        end.get,
        ns.set(add(load(cycle.get), load(step.get))),
        change.set(sub(ns.get, mul(theta.get, sub(ns.get, load(before.get))))),
        store(before.get, 0, ns.get),
        store(next.get, 0, choose(load(was.get), load(next.get), greater(change.get, load(least.get)))),
        store(cycle.get, 0, choose(load(settled.get), load(cycle.get), load(next.get))),
        ...[cycle, step, before, least, next].map((at) => increase(at, QUAD)),
      ),
      store(was.get, 0, load(settled.get)),
    ];
  },
};

/** By class: what its waits come to with the next cycles, as a multiple of what they are. */
const correct: Definition = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32'],
  result: null,
  body: (local, next, end, base, person, into) => {
    const [waited, wanted] = [local('f32x4'), local('f32x4')];
    return [
      until(
        next,
        end.get,
        waited.set(sub(load(person.get, FOUND), load(base.get))),
        wanted.set(greater(sub(load(next.get), load(base.get)), spread(0))),
        store(into.get, 0, choose(lessThan(spread(0), waited.get), div(wanted.get, waited.get), spread(1))),
        increase(person, CLASS_BYTES),
        ...[next, base, into].map((at) => increase(at, QUAD)),
      ),
    ];
  },
};

/** Adds what waits come to by class and kind, of samples that are settled. */
const collect: Definition = {
  params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  result: null,
  body: (local, term, ends, factor, factorEnd, into, kindBytes, settled) => {
    const [end, last, sum] = [local('i32'), local('i32'), local('f32x4')];
    return [
      last.set(into.get),
      until(
        factor,
        factorEnd.get,
        increase(last, kindBytes.get),
        until(
          into,
          last.get,
          addTerms(term, ends, end, sum),
          sum.set(and(mul(sum.get, load(factor.get)), load(settled.get))),
          store(into.get, 0, add(load(into.get), sum.get)),
          increase(into, QUAD),
        ),
        increase(factor, QUAD),
      ),
    ];
  },
};

/** `sums0` … `sums3` and so on: of each variant. */
const byVariant = (name: string, of: (variant: (typeof VARIANTS)[number]) => Definition) =>
  Object.fromEntries(VARIANTS.map((variant, at) => [`${name}${at}`, of(variant)]));

export const FUNCTIONS: Readonly<Record<string, Definition>> = {
  combine,
  least,
  begin,
  ...byVariant('sums', sums),
  saturate,
  ...byVariant('work', work),
  wait0: wait({ two: false }),
  wait2: wait({ two: true }),
  settle,
  advance,
  correct,
  collect,
};
