import { describe, expect, it } from 'vitest';
import { type Coherence, countCoherence, open } from './workloads-reading.ts';

const LINES = 3;
const ROUNDS = 5;
const LINE = 128;

type Kernel = 'ping-pong' | 'producer-consumer' | 'false-sharing' | 'read-shared' | 'migratory' | 'private';

/** Closed forms: P CPUs, L lines, R rounds. */
const EXPECTED: Record<Kernel, (p: number, l: number, r: number) => Coherence> = {
  'ping-pong': (p, l, r) => ({
    cold: p * l,
    coherence: p * (r - 1) * l,
    upgrades: 0,
    invalidations: (p * r - 1) * l,
  }),
  'false-sharing': (p, l, r) => EXPECTED['ping-pong'](p, l, r),
  'producer-consumer': (p, l, r) => ({
    cold: p * l,
    coherence: (p - 1) * (r - 1) * l,
    upgrades: (r - 1) * l,
    invalidations: (p - 1) * (r - 1) * l,
  }),
  'read-shared': (p, l) => ({ cold: p * l, coherence: 0, upgrades: 0, invalidations: 0 }),
  migratory: (p, l, r) => ({
    cold: p * l,
    coherence: p * (r - 1) * l,
    // The very first CPU has the line to itself; every later one reads it from the one before.
    upgrades: (p * r - 1) * l,
    invalidations: (p * r - 1) * l,
  }),
  private: (p, l) => ({ cold: p * l, coherence: 0, upgrades: 0, invalidations: 0 }),
};

describe.each(Object.keys(EXPECTED) as Kernel[])('%s', (name) => {
  it.each([2, 8, 64])('makes its closed-form coherence counts on %i CPUs', async (cpus) => {
    const spec = `${name}?cpus=${cpus}&lines=${LINES}&rounds=${ROUNDS}&line=${LINE}`;
    expect(await countCoherence(open(spec), { line: LINE }, 'data')).toEqual(
      EXPECTED[name](cpus, LINES, ROUNDS),
    );
    const fetches = await countCoherence(open(spec), { line: LINE }, 'fetch');
    expect(fetches).toEqual({ cold: cpus, coherence: 0, upgrades: 0, invalidations: 0 });
  });

  it('keeps its counts over many chunks', async () => {
    const spec = `${name}?cpus=4&lines=500&rounds=30&line=64`;
    expect(await countCoherence(open(spec), { line: 64 }, 'data')).toEqual(EXPECTED[name](4, 500, 30));
  });
});

it('false sharing touches other bytes on every CPU', async () => {
  const { walk } = await import('./workloads-reading.ts');
  const bytes = new Map<number, number>();
  await walk(open('false-sharing?cpus=8&lines=2&rounds=3'), {
    reference: ({ kind, cpu, physical }) => {
      if (kind === 0) return;
      expect(bytes.get(physical) ?? cpu).toBe(cpu);
      bytes.set(physical, cpu);
    },
  });
  expect(bytes.size).toBe(16);
});
