import { once, setMaxListeners } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Threads that share a piece of work: what each does, and when none of them is needed any more. */

/** The signal of all threads of a piece of work: it is given up as `given` says, or by `end`, where one of them fails. */
export function sharedSignal(given: AbortSignal | undefined): {
  readonly signal: AbortSignal;
  readonly end: () => void;
} {
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, ...(given ? [given] : [])]);
  // Each thread listens to it, however many there are.
  setMaxListeners(0, signal);
  return { signal, end: () => lost.abort() };
}

/**
 * Runs a program in a thread to its end, which may be an early one: what it has to say shows whether it came through
 * (who runs out of memory, for one, does not). Throws when aborted.
 */
export async function runThread(
  program: URL,
  workerData: unknown,
  signal: AbortSignal,
  hear: (message: unknown) => void,
): Promise<void> {
  const worker = new Worker(program, { workerData });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop);
  worker.on('message', hear);
  await once(worker, 'exit').catch(() => worker.terminate());
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
}
