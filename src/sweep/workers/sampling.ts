import { InputError } from '../../trace/errors.ts';
import { sampleCost } from '../sample-cost.ts';
import {
  MEASURES,
  priceSamples,
  type SampleOptions,
  type SamplePlan,
  type Sampler,
  type SampleShare,
  sampleHere,
} from '../samples.ts';
import { runThread, sharedSignal } from './thread.ts';

/**
 * Monte Carlo on several threads: each has a stretch of the samples, which are what they are whoever prices them, and
 * writes into columns that all share. So the answer is that of one thread, to the last bit.
 */

/** What a thread is to price. */
export interface SamplingShare {
  readonly plan: SamplePlan;
  readonly share: SampleShare;
  readonly buffer: SharedArrayBuffer;
}

/** What it says: samples done, now and then; at the end that it is done, or what is wrong with one of them. */
export type FromSampling =
  | { readonly samples: number }
  | { readonly done: true }
  | { readonly refused: string };

/** Threads take a tenth of a second to start: they are for half a second of work and more. */
const LEAST_US = 5e5;

const worthThreads = ({ systems, samples }: SamplePlan): boolean => sampleCost(systems) * samples >= LEAST_US;

/** Prices samples on so many threads where it is worth it. `program`: of a thread. */
export function samplingOn(
  count: number,
  program: URL = new URL('./sampling-worker.js', import.meta.url),
  worth: typeof worthThreads = worthThreads,
): Sampler {
  return async (plan, options) => {
    if (count < 2 || !worth(plan)) return sampleHere(plan, options);
    options.signal?.throwIfAborted();
    const { samples, systems } = plan;
    const buffer = new SharedArrayBuffer(systems.length * MEASURES * samples * 8);
    const threads = Math.min(count, samples);
    const done = new Array<number>(threads).fill(0);
    const stretch = (at: number): number => Math.floor((at * samples) / threads);
    // Where one share cannot be priced, nobody needs the others.
    const { signal, end } = sharedSignal(options.signal);
    const shares = done.map((_, at) =>
      sampledBy(
        program,
        { plan, share: { from: stretch(at), to: stretch(at + 1) }, buffer },
        {
          signal,
          progress: (priced) => {
            done[at] = priced;
            options.progress?.(done.reduce((sum, one) => sum + one, 0));
          },
        },
      ),
    );
    try {
      await Promise.all(shares);
    } finally {
      end();
    }
    return new Float64Array(buffer);
  };
}

/** A share priced by a thread of its own; what that cannot do is done here, which also says why not. */
async function sampledBy(
  program: URL,
  given: SamplingShare,
  options: SampleOptions & { readonly signal: AbortSignal },
): Promise<void> {
  let done = false;
  let refused: string | null = null;
  await runThread(program, given, options.signal, (said) => {
    const message = said as FromSampling;
    if ('refused' in message) refused = message.refused;
    else if ('done' in message) done = true;
    else options.progress?.(message.samples);
  });
  if (refused !== null) throw new InputError(refused);
  if (!done) await priceSamples(given.plan, given.share, new Float64Array(given.buffer), options);
}
