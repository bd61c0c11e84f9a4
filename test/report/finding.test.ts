import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Part } from '../../src/model/pricing/breakdown.ts';
import type { RunResult } from '../../src/model/result.ts';
import { waterfallRows } from '../../src/report/charts/waterfall.ts';
import { ALL_CELLS, changeBetween, factsOf, largestStep } from '../../src/report/facts.ts';
import {
  aloneHeadline,
  breakdownFinding,
  headline,
  ownerFinding,
  serviceFinding,
  traceHeadline,
} from '../../src/report/finding.ts';
import { effectTable } from '../../src/report/html/effects.ts';
import { breakdownTable, changeTable, ownerTable, serviceTable } from '../../src/report/table.ts';
import { verdict } from '../../src/report/verdict.ts';
import { cellLabel, cellName } from '../../src/report/words.ts';
import { comparisons } from './arbitrary.ts';
import { comparisonOf } from './fixture.ts';

type Piece = Pick<Part, 'category' | 'cause' | 'ps'>;

/** A comparison whose systems have just these parts. */
function compare(...systems: Piece[][]): RunResult['comparisons'][number] {
  const base = comparisonOf({ name: 'pmake', services: 0 }, ['x']);
  const runs = systems.map((pieces, i) => ({
    ...base.runs[0]!,
    name: ['native', 'disco', 'other', 'fourth', 'fifth'][i]!,
    breakdown: {
      total_ps: pieces.reduce((sum, { ps }) => sum + ps, 0),
      parts: pieces.map(
        (piece): Part => ({
          cpu: 0,
          context: 'user',
          owner: 'monitor',
          kind: 'execution',
          count: 1,
          ...piece,
        }),
      ),
    },
  }));
  return { ...base, baseline: 'native', runs };
}

const user = (ps: number): Piece => ({ category: 'user', cause: 'execution', ps });
const emulated = (ps: number): Piece => ({ category: 'monitor', cause: 'privileged_emulation', ps });
const writes = (ps: number): Piece => ({ category: 'monitor', cause: 'tlb_write_emulation', ps });
const refill = (ps: number): Piece => ({ category: 'kernel', cause: 'tlb_refill', ps });
const MS = 1e9;

describe('headline', () => {
  const say = (...systems: Piece[][]): string => traceHeadline(factsOf(compare(...systems)));
  test('slower', () =>
    expect(say([user(100 * MS)], [user(100 * MS), emulated(10 * MS), writes(20 * MS)])).toBe(
      'disco takes 30.0 % longer than native on pmake: about two thirds of the added time goes to TLB-write emulation',
    ));
  test('slower with savings', () =>
    expect(say([user(90 * MS), refill(10 * MS)], [user(90 * MS), emulated(40 * MS)])).toBe(
      'disco takes 30.0 % longer than native on pmake: all of the added time goes to privileged-instruction emulation; savings elsewhere give back 25.0 % of what is added, all of it in kernel TLB refill',
    ));
  test('faster', () =>
    expect(say([user(80 * MS), refill(20 * MS)], [user(80 * MS), emulated(5 * MS)])).toBe(
      'disco takes 15.0 % less time than native on pmake: all of the saving comes from kernel TLB refill; costs elsewhere take back 25.0 % of what is saved, all of it in privileged-instruction emulation',
    ));
  test('what moved from guest to monitor is added here and saved there, as the waterfall shows it', () => {
    const calls = (ps: number): Piece => ({ category: 'monitor', cause: 'monitor_call', ps });
    const faults = (ps: number): Piece => ({ category: 'kernel', cause: 'page_fault', ps });
    expect(say([user(50 * MS), faults(50 * MS)], [user(50 * MS), calls(45 * MS), emulated(15 * MS)])).toBe(
      'disco takes 10.0 % longer than native on pmake: about three quarters of the added time goes to monitor calls; savings elsewhere give back 83.3 % of what is added, all of it in kernel page faults',
    );
    expect(say([user(50 * MS), faults(50 * MS)], [user(50 * MS), faults(52 * MS), calls(8 * MS)])).toMatch(
      /: 80\.0 % of the added time goes to monitor calls$/,
    );
    expect(say([user(80 * MS), refill(20 * MS)], [user(70 * MS), refill(5 * MS), writes(50 * MS)])).toMatch(
      /: all of the added time goes to TLB-write emulation; savings elsewhere give back 50\.0 % of what is added, 60\.0 % of it in kernel TLB refill$/,
    );
  });
  test('a tie', () =>
    expect(say([user(100)], [user(100), emulated(10), writes(10)])).toBe(
      'disco takes 20.0 % longer than native on pmake: about half of the added time goes to each of privileged-instruction emulation and TLB-write emulation',
    ));
  test('equal', () =>
    expect(say([user(100)], [user(100)])).toBe(
      'disco takes exactly as long as native on pmake: every part is equal',
    ));
  test('equal totals of other parts', () =>
    expect(say([user(10 * MS)], [emulated(10 * MS)])).toBe(
      'disco takes exactly as long as native on pmake: the 10.00 ms added in some parts is saved in others',
    ));
  test('hardly slower', () =>
    expect(say([user(1e9)], [user(1e9 + 1)])).toMatch(/^disco takes less than 0\.1 % longer than native/));
  test('several times as long', () =>
    expect(say([user(100)], [user(345)])).toMatch(/^disco takes 3\.45 times as long as native on pmake/));
  test('no time', () => {
    expect(say([], [])).toBe('disco and native take no time on pmake: nothing was counted');
    expect(say([], [user(3 * MS)])).toMatch(
      /^disco takes 3\.000 ms, where native takes no time, on pmake: all of/,
    );
  });
  test('one system', () =>
    expect(say([user(30 * MS), refill(10 * MS)])).toBe(
      'native takes 40.00 ms on pmake: about three quarters of it goes to user instruction execution',
    ));
});

test('title of a breakdown with many systems', () => {
  const facts = factsOf(compare([user(100)], [user(120)], [user(90)], [user(150)]));
  expect(breakdownFinding(facts)).toBe(
    'native takes 100 ps on pmake; 2 of 3 systems take longer, 1 less time; the slowest, fourth, 50.0 % more',
  );
});

/** The percentage that a sentence states, as a range of what it may stand for. */
function stated(sentence: string, pattern: RegExp): readonly [number, number] | null {
  const figure = pattern.exec(sentence)?.[1];
  if (figure === undefined) return null;
  const value = Number(figure.replaceAll(',', ''));
  return [value - 0.0501, value + 0.0501];
}

describe('for any comparison', () => {
  const each = (check: (facts: ReturnType<typeof factsOf>) => void): void => {
    fc.assert(
      fc.property(comparisons, (comparison) => check(factsOf(comparison))),
      { numRuns: 200 },
    );
  };

  test('the steps of the waterfall sum exactly to the difference', () =>
    each((facts) => {
      for (const run of facts.others) {
        const difference = run.total - facts.baseline.total;
        const change = changeBetween(facts.baseline, run);
        expect(change.added + change.saved).toBe(difference);
        const rows = waterfallRows(facts, run);
        expect(rows.reduce((sum, row) => sum + row.ps, 0)).toBe(difference);
        for (const row of rows) expect(new Set(row.steps.map((step) => Math.sign(step.ps))).size).toBe(1);
        expect(rows.flatMap((row) => row.steps).length).toBe(change.steps.length);
      }
    }));

  test('what adds most is the longest bar to the right in the waterfall, in title, table and conclusions alike', () =>
    each((facts) => {
      for (const run of facts.others) {
        const steps = waterfallRows(facts, run).flatMap((row) => row.steps);
        const longest = steps.reduce((most, step) => Math.max(most, step.ps), 0);
        const step = largestStep(changeBetween(facts.baseline, run), 1);
        expect(step?.ps ?? 0).toBe(longest);
        const row = effectTable([facts]).rows.find(({ path }) => path === `${facts.trace}: ${run.name}`);
        if (row !== undefined)
          expect(row.cells.at(-1)!.text).toBe(
            step === null ? 'nothing' : cellLabel(step.category, step.cause),
          );
        const said = / of the added time goes to (?!each of )(.*?)(?:;|$)/.exec(headline(facts, run))?.[1];
        if (said !== undefined) expect(said).toBe(cellName(step!.category, step!.cause));
      }
    }));

  test('headlines state the data', () =>
    each((facts) => {
      const base = facts.baseline.total;
      for (const run of facts.others) {
        const sentence = headline(facts, run).slice(run.name.length);
        const change = base === 0 ? 0 : (100 * (run.total - base)) / base;
        const more = stated(sentence, /^ takes ([\d.,]+) % longer/);
        const less = stated(sentence, /^ takes ([\d.,]+) % less/);
        if (more) expect(change >= more[0] && change <= more[1]).toBe(true);
        if (less) expect(-change >= less[0] && -change <= less[1]).toBe(true);
        if (/ takes exactly as long/.test(sentence)) expect(run.total).toBe(base);
        if (/ longer than /.test(sentence)) expect(run.total).toBeGreaterThan(base);
        const share = stated(sentence, /: ([\d.]+) % of the added time/);
        if (share) {
          const { steps, added } = changeBetween(facts.baseline, run);
          const part = (100 * Math.max(...steps.map((step) => step.ps))) / added;
          expect(part >= share[0] && part <= share[1]).toBe(true);
        }
      }
    }));

  test('owner titles name the largest share of what they state', () =>
    each((facts) => {
      const sentence = ownerFinding(facts);
      expect(sentence).toMatch(/^(Could be removed by the|No time to remove)/);
    }));

  test('tables add up to the totals', () =>
    each((facts) => {
      for (const table of [breakdownTable(facts), ownerTable(facts)])
        for (const [i, run] of facts.runs.entries()) {
          const values = (kind: string): number[] =>
            table.rows.filter((row) => row.kind === kind).map((row) => row.cells[2 * i]!.value as number);
          const sum = values('sum')[0]!;
          expect(sum).toBe(run.total);
          // A category with one cause of its own name is a group without parts.
          const groups = values('group');
          if (groups.length > 0) expect(groups.reduce((a, b) => a + b, 0)).toBe(sum);
          else expect(values('part').reduce((a, b) => a + b, 0)).toBe(sum);
        }
      for (const run of facts.others) {
        const rows = changeTable(facts, run).rows;
        const steps = rows.slice(0, -1).reduce((sum, row) => sum + (row.cells[2]!.value as number), 0);
        expect(steps).toBe(rows.at(-1)!.cells[2]!.value);
      }
      const services = serviceTable(facts).rows;
      for (const [i, run] of facts.runs.entries()) {
        const outside = ALL_CELLS.filter((cell) => cell.category !== 'user').reduce(
          (sum, cell) => sum + run.cell(cell),
          0,
        );
        expect(services.at(-1)!.cells[2 * i]!.value).toBe(outside);
        expect(services.slice(0, -1).reduce((sum, row) => sum + (row.cells[2 * i]!.value as number), 0)).toBe(
          outside,
        );
      }
    }));

  test('every title is a sentence', () =>
    each((facts) => {
      const titles = [
        breakdownFinding(facts),
        serviceFinding(facts),
        ownerFinding(facts),
        aloneHeadline(facts),
        traceHeadline(facts),
      ];
      for (const title of titles) expect(title).not.toMatch(/undefined|NaN|Infinity|null|\.$/);
    }));
});

test('waiting for disks that becomes waiting for the server', () => {
  const idle = (ps: number): Piece => ({ category: 'idle', cause: 'idle', ps });
  const served = (ps: number): Piece => ({ category: 'idle', cause: 'network', ps });
  expect(
    traceHeadline(factsOf(compare([user(50 * MS), idle(50 * MS)], [user(50 * MS), served(80 * MS)]))),
  ).toBe(
    'disco takes 30.0 % longer than native on pmake: all of the added time goes to idle waiting for the server; savings elsewhere give back 62.5 % of what is added, all of it in idling',
  );
  expect(traceHeadline(factsOf(compare([user(50 * MS)], [user(50 * MS), served(25 * MS)])))).toContain(
    'all of the added time goes to idle waiting for the server',
  );
  const { rows } = breakdownTable(factsOf(compare([user(MS), idle(MS)], [user(MS), served(MS)])));
  expect(rows.filter(({ kind }) => kind === 'part').map(({ label }) => label)).toContain('server wait');
});

describe('several CPUs', () => {
  /** Systems with so many CPUs, each of which takes so many ms: all of it user code. */
  const machines = (...cpus: number[][]) => {
    const made = compare(...cpus.map((times) => times.map((ms) => user(ms * MS))));
    return {
      ...made,
      runs: made.runs.map((run, i) => ({
        ...run,
        tally: { ...run.tally, cpus: cpus[i]!.length },
        breakdown: { ...run.breakdown, parts: run.breakdown.parts.map((part, cpu) => ({ ...part, cpu })) },
      })),
    };
  };
  const say = (...cpus: number[][]): string => traceHeadline(factsOf(machines(...cpus)));

  test('machines of different sizes are compared from start to end', () => {
    expect(say([10, 10, 10, 10], [18, 18])).toBe(
      'disco takes 80.0 % longer than native (from start to end, on 2 CPUs against 4) on pmake: ' +
        'all CPUs together −10.0 %, all of the saving comes from user instruction execution',
    );
    expect(say([20, 20], [12, 12, 12, 12])).toContain(
      'takes 40.0 % less time than native (from start to end',
    );
    expect(say([20, 20], [20])).toMatch(/^disco takes exactly as long as native \(from start to end/);
  });

  test('of machines as large both are said where they are different stories', () => {
    expect(say([10, 10], [12, 12])).toMatch(/^disco takes 20\.0 % longer than native on pmake/);
    expect(say([10, 10], [8, 16])).toMatch(
      /^disco takes 20\.0 % longer than native \(all CPUs together; \+60\.0 % from start to end\) on pmake/,
    );
    expect(say([10, 10], [8, 12])).toMatch(
      /^disco takes exactly as long as native \(all CPUs together; \+20\.0 % from start to end\)/,
    );
  });

  test('the largest difference is that of the times compared', () => {
    // 90 % less time from start to end; all CPUs together differ less than the third system's.
    const facts = factsOf(machines([10], [1, 1, 1, 1, 1, 1, 1, 1], [15]));
    expect(traceHeadline(facts)).toMatch(/^disco takes 90\.0 % less time/);
    expect(verdict([facts])).toContain(
      'disco takes 90.0 % less time than native (from start to end, on 8 CPUs against 1)',
    );
    expect(breakdownFinding(facts)).toContain('native takes 10.00 ms on pmake, all CPUs together; ');
  });
});
