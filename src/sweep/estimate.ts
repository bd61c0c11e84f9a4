import { withNodes } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import type { TraceHeader } from '../trace/types.ts';
import type { Layout } from './laid.ts';
import { familiesOf, passCost, replayCount } from './replays.ts';
import type { Work } from './run.ts';

/** What a sweep will take, said before it starts. */

/**
 * Records that one replay takes in a second, orders of magnitude of one core so that nobody waits for days who expected
 * minutes; what a machine does more is measured while it works. Recordings, most of whose references hit, go at 24 to 34
 * million (the shipped ones under irix, irix-numa and disco); described workloads of a million instructions, which touch
 * memory anew and whose caches several CPUs share, at 0.5 to 5 million.
 */
const RECORDED_PER_SECOND = 30e6;
const DESCRIBED_PER_SECOND = 2e6;

/**
 * Seconds of one thread for a price point without contention, and with it for each window, CPU and station that CPUs
 * meet at, of which there are about as many as CPUs. Measured at 140,000 to 270,000 points a second without; with, at
 * 24,000 of 2 CPUs and 3,400 of 8. Locks, or stations near saturation, take two to five times as long.
 */
const PLAIN_POINT_SECONDS = 5e-6;
const WINDOW_SECONDS = 0.1e-6;

/** Seconds of one thread to write a row. Measured: half to one and a half of these, machine by machine. */
const ROW_SECONDS = { json: 8e-6, csv: 8e-6, parquet: 12e-6 } as const;

/** Files of rows. */
export type RowFile = keyof typeof ROW_SECONDS;

/** Seconds to price one point of a system on so many CPUs. */
function pointSeconds({ machine }: System, cpus: number): number {
  const contended = machine.contention !== 'none' && (cpus > 1 || machine.nodes > 1);
  return PLAIN_POINT_SECONDS + (contended ? machine.contention_windows * cpus * cpus * WINDOW_SECONDS : 0);
}

/** One line. `records`: by trace, of those whose length is known. `files`: written when all is done. */
export function announce(
  layout: Layout,
  work: Work,
  records: readonly (number | null)[],
  files: readonly RowFile[] = [],
): string {
  const { traces, cells, units, structures } = layout;
  const rows = units.reduce((sum, unit) => sum + unit.cells.length, 0);
  const points = work.units.reduce((sum, unit) => sum + unit.cells.length, 0);
  const left = work.units.length < new Set(units.map(({ id }) => id)).size;
  const replays = traces.reduce(
    (sum, { header }, at) => sum + replayCount(systemsOf(layout, work, at), header),
    0,
  );
  const replayed =
    replays === work.structures.length
      ? plural(replays, 'replay')
      : `${plural(work.structures.length, 'structure')} in ${plural(replays, 'replay')}`;
  const said = [
    `${plural(cells.count, 'cell')}${traces.length > 1 ? ` on each of ${traces.length} traces` : ''}`,
    plural(rows, 'row'),
    `${left ? 'to do: ' : ''}${replayed}`,
    plural(points, 'price point'),
  ];
  const read = work.structures.every((at) => records[structures[at]!.trace] !== null);
  const written = files.reduce((sum, file) => sum + rows * ROW_SECONDS[file], 0);
  const time = read
    ? inWords(secondsOf(layout, work, records) + written)
    : 'the trace has to be read before the time is known';
  return `${said.join(', ')}; ${time}`;
}

/** What the work replays of a trace. */
const systemsOf = ({ structures }: Layout, work: Work, trace: number): System[] =>
  work.structures.flatMap((at) => (structures[at]!.trace === trace ? [structures[at]!.system] : []));

/** Seconds, about, of one process: all replays and prices of traces with so many records. */
export function secondsOf(layout: Layout, work: Work, records: readonly (number | null)[]): number {
  const replayed = layout.traces.reduce(
    (sum, { header }, trace) =>
      sum + replaySeconds(systemsOf(layout, work, trace), header, records[trace] ?? 0),
    0,
  );
  const priced = work.units.reduce((sum, { group, cells }) => {
    const { header } = layout.traces[group.trace]!;
    return sum + cells.length * pointSeconds(withNodes(group.system, header), header.cpus);
  }, 0);
  return replayed + priced;
}

/** Seconds, about, of one thread, to replay so many records with some structures. */
export function replaySeconds(systems: readonly System[], header: TraceHeader, records: number): number {
  const { families, singles } = familiesOf(systems, header);
  const replays = families.reduce((cost, { length }) => cost + passCost(length), singles.length);
  return (replays * records) / (header.format === 'workload' ? DESCRIBED_PER_SECOND : RECORDED_PER_SECOND);
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
