import { z } from 'zod';
import { CATEGORIES, CAUSES, OWNERS } from '../model/pricing/breakdown.ts';
import type { RunResult } from '../model/result.ts';
import { systemSchema } from '../model/systems/schema.ts';
import { COUNTERS, LAYERS, PRIVILEGED_OPS } from '../model/tally.ts';

/**
 * The schema of the JSON that `vmtax run --json` writes, strict in every object. The JSON Schema in
 * `schema/run-result.schema.json` is made from it; a test keeps the file current.
 */

const integer = z.number().int();
const count = integer.nonnegative();
const text = z.string();

const header = z.strictObject({
  name: text.meta({ description: 'name of the trace' }),
  format: text.meta({ description: 'format the trace was read from first' }),
  level: z.enum(['user', 'system']).meta({ description: 'system: user and kernel are recorded' }),
  cpus: count.meta({ description: 'CPUs that were recorded' }),
  instructionBytes: z
    .union([z.literal(0), z.literal(4)])
    .meta({ description: 'bytes of every instruction; 0: it varies' }),
  addressBits: z.union([z.literal(32), z.literal(64)]),
  physical: z.boolean().meta({ description: 'whether physical pages are recorded' }),
  abi: z.enum(['', 'n64', 'o32', 'x86-64']).meta({ description: 'how system calls are numbered' }),
  provenance: z.record(text, text).meta({ description: 'where the trace comes from, free text' }),
});

const summary = z
  .strictObject({
    records: count,
    chunks: count,
    translations: count,
    spaces: count,
    instructions: count,
    loads: count,
    stores: count,
    workloadInstructions: count.meta({ description: 'instructions outside refill episodes' }),
    events: count,
    refill: z
      .strictObject({
        count,
        instructions: count,
        loads: count,
        stores: count,
        privileged: z.array(count).meta({ description: 'privileged operations by op code, 0 to 15' }),
      })
      .nullable()
      .meta({ description: 'recorded TLB refill episodes; null: none were recorded' }),
    totals: z.record(text, z.number()).meta({ description: 'totals of the format, for checking' }),
  })
  .meta({ description: 'counts over the whole trace, as recorded' });

const tally = z
  .strictObject({
    cpus: count,
    instructions: count.meta({ description: 'instructions of the trace that were counted' }),
    rows: z.array(
      z.strictObject({
        cpu: count,
        context: text.meta({ description: 'user, kernel, or the service that was open' }),
        layer: z.enum(LAYERS).meta({ description: 'who ran' }),
        counters: z
          .partialRecord(z.enum(COUNTERS), count)
          .meta({ description: 'counts; what is 0 is left out' }),
        privileged: z
          .partialRecord(z.enum(PRIVILEGED_OPS), count)
          .meta({ description: 'privileged operations by kind' })
          .exactOptional(),
      }),
    ),
    state: z
      .strictObject({ dirty_l1_lines: count, dirty_l2_lines: count, physical_pages: count })
      .meta({ description: 'what is left at the end' }),
  })
  .meta({ description: 'what the replay counted, warm-up excluded' });

const breakdown = z.strictObject({
  total_ps: integer.meta({ description: 'picoseconds, all CPUs: the exact sum of the parts' }),
  parts: z.array(
    z.strictObject({
      cpu: count,
      context: text.meta({ description: 'user, kernel, or the service that was open' }),
      category: z.enum(CATEGORIES).meta({ description: 'who was running' }),
      cause: z.enum(CAUSES).meta({ description: 'why the time went' }),
      owner: z.enum(OWNERS).meta({ description: 'who could remove it' }),
      kind: z.enum(['execution', 'stall']),
      count: z.number().nonnegative().meta({ description: 'how often the thing that costs happened' }),
      ps: integer.meta({ description: 'picoseconds' }),
    }),
  ),
});

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
                seeds: z.array(z.strictObject({ seed: count, total_ps: count.meta({ unit: 'ps' }) })).meta({
                  description: 'totals with other seeds of the random TLB replacement, the run’s own first',
                }),
                notes: z.array(text).meta({ description: 'what was assumed or is missing' }),
              }),
            )
            .meta({ description: 'one per system, the baseline first' }),
        }),
      )
      .meta({ description: 'one per trace' }),
  })
  .meta({ title: 'Result of vmtax run' });

/** Fails to compile where the schema no longer describes the type. */
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
