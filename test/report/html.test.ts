import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { factsOf } from '../../src/report/facts.ts';
import { headline } from '../../src/report/finding.ts';
import { base85, base85Length } from '../../src/report/html/base85.ts';
import { percentOf, timeFigure, timeUnit } from '../../src/report/numbers.ts';
import { cellName } from '../../src/report/words.ts';
import { InputError } from '../../src/trace/errors.ts';
import { results } from './arbitrary.ts';
import { fixture, SYSTEM_NAMES, TRACES } from './fixture.ts';
import { bytesOf, dataOf, element, pageOf, piecesOf, rowsOf, textOf } from './page.ts';

const result = fixture();
let html = '';
let bytes = 0;

beforeAll(async () => {
  ({ html, bytes } = await pageOf(result, { commandLine: "vmtax run 'a b' --html x" }));
});

describe('the file', () => {
  test('is under 500 kB for three traces under three systems', () => {
    expect(bytes).toBe(Buffer.byteLength(html));
    expect(bytes).toBeLessThan(500_000);
  });

  test('is the same for the same input', async () => {
    expect((await pageOf(fixture(), { commandLine: "vmtax run 'a b' --html x" })).html).toBe(html);
  });

  test('allows one style sheet and one script, by hash, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [style, ...styles] = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((match) => match[1]!);
    const [script, ...scripts] = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
      (match) => match[1]!,
    );
    expect([styles, scripts]).toEqual([[], []]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src ${hash(style!)}`);
    expect(policy).toContain(`script-src ${hash(script!)}`);
    expect(script!.length).toBeLessThan(8000);
    const body = html.slice(html.indexOf('<body>'));
    expect(body).not.toMatch(/<[^>]* (?:style|on\w+)=/);
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:)/);
    expect(body.replaceAll('http://www.w3.org/2000/svg', '').replace(script!, '')).not.toMatch(/https?:\/\//);
  });

  test('has no id twice, and every reference to one has its target', () => {
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]!);
    expect(new Set(ids).size).toBe(ids.length);
    const known = new Set(ids);
    const used = [...html.matchAll(/(?:href="#|aria-labelledby="|data-of=")([^"]*)"/g)].flatMap((match) =>
      match[1]!.split(' '),
    );
    for (const id of used.filter((text) => text !== '')) expect(known, id).toContain(id);
  });

  test('holds the whole result for download', () => {
    const { specs } = dataOf(html);
    const charts = [...html.matchAll(/<svg id="([^"]*)"/g)].map((match) => match[1]!);
    expect(Object.keys(specs)).toEqual(charts);
    for (const spec of Object.values(specs)) expect(spec.$schema).toContain('vega-lite/v6');
  });

  test('warns above 3 MB and refuses above 10 MB unless told', async () => {
    const large = (times: number) => {
      const one = fixture([TRACES[0]!], ['linux-mips']).comparisons[0]!;
      const notes = Array.from({ length: 20 * times }, (_, i) => `${i}${'x'.repeat(50_000)}`);
      return { ...result, comparisons: [{ ...one, runs: [{ ...one.runs[0]!, notes }] }] };
    };
    expect((await pageOf(large(1))).warning).toBeNull();
    expect((await pageOf(large(4))).warning).toMatch(
      /the HTML report is [\d.]+ MB; browsers get slow above 3\.0 MB/,
    );
    await expect(pageOf(large(11))).rejects.toThrow(InputError);
    expect((await pageOf(large(11), { allowLarge: true })).warning).not.toBeNull();
  });
});

describe('charts and tables agree', () => {
  test.each(result.comparisons.map((comparison, i) => [comparison.trace.header.name, i] as const))(
    'breakdown of %s',
    (_, i) => {
      const facts = factsOf(result.comparisons[i]!);
      const pieces = piecesOf(element(html, 'svg', `trace-${i + 1}-time-svg`));
      const rows = rowsOf(html, `trace-${i + 1}-time-table`);
      const largest = Math.max(...facts.runs.map((run) => run.total));
      const unit = timeUnit(largest);
      let seen = 0;
      for (const [k, run] of facts.runs.entries())
        for (const cell of facts.cells) {
          const path = `${cell.category}: `;
          const row = rows.find(
            (r) =>
              r.path.startsWith(path) &&
              cellName(cell.category, cell.cause).endsWith(r.path.slice(path.length)),
          );
          expect(Number(row!.values[2 * k])).toBe(run.cell(cell));
          expect(Number(row!.values[2 * k + 1])).toBeCloseTo(
            percentOf(run.cell(cell), facts.baseline.total)!,
            3,
          );
          if (run.cell(cell) === 0) continue;
          const figure = `${timeFigure(run.cell(cell), unit)} ${unit.name}`;
          const start = `${run.name}: ${cellName(cell.category, cell.cause)}, ${figure}`;
          const piece = pieces.find(({ title }) => title.startsWith(start));
          expect(piece, start).toBeDefined();
          expect(Math.abs(piece!.width - (760 * run.cell(cell)) / largest)).toBeLessThan(0.011);
          seen++;
        }
      expect(pieces.length).toBe(seen);
    },
  );

  test('waterfall: bars are the steps, the last is their sum, and the table says the same', () => {
    for (const [i, comparison] of result.comparisons.entries()) {
      const facts = factsOf(comparison);
      for (const [k, run] of facts.others.entries()) {
        const id = `trace-${i + 1}-change-${k + 1}`;
        const rows = rowsOf(html, `${id}-table`);
        const difference = run.total - facts.baseline.total;
        const steps = rows.filter((row) => row.kind === 'part').map((row) => Number(row.values[2]));
        expect(steps.reduce((a, b) => a + b, 0)).toBe(difference);
        expect(Number(rows.at(-1)!.values[2])).toBe(difference);
        const bars = piecesOf(element(html, 'svg', `${id}-svg`));
        const net = bars.find(({ title }) => title.includes('difference to'))!;
        const scale = Math.abs(difference) / net.width;
        const signedWidth = bars
          .filter((bar) => bar !== net)
          .reduce((sum, { title, width }) => sum + (title.includes('\u2212') ? -width : width), 0);
        expect(Math.abs(signedWidth * scale - difference)).toBeLessThan(Math.abs(difference) * 0.01);
        expect(textOf(element(html, 'figure', id))).toContain(headline(facts, run));
      }
    }
  });

  test('owners: bars end to end are the table’s sums', () => {
    const facts = factsOf(result.comparisons[0]!);
    const pieces = piecesOf(element(html, 'svg', 'trace-1-owner-svg'));
    const rows = rowsOf(html, 'trace-1-owner-table');
    const total = rows
      .filter((row) => row.kind === 'part')
      .reduce((sum, row) => sum + [0, 2, 4].reduce((s, k) => s + Number(row.values[k]), 0), 0);
    expect(total).toBe(facts.runs.reduce((sum, run) => sum + run.total, 0));
    const largest = Math.max(
      ...rows
        .filter((row) => row.kind === 'part')
        .flatMap((row) => [0, 2, 4].map((k) => Number(row.values[k]))),
    );
    const drawn = pieces.reduce((sum, piece) => sum + piece.width, 0) * (largest / (612 - 206));
    expect(Math.abs(drawn - total)).toBeLessThan(total * 0.001);
  });
});

describe('what it says', () => {
  test('the biggest caveat is the weightiest of all systems and traces, whatever their order', async () => {
    const weights = [
      [3, 8],
      [5, 40],
    ] as const;
    const two = fixture(TRACES.slice(0, 2));
    const noted = (missing: number) =>
      two.comparisons.map((one, trace) => ({
        ...one,
        runs: one.runs.map((run, system) => ({
          ...run,
          // What the baseline alone has in doubt is said with the systems that are compared with it.
          caveat: {
            note: `note ${trace} ${system}.`,
            missing: trace === missing && system === 1,
            percent: system === 0 ? 99 : weights[trace]![system - 1]!,
          },
        })),
      }));
    const said = async (comparisons: ReturnType<typeof noted>): Promise<string> => {
      const page = await pageOf({ ...two, comparisons });
      return textOf(/<dt>Biggest caveat<\/dt><dd>(.*?)</.exec(page.html)![1]!);
    };
    expect(await said(noted(-1))).toBe('note 1 2.');
    expect(await said(noted(-1).reverse())).toBe('note 1 2.');
    expect(await said(noted(0))).toBe('note 0 1.');
  });

  test('verdict, baseline, certainty, caveat, warm-up, command', () => {
    const text = textOf(html);
    expect(text).toContain('What does a virtual machine monitor cost this workload?');
    expect(text).toContain('linux-mips is the baseline');
    expect(text).toContain('Deterministic, single value');
    expect(text).toMatch(/nothing about the inputs: \d+ of \d+ inputs are assumed and \d+ calibrated/);
    expect(text).toContain('Warm-up: the first 2,000,004 instructions (2,000,000 asked for)');
    expect(text).toContain("vmtax run 'a b' --html x");
  });

  test('seeds: the spread is named', async () => {
    const comparison = fixture([TRACES[0]!]).comparisons[0]!;
    const runs = comparison.runs.map((run, i) => ({
      ...run,
      seeds: [1, 2, 3].map((seed) => ({
        seed,
        total_ps: run.breakdown.total_ps * (1 + (i === 1 ? seed - 1 : 0) / 100),
      })),
    }));
    const page = await pageOf({ ...result, comparisons: [{ ...comparison, runs }] });
    const text = textOf(page.html);
    expect(text).toContain(
      `${SYSTEM_NAMES[1]} on malta64-pmake, over 3 seeds of the random TLB replacement: +`,
    );
    // The band in percent of the baseline: the first total is the run's own, the last 2 % more.
    const total = (at: number): number => comparison.runs[at]!.breakdown.total_ps;
    const high = (100 * (total(1) * 1.02 - total(0))) / total(0);
    expect(text).toContain(`to +${high.toFixed(1)}`);
  });

  test('a trace of user code: the kernel is missing', async () => {
    const page = await pageOf(fixture([{ name: 'true', level: 'user' }]));
    expect(textOf(page.html)).toContain('The kernel is missing: the true overhead may be higher or lower.');
  });

  test('one factor or several, with the runs that separate them', async () => {
    expect(textOf(html)).toContain(
      'One factor differs between linux-mips and disco-linux-mips: the monitor.',
    );
    const page = await pageOf(fixture([TRACES[0]!]), {
      difference: () => [
        { path: 'monitor', a: null, b: undefined },
        { path: 'monitor.patched_hal', a: undefined, b: true },
        { path: 'machine.tlb.entries', a: 64, b: 128 },
        { path: 'os.name', a: 'a', b: 'b' },
      ],
    });
    const text = textOf(page.html);
    expect(text).toContain(
      '2 factors differ between linux-mips and disco-linux-mips: the monitor and machine.tlb.entries. What follows is their joint effect.',
    );
    expect(text).toContain('--set disco-linux-mips:machine.tlb.entries=64');
  });

  test('systems without a monitor are compared, not accused', async () => {
    const page = await pageOf(fixture([TRACES[0]!], ['linux-mips', 'linux-copy']));
    expect(textOf(page.html)).toContain('How do these systems compare?');
    expect(textOf(page.html)).toContain('linux-copy takes exactly as long as linux-mips');
  });
});

test('names cannot break out of the page', async () => {
  const evil = '</script><script>alert(1)</script>"\'&<b onclick="x">';
  const page = await pageOf(fixture([{ name: evil, services: 1 }], ['native', `disco ${evil}`]), {
    commandLine: evil,
  });
  expect(page.html.match(/<script/g)!.length).toBe(2);
  expect(page.html).not.toMatch(/<b onclick|alert\(1\)<\/script>/);
  expect(textOf(page.html)).toContain(evil);
});

test('any result renders', async () => {
  await fc.assert(
    fc.asyncProperty(results, async (any) => {
      const page = await pageOf(any);
      // The compressed data may spell anything.
      expect(page.html.replace(/ id="data">[^<]*/, '')).not.toMatch(/NaN|undefined|Infinity/);
      expect(page.html.match(/<script/g)!.length).toBe(2);
      const ids = [...page.html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]!);
      expect(new Set(ids).size).toBe(ids.length);
    }),
    // Shrinking pages takes minutes; the seed that is printed finds the case again.
    { numRuns: 20, endOnFailure: true },
  );
});

test('bytes in a page come back from their text, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = base85(bytes);
      expect(text).not.toMatch(/["&<\\\s]/);
      expect(text).toHaveLength(base85Length(bytes.length));
      expect(bytesOf(text)).toEqual(bytes);
    }),
  );
});
