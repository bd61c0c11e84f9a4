import type { ResolvedPrices } from '../model/systems/resolve.ts';
import { InputError } from '../trace/errors.ts';
import { type PriceRange, priceAt, type UncertainSystem } from './uncertainty-ranges.ts';

/**
 * Straight lines in prices. Where nothing queues, time is counts × prices: a straight line in each price, and in the cycle with each price that is
 * counted in cycles. The counts of a time are found by pricing with one price at a time; a sample is then a few
 * products for each. Breakdowns round each part to a picosecond and this rounds each category, so the two differ by less
 * than a picosecond for each part.
 */

type Name = keyof ResolvedPrices;

/** A price that moves, and what a unit of it adds to each time in ps: as it is, and for each ns of the cycle. */
interface Term {
  /** Index of its range. */
  readonly range: number;
  readonly plain: Float64Array;
  readonly perCycle: Float64Array;
}

/** Some times of a system, in ps, as lines in prices. */
export interface Lines {
  /** Ranges that move anything. */
  readonly ranges: readonly number[];
  /** Times of which there is anything. */
  readonly some: readonly number[];
  /**
   * Prices samples: `shares[range][sample]` is where each is in its range. Writes `into[time][at + sample]`, not
   * rounded.
   */
  readonly fill: (shares: readonly Float64Array[], count: number, into: readonly Float64Array[]) => void;
}

/** Times in ps with some prices other than they are; always as many. Overwritten by the next call. */
export type TimesAt = (some: Partial<Record<Name, number>>) => Float64Array;

const CYCLE: Name = 'cycle_ns';
/** Prices are taken so many times to find their counts, so that rounding to picoseconds is as much less. */
const TIMES = 64;

/** Some times of a system as lines; null where they are none, or too long. */
export function linesOf(
  given: UncertainSystem,
  ranges: readonly PriceRange[],
  timesAt: TimesAt,
): Lines | null {
  const at: TimesAt = (some) => timesAt(some).slice();
  try {
    const lines = findLines(given, at, ranges);
    return [0, 1, 0.3].every((share) => agrees(lines, given, at, ranges, share)) ? lines : null;
  } catch (error) {
    // So long a time does not fit; nor may that of the samples.
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** Parts of a breakdown, each rounded once: at most so many for each row. */
const roundingOf = ({ rows }: UncertainSystem['tally']): number => 8 * rows.length;

function findLines({ prices, tally }: UncertainSystem, at: TimesAt, ranges: readonly PriceRange[]): Lines {
  const nothing: Partial<Record<Name, number>> = Object.fromEntries(ranges.map(({ name }) => [name, 0]));
  const cycleRange = ranges.findIndex(({ name }) => name === CYCLE);
  // A cycle that does not move is a constant like any other.
  const cycle = cycleRange < 0 ? 0 : priceAt(ranges[cycleRange]!, prices, 1);
  const fixed = at(nothing);
  const ticking = cycle > 0 ? at({ ...nothing, [CYCLE]: cycle }) : fixed;
  const perCycle = (list: Float64Array): Float64Array => list.map((ps) => (cycle > 0 ? ps / cycle : 0));
  const fixedPerCycle = perCycle(ticking.map((ps, k) => ps - fixed[k]!));
  const terms = ranges.flatMap((range, index): Term[] => {
    const much = TIMES * priceAt(range, prices, 1);
    if (range.name === CYCLE || much === 0) return [];
    const moved = at({ ...nothing, [range.name]: much });
    const both = at({ ...nothing, [range.name]: much, ...(cycle > 0 && { [CYCLE]: cycle }) });
    const counted = (ps: number): number => (Math.abs(ps) <= roundingOf(tally) ? 0 : ps / much);
    const plain = moved.map((ps, k) => counted(ps - fixed[k]!));
    const more = perCycle(both.map((ps, k) => counted(ps - moved[k]! - (ticking[k]! - fixed[k]!))));
    return plain.some((each) => each !== 0) || more.some((each) => each !== 0)
      ? [{ range: index, plain, perCycle: more }]
      : [];
  });
  const lists = [fixed, fixedPerCycle, ...terms.flatMap((term) => [term.plain, term.perCycle])];
  const times = [...fixed.keys()].filter((k) => lists.some((list) => list[k] !== 0));
  const ticks = Array.from(fixed, () => new Float64Array(0));
  const used = terms.map((term) => term.range);
  return {
    ranges: cycleRange < 0 ? used : [...used, cycleRange],
    some: times,
    fill: (shares, count, into) => {
      for (const k of times) {
        if (ticks[k]!.length < count) ticks[k] = new Float64Array(count);
        into[k]!.fill(fixed[k]!, 0, count);
        ticks[k]!.fill(fixedPerCycle[k]!, 0, count);
      }
      for (const { range, plain, perCycle } of terms) {
        const [low, high] = [priceAt(ranges[range]!, prices, 0), priceAt(ranges[range]!, prices, 1)];
        for (const k of times) {
          addLine(plain[k]!, low, high - low, shares[range]!, count, into[k]!);
          addLine(perCycle[k]!, low, high - low, shares[range]!, count, ticks[k]!);
        }
      }
      if (cycleRange < 0) return;
      const [low, high] = [priceAt(ranges[cycleRange]!, prices, 0), cycle];
      for (const k of times) addTimes(low, high - low, shares[cycleRange]!, count, ticks[k]!, into[k]!);
    },
  };
}

/** Adds so much for each unit of a price. */
function addLine(
  each: number,
  low: number,
  width: number,
  shares: Float64Array,
  count: number,
  into: Float64Array,
): void {
  if (each === 0) return;
  const [first, slope] = [each * low, each * width];
  for (let i = 0; i < count; i++) into[i]! += first + slope * shares[i]!;
}

/** Adds what there is for each ns of a cycle. */
function addTimes(
  low: number,
  width: number,
  shares: Float64Array,
  count: number,
  each: Float64Array,
  into: Float64Array,
): void {
  for (let i = 0; i < count; i++) into[i]! += (low + width * shares[i]!) * each[i]!;
}

/** Whether the lines are at the times with all prices at the same share of their ranges, but for rounding. */
function agrees(
  lines: Lines,
  { tally, prices }: UncertainSystem,
  at: TimesAt,
  ranges: readonly PriceRange[],
  share: number,
): boolean {
  const exact = at(Object.fromEntries(ranges.map((range) => [range.name, priceAt(range, prices, share)])));
  const found = Array.from(exact, () => new Float64Array(1));
  lines.fill(
    ranges.map(() => Float64Array.of(share)),
    1,
    found,
  );
  return found.every(([ps], k) => Math.abs(ps! - exact[k]!) <= roundingOf(tally));
}
