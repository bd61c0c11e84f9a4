import { z } from 'zod';
import { COUNTERS, LAYERS, PRIVILEGED_OPS } from '../model/tally.ts';
import { PAGE_CLASSES, type PageClass } from '../model/tally-memory.ts';
import { count, text } from './schema-fields.ts';

/** A tally, as the JSON of a result has it. */

const byClass = z.strictObject(
  Object.fromEntries(PAGE_CLASSES.map((name) => [name, count])) as Record<PageClass, typeof count>,
);
const footprint = {
  virtual: byClass.meta({ description: 'pages by class as if nothing were shared' }),
  machine: byClass.meta({ description: 'machine pages by class' }),
};

export const tally = z
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
      .strictObject({
        dirty_l1_lines: count,
        dirty_l2_lines: count,
        physical_pages: count,
        lost_lines: z.array(count).meta({ description: 'by CPU: lines lost to other CPUs’ stores' }),
      })
      .meta({ description: 'what is left at the end' }),
    pages: z
      .strictObject({
        decisions: z.record(text, count).meta({ description: 'of the page policy, by action and reason' }),
        fates: z
          .record(text, count)
          .meta({ description: 'pages that were ever hot, by what was done with them' }),
        replicas: count.meta({
          description: 'machine pages at the end that are copies, or that pages have moved to',
        }),
      })
      .nullable(),
    memory: z
      .strictObject({
        ...footprint,
        counts: z
          .strictObject({ text_shared: count, reads_saved: count, copies: count, unprotected: count })
          .meta({ description: 'of transparent sharing, over the whole run' }),
        samples: z.array(z.strictObject({ instructions: count, ...footprint })),
        balance: z
          .array(
            z.strictObject({
              faults: count,
              page_ins: count,
              page_outs: count,
              borrows: count,
              borrowed_pages: count,
              returns: count,
              recalls: count,
              claims: count,
            }),
          )
          .nullable()
          .meta({ description: 'by virtual machine, where their memory is limited' }),
      })
      .nullable()
      .meta({ description: 'pages of memory under a monitor, at the end and over time' }),
    locks: z
      .array(
        z.strictObject({
          lock: count.meta({ description: 'its number in the trace' }),
          kind: z.enum(['spin', 'semaphore']),
          acquisitions: z.array(count).meta({ description: 'by CPU' }),
          holds: z
            .strictObject({
              count,
              instructions: count,
              squares: count.meta({ description: 'sum of the squares of their instructions' }),
            })
            .meta({ description: 'holds that ended' }),
        }),
      )
      .meta({ description: 'locks that were acquired' }),
    schedule: z
      .strictObject({
        vcpus: z.array(
          z.strictObject({
            ran: count.meta({ description: 'instructions' }),
            waited: count.meta({ description: 'instructions of waiting for a CPU' }),
            waits: count,
            switches: count,
            moves: count,
            farMoves: count,
            steals: count,
          }),
        ),
        cpus: z.array(z.strictObject({ ran: count, idle: count })),
        bufferedBytes: count,
      })
      .nullable()
      .meta({ description: 'what the scheduler of virtual CPUs did' }),
  })
  .meta({ description: 'what the replay counted, warm-up excluded' });
