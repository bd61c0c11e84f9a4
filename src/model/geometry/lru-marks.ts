/**
 * A list of lines, the most recently used first, that knows which of some sizes each line is within: what fully
 * associative LRU caches of these sizes hold, without positions. At each size there is a mark on the last line
 * within; a line that moves to the front pushes one line over each mark that it came from behind.
 */
import { wider } from '../hardware/pages.ts';

export interface LruMarks {
  /**
   * Uses a line, by a number from 0 that is the next one if the line is new: how many of the sizes, from the least on,
   * were too small to have it. All of them if it is new.
   */
  use(line: number): number;
}

/** `sizes`: in lines, ascending, from 1. */
export function createLruMarks(sizes: readonly number[]): LruMarks {
  const many = sizes.length;
  let before = new Int32Array(1024);
  let after = new Int32Array(1024);
  /** How many of the sizes the line is outside of. */
  let outside = new Int32Array(1024);
  const marks = new Int32Array(many).fill(-1);
  let first = -1;
  let last = -1;
  let length = 0;

  const toFront = (line: number): void => {
    before[line] = -1;
    after[line] = first;
    if (first >= 0) before[first] = line;
    first = line;
    if (last < 0) last = line;
    outside[line] = 0;
  };

  const takeOut = (line: number): void => {
    const previous = before[line]!;
    const next = after[line]!;
    after[previous] = next;
    if (next >= 0) before[next] = previous;
    else last = previous;
  };

  return {
    use: (line) => {
      if (line === first) return 0;
      const isNew = line === length;
      let from = many;
      if (isNew) {
        length++;
        if (line >= before.length) {
          before = wider(before, line);
          after = wider(after, line);
          outside = wider(outside, line);
        }
      } else {
        from = outside[line]!;
        if (from < many && marks[from] === line) marks[from] = before[line]!;
        takeOut(line);
      }
      toFront(line);
      for (let at = 0; at < from; at++) {
        const mark = marks[at]!;
        if (mark >= 0) {
          outside[mark] = at + 1;
          marks[at] = before[mark]!;
        } else if (length === sizes[at]) marks[at] = last;
      }
      return from;
    },
  };
}
