import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { renderJson } from '../../src/report/json.ts';
import { runResultJsonSchema, runResultSchema } from '../../src/report/schema.ts';
import { results } from './arbitrary.ts';
import { fixture } from './fixture.ts';

/** The same value with the keys of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, shuffled(inner)]),
  );
}

describe('JSON', () => {
  test('reads back as the same result', () => {
    const result = fixture();
    expect(JSON.parse(renderJson(result))).toEqual(result);
  });

  test('has two spaces of indentation and a final newline', () => {
    const text = renderJson(fixture([], []));
    expect(text).toBe(
      '{\n  "schema": "vmtax.run/1",\n  "tool": {\n    "name": "vmtax",\n    "version": "0.1.0"\n  },\n  "comparisons": []\n}\n',
    );
  });

  test('does not depend on the order in which objects were built', () => {
    fc.assert(
      fc.property(results, (result) => {
        expect(renderJson(shuffled(result) as typeof result)).toBe(renderJson(result));
      }),
      { numRuns: 40 },
    );
  });

  test('integers stay integers', () => {
    expect(renderJson(fixture())).not.toMatch(/"(?:ps|total_ps|count|instructions)": \d*[.e]/);
  });
});

describe('schema', () => {
  test('the shipped file is current', async () => {
    const text = `${JSON.stringify(runResultJsonSchema(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot('../../schema/run-result.schema.json');
  });

  test('a result is valid and comes out of it unchanged', () => {
    const result = fixture();
    expect(runResultSchema.parse(JSON.parse(renderJson(result)))).toEqual(result);
  });

  test('any result is valid by the shipped JSON Schema', () => {
    const shipped = z.fromJSONSchema(runResultJsonSchema() as z.core.JSONSchema.JSONSchema);
    fc.assert(
      fc.property(results, (result) => {
        expect(shipped.safeParse(JSON.parse(renderJson(result))).error).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  test('is strict: nothing may be missing, added or of another type', () => {
    const change = (edit: (result: ReturnType<typeof fixture>) => unknown): boolean =>
      runResultSchema.safeParse(edit(fixture())).success;
    const first = (result: ReturnType<typeof fixture>) => result.comparisons[0]!;
    expect(change((result) => ({ ...result, more: 1 }))).toBe(false);
    expect(change((result) => ({ ...result, schema: 'vmtax.run/2' }))).toBe(false);
    expect(change(({ tool: _, ...rest }) => rest)).toBe(false);
    expect(change((result) => ({ ...result, comparisons: [{ ...first(result), baseline: 1 }] }))).toBe(false);
    expect(
      change((result) => {
        const [run] = first(result).runs;
        const parts = [{ ...run!.breakdown.parts[0]!, cause: 'magic' }];
        return {
          ...result,
          comparisons: [{ ...first(result), runs: [{ ...run!, breakdown: { total_ps: 0, parts } }] }],
        };
      }),
    ).toBe(false);
  });
});
