/**
 * The loop of lines: moves of the data references of a template, as `moveReference` makes them, and their words.
 *
 * Four of five leave a reference in its page and in one line: then the line's number is replaced in the word.
 */

import { OFFSET_SHIFT, SIZE_SHIFT, STORE } from '../../types.ts';
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
  goIf,
  increase,
  type Label,
  type Local,
  less,
  load,
  loadByte,
  loadTwoBytes,
  notLess,
  or,
  shiftDown,
  shiftLeft,
  store,
  sub,
  when,
  xor,
} from '../../wasm/code.ts';
import {
  MOVE_ANYWHERE,
  MOVE_BESIDE,
  MOVE_BESIDE_FIRST,
  MOVE_PAGE,
  MOVE_REPEAT,
  MOVE_SPECIAL,
  MOVE_SWAP,
} from '../layout.ts';
import { PAGE_UNITS, PLACE_FIELD } from '../places.ts';
import * as is from './layout.ts';
import { field, fieldTo, idOf, type Registers, state, stateTo, type Units } from './run-state.ts';

/**
 * Moves all data references of the template at `place`; then, if words have changed and all are known, does that.
 * Jumps to `done` where one is out of range.
 */
export function moveAll(
  r: Registers,
  place: Local,
  units: Units,
  done: Label,
  ifChanged: Code,
  local: () => Local,
): Code {
  const { start, end, move, faults } = r;
  const [reference, how, old, slot, w, quick] = [local(), local(), local(), local(), local(), local()];
  const [hard, changed, made] = [local(), local(), local()];
  const last = add(quick.get, sub(and(shiftDown(quick.get, SIZE_SHIFT - OFFSET_SHIFT), -8), 8));
  const apart = or(
    or(and(xor(quick.get, old.get), ~PLACE_FIELD), and(xor(last, quick.get), units.lines)),
    and(w.get, 1 << 31),
  );
  const each = all(
    how.set(loadByte(move.get)),
    increase(move, 1),
    old.set(field(reference, is.DATA_WORD)),
    slot.set(field(reference, is.DATA_SLOT)),
    w.set(load(slot.get)),
    quick.set(add(old.get, load(shiftLeft(how.get, 2), 4 * is.QUICK_MOVES))),
    when(
      apart,
      moveFar(r, { reference, how, old, value: quick, made, hard }, units, local),
      made.set(or(and(w.get, ~units.line), and(shiftDown(quick.get, units.lineShift), units.line))),
    ),
    fieldTo(reference, is.DATA_WORD, quick.get),
    store(field(reference, is.DATA_STORE_SLOT), 0, or(made.get, 1)),
    store(slot.get, 0, made.get),
    changed.set(or(changed.get, xor(made.get, w.get))),
    increase(reference, 4 * is.DATA_FIELDS),
  );
  return all(
    hard.set(0),
    changed.set(0),
    reference.set(start.get),
    during(below(reference.get, end.get), each),
    goIf(done, less(faults.get, 0)),
    when(
      less(hard.get, 0),
      fieldTo(place, is.LINE_LENGTH, is.HARD),
      when(changed.get, all(fieldTo(place, is.LINE_LENGTH, is.STALE), ifChanged)),
    ),
  );
}

/** The move of one reference, whatever it is: its word `made` and the placed word `value`. */
function moveFar(
  { near, start, faults, ids, lastPage }: Registers,
  {
    reference,
    how,
    old,
    value,
    made,
    hard,
  }: Readonly<Record<'reference' | 'how' | 'old' | 'value' | 'made' | 'hard', Local>>,
  { bits, pageBits }: Units,
  local: () => Local,
): Code {
  const [oldPage, page, unit, lastUnit, beside, wrong] = [
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
  ];
  const [at, shift, part, kind] = [local(), local(), local(), local()];
  const REPEAT_WORD = 4 * MOVE_REPEAT;
  const REPEAT_PAGE = 4 * (is.PAGE_MOVES + MOVE_REPEAT);
  const unitOf = (placed: Code): Code => shiftDown(and(placed, PLACE_FIELD), OFFSET_SHIFT);

  const numbered = all(
    at.set(state(is.PAGE_AT)),
    shift.set(0),
    page.set(0),
    again(
      all(
        part.set(loadByte(at.get)),
        increase(at, 1),
        page.set(or(page.get, shiftLeft(and(part.get, 127), shift.get))),
        increase(shift, 7),
      ),
      and(less(shift.get, 35), shiftDown(part.get, 7)),
    ),
    stateTo(is.PAGE_AT, at.get),
  );
  const toPlace = all(
    beside.set(choose(equal(reference.get, start.get), near.get, sub(reference.get, 4 * is.DATA_FIELDS))),
    page.set(choose(equal(how.get, MOVE_PAGE), oldPage.get, field(beside, is.DATA_PAGE))),
    when(equal(how.get, MOVE_ANYWHERE), numbered),
    when(
      notLess(how.get, MOVE_BESIDE_FIRST),
      unit.set(add(unitOf(field(beside, is.DATA_WORD)), sub(how.get, MOVE_BESIDE))),
      all(at.set(state(is.PLACE_AT)), unit.set(loadTwoBytes(at.get)), stateTo(is.PLACE_AT, add(at.get, 2))),
    ),
    value.set(or(and(old.get, ~PLACE_FIELD), shiftLeft(unit.get, OFFSET_SHIFT))),
  );
  const irregular = all(
    when(
      equal(how.get, MOVE_SWAP),
      all(value.set(add(old.get, state(is.SWAP_WORD))), page.set(add(oldPage.get, state(is.SWAP_PAGE)))),
      toPlace,
    ),
    stateTo(is.SWAP_WORD, load(0, REPEAT_WORD)),
    stateTo(is.SWAP_PAGE, load(0, REPEAT_PAGE)),
    store(0, REPEAT_WORD, sub(value.get, old.get)),
    store(0, REPEAT_PAGE, sub(page.get, oldPage.get)),
    store(
      0,
      4 * (is.QUICK_MOVES + MOVE_REPEAT),
      choose(equal(page.get, oldPage.get), sub(value.get, old.get), is.NOT_QUICK),
    ),
  );
  return all(
    oldPage.set(field(reference, is.DATA_PAGE)),
    when(
      less(how.get, MOVE_SPECIAL),
      all(
        value.set(add(old.get, load(shiftLeft(how.get, 2)))),
        page.set(add(oldPage.get, load(shiftLeft(how.get, 2), 4 * is.PAGE_MOVES))),
      ),
      irregular,
    ),
    fieldTo(reference, is.DATA_PAGE, page.get),
    unit.set(unitOf(value.get)),
    lastUnit.set(sub(add(unit.get, shiftDown(value.get, SIZE_SHIFT)), 1)),
    wrong.set(and(xor(value.get, old.get), ~PLACE_FIELD)),
    faults.set(
      or(
        or(faults.get, or(page.get, sub(lastPage.get, page.get))),
        or(sub(PAGE_UNITS - 1, lastUnit.get), or(wrong.get, sub(0, wrong.get))),
      ),
    ),
    kind.set(and(value.get, 3)),
    made.set(
      or(
        shiftLeft(or(shiftLeft(idOf(ids, page, lastPage), pageBits), shiftDown(unit.get, bits)), 2),
        equal(kind.get, STORE),
      ),
    ),
    // Not known where there are several lines; negative around the caches.
    made.set(or(made.get, sub(0, differ(shiftDown(lastUnit.get, bits), shiftDown(unit.get, bits))))),
    hard.set(or(hard.get, made.get)),
  );
}
