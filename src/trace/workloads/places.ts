import { type AliasTable, aliasTable, drawAlias } from './alias.ts';
import { createLruStack, type LruStack, useAt } from './lru-stack.ts';
import { below, nextWord, type RandomState, randomState } from './random.ts';
import type { PlaceSpec } from './schema-work.ts';
import { createScatter, createZipf, drawZipf, type Scatter, scattered, type Zipf } from './zipf.ts';

const SEQUENTIAL = 0;
const UNIFORM = 1;
const ZIPF = 2;
const CHASE = 3;
const DISTANCES = 4;
const STREAMS = 5;

/** A place at work: gives one offset in its region after the other. All kinds have the same fields. */
export interface Place {
  readonly kind: number;
  /** Window: first byte in the region, bytes, operand bytes. */
  readonly from: number;
  readonly bytes: number;
  readonly operand: number;
  readonly stride: number;
  /** Next offset of `sequential`, unit of `chase`. */
  cursor: number;
  /** Bytes of a unit (line or page), and operands in one: both powers of two. */
  readonly unit: number;
  readonly perUnitLog2: number;
  readonly zipf: Zipf | null;
  readonly scatter: Scatter | null;
  /** Next unit by unit (`chase`), next offset by stream (`streams`). */
  readonly next: Int32Array | null;
  readonly stack: LruStack | null;
  readonly profile: Profile | null;
  /** Bytes of one of the `streams`. */
  readonly part: number;
}

/** A stack-distance profile: ranges of distances, drawn by their probabilities. */
interface Profile {
  readonly table: AliasTable;
  readonly from: Int32Array;
  readonly width: Int32Array;
}

/** Tables that do not change, made once for all places that need the same. */
export type Tables = Map<string, Zipf | Int32Array>;

export interface PlaceOptions {
  readonly regionBytes: number;
  readonly operand: number;
  /** Number of the thread among its likes, for `skew`. */
  readonly copy: number;
  readonly line: number;
  readonly seed: number;
  /** Tells regions apart: the same region has the same hot lines and the same cycle for everybody. */
  readonly salt: number;
  readonly random: RandomState;
  readonly tables: Tables;
}

export function createPlace(spec: PlaceSpec, options: PlaceOptions): Place {
  const { operand, copy, line, seed, salt, tables } = options;
  const from = spec.from + spec.skew * copy;
  const bytes = spec.bytes ?? options.regionBytes - from;
  const unit = 'over' in spec && spec.over === 'pages' ? 4096 : line;
  const units = Math.max(1, Math.floor(bytes / unit));
  const plain: Place = {
    kind: UNIFORM,
    from,
    bytes,
    operand,
    stride: 'stride' in spec ? (spec.stride ?? operand) : operand,
    cursor: 0,
    unit,
    perUnitLog2: Math.max(0, Math.log2(unit / operand)),
    zipf: null,
    scatter: null,
    next: null,
    stack: null,
    profile: null,
    part: 0,
  };
  switch (spec.kind) {
    case 'sequential':
      return { ...plain, kind: SEQUENTIAL };
    case 'uniform':
      return { ...plain };
    case 'zipf': {
      const key = `zipf ${units} ${spec.theta}`;
      const zipf = (tables.get(key) as Zipf | undefined) ?? createZipf(units, spec.theta);
      tables.set(key, zipf);
      const scatter = spec.scatter ? createScatter(units, randomState(seed, salt)[0]!) : null;
      return { ...plain, kind: ZIPF, zipf, scatter };
    }
    case 'chase': {
      const key = `chase ${units} ${salt}`;
      const next = (tables.get(key) as Int32Array | undefined) ?? cycle(units, randomState(seed, salt, 1));
      tables.set(key, next);
      return { ...plain, kind: CHASE, next, cursor: below(options.random, units) };
    }
    case 'distances':
      return {
        ...plain,
        kind: DISTANCES,
        stack: createLruStack(units, options.random),
        profile: createProfile(spec.profile, units),
      };
    case 'streams': {
      const part = Math.floor(bytes / spec.count / operand) * operand;
      return { ...plain, kind: STREAMS, next: new Int32Array(spec.count), part };
    }
  }
}

/** Byte offset in the region of the next reference. */
export function nextOffset(place: Place, random: RandomState): number {
  switch (place.kind) {
    case SEQUENTIAL: {
      const at = place.cursor;
      let after = at + place.stride;
      if (after + place.operand > place.bytes) after = after >= place.bytes ? after - place.bytes : 0;
      place.cursor = after + place.operand > place.bytes ? 0 : after;
      return place.from + at;
    }
    case ZIPF: {
      const drawn = drawZipf(place.zipf!, 1 << place.perUnitLog2, random);
      let unit = drawn >>> place.perUnitLog2;
      const part = drawn & ((1 << place.perUnitLog2) - 1);
      if (place.scatter !== null) unit = scattered(place.scatter, unit);
      return place.from + unit * place.unit + part * place.operand;
    }
    case CHASE: {
      const at = place.cursor;
      place.cursor = place.next![at]!;
      return place.from + at * place.unit;
    }
    case DISTANCES: {
      const { table, from, width } = place.profile!;
      const slot = drawAlias(table, random);
      const distance = from[slot]! + (width[slot] === 1 ? 0 : below(random, width[slot]!));
      return place.from + useAt(place.stack!, distance) * place.unit + withinUnit(place, random);
    }
    case STREAMS: {
      const next = place.next!;
      const stream = below(random, next.length);
      const at = next[stream]!;
      const after = at + place.stride;
      next[stream] = after + place.operand > place.part ? 0 : after;
      return place.from + stream * place.part + at;
    }
    default: {
      const slots = Math.floor(place.bytes / place.operand);
      return place.from + Math.floor(nextWord(random) * (slots / 4294967296)) * place.operand;
    }
  }
}

const withinUnit = (place: Place, random: RandomState): number =>
  ((nextWord(random) >>> (31 - place.perUnitLog2)) >>> 1) * place.operand;

/** One random cycle through 0 … units − 1 (Sattolo): the next of each. */
function cycle(units: number, random: RandomState): Int32Array {
  const next = Int32Array.from({ length: units }, (_, i) => i);
  for (let i = units - 1; i > 0; i--) {
    const j = below(random, i);
    const held = next[i]!;
    next[i] = next[j]!;
    next[j] = held;
  }
  return next;
}

function createProfile(
  entries: Extract<PlaceSpec, { kind: 'distances' }>['profile'],
  units: number,
): Profile {
  const from = entries.map((entry) => (entry[0] === 'oldest' ? units - 1 : entry[0]));
  const to = entries.map((entry, at) => (entry.length === 3 ? entry[1] : from[at]!));
  return {
    table: aliasTable(entries.map((entry) => entry[entry.length - 1] as number)),
    from: Int32Array.from(from),
    width: Int32Array.from(to, (last, at) => last - from[at]! + 1),
  };
}
