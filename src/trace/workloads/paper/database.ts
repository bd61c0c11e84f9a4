import type { WorkloadInput } from '../schema.ts';
import { type QuietKernelValues, quietKernel, scatteredBytes, scatteredOver } from './quiet-kernel.ts';

/** What decides the database workload: decision support, one memory-intensive process. */
export interface DatabaseValues extends QuietKernelValues {
  /** Instructions of the one CPU. */
  readonly instructions: number;
  readonly seed: number;
  /** Operands in 100 instructions that follow pointers from page to page, over so many pairs of pages. */
  readonly scattered: number;
  readonly pairs: number;
  /** Lines that are used of each pair. */
  readonly lines: number;
  /** Operands in 100 instructions that scan tables, and pages of the pool that holds them. */
  readonly scan: number;
  readonly poolPages: number;
}

const PAGE = 4096;

/**
 * A query over tables that are all in memory: it scans records one after the other and looks up each in indexes,
 * which are followed by pointers.
 */
export function databaseWorkload(values: DatabaseValues): WorkloadInput {
  return {
    name: 'database',
    cpus: 1,
    instructions: Math.max(1, Math.round(values.instructions)),
    seed: values.seed,
    line: 128,
    frames: 'scattered',
    slice: '5M',
    processes: [
      {
        name: 'server',
        regions: {
          text: { bytes: '512K' },
          indexes: { bytes: scatteredBytes(values.pairs) },
          pool: { bytes: values.poolPages * PAGE },
        },
        phases: [
          {
            instructions: '1M',
            code: {
              region: 'text',
              run: 60,
              loop: 0.9,
              targets: { kind: 'zipf', theta: 1.3, scatter: false },
            },
            fetch: 100,
            data: [
              {
                region: 'indexes',
                load: values.scattered,
                size: 8,
                place: scatteredOver(values.pairs, values.lines),
              },
              { region: 'pool', load: values.scan, size: 8, place: { kind: 'sequential', stride: 128 } },
            ],
          },
        ],
      },
    ],
    kernel: quietKernel(values),
  };
}
