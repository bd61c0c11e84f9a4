import { InputError } from '../errors.ts';
import type { LibraryEntry, Parameter } from './library-entry.ts';
import {
  PAPER_CPUS,
  pmakesValues,
  pmakeValues,
  radixValues,
  type Size,
  type TlbBound,
  tlbBoundWorkload,
} from './paper/from-values.ts';
import { pmakeWorkload } from './paper/pmake.ts';
import { multiprocessorPmake } from './paper/pmake-mp.ts';
import { radixWorkload } from './paper/radix.ts';
import { PAPER_VALUES } from './paper/values.ts';
import type { WorkloadInput } from './schema.ts';

/** The workloads of Disco's evaluation (SOSP'97, section 5), as the reproduction calibrates them. */

/** Instructions of all CPUs, and the seed, unless others are asked for. */
const DEFAULTS = { instructions: 20e6, seed: 1 } as const;

const MOST_CPUS = 64;

const paperCpus = (value: number, most: number, description: string): Parameter => ({
  value,
  least: 1,
  most,
  description,
});

const entry = (
  description: string,
  cpus: Parameter,
  describe: (size: Size) => WorkloadInput,
): LibraryEntry => ({
  description,
  parameters: { cpus },
  describe: (values) => describe({ ...DEFAULTS, cpus: values.cpus! }),
});

const tlbBound =
  (name: TlbBound) =>
  (size: Size): WorkloadInput =>
    tlbBoundWorkload(name, PAPER_VALUES, size);

function pmake(size: Size, server: boolean): WorkloadInput {
  if (size.cpus > 1) return multiprocessorPmake(pmakesValues(PAPER_VALUES, size, { server }));
  if (server) throw new InputError('workload:pmake: server=1 needs several CPUs, e.g. cpus=8');
  return pmakeWorkload(pmakeValues(PAPER_VALUES, size));
}

const SERVER: Parameter = {
  value: 0,
  least: 0,
  most: 1,
  description: '1: all CPUs but the first send their disk requests to the network (systems with os.server)',
};

export const PAPER_LIBRARY = {
  pmake: {
    description:
      'parallel compile of the Disco paper: two jobs on one CPU, or a pmake of two jobs for each of several',
    parameters: { cpus: paperCpus(1, MOST_CPUS, 'number of CPUs'), server: SERVER },
    describe: ({ cpus, server }) => pmake({ ...DEFAULTS, cpus: cpus! }, server === 1),
  },
  engineering: entry(
    'engineering of the Disco paper: Verilog simulations beside simulations of a memory system',
    paperCpus(PAPER_CPUS.engineering, MOST_CPUS, 'number of CPUs'),
    tlbBound('engineering'),
  ),
  raytrace: entry(
    'raytrace of SPLASH-2 in the Disco paper: a scene that all CPUs read, and rays of their own',
    paperCpus(PAPER_CPUS.raytrace, MOST_CPUS, 'number of CPUs'),
    tlbBound('raytrace'),
  ),
  database: entry(
    'database of the Disco paper: one process that scans tables in memory and follows indexes',
    paperCpus(1, 1, 'number of CPUs: one process has use for one'),
    tlbBound('database'),
  ),
  radix: entry(
    'radix sort of SPLASH-2 in the Disco paper: threads that permute keys among each other and fault in memory',
    paperCpus(PAPER_CPUS.radix, MOST_CPUS, 'number of CPUs'),
    (size) => radixWorkload(radixValues(PAPER_VALUES, size)),
  ),
} satisfies Readonly<Record<string, LibraryEntry>>;
