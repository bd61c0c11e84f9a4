import type { z } from 'zod';

/** What a schema found wrong with a value, in our words. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Whether the key itself is the problem, not its value. */
  readonly atKey: boolean;
}

const MOST_SHOWN = 3;

const TYPES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  object: 'a mapping of fields',
  record: 'a mapping of fields',
  array: 'a list',
  tuple: 'a list',
  null: 'null',
};

type Issue = z.core.$ZodIssue;

/** The problems of a value, one for each path; fields that do not exist come first, as they explain others. */
export function problemsOf(error: z.ZodError, value: unknown): readonly Problem[] {
  const all = error.issues.flatMap((issue) => problemsOfIssue(issue, value));
  const seen = new Set<string>();
  return [...all.filter(({ atKey }) => atKey), ...all.filter(({ atKey }) => !atKey)].filter(({ path }) => {
    const key = JSON.stringify(path.map(String));
    return !seen.has(key) && seen.add(key);
  });
}

/**
 * The first problems on one line: `a.b: no such field; c: expected a number, got null (and 2 more problems)`. With
 * `place`, where each was written comes before it, unless it is where the one before was.
 */
export function describeProblems(
  problems: readonly Problem[],
  whole: string,
  place: (problem: Problem) => string = () => '',
): string {
  const shown = problems.slice(0, MOST_SHOWN).map((problem, at) => {
    const here = place(problem);
    const known = here === '' || (at > 0 && here === place(problems[at - 1]!));
    return `${known ? '' : `${here}: `}${pathText(problem.path) || whole}: ${problem.message}`;
  });
  const more = problems.length - shown.length;
  return shown.join('; ') + (more > 0 ? ` (and ${more} more ${more === 1 ? 'problem' : 'problems'})` : '');
}

/** `processes[0].regions.heap`: numbers are places in a list. */
function pathText(path: readonly PropertyKey[]): string {
  const parts = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return parts.join('').replace(/^\./, '');
}

function problemsOfIssue(issue: Issue, whole: unknown): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'no such field', atKey: true }));
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues;
    return inner ? [{ path, message: messageOf(inner, String(path.at(-1))), atKey: true }] : [];
  }
  const branch = issue.code === 'invalid_union' ? branchOf(issue.errors) : null;
  if (branch !== null)
    return branch.flatMap((inner) => problemsOfIssue({ ...inner, path: [...path, ...inner.path] }, whole));
  return [{ path, message: messageOf(issue, valueAt(whole, path)), atKey: false }];
}

/** The alternative of a union whose form the value has, so that what is wrong is further in; null: there is none. */
function branchOf(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  return branches.find((issues) => issues.length > 0 && issues.every(({ path }) => path.length > 0)) ?? null;
}

function messageOf(issue: Issue, value: unknown): string {
  if (value === null || value === undefined || value === '') return 'a value is missing';
  const expected = expectation(issue);
  return expected === null ? issue.message : `expected ${expected}, got ${shown(value)}`;
}

/** What would have fitted, as a noun; null where the schema says it in a sentence of its own. */
function expectation(issue: Issue): string | null {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'too_small':
      if (issue.origin === 'string') return 'text that is not empty';
      if (issue.origin === 'array') return `a list of at least ${entries(issue.minimum)}`;
      return `a number ${issue.inclusive ? 'of at least' : 'above'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `text of at most ${issue.maximum} characters`;
      if (issue.origin === 'array') return `a list of at most ${entries(issue.maximum)}`;
      return `a number ${issue.inclusive ? 'of at most' : 'below'} ${issue.maximum}`;
    case 'invalid_value':
      return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'invalid_format':
      return issue.message.startsWith('expected ') ? issue.message.slice('expected '.length) : null;
    case 'invalid_union': {
      if ('options' in issue && Array.isArray(issue.options)) return `one of ${issue.options.join(', ')}`;
      const [...branches] = new Set(issue.errors.map(([first]) => (first ? expectation(first) : null)));
      return branches.includes(null) || branches.length === 0 ? null : branches.join(' or ');
    }
    default:
      return null;
  }
}

const entries = (number: number | bigint): string =>
  `${number} ${Number(number) === 1 ? 'entry' : 'entries'}`;

function shown(value: unknown): string {
  if (typeof value === 'string') return `the text ${value.length > 40 ? `${value.slice(0, 40)}…` : value}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  return typeof value === 'object' ? 'a mapping' : String(value);
}

function valueAt(whole: unknown, path: readonly PropertyKey[]): unknown {
  let value = whole;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}
