import { access, constants, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError } from '../trace/errors.ts';

/** Writes a file whole: under a temporary name beside it, then renamed. `-` is standard output. */
export async function writeOutput(path: string, data: string): Promise<void> {
  if (path === '-') {
    await print(data);
    return;
  }
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes to standard output and waits until it is taken. */
export function print(text: string): Promise<void> {
  return new Promise((done, failed) => {
    process.stdout.write(text, (error) => (error ? failed(error) : done()));
  });
}

/**
 * Checks before any work that an output can be written: its directory exists and is writable, it is not a
 * directory itself, and no two outputs are the same.
 */
export async function checkOutputs(outputs: Readonly<Record<string, string | undefined>>): Promise<void> {
  const seen = new Map<string, string>();
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const key = path === '-' ? '-' : resolve(path);
    const other = seen.get(key);
    if (other !== undefined) throw new InputError(`--${other} and --${option} both write to ${path}`);
    seen.set(key, option);
    if (path === '-') continue;
    const directory = dirname(key);
    await access(directory, constants.W_OK).catch(() => {
      throw new InputError(
        `--${option} ${path}: the directory ${directory} does not exist or is not writable`,
      );
    });
    const existing = await stat(key).catch(() => null);
    if (existing?.isDirectory()) throw new InputError(`--${option} ${path}: is a directory; name a file`);
  }
}
