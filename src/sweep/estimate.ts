import type { Layout } from './laid.ts';
import { familiesOf, passCost } from './replays.ts';
import type { Work } from './run.ts';

/** What a sweep will take, said before it starts. */

/**
 * Records that one replay takes in a second, and price points: orders of magnitude of a laptop, so that nobody waits
 * for days who expected minutes. What a machine does more is measured while it works.
 */
const RECORDS_PER_SECOND = 20e6;
const POINTS_PER_SECOND = 30e3;

/** One line. `records`: by trace, of those whose length is known. */
export function announce(layout: Layout, work: Work, records: readonly (number | null)[]): string {
  const { traces, cells, units } = layout;
  const rows = units.reduce((sum, unit) => sum + unit.cells.length, 0);
  const points = work.units.reduce((sum, unit) => sum + unit.cells.length, 0);
  const left = work.units.length < new Set(units.map(({ id }) => id)).size;
  const said = [
    `${plural(cells.count, 'cell')}${traces.length > 1 ? ` on each of ${traces.length} traces` : ''}`,
    plural(rows, 'row'),
    `${left ? 'to do: ' : ''}${plural(work.structures.length, 'replay')}`,
    plural(points, 'price point'),
  ];
  const known = work.structures.every((at) => records[layout.structures[at]!.trace] !== null);
  const time = known ? timeOf(layout, work, records) : 'the trace has to be read before the time is known';
  return `${said.join(', ')}; ${time}`;
}

/** Seconds, about, of one process: all replays and prices of traces with so many records. */
export function secondsOf(layout: Layout, work: Work, records: readonly (number | null)[]): number {
  const replayed = layout.traces.reduce((sum, { header }, trace) => {
    const systems = work.structures.flatMap((at) => {
      const structure = layout.structures[at]!;
      return structure.trace === trace ? [structure.system] : [];
    });
    const { families, singles } = familiesOf(systems, header);
    const replays = families.reduce((cost, { length }) => cost + passCost(length), singles.length);
    return sum + replays * (records[trace] ?? 0);
  }, 0);
  const points = work.units.reduce((sum, unit) => sum + unit.cells.length, 0);
  return replayed / RECORDS_PER_SECOND + points / POINTS_PER_SECOND;
}

/** `about 3 minutes`: the same in words. */
export const timeOf = (layout: Layout, work: Work, records: readonly (number | null)[]): string =>
  inWords(secondsOf(layout, work, records));

const plural = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

const SCALES = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** `about 3 minutes`. */
export function inWords(seconds: number): string {
  if (seconds < 1) return 'less than a second';
  const [unit, scale] = SCALES.find(([, length]) => seconds >= 1.5 * length) ?? ['second', 1];
  return `about ${plural(Math.round(seconds / scale), unit)}`;
}
