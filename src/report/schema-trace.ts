import { z } from 'zod';
import { count, text } from './schema-fields.ts';

/** A trace’s header and summary, as the JSON of a result has them. */

export const header = z.strictObject({
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
  vms: z
    .exactOptional(
      z.array(
        z.strictObject({
          firstCpu: count,
          cpus: count,
          physicalBase: count.meta({ description: 'first of its 2^36 physical pages' }),
          source: count.meta({ description: 'which of the distinct input traces drives it' }),
          firstSpace: count.meta({ description: 'first of its address spaces' }),
        }),
      ),
    )
    .meta({ description: 'virtual machines of a composed trace; absent: it is one machine' }),
});

export const summary = z
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
