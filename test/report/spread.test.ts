import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { factsOf } from '../../src/report/facts.ts';
import { comparedWith } from '../../src/report/finding.ts';
import { bandText, isWithinChance, pairedBand } from '../../src/report/spread.ts';
import { fixture } from './fixture.ts';

const comparison = fixture().comparisons[0]!;
const [baseline, run] = [comparison.runs[0]!, comparison.runs[1]!];
const withSeeds = (from: typeof run, totals: readonly number[]) => ({
  ...from,
  breakdown: { ...from.breakdown, total_ps: totals[0]! },
  seeds: totals.map((total_ps, i) => ({ seed: i + 1, total_ps })),
});

describe('the band of a difference over seeds', () => {
  test('pairs the seeds: what both systems share cancels out', () => {
    // Totals swing by 50 %, the difference is always 10 %.
    const a = withSeeds(baseline, [1000, 1500, 1200]);
    const b = withSeeds(run, [1100, 1650, 1320]);
    const band = pairedBand(a, b)!;
    expect(band.low).toBeCloseTo(10);
    expect(band.high).toBeCloseTo(10);
    expect(isWithinChance(band)).toBe(false);
    expect(bandText(band)).toBe('over 3 seeds of the random TLB replacement: the same each time');
  });

  test('two figures only where they differ', () => {
    const say = (low: number, high: number): string => bandText({ seeds: 3, low, mean: low, high });
    expect(say(-0.2, 0.31)).toMatch(/: −0\.2 % to \+0\.3 %$/);
    expect(say(0, 0.31)).toMatch(/: 0 % to \+0\.3 %$/);
    expect(say(45.01, 45.04)).toMatch(/: chance moves it by less than 0\.1 percentage points$/);
    expect(say(7, 7)).toMatch(/: the same each time$/);
    fc.assert(
      fc.property(
        fc.double({ min: -300, max: 300, noNaN: true }),
        fc.double({ min: 0, max: 0.3 }),
        (low, by) => {
          const [, a, b] = /: (.*) to (.*)$/.exec(say(low, low + by)) ?? [];
          expect(a === undefined || a !== b).toBe(true);
        },
      ),
    );
  });

  test('a system with nothing random stands for every seed; one seed gives no band', () => {
    expect(pairedBand(withSeeds(baseline, [1000]), withSeeds(run, [1100, 1200]))).toMatchObject({ seeds: 2 });
    expect(pairedBand(withSeeds(baseline, [1000]), withSeeds(run, [1100]))).toBeNull();
    expect(pairedBand(withSeeds(baseline, [0, 0]), withSeeds(run, [1, 1]))).toBeNull();
  });

  test('the mean lies in the band', () => {
    const totals = fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(totals, totals, (before, after) => {
        const band = pairedBand(withSeeds(baseline, before), withSeeds(run, after))!;
        expect(band.mean).toBeGreaterThanOrEqual(band.low - 1e-9 * Math.abs(band.low));
        expect(band.mean).toBeLessThanOrEqual(band.high + 1e-9 * Math.abs(band.high));
      }),
    );
  });

  test('no difference is claimed where the band holds zero', () => {
    const facts = factsOf({
      ...comparison,
      runs: [withSeeds(baseline, [1000, 1000]), withSeeds(run, [1001, 999])],
    });
    expect(comparedWith(facts.others[0]!, facts.baseline)).toContain('shows no difference');
  });
});
