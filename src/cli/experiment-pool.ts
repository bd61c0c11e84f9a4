import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Experiment, ExperimentOptions, Outcome } from '../paper/types.ts';
import { InputError } from '../trace/errors.ts';

/** What a thread is told: which experiment, and everything that it may know. */
export type ToExperiment = Pick<ExperimentOptions, 'inputs' | 'scale' | 'seed'> & { readonly name: string };

/** What it says. Whatever else goes wrong ends it with an error. */
export type FromExperiment =
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'refused'; readonly message: string };

export type RunExperiment = (experiment: Experiment, options: ExperimentOptions) => Promise<Outcome>;

/** More threads would have nothing to do for most of the time, and each needs its memory. */
const MOST = 2;

/**
 * Runs experiments on threads of their own, as many at a time as there are cores for (two at most); those that come
 * last in the list are started first, as they take longest. What one gives does not depend on the others.
 */
export function createExperimentPool(
  program = new URL('./experiment-worker.js', import.meta.url),
): RunExperiment {
  const waiting: (() => Promise<void>)[] = [];
  let free = Math.min(MOST, availableParallelism());
  const next = (): void => {
    while (free > 0 && waiting.length > 0) {
      free--;
      void waiting.pop()!().finally(() => {
        free++;
        next();
      });
    }
  };
  return (experiment, options) =>
    new Promise((resolve, reject) => {
      waiting.push(() => onThread(program, experiment, options).then(resolve, reject));
      // All that are asked for at once are in the list before the first is started.
      queueMicrotask(next);
    });
}

function onThread(program: URL, { name }: Experiment, options: ExperimentOptions): Promise<Outcome> {
  const { inputs, scale, seed, signal, progress } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const workerData: ToExperiment = { name, inputs, scale, seed };
    const worker = new Worker(program, { workerData });
    const stop = (): void => {
      void worker.terminate();
      reject(signal!.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
    const end = (): void => signal?.removeEventListener('abort', stop);
    worker.on('message', (message: FromExperiment) => {
      if (message.kind === 'progress') progress?.(message.done);
      else if (message.kind === 'done') resolve(message.outcome);
      else reject(new InputError(message.message));
    });
    worker.on('error', reject);
    worker.on('exit', (status) => {
      end();
      // Too late to matter where it has said what it had to say.
      reject(new Error(`${name} ended with status ${status}`));
    });
  });
}
