import type { WorkloadInput } from '../schema.ts';
import { irixKernel } from './irix-kernel.ts';

/** What a program that hardly calls the kernel still needs of it. */
export interface QuietKernelValues {
  /** Path of a fault on a page in memory (a slow refill of the TLB), in instructions. */
  readonly quickFault: number;
  /** User instructions of a process from one such fault to the next. */
  readonly quickEvery: number;
  /** Loads in 100 kernel instructions that go to tables found by hashing. */
  readonly spread: number;
}

/** Longer than any run: never. */
const NEVER = 2 ** 40;

/**
 * IRIX under a program that computes: the same kernel as pmake's, of which slow refills, clock ticks and context
 * switches are left. Slow refills come at a rate: in a window of a long run every page was used before, so faults at
 * first use would not show what invalid entries cost.
 */
export function quietKernel(values: QuietKernelValues): NonNullable<WorkloadInput['kernel']> {
  const kernel = irixKernel({
    demandZero: 1,
    quickFault: values.quickFault,
    open: 1,
    read: 1,
    write: 1,
    execve: 1,
    fork: 1,
    exit: 1,
    openEvery: NEVER,
    readEvery: NEVER,
    writeEvery: NEVER,
    shortEvery: NEVER,
    diskEvery: NEVER,
    requestCut: 1,
    short: 600,
    execveClears: 1,
    writeClears: 0,
    pageOperations: 0,
    spread: values.spread,
  });
  const { TIMER, SWITCH, QUICK_FAULT } = kernel.services;
  const every = Math.max(1, Math.round(values.quickEvery));
  return {
    ...kernel,
    services: {
      TIMER: TIMER!,
      SWITCH: SWITCH!,
      QUICK_FAULT: { ...QUICK_FAULT!, when: { on: 'rate', every } },
    },
  };
}

/**
 * Bytes between one pair of pages and the next that pointers lead to: a little more than the pair, so that the lines
 * that are used lie in different sets of the caches.
 */
const PAIR_STEP = 2 * 4096 + 192;
/** Bytes of a region of which so many pairs of pages are followed by pointers. */
export const scatteredBytes = (pairs: number): number => pairs * PAIR_STEP + 2 * 4096;

/** Pointers that lead to any of so many pairs of pages, each time to the next of a few lines there. */
export const scatteredOver = (pairs: number, lines: number) =>
  ({
    kind: 'streams',
    count: pairs,
    stride: Math.ceil(PAIR_STEP / lines / 64) * 64,
    bytes: pairs * PAIR_STEP,
  }) as const;
