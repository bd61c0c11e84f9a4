import { z } from 'zod';
import { PAGE_CLASSES, type PageClass } from '../model/monitor/sharing.ts';
import { PAGE_ACTIONS } from '../model/pricing/actions.ts';
import { CATEGORIES, CAUSES, OWNERS } from '../model/pricing/breakdown.ts';
import { BLOCKING_KINDS } from '../model/pricing/queueing/traffic.ts';
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

const byClass = z.strictObject(
  Object.fromEntries(PAGE_CLASSES.map((name) => [name, count])) as Record<PageClass, typeof count>,
);
const footprint = {
  virtual: byClass.meta({ description: 'pages by class as if nothing were shared' }),
  machine: byClass.meta({ description: 'machine pages by class' }),
};

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
        replicas: count.meta({ description: 'machine pages at the end beyond one a page' }),
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

const share = z.number().min(0);

const contention = z
  .strictObject({
    windows: count,
    distribution: z.enum(['deterministic', 'exponential']).meta({ description: 'of service times' }),
    minimum_ps: count.meta({ description: 'waiting for memory without queueing, distance included' }),
    queueing_ps: count.meta({ description: 'the exact sum of the parts of cause queueing' }),
    buffer_ps: count.meta({ description: 'of these, waiting for the buffer of posted messages' }),
    kinds: z
      .array(
        z.strictObject({
          kind: z.enum(BLOCKING_KINDS),
          misses: count,
          minimum_ns: share.meta({ description: 'mean of one without queueing' }),
          queueing_ns: share.meta({ description: 'what queueing adds to it' }),
        }),
      )
      .meta({ description: 'kinds of miss that occurred' }),
    stations: z.array(
      z.strictObject({
        name: text,
        kind: z.enum(['controller', 'memory', 'port', 'link', 'bus']),
        node: count.nullable().meta({ description: 'of a link where it starts; null: the bus' }),
        utilisation: share.meta({ description: 'share of the run’s time in which it is busy' }),
        peak: share.meta({ description: 'the same in the window where it is busiest' }),
        peak_window: count.nullable().meta({ description: 'that window, from 0; null: never busy' }),
      }),
    ),
    hottest: text.nullable().meta({ description: 'name of the busiest station; null: none is ever busy' }),
  })
  .meta({ description: 'contention in the memory system; null: none was solved' });

const waiting = z
  .strictObject({
    locks: z.array(
      z.strictObject({
        lock: count.meta({ description: 'its number in the trace' }),
        kind: z.enum(['spin', 'semaphore']),
        acquisitions: count,
        waits: share.meta({ description: 'acquisitions that had to wait' }),
        hold_ns: share.meta({ description: 'mean hold, with all that happens in it' }),
        wait_ns: share.meta({ description: 'mean wait of all acquisitions' }),
        utilisation: share.meta({ description: 'share of the run’s time in which it is held' }),
        wait_ps: count.meta({ description: 'all waits: part of cause synchronisation' }),
      }),
    ),
    disks: z
      .strictObject({
        disks: count,
        jobs: count.meta({ description: 'of all CPUs together' }),
        requests: count,
        service_ns: share.meta({ description: 'mean service of a request' }),
        utilisation: share.meta({ description: 'share of the run’s time in which a disk is busy' }),
        cpu_utilisation: share.meta({ description: 'the same of a CPU' }),
        idle_ps: count.meta({ description: 'the exact sum of the parts of cause idle' }),
      })
      .nullable()
      .meta({ description: 'null: no request' }),
  })
  .meta({ description: 'waiting for locks and disks; null: the trace names neither' });

const served = z
  .strictObject({ local: count, remote: count, dirty: count, neighbour: count })
  .meta({ description: 'L2 misses by what served them' });

const numa = z
  .strictObject({
    served,
    classes: z
      .strictObject({
        cold: count,
        capacity: count,
        true_sharing: count,
        false_sharing: count,
        moved: count,
      })
      .meta({ description: 'L2 misses by class; all 0 where caches are not kept coherent' }),
    upgrades: z.strictObject({ local: count, remote: count }),
    nodes: z.array(
      z.strictObject({
        served,
        homed: count.meta({ description: 'L2 misses of all CPUs to lines whose home the node is' }),
        upgrades: count,
      }),
    ),
    matrix: z
      .array(z.array(count))
      .meta({ description: 'L2 misses by node of the CPU (rows) and home node (columns)' }),
  })
  .meta({ description: 'where misses were served; null: one CPU and one node' });

const actions = z
  .array(
    z.strictObject({
      layer: z.enum(PAGE_ACTIONS),
      count,
      ps: count.meta({ description: 'picoseconds: parts of causes page_move and queueing' }),
      per_second: share.meta({ description: 'of the run’s time: that of the CPU that takes longest' }),
      us_each: share.meta({ description: 'mean time of one, in µs' }),
    }),
  )
  .meta({ description: 'what moving pages took, by kind of action' });

const points = z.number().meta({ description: 'percent of the baseline’s total' });

const sensitivity = z
  .strictObject({
    step_percent: share.meta({ description: 'by how much each price was moved up and down' }),
    change: points.meta({ description: 'difference to the baseline, percent of its total' }),
    varied: count.meta({ description: 'prices that were moved, one at a time' }),
    low: points.meta({ description: 'the lowest difference that one of them gives' }),
    high: points.meta({ description: 'the highest' }),
    effects: z
      .array(z.strictObject({ path: text, less: points, more: points }))
      .meta({ description: 'the difference with less and more of a price; largest effect first' }),
  })
  .meta({
    description:
      'the difference to the baseline as assumed and calibrated prices move; no error bar; null: the baseline',
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
                contention: contention.nullable(),
                waiting: waiting.nullable(),
                numa: numa.nullable(),
                actions,
                sensitivity: sensitivity.nullable(),
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
