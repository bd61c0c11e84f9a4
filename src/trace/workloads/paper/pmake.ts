import type { WorkloadInput } from '../schema.ts';
import { type IrixValues, irixKernel } from './irix-kernel.ts';

/** What decides the compile jobs' own part. */
export interface PmakeValues extends IrixValues {
  readonly cpus: number;
  /** Instructions of all CPUs together. */
  readonly instructions: number;
  readonly seed: number;
  /** Compile jobs side by side on each CPU (-J2). */
  readonly jobs: number;
  /** User instructions of one process of a compile job: driver, preprocessor, compiler, assembler. */
  readonly life: number;
  /** Pages that a process gets zeroed, and pages of programs and libraries in memory that it maps. */
  readonly zeroPages: number;
  readonly quickPages: number;
  /** Operands in 100 instructions that go to lines strewn over the process's memory, and how unevenly (Zipf). */
  readonly strewn: number;
  readonly strewnTheta: number;
  /** Bytes of its stack, and of its heap, that a process works on at a time: most of it stays in the first-level caches. */
  readonly workedOn: number;
}

/** Where a process's operands go besides stack and heap at work: region, share, share of stores. */
const STREWN = [
  ['heap', 0.4, 0.25],
  ['text', 0.6, 0],
] as const;

/** What a process of a compile job does, wherever it runs. */
export function compilePhase(values: PmakeValues): WorkloadInput['processes'][number]['phases'][number] {
  const near = { kind: 'zipf', theta: 1.8, scatter: false, bytes: values.workedOn } as const;
  return {
    instructions: '200K',
    code: {
      region: 'text',
      bytes: '32K',
      run: 9,
      loop: 0.6,
      targets: { kind: 'zipf', theta: 1.4, scatter: false },
    },
    fetch: 100,
    data: [
      { region: 'stack', load: 12, store: 7, size: 8, place: near },
      { region: 'heap', load: 10, store: 5, size: 8, place: near },
      // Some lines of each page are used much more than others: pages miss in the TLB whose lines are in the caches.
      ...STREWN.map(([region, share, stores]) => ({
        region,
        load: values.strewn * share * (1 - stores),
        store: values.strewn * share * stores,
        size: 8,
        place: { kind: 'zipf', theta: values.strewnTheta } as const,
      })),
    ],
  };
}

/** Parallel compile of many small files: short-lived processes that keep the kernel busy. */
export function pmakeWorkload(values: PmakeValues): WorkloadInput {
  const pages = (count: number): number => Math.max(1, Math.round(count)) * 4096;
  return {
    name: 'pmake',
    cpus: values.cpus,
    instructions: values.instructions,
    seed: values.seed,
    frames: 'scattered',
    slice: '400K',
    processes: [
      {
        name: 'job',
        count: values.cpus * values.jobs,
        life: { instructions: Math.round(values.life), spacing: 'staggered' },
        regions: {
          text: { bytes: pages(values.quickPages), share: 'program', fault: 'file' },
          stack: { bytes: pages(8), fault: 'zero' },
          heap: { bytes: pages(values.zeroPages - 12), fault: 'zero' },
          io: { bytes: pages(4), fault: 'zero' },
        },
        phases: [compilePhase(values)],
      },
    ],
    kernel: irixKernel(values),
  };
}
