import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveCycles } from '../../src/model/pricing/queueing/cycles.ts';
import { solveSaturated } from '../../src/model/pricing/queueing/cycles-saturated.ts';
import * as columns from '../../src/model/pricing/queueing/cycles-workspace.ts';
import {
  CELL_WIDTH,
  type Cells,
  CYCLE_DEFAULTS,
  type CycleWorkspace,
  cycleWorkspace,
  WAIT,
} from '../../src/model/pricing/queueing/cycles-workspace.ts';
import { exact, type Net, net } from './queueing-nets.ts';

interface Built {
  readonly cells: Cells;
  readonly ws: CycleWorkspace;
}

/** `posts`: posted work by [class][station], visits of the same service. */
function build(what: Net, cv2 = 1, posts?: readonly (readonly number[])[]): Built {
  const classes = what.think.length;
  const stations = what.service.length;
  const first = Int32Array.from({ length: stations + 1 }, (_, k) => k * classes);
  const cells = { classes, stations, first, from: new Int32Array(stations) };
  const ws = cycleWorkspace(classes, stations);
  ws.regularity = (1 - cv2) / (1 + cv2);
  what.think.forEach((think, c) => {
    ws.base_ns[c] = think;
    what.service.forEach((service, k) => {
      const visits = what.visits[c]![k]!;
      const posted = posts?.[c]?.[k] ?? 0;
      const half = (service * service * (1 + cv2)) / 2;
      const at = (k * classes + c) * CELL_WIDTH;
      ws.cell[at + columns.VISITS] = visits;
      ws.cell[at + columns.DEMAND] = visits * service;
      ws.cell[at + columns.HALF_SQUARE] = visits * half;
      ws.cell[at + columns.POSTED_VISITS] = posted;
      ws.cell[at + columns.POSTED_DEMAND] = posted * service;
      ws.cell[at + columns.POSTED_HALF_SQUARE] = posted * half;
      ws.base_ns[c]! += visits * service;
      ws.sent[c]! += posted;
      ws.service_ns[c]! += posted * service;
    });
  });
  return { cells, ws };
}

const solved = (built: Built, tolerance = CYCLE_DEFAULTS.tolerance): number[] => {
  solveCycles(built.cells, built.ws, { ...CYCLE_DEFAULTS, tolerance });
  return [...built.ws.cycle_ns];
};

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
const posting = net(6).chain((what) =>
  fc.tuple(
    fc.constant(what),
    fc.array(fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 5, maxLength: 5 }), {
      minLength: 6,
      maxLength: 6,
    }),
  ),
);

describe('approximate mean value analysis by cycle times', () => {
  it('is within 1 % of the exact solution on average', () => {
    const errors: number[] = [];
    fc.assert(
      fc.property(net(7), (what) => {
        const found = solved(build(what));
        exact(what).forEach((cycle, c) => {
          errors.push(Math.abs(found[c]! / cycle - 1));
        });
      }),
      { numRuns: 200, seed: 21 },
    );
    expect(mean(errors)).toBeLessThan(0.01);
    expect(Math.max(...errors)).toBeLessThan(0.15);
  });

  it('finds the same fixed point by cycles and by waits, whatever the load', () => {
    fc.assert(
      fc.property(posting, fc.constantFrom(0, 1), ([what, posts], cv2) => {
        const built = build(what, cv2, posts);
        const cycles = solved(built, 1e-11);
        const waits = [...built.ws.cell].filter((_, i) => i % CELL_WIDTH === WAIT);
        solveSaturated(built.cells, built.ws, { ...CYCLE_DEFAULTS, tolerance: 1e-11, iterations: 2000 });
        cycles.forEach((cycle, c) => {
          expect(Math.abs(built.ws.found[c]! / cycle - 1)).toBeLessThan(1e-5);
        });
        waits.forEach((wait, i) => {
          const other = built.ws.cell[i * CELL_WIDTH + WAIT]!;
          expect(Math.abs(other - wait)).toBeLessThanOrEqual(1e-4 * (wait + 1e-3));
        });
      }),
      { numRuns: 300, seed: 25 },
    );
  });

  it('keeps utilisation below 1, is as exact as it says, and depends on its inputs alone', () => {
    fc.assert(
      fc.property(posting, fc.constantFrom(0, 1), ([what, posts], cv2) => {
        const built = build(what, cv2, posts);
        const first = solved(built);
        // Posted work that has a station nearly for itself may pass 1 by some percent.
        for (const u of built.ws.utilisation) expect(u).toBeLessThan(1.2);
        const plain = build(what, cv2);
        solved(plain);
        for (const u of plain.ws.utilisation) expect(u).toBeLessThan(1.001);
        solved(built, 1e-12).forEach((cycle, c) => {
          expect(Math.abs(first[c]! / cycle - 1)).toBeLessThan(1e-5);
        });
        expect(solved(built)).toEqual(first);
      }),
      { numRuns: 200, seed: 26 },
    );
  });

  it('needs few looks where stations are not saturated', () => {
    fc.assert(
      fc.property(net(12), (what) => {
        const built = build({ ...what, think: what.think.map((ns) => ns + 1500) });
        solved(built);
        expect(built.ws.iterations).toBeLessThan(12);
      }),
      { numRuns: 100, seed: 27 },
    );
  });

  it('a full buffer of posted work stops its customer', () => {
    const what: Net = {
      think: [100, 100],
      visits: [
        [1, 0],
        [1, 0],
      ],
      service: [10, 10],
    };
    const free = solved(build(what))[0]!;
    const light = build(what, 1, [
      [0, 1],
      [0, 1],
    ]);
    expect(solved(light)[0]! / free).toBeCloseTo(1, 8);
    expect(light.ws.utilisation[1]).toBeCloseTo(20 / free, 6);
    const heavy = build(what, 1, [
      [0, 50],
      [0, 50],
    ]);
    expect(solved(heavy)[0]!).toBeGreaterThan(1000 * (1 - 1e-6));
    expect(heavy.ws.buffer_ns[0]!).toBeGreaterThan(0);
    expect(heavy.ws.utilisation[1]!).toBeLessThan(1 + 1e-6);
  });
});
