/** The loop of lines, from one segment to the next: what `leaveRow` and `enterRow` do. */
import {
  add,
  all,
  and,
  type Code,
  increase,
  type Local,
  load,
  shiftDown,
  store,
  sub,
  when,
} from '../../wasm/code.ts';
import * as is from './layout.ts';
import { ROW_FIELDS } from './layout.ts';
import { field, type Registers, state, stateTo } from './run-state.ts';

/** Adds to a field of the row. */
const count = (row: Local, what: number, by: Code): Code =>
  store(row.get, 4 * what, add(load(row.get, 4 * what), by));

/** Leaves the row's segment and enters the next. */
export function changeSegment(
  { row, put, lastFetch, lastData, fetches, data, stop }: Registers,
  cached: Local,
): Code {
  const low = (counts: Code): Code => and(counts, 0xffff);
  const high = (counts: Code): Code => shiftDown(counts, 16);
  const gone = state(is.GONE);
  return all(
    when(
      and(field(row, is.ROW_FLAGS), is.ASIDE),
      all(
        put.set(state(is.PUT_BEFORE)),
        lastFetch.set(state(is.FETCH_BEFORE)),
        lastData.set(state(is.DATA_BEFORE_IT)),
      ),
      all(
        cached.set(sub(data.get, gone)),
        count(row, is.ROW_ACCESSES, fetches.get),
        count(row, is.ROW_ACCESSES + 1, add(low(cached.get), state(is.MORE_LOADS))),
        count(row, is.ROW_ACCESSES + 2, add(high(cached.get), state(is.MORE_STORES))),
        count(row, is.ROW_ACCESSES + 3, add(low(gone), high(gone))),
      ),
    ),
    store(row.get, 4 * is.ROW_WORDS, put.get),
    increase(row, 4 * ROW_FIELDS),
    stop.set(field(row, is.ROW_END)),
    when(and(field(row, is.ROW_FLAGS), is.ELSEWHERE), all(lastFetch.set(-1), lastData.set(-1))),
    stateTo(is.PUT_BEFORE, put.get),
    stateTo(is.FETCH_BEFORE, lastFetch.get),
    stateTo(is.DATA_BEFORE_IT, lastData.get),
    fetches.set(0),
    data.set(0),
    stateTo(is.GONE, 0),
    stateTo(is.MORE_LOADS, 0),
    stateTo(is.MORE_STORES, 0),
  );
}
