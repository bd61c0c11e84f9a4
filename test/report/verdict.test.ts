import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { factsOf } from '../../src/report/facts.ts';
import { changedSettings } from '../../src/report/settings.ts';
import { verdict } from '../../src/report/verdict.ts';
import { results } from './arbitrary.ts';
import { comparisonOf, fixture, fixtureSystem, TRACES } from './fixture.ts';

/** Facts of a trace whose systems do nothing but emulate for the picoseconds given, the baseline first. */
function facts(trace: string, systems: Readonly<Record<string, number>>) {
  const base = comparisonOf({ name: trace, services: 0 }, ['x']);
  const runs = Object.entries(systems).map(([name, ps]) => ({
    ...base.runs[0]!,
    name,
    breakdown: {
      total_ps: ps,
      parts: [
        {
          cpu: 0,
          context: 'user',
          category: 'monitor',
          cause: 'privileged_emulation',
          owner: 'monitor',
          kind: 'execution',
          count: 1,
          ps,
        } as const,
      ],
    },
  }));
  return factsOf({ ...base, baseline: runs[0]!.name, runs });
}

const REASON = 'all of the added time goes to privileged-instruction emulation';

describe('the answer to a run', () => {
  test('nothing, one trace, one system', () => {
    expect(verdict([])).toBe('Nothing was run');
    expect(verdict([facts('a', { native: 1e9, disco: 2e9 })])).toBe(
      `disco takes 100.0 % longer than native on a: ${REASON}`,
    );
    expect(verdict([facts('a', { native: 1e9 }), facts('b', { native: 3e9 })])).toBe(
      'native takes 1.000 ms to 3.000 ms on 2 traces',
    );
  });

  test('one system on several traces: its range, and why where it is largest', () => {
    expect(verdict([facts('a', { native: 100, disco: 120 }), facts('b', { native: 10, disco: 15 })])).toBe(
      `disco takes 20.0 % to 50.0 % longer than native on 2 traces; on b, where the difference is largest: ${REASON}`,
    );
    expect(
      verdict([facts('a', { native: 100, disco: 120 }), facts('b', { native: 100, disco: 90 })]),
    ).toMatch(/^disco takes between 10\.0 % less and 20\.0 % more time than native on 2 traces; on a, /);
    expect(verdict([facts('a', { native: 100, disco: 100 }), facts('b', { native: 7, disco: 7 })])).toBe(
      'disco takes exactly as long as native on 2 traces',
    );
  });

  test('up to three systems are all named', () => {
    expect(verdict([facts('a', { native: 100, patched: 150, plain: 170 })])).toBe(
      `patched takes 50.0 % longer than native; plain takes 70.0 % longer than native on a; under plain: ${REASON}`,
    );
    const all = fixture(TRACES).comparisons.map(factsOf);
    expect(verdict(all)).toMatch(
      /^disco-linux-mips-unmodified takes [\d.]+ % to [\d.]+ % longer than linux-mips; disco-linux-mips takes [\d.]+ % to [\d.]+ % longer on 3 traces; under disco-linux-mips-unmodified on /,
    );
  });

  test('different systems per trace: each with its baseline and trace', () => {
    expect(
      verdict([facts('a', { irix: 100, disco: 174 }), facts('b', { linux: 100, patched: 150, plain: 170 })]),
    ).toBe(
      '3 comparisons with different systems: disco takes 74.0 % longer than irix on a; patched takes 50.0 % longer than linux on b; ' +
        `plain takes 70.0 % longer than linux on b; under disco: ${REASON}`,
    );
  });

  test('more systems: how many, and the largest difference', () => {
    expect(verdict([facts('a', { native: 100, b: 110, c: 120, d: 130, e: 140 })])).toBe(
      `4 systems beside native; the largest difference: e takes 40.0 % longer than native on a: ${REASON}`,
    );
  });

  test('a long name of a trace is shortened in sentences', () => {
    expect(verdict([facts('x'.repeat(250), { native: 100, disco: 120 })]).length).toBeLessThan(160);
  });

  test('is a sentence for any result, and names every system where there are at most three', () => {
    fc.assert(
      fc.property(results, (result) => {
        const all = result.comparisons.map(factsOf);
        const sentence = verdict(all);
        expect(sentence).not.toMatch(/undefined|NaN|Infinity|null|,;|,:|\.$/);
        const pairs = new Set(
          all.flatMap((one) => one.others.map((run) => `${one.baseline.name}\n${run.name}`)),
        );
        if (pairs.size <= 3)
          for (const one of all) for (const run of one.others) expect(sentence).toContain(run.name);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what was changed from the presets', () => {
  const one = comparisonOf(TRACES[0]!, ['native', 'disco']);
  const withSources = (of: (name: string) => Record<string, 'chosen' | 'measured'>) =>
    factsOf({
      ...one,
      runs: one.runs.map((run) => ({
        ...run,
        system: {
          ...fixtureSystem(run.name),
          sources: Object.fromEntries(
            Object.entries(of(run.name)).map(([path, role]) => [path, { source: '--set', role }]),
          ),
        },
      })),
    }).runs;

  test('nothing', () => {
    expect(changedSettings(withSources(() => ({})))).toBe('');
    expect(changedSettings(withSources(() => ({ 'machine.tlb.entries': 'measured' })))).toBe('');
  });

  test('a value with where it was said, and the systems if not all have it', () => {
    expect(changedSettings(withSources(() => ({ 'machine.tlb.entries': 'chosen' })))).toBe(
      'machine.tlb.entries = 64 (--set)',
    );
    expect(
      changedSettings(
        withSources(
          (name): Record<string, 'chosen'> => (name === 'disco' ? { 'monitor.patched_hal': 'chosen' } : {}),
        ),
      ),
    ).toBe('monitor.patched_hal = true (--set) [disco]');
  });

  test('at most five', () => {
    const paths = [
      'os.timer_instructions',
      'os.overlay',
      'os.first_load',
      'os.rdhwr',
      'machine.cpus',
      'machine.nodes',
    ];
    const text = changedSettings(
      withSources(() => Object.fromEntries(paths.map((path) => [path, 'chosen']))),
    );
    expect(text).toMatch(/ and 1 more$/);
    expect(text).not.toContain('machine.nodes');
  });
});
