/**
 * The loop of the decoder of lines, as a WebAssembly module for one line size. It runs templates that lie within a
 * segment; `decode.ts` sees to what is not common.
 *
 * A run moves the template's data references, if any has moved, and then copies its words, which it keeps in a list
 * without repeats: only the first fetch and the first data may repeat what was before. Where no word has changed the
 * list is as it was.
 */
import {
  add,
  all,
  and,
  block,
  type Code,
  choose,
  equal,
  go,
  goIf,
  greater,
  increase,
  type Label,
  type Local,
  less,
  load,
  loadByte,
  loop,
  notBelow,
  notLess,
  or,
  shiftLeft,
  sub,
  when,
} from '../../wasm/code.ts';
import type { Definition } from '../../wasm/module.ts';
import { BLOCK_ID, BLOCK_OTHER } from '../layout.ts';
import * as is from './layout.ts';
import { moveAll } from './run-moves.ts';
import { changeSegment } from './run-segments.ts';
import { field, fieldTo, HELD, type Registers, state, stateTo, unitsOf } from './run-state.ts';
import { copyList, makeList, makeWords, takeWords } from './run-words.ts';

/**
 * Runs templates until the end of the segment at `lastRow`, or `room` is about the end of the words (both in bytes).
 * Ends with one that is odd or goes over the end of its segment, which is then current and must be run otherwise, or
 * where something is wrong (faults). There are `count` templates, and page ids at `ids`, to `lastPage`.
 */
export type LineRun = (lastRow: number, room: number, lastPage: number, count: number, ids: number) => void;

/** The loop. `bits`: log2 of the units of 8 bytes in a line. */
export const lineRun = (bits: number): Definition => ({
  params: ['i32', 'i32', 'i32', 'i32', 'i32'],
  result: null,
  body: (local, lastRow, room, lastPage, count, ids) => {
    const units = unitsOf(bits);
    const held = Object.fromEntries(Object.keys(HELD).map((name) => [name, local()])) as Readonly<
      Record<keyof typeof HELD, Local>
    >;
    const r: Registers = {
      ...held,
      stop: local(),
      faults: local(),
      ids,
      lastPage,
      start: local(),
      end: local(),
      list: local(),
    };
    const { at, row, put, stop, faults, start, end, list, near } = r;
    const [place, moved, exit, scratch] = [local(), local(), local(), local()];
    const step = (next: Label, done: Label): Code =>
      all(
        goIf(done, notLess(put.get, room.get)),
        when(
          equal(at.get, stop.get),
          all(goIf(done, equal(row.get, lastRow.get)), changeSegment(r, scratch), go(next)),
        ),
        choosePlace(r, { place, moved, code: local(), other: local(), count }, done),
        scratch.set(add(at.get, field(place, is.LINE_RECORDS))),
        when(greater(scratch.get, stop.get), all(exit.set(is.BY_THE_BOOK), go(done))),
        at.set(scratch.get),
        increase(r.fetches, field(place, is.LINE_FETCHES)),
        increase(r.data, field(place, is.LINE_DATA)),
        start.set(add(place.get, 4 * is.LINE_HEAD)),
        end.set(field(place, is.LINE_END)),
        list.set(field(place, is.LINE_LIST)),
        block((made) => {
          const straight = all(takeWords(r, place, local), go(made));
          const length = field(place, is.LINE_LENGTH);
          return all(
            when(moved.get, moveAll(r, place, units, done, straight, local)),
            when(
              less(length, 0),
              when(
                equal(length, is.STALE),
                makeList(r, place, local),
                all(makeWords(r, units, local), go(made)),
              ),
            ),
            copyList(r, place, local),
          );
        }),
        near.set(choose(equal(start.get, end.get), near.get, sub(end.get, 4 * is.DATA_FIELDS))),
        go(next),
      );
    const names = Object.keys(HELD) as (keyof typeof HELD)[];
    return [
      ...names.map((name) => held[name].set(state(HELD[name]))),
      stop.set(field(row, is.ROW_END)),
      block((done) => loop((next) => step(next, done))),
      ...names.map((name) => stateTo(HELD[name], held[name].get)),
      stateTo(is.FAULTS, faults.get),
      stateTo(is.EXIT, exit.get),
      stateTo(is.MOVED, moved.get),
    ];
  },
});

/** Reads which template comes next, as `nextTemplate` does, and makes it current. */
function choosePlace(
  { block: from, current, faults }: Registers,
  {
    place,
    moved,
    code,
    other,
    count,
  }: Readonly<Record<'place' | 'moved' | 'code' | 'other' | 'count', Local>>,
  done: Label,
): Code {
  const next = less(code.get, BLOCK_OTHER);
  const known = all(
    increase(from, 1),
    moved.set(and(code.get, 1)),
    fieldTo(current, is.LINE_OTHER, choose(next, other.get, place.get)),
    place.set(choose(next, place.get, other.get)),
  );
  const named = all(
    other.set(or(shiftLeft(sub(code.get, BLOCK_ID), 8), loadByte(from.get, 1))),
    increase(from, 2),
    moved.set(1),
    when(notBelow(other.get, count.get), all(faults.set(-1), go(done))),
    fieldTo(current, is.LINE_OTHER, place.get),
    place.set(load(shiftLeft(other.get, 2), 4 * is.PLACES_AT)),
  );
  return all(
    code.set(loadByte(from.get)),
    place.set(field(current, is.LINE_NEXT)),
    other.set(field(current, is.LINE_OTHER)),
    when(less(code.get, BLOCK_ID), known, named),
    fieldTo(current, is.LINE_NEXT, place.get),
    current.set(place.get),
  );
}
