import { z } from 'zod';
import { CATEGORIES } from '../../model/pricing/breakdown.ts';
import { ROLES } from '../../model/systems/fields.ts';
import type { Analysis } from '../../sweep/analysis.ts';
import type { Column } from '../../sweep/table.ts';
import type { Failure, Plan } from '../../sweep/types.ts';
import { count, integer, text } from '../schema-fields.ts';

/**
 * The schema of the JSON that `vmtax sweep --json` writes, strict in every object. The JSON Schema in
 * `schema/sweep-result.schema.json` is made from it; a test keeps the file current.
 */

const number = z.number();
const leaf = z.union([text, number, z.boolean(), z.null()]);
const values = z.record(text, leaf);

const plan = z.strictObject({
  traces: z.array(text),
  systems: z.array(text).nullable().meta({ description: 'null: those that vmtax run compares' }),
  axes: z.array(z.strictObject({ path: text, values: z.array(leaf) })),
  design: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('factorial') }),
    z.strictObject({ kind: z.literal('one-at-a-time') }),
    z.strictObject({ kind: z.literal('latin-hypercube'), points: count, seed: count }),
  ]),
  set: z.array(text),
  warmup: count.nullable().meta({ unit: 'instructions', description: 'null: a tenth of the trace' }),
  format: text.nullable(),
  skipBadLines: z.boolean(),
});

const column = z.strictObject({
  name: text,
  unit: text,
  description: text,
  type: z.enum(['text', 'number', 'boolean']),
  nullable: z.boolean(),
});

const side = z.strictObject({ at: leaf, difference_ps: integer });

const breakEven = z.strictObject({
  trace: text,
  path: text,
  kind: z.enum(['price', 'list']),
  baseline: text,
  system: text,
  others: values.meta({ description: 'values of the other axes' }),
  low: side,
  high: side,
  crossings: z.array(
    z.strictObject({
      at: number.nullable().meta({ description: 'null: between two entries of a list' }),
      before: side,
      after: side,
    }),
  ),
  equal: z
    .array(z.strictObject({ from: leaf, to: leaf }))
    .meta({ description: 'stretches without a difference around which the order does not change' }),
  apart: side.nullable().meta({ description: 'a value at which the totals differ' }),
  points: count.meta({ description: 'of the scan, or entries of the list' }),
});

const bars = (unit: string) =>
  z
    .strictObject({
      now: number,
      effects: z
        .array(
          z.strictObject({
            path: text,
            kind: z.literal('structure').exactOptional().meta({ description: 'not there: a price' }),
            low: number.meta({ description: 'with the input at the low end of its range' }),
            high: number,
          }),
        )
        .meta({ description: 'what moves it, the input that moves it most first' }),
    })
    .meta({ unit });

const tornado = z.strictObject({
  name: text,
  total: bars('ps'),
  difference: bars('ps').nullable().meta({ description: 'to the baseline; null: the baseline itself' }),
  ratio: bars('').nullable(),
  structure: z
    .array(
      z.strictObject({
        path: text,
        now: number,
        low: number,
        high: number,
        inert: z.boolean().meta({ description: 'whether neither end changes any category of its time' }),
      }),
    )
    .exactOptional()
    .meta({
      description:
        'inputs of the system that are structure, and what they were moved to: vmtax run --set path=low gives the low end of a bar. Not there: only prices were moved',
    }),
});

const band = z.strictObject({ p5: number, p50: number, p95: number });

const role = z.enum(ROLES);

const monteCarlo = z.strictObject({
  samples: count,
  seed: count,
  ranges: z
    .array(
      z.strictObject({
        path: text,
        name: text,
        role: role.nullable().meta({ description: 'null: the range was stated' }),
        kind: z
          .enum(['factor', 'value'])
          .meta({ description: 'of each system’s own value; or the value itself' }),
        low: number,
        high: number,
      }),
    )
    .meta({ description: 'of prices' }),
  structure: z
    .array(z.strictObject({ path: text, role, low: number, high: number }))
    .exactOptional()
    .meta({
      description:
        'inputs that are structure, as factors of each system’s own value; what they do is interpolated. Not there: only prices were moved',
    }),
  systems: z.array(
    z.strictObject({
      name: text,
      total: band.meta({ unit: 'ps' }),
      categories: z.record(z.enum(CATEGORIES), band).meta({ unit: 'ps' }),
      difference: band.nullable().meta({
        unit: 'ps',
        description: 'to the baseline in the same sample; null: the baseline itself',
      }),
      ratio: band.nullable(),
    }),
  ),
});

const sensitivity = z.strictObject({
  trace: text,
  tornado: z.array(tornado).meta({ description: 'by system, the baseline first' }),
  monteCarlo,
  fixed: z.array(text).exactOptional().meta({
    description:
      'structure that is not certain but has no other value in its range, or was not replayed there',
  }),
  exact: z
    .array(text)
    .exactOptional()
    .meta({ description: 'structure that was measured and is exact, so not moved' }),
});

export const sweepResultSchema = z
  .strictObject({
    schema: z.literal('vmtax.sweep/1').meta({ description: 'name and version of this format' }),
    tool: z.strictObject({ name: z.literal('vmtax'), version: text }),
    plan,
    columns: z.array(column).meta({ description: 'of each row' }),
    break_even: z.array(breakEven).exactOptional().meta({ description: 'of --break-even' }),
    sensitivity: z.array(sensitivity).exactOptional().meta({
      description: 'of --sensitivity: by trace, without those on which a system cannot be replayed',
    }),
    rows: z.array(z.array(leaf)).meta({ description: 'values in the order of the columns' }),
    failures: z
      .array(z.strictObject({ cell: text, trace: text, system: text, values, message: text }))
      .meta({ description: 'rows without a result, and why' }),
  })
  .meta({ title: 'Result of vmtax sweep' });

/** A sweep with what was asked of it, as its JSON holds it. */
export interface SweepJson {
  readonly schema: 'vmtax.sweep/1';
  readonly tool: { readonly name: 'vmtax'; readonly version: string };
  readonly plan: Plan;
  readonly columns: readonly Column[];
  readonly break_even?: Analysis['breakEven'];
  readonly sensitivity?: readonly SensitivityJson[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  readonly failures: readonly Failure[];
}

/** Of prices, names are text to whoever reads the file. */
type SensitivityJson = Omit<Analysis['sensitivity'][number], 'monteCarlo'> & {
  readonly monteCarlo: Omit<Analysis['sensitivity'][number]['monteCarlo'], 'ranges'> & {
    readonly ranges: readonly { readonly path: string; readonly low: number; readonly high: number }[];
  };
};

/** Fails to compile where the schema no longer describes the types. Throws ZodError for what is no such file. */
export const parseSweepResult = (value: unknown): SweepJson => sweepResultSchema.parse(value);

/** The JSON Schema of a sweep’s result. */
export const sweepResultJsonSchema = (): object => z.toJSONSchema(sweepResultSchema, { io: 'output' });
