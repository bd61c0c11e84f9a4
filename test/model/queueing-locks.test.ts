import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { preemptHold, solveLock, solveLocks } from '../../src/model/pricing/queueing/locks.ts';
import { seeded } from './queueing-des.ts';

describe('one lock', () => {
  it('two customers, exponential hold and thinking: the closed form', () => {
    // Markov chain: P(both at the lock), P(one), P(none) as 2 ρ², 2 ρ, 1 with ρ = hold ÷ think.
    const rho = 0.5;
    const none = 1 / (1 + 2 * rho + 2 * rho * rho);
    const { held, blocked, wait_ns } = solveLock({ customers: 2, think_ns: 200, hold_ns: 100, kind: 'spin' });
    expect(held).toBeCloseTo(1 - none, 12);
    expect(blocked).toBeCloseTo(100 / 300, 12);
    expect(wait_ns).toBeCloseTo(100 / 3, 9);
  });

  it('a spinlock’s wait is synchronisation, a semaphore’s is idle and two switches', () => {
    const lock = { customers: 8, think_ns: 5000, hold_ns: 500 } as const;
    const spin = solveLock({ ...lock, kind: 'spin' });
    expect(spin.synchronisation_ns).toBe(spin.wait_ns);
    expect(spin.idle_ns).toBe(0);
    const semaphore = solveLock({ ...lock, kind: 'semaphore', switch_ns: 2000 });
    expect(semaphore.idle_ns).toBe(semaphore.wait_ns);
    expect(semaphore.synchronisation_ns).toBeCloseTo(semaphore.blocked * 2000, 9);
    expect(semaphore.cycle_ns).toBeCloseTo(5000 + 500 + semaphore.wait_ns + semaphore.synchronisation_ns, 6);
    // The switches keep customers away from the lock.
    expect(semaphore.wait_ns).toBeLessThan(spin.wait_ns);
  });

  it('limits and monotonicity; a hand-over that grows with the waiters can collapse', () => {
    const alone = solveLock({ customers: 1, think_ns: 10, hold_ns: 5, kind: 'spin', handoff_ns: 3 });
    expect(alone.wait_ns).toBe(0);
    expect(alone.cycle_ns).toBe(15);
    expect(solveLock({ customers: 9, think_ns: 10, hold_ns: 0, kind: 'spin' }).wait_ns).toBe(0);
    let before = 0;
    for (let hold = 10; hold <= 200; hold += 10) {
      const { wait_ns } = solveLock({ customers: 16, think_ns: 1000, hold_ns: hold, kind: 'spin' });
      expect(wait_ns).toBeGreaterThan(before);
      before = wait_ns;
    }
    const rate = (customers: number) =>
      customers /
      solveLock({ customers, think_ns: 1000, hold_ns: 100, kind: 'spin', handoff_ns: 40 }).cycle_ns;
    expect(rate(32)).toBeLessThan(rate(6));
  });
});

describe('a preempted holder', () => {
  it('adds probability × residual slice, unless all run together', () => {
    const how = { vcpus: 16, cpus: 8, slice_ns: 1e7, gang: false };
    const hold = preemptHold({ hold_ns: 1e4 }, how);
    expect(hold.probability).toBe(1e-3);
    expect(hold.away_ns).toBe(1e7);
    expect(hold.hold_ns).toBe(1e4 + 1e-3 * 1e7);
    expect(preemptHold({ hold_ns: 1e4 }, { ...how, gang: true }).hold_ns).toBe(1e4);
    expect(preemptHold({ hold_ns: 1e4 }, { ...how, vcpus: 8 }).hold_ns).toBe(1e4);
    expect(preemptHold({ hold_ns: 1e9 }, how).probability).toBe(1);
  });
});

/** The slow twin: CPUs that think, then take a random lock first come, first served. */
function simulateLocks(think: number, holds: readonly number[], cpus: number, seed: number) {
  const random = seeded(seed);
  const exponential = (mean: number) => -mean * Math.log(1 - random());
  const next = Array.from({ length: cpus }, () => exponential(think));
  const free = holds.map(() => 0);
  let waited = 0;
  let blocked = 0;
  const rounds = 100_000;
  for (let i = 0; i < rounds; i++) {
    let cpu = 0;
    for (let c = 1; c < cpus; c++) if (next[c]! < next[cpu]!) cpu = c;
    const now = next[cpu]!;
    const lock = Math.floor(random() * holds.length);
    const start = Math.max(now, free[lock]!);
    waited += start - now;
    if (start > now) blocked++;
    free[lock] = start + exponential(holds[lock]!);
    next[cpu] = free[lock]! + exponential(think);
  }
  return { wait: waited / rounds, blocked: blocked / rounds };
}

describe('many locks and CPUs', () => {
  const uniform = (cpus: number, think: number, holds: readonly number[], kind: 'spin' | 'semaphore') => {
    const each = 1000;
    const busy = think + holds.reduce((a, b) => a + b, 0) / holds.length;
    return {
      busy: Array.from({ length: cpus }, () => each * busy),
      locks: holds.map((hold) => ({
        kind,
        acquisitions: Array.from({ length: cpus }, () => each / holds.length),
        held_ns: Array.from({ length: cpus }, () => (each / holds.length) * hold),
      })),
      each,
    };
  };

  it('agree with a simulation', () => {
    for (const [cpus, think, holds] of [
      [4, 1000, [200]],
      [8, 2000, [300, 100]],
      [16, 4000, [150, 250, 350]],
    ] as const) {
      const { busy, locks, each } = uniform(cpus, think, holds, 'spin');
      const answer = solveLocks(busy, locks, { switch_ns: 0 });
      const simulated = simulateLocks(think, holds, cpus, 3);
      const wait = answer.synchronisation_ns[0]! / each;
      const blocked = holds.reduce((sum, _, k) => sum + answer.blocked[k]!, 0) / each;
      expect(Math.abs(wait / simulated.wait - 1)).toBeLessThan(0.05);
      expect(Math.abs(blocked / simulated.blocked - 1)).toBeLessThan(0.05);
      expect(answer.idle_ns[0]).toBe(0);
    }
  });

  it('one lock of alike CPUs is solveLock', () => {
    for (const kind of ['spin', 'semaphore'] as const) {
      const { busy, locks, each } = uniform(8, 3000, [300], kind);
      const all = solveLocks(busy, locks, { switch_ns: 1500 });
      const one = solveLock({ customers: 8, think_ns: 3000, hold_ns: 300, kind, switch_ns: 1500 });
      expect(Math.abs(all.wait_ns[0]! / each / one.wait_ns - 1)).toBeLessThan(0.02);
      expect(Math.abs(all.blocked[0]! / each / one.blocked - 1)).toBeLessThan(0.02);
      expect(Math.abs(all.held[0]! / one.held - 1)).toBeLessThan(0.01);
      expect(Math.abs(all.synchronisation_ns[0]! / each / one.synchronisation_ns - 1)).toBeLessThan(0.02);
    }
  });

  it('times are busy + synchronisation + idle; no hold, no wait; CPUs without locks are free', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(100), fc.nat(100), fc.integer({ min: 0, max: 200 })), {
          minLength: 1,
          maxLength: 8,
        }),
        (cpus) => {
          const use = (kind: 'spin' | 'semaphore', pick: 0 | 1) => ({
            kind,
            acquisitions: cpus.map((row) => row[pick]),
            held_ns: cpus.map((row) => row[pick] * row[2]),
          });
          const busy = cpus.map((row) => 1e4 + (row[0] + row[1]) * row[2]);
          const answer = solveLocks(busy, [use('spin', 0), use('semaphore', 1)], { switch_ns: 50 });
          cpus.forEach((row, cpu) => {
            const parts = busy[cpu]! + answer.synchronisation_ns[cpu]! + answer.idle_ns[cpu]!;
            expect(parts / answer.time_ns[cpu]!).toBeCloseTo(1, 6);
            if (row[0] + row[1] === 0) expect(answer.time_ns[cpu]).toBe(busy[cpu]);
          });
          if (cpus.every((row) => row[2] === 0)) expect([...answer.time_ns]).toEqual(busy);
        },
      ),
      { numRuns: 60, seed: 51 },
    );
  });
});
