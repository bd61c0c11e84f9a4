import type { WorkloadInput } from '../schema.ts';
import type { PmakeValues } from './pmake.ts';
import { type MultiprocessorValues, multiprocessorPmake } from './pmake-mp.ts';

export interface RadixValues {
  readonly cpus: number;
  /** Instructions of all CPUs together. */
  readonly instructions: number;
  readonly seed: number;
  /** User instructions of a thread from one page that nobody has used to the next. */
  readonly pageEvery: number;
  /** Stores in 100 instructions that permute keys: to any place of an array that all threads write. */
  readonly permuted: number;
  /** The kernel that serves the faults; null: none, for a system that serves them itself. */
  readonly kernel: (PmakeValues & MultiprocessorValues) | null;
}

/** Bytes of the part of the array of keys that one thread fills; of the memory that it uses for the first time. */
const PART = 2 * 2 ** 20;
const FRESH = 16 * 2 ** 20;
/** Bytes from one store to the next in memory that is used for the first time. */
const STEP = 128;

const OWN_PART = { bytes: PART, skew: PART } as const;
/** Each thread fills its part of the array in as many places as there are values of a digit. */
const DIGITS = { kind: 'streams', count: 64, ...OWN_PART } as const;

/** Radix sort (SPLASH-2): threads permute keys among each other's arrays, and fault in memory as they go. */
export function radixWorkload(values: RadixValues): WorkloadInput {
  const stores = (100 * (4096 / STEP)) / values.pageEvery;
  const kernel = values.kernel === null ? undefined : faultsAlone(values.kernel);
  return {
    name: 'radix',
    cpus: values.cpus,
    instructions: values.instructions,
    seed: values.seed,
    frames: 'scattered',
    slice: '100M',
    processes: [
      {
        name: 'radix',
        threads: values.cpus,
        regions: {
          text: { bytes: '16K' },
          work: { bytes: '16K', per: 'thread' },
          keys: { bytes: PART * values.cpus },
          fresh: { bytes: FRESH, per: 'thread', fault: 'zero' },
        },
        phases: [
          // The array is there when the sorting begins, with each part near the thread that fills it.
          {
            once: true,
            instructions: 4 * (PART / 4096),
            code: { region: 'text', bytes: '4K' },
            fetch: 4,
            data: [
              { region: 'keys', store: 1, size: 4, place: { kind: 'sequential', stride: 4096, ...OWN_PART } },
            ],
          },
          {
            instructions: '1M',
            code: { region: 'text', bytes: '4K', run: 12, loop: 0.8 },
            fetch: 100,
            data: [
              { region: 'work', load: 18, store: 6, size: 8, place: { kind: 'zipf', theta: 1, bytes: '8K' } },
              { region: 'keys', store: values.permuted, size: 4, place: DIGITS },
              { region: 'fresh', store: stores, size: 8, place: { kind: 'sequential', stride: STEP } },
            ],
          },
        ],
      },
    ],
    ...(kernel && { kernel }),
  };
}

/**
 * The multiprocessor kernel with its page faults alone. The threads have one address space, whose list of regions a
 * fault holds: faults wait for each other.
 */
function faultsAlone(values: PmakeValues & MultiprocessorValues): NonNullable<WorkloadInput['kernel']> {
  const kernel = multiprocessorPmake(values).kernel!;
  const { DEMAND_ZERO: fault, TIMER: timer } = kernel.services;
  const path = Number(fault!.instructions);
  const [own] = fault!.locks!;
  return {
    ...kernel,
    services: {
      TIMER: timer!,
      DEMAND_ZERO: {
        ...fault!,
        locks: [
          { lock: 'memlock', hold: Math.round(path * 0.3), privileged: own!.privileged ?? {} },
          { lock: 'files', hold: Math.round(path * 0.6) },
        ],
      },
    },
  };
}
