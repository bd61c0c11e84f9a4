import type { LibraryEntry, Parameter } from './library-entry.ts';
import { nfsWorkload } from './library-nfs.ts';
import { PAPER_LIBRARY } from './library-paper.ts';
import { servicesWorkload } from './library-services.ts';
import {
  falseSharing,
  migratory,
  pingPong,
  privateLines,
  producerConsumer,
  readShared,
  type SharingParameters,
} from './library-sharing.ts';
import type { WorkloadInput } from './schema.ts';

const cpus = (value: number, least = 1): Parameter => ({
  value,
  least,
  most: 128,
  description: 'number of CPUs',
});

/** Parameters that every workload takes; without a default of the workload's own, the description's holds. */
export const COMMON_PARAMETERS: Readonly<Record<string, Omit<Parameter, 'value'>>> = {
  cpus: { least: 1, most: 128, description: 'number of CPUs' },
  seed: { least: 0, most: 2 ** 32 - 1, description: 'seed of all randomness' },
  instructions: { least: 1, most: 2 ** 40, description: 'length in instructions of all CPUs' },
  stretch: { least: 1, most: 2 ** 40, description: "instructions of a CPU before it is the next one's turn" },
};

function sharing(
  description: string,
  leastCpus: number,
  describe: (values: SharingParameters) => WorkloadInput,
): LibraryEntry {
  return {
    description,
    parameters: {
      cpus: cpus(Math.max(2, leastCpus), leastCpus),
      lines: { value: 4, least: 1, most: 2 ** 20, description: 'lines of data' },
      rounds: { value: 1000, least: 1, most: 2 ** 30, description: 'turns of each CPU' },
      line: { value: 128, least: 16, most: 4096, description: 'bytes of a line, a power of two' },
    },
    describe: (values) => describe(values as unknown as SharingParameters),
  };
}

/** The miss-heavy mix: private Zipf heaps, read-shared and write-shared data, about 30,000 pages on 8 CPUs. */
function zipfWorkload(values: Readonly<Record<string, number>>): WorkloadInput {
  const theta = values.theta!;
  const heap = values.heap!;
  return {
    name: 'zipf',
    cpus: values.cpus!,
    frames: 'scattered',
    processes: [
      {
        name: 'worker',
        count: values.cpus!,
        regions: {
          text: { bytes: '512K', share: 'text' },
          stack: { bytes: '16K' },
          heap: { bytes: heap },
          read: { bytes: '16M', share: 'read' },
          write: { bytes: '1M', share: 'write' },
        },
        phases: [
          {
            instructions: '1M',
            code: {
              region: 'text',
              run: 10,
              loop: 0.6,
              targets: { kind: 'zipf', theta: 1.1, over: 'lines' },
            },
            fetch: 100,
            data: [
              {
                region: 'stack',
                load: 8,
                store: 5,
                size: 8,
                place: { kind: 'zipf', theta: 1, scatter: false },
              },
              { region: 'heap', load: 12, store: 5, size: 8, place: { kind: 'zipf', theta } },
              { region: 'read', load: 4, size: 8, place: { kind: 'zipf', theta } },
              { region: 'write', load: 1, update: 0.5, size: 8, place: { kind: 'zipf', theta } },
            ],
          },
        ],
      },
    ],
  };
}

/** The ready-made workloads, by name. */
export const LIBRARY: Readonly<Record<string, LibraryEntry>> = {
  'ping-pong': sharing('all CPUs write the same lines in turn', 2, pingPong),
  'producer-consumer': sharing('CPU 0 writes lines that the others read', 2, producerConsumer),
  'false-sharing': sharing('all CPUs write bytes of their own in the same lines', 2, falseSharing),
  'read-shared': sharing('lines written once and then read by all CPUs', 1, readShared),
  migratory: sharing('all CPUs in turn read and write the same lines', 2, migratory),
  private: sharing('each CPU reads and writes lines of its own', 1, privateLines),
  zipf: {
    description: 'private Zipf heaps, read-shared and write-shared data: the miss-heavy mix',
    parameters: {
      cpus: cpus(8),
      theta: { value: 0.8, least: 0, most: 10, real: true, description: "Zipf's exponent of the data" },
      heap: {
        value: 12 * 2 ** 20,
        least: 4096,
        most: 2 ** 28,
        bytes: true,
        description: 'bytes of each private heap',
      },
    },
    describe: zipfWorkload,
  },
  services: {
    description: 'user work with system calls, page faults, locks, disk requests and process creation',
    parameters: {
      cpus: cpus(4),
      jobs: { value: 2, least: 1, most: 16, description: 'processes for each CPU' },
      warm: {
        value: 0,
        least: 0,
        most: 1,
        description: '1: files have been read before, all but one in a hundred reads find theirs in memory',
      },
    },
    describe: servicesWorkload,
  },
  nfs: {
    description:
      'services whose files are at a server: the first CPU has them, the others ask it for their pages',
    parameters: {
      cpus: cpus(8, 2),
      jobs: { value: 2, least: 1, most: 16, description: 'processes for each CPU' },
      pages: {
        value: 512,
        least: 2,
        most: 2 ** 16,
        description: 'pages of 4 KB that the server’s files have',
      },
      every: {
        value: 12_000,
        least: 1000,
        most: 2 ** 30,
        description: 'a job’s user instructions between reads',
      },
    },
    describe: nfsWorkload,
  },
  ...PAPER_LIBRARY,
};
