import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderCsv } from '../../src/report/csv.ts';
import { results } from './arbitrary.ts';
import { fixture, TRACES } from './fixture.ts';

test('starts with names and units', () => {
  const lines = renderCsv(fixture(TRACES.slice(0, 1))).split('\n');
  expect(lines[0]).toBe('trace,system,cpu,context,category,cause,owner,kind,count,time_ps');
  expect(lines[1]).toMatch(/^malta64-pmake,linux-mips,0,user,user,execution,workload,execution,\d+,\d+$/);
  expect(lines.at(-1)).toBe('');
});

test('any result reads back: every part, whatever the names, and sums equal the totals', () => {
  fc.assert(
    fc.property(results, (result) => {
      const rows: Record<string, string>[] = parse(renderCsv(result), { columns: true });
      const parts = result.comparisons.flatMap(({ trace, runs }) =>
        runs.flatMap((run) =>
          run.breakdown.parts.map((part) => ({ trace: trace.header.name, system: run.name, ...part })),
        ),
      );
      expect(rows).toEqual(
        parts.map(({ ps, ...part }) =>
          Object.fromEntries(
            Object.entries({ ...part, time_ps: ps }).map(([key, value]) => [key, String(value)]),
          ),
        ),
      );
      const total = result.comparisons.flatMap(({ runs }) => runs.map((run) => run.breakdown.total_ps));
      expect(rows.reduce((sum, row) => sum + Number(row.time_ps), 0)).toBe(total.reduce((a, b) => a + b, 0));
    }),
    { numRuns: 100 },
  );
});
