import { access, constants, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError } from '../trace/errors.ts';
import { isSystemError, systemReason } from '../trace/system-errors.ts';

/**
 * Writes a file whole: under a temporary name beside it, then renamed. `-` is standard output. A device or
 * a pipe (`/dev/null`, `>(command)`) is written to as it is: renaming would put a file in its place.
 */
export async function writeOutput(path: string, data: Data): Promise<void> {
  if (path === '-') {
    for await (const piece of piecesOf(data)) await print(piece);
    return;
  }
  // A symbolic link stays one; the file that it points to is replaced.
  const target = await realpath(path).catch(() => path);
  const existing = await stat(target).catch(() => null);
  try {
    if (existing === null || existing.isFile()) await replace(target, data);
    else await write(target, data);
  } catch (error) {
    throw named(path, error);
  }
}

/** What is written: a text, or pieces that are made while they are written. */
type Data = string | AsyncIterable<string | Uint8Array>;

async function* piecesOf(data: Data): AsyncGenerator<string | Uint8Array> {
  if (typeof data === 'string') yield data;
  else yield* data;
}

async function replace(target: string, data: Data): Promise<void> {
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    await write(temporary, data);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** An error of the operating system as one that names the output; others as they are. */
const named = (output: string, error: unknown): unknown =>
  isSystemError(error) && !isClosedPipe(error)
    ? new InputError(`${output}: ${systemReason(error, 'cannot be written')}`, { cause: error })
    : error;

async function write(path: string, data: Data): Promise<void> {
  const file = await open(path, 'w');
  try {
    for await (const piece of piecesOf(data)) await file.writeFile(piece);
    // A device has nothing to synchronise.
    if ((await file.stat()).isFile()) await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes to standard output and waits until it is taken. Where it was closed from the start (`>&-`), Node has put the null
 * device in its place before any of this runs, opened as Node and Python open it for a child whose output nobody wants:
 * the two cannot be told apart, and both succeed.
 */
export function print(text: string | Uint8Array): Promise<void> {
  return new Promise((done, failed) => {
    process.stdout.write(text, (error) => (error ? failed(named('standard output', error)) : done()));
  });
}

/**
 * Does work in which others (yargs: help, version) write to standard output without waiting, and throws
 * where that failed.
 */
export async function watched(work: () => Promise<unknown>): Promise<void> {
  let failure: unknown = null;
  const note = (error: unknown): void => {
    failure ??= error;
  };
  process.stdout.on('error', note);
  try {
    await work();
    await new Promise((done) => setImmediate(done));
  } finally {
    process.stdout.off('error', note);
  }
  if (failure !== null) throw named('standard output', failure);
}

/** Whether an error says that nobody reads standard output any more. */
export const isClosedPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE';

/**
 * Checks before any work that the outputs, by what to call them in messages (`--json`), can be written: the
 * directory of each exists and is writable, it is not a directory itself, no two are the same, and none is
 * one of the inputs.
 */
export async function checkOutputs(
  outputs: Readonly<Record<string, string | undefined>>,
  inputs: readonly string[] = [],
): Promise<void> {
  const read = new Map<string, string>();
  for (const path of inputs) if (path !== '-') read.set(await placeOf(path), path);
  const seen = new Map<string, string>();
  for (const [name, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const key = path === '-' ? '-' : await placeOf(path);
    const other = seen.get(key);
    if (other !== undefined) throw new InputError(`${other} and ${name} both write to ${path}`);
    seen.set(key, name);
    if (path === '-') continue;
    if (read.has(key))
      throw new InputError(`${name} ${path}: would replace the input ${read.get(key)}; name another file`);
    const directory = dirname(key);
    await access(directory, constants.W_OK).catch(() => {
      throw new InputError(`${name} ${path}: the directory ${directory} does not exist or is not writable`);
    });
    const existing = await stat(key).catch(() => null);
    if (existing?.isDirectory()) throw new InputError(`${name} ${path}: is a directory; name a file`);
  }
}

/** The same for a store, which is seekable and so needs a file. */
export async function checkStoreOutput(name: string, path: string, inputs: readonly string[]): Promise<void> {
  if (path === '-') throw new InputError(`${name} -: a store is written to a file; name one`);
  await checkOutputs({ [name]: path }, inputs);
  const existing = await stat(path).catch(() => null);
  if (existing !== null && !existing.isFile())
    throw new InputError(`${name} ${path}: is not a file; a store is written to a file`);
}

const placeOf = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
