import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SystemRun } from '../../src/model/result.ts';
import { type Facts, factsOf, factsWithBands } from '../../src/report/facts.ts';
import { breakdownFinding, headline } from '../../src/report/finding.ts';
import { structuresFinding } from '../../src/report/live/all-structures.ts';
import { flips } from '../../src/report/live/flips.ts';
import { isOpen } from '../../src/report/shown.ts';
import { verdict } from '../../src/report/verdict.ts';
import { fixture } from './fixture.ts';

/** No difference is claimed that the range printed beside it leaves open. */

const comparison = fixture().comparisons[0]!;
const [baseline, run] = [comparison.runs[0]!, comparison.runs[1]!];

const totalling = (from: SystemRun, total_ps: number): SystemRun => ({
  ...from,
  breakdown: { ...from.breakdown, total_ps },
  seeds: [{ seed: 1, total_ps }],
  sensitivity: null,
});

/** A baseline of 1000 ps, and a run so many thousandths longer whose prices give so many percent. */
function facts(thousandths: number, low: number, high: number, name = run.name): Facts {
  const sensitivity = { step_percent: 20, change: thousandths / 10, varied: 2, low, high, effects: [] };
  return factsOf({
    ...comparison,
    runs: [totalling(baseline, 1000), { ...totalling(run, 1000 + thousandths), name, sensitivity }],
  });
}

const open = facts(6, -0.7, 1.9);
const shown = facts(6, 0.1, 1.9);
const openRun = open.others[0]!;

describe('a range with zero in it', () => {
  test('no sentence claims a difference, and all keep its figures', () => {
    const figures = '+0.6 %, and −0.7 % to +1.9 % if assumed or calibrated prices were 20 % lower or higher';
    const sentences = [headline(open, openRun), headline(open, openRun, true), verdict([open])];
    for (const sentence of sentences) {
      expect(sentence).toMatch(/^No difference is shown between/);
      expect(sentence).toContain(figures);
      expect(sentence).not.toMatch(/takes|longer|less time/);
    }
    expect(breakdownFinding(open)).toContain('+0.6 % (no difference is shown)');
    const several = verdict([open, { ...open, trace: 'another', short: 'another' }]);
    expect(several).toContain('shows no difference from');
    expect(several).not.toContain('longer');
  });

  test('zero outside of it: the difference is claimed', () => {
    expect(verdict([shown])).toContain('takes 0.6 % longer than');
    expect(breakdownFinding(shown)).toContain('0.6 % more');
    const mixed = verdict([open, { ...shown, trace: 'another', short: 'another' }]);
    expect(mixed).toContain('takes 0.6 % longer');
    expect(mixed).toContain('for 1 of these no difference is shown');
  });

  test('what is claimed has the sign of both ends of its range', () => {
    const percent = fc.integer({ min: -90, max: 90 });
    fc.assert(
      fc.property(percent, fc.nat({ max: 50 }), fc.nat({ max: 50 }), (thousandths, less, more) => {
        const [low, high] = [(thousandths - less) / 10, (thousandths + more) / 10];
        const given = facts(thousandths, low, high);
        const said = headline(given, given.others[0]!);
        const claims = /takes .* (longer|less time)/.test(said);
        if (thousandths === 0) expect(said).toContain('takes exactly as long as');
        else expect(claims).toBe(Math.sign(low) === Math.sign(high) && low * high !== 0);
      }),
    );
  });

  test('at other prices the band keeps its size: a conclusion flips where zero comes into it', () => {
    const band = { below: -1.3, above: 1.3, when: 'in nine tenths of the samples' };
    const at = (total: number): Facts =>
      factsWithBands({ ...comparison, runs: [totalling(baseline, 1000), totalling(run, total)] }, [
        null,
        band,
      ]);
    expect(isOpen(at(1012).others[0]!, at(1012).baseline)).toBe(true);
    expect(isOpen(at(1014).others[0]!, at(1014).baseline)).toBe(false);
    const [flip] = flips([at(1014)], [at(1012)]);
    expect(flip).toContain('shows no difference from');
    expect(flips([at(1010)], [at(1012)])).toEqual([]);
    const totals = [1020, 1012, 980].map((total, i) => ({
      label: String(i),
      start: [1000, total],
      now: [1000, total],
    }));
    expect(structuresFinding(['a', 'b'], totals, [null, band])).toBe(
      'b takes longer than a in 1 of 3 structures, and in 1 no difference is shown.',
    );
  });
});
