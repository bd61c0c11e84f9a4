import type { WorkloadInput } from '../schema.ts';

/** What the memory of the pmakes holds when they have ended, in bytes. */
export interface FootprintValues {
  /** Instances of pmake, one for each CPU. */
  readonly instances: number;
  readonly text: number;
  /** Data that any kernel has, whatever it runs; and what each instance adds. */
  readonly kernelData: number;
  readonly instanceData: number;
  /** Files that all instances read (programs, headers): one copy in each buffer cache. */
  readonly common: number;
  /** Blocks of the file system that each kernel reads and changes: directories, inodes. */
  readonly metadata: number;
  /** Files of one instance, on its own disk. */
  readonly own: number;
}

/**
 * What the pmakes leave in memory, allocated in full: each CPU goes once through the kernel's text and data, the common
 * files, and its instance's own. A page is a single reference, so the trace is short at any scale. There is nothing of
 * time in it.
 */
export function footprintWorkload(values: FootprintValues): WorkloadInput {
  const pages = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4096));
  const sized = (bytes: number): number => pages(bytes) * 4096;
  const cpus = Array.from({ length: values.instances }, (_, cpu) => cpu);
  const walk = { kind: 'sequential', stride: 4096 } as const;
  const each = (region: string, bytes: number) => ({ region, load: pages(bytes), size: 4, place: walk });
  const instructions = sized(values.text) / 4;
  return {
    name: 'pmake-footprint',
    cpus: values.instances,
    instructions: '1G',
    processes: cpus.map((cpu) => ({
      name: `instance ${cpu}`,
      cpus: [cpu],
      rounds: 1,
      regions: {
        program: { bytes: 4096 },
        own: { bytes: sized(values.own), fault: 'file', file: `tree${cpu}` },
      },
      phases: [
        {
          instructions: 4 * pages(values.own),
          code: { region: 'program' },
          fetch: 2,
          data: [{ region: 'own', load: 1, size: 4, place: walk }],
        },
      ],
    })),
    kernel: {
      regions: {
        text: { bytes: sized(values.text) },
        data: { bytes: sized(values.kernelData) },
        instance: { bytes: sized(values.instanceData), per: 'cpu' },
        common: { bytes: sized(values.common), file: 'common' },
        metadata: { bytes: sized(values.metadata), file: 'metadata' },
      },
      files: Object.fromEntries([
        ['common', pages(values.common)],
        ['metadata', pages(values.metadata)],
        ...cpus.map((cpu) => [`tree${cpu}`, pages(values.own)]),
      ]),
      services: {
        // Once for each instance: twice round everything, so that nothing is left out at its end.
        other: {
          when: { on: 'rate', every: pages(values.own) * 3, spacing: 'regular' },
          code: { region: 'text' },
          instructions: 2 * instructions,
          fetch: instructions,
          order: 'turns',
          data: [
            each('data', values.kernelData),
            each('instance', values.instanceData),
            each('common', values.common),
            { region: 'metadata', update: pages(values.metadata), size: 4, place: walk },
          ],
        },
      },
    },
  };
}
