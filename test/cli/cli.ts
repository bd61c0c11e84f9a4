import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { runCli } from '../../src/cli/cli.ts';
import { ROOT } from '../sources.ts';

/** A small trace (148,634 references) that is text under gzip. */
export const SMALL = join(ROOT, 'traces/user/true.lackey.gz');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory for the tests of a file, made before and removed after them, with one for temporary files. */
export function workplace() {
  const place = { cwd: '', tmp: '', path: (name: string): string => join(place.cwd, name) };
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'vmtax-cli-'));
    place.cwd = join(root, 'work');
    place.tmp = join(root, 'tmp');
    mkdirSync(place.cwd);
    mkdirSync(place.tmp);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return place;
}
export type Workplace = ReturnType<typeof workplace>;

/** Starts the built command line; no terminal anywhere. */
export function start(args: readonly string[], place: Workplace, options: SpawnOptions = {}): ChildProcess {
  const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env;
  return spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...args], {
    cwd: place.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { ...env, TMPDIR: place.tmp, LANG: 'de_DE.UTF-8', ...options.env },
  });
}

/** Waits for its end and collects what it says. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

export const vmtax = (
  args: readonly string[],
  place: Workplace,
  options: SpawnOptions = {},
): Promise<Ended> => ended(start(args, place, options));

/**
 * The same command line in this process: no start-up, for long tables of arguments. Paths must be absolute.
 */
export async function inProcess(args: readonly string[], place: Workplace): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text, encoding, written) => {
      said[name] += text;
      (typeof encoding === 'function' ? encoding : written)?.();
      return true;
    }),
  );
  vi.stubEnv('TMPDIR', place.tmp);
  try {
    const context = { signal: new AbortController().signal, progress: { update: () => {}, clear: () => {} } };
    return { status: await runCli(args, context), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** A refusal as a good tool makes it: exit 2, one line that says what, nothing on standard output. */
export function expectRefusal(result: Ended, says: RegExp | string): void {
  expect(result.stderr).toMatch(/^vmtax: [^\n]+\n$/);
  if (typeof says === 'string') expect(result.stderr).toContain(says);
  else expect(result.stderr).toMatch(says);
  expect(result.stderr).not.toMatch(/internal error|\n {4}at /);
  expect(result.stdout).toBe('');
  expect(result.status).toBe(2);
}

/** Success without a word on standard error. */
export function expectSuccess(result: Ended): void {
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
}

/** No temporary file is left, neither in the temporary directory nor beside an output. */
export function expectClean(place: Workplace): void {
  expect(readdirSync(place.tmp)).toEqual([]);
  expect(readdirSync(place.cwd).filter((name) => name.endsWith('.tmp'))).toEqual([]);
}
