import type { Demands } from '../demands.ts';
import { allocation, startKernel } from '../start-kernel.ts';
import { BLOCKING_KINDS, SERVICES } from '../traffic.ts';
import { FUNCTIONS } from './kernel.ts';
import {
  CELL_BYTES,
  CLASS_BYTES,
  LOAD_BYTES,
  PRICE_BYTES,
  QUAD,
  STATION_BYTES,
  TERM_BYTES,
  VARIANTS,
  VISIT_BYTES,
} from './layout.ts';

/** The kernel's memory: what all windows use in turn, then each window's counts. Addresses are in bytes. */

type Function = (...numbers: readonly number[]) => number;

/** Arguments as in `kernel.ts`: addresses, then numbers. */
export type QuadKernel = Readonly<Record<string, Function>>;

/** A number that is so many times a rate. */
export interface Term {
  readonly rate: number;
  readonly count: number;
}

/** A window as its counts: of the memory system, and by CPU what its time without queueing is made of. */
export interface CountedWindow {
  readonly demands: Demands;
  readonly base: readonly (readonly Term[])[];
}

/** Sums: addresses of their terms, and of the ends of these. */
export interface Sums {
  readonly terms: number;
  readonly ends: number;
  readonly endsEnd: number;
}

export interface PlacedWindow {
  /** By variant: its stations, and their loads. */
  readonly variants: readonly { readonly from: number; readonly to: number; readonly loads: number }[];
  readonly loadsEnd: number;
  /** Cycles without queueing, then what is sent takes. */
  readonly base: Sums;
  /** Cycles to start from, and what a step changes: terms that `response.ts` finds. */
  readonly start: Sums;
  readonly step: Sums;
  readonly waits: Sums;
  readonly sent: number;
}

/** By class, four floats each, but for `person`. */
export interface Shared {
  readonly one: number;
  readonly rates: number;
  readonly prices: number;
  readonly base: number;
  readonly service: number;
  readonly least: number;
  readonly cycle: number;
  readonly away: number;
  readonly step: number;
  readonly before: number;
  readonly stepBefore: number;
  readonly next: number;
  readonly factor: number;
  readonly person: number;
  readonly loads: number;
  readonly cells: number;
  /** Masks: samples that are settled, and that were so before. */
  readonly settled: number;
  readonly was: number;
  /** By [cpu × kinds + kind]. */
  readonly queueing: number;
}

export interface QuadMemory {
  readonly kernel: QuadKernel;
  readonly floats: Float32Array;
  readonly words: Int32Array;
  readonly shared: Shared;
  readonly windows: readonly PlacedWindow[];
}

/** Terms of a start: a constant, each class's cycle without queueing, each service. */
export const startTerms = (cpus: number): number => 1 + cpus + SERVICES.length;

/** Lays windows out in a kernel's memory; null: there is no kernel. */
export function quadMemory(windows: readonly CountedWindow[], rates: number): QuadMemory | null {
  const { cpus } = windows[0]!.demands;
  const targets = cpus * BLOCKING_KINDS.length;
  const { take: bytes, used } = allocation();
  const quads = (count: number): number => bytes(count * QUAD);
  const most = (of: (demands: Demands) => number): number =>
    windows.reduce((sum, { demands }) => Math.max(sum, of(demands)), 0);
  const shared: Shared = {
    one: quads(1),
    rates: quads(rates),
    prices: bytes(SERVICES.length * PRICE_BYTES),
    base: quads(cpus),
    service: quads(cpus),
    least: quads(cpus),
    cycle: quads(cpus),
    away: quads(cpus),
    step: quads(cpus),
    before: quads(cpus),
    stepBefore: quads(cpus),
    next: quads(cpus),
    factor: quads(cpus),
    person: bytes(cpus * CLASS_BYTES),
    loads: bytes(most(({ stations }) => stations.length) * LOAD_BYTES),
    cells: bytes(most(({ cells }) => cells.first[cells.stations]!) * CELL_BYTES),
    settled: quads(1),
    was: quads(1),
    queueing: quads(targets),
  };
  const sums = (count: number, terms: number): Sums => {
    const ends = bytes(count * 4);
    return { terms: bytes(terms * TERM_BYTES), ends, endsEnd: ends + count * 4 };
  };
  const plans = windows.map((window) => {
    const { demands, base } = window;
    const baseTerms = [...base, ...flights(demands)];
    const stations = bytes(demands.stations.length * STATION_BYTES);
    return {
      demands,
      baseTerms,
      stations,
      visits: bytes(demands.cells.first[demands.cells.stations]! * VISIT_BYTES),
      base: sums(cpus * 2, baseTerms.flat().length),
      start: sums(cpus, cpus * startTerms(cpus)),
      step: sums(cpus, cpus * cpus),
      waits: sums(targets, demands.waitCell.length),
      sent: bytes(cpus * 4),
    };
  });
  const started = startKernel<QuadKernel>(FUNCTIONS, used());
  if (started === null) return null;
  const floats = new Float32Array(started.buffer);
  const words = new Int32Array(started.buffer);
  floats.fill(1, shared.one / 4, shared.one / 4 + 4);
  const memory = { kernel: started.kernel, floats, words, shared };
  return {
    ...memory,
    windows: plans.map((plan): PlacedWindow => {
      const { demands, baseTerms, base, start, step, waits, sent } = plan;
      placeSums(
        memory,
        base,
        baseTerms.map((terms) =>
          terms.map(({ rate, count }) => ({
            at: rate < 0 ? shared.prices + (-1 - rate) * PRICE_BYTES : shared.rates + rate * QUAD,
            count,
          })),
        ),
      );
      const { placed, cellAt } = placeStations(memory, plan);
      placeSums(
        memory,
        waits,
        Array.from({ length: targets }, (_, target) =>
          Array.from({ length: demands.firstWait[target + 1]! - demands.firstWait[target]! }, (_, i) => {
            const entry = demands.firstWait[target]! + i;
            return { at: cellAt[demands.waitCell[entry]!]!, count: demands.waitCount[entry]! };
          }),
        ),
      );
      for (let cpu = 0; cpu < cpus; cpu++) {
        const posted = demands.posted.subarray(cpu * SERVICES.length, (cpu + 1) * SERVICES.length);
        floats[sent / 4 + cpu] = posted.reduce((sum, count) => sum + count, 0);
      }
      return {
        variants: placed,
        loadsEnd: shared.loads + demands.stations.length * LOAD_BYTES,
        base,
        start,
        step,
        waits,
        sent,
      };
    }),
  };
}

/** What is sent takes, by CPU; a service is the rate −1 − service. */
const flights = ({ cpus, posted }: Demands): Term[][] =>
  Array.from({ length: cpus }, (_, cpu) =>
    SERVICES.flatMap((_, service): Term[] => {
      const count = posted[cpu * SERVICES.length + service]!;
      return count === 0 ? [] : [{ rate: -1 - service, count }];
    }),
  );

/** Writes the terms of some sums, and where each ends. */
export function placeSums(
  { floats, words }: Pick<QuadMemory, 'floats' | 'words'>,
  { terms, ends }: Sums,
  sums: readonly (readonly { readonly at: number; readonly count: number }[])[],
): void {
  let term = terms;
  for (const [k, sum] of sums.entries()) {
    for (const { at, count } of sum) {
      words[term / 4] = at;
      floats[term / 4 + 1] = count;
      term += TERM_BYTES;
    }
    words[ends / 4 + k] = term;
  }
}

/** Writes the stations, sorted by variant, and their visits; gives the address of each cell. */
function placeStations(
  { floats, words, shared }: Pick<QuadMemory, 'floats' | 'words' | 'shared'>,
  {
    demands,
    stations,
    visits,
  }: { readonly demands: Demands; readonly stations: number; readonly visits: number },
) {
  const { first, from, stations: width } = demands.cells;
  const cellAt = new Int32Array(first[width]!);
  const variantOf = (k: number): number => {
    let posted = false;
    for (let cell = first[k]!; cell < first[k + 1]!; cell++)
      if (demands.visits[cell * 4 + 2]! + demands.visits[cell * 4 + 3]! > 0) posted = true;
    const two = demands.services[k * 2] !== demands.services[k * 2 + 1];
    return VARIANTS.findIndex((variant) => variant.two === two && variant.posted === posted);
  };
  let [station, visit, cell, loads] = [stations, visits, shared.cells, shared.loads];
  const placed = VARIANTS.map((_, variant) => {
    const begin = { from: station, loads };
    for (let k = 0; k < width; k++) {
      if (variantOf(k) !== variant) continue;
      const person = shared.person + from[k]! * CLASS_BYTES;
      const [one, two] = [demands.services[k * 2]!, demands.services[k * 2 + 1]!];
      const cells = first[k + 1]! - first[k]!;
      words.set(
        [
          visit,
          visit + cells * VISIT_BYTES,
          cell,
          person,
          person + one * QUAD,
          person + two * QUAD,
          shared.prices + one * PRICE_BYTES,
          shared.prices + two * PRICE_BYTES,
        ],
        station / 4,
      );
      floats.set(demands.visits.subarray(first[k]! * 4, first[k + 1]! * 4), visit / 4);
      for (let i = 0; i < cells; i++) cellAt[first[k]! + i] = cell + i * CELL_BYTES;
      station += STATION_BYTES;
      visit += cells * VISIT_BYTES;
      cell += cells * CELL_BYTES;
      loads += LOAD_BYTES;
    }
    return { ...begin, to: station };
  });
  return { placed, cellAt };
}
