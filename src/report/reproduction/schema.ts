import { z } from 'zod';
import type { Misprint } from '../../paper/published.ts';
import { NUMBER_ROLES, type Reproduction, VERDICTS } from '../../paper/reproduction.ts';
import { EXHIBITS } from '../../paper/types.ts';

/**
 * The schema of the JSON that `vmtax reproduce --json` writes, strict in every object. The JSON Schema in
 * `schema/reproduction.schema.json` is made from it; a test keeps the file current.
 */

/** What is written: the reproduction, and with what it was made. */
export interface ReproductionResult extends Reproduction {
  readonly schema: 'vmtax.reproduction/1';
  readonly tool: { readonly name: 'vmtax'; readonly version: string };
  readonly misprints: readonly Misprint[];
}

const text = z.string();
const number = z.number();
const count = z.number().int().nonnegative();
const exhibit = z.enum(EXHIBITS);

const input = z.strictObject({
  path: text,
  value: number,
  unit: text,
  role: z.enum(['measured', 'calibrated', 'assumed']),
  side: z
    .enum(['monitor', 'workload', 'machine'])
    .meta({ description: 'what it describes; of a workload: by what it does under IRIX' }),
  description: text,
  source: text,
  calibratedOn: z
    .exactOptional(z.array(text))
    .meta({ description: 'published numbers that it was fitted to, or taken from' }),
  prior: number.meta({ description: 'where calibration begins' }),
  range: z.exactOptional(z.tuple([number, number])).meta({ description: 'bounds of the calibration' }),
  set: z.boolean().meta({ description: 'whether the user set the value' }),
});

const compared = z.strictObject({
  id: text.meta({ description: 'exhibit/workload/system/quantity' }),
  exhibit,
  workload: text,
  system: text,
  quantity: text,
  unit: text,
  value: number.meta({ description: 'as published' }),
  provenance: z.enum(['printed', 'artwork']),
  side: z.enum(['disco', 'irix']).meta({ description: 'whether the system runs under the monitor' }),
  modelled: number.nullable().meta({ description: 'null: the model does not give it' }),
  role: z.enum(NUMBER_ROLES),
  reason: text.nullable().meta({ description: 'why it is not scored; null: it is' }),
  calibrates: z.array(text).meta({ description: 'inputs that were fitted to it' }),
  spread: z
    .array(z.strictObject({ scale: number, value: number }))
    .meta({ description: 'what the model gives at other scales, if that was asked for' }),
});

const decomposition = z.strictObject({
  id: text,
  exhibit,
  workload: text,
  question: text,
  unit: text,
  steps: z.array(
    z.strictObject({
      name: text,
      value: number,
      kind: z
        .enum(['total', 'change'])
        .meta({ description: 'total: from zero; change: from the sum so far' }),
    }),
  ),
});

const score = z.strictObject({
  id: text,
  name: text,
  unit: text,
  better: z.enum(['more', 'less']),
  value: number.nullable().meta({ description: 'null: there is nothing to compute it from' }),
  floor: number,
  goal: number,
  verdict: z.enum(VERDICTS),
  numbers: count.meta({ description: 'of how many numbers it is made' }),
  missing: count.meta({ description: 'numbers that should be in it and are not modelled' }),
  worst: text.nullable().meta({ description: 'the number that decides it' }),
  detail: text,
});

export const reproductionSchema = z
  .strictObject({
    schema: z.literal('vmtax.reproduction/1'),
    tool: z.strictObject({ name: z.literal('vmtax'), version: text }),
    exhibits: z.array(exhibit),
    scale: number.meta({ description: 'fraction of the paper’s run lengths that was simulated' }),
    seed: count,
    scores: z.array(score).meta({ description: 'computed from predicted numbers alone' }),
    numbers: z.array(compared),
    decompositions: z.array(decomposition),
    inputs: z.array(input),
    notes: z.array(text).meta({ description: 'what was assumed, and what the model lacks' }),
    misprints: z
      .array(z.strictObject({ where: text, problem: text, choice: text }))
      .meta({ description: 'where the source contradicts itself' }),
  })
  .meta({ title: 'Result of vmtax reproduce' });

/** The JSON Schema of a result. */
export const reproductionJsonSchema = (): object => z.toJSONSchema(reproductionSchema, { io: 'output' });

/**
 * The result as JSON: keys in the order of the schema, a final newline. The same result has the same bytes.
 * @throws if the result is not what the schema says: a defect.
 */
export function renderReproductionJson(
  result: ReproductionResult,
  { indent = 2 }: { readonly indent?: number } = {},
): string {
  return `${JSON.stringify(reproductionSchema.parse(result), null, indent)}\n`;
}
