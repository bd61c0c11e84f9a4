/** The loop of lines: the words of a template that has run. */

import { LOAD, MODIFY, OFFSET_SHIFT, SIZE_SHIFT, STORE } from '../../types.ts';
import {
  add,
  again,
  all,
  and,
  below,
  type Code,
  choose,
  differ,
  during,
  equal,
  greater,
  increase,
  isZero,
  type Local,
  less,
  load,
  mul,
  or,
  shiftDown,
  shiftLeft,
  store,
  sub,
  when,
  xor,
} from '../../wasm/code.ts';
import { copy16 } from '../../wasm/vectors.ts';
import { PLACE_FIELD } from '../places.ts';
import * as is from './layout.ts';
import { field, fieldTo, type Registers, state, stateTo, type Units } from './run-state.ts';

const BLOCK = 16;

/** Copies so many bytes and a few more, `least` (a multiple of 16) without asking. */
function copy(to: Local, from: Local, length: Local, least: number, at: Local): Code {
  const first = Array.from({ length: least / BLOCK }, (_, n) => copy16(to.get, from.get, BLOCK * n));
  const rest = all(
    at.set(least),
    again(
      all(copy16(add(to.get, at.get), add(from.get, at.get)), increase(at, BLOCK)),
      less(at.get, length.get),
    ),
  );
  return all(...first, when(greater(length.get, least), rest));
}

/**
 * The list as it is, in two parts, but for the first fetch and the first data if they are on the line used last: which
 * of them go is no branch, nor is, as a rule, how many words there are.
 */
export function copyList(
  { list, put, lastFetch, lastData }: Registers,
  place: Local,
  local: () => Local,
): Code {
  const [from, length, left, first, at] = [local(), local(), local(), local(), local()];
  const [fetch, data] = [local(), local()];
  return all(
    length.set(field(place, is.LINE_LEAD)),
    first.set(load(add(list.get, length.get))),
    left.set(shiftLeft(equal(field(place, is.LINE_FIRST_FETCH), lastFetch.get), 2)),
    from.set(add(list.get, left.get)),
    copy(put, from, length, BLOCK, at),
    increase(put, sub(length.get, left.get)),
    left.set(shiftLeft(isZero(and(xor(first.get, lastData.get), or(first.get, -2))), 2)),
    from.set(add(add(list.get, length.get), left.get)),
    length.set(sub(field(place, is.LINE_LENGTH), length.get)),
    copy(put, from, length, 2 * BLOCK, at),
    increase(put, sub(length.get, left.get)),
    fetch.set(field(place, is.LINE_LAST_FETCH)),
    lastFetch.set(choose(equal(fetch.get, is.NO_FETCH), lastFetch.get, fetch.get)),
    data.set(field(place, is.LINE_LAST_DATA)),
    lastData.set(choose(equal(data.get, is.NO_DATA), lastData.get, data.get)),
  );
}

/** Takes the words as they come, from `from` on, without repeats; `last`: the last of data. */
function gather(list: Local, from: Local, to: Local, last: Local, w: Local): Code {
  const fetch = and(w.get, 2);
  const change = and(xor(last.get, w.get), or(w.get, -2));
  return again(
    all(
      // Written in any case, and kept if it counts: whether it does is a coin toss.
      store(to.get, 0, w.as(load(from.get))),
      increase(to, shiftLeft(differ(or(fetch, change), 0), 2)),
      last.set(choose(fetch, last.get, w.get)),
      increase(from, 4),
    ),
    below(from.get, list.get),
  );
}

/** Makes the list, given that no word is hard. There is data. */
export function makeList({ end, list }: Registers, place: Local, local: () => Local): Code {
  const [from, to, last, w] = [local(), local(), local(), local()];
  return all(
    from.set(end.get),
    to.set(list.get),
    last.set(is.NO_DATA),
    gather(list, from, to, last, w),
    fieldTo(place, is.LINE_LENGTH, sub(to.get, list.get)),
    fieldTo(place, is.LINE_LAST_DATA, last.get),
  );
}

/** What making the list and copying it come to, without the list: what changes once mostly does so again. */
export function takeWords(
  { end, list, put, lastFetch, lastData }: Registers,
  place: Local,
  local: () => Local,
): Code {
  const [from, w, fetch] = [local(), local(), local()];
  return all(
    from.set(add(end.get, shiftLeft(equal(field(place, is.LINE_FIRST_FETCH), lastFetch.get), 2))),
    gather(list, from, put, lastData, w),
    fetch.set(field(place, is.LINE_LAST_FETCH)),
    lastFetch.set(choose(equal(fetch.get, is.NO_FETCH), lastFetch.get, fetch.get)),
  );
}

/** By the book: data over several lines, or around the caches, where it is counted alone. */
export function makeWords(r: Registers, { bits, pageBits }: Units, local: () => Local): Code {
  const { start, end, list, ids, put, lastFetch, lastData } = r;
  const [from, w, reference, value, id, kept] = [local(), local(), local(), local(), local(), local()];
  const [unit, lines, more, first, last, loads, stores] = [
    ...[local(), local(), local(), local()],
    ...[local(), local(), local()],
  ] as [Local, Local, Local, Local, Local, Local, Local];
  const kind = and(value.get, 3);
  /** Words of as many lines. */
  const each = (loadOrStore: number, when: Local): Code =>
    all(
      w.set(or(first.get, loadOrStore)),
      last.set(add(w.get, shiftLeft(mul(lines.get, when.get), 2))),
      during(
        differ(w.get, last.get),
        all(
          store(put.get, 0, w.get),
          increase(put, shiftLeft(differ(and(xor(lastData.get, w.get), loadOrStore === 0 ? -2 : -1), 0), 2)),
          lastData.set(w.get),
          increase(w, 4),
        ),
      ),
    );
  const data = all(
    value.set(field(reference, is.DATA_WORD)),
    from.set(add(field(reference, is.DATA_SLOT), choose(equal(kind, MODIFY), 8, 4))),
    id.set(load(add(ids.get, shiftLeft(field(reference, is.DATA_PAGE), 2)))),
    kept.set(sub(less(id.get, 0), 1)),
    loads.set(differ(kind, STORE)),
    stores.set(differ(kind, LOAD)),
    unit.set(shiftDown(and(value.get, PLACE_FIELD), OFFSET_SHIFT)),
    lines.set(
      and(
        add(
          sub(
            shiftDown(sub(add(unit.get, shiftDown(value.get, SIZE_SHIFT)), 1), bits),
            shiftDown(unit.get, bits),
          ),
          1,
        ),
        kept.get,
      ),
    ),
    more.set(and(sub(lines.get, 1), kept.get)),
    when(less(id.get, 0), stateTo(is.GONE, add(state(is.GONE), or(loads.get, shiftLeft(stores.get, 16))))),
    stateTo(is.MORE_LOADS, add(state(is.MORE_LOADS), mul(more.get, loads.get))),
    stateTo(is.MORE_STORES, add(state(is.MORE_STORES), mul(more.get, stores.get))),
    first.set(shiftLeft(or(shiftLeft(id.get, pageBits), shiftDown(unit.get, bits)), 2)),
    each(0, loads),
    each(1, stores),
    increase(reference, 4 * is.DATA_FIELDS),
  );
  return all(
    from.set(end.get),
    reference.set(start.get),
    during(
      below(from.get, list.get),
      all(
        w.set(load(from.get)),
        when(
          equal(and(w.get, (1 << 31) | 2), 2),
          all(
            store(put.get, 0, w.get),
            increase(put, shiftLeft(differ(w.get, lastFetch.get), 2)),
            lastFetch.set(w.get),
            increase(from, 4),
          ),
          data,
        ),
      ),
    ),
  );
}
