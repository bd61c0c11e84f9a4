/**
 * L2 sizes by sampling: fixed-rate SHARDS (Waldspurger, Park, Garthwaite and Ahmad, FAST 2015). Only lines whose hash
 * is below the rate are followed, all their accesses are, and a distance among them stands for 1 ⁄ rate as many lines.
 * What comes out is an *estimate* of the miss ratio of a fully associative LRU cache, with a bound, never a tally: for
 * L1s and TLBs, which have too few lines for a sample, it is refused.
 *
 * Estimate: sampled misses ÷ (rate × all accesses). All accesses are known, so that hot lines that are in the sample
 * by chance do not count (SHARDS-adj in that paper).
 *
 * Bound, 95 %, from two sources:
 * - which lines were sampled. Lines fall into 32 groups by other bits of the hash, and misses scatter over groups by
 *   chance: their variance, times groups and 1 − rate, is that of the sum (Student's t with 31 degrees of freedom).
 * - how many sampled lines stand for a cache. Of n lines, n × rate are sampled, give or take √(n × rate × (1 − rate)):
 *   the estimate is made for caches by two of these larger and smaller as well, and the bound has both.
 * It is about the sample alone. What a cache of few ways does besides is not in it.
 */
import { InputError } from '../../trace/errors.ts';
import type { Trace, TraceSummary } from '../../trace/types.ts';
import { type MakeReplay, type ReplayOptions, replayGroup } from '../compare.ts';
import { wordLayout } from '../hardware/kernel.ts';
import type { Pages } from '../hardware/pages.ts';
import { cachesAlone } from '../lines.ts';
import { createReplay } from '../replay.ts';
import { systemFor } from '../systems/resolve.ts';
import type { System } from '../systems/schema.ts';
import { createGeometryKernel, type Hierarchy } from './front.ts';
import { createL1s, type L2Accesses } from './l1s.ts';
import { createLruMarks } from './lru-marks.ts';
import { whyNot } from './plan.ts';
import { createRowCounts } from './rows.ts';
import { WRITEBACK } from './stacks.ts';

export interface SampleRequest {
  /** Whose values `sizes` are: `machine.l2.size`. Any other is refused. */
  readonly path: string;
  /** Bytes; each at least 8 lines of the sample. */
  readonly sizes: readonly number[];
  /** Part of all lines that is followed: 0.01 to 1. */
  readonly rate: number;
  /** Which lines these are. */
  readonly seed: number;
}

/** The miss ratio of one size, with its 95 % bound: misses of fetches, loads and stores ÷ accesses of the L2 by them. */
export interface SizeEstimate {
  readonly size: number;
  readonly missRatio: number;
  readonly low: number;
  readonly high: number;
}

export interface SampledL2 {
  readonly kind: 'estimate';
  /** What is estimated, whatever the system's ways. */
  readonly model: 'fully associative LRU';
  readonly rate: number;
  readonly seed: number;
  /** Accesses of the L2 by fetches, loads and stores: an exact count. */
  readonly accesses: number;
  readonly sampledAccesses: number;
  readonly sampledLines: number;
  readonly estimates: readonly SizeEstimate[];
}

const GROUPS = 32;
/** Student's t, 31 degrees of freedom, 0.975. */
const T_QUANTILE = 2.04;
/** Standard deviations of a cache's size in sampled lines. */
const SPREAD = 2;
/** Below this rate, and below so many sampled lines, bounds are too wide to be of use (docs/one-pass.md has figures). */
const LEAST_RATE = 0.01;
const LEAST_LINES = 8;

/**
 * Estimates the miss ratios of L2 sizes below the L1s of a system by following a part of the lines. Errors: InputError
 * for what cannot be sampled, else those of `replayAll`.
 */
export async function sampleL2(
  trace: Trace,
  summary: TraceSummary,
  given: System,
  request: SampleRequest,
  options: ReplayOptions,
): Promise<SampledL2> {
  const system = systemFor(given, trace.header);
  const { rate, seed } = request;
  const sizesInLines = check(system, trace, request);
  const thresholds = sizesInLines.flatMap((lines) => {
    const sampled = lines * rate;
    const spread = SPREAD * Math.sqrt(sampled * (1 - rate));
    return [sampled - spread, sampled, sampled + spread].map((n) => Math.max(1, Math.round(n)));
  });
  const sampler = createSampler(system, thresholds, rate, seed);
  const make: MakeReplay = (of, ...rest) => {
    const rows = createRowCounts();
    const replay = createReplay(of, ...rest, (kernelOptions) => {
      const accesses = sampler.accesses(kernelOptions.pages);
      const hierarchy = above(of, accesses, rows);
      return createGeometryKernel(kernelOptions, rows, () => hierarchy, !cachesAlone(of));
    });
    return {
      ...replay,
      clear: (instructions) => {
        replay.clear(instructions);
        sampler.clear();
      },
    };
  };
  await replayGroup({ trace, schedule: null }, summary, [system], options, make);
  const counts = sampler.counts();
  return {
    kind: 'estimate',
    model: 'fully associative LRU',
    rate,
    seed,
    accesses: counts.accesses,
    sampledAccesses: counts.sampledAccesses,
    sampledLines: counts.sampledLines,
    estimates: request.sizes.map((size, at) => {
      const all = Math.max(1, counts.accesses) * rate;
      const ratio = (misses: number): number => Math.min(1, Math.max(0, misses / all));
      const [less, exactly, more] = [0, 1, 2].map((i) => counts.misses(thresholds[3 * at + i]!));
      const error = T_QUANTILE * scatter(exactly!) * Math.sqrt(1 - rate);
      return {
        size,
        missRatio: ratio(sum(exactly!)),
        low: ratio(sum(more!) - error),
        high: ratio(sum(less!) + error),
      };
    }),
  };
}

const sum = (groups: readonly number[]): number => groups.reduce((total, n) => total + n, 0);

/** Standard deviation of the sum of so many equally distributed numbers, from their scatter. */
function scatter(groups: readonly number[]): number {
  const mean = sum(groups) / groups.length;
  const squares = sum(groups.map((n) => (n - mean) ** 2));
  return Math.sqrt((groups.length / (groups.length - 1)) * squares);
}

/** The sizes in lines. */
function check(system: System, trace: Trace, { path, sizes, rate }: SampleRequest): number[] {
  const { machine, name } = system;
  if (path !== 'machine.l2.size')
    throw new InputError(
      `${path} cannot be sampled: SHARDS is for machine.l2.size alone (an L1 or a TLB has too few lines for a sample); replay it`,
    );
  if (!(rate >= LEAST_RATE && rate <= 1))
    throw new InputError(`sampling rate ${rate}: must be from ${LEAST_RATE} to 1`);
  if (machine.l2 === null)
    throw new InputError(`system ${name} has no L2 whose sizes could be sampled: set machine.l2`);
  const reason =
    machine.counting === 'cachegrind'
      ? 'cachegrind’s rule counts two lines as one access, of which a sample may have one'
      : machine.l2.inclusive && machine.l1d !== null
        ? 'its L2 is inclusive: what leaves it leaves the L1s, whose misses then depend on its size'
        : whyNot(system, trace.header);
  if (reason !== null) throw new InputError(`system ${name} cannot be sampled: ${reason}; replay it`);
  const { line } = machine.l2;
  return sizes.map((size) => {
    const lines = size / line;
    if (!(lines * rate >= LEAST_LINES))
      throw new InputError(
        `an L2 of ${size} bytes is too small for a sampling rate of ${rate}: that needs at least ` +
          `${Math.ceil(LEAST_LINES / rate) * line} bytes; use a higher rate, or replay it`,
      );
    return lines;
  });
}

/** What is above the L2. */
function above(system: System, below: L2Accesses, rows: ReturnType<typeof createRowCounts>): Hierarchy {
  const { machine } = system;
  const rest = { write: () => {}, dirtyLines: () => ({ l1: 0, l2: 0 }) };
  if (machine.l1d !== null)
    return { ...createL1s(machine, below, wordLayout(machine), rows), unified: false, ...rest };
  return {
    fewestSets: 1,
    unified: true,
    access: (word, line) => below.access(line, (word & 2) !== 0 ? 0 : 1 + (word & 1), word & 1),
    accessSpan: () => {},
    ...rest,
  };
}

/** Spreads 32-bit numbers evenly (the last steps of MurmurHash3, Appleby 2011). */
function mixed(n: number): number {
  let h = n;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function createSampler({ machine }: System, thresholds: readonly number[], rate: number, seed: number) {
  const sizes = [...new Set(thresholds)].sort((a, b) => a - b);
  const lru = createLruMarks(sizes);
  const pageShift = 12 - (31 - Math.clz32(machine.l2!.line));
  const limit = rate * 2 ** 32;
  const numbers = new Map<number, number>();
  /** By group: accesses that so many of the sizes were too small for. */
  const outside = new Float64Array(GROUPS * (sizes.length + 1));
  let accesses = 0;
  let sampledAccesses = 0;

  return {
    accesses: (pages: Pages): L2Accesses => {
      const access = (line: number, kind: number): void => {
        if (kind !== WRITEBACK) accesses++;
        const page = pages.physicalPage[line >>> pageShift]!;
        // By the page's own number, which is the same whatever else is replayed.
        const hash = mixed(
          mixed(mixed(seed ^ (page % 2 ** 32)) ^ Math.floor(page / 2 ** 32)) +
            (line & ((1 << pageShift) - 1)),
        );
        if (hash >= limit) return;
        let number = numbers.get(line);
        if (number === undefined) {
          number = numbers.size;
          numbers.set(line, number);
        }
        const missed = lru.use(number);
        if (kind === WRITEBACK) return;
        sampledAccesses++;
        outside[(hash % GROUPS) * (sizes.length + 1) + missed]!++;
      };
      return { access, defer: () => {}, settle: () => {} };
    },
    clear: () => {
      outside.fill(0);
      accesses = 0;
      sampledAccesses = 0;
    },
    counts: () => ({
      accesses,
      sampledAccesses,
      sampledLines: numbers.size,
      /** Misses of a cache of so many sampled lines, by group. */
      misses: (size: number): number[] => {
        const at = sizes.indexOf(size);
        return Array.from({ length: GROUPS }, (_, group) => {
          const start = group * (sizes.length + 1);
          return sum([...outside.subarray(start + at + 1, start + sizes.length + 1)]);
        });
      },
    }),
  };
}
