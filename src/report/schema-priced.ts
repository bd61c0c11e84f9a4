import { z } from 'zod';
import { PAGE_ACTIONS } from '../model/pricing/actions.ts';
import { CATEGORIES, CAUSES, OWNERS } from '../model/pricing/breakdown.ts';
import { BLOCKING_KINDS } from '../model/pricing/queueing/traffic.ts';
import { count, integer, share, text } from './schema-fields.ts';

/** What pricing makes of a tally, as the JSON of a result has it. */

export const breakdown = z.strictObject({
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

export const contention = z
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

export const waiting = z
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
    server: z
      .strictObject({
        machines: count.meta({ description: 'whose requests it serves' }),
        jobs: count.meta({ description: 'of these machines' }),
        requests: count,
        service_ns: share.meta({ description: 'of a request' }),
        idle_ns: share.meta({ description: 'mean idle time that a request costs' }),
        utilisation: share.meta({ description: 'share of the run’s time in which it is busy' }),
        idle_ps: count.meta({ description: 'the exact sum of the idle parts of cause network' }),
      })
      .nullable()
      .meta({ description: 'the server of all machines; null: no request that waits for it (os.server)' }),
  })
  .meta({ description: 'waiting for locks, disks and the server; null: the trace names none' });

const served = z
  .strictObject({ local: count, remote: count, dirty: count, neighbour: count })
  .meta({ description: 'L2 misses by what served them' });

export const numa = z
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

export const actions = z
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

export const sensitivity = z
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
