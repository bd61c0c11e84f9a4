import { cleanText } from '../report/words.ts';
import { InputError } from '../trace/errors.ts';
import { isSystemError, systemReason } from '../trace/system-errors.ts';

/** Exit statuses: 0 done, 2 the input or the command line is wrong, 1 a defect; 128 + signal if interrupted. */
export const EXIT_INPUT = 2;
export const EXIT_DEFECT = 1;
export const EXIT_INTERRUPTED = 130;

/** One line for a person, without control characters, and the exit status. */
export function describeError(error: unknown): { readonly message: string; readonly status: number } {
  if (isInterruption(error))
    return {
      message: ['interrupted', ...(typeof error.cause === 'string' ? [oneLine(error.cause)] : [])].join('; '),
      status: EXIT_INTERRUPTED,
    };
  if (error instanceof InputError) return { message: oneLine(error.message), status: EXIT_INPUT };
  if (isSystemError(error)) {
    const where = error.path ?? error.syscall ?? 'system call';
    return { message: oneLine(`${where}: ${systemReason(error)}`), status: EXIT_INPUT };
  }
  const text = error instanceof Error ? error.message : String(error);
  return {
    message: `internal error: ${oneLine(text)}; run again with --debug and report it with the trace`,
    status: EXIT_DEFECT,
  };
}

export const isInterruption = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'AbortError';

/** Work whose interruption says how it goes on. */
export async function resumable<T>(how: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    throw Object.assign(new Error('interrupted', { cause: how }), { name: 'AbortError' });
  }
}

const oneLine = (text: string): string => cleanText(text.trim());

/** The stack of an error, for whoever asked for it; its lines stay lines. */
export const stackOf = (error: Error): string =>
  (error.stack ?? error.message).split('\n').map(cleanText).join('\n');
