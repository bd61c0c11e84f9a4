import { z } from 'zod';
import { CP0, OP } from '../mips.ts';
import { NAMED_SERVICES } from '../services.ts';
import { bytes, count, countOrNone, name, probability } from './fields.ts';
import { workShape } from './schema-work.ts';

/**
 * The operating system's part of a workload: its memory, its locks, what entering and leaving it does, and
 * its services.
 */

/** Kernel memory; `per` says how many there are. Direct (as kseg0) unless `mapped`. */
const kernelRegionSchema = z.strictObject({
  bytes,
  mapped: z.boolean().default(false),
  per: z.enum(['machine', 'cpu', 'thread']).default('machine'),
  /** Pages come from this file at first use (the buffer cache): a disk request each. */
  file: name.optional(),
  /** The file is at this machine of the network, which sends the pages: a request to it each, and none to a disk. */
  peer: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional(),
  /** They are in memory from the beginning: no disk request. */
  resident: z.boolean().default(false),
});
export type KernelRegionSpec = z.output<typeof kernelRegionSchema>;

const lockSchema = z.strictObject({
  kind: z.enum(['spin', 'semaphore']).default('spin'),
  /** So many locks, one of which is taken at random each time. */
  count: z.number().int().min(1).max(4096).default(1),
});

const READS_WRITES = ['mfc0', 'mtc0', 'dmfc0', 'dmtc0'];
const PLAIN = Object.keys(OP).filter((op) => !READS_WRITES.includes(op));

/** `arg` of the event of a privileged operation such as `mtc0 status` or `eret`; null if there is none. */
export function privilegedArg(text: string): number | null {
  const [op = '', register] = text.split(' ');
  if (READS_WRITES.includes(op)) {
    const number = CP0[register as keyof typeof CP0];
    return number === undefined ? null : OP[op as keyof typeof OP] | (number << 8);
  }
  return register === undefined && PLAIN.includes(op) ? OP[op as keyof typeof OP] : null;
}

/** Privileged operations in order, each with how often it is done. */
const privilegedSchema = z
  .record(
    z
      .string()
      .refine(
        (text) => privilegedArg(text) !== null,
        `expected one of ${PLAIN.join(', ')}, or ${READS_WRITES.join(', ')} and one of ${Object.keys(CP0).join(', ')}`,
      ),
    z.number().int().min(0).max(1000),
  )
  .default({});

/** A path that every service takes: into the kernel, or out of it. */
const pathSchema = z.strictObject({
  ...workShape,
  instructions: countOrNone,
  privileged: privilegedSchema,
});

/** What makes a service run. */
const whenSchema = z.discriminatedUnion('on', [
  /**
   * Once in `every` instructions: user instructions of a thread, or all instructions of a CPU. `staggered`: regular, but
   * from a first time that is drawn for each.
   */
  z.strictObject({
    on: z.literal('rate'),
    every: count,
    of: z.enum(['thread', 'cpu']).default('thread'),
    spacing: z.enum(['exponential', 'regular', 'staggered']).default('exponential'),
  }),
  /** The first use of a page that is to be zeroed, that is in a file, or that is in memory already. */
  z.strictObject({ on: z.literal('fault'), kind: z.enum(['zero', 'file', 'quick']) }),
  /** A process begins or ends, or a CPU goes from one thread to another. */
  z.strictObject({ on: z.literal('create') }),
  z.strictObject({ on: z.literal('exit') }),
  z.strictObject({ on: z.literal('switch') }),
  /** Before anything else, once on each CPU, in their order: what the first one touches is placed where it is. */
  z.strictObject({ on: z.literal('boot') }),
]);

const lockUseSchema = z.strictObject({
  lock: name,
  /** Instructions for which it is held; they are part of the service's. */
  hold: count,
  times: z.number().int().min(1).max(100).default(1),
  /** What is done while it is held, if not what the service does anyway. */
  data: workShape.data.optional(),
  /** Privileged operations while it is held, each time, beside the service's others. */
  privileged: privilegedSchema,
});

/** Pages that a service clears for the kernel's own use, round the region; each with this probability. */
const clearSchema = z.strictObject({
  region: name,
  pages: z.number().int().min(1).max(256).default(1),
  probability: probability.default(1),
});

const copySchema = z.strictObject({ from: name, to: name, bytes });

const diskSchema = z.strictObject({
  probability: probability.default(1),
  bytes: bytes.default(4096),
  /** Requests go through the file's `blocks` blocks of 4 KB in order, each thread from its own place. */
  file: name,
});

const networkSchema = z.strictObject({
  probability: probability.default(1),
  bytes,
  peer: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
});

const serviceSchema = z
  .strictObject({
    ...workShape,
    /** What it is called in the trace; by default the name under which it is described. */
    service: z.enum(NAMED_SERVICES).optional(),
    when: whenSchema,
    /** What it comes in by: a system call's number, an exception's cause, an interrupt's line. */
    syscall: z.number().int().min(0).max(4095).optional(),
    exception: z.number().int().min(0).max(31).optional(),
    interrupt: z.number().int().min(0).max(255).optional(),
    /** Path length, without the kernel's entry and exit and without copies and zeroing. */
    instructions: count,
    /** The path length varies evenly by so much of itself up and down. */
    spread: probability.default(0),
    privileged: privilegedSchema,
    locks: z.array(lockUseSchema).max(32).default([]),
    copies: z.array(copySchema).max(8).default([]),
    clears: z.array(clearSchema).max(8).default([]),
    disk: diskSchema.optional(),
    network: networkSchema.optional(),
    /** After a disk request the thread is off the CPU for so many instructions of it. */
    sleep: countOrNone.default(0),
  })
  .superRefine((service, context) => {
    const ways = ['syscall', 'exception', 'interrupt'] as const;
    if (ways.filter((way) => service[way] !== undefined).length > 1) {
      context.addIssue({ code: 'custom', message: 'has more than one of syscall, exception, interrupt' });
    }
    const held = service.locks.reduce((sum, use) => sum + use.hold * use.times, 0);
    if (held > service.instructions) {
      const message = `locks are held for ${held} instructions, longer than the service's ${service.instructions}`;
      context.addIssue({ code: 'custom', path: ['locks'], message });
    }
  });
export type ServiceSpec = z.output<typeof serviceSchema>;

export const kernelSchema = z.strictObject({
  regions: z.record(name, kernelRegionSchema),
  /** Files on disk, by number of 4 KB blocks. */
  files: z.record(name, count).default({}),
  locks: z.record(name, lockSchema).default({}),
  entry: pathSchema.optional(),
  exit: pathSchema.optional(),
  /** Whether a page's zeroing is in the trace (service ZERO_PAGE) or left to whoever replays it. */
  zeroing: z.enum(['stores', 'none']).default('stores'),
  services: z.record(name, serviceSchema),
});
export type KernelSpec = z.output<typeof kernelSchema>;
