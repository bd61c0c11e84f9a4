import { z } from 'zod';
import { CALIBRATED } from './calibrated.ts';

/*
 * What the schemas of a system are made with. They are several files, so that the options of a policy stay with
 * the policy.
 */

/** How well an input is known: printed or counted; fitted to a published number; a guess; a free choice. */
export const ROLES = ['measured', 'calibrated', 'assumed', 'chosen'] as const;
export type Role = (typeof ROLES)[number];

export interface FieldMeta {
  readonly description: string;
  readonly unit: string;
  readonly source: string;
  readonly role: Role;
}

/** A leaf of the schema: a type, its default, and what has to be known of it. */
export function field<T extends z.ZodType>(type: T, value: unknown, meta: FieldMeta) {
  return type.default(value as never).meta({ ...meta });
}

export const chosen = (description: string, unit = ''): FieldMeta => ({
  description,
  unit,
  source: 'a choice of the experiment',
  role: 'chosen',
});

/** Bytes that a whole number, with K, M or G behind it (powers of 1024), stands for. */
export function bytesOf(size: string): number {
  const unit = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[size.slice(-1)] ?? 1;
  return Number.parseInt(size, 10) * unit;
}

/** Bytes: an integer, or text with K, M or G (powers of 1024). */
export const bytes = z
  .union([
    z.number(),
    z.string().regex(/^\d+[KMG]?$/, 'expected bytes as a whole number, or with K, M or G, e.g. 256K'),
  ])
  .transform((value) => (typeof value === 'number' ? value : bytesOf(value)))
  .pipe(z.number().int().positive());

export const positive = z.number().int().positive();
export const count = z.number().int().nonnegative();
export const nonnegative = z.number().nonnegative().finite();

/** The fitted value of a setting, by its path. */
export function calibrated(path: string): number {
  const value = CALIBRATED[path];
  if (value === undefined) throw new Error(`${path} is not calibrated`);
  return value;
}

/** A price: a non-negative number in the unit that ends its name. */
export const price = (value: number, unit: string, role: Role, description: string, source: string) =>
  field(nonnegative, value, { description, unit, source, role });
