import { increase, load as loadWord, until } from '../../../../trace/wasm/code.ts';
import { add, mul } from '../../../../trace/wasm/doubles.ts';
import type { Definition } from '../../../../trace/wasm/module.ts';
import { load, store } from '../../../../trace/wasm/vectors.ts';
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
          increase(entry, ENTRY_BYTES),
        ),
        store(into.get, 0, sum.get),
        increase(into, PAIR),
        increase(ends, 4),
      ),
    ];
  },
};

export const FUNCTIONS = { price, guess, before, sums, saturate, work, wait, collect } as const;

/** Arguments are addresses, then numbers. */
export interface Kernel {
  readonly price: (station: number, end: number, visits: number) => void;
  readonly guess: (
    station: number,
    end: number,
    people: number,
    peopleEnd: number,
    most: number,
    limit: number,
  ) => void;
  readonly before: (people: number, peopleEnd: number) => void;
  readonly sums: (station: number, end: number, loads: number) => void;
  readonly saturate: (loads: number, loadsEnd: number, regularity: number) => void;
  readonly work: (station: number, end: number, loads: number, entry: number, least: number) => void;
  readonly wait: (
    station: number,
    end: number,
    people: number,
    peopleEnd: number,
    loads: number,
    entries: number,
  ) => number;
  readonly collect: (entry: number, ends: number, endsEnd: number, into: number) => void;
}
