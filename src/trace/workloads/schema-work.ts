import { z } from 'zod';
import { isPowerOfTwo } from '../numbers.ts';
import { bytes, count, name, offset, probability, weight } from './fields.ts';

/**
 * Work: what a phase of a program, a kernel service or a critical section does while it runs. Instruction
 * fetches come from `code`, and `load + store` of every `fetch` instructions (plus 2 for each update) have an
 * operand in one of the regions under `data`.
 */

/** Part of a region: `bytes` from `from` on, and `skew` bytes further for each copy of the process. */
const window = {
  from: offset.default(0),
  bytes: bytes.optional(),
  skew: offset.default(0),
};

const over = z.enum(['lines', 'pages']).default('lines');

const distance = z.union([
  z
    .number()
    .int()
    .min(0)
    .max(2 ** 20),
  z.literal('oldest'),
]);

/**
 * Where in its region the next reference goes.
 * - `sequential`: on by `stride` bytes (default: the operand's size), round the window.
 * - `uniform`: anywhere.
 * - `zipf`: line (or page) of rank r with probability ∝ r^−theta, anywhere in it; `scatter` (default) spreads
 *   the ranks over the region.
 * - `chase`: from line (or page) to line along one fixed random cycle through all of them.
 * - `distances`: a stack-distance profile over lines (or pages): [distance, probability] or
 *   [from, to, probability], where the distance is the number of others used since the last use of that one;
 *   `oldest` takes the least recently used of the window.
 * - `streams`: `count` sequential streams side by side, one taken at random each time.
 */
export const placeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sequential'), stride: bytes.optional(), ...window }),
  z.strictObject({ kind: z.literal('uniform'), ...window }),
  z.strictObject({
    kind: z.literal('zipf'),
    theta: z.number().min(0).max(10),
    over,
    scatter: z.boolean().default(true),
    ...window,
  }),
  z.strictObject({ kind: z.literal('chase'), over, ...window }),
  z.strictObject({
    kind: z.literal('distances'),
    over,
    profile: z
      .array(
        z.union([
          z.tuple([distance, probability]),
          z.tuple([distance, z.number().int().min(0), probability]),
        ]),
      )
      .min(1)
      .max(1000),
    ...window,
  }),
  z.strictObject({
    kind: z.literal('streams'),
    count: z
      .number()
      .int()
      .min(1)
      .max(2 ** 16),
    stride: bytes.optional(),
    ...window,
  }),
]);
export type PlaceSpec = z.output<typeof placeSchema>;

const anywhere = { kind: 'uniform' } as const;

/** References to one region: weights of loads, stores, and updates (a load and then a store of the same). */
const dataSchema = z.strictObject({
  region: name,
  load: weight.default(0),
  store: weight.default(0),
  update: weight.default(0),
  size: z
    .number()
    .refine((n) => isPowerOfTwo(n) && n <= 64, 'operand size must be 1, 2, 4, 8, 16, 32 or 64 bytes')
    .default(4),
  place: placeSchema.prefault(anywhere),
});
export type DataSpec = z.output<typeof dataSchema>;

/**
 * Instruction fetches: runs of `run` instructions on average (geometric), then with probability `loop` the
 * same run again, else a run that starts at `targets`. Without `run`, the window (`from`, `bytes`) is one
 * straight loop.
 */
const codeSchema = z.strictObject({
  region: name,
  run: z.number().min(1).max(1000).optional(),
  loop: z.number().min(0).max(0.9999).default(0),
  targets: placeSchema.prefault(anywhere),
  from: offset.default(0),
  bytes: bytes.optional(),
});

export const workShape = {
  code: codeSchema,
  /** Instructions for each `load + store + 2 × update` operands, in the same unit as the weights. */
  fetch: weight.default(1),
  data: z.array(dataSchema).max(64).default([]),
  /** Whether the entries of `data` take turns (by their weights) or are drawn at random. */
  order: z.enum(['random', 'turns']).default('random'),
};

const workSchema = z.strictObject(workShape);
export type WorkSpec = z.output<typeof workSchema>;

export const phaseSchema = z.strictObject({
  ...workShape,
  /** Length in instructions. */
  instructions: count,
  /** Only the first time round. */
  once: z.boolean().default(false),
  /** At its end the CPU ends its stretch, so that other CPUs see what was done. */
  handover: z.boolean().default(false),
});
