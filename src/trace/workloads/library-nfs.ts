import { CALL_BYTES } from './kernel-steps.ts';
import { servicesWorkload } from './library-services.ts';
import type { WorkloadInput } from './schema.ts';

/** Number of the server among the machines of the network: that of the first CPU. */
const SERVER = 0;
/** NFS version 2 sends at most 8 KB of data in a message (RFC 1094). */
const BLOCK = 8192;

/**
 * The services of a small system, whose files are at a server: jobs of the first CPU read them from its disks, those of
 * the others ask for what they do not have yet. Whole pages come in messages; attributes are less than one; what is
 * written goes back in blocks with a header. Its numbers are round ones, not calibrated.
 */
export function nfsWorkload(values: Readonly<Record<string, number>>): WorkloadInput {
  const cpus = values.cpus!;
  const alone = servicesWorkload({ cpus, jobs: values.jobs!, warm: 1 });
  const kernel = alone.kernel!;
  const { read, write, ...services } = kernel.services;
  const [job] = alone.processes;
  const pages = values.pages!;
  const of = (...rates: string[]): string[] => ['open', ...rates, 'TIMER'];
  const jobs = (name: string, first: number, count: number, rates: string[]) => ({
    ...job!,
    name,
    count: count * values.jobs!,
    cpus: Array.from({ length: count }, (_, cpu) => first + cpu),
    services: rates,
  });
  const { disk: _, ...fromMemory } = read!;
  const { network: __, ...toMemory } = write!;
  const often = { on: 'rate', every: values.every! } as const;
  // The server is ahead of its clients: who has a page sent finds it in the server’s memory.
  const ahead = { ...often, every: Math.ceil(values.every! / 4) };
  return {
    ...alone,
    name: 'nfs',
    processes: [
      jobs('server', 0, 1, of('read', 'write')),
      jobs('client', 1, cpus - 1, of('fetch', 'attributes', 'store')),
    ],
    kernel: {
      ...kernel,
      regions: {
        ...kernel.regions,
        cache: { bytes: pages * 4096, file: 'exports' },
        remote: { bytes: pages * 4096, per: 'cpu', file: 'exports', peer: SERVER },
      },
      files: { program: 64, exports: pages },
      services: {
        ...services,
        read: { ...fromMemory, when: ahead, copies: [{ from: 'cache', to: 'io', bytes: BLOCK }] },
        write: toMemory,
        fetch: {
          ...fromMemory,
          service: 'read',
          when: often,
          copies: [{ from: 'remote', to: 'io', bytes: BLOCK }],
        },
        attributes: {
          ...fromMemory,
          service: 'other',
          when: often,
          copies: [],
          network: { bytes: CALL_BYTES, peer: SERVER },
        },
        store: {
          ...toMemory,
          service: 'write',
          copies: [{ from: 'io', to: 'remote', bytes: '1K' }],
          network: { bytes: BLOCK + CALL_BYTES, peer: SERVER, probability: 0.25 },
        },
      },
    },
  };
}
