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
  /** Operands in 100 instructions that go anywhere in the process's memory. */
  readonly far: number;
  readonly heapPages: number;
  readonly textPages: number;
  readonly wide: number;
}

/** From a line of one pair of pages to a line of the next, at another place in its page. */
const LINE_STRIDE = 2 * 4096 + 64;

/** Parallel compile of many small files: short-lived processes that keep the kernel busy. */
export function pmakeWorkload(values: PmakeValues): WorkloadInput {
  const pages = (count: number): number => Math.max(1, Math.round(count)) * 4096;
  // A whole number of strides, so that each round comes to the same lines.
  const line = (from: number, count: number) =>
    ({
      kind: 'sequential',
      from,
      bytes: LINE_STRIDE * Math.max(1, Math.floor((pages(count) - from) / LINE_STRIDE)),
      stride: LINE_STRIDE,
    }) as const;
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
        phases: [
          {
            instructions: '200K',
            code: {
              region: 'text',
              bytes: '48K',
              run: 9,
              loop: 0.6,
              targets: { kind: 'zipf', theta: 1.4, scatter: false },
            },
            fetch: 100,
            data: [
              {
                region: 'stack',
                load: 12,
                store: 7,
                size: 8,
                place: { kind: 'zipf', theta: 1.8, scatter: false },
              },
              {
                region: 'heap',
                load: 10,
                store: 5,
                size: 8,
                place: { kind: 'zipf', theta: 1.8, bytes: '16K' },
              },
              // One line of each page, then anywhere.
              {
                region: 'heap',
                load: values.far * 0.25,
                store: values.far * 0.05,
                size: 8,
                place: line(0, values.heapPages),
              },
              {
                region: 'heap',
                load: values.far * 0.1,
                store: values.far * 0.1,
                size: 8,
                place: line(4096, values.heapPages),
              },
              { region: 'text', load: values.far * 0.3, size: 8, place: line(0, values.textPages) },
              { region: 'text', load: values.far * 0.2, size: 8, place: line(4096, values.textPages) },
              {
                region: 'heap',
                load: values.wide * 0.3,
                store: values.wide * 0.2,
                size: 8,
                place: { kind: 'uniform' },
              },
              { region: 'text', load: values.wide * 0.5, size: 8, place: { kind: 'uniform' } },
            ],
          },
        ],
      },
    ],
    kernel: irixKernel(values),
  };
}
