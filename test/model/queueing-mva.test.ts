import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MvaStation, mvaWorkspace, solveMva } from '../../src/model/pricing/queueing/mva.ts';

const solve = (stations: readonly MvaStation[], population: number, think = 0) => {
  const answer = solveMva(stations, population, think);
  return { ...answer, queue: [...answer.queue], utilisation: [...answer.utilisation] };
};

const speed = (station: MvaStation, n: number): number => {
  if (station.kind === 'delay') return n;
  if (station.kind === 'servers') return Math.min(n, station.servers);
  if (station.kind === 'rates') return station.rates[Math.min(n, station.rates.length) - 1]!;
  return 1;
};

/** The slow twin: the Markov chain of customers going round the stations, solved by elimination. */
function markov(stations: readonly MvaStation[], population: number) {
  const states: number[][] = [];
  const fill = (head: number[], left: number): void => {
    if (head.length === stations.length - 1) states.push([...head, left]);
    else for (let n = 0; n <= left; n++) fill([...head, n], left - n);
  };
  fill([], population);
  const index = new Map(states.map((state, i) => [state.join(), i]));
  const size = states.length;
  const rows = states.map(() => new Float64Array(size + 1));
  const flow = (from: number, to: number, rate: number): void => {
    rows[to]![from]! += rate;
    rows[from]![from]! -= rate;
  };
  states.forEach((state, i) => {
    state.forEach((n, k) => {
      if (n === 0) return;
      const next = state.slice();
      next[k]!--;
      next[(k + 1) % state.length]!++;
      flow(i, index.get(next.join())!, speed(stations[k]!, n) / stations[k]!.demand_ns);
    });
  });
  rows[0]!.fill(1);
  for (let i = 0; i < size; i++) {
    let best = i;
    for (let r = i; r < size; r++) if (Math.abs(rows[r]![i]!) > Math.abs(rows[best]![i]!)) best = r;
    [rows[i], rows[best]] = [rows[best]!, rows[i]!];
    for (let r = 0; r < size; r++) {
      if (r === i) continue;
      const factor = rows[r]![i]! / rows[i]![i]!;
      if (factor !== 0) for (let j = i; j <= size; j++) rows[r]![j]! -= factor * rows[i]![j]!;
    }
  }
  const p = rows.map((row, i) => row[size]! / row[i]!);
  const queue = stations.map((_, k) => states.reduce((sum, state, i) => sum + p[i]! * state[k]!, 0));
  const first = states.reduce(
    (sum, state, i) => sum + (state[0] === 0 ? 0 : p[i]! * speed(stations[0]!, state[0]!)),
    0,
  );
  return { queue, throughput: first / stations[0]!.demand_ns };
}

const demand = fc.double({ min: 0.05, max: 20, noNaN: true });
const station: fc.Arbitrary<MvaStation> = fc.oneof(
  fc.record({ kind: fc.constant('queue' as const), demand_ns: demand }),
  fc.record({ kind: fc.constant('delay' as const), demand_ns: demand }),
  fc.record({
    kind: fc.constant('servers' as const),
    demand_ns: demand,
    servers: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    kind: fc.constant('rates' as const),
    demand_ns: demand,
    rates: fc.array(fc.double({ min: 0.2, max: 3, noNaN: true }), { minLength: 1, maxLength: 4 }),
  }),
);

describe('exact mean value analysis', () => {
  it('agrees with the Markov chain of any small network', () => {
    fc.assert(
      fc.property(
        fc.array(station, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 5 }),
        (stations, population) => {
          const exact = solve(stations, population);
          const chain = markov(stations, population);
          expect(exact.throughput_per_ns / chain.throughput).toBeCloseTo(1, 8);
          exact.queue.forEach((q, k) => {
            expect(Math.abs(q - chain.queue[k]!)).toBeLessThan(1e-6 * population);
          });
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });

  it('gives the machine repair model’s closed form', () => {
    // N customers, exponential thinking Z, one server D: p0 = 1 / Σ N!/(N−i)! (D/Z)^i.
    const [n, think, service] = [6, 10, 2];
    let sum = 0;
    let term = 1;
    for (let i = 0; i <= n; i++) {
      sum += term;
      term *= ((n - i) * service) / think;
    }
    const answer = solve([{ kind: 'queue', demand_ns: service }], n, think);
    expect(answer.utilisation[0]).toBeCloseTo(1 - 1 / sum, 12);
  });

  it('gives balanced networks’ closed form X = N / (D (N + K − 1))', () => {
    const stations: MvaStation[] = Array.from({ length: 5 }, () => ({ kind: 'queue', demand_ns: 3 }));
    expect(solve(stations, 7).throughput_per_ns).toBeCloseTo(7 / (3 * 11), 12);
  });

  it('stays exact at saturation, where 1 − Σp cancels', () => {
    // 64 servers, 512 customers, hardly any thinking: X = 64 / D to the last digits.
    const { throughput_per_ns, queue } = solve([{ kind: 'servers', demand_ns: 1, servers: 64 }], 512, 1);
    expect(throughput_per_ns).toBeCloseTo(64, 9);
    expect(queue[0]).toBeCloseTo(512 - 64, 6);
  });

  it('keeps the laws: Little, utilisation, response time, monotonicity, order of stations', () => {
    fc.assert(
      fc.property(
        fc
          .array(station, { minLength: 1, maxLength: 5 })
          .filter((list) => list.filter((s) => s.kind === 'servers' || s.kind === 'rates').length <= 3),
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.nat(),
        (stations, population, think, pick) => {
          const a = solve(stations, population, think);
          const x = a.throughput_per_ns;
          expect(a.cycle_ns * x).toBeCloseTo(population, 6);
          expect(a.queue.reduce((p, q) => p + q, 0) + think * x).toBeCloseTo(population, 6);
          stations.forEach((s, k) => {
            const servers = s.kind === 'servers' ? s.servers : 1;
            expect(a.utilisation[k]).toBeCloseTo((x * s.demand_ns) / servers, 9);
            if (s.kind === 'queue' || s.kind === 'servers') expect(a.utilisation[k]!).toBeLessThan(1 + 1e-9);
          });
          const at = pick % stations.length;
          const more = stations.map((s, k) => (k === at ? { ...s, demand_ns: s.demand_ns * 1.5 } : s));
          // More demand cannot raise throughput where speeds do not fall with the queue.
          if (stations.every((s) => s.kind !== 'rates'))
            expect(solve(more, population, think).throughput_per_ns).toBeLessThanOrEqual(x * (1 + 1e-12));
          const reversed = solve([...stations].reverse(), population, think);
          expect(reversed.throughput_per_ns / x).toBeCloseTo(1, 10);
        },
      ),
      { numRuns: 60, seed: 12 },
    );
  });

  it('limits: nobody, no demand, one customer, a reused workspace', () => {
    expect(solve([{ kind: 'queue', demand_ns: 5 }], 0, 3).throughput_per_ns).toBe(0);
    const idle = solve(
      [
        { kind: 'queue', demand_ns: 0 },
        { kind: 'servers', demand_ns: 0, servers: 2 },
      ],
      8,
      4,
    );
    expect(idle.cycle_ns).toBe(4);
    expect(idle.queue).toEqual([0, 0]);
    expect(solve([{ kind: 'queue', demand_ns: 5 }], 1, 3).cycle_ns).toBe(8);
    const workspace = mvaWorkspace(3, 9, 1);
    solveMva([{ kind: 'servers', demand_ns: 9, servers: 3 }], 9, 1, workspace);
    const again = solveMva([{ kind: 'queue', demand_ns: 5 }], 4, 3, workspace).cycle_ns;
    expect(again).toBe(solve([{ kind: 'queue', demand_ns: 5 }], 4, 3).cycle_ns);
    expect(() => solveMva([{ kind: 'queue', demand_ns: 1 }], 10, 0, workspace)).toThrow(/too small/);
  });
});

/**
 * Figure 8 of the paper as one hot home: every miss of IRIX visits it for D, on Disco only remote ones do.
 * The misses M come from IRIX's total of 100; execution, local shares and page moves are given.
 */
describe('Figure 8 with one hot home of 210 ns per miss', () => {
  const HOME = 210;
  const wait = (cpus: number, think: number, service: number): number =>
    solve([{ kind: 'queue', demand_ns: service }], cpus, think).cycle_ns - think - service;
  const bisect = (low: number, high: number, above: (x: number) => boolean): number => {
    let [a, b] = [low, high];
    for (let i = 0; i < 60; i++) {
      const middle = (a + b) / 2;
      if (above(middle)) b = middle;
      else a = middle;
    }
    return a;
  };

  it.each([
    {
      name: 'Engineering',
      given: { cpus: 8, exec: 31.3, irix: 0.16, disco: 0.78, moves: 0.29 / 8, monitor: 9.7 },
      expected: {
        irixLocal: 6.7,
        irixRemote: 62.0,
        uma: 47.4,
        local: 12.5,
        remote: 11.8,
        monitor: 10.2,
        disco: 65.9,
      },
    },
    {
      name: 'Raytrace',
      given: { cpus: 16, exec: 42.1, irix: 0.06, disco: 0.76, moves: 0.29 / 16, monitor: 6.1 },
      expected: {
        irixLocal: 2.5,
        irixRemote: 55.4,
        uma: 50.8,
        local: 6.6,
        remote: 7.2,
        monitor: 6.4,
        disco: 62.3,
      },
    },
  ])('$name', ({ given, expected }) => {
    const { cpus, exec } = given;
    const latency = (local: number) => 300 * local + 900 * (1 - local);
    const irixWait = (m: number) => wait(cpus, (300 * exec) / m + latency(given.irix) - HOME, HOME);
    const misses = bisect(1, 60, (m) => exec + (m * (latency(given.irix) + irixWait(m))) / 300 > 100);
    const w = irixWait(misses);
    const uma = exec + misses;
    expect((misses * given.irix * (300 + w)) / 300).toBeCloseTo(expected.irixLocal, 0);
    expect((misses * (1 - given.irix) * (900 + w)) / 300).toBeCloseTo(expected.irixRemote, 0);
    expect(Math.abs(uma - expected.uma)).toBeLessThan(0.1);

    const service = (HOME * (1 - given.disco)) / (1 - given.irix);
    const disco = (total: number) => {
      const monitor = given.moves * total + (1.7 * given.monitor * uma) / 100;
      const think = (300 * (exec + monitor)) / misses + latency(given.disco) - service;
      const queued = wait(cpus, think, service);
      return {
        monitor,
        local: misses * given.disco,
        remote: (misses * (900 * (1 - given.disco) + queued)) / 300,
      };
    };
    const sum = (total: number) => {
      const { monitor, local, remote } = disco(total);
      return exec + monitor + local + remote;
    };
    const total = bisect(20, 200, (t) => t > sum(t));
    const parts = disco(total);
    expect(Math.abs(total - expected.disco)).toBeLessThan(0.1);
    expect(Math.abs(parts.local - expected.local)).toBeLessThan(0.1);
    expect(Math.abs(parts.remote - expected.remote)).toBeLessThan(0.1);
    expect(Math.abs(parts.monitor - expected.monitor)).toBeLessThan(0.1);
  });
});
