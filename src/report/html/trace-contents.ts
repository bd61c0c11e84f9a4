import type { Facts } from '../facts.ts';
import { changeContent, fileOf, groupContents, timeContent } from './contents.ts';
import type { FigureContent } from './figure.ts';
import { numaContents } from './numa.ts';

/**
 * The figures of a trace that its facts alone are enough for. The script that prices anew makes them, too: so a page
 * that has it need not hold their specifications.
 */
export const traceContents = (facts: Facts, id: string): FigureContent[] => [
  timeContent(facts, id),
  ...facts.others.map((run, i) => changeContent(facts, run, id, i)),
  ...numaContents(facts, id, fileOf(facts)),
  ...groupContents(facts, id),
];
