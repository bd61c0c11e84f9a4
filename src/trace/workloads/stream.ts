import { type AliasTable, aliasTable } from './alias.ts';
import type { Instance } from './layout.ts';
import { createPlace, type Place, type Tables } from './places.ts';
import type { RandomState } from './random.ts';
import type { WorkSpec } from './schema-work.ts';

/** Entry kinds: those of references, and an update: a load now, and a store to the same with the next operand. */
export const UPDATE = 3;

/**
 * One piece of work of one thread, with its state: where its instructions are, when the next operand is due,
 * which places its operands come from. `runner.ts` makes references of it.
 */
export interface Stream {
  readonly random: RandomState;
  /** First flat page of the text region; window of it that is executed, in bytes. */
  readonly codePage: number;
  readonly codeFrom: number;
  readonly codeEnd: number;
  pc: number;
  /** Where the current run began and how long it is, for loops. */
  runFrom: number;
  runLength: number;
  /** Lengths to draw runs from, in instructions; empty: there are no branches. */
  readonly runs: Int32Array;
  readonly loop: number;
  readonly targets: Place | null;
  /** Instructions until the next branch and until the next operand. */
  toBranch: number;
  toData: number;
  /** Instructions from operand to operand, and the part of one that is owed. */
  readonly gap: number;
  owed: number;
  /** Which entry the next operand belongs to: drawn, or by turns. */
  readonly draw: AliasTable;
  readonly turns: Int32Array | null;
  turn: number;
  /** By entry: kind, operand bytes, place, first flat page, pages from one CPU's to the next one's. */
  readonly kinds: Int32Array;
  readonly sizes: Int32Array;
  readonly places: readonly Place[];
  readonly bases: Int32Array;
  readonly perCpu: Int32Array;
  /** Whether any entry differs by CPU. */
  readonly cpuBound: boolean;
  /** An operand that waits for its page, or the second half of an update: entry (−1: none), offset, kind. */
  waitEntry: number;
  waitOffset: number;
  waitKind: number;
  /** Whether the waiting operand is due at once (a page was missing), or at the next operand's time. */
  waitNow: boolean;
}

/** A region as one thread sees it. */
export interface RegionView {
  readonly instance: Instance;
  /** Flat pages from one CPU's to the next one's; 0: the same for all. */
  readonly perCpu: number;
  readonly salt: number;
}

export interface StreamOptions {
  readonly resolve: (region: string) => RegionView;
  readonly random: RandomState;
  readonly copy: number;
  readonly line: number;
  readonly seed: number;
  readonly tables: Tables;
}

/** Longest schedule of `order: turns`. */
const MOST_TURNS = 1024;
/** Quantiles of the run length. */
const RUN_TABLE = 1024;
export const NEVER = 0x3fffffff;

export function createStream(work: WorkSpec, options: StreamOptions): Stream {
  const { resolve, random, copy, line, seed, tables } = options;
  const code = resolve(work.code.region);
  const codeBytes = work.code.bytes ?? code.instance.bytes - work.code.from;
  const kinds: number[] = [];
  const sizes: number[] = [];
  const weights: number[] = [];
  const places: Place[] = [];
  const bases: number[] = [];
  const perCpu: number[] = [];
  for (const data of work.data) {
    const view = resolve(data.region);
    // Loads, stores and updates of one entry go on from each other in one place.
    const place = createPlace(data.place, {
      regionBytes: view.instance.bytes,
      operand: data.size,
      copy,
      line,
      seed,
      salt: view.salt,
      random,
      tables,
    });
    for (const [kind, weight] of [
      [1, data.load],
      [2, data.store],
      [UPDATE, data.update],
    ] as const) {
      if (weight === 0) continue;
      kinds.push(kind);
      sizes.push(data.size);
      weights.push(weight);
      places.push(place);
      bases.push(view.instance.first);
      perCpu.push(view.perCpu);
    }
  }
  const operands = work.data.reduce((sum, data) => sum + data.load + data.store + 2 * data.update, 0);
  const gap = operands === 0 ? NEVER : work.fetch / operands;
  const targets =
    work.code.run === undefined
      ? null
      : createPlace(work.code.targets, {
          regionBytes: codeBytes,
          operand: 4,
          copy,
          line,
          seed,
          salt: code.salt,
          random,
          tables,
        });
  return {
    random,
    codePage: code.instance.first,
    codeFrom: work.code.from,
    codeEnd: work.code.from + codeBytes,
    pc: work.code.from,
    runFrom: work.code.from,
    runLength: work.code.run === undefined ? 0 : Math.round(work.code.run),
    runs: work.code.run === undefined ? new Int32Array(0) : runLengths(work.code.run, tables),
    loop: work.code.loop * 4294967296,
    targets,
    toBranch: work.code.run === undefined ? NEVER : Math.round(work.code.run),
    toData: Math.max(1, Math.floor(gap)),
    gap,
    owed: gap - Math.max(1, Math.floor(gap)),
    draw: aliasTable(weights.length === 0 ? [1] : weights),
    turns: work.order === 'turns' && weights.length > 1 ? turns(weights) : null,
    turn: 0,
    kinds: Int32Array.from(kinds),
    sizes: Int32Array.from(sizes),
    places,
    bases: Int32Array.from(bases),
    perCpu: Int32Array.from(perCpu),
    cpuBound: perCpu.some((pages) => pages > 0),
    waitEntry: -1,
    waitOffset: 0,
    waitKind: 0,
    waitNow: false,
  };
}

/** Run lengths in equal parts of probability: geometric of this mean, at least 1. */
function runLengths(mean: number, tables: Tables): Int32Array {
  const key = `run ${mean}`;
  const known = tables.get(key) as Int32Array | undefined;
  if (known !== undefined) return known;
  const lengths = new Int32Array(RUN_TABLE);
  for (let i = 0; i < RUN_TABLE; i++) {
    const u = (i + 0.5) / RUN_TABLE;
    lengths[i] = mean === 1 ? 1 : 1 + Math.floor(Math.log(1 - u) / Math.log(1 - 1 / mean));
  }
  tables.set(key, lengths);
  return lengths;
}

/** A schedule in which every entry comes up as its weight says, as evenly as can be. */
function turns(weights: readonly number[]): Int32Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const least = Math.min(...weights);
  const length = Math.max(weights.length, Math.min(MOST_TURNS, Math.round(sum / least)));
  const credit = weights.map(() => 0);
  return Int32Array.from({ length }, () => {
    let best = 0;
    for (const [at, weight] of weights.entries()) {
      credit[at]! += weight;
      if (credit[at]! > credit[best]!) best = at;
    }
    credit[best]! -= sum;
    return best;
  });
}
