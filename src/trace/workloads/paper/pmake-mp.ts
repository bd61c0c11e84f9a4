import type { WorkloadInput } from '../schema.ts';
import { type PmakeValues, pmakeWorkload } from './pmake.ts';

type ProcessInput = WorkloadInput['processes'][number];
type RegionInput = ProcessInput['regions'][string];
type KernelInput = NonNullable<WorkloadInput['kernel']>;
type ServiceInput = KernelInput['services'][string];
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
  /** Bytes of its stack and heap that a process works on at a time: most of it stays in the first-level caches. */
  readonly workedOn: number;
  /** Share of the path of what works on pages (faults, fork, execve, exit) under memlock. */
  readonly memlockShare: number;
  /** Share of a file operation’s path under the semaphore of the file system. */
  readonly semaphoreShare: number;
  /** Part of a process’s life that is simulated as one: path lengths and pages of its beginning and end are cut alike. */
  readonly cut: number;
  /** Part of a request that is simulated as one: each then takes as small a part of a disk’s time. 1: whole requests. */
  readonly requestCut: number;
  /** Operands in 100 user instructions that go to lines strewn over the process’s memory. */
  readonly strewn: number;
  /** Whether CPUs other than the first have their files on a server. */
  readonly server: boolean;
}

/** Services that ask for something on a disk or at a server. */
const REQUESTS = ['DISK', 'NETWORK'];
/** One line of each page, then the next line of each. */
const PAGE_BY_PAGE = { kind: 'sequential', stride: 4096 + 64 } as const;

/** Where a process’s own operands go besides stack and work area: region, share, share of stores. */
const STREWN = [
  ['heap', 0.4, 0.25],
  ['text', 0.6, 0],
] as const;
/** Some lines of each page are used much more than others: pages miss in the TLB whose lines are in the caches. */
const STREWN_THETA = 1.1;

const whole = (n: number): number => Math.max(1, Math.round(n));

/** Services that work on pages of memory, under memlock; and those that work on files, under a semaphore. */
const OF_MEMORY = ['DEMAND_ZERO', 'QUICK_FAULT', 'FILE_PAGE', 'fork', 'execve', 'exit'];
const OF_FILES = ['open', 'read', 'write', 'other', 'DISK', 'NETWORK'];

/** Bytes of each process's entries in the tables that others look through. */
const ENTRIES = 2048;

/**
 * Tables with entries of each process (processes, run queues, address spaces): a process changes its own whenever it is
 * in the kernel, and looks at those of all. So what a CPU reads was changed by another since it looked last: misses on
 * the data of the others, in proportion to how many they are.
 */
const hotData = ({ entryLoads, entryUpdates }: MultiprocessorValues): DataInput[] => [
  {
    region: 'entries',
    update: entryUpdates,
    size: 8,
    place: { kind: 'uniform', bytes: ENTRIES, skew: ENTRIES },
  },
  { region: 'entries', load: entryLoads, size: 8 },
];

/** A service takes its lock once, for a share of its path: a fault for one page, fork and exit for all of a process. */
function locksOf(name: string, path: number, own: DataInput[], values: MultiprocessorValues): LockUse[] {
  const use = (lock: string, share: number, data: DataInput[]): LockUse[] =>
    share <= 0 ? [] : [{ lock, hold: whole(path * Math.min(share, 0.95)), data: [...own, ...data] }];
  if (OF_MEMORY.includes(name)) return use('memlock', values.memlockShare, []);
  if (OF_FILES.includes(name))
    return [
      ...use('files', values.semaphoreShare, hotData(values)),
      ...use('memlock', Math.min(values.memlockShare / 2, 0.95 - values.semaphoreShare), []),
    ];
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

/** The part of a path's code that stays in the caches between two calls. */
const warm = (code: ServiceInput['code'], part: number): ServiceInput['code'] => ({
  ...code,
  bytes: Math.max(1024, Math.round((Number(code.bytes) * part) / 4) * 4),
});

/**
 * Requests come at the rate of a process's own instructions, and as many times more often as they are cut; each is as
 * much smaller. Some are to a disk, others to a server.
 */
function requests({ services }: KernelInput, cut: number): Record<string, ServiceInput> {
  const { disk, when, instructions, ...path } = services.DISK!;
  const every = whole(Number((when as { every: number }).every) * cut);
  const request: ServiceInput = {
    ...path,
    // Whole requests come further apart than a short process lives: regular ones would never come.
    when: { on: 'rate', every, spacing: cut === 1 ? 'exponential' : 'regular' },
    instructions: whole(Number(instructions) * cut),
  };
  return { DISK: { ...request, disk: disk! }, NETWORK: { ...request, network: { bytes: '8K' } } };
}

/** The kernel on several CPUs: every path reads what all CPUs share and now and then changes it. */
function sharedKernel(kernel: KernelInput, values: PmakeValues & MultiprocessorValues): KernelInput {
  const hot = hotData(values);
  const services = Object.fromEntries(
    Object.entries({ ...kernel.services, ...requests(kernel, values.requestCut) }).map(
      ([name, service]): [string, ServiceInput] => {
        const own = (service.data ?? []).map(apart);
        return [
          name,
          {
            ...service,
            code: warm(service.code, values.warmCode),
            data: [...own, ...hot],
            locks: locksOf(name, Number(service.instructions), own, values),
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
    services,
  };
}

const close = (data: DataInput, bytes: number): DataInput =>
  data.place?.kind === 'zipf' ? { ...data, place: { ...data.place, bytes } } : data;

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
    far: 0,
    wide: 0,
    fork: values.fork * cut,
    execve: values.execve * cut,
    exit: values.exit * cut,
    pageOperations: values.pageOperations * cut,
  });
  const [compile] = alone.processes as [ProcessInput];
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
    phases: compile.phases.map((phase) => ({
      ...phase,
      data: [
        ...(phase.data ?? []).map((data) => close(data, values.workedOn)),
        ...STREWN.map(([region, share, stores]) => ({
          region,
          load: values.strewn * share * (1 - stores),
          store: values.strewn * share * stores,
          size: 8,
          place: { kind: 'zipf', theta: STREWN_THETA } as const,
        })),
        { region: 'fresh', store: 0.02, size: 8, place: PAGE_BY_PAGE },
        { region: 'mapped', load: 0.02, size: 8, place: PAGE_BY_PAGE },
      ],
    })),
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
