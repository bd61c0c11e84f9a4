import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { layDemands } from '../../src/model/pricing/queueing/demands.ts';
import { contentionWorkspace, solveWindow } from '../../src/model/pricing/queueing/machine-contention.ts';
import type { CountedWindow, Term } from '../../src/model/pricing/queueing/quads/memory.ts';
import { layQuads, type Quads } from '../../src/model/pricing/queueing/quads/quads.ts';
import { inverseOfRest } from '../../src/model/pricing/queueing/quads/response.ts';
import { BLOCKING_KINDS, compileTraffic } from '../../src/model/pricing/queueing/traffic.ts';
import {
  type ContentionPrices,
  loadPrices,
  priceRow,
} from '../../src/model/pricing/queueing/window-bases.ts';
import { type Machine, randomMachine, seeded } from './queueing-des.ts';

const KINDS = BLOCKING_KINDS.length;

/** Rates of these windows: latencies by kind, a hop, and each CPU's thinking in ns, which a price of 1 stands for. */
const HOP = KINDS;
const THINK = KINDS + 1;
const ratesAt = ({ latency_ns, hop_ns }: ContentionPrices, think: number): number[] => [
  ...BLOCKING_KINDS.map((kind) => latency_ns[kind]),
  hop_ns,
  think,
];

interface Case {
  readonly machine: Machine;
  readonly windows: readonly (CountedWindow & { readonly think_ns: readonly number[] })[];
}

/** Windows of a machine, of different load; some CPUs do nothing in them. */
function caseOf(seed: number, distribution: ContentionPrices['distribution'], count: number): Case {
  const machine = randomMachine(seed, distribution);
  const { network, cpuNode, flows } = machine;
  const random = seeded(seed + 1);
  const windows = Array.from({ length: count }, () => {
    const [share, busy] = [0.3 + 0.7 * random(), 0.1 + random() * 3];
    const absent = cpuNode.map(() => random() < 0.1);
    const posted = random() < 0.1 ? 30 : 1;
    const kept = flows
      .filter(({ cpu }) => !absent[cpu])
      .map((flow) => {
        const times = flow.kind === 'writeback' ? posted : 1;
        return { ...flow, count: flow.count * share * times * (0.5 + random()) };
      });
    const demands = layDemands(compileTraffic(network, cpuNode, kept));
    const think_ns = machine.think_ns.map((ns, cpu) => (absent[cpu] ? 0 : ns * busy));
    const base = cpuNode.map((_, cpu): Term[] => {
      let hops = 0;
      const terms = BLOCKING_KINDS.map((_, kind): Term => {
        hops += demands.hops[cpu * KINDS + kind]!;
        return { rate: kind, count: demands.misses[cpu * KINDS + kind]! };
      });
      return [...terms, { rate: HOP, count: hops }, { rate: THINK, count: think_ns[cpu]! }];
    });
    return { demands, base, think_ns };
  });
  return { machine, windows };
}

/** All of a window, by itself. */
function alone({ machine, windows }: Case, w: number, prices: ContentionPrices, think: number) {
  const { network, cpuNode } = machine;
  const workspace = contentionWorkspace(cpuNode.length, network.stations.length);
  const { demands, think_ns } = windows[w]!;
  solveWindow(
    demands,
    think_ns.map((ns) => ns * think),
    prices,
    workspace,
  );
  return workspace;
}

function quadsOf(given: Case): Quads | null {
  const { machine, windows } = given;
  const prices = priceRow();
  loadPrices(machine.prices, prices);
  const cycles = windows.map((_, w) => [...alone(given, w, machine.prices, 1).network.cycle_ns]);
  return layQuads(windows, { rates: ratesAt(machine.prices, 1), prices, cycles }, THINK + 1);
}

interface Sample {
  readonly prices: ContentionPrices;
  readonly think: number;
}

/** Every price between four fifths and six fifths of itself. */
function sampleOf({ prices }: Machine, random: () => number): Sample {
  const near = (ns: number): number => ns * (0.8 + 0.4 * random());
  const each = <K extends string>(all: Readonly<Record<K, number>>) =>
    Object.fromEntries(Object.entries(all).map(([name, ns]) => [name, near(ns as number)])) as Record<
      K,
      number
    >;
  const moved = { ...prices, latency_ns: each(prices.latency_ns), service_ns: each(prices.service_ns) };
  return { prices: { ...moved, hop_ns: near(prices.hop_ns) }, think: near(1) };
}

function load(quads: Quads, lane: number, { prices, think }: Sample): void {
  const row = priceRow();
  loadPrices(prices, row);
  quads.load(lane, ratesAt(prices, think), row);
}

const cases = fc.record({
  seed: fc.nat(),
  count: fc.integer({ min: 1, max: 4 }),
  distribution: fc.constantFrom('exponential', 'deterministic'),
});

describe('samples four at a time', () => {
  it('come to what windows do by themselves, but for some millionths of their time', () => {
    let [solved, missed, worst] = [0, 0, 0];
    fc.assert(
      fc.property(cases, ({ seed, count, distribution }) => {
        const given = caseOf(seed, distribution, count);
        const { machine, windows } = given;
        const quads = quadsOf(given)!;
        const random = seeded(seed + 2);
        const samples = Array.from({ length: 4 }, () => sampleOf(machine, random));
        for (const [lane, sample] of samples.entries()) load(quads, lane, sample);
        quads.solve();
        for (const [lane, { prices, think }] of samples.entries()) {
          const found = new Float64Array(machine.cpuNode.length * KINDS);
          const missing = quads.take(lane, found);
          let [queueing, time, buffered, longer] = [0, 0, 0, 0];
          for (let w = 0; w < windows.length; w++) {
            if (missing.includes(w)) continue;
            const { network, queueing_ns, minimum_ns } = alone(given, w, prices, think);
            queueing += queueing_ns.reduce((sum, ns) => sum + ns, 0);
            time += network.cycle_ns.reduce((sum, ns) => sum + ns, 0);
            buffered += network.buffer_ns.reduce((sum, ns) => sum + ns, 0);
            const { demands } = windows[w]!;
            for (const [at, ns] of minimum_ns.entries()) {
              const kind = BLOCKING_KINDS[at % KINDS]!;
              const priced =
                demands.misses[at]! * prices.latency_ns[kind] + demands.hops[at]! * prices.hop_ns;
              longer += ns - priced > 1e-9 * priced ? 1 : 0;
            }
          }
          missed += missing.length;
          // Stations that cannot serve misses as fast as they are said to be served are for whoever calls to see.
          if (time === 0 || longer > 0) continue;
          expect(buffered).toBe(0);
          solved += windows.length - missing.length;
          const off = Math.abs(found.reduce((sum, ns) => sum + ns, 0) - queueing) / time;
          worst = Math.max(worst, off);
          expect(off).toBeLessThan(2e-6);
        }
      }),
      { numRuns: 60, seed: 17 },
    );
    // Most can be solved so; full buffers and saturation are left to others.
    expect(solved).toBeGreaterThan(200);
    expect(missed).toBeGreaterThan(5);
    expect(worst).toBeGreaterThan(0);
  });

  it('do not depend on the samples beside them, to the last bit', () => {
    fc.assert(
      fc.property(cases, ({ seed, count, distribution }) => {
        const given = caseOf(seed, distribution, count);
        const quads = quadsOf(given)!;
        const random = seeded(seed + 3);
        const samples = Array.from({ length: 4 }, () => sampleOf(given.machine, random));
        const answers = (order: readonly number[]) => {
          for (const [lane, at] of order.entries()) load(quads, lane, samples[at]!);
          quads.solve();
          return order.map((at, lane) => {
            const found = new Float64Array(given.machine.cpuNode.length * KINDS);
            return { at, missing: quads.take(lane, found), found };
          });
        };
        const together = answers([0, 1, 2, 3]);
        for (const order of [
          [3, 2, 1, 0],
          [1, 1, 1, 1],
          [2, 0, 0, 2],
        ])
          for (const answer of answers(order)) expect(answer).toEqual(together[answer.at]);
      }),
      { numRuns: 25, seed: 18 },
    );
  });
});

it('the response of a network is the inverse of I − J', () => {
  const entry = fc.double({ min: -0.4, max: 0.4, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(entry, { minLength: 36, maxLength: 36 }),
      (n, list) => {
        const jacobian = Float64Array.from(list.slice(0, n * n), (value) => value / n);
        const inverse = inverseOfRest(jacobian, n)!;
        for (let row = 0; row < n; row++)
          for (let column = 0; column < n; column++) {
            let sum = inverse[row * n + column]!;
            for (let k = 0; k < n; k++) sum -= jacobian[row * n + k]! * inverse[k * n + column]!;
            expect(sum).toBeCloseTo(row === column ? 1 : 0, 10);
          }
      },
    ),
  );
  expect(inverseOfRest(Float64Array.of(1), 1)).toBeNull();
  expect(inverseOfRest(Float64Array.of(0, 1, 1, 0), 2)).toBeNull();
});

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  it('samples are solved one by one', () => {
    const given = caseOf(1, 'exponential', 2);
    expect(quadsOf(given)).not.toBeNull();
    vi.stubGlobal('WebAssembly', undefined);
    expect(quadsOf(given)).toBeNull();
  });
});
