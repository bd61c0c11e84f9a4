import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type System, systemSchema } from '../model/systems/schema.ts';
import { InputError } from '../trace/errors.ts';
import { isSystemError, systemReason } from '../trace/system-errors.ts';
import { writeWhole } from './journal.ts';
import type { Layout } from './laid.ts';
import { leafOf } from './leaves.ts';
import { makeDirectory } from './make-directory.ts';
import type { Plan } from './types.ts';

/**
 * The directory of a sweep: `plan.json` (the plan, its systems resolved, the identity of its traces), `units.jsonl` (a
 * line for each unit of work, for people and scripts) and `units/` (the journal).
 */

/** What plan.json holds: all that decides the results. */
export interface StoredPlan {
  readonly schema: 'vmtax.sweep-plan/1';
  /** What computes the results: see `modelIdentity`. */
  readonly model: string;
  readonly plan: Plan;
  readonly maxCells: number;
  readonly traces: readonly {
    readonly name: string;
    readonly identity: string;
    readonly systems: readonly System[];
  }[];
}

const leaf = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** As far as anything relies on it. */
const storedSchema = z.object({
  schema: z.literal('vmtax.sweep-plan/1'),
  model: z.string(),
  plan: z.object({
    traces: z.array(z.string()),
    systems: z.array(z.string()).nullable(),
    axes: z.array(z.object({ path: z.string(), values: z.array(leaf) })),
    design: z.discriminatedUnion('kind', [
      z.object({ kind: z.enum(['factorial', 'one-at-a-time']) }),
      z.object({ kind: z.literal('latin-hypercube'), points: z.int(), seed: z.int() }),
    ]),
    set: z.array(z.string()),
    warmup: z.number().nullable(),
    format: z.string().nullable(),
    skipBadLines: z.boolean(),
  }),
  maxCells: z.number(),
  traces: z.array(z.object({ name: z.string(), identity: z.string(), systems: z.array(systemSchema) })),
});

const PLAN = 'plan.json';
const UNITS = 'units.jsonl';

/** Files of a sweep's directory that nothing else may replace. */
export const planFiles = (directory: string): readonly string[] =>
  [PLAN, UNITS].map((name) => join(directory, name));

export const journalPath = (directory: string): string => join(directory, 'units');

const textOf = (stored: StoredPlan): string => `${JSON.stringify(stored, null, 1)}\n`;

/**
 * Makes the directory of a sweep, the plan last: where it is, the rest is. A directory that holds the same plan is
 * taken as it is. Throws InputError where it holds anything else.
 */
export async function writePlan(directory: string, stored: StoredPlan, layout: Layout): Promise<void> {
  const text = textOf(stored);
  await guarded(directory, async () => {
    await makeDirectory(directory);
    const names = await readdir(directory);
    if (names.includes(PLAN)) {
      if ((await readFile(join(directory, PLAN), 'utf8')) === text) return;
      throw new InputError(
        `${directory}: holds another sweep (or one of a trace that has changed); name another directory`,
      );
    }
    // What a process that was killed here has left is no reason to refuse.
    const strange = names.find((name) => !name.startsWith(UNITS) && !name.startsWith(PLAN));
    if (strange !== undefined)
      throw new InputError(`${directory}: is not empty and holds no sweep; name a new directory`);
    await writeWhole(join(directory, UNITS), Buffer.from(unitLines(layout)), true);
    await writeWhole(join(directory, PLAN), Buffer.from(text), true);
  });
}

/** Reads a plan that `writePlan` wrote. Throws InputError. */
export async function readPlan(directory: string): Promise<StoredPlan> {
  const text = await readFile(join(directory, PLAN), 'utf8').catch((error: unknown) => {
    if (!isSystemError(error)) throw error;
    throw new InputError(
      `${directory}: holds no sweep (${PLAN}: ${systemReason(error, 'cannot be read')}); vmtax sweep plan … --out ${directory} makes one`,
    );
  });
  const damaged = (): InputError => new InputError(`${join(directory, PLAN)}: is damaged; plan again`);
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    throw damaged();
  }
  const read = storedSchema.safeParse(written);
  if (!read.success || read.data.traces.length !== read.data.plan.traces.length) throw damaged();
  return read.data satisfies StoredPlan;
}

function unitLines({ units, traces, axes }: Layout): string {
  const structural = axes.filter(({ price }) => !price);
  return units
    .map(({ id, group, cells }) => {
      const { name, systems } = traces[group.trace]!;
      const values = structural.map(({ place }) => [place.path, leafOf(group.system, place.keys)]);
      const line = {
        id,
        trace: name,
        system: systems[group.base]!.name,
        structure: group.structure,
        values: Object.fromEntries(values),
        cells: cells.length,
      };
      return `${JSON.stringify(line)}\n`;
    })
    .join('');
}

async function guarded<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new InputError(`${directory}: ${systemReason(error, 'cannot be written')}`, { cause: error });
  }
}
