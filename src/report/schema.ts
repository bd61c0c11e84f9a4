import { z } from 'zod';
import type { RunResult } from '../model/result.ts';
import { systemSchema } from '../model/systems/schema.ts';
import { count, text } from './schema-fields.ts';
import { actions, breakdown, contention, numa, sensitivity, waiting } from './schema-priced.ts';
import { tally } from './schema-tally.ts';
import { header, summary } from './schema-trace.ts';

/**
 * The schema of the JSON that `vmtax run --json` writes, strict in every object. The JSON Schema in
 * `schema/run-result.schema.json` is made from it; a test keeps the file current.
 */

export const runResultSchema = z
  .strictObject({
    schema: z.literal('vmtax.run/1').meta({ description: 'name and version of this format' }),
    tool: z.strictObject({ name: z.literal('vmtax'), version: text }),
    comparisons: z
      .array(
        z.strictObject({
          trace: z.strictObject({ header, summary }),
          warmup: z.strictObject({
            requested_instructions: count,
            instructions: count.meta({ description: 'where the cut fell: instructions not counted' }),
          }),
          baseline: text.meta({ description: 'name of the system that the others are compared with' }),
          runs: z
            .array(
              z.strictObject({
                name: text,
                system: systemSchema.meta({
                  description: 'the whole configuration, every field with its value',
                }),
                tally,
                breakdown,
                contention: contention.nullable(),
                waiting: waiting.nullable(),
                numa: numa.nullable(),
                actions,
                sensitivity: sensitivity.nullable(),
                seeds: z.array(z.strictObject({ seed: count, total_ps: count.meta({ unit: 'ps' }) })).meta({
                  description: 'totals with other seeds of the random TLB replacement, the run’s own first',
                }),
                notes: z.array(text).meta({ description: 'what was assumed or is missing' }),
                caveat: z
                  .strictObject({
                    note: text,
                    missing: z.boolean().meta({ description: 'whether something is not modelled at all' }),
                    percent: z.number().min(0).meta({
                      description:
                        'how far what the note touches differs from the baseline, in percent of the baseline’s total; of the baseline, of its own total',
                    }),
                  })
                  .nullable()
                  .meta({
                    description: 'the weightiest note of this run and the baseline; null: there is none',
                  }),
              }),
            )
            .meta({ description: 'one per system, the baseline first' }),
        }),
      )
      .meta({ description: 'one per trace' }),
  })
  .meta({ title: 'Result of vmtax run' });

/** The result that `vmtax run --json` wrote. Throws zod's error where it is none. */
export const parseRunResult = (value: unknown): RunResult => runResultSchema.parse(value);

/** A node of the JSON Schema, as far as ordering keys needs it. */
export interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly propertyNames?: { readonly enum?: readonly string[] };
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** The JSON Schema of a result. */
export function runResultJsonSchema(): SchemaNode {
  return z.toJSONSchema(runResultSchema, { io: 'output' }) as SchemaNode;
}
