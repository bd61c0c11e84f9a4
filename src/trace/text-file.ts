import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { InputError } from './errors.ts';
import { isSystemError, systemReason } from './system-errors.ts';

/** Most that a description, a system or a plan may have: no person writes more, and a trace is not one. */
const MOST_BYTES = 1 << 22;

/**
 * The text of a file that a person wrote, or of a pipe. Throws InputError that names the file: what cannot be read, and
 * what is too large to be meant.
 */
export async function readText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const bytes = Buffer.allocUnsafe(MOST_BYTES + 1);
      let length = 0;
      for (let more = 1; more > 0 && length < bytes.length; length += more)
        more = (await file.read(bytes, length, bytes.length - length)).bytesRead;
      return textOf(path, bytes, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw named(path, error);
  }
}

/** The same for those who cannot wait. */
export function readTextNow(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.allocUnsafe(MOST_BYTES + 1);
      let length = 0;
      for (let more = 1; more > 0 && length < bytes.length; length += more)
        more = readSync(file, bytes, length, bytes.length - length, null);
      return textOf(path, bytes, length);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw named(path, error);
  }
}

function textOf(path: string, bytes: Buffer, length: number): string {
  if (length > MOST_BYTES)
    throw new InputError(
      `${path}: more than ${MOST_BYTES >> 20} MB; give a text that describes, not a trace`,
    );
  return bytes.toString('utf8', 0, length);
}

const named = (path: string, error: unknown): unknown =>
  isSystemError(error) ? new InputError(`${path}: ${systemReason(error, 'cannot be read')}`) : error;
