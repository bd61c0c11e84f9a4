import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serverIdle } from '../../model/server-oracle.ts';

describe('one server for several machines', () => {
  test('a machine alone waits for nothing but its own service', () => {
    const { idle_ns, utilisation } = serverIdle(1, 70, 30);
    expect(idle_ns).toBeCloseTo(30, 9);
    expect(utilisation).toBeCloseTo(0.3, 9);
  });

  test('two machines that never compute take turns', () => {
    expect(serverIdle(2, 0, 10).idle_ns).toBeCloseTo(20, 9);
  });

  test('idle time grows with machines and service, and no run is shorter than the server’s work', () => {
    const time = fc.double({ min: 1, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), time, time, (machines, busy, served) => {
        const { idle_ns, utilisation } = serverIdle(machines, busy, served);
        expect(idle_ns).toBeGreaterThanOrEqual(served * (1 - 1e-9));
        expect(serverIdle(machines + 1, busy, served).idle_ns).toBeGreaterThanOrEqual(idle_ns * (1 - 1e-9));
        expect(busy + idle_ns).toBeGreaterThanOrEqual(machines * served * (1 - 1e-9));
        expect(utilisation).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });
});
