import { readFile } from 'node:fs/promises';
import { InputError } from '../trace/errors.ts';

/** Exit statuses: 0 done, 2 the input or the command line is wrong, 1 a defect; 128 + signal if interrupted. */
export const EXIT_INPUT = 2;
export const EXIT_DEFECT = 1;
export const EXIT_INTERRUPTED = 130;
export const EXIT_TERMINATED = 143;

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space left on the device: free some, or write elsewhere',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
};

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && 'syscall' in error;

/** A file's text. Throws InputError that names the file (a failed read of a directory does not). */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new InputError(`${path}: ${SYSTEM_REASONS[error.code ?? ''] ?? error.code}`);
  }
}

/** One line for a person, and the exit status. */
export function describeError(error: unknown): { readonly message: string; readonly status: number } {
  if (error instanceof Error && error.name === 'AbortError')
    return { message: 'interrupted', status: EXIT_INTERRUPTED };
  if (error instanceof InputError) return { message: oneLine(error.message), status: EXIT_INPUT };
  if (isSystemError(error)) {
    const reason = SYSTEM_REASONS[error.code ?? ''] ?? error.code ?? 'failed';
    return { message: `${error.path ?? error.syscall ?? 'system call'}: ${reason}`, status: EXIT_INPUT };
  }
  const text = error instanceof Error ? error.message : String(error);
  return {
    message: `internal error: ${oneLine(text)}; run again with --debug and report it with the trace`,
    status: EXIT_DEFECT,
  };
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').trim();
