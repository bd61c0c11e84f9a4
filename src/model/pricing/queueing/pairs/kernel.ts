import { add, type Definition, load, loadWord, move, mul, store, until } from './assembler.ts';
import { ENTRY_BYTES, PAIR, WAIT, ZERO } from './cells.ts';
import { before, saturate, sums, wait, work } from './kernel-look.ts';
import { guess, price } from './kernel-start.ts';

/**
 * The loops of `cycles.ts` and `demands.ts` over cells, for two windows at a time: the same operations in the same order in
 * each lane, so that each window's numbers are those of its own solve, to the last bit. What they compute is said
 * there; the names are the same.
 */

/** Sums visits × waits of each target: `ends` has the address after its last entry. */
const collect: Definition = {
  params: ['i32', 'i32', 'i32', 'i32'],
  result: null,
  body: (local, entry, ends, endsEnd, into) => {
    const [end, sum] = [local('i32'), local('f64x2')];
    return [
      until(
        ends,
        endsEnd.get,
        end.set(loadWord(ends.get)),
        sum.set(ZERO),
        until(
          entry,
          end.get,
          sum.set(add(sum.get, mul(load(entry.get, PAIR), load(loadWord(entry.get), WAIT)))),
          move(entry, ENTRY_BYTES),
        ),
        store(into.get, 0, sum.get),
        move(into, PAIR),
        move(ends, 4),
      ),
    ];
  },
};

export const FUNCTIONS = { price, guess, before, sums, saturate, work, wait, collect } as const;
