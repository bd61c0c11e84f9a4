import { parentPort, workerData } from 'node:worker_threads';
import { EXPERIMENTS } from '../paper/experiments.ts';
import { InputError } from '../trace/errors.ts';
import type { FromExperiment, ToExperiment } from './experiment-pool.ts';

/** One experiment on a thread of its own. */
const { name, ...options } = workerData as ToExperiment;
const say = (message: FromExperiment): void => parentPort?.postMessage(message);

const experiment = EXPERIMENTS.find((one) => one.name === name);
if (experiment === undefined) throw new Error(`no experiment ${name}`);
try {
  const outcome = await experiment.run({ ...options, progress: (done) => say({ kind: 'progress', done }) });
  say({ kind: 'done', outcome });
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  say({ kind: 'refused', message: error.message });
}
