import fc from 'fast-check';
import { CATEGORIES, CAUSES, OWNERS, type Part } from '../../src/model/pricing/breakdown.ts';
import type { Comparison, RunResult, SystemRun } from '../../src/model/result.ts';
import { LAYERS, PRIVILEGED_OPS, type TallyRow } from '../../src/model/tally.ts';
import { comparisonOf, fixtureSystem } from './fixture.ts';

/** Results that keep the model's identity and nothing else: odd names, ties, zeros, savings, any cause. */

const name = fc.oneof(
  fc.constantFrom(
    'a',
    'disco',
    'linux-mips',
    '<script>alert(1)</script>',
    `"&'`,
    '=1+1',
    '\u001b[31mred',
    'x'.repeat(300),
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

const part: fc.Arbitrary<Part> = fc.record({
  cpu: fc.nat(3),
  context: fc.oneof(fc.constantFrom('user', 'kernel', 'syscall 3'), name),
  category: fc.constantFrom(...CATEGORIES),
  cause: fc.constantFrom(...CAUSES),
  owner: fc.constantFrom(...OWNERS),
  kind: fc.constantFrom('execution' as const, 'stall' as const),
  count: fc.nat(),
  ps: fc.oneof(
    fc.constantFrom(0, 1, 1000, 1e9),
    fc.nat(1e6),
    fc.nat({ max: 2 ** 31 - 1 }).map((n) => n * 1000),
  ),
});

const row: fc.Arbitrary<TallyRow> = fc.record(
  {
    cpu: fc.nat(3),
    context: fc.constantFrom('user', 'kernel', 'syscall 3'),
    layer: fc.constantFrom(...LAYERS),
    counters: fc.record(
      { count: fc.nat(), instructions: fc.nat(), l1i_misses: fc.nat() },
      { requiredKeys: [] },
    ),
    privileged: fc.dictionary(fc.constantFrom(...PRIVILEGED_OPS), fc.nat(), { noNullPrototype: true }),
  },
  { requiredKeys: ['cpu', 'context', 'layer', 'counters'] },
);

const system = (index: number): fc.Arbitrary<SystemRun> =>
  fc
    .record({
      name: name.map((text) => `${text}${index === 0 ? 's' : index}`),
      monitor: fc.boolean(),
      parts: fc.array(part, { maxLength: 10 }),
      rows: fc.array(row, { maxLength: 4 }),
      notes: fc.array(name, { maxLength: 2 }),
      others: fc.array(fc.nat(1e9), { maxLength: 3 }),
    })
    .map(({ name, monitor, parts, rows, notes, others }) => {
      const total = parts.reduce((sum, { ps }) => sum + ps, 0);
      return {
        name,
        system: fixtureSystem(monitor ? 'disco' : 'linux'),
        tally: {
          cpus: 1,
          instructions: 1000,
          rows,
          state: { dirty_l1_lines: 0, dirty_l2_lines: 0, physical_pages: 0, lost_lines: [] },
          pages: null,
          memory: null,
          schedule: null,
          locks: [],
        },
        breakdown: { total_ps: total, parts },
        contention: null,
        waiting: null,
        numa: null,
        actions: [],
        sensitivity: null,
        seeds: [total, ...others].map((total_ps, seed) => ({ seed, total_ps })),
        notes,
        caveat: notes[0] === undefined ? null : { note: notes[0], missing: false, percent: 1 },
      };
    });

/** A second system that is the first with some parts changed: small differences, ties and exact equality. */
const variant = (run: SystemRun): fc.Arbitrary<SystemRun> =>
  fc.array(fc.tuple(fc.nat(20), fc.integer({ min: -3, max: 3 })), { maxLength: 4 }).map((changes) => {
    const parts = run.breakdown.parts.map((part, i) => {
      const change = changes.find(([at]) => at === i)?.[1] ?? 0;
      return { ...part, ps: Math.max(0, part.ps + change) };
    });
    const total = parts.reduce((sum, { ps }) => sum + ps, 0);
    return { ...run, name: `${run.name}v`, breakdown: { total_ps: total, parts } };
  });

const comparison: fc.Arbitrary<Comparison> = fc
  .tuple(name, system(0))
  .chain(([trace, first]) =>
    fc.tuple(
      fc.constant(trace),
      fc.constant(first),
      fc.oneof(
        fc.constant([] as SystemRun[]),
        variant(first).map((run) => [run]),
        fc.tuple(system(1), variant(first)).map((runs) => [...runs]),
        fc.tuple(system(1), system(2), system(3), system(4)).map((runs) => [...runs]),
      ),
    ),
  )
  .map(([trace, first, others]) => ({
    ...comparisonOf({ name: trace, services: 0 }, ['x']),
    baseline: first.name,
    runs: [first, ...others],
  }));

export const results: fc.Arbitrary<RunResult> = fc.array(comparison, { maxLength: 2 }).map((comparisons) => ({
  schema: 'vmtax.run/1',
  tool: { name: 'vmtax', version: '0.0.0' },
  comparisons,
}));

export const comparisons = comparison;
