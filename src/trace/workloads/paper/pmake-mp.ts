import { PAGE_BYTES } from '../../types.ts';
import type { WorkloadInput } from '../schema.ts';
import { TABLE_BYTES } from './irix-kernel.ts';
import { compilePhase, type PmakeValues, pmakeWorkload } from './pmake.ts';

type ProcessInput = WorkloadInput['processes'][number];
type RegionInput = ProcessInput['regions'][string];
type KernelInput = NonNullable<WorkloadInput['kernel']>;
type ServiceInput = KernelInput['services'][string];
type PathInput = NonNullable<KernelInput['entry']>;
type LockUse = NonNullable<ServiceInput['locks']>[number];
type DataInput = NonNullable<ServiceInput['data']>[number];

/** What several CPUs add to the compile jobs: data of the kernel that all of them use, and its locks. */
export interface MultiprocessorValues {
  /** Loads in 100 kernel instructions that go to entries of any process in the kernel's tables. */
  readonly entryLoads: number;
  /** Of 100 kernel instructions those that change an entry of the own process. */
  readonly entryUpdates: number;
  /** Part of the range of code of a path that its calls go through, and that stays in the caches between them. */
  readonly warmCode: number;
  /** Share of the path of what works on pages (faults, fork, execve, exit) under memlock. */
  readonly memlockShare: number;
  /** Share of a file operation’s path under the semaphore of the file system. */
  readonly semaphoreShare: number;
  /** Part of a process’s life that is simulated as one: path lengths and pages of its beginning and end are cut alike. */
  readonly cut: number;
  /** Whether CPUs other than the first have their files on a server. */
  readonly server: boolean;
}

/** Services that ask for something on a disk or at a server. */
const REQUESTS = ['DISK', 'NETWORK'];
/** Part of a process’s life in which it comes to the pages that it has to be given. */
const BEGINNING = 1 / 16;
/** One line of each page, then the next line of each. */
const PAGE_BY_PAGE = { kind: 'sequential', stride: 4096 + 64 } as const;

const whole = (n: number): number => Math.max(1, Math.round(n));

/** Services at the beginning and end of a process, whose paths are cut with its life. */
export const CUT_SERVICES: readonly string[] = ['fork', 'execve', 'exit'];

/**
 * Services that work on pages of memory, under memlock, and short calls, which often do; those that work on files, under
 * a semaphore.
 */
const FAULTS = ['DEMAND_ZERO', 'QUICK_FAULT', 'FILE_PAGE'];
const OF_MEMORY = [...FAULTS, ...CUT_SERVICES];
const SHORT = 'other';
const OF_FILES = ['open', 'read', 'write', ...REQUESTS];

/** A line of the second-level cache. */
const LINE = 128;
/** Bytes of each process's entries in the tables that others look through. */
const ENTRIES = 4096;

/**
 * Tables with entries of each process (processes, run queues, address spaces): a process changes its own whenever it is
 * in the kernel, line by line, and looks at those of all. So what a CPU reads was changed by another since it looked last:
 * misses on the data of the others, in proportion to how many they are, and as many for the others' next changes.
 */
const hotData = ({ entryLoads, entryUpdates }: MultiprocessorValues): DataInput[] => [
  {
    region: 'entries',
    update: entryUpdates,
    size: 8,
    place: { kind: 'sequential', stride: LINE, bytes: ENTRIES, skew: ENTRIES },
  },
  { region: 'entries', load: entryLoads, size: 8, place: { kind: 'sequential', stride: LINE } },
];

/** What a fault asks before anything can fault again: its address. */
const FIRST = 'mfc0 badVAddr';

/** Privileged instructions of a service, those under its lock and those before it. */
function privilegedOf(name: string, { privileged = {} }: ServiceInput) {
  if (!FAULTS.includes(name)) return { inside: {}, outside: privileged };
  const { [FIRST]: first, ...inside } = privileged;
  return { inside, outside: first === undefined ? {} : { [FIRST]: first } };
}

/**
 * A service takes its lock once, for a share of its path. A fault holds memlock for one page, and writes the entry of the
 * TLB under it, so that the page is still there; fork and exit hold it for all of a process, and withdraw the entries,
 * which are their own, before or after.
 */
function locksOf(
  name: string,
  service: ServiceInput,
  own: DataInput[],
  values: MultiprocessorValues,
): LockUse[] {
  const { instructions } = service;
  const { inside: privileged } = privilegedOf(name, service);
  const use = (lock: string, share: number, data: DataInput[]): LockUse[] =>
    share <= 0
      ? []
      : [
          {
            lock,
            hold: whole(Number(instructions) * Math.min(share, 0.95)),
            data: [...own, ...data],
            privileged,
          },
        ];
  if (OF_MEMORY.includes(name)) return use('memlock', values.memlockShare, []);
  if (name === SHORT) return use('memlock', values.memlockShare / 2, []);
  if (OF_FILES.includes(name)) return use('files', values.semaphoreShare, hotData(values));
  return name === 'SWITCH' ? use('runq', 0.1, []) : [];
}

/**
 * The uniprocessor's tables are of one CPU. Of several, each process has its own objects at work, which no other CPU
 * changes: what all share is said apart.
 */
const apart = (data: DataInput): DataInput =>
  data.region !== 'tables' || data.store === undefined
    ? data
    : { ...data, region: 'objects', place: { kind: 'zipf', theta: 1.3 } };

const ownPath = (path: PathInput): PathInput => ({ ...path, data: (path.data ?? []).map(apart) });

/** The part of a path's code that stays in the caches between two calls. */
const warm = (code: ServiceInput['code'], part: number): ServiceInput['code'] => ({
  ...code,
  bytes: Math.max(1024, Math.round((Number(code.bytes) * part) / 4) * 4),
});

/** What a kernel sets up when it starts, and whose pages its first CPU therefore has in its memory. */
const SET_UP = ['tables', 'protected', 'entries'];
/**
 * Instructions in which each of its pages is come to. The tables have the most; a quarter of the instructions load from
 * them, page by page, and as it is drawn which do, there are some more for each page than four.
 */
const SET_UP_INSTRUCTIONS = Math.floor(4.3 * (TABLE_BYTES / PAGE_BYTES));

const boot = (code: ServiceInput['code']): ServiceInput => ({
  code,
  service: 'other',
  when: { on: 'boot' },
  fetch: 100,
  instructions: SET_UP_INSTRUCTIONS,
  data: SET_UP.map((region) => ({ region, load: 25, size: 8, place: { kind: 'sequential', stride: 4096 } })),
});

/** Some requests are to a disk, others to a server. */
function requests({ services }: KernelInput): Record<string, ServiceInput> {
  const { disk, ...path } = services.DISK!;
  return { DISK: { ...path, disk: disk! }, NETWORK: { ...path, network: { bytes: '8K' } } };
}

/** The kernel on several CPUs: every path reads what all CPUs share and now and then changes it. */
function sharedKernel(kernel: KernelInput, values: PmakeValues & MultiprocessorValues): KernelInput {
  const hot = hotData(values);
  const services = Object.fromEntries(
    Object.entries({ ...kernel.services, ...requests(kernel) }).map(
      ([name, service]): [string, ServiceInput] => {
        const own = (service.data ?? []).map(apart);
        const locks = locksOf(name, service, own, values);
        return [
          name,
          {
            ...service,
            code: warm(service.code, values.warmCode),
            data: [...own, ...hot],
            privileged: privilegedOf(name, service).outside,
            locks,
          },
        ];
      },
    ),
  );
  return {
    ...kernel,
    regions: {
      ...kernel.regions,
      // Each pmake has files of its own.
      cache: { ...kernel.regions.cache!, per: 'cpu' },
      written: { ...kernel.regions.written!, per: 'cpu' },
      objects: { bytes: '32K', per: 'thread' },
      entries: { bytes: values.cpus * values.jobs * ENTRIES },
    },
    locks: { memlock: { kind: 'spin' }, runq: { kind: 'spin' }, files: { kind: 'semaphore' } },
    entry: ownPath(kernel.entry!),
    exit: ownPath(kernel.exit!),
    services: { ...services, BOOT: boot(kernel.services.SWITCH!.code) },
  };
}

/**
 * Eight pmakes side by side, one for each CPU, each with its own disk: the processes and services of the uniprocessor
 * pmake, and the data and locks that the CPUs of one kernel share.
 *
 * A process of pmake lives for millions of instructions, more than a short trace has. So that processes begin and end
 * at the rate at which they do, lives are cut to a part, and with them the paths of fork, execve and exit and the pages
 * that faults bring; a process has the others from its beginning.
 */
export function multiprocessorPmake(values: PmakeValues & MultiprocessorValues): WorkloadInput {
  const { cut } = values;
  const alone = pmakeWorkload({
    ...values,
    fork: values.fork * cut,
    execve: values.execve * cut,
    exit: values.exit * cut,
    pageOperations: values.pageOperations * cut,
  });
  const [compile] = alone.processes as [ProcessInput];
  const phase = compilePhase(values);
  /** Operands in 100 instructions of the beginning that go through so many pages of a life, and on to some of them again. */
  const through = (count: number): number => (150 * count) / (values.life * BEGINNING);
  const kernel = sharedKernel(alone.kernel!, values);
  const pages = (count: number): number => whole(count * cut) * 4096;
  const there = ({ fault: _, file: __, ...region }: RegionInput): RegionInput => region;
  const rates = Object.entries(kernel.services).flatMap(([name, { when }]) =>
    when.on === 'rate' && !REQUESTS.includes(name) ? [name] : [],
  );
  const jobs = (name: string, cpus: number[], request: string): ProcessInput => ({
    ...compile,
    name,
    count: cpus.length * values.jobs,
    cpus,
    services: [...rates, request],
    life: { instructions: whole(values.life * cut), spacing: 'staggered' },
    regions: {
      ...Object.fromEntries(Object.entries(compile.regions).map(([of, region]) => [of, there(region)])),
      fresh: { bytes: pages(values.zeroPages), fault: 'zero' },
      mapped: { bytes: pages(values.quickPages), fault: 'file', share: 'mapped', file: 'program' },
    },
    phases: [
      // Once in a process's life: it goes through the pages that it has to be given.
      {
        ...phase,
        once: true,
        instructions: whole(values.life * cut * BEGINNING),
        data: [
          ...(phase.data ?? []),
          { region: 'fresh', store: through(values.zeroPages), size: 8, place: PAGE_BY_PAGE },
          { region: 'mapped', load: through(values.quickPages), size: 8, place: PAGE_BY_PAGE },
        ],
      },
      phase,
    ],
  });
  const cpus = Array.from({ length: values.cpus }, (_, cpu) => cpu);
  return {
    ...alone,
    name: 'pmake-mp',
    processes: values.server
      ? [jobs('server', cpus.slice(0, 1), 'DISK'), jobs('client', cpus.slice(1), 'NETWORK')]
      : [jobs('job', cpus, 'DISK')],
    kernel,
  };
}
