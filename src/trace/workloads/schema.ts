import type { z } from 'zod';
import { InputError } from '../errors.ts';
import { describeProblems, problemsOf } from '../schema-problems.ts';
import { checkWorkload } from './check.ts';
import { type Workload, workloadShape } from './schema-shape.ts';

/** The schema of a workload: its fields, and what they must be to each other. */
export const workloadSchema = workloadShape.superRefine(checkWorkload);

/** What a description may leave out. */
export type WorkloadInput = z.input<typeof workloadSchema>;

/** Checks a description. Throws InputError that names the place and what is wrong there. */
export function checkedWorkload(description: unknown, label: string): Workload {
  const parsed = workloadSchema.safeParse(description);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, description);
  throw new InputError(`${label}: ${describeProblems(problems, 'workload')}`);
}
