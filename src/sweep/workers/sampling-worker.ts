import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../../trace/errors.ts';
import { priceSamples } from '../samples.ts';
import type { FromSampling, SamplingShare } from './sampling.ts';

/** A thread that prices some samples, and ends. */

const port = parentPort;
if (port === null) throw new Error('sampling-worker.ts is the program of a worker thread');
const say = (message: FromSampling): void => port.postMessage(message);
const { plan, share, buffer } = workerData as SamplingShare;
try {
  const progress = (samples: number): void => say({ samples });
  await priceSamples(plan, share, new Float64Array(buffer), { progress });
  say({ done: true });
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  say({ refused: error.message });
}
