import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { SERVED } from '../../src/model/numa.ts';
import { factsOf } from '../../src/report/facts.ts';
import {
  classFinding,
  listed,
  loadFinding,
  matrixFinding,
  matrixSums,
  movesFinding,
  numaRuns,
  queueingFinding,
  servedFinding,
} from '../../src/report/numa.ts';
import { decisionsTable } from '../../src/report/numa-page-tables.ts';
import { matrixTable, PAIRS_NODES } from '../../src/report/numa-tables.ts';
import { percentFigure } from '../../src/report/numbers.ts';
import { runResultSchema } from '../../src/report/schema.ts';
import { renderText } from '../../src/report/text.ts';
import { textWidth } from '../../src/report/text-layout.ts';
import { fixture } from './fixture.ts';
import { type MemorySeed, numaComparison, numaFacts, numaResult, withMemory } from './numa-fixture.ts';
import { element, pageOf, piecesOf, rowsOf, textOf } from './page.ts';

const result = numaResult();
const facts = factsOf(result.comparisons[0]!);
let html = '';

beforeAll(async () => {
  ({ html } = await pageOf(result));
});

const IDS = ['served', 'classes', 'nodes', 'latency', 'load', 'pages'].map((key) => `trace-1-${key}`);

/** Percentages that a sentence names, in order. */
const percents = (sentence: string): string[] =>
  [...sentence.matchAll(/([\d.,]+) %/g)].map((match) => match[1]!);

const seed: fc.Arbitrary<MemorySeed> = fc.record({
  nodes: fc.integer({ min: 2, max: 20 }),
  own: fc.integer({ min: 1, max: 1e6 }),
  other: fc.nat(1e6),
  crowd: fc.nat(1e6),
  classes: fc
    .array(fc.nat(1e6), { minLength: 5, maxLength: 5 })
    .filter((list) => list.some((one) => one > 0)),
  utilisation: fc.double({ min: 0.01, max: 1, noNaN: true }),
});

/** Facts of one to three systems with any memory system. */
const anyFacts = fc.array(seed, { minLength: 1, maxLength: 3 }).map((seeds) => {
  const names = ['irix-numa', 'disco-numa', 'disco-other'].slice(0, seeds.length);
  const plain = numaComparison(2, names);
  return factsOf({ ...plain, runs: plain.runs.map((run, i) => withMemory(run, seeds[i]!, i === 0)) });
});

describe('titles say what the data say', () => {
  test('misses by what served them: the share of local memory of each system', () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const shares = numaRuns(any).map(({ numa }) => {
          const all = SERVED.reduce((sum, kind) => sum + numa.served[kind], 0);
          return percentFigure((100 * numa.served.local) / all).replace('<', '');
        });
        expect(percents(servedFinding(any))).toEqual(shares);
        for (const run of any.runs) expect(servedFinding(any)).toContain(`under ${run.name}`);
      }),
    );
  });

  test('classes: the largest of each system', () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const shares = numaRuns(any).map(({ numa }) => {
          const list = Object.values(numa.classes);
          return percentFigure((100 * Math.max(...list)) / list.reduce((a, b) => a + b, 0)).replace('<', '');
        });
        expect(percents(classFinding(any))).toEqual(shares);
      }),
    );
  });

  test('nodes: the diagonal, and the home that stands out most', () => {
    fc.assert(
      fc.property(anyFacts, (any) => {
        const sums = numaRuns(any).map((run) => ({ ...matrixSums(run), nodes: run.numa.matrix.length }));
        const sentence = matrixFinding(any);
        const own = sums.map(({ own, all }) => percentFigure((100 * own) / all).replace('<', ''));
        expect(percents(sentence).slice(0, own.length)).toEqual(own);
        const crowded = Math.max(...sums.map(({ homes, all, nodes }) => (Math.max(...homes) / all) * nodes));
        const [share, even] = percents(sentence).slice(own.length).map(Number);
        expect(share! / even!).toBeCloseTo(crowded, 0);
      }),
    );
  });

  test('load and queueing', () => {
    expect(loadFinding(facts)).toBe(
      'The busiest place is the memory of node 0 under disco-numa: 62.0 % of the time, 93.0 % at its peak',
    );
    expect(queueingFinding(facts)).toBe(
      'Queueing lengthens misses by 6.3 % under irix-numa, 15.5 % under disco-numa and 2.5 % under disco-other',
    );
  });

  test('moves: pages that were not left, rate and mean time', () => {
    expect(movesFinding(facts)).toBe(
      'disco-numa moves 50 of 59 hot pages, 1,300 moves a second of 45.6 µs each; ' +
        'disco-other moves 50 of 59 hot pages, 1,300 moves a second of 45.6 µs each',
    );
  });

  test('without misses', () => {
    const [run] = facts.comparison.runs;
    const numa = numaFacts({ nodes: 2, own: 0, other: 0, crowd: 0, classes: [], utilisation: 0 });
    const idle = factsOf({ ...facts.comparison, runs: [{ ...run!, numa, contention: null }] });
    expect(servedFinding(idle)).toBe('No access misses all caches on zipf');
    expect(loadFinding(idle)).toBe('No controller, memory or link is ever busy on zipf');
  });

  test('lists', () => {
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
  });
});

describe('page', () => {
  test('the fixture is a valid result', () => {
    expect(runResultSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
  });

  test('has a chart with table and downloads for each question, and the actions', () => {
    for (const id of IDS) {
      const figure = element(html, 'figure', id);
      expect(figure).toMatch(/data-gets="svg:[\w-]+-svg:[\w-]+ csv:[\w-]+-table spec:[\w-]+-svg"/);
      expect(rowsOf(html, `${id}-table`).length).toBeGreaterThan(2);
    }
    const actions = rowsOf(html, 'trace-1-actions-table');
    expect(actions.map(({ path }) => path)).toEqual([
      'hot-page interrupt',
      'migration',
      'replication',
      'TLB entry shot down',
    ]);
    expect(actions[1]!.values.slice(0, 4)).toEqual(['40', '1000', '41', '1640000000']);
  });

  test('is not there where there is one CPU and node', async () => {
    const plain = await pageOf(fixture());
    for (const id of IDS) expect(plain.html).not.toContain(`id="${id}"`);
  });

  test('served: pieces are as long as the table’s counts', () => {
    const pieces = piecesOf(element(html, 'svg', 'trace-1-served-svg'));
    const rows = rowsOf(html, 'trace-1-served-table');
    const totals = [0, 2, 4].map((k) => Number(rows.at(-1)!.values[k]));
    for (const [k, run] of facts.runs.entries())
      for (const [i, kind] of SERVED.entries()) {
        const count = Number(rows[i]!.values[2 * k]);
        expect(count).toBe(run.run.numa!.served[kind]);
        const figure = `${count.toLocaleString('en-US')} misses`;
        const piece = pieces.find(({ title }) => title.startsWith(`${run.name}: `) && title.includes(figure));
        expect(piece!.width).toBeCloseTo(((592 - 206) * count) / Math.max(...totals), 1);
      }
  });

  test('nodes: every pair is in the table and, pointed at, in the map', () => {
    const svg = textOf(element(html, 'svg', 'trace-1-nodes-svg').replaceAll('</title>', '\n'));
    const rows = rowsOf(html, 'trace-1-nodes-table').filter(({ kind }) => kind === 'part');
    const pairs = facts.runs.flatMap((run) => run.run.numa!.matrix.map((row) => row.map(String)));
    expect(rows.map(({ values }) => values)).toEqual(pairs);
    const misses = facts.runs[1]!.run.numa!.matrix[3]![0]!.toLocaleString('en-US');
    expect(svg).toContain(`disco-numa: node 3 to home 0, ${misses} misses`);
  });

  test('64 nodes: sums by node, a map without words, a page of moderate size', async () => {
    const large = await pageOf(numaResult(64));
    const rows = rowsOf(large.html, 'trace-1-nodes-table').filter(({ kind }) => kind === 'part');
    expect(rows.length).toBe(3 * 64);
    for (const [k, run] of factsOf(numaComparison(64)).runs.entries()) {
      const { matrix } = run.run.numa!;
      const own = matrix[5]!.reduce((a, b) => a + b, 0);
      const homed = matrix.reduce((sum, row) => sum + row[5]!, 0);
      expect(rows[64 * k + 5]!.values).toEqual([own, matrix[5]![5]!, homed].map(String));
    }
    expect(element(large.html, 'svg', 'trace-1-nodes-svg').length).toBeLessThan(60_000);
    expect(large.bytes).toBeLessThan(500_000);
    expect(matrixTable(factsOf(numaComparison(PAIRS_NODES))).groups[0]!.columns.length).toBe(PAIRS_NODES);
  });

  test('any memory system renders', async () => {
    await fc.assert(
      fc.asyncProperty(anyFacts, async (any) => {
        const page = await pageOf({ ...result, comparisons: [any.comparison] });
        expect(page.html.replace(/ id="data">[^<]*/, '')).not.toMatch(/NaN|undefined|Infinity/);
        expect(page.html).toContain('id="trace-1-nodes-svg"');
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test('says how far assumed prices carry, and what that is not', () => {
    const text = textOf(html);
    expect(text).toContain(
      'is +31.2 %. If each assumed or calibrated price were 20 % lower or higher, one at a time, it would be between +26.5 % and +36.3 %; emulate_cycles, cycle_ns and l2_hit_ns move it most. That is no error bar',
    );
    const rows = rowsOf(html, 'prices');
    expect(rows[0]!.path).toBe('prices.emulate_cycles');
    expect(rows.at(-1)!.values.slice(0, 2)).toEqual(['26.5', '36.25']);
  });
});

describe('terminal', () => {
  test('names served, moves and the busiest station in a few lines', () => {
    const text = renderText(result, { width: 100, color: false });
    expect(text).toMatch(/L2 misses +[\d,]+ +[\d,]+ +[\d,]+/);
    expect(text).toMatch(/by local memory, % +\d/);
    expect(text).toMatch(/page moves a second +0 +1,300 +1,300/);
    expect(text).toMatch(/µs per page move +– +45.6 +45.6/);
    expect(text.replaceAll('\n', ' ')).toContain('memory of node 0 under disco-numa, 62.0 % of the time');
    expect(text.replaceAll('\n', ' ')).toContain(
      'disco-numa: +31.2 %, and +26.5 % to +36.3 % if assumed or calibrated prices',
    );
  });

  test('keeps to the width', () => {
    const long = ['native', `disco-${'long-name-'.repeat(6)}`, `disco-${'other-name-'.repeat(9)}`];
    for (const width of [60, 80, 120])
      for (const line of renderText(numaResult(8, long), { width, color: false }).split('\n'))
        expect(textWidth(line), line).toBeLessThanOrEqual(width);
  });
});

test('decisions of the policy are there by action and reason, on the page and in the text', () => {
  const table = decisionsTable(facts);
  const names = table.groups.map(({ name }) => name);
  const at = facts.runs.findIndex((run) => run.name === names[0]);
  const { decisions } = facts.runs[at]!.run.tally.pages!;
  const rows = table.rows.map(({ path, cells }) => [path, cells[0]!.value]);
  expect(rows).toEqual([
    ['migrate', decisions['migrate: private']],
    ['migrate: private', decisions['migrate: private']],
    ['replicate', decisions['replicate: read-shared']],
    ['replicate: read-shared', decisions['replicate: read-shared']],
    ['leave', decisions['leave: write-shared']],
    ['leave: write-shared', decisions['leave: write-shared']],
  ]);
  expect(html).toContain('id="trace-1-decisions-table"');
  const text = renderText(result, { width: 80, color: false });
  expect(text).toMatch(/Decisions of the page policy, by reason:[\s\S]*used by one node +40 /);
});
