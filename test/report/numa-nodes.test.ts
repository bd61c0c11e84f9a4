import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Contention } from '../../src/model/pricing/contention.ts';
import type { RunResult } from '../../src/model/result.ts';
import { factsOf } from '../../src/report/facts.ts';
import { nodesTable } from '../../src/report/numa-node-tables.ts';
import { renderText } from '../../src/report/text.ts';
import { textWidth } from '../../src/report/text-layout.ts';
import { numaComparison, numaResult } from './numa-fixture.ts';

const tableOf = (nodes: number) => nodesTable(factsOf(numaComparison(nodes)))!;
const values = (nodes: number): Map<string, (number | string | null)[]> =>
  new Map(tableOf(nodes).rows.map(({ label, cells }) => [label, cells.map(({ value }) => value)]));

/** The result with the contention of its last run replaced. */
function withContention(result: RunResult, of: (contention: Contention) => Contention | null): RunResult {
  const [comparison] = result.comparisons;
  const { runs } = comparison!;
  const last = runs.at(-1)!;
  return {
    ...result,
    comparisons: [
      { ...comparison!, runs: [...runs.slice(0, -1), { ...last, contention: of(last.contention!) }] },
    ],
  };
}

describe('how busy each node is', () => {
  test('has a row for each of a few nodes, with the loads of its stations', () => {
    const comparison = numaComparison(8);
    const rows = values(8);
    expect([...rows.keys()]).toEqual(Array.from({ length: 8 }, (_, node) => `node ${node}`));
    for (const [node, cells] of [...rows.values()].entries()) {
      const expected = comparison.runs.flatMap(({ contention }) => {
        const load = (kind: string): number =>
          Math.max(
            ...contention!.stations
              .filter((station) => station.kind === kind && station.node === node)
              .map(({ utilisation }) => 100 * utilisation),
          );
        return [load('controller'), load('memory'), load('port')];
      });
      for (const [i, value] of cells.entries()) expect(value).toBeCloseTo(expected[i]!, 9);
    }
  });

  test('folds many nodes to least, mean, most and the hottest', () => {
    const rows = values(64);
    expect([...rows.keys()]).toEqual([
      'least of all',
      'mean of all',
      'most of all',
      ...[0, 1, 2, 3, 4].map((node) => `node ${node}`),
    ]);
    // Loads fall with the node's number in the fixture.
    expect(rows.get('most of all')).toEqual(rows.get('node 0'));
    const memory = numaComparison(64).runs[0]!.contention!.stations.filter(({ kind }) => kind === 'memory');
    const loads = memory.map(({ utilisation }) => 100 * utilisation);
    expect(rows.get('least of all')![1]).toBeCloseTo(Math.min(...loads), 9);
    expect(rows.get('mean of all')![1]).toBeCloseTo(loads.reduce((a, b) => a + b, 0) / 64, 9);
  });

  test('is in the terminal within its width, for any number of nodes', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 8, 16, 17, 64), fc.integer({ min: 60, max: 130 }), (nodes, width) => {
        const text = renderText(numaResult(nodes), { width, color: false });
        expect(text.replaceAll('\n', ' ')).toContain('of its ports or links the busiest.');
        const rows = text.match(/^ {2}node \d+ /gm)!;
        expect(rows.length % Math.min(nodes, nodes > 16 ? 5 : 16)).toBe(0);
        expect(rows.length).toBeLessThanOrEqual(2 * 16);
        for (const line of text.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(width);
      }),
      { numRuns: 20 },
    );
  });

  test('shows a bus, and names systems whose contention is not modelled', () => {
    const bus = {
      name: 'bus',
      kind: 'bus',
      node: null,
      utilisation: 0.5,
      peak: 0.75,
      peak_window: 1,
    } as const;
    const busy = withContention(numaResult(8), (contention) => ({ ...contention, stations: [bus] }));
    expect(renderText(busy, { width: 100, color: false })).toMatch(
      /^ {2}bus +– +– +– +– +– +– +– +– +50\.0$/m,
    );
    const none = renderText(
      withContention(numaResult(8), () => null),
      { width: 100, color: false },
    );
    expect(none).not.toMatch(/^ {2}bus/m);
    expect(none.replaceAll('\n', ' ')).toContain(
      'Contention is not modelled under disco-other (machine.contention).',
    );
  });
});
