import type { z } from 'zod';

/**
 * Values as people write them where the schema knows one form only: `10K` for a number, `off` for a boolean. The schema
 * itself says where it expected which, so that text fields, and sizes whose K is 1024, stay what they are.
 */

type Issue = z.core.$ZodIssue;

const UNITS = { K: 1e3, M: 1e6, G: 1e9 } as const;
const BOOLEANS: Readonly<Record<string, boolean>> = { on: true, yes: true, off: false, no: false };

/** The value that text stands for where one of these types is expected; undefined: none. */
function meant(text: string, types: ReadonlySet<string>): number | boolean | undefined {
  const number = /^(\d+)([KMG])$/.exec(text);
  if (number !== null && (types.has('number') || types.has('int')))
    return Number(number[1]) * UNITS[number[2] as keyof typeof UNITS];
  const flag = text.toLowerCase();
  return types.has('boolean') && Object.hasOwn(BOOLEANS, flag) ? BOOLEANS[flag] : undefined;
}

/** Types that would have fitted, of all alternatives. */
function expected(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  if (issue.code !== 'invalid_union') return [];
  return issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.path.length === 0 ? expected(inner) : [])),
  );
}

/**
 * The input with all such values in the schema's form, K, M and G as powers of 1000; the very same if the schema
 * complains of none.
 */
export function asMeant<T>(input: T, error: z.ZodError): T {
  let value = input;
  for (const issue of error.issues) {
    const types = new Set(expected(issue));
    if (types.size > 0) value = replaced(value, issue.path, types) as T;
  }
  return value;
}

function replaced(value: unknown, path: readonly PropertyKey[], types: ReadonlySet<string>): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return typeof value === 'string' ? (meant(value, types) ?? value) : value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return value;
  const before = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  const after = replaced(before, rest, types);
  if (after === before) return value;
  if (Array.isArray(value)) return value.with(Number(key), after);
  return { ...value, [key]: after };
}
