import type { ResolvedPrices } from '../systems/resolve.ts';
import type { Tally } from '../tally.ts';
import type { CompiledRows } from './compiled-rows.ts';
import type { Delays } from './contention.ts';
import { splitter } from './queueing/exact-sums.ts';
import { BLOCKING_KINDS } from './queueing/traffic.ts';
import { postedOf } from './stalls.ts';
import { wholePs } from './whole.ts';

const KINDS = BLOCKING_KINDS.length;

/** What delays come to in whole picoseconds. */
export interface Spread {
  /** By stall: distance. */
  readonly hop_ps: Float64Array;
  /** By row: queueing. */
  readonly queueing_ps: Float64Array;
  /** By kind, of all CPUs, and waiting for the buffer of posted messages. */
  readonly queued_ps: Float64Array;
  buffered_ps: number;
}

/**
 * Spreads the delays of each CPU over its rows, in proportion to their misses of that kind (waiting for the
 * buffer: to what they posted). The answer is overwritten by the next call.
 */
export function spreadOf(
  tally: Tally,
  { stalls, queueing }: CompiledRows,
): (delays: Delays | null, prices: ResolvedPrices) => Spread {
  const spread: Spread = {
    hop_ps: new Float64Array(stalls.count.length),
    queueing_ps: new Float64Array(tally.rows.length),
    queued_ps: new Float64Array(KINDS),
    buffered_ps: 0,
  };
  if (queueing.length === 0) return () => spread;
  /** Misses by [cpu × kinds + kind], in the order of the rows. */
  const cells = Array.from({ length: tally.cpus * KINDS }, (): number[] => []);
  stalls.row.forEach((row, stall) => {
    const kind = stalls.kind[stall]!;
    if (kind >= 0) cells[tally.rows[row]!.cpu * KINDS + kind]!.push(stall);
  });
  const misses = cells.map((list) => ({
    stalls: Int32Array.from(list),
    split: splitter(list.map((stall) => stalls.count[stall]!)),
  }));
  const posted = Array.from({ length: tally.cpus }, (_, cpu) => {
    const rows = tally.rows.flatMap((row, at) => (row.cpu === cpu ? [at] : []));
    return { rows, split: splitter(rows.map((row) => postedOf(tally.rows[row]!))) };
  });

  return (delays, prices) => {
    const { hop_ps, queueing_ps, queued_ps } = spread;
    hop_ps.fill(0);
    queueing_ps.fill(0);
    queued_ps.fill(0);
    spread.buffered_ps = 0;
    if (delays === null) return spread;
    for (let cell = 0; cell < misses.length; cell++) {
      const far = wholePs(delays.hops[cell]! * prices.hop_ns);
      const waited = wholePs(delays.queueing_ns[cell]!);
      if (far === 0 && waited === 0) continue;
      const { stalls: list, split } = misses[cell]!;
      if (list.length === 0)
        throw new RangeError(
          `CPU ${Math.floor(cell / KINDS)} has messages of kind ${BLOCKING_KINDS[cell % KINDS]} in its windows ` +
            'and no such miss in its rows',
        );
      if (far !== 0) {
        const parts = split(far);
        for (let i = 0; i < list.length; i++) hop_ps[list[i]!]! += parts[i]!;
      }
      if (waited !== 0) {
        const parts = split(waited);
        for (let i = 0; i < list.length; i++) queueing_ps[stalls.row[list[i]!]!]! += parts[i]!;
      }
      queued_ps[cell % KINDS]! += waited;
    }
    for (const [cpu, { rows, split }] of posted.entries()) {
      const buffer = wholePs(delays.buffer_ns[cpu]!);
      if (buffer === 0) continue;
      spread.buffered_ps += buffer;
      const parts = split(buffer);
      for (let i = 0; i < rows.length; i++) queueing_ps[rows[i]!]! += parts[i]!;
    }
    return spread;
  };
}
