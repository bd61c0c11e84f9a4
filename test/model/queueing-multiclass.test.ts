import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MULTICLASS_DEFAULTS, solveMulticlass } from '../../src/model/pricing/queueing/multiclass.ts';
import {
  type MulticlassWorkspace,
  multiclassWorkspace,
} from '../../src/model/pricing/queueing/multiclass-workspace.ts';
import { solveMva } from '../../src/model/pricing/queueing/mva.ts';
import { exact, type Net, net } from './queueing-nets.ts';

function build(net: Net, cv2 = 1): MulticlassWorkspace {
  const width = net.service.length;
  const ws = multiclassWorkspace(net.think.length, width);
  ws.regularity = (1 - cv2) / (1 + cv2);
  net.think.forEach((think, c) => {
    ws.population[c] = 1;
    ws.base_ns[c] = think;
    net.service.forEach((service, k) => {
      const visits = net.visits[c]![k]!;
      ws.visits[c * width + k] = visits;
      ws.demand_ns[c * width + k] = visits * service;
      ws.half_square_ns2[c * width + k] = (visits * service * service * (1 + cv2)) / 2;
      ws.base_ns[c]! += visits * service;
    });
  });
  return ws;
}

const utilisation = (ws: MulticlassWorkspace): number[] => [...ws.utilisation];

describe('approximate mean value analysis of many classes', () => {
  it('is within 1 % of the exact solution on average, and refinement is worth it', () => {
    const errors: number[] = [];
    const plain: number[] = [];
    fc.assert(
      fc.property(net(7), (n) => {
        const ws = build(n);
        solveMulticlass(ws);
        const schweitzer = build(n);
        solveMulticlass(schweitzer, { ...MULTICLASS_DEFAULTS, refinements: 0 });
        exact(n).forEach((cycle, c) => {
          errors.push(Math.abs(ws.cycle_ns[c]! / cycle - 1));
          plain.push(Math.abs(schweitzer.cycle_ns[c]! / cycle - 1));
        });
      }),
      { numRuns: 200, seed: 21 },
    );
    const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(errors)).toBeLessThan(0.003);
    expect(Math.max(...errors)).toBeLessThan(0.1);
    expect(mean(plain)).toBeGreaterThan(4 * mean(errors));
  });

  it('agrees with the single-class solution for alike customers, in one class or many', () => {
    for (const [customers, think] of [
      [4, 4],
      [16, 30],
      [64, 90],
    ] as const) {
      const reference = solveMva(
        [
          { kind: 'queue', demand_ns: 1 },
          { kind: 'queue', demand_ns: 0.6 },
        ],
        customers,
        think,
      ).cycle_ns;
      const apart = build({
        think: Array(customers).fill(think),
        visits: Array(customers).fill([1, 1]),
        service: [1, 0.6],
      });
      solveMulticlass(apart);
      const together = build({ think: [think], visits: [[1, 1]], service: [1, 0.6] });
      together.population[0] = customers;
      solveMulticlass(together);
      expect(Math.abs(apart.cycle_ns[0]! / reference - 1)).toBeLessThan(0.003);
      expect(apart.cycle_ns[0]! / together.cycle_ns[0]!).toBeCloseTo(1, 6);
    }
  });

  it('keeps utilisation below 1 and the cycle above the work, constant or exponential service', () => {
    fc.assert(
      fc.property(net(12), fc.constantFrom(0, 1), (n, cv2) => {
        const ws = build(n, cv2);
        solveMulticlass(ws);
        for (const u of utilisation(ws)) expect(u).toBeLessThan(1 + 1e-9);
        n.think.forEach((_, c) => {
          expect(ws.cycle_ns[c]!).toBeGreaterThanOrEqual(ws.base_ns[c]!);
          expect(Number.isFinite(ws.cycle_ns[c]!)).toBe(true);
        });
      }),
      { numRuns: 200, seed: 22 },
    );
  });

  it('holds the laws of utilisation and Little, and waits nowhere without service', () => {
    fc.assert(
      fc.property(net(6), (n) => {
        const ws = build(n);
        solveMulticlass(ws);
        const width = n.service.length;
        n.service.forEach((service, k) => {
          const busy = n.think.reduce((u, _, c) => u + (n.visits[c]![k]! * service) / ws.cycle_ns[c]!, 0);
          expect(ws.utilisation[k]).toBeCloseTo(busy, 9);
        });
        n.think.forEach((think, c) => {
          const waiting = n.service.reduce(
            (sum, service, k) => sum + n.visits[c]![k]! * (service + ws.wait_ns[c * width + k]!),
            think,
          );
          expect(waiting / ws.cycle_ns[c]!).toBeCloseTo(1, 7);
        });
        const idle = build({ ...n, service: n.service.map(() => 0) });
        solveMulticlass(idle);
        expect([...idle.cycle_ns]).toEqual(n.think);
      }),
      { numRuns: 60, seed: 23 },
    );
  });

  it('more service never shortens the work of all; the order of classes and stations does not matter', () => {
    fc.assert(
      fc.property(net(6), fc.nat(), fc.constantFrom(0, 1), (n, pick, cv2) => {
        const ws = build(n, cv2);
        solveMulticlass(ws);
        const at = pick % n.service.length;
        const more = build({ ...n, service: n.service.map((s, k) => (k === at ? s * 1.2 : s)) }, cv2);
        solveMulticlass(more);
        const throughput = (w: MulticlassWorkspace) =>
          n.think.reduce((sum, _, c) => sum + 1 / w.cycle_ns[c]!, 0);
        expect(throughput(more)).toBeLessThanOrEqual(throughput(ws) * (1 + 1e-6));
        const turned = build(
          {
            think: [...n.think].reverse(),
            visits: n.visits.map((row) => [...row].reverse()).reverse(),
            service: [...n.service].reverse(),
          },
          cv2,
        );
        solveMulticlass(turned);
        n.think.forEach((_, c) => {
          expect(turned.cycle_ns[n.think.length - 1 - c]! / ws.cycle_ns[c]!).toBeCloseTo(1, 6);
        });
      }),
      { numRuns: 100, seed: 24 },
    );
  });

  it('is Pollaczek and Khinchine’s formula in the limit of many light customers', () => {
    for (const cv2 of [0, 1]) {
      const customers = 2000;
      const ws = build({ think: [customers / 0.6], visits: [[1]], service: [1] }, cv2);
      ws.population[0] = customers;
      solveMulticlass(ws);
      const wait = (0.6 * (1 + cv2)) / 2 / 0.4;
      expect(Math.abs(ws.wait_ns[0]! / wait - 1)).toBeLessThan(0.01);
    }
  });

  it('a solve depends on its inputs alone', () => {
    const n: Net = {
      think: [50, 20, 80],
      visits: [
        [1, 2],
        [2, 0],
        [1, 1],
      ],
      service: [10, 5],
    };
    const ws = build(n);
    solveMulticlass(ws);
    const first = [...ws.cycle_ns];
    ws.base_ns[0]! *= 2;
    solveMulticlass(ws);
    ws.base_ns[0]! /= 2;
    solveMulticlass(ws);
    expect([...ws.cycle_ns]).toEqual(first);
  });
});
