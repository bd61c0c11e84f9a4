import { z } from 'zod';
import { isPowerOfTwo } from '../numbers.ts';
import { MOST_CPUS } from '../types.ts';
import { bytes, count, countOrNone, name } from './fields.ts';
import { kernelSchema } from './schema-kernel.ts';
import { phaseSchema } from './schema-work.ts';

/**
 * A workload is data: processes with their memory and phases, and the kernel below them. docs/workloads.md
 * explains it with examples.
 */

/** Memory of a process. */
const regionSchema = z.strictObject({
  bytes,
  /** Regions of the same `share`, in whatever process, are the same physical pages. */
  share: name.optional(),
  /** One for all threads of the process, or one for each. */
  per: z.enum(['process', 'thread']).default('process'),
  /** What a page's first use needs: nothing, a zeroed page, or a page of a file. */
  fault: z.enum(['none', 'zero', 'file']).default('none'),
  /** The file, for `fault: file` under a kernel that describes it. */
  file: name.optional(),
  /** The file is in memory from the beginning: its pages need no disk, and their faults are quick. */
  resident: z.boolean().default(false),
  /** Virtual address, a multiple of 4096; by default regions follow each other. */
  at: z
    .number()
    .int()
    .min(0)
    .max(0x7fffffff)
    .refine((at) => at % 4096 === 0, 'must be a multiple of 4096')
    .optional(),
});

const processSchema = z.strictObject({
  name,
  /** Processes alike, each with its own address space. */
  count: z.number().int().min(1).max(4096).default(1),
  threads: z.number().int().min(1).max(MOST_CPUS).default(1),
  /** CPUs that threads are put on, in turn; by default all. */
  cpus: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(MOST_CPUS - 1),
    )
    .min(1)
    .optional(),
  /** After so many time slices a thread goes on to the next of its CPUs; 0: it stays. */
  roam: z.number().int().min(0).max(1e6).default(0),
  /** With `roam`: threads are at different points of their stay when the trace begins, evenly spread. */
  stagger: z.boolean().default(false),
  /** Ends after so many rounds of its phases; 0: goes on. */
  rounds: countOrNone.default(0),
  /**
   * After so many instructions of its own it exits, and another takes its place. `staggered`: regular, but processes
   * alike begin at different ages, evenly spread.
   */
  life: z
    .strictObject({ instructions: count, spacing: z.enum(['exponential', 'regular', 'staggered']) })
    .optional(),
  /** Services that happen to it at a rate; by default all. */
  services: z.array(name).optional(),
  regions: z.record(name, regionSchema),
  phases: z.array(phaseSchema).min(1).max(1000),
});
export type ProcessSpec = z.output<typeof processSchema>;

export const workloadShape = z.strictObject({
  name,
  description: z.string().optional(),
  cpus: z.number().int().min(1).max(MOST_CPUS).default(1),
  /** Ends at this many instructions of all CPUs, or when every process has ended. */
  instructions: count.prefault('10M'),
  /** Instructions that a CPU runs before it is the next one's turn. */
  stretch: count.default(1000),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
  /** Bytes of what places call a line. */
  line: z
    .number()
    .refine((n) => isPowerOfTwo(n) && n >= 16 && n <= 4096, 'must be a power of two from 16 to 4096')
    .default(64),
  /** Physical pages of user memory: one after the other, or strewn about. */
  frames: z.enum(['contiguous', 'scattered']).default('contiguous'),
  /** Instructions of a CPU after which the next of its threads runs. */
  slice: count.prefault('100K'),
  /** Whether a CPU that has nothing to run takes a waiting thread from the CPU where most wait. */
  steal: z.boolean().default(false),
  processes: z.array(processSchema).min(1).max(256),
  kernel: kernelSchema.optional(),
});

/** A checked workload, all defaults filled in. */
export type Workload = z.output<typeof workloadShape>;
