import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError } from '../trace/errors.ts';
import { isSystemError } from '../trace/system-errors.ts';

/**
 * Makes a directory and those above it, one level at a time: Node's own recursive form goes round for ever where a file
 * system says ENOENT of a name that it does not make (`/proc/x`). Throws InputError there, else what the system says.
 */
export async function makeDirectory(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await isThere(at)); at = dirname(at)) missing.push(at);
  for (const at of missing.reverse())
    try {
      await mkdir(at);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      // Another process may have been faster.
      if (error.code === 'EEXIST' && (await isThere(at))) continue;
      if (error.code !== 'ENOENT') throw error;
      throw new InputError(`${path}: no directory can be made in ${dirname(at)}; name another`);
    }
}

/** Whether there is something of that name; what is no directory is found out by whoever looks into it. */
async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return false;
    throw error;
  }
}
