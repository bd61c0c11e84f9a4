import type { WorkloadInput } from './schema.ts';

type ServiceInput = NonNullable<WorkloadInput['kernel']>['services'][string];
type DataInput = NonNullable<ServiceInput['data']>[number];

/** What most services touch: their own stack, shared tables, and this CPU's data. */
const TOUCHED: DataInput[] = [
  {
    region: 'kstack',
    load: 10,
    store: 8,
    size: 8,
    place: { kind: 'zipf', theta: 1, scatter: false },
  },
  { region: 'tables', load: 8, store: 2, size: 8, place: { kind: 'zipf', theta: 0.9 } },
  { region: 'percpu', load: 4, store: 2, size: 8, place: { kind: 'zipf', theta: 1 } },
];

/** Code of `bytes` at `from` in the kernel's text. */
const codeAt = (from: string, bytes: string) => ({
  region: 'text',
  from,
  bytes,
  run: 7,
  loop: 0.3,
  targets: { kind: 'zipf', theta: 1 } as const,
});

const kernelWork = (from: string, bytes: string) => ({
  code: codeAt(from, bytes),
  fetch: 100,
  data: TOUCHED,
});

/** A lock's critical section writes what the lock protects. */
const PROTECTED: DataInput[] = [{ region: 'protected', load: 12, update: 6, size: 8 }];

const services: Record<string, ServiceInput> = {
  DEMAND_ZERO: {
    ...kernelWork('8K', '8K'),
    when: { on: 'fault', kind: 'zero' },
    exception: 3,
    instructions: 1800,
    spread: 0.1,
    privileged: { 'mfc0 badVAddr': 1, 'mtc0 entryHi': 1, tlbp: 1, tlbwi: 1 },
    locks: [{ lock: 'memlock', hold: 250, data: PROTECTED }],
  },
  FILE_PAGE: {
    ...kernelWork('16K', '16K'),
    when: { on: 'fault', kind: 'file' },
    exception: 2,
    instructions: 4500,
    spread: 0.1,
    sleep: '20K',
    privileged: { 'mfc0 badVAddr': 1, 'mtc0 entryHi': 1, tlbp: 1, tlbwi: 1 },
    locks: [{ lock: 'memlock', hold: 250, data: PROTECTED }],
  },
  QUICK_FAULT: {
    ...kernelWork('32K', '4K'),
    when: { on: 'fault', kind: 'quick' },
    exception: 2,
    instructions: 700,
    privileged: { 'mfc0 badVAddr': 1, 'mtc0 entryHi': 1, tlbp: 1, tlbwi: 1 },
  },
  open: {
    ...kernelWork('36K', '24K'),
    when: { on: 'rate', every: '120K' },
    syscall: 5,
    instructions: 8000,
    spread: 0.3,
    locks: [{ lock: 'inode', hold: 400, times: 2, data: PROTECTED }],
  },
  read: {
    ...kernelWork('60K', '20K'),
    when: { on: 'rate', every: '60K' },
    syscall: 3,
    instructions: 3000,
    spread: 0.2,
    sleep: '20K',
    locks: [{ lock: 'buffers', hold: 200, data: PROTECTED }],
    copies: [{ from: 'cache', to: 'io', bytes: '2K' }],
    disk: { probability: 0.1, bytes: '16K', file: 'sources' },
  },
  write: {
    ...kernelWork('80K', '20K'),
    when: { on: 'rate', every: '100K' },
    syscall: 4,
    instructions: 2500,
    spread: 0.2,
    locks: [{ lock: 'buffers', hold: 200, data: PROTECTED }],
    copies: [{ from: 'io', to: 'cache', bytes: '1K' }],
    network: { probability: 0.05, bytes: '1K' },
  },
  TIMER: {
    ...kernelWork('100K', '8K'),
    when: { on: 'rate', every: '400K', of: 'cpu', spacing: 'regular' },
    interrupt: 7,
    instructions: 1200,
    privileged: { 'mfc0 cause': 1, 'mtc0 status': 1 },
  },
  SWITCH: {
    ...kernelWork('108K', '8K'),
    when: { on: 'switch' },
    instructions: 900,
    privileged: { 'mtc0 entryHi': 1, tlbwi: 2 },
    locks: [{ lock: 'runq', hold: 150, data: PROTECTED }],
  },
  exit: {
    ...kernelWork('116K', '24K'),
    when: { on: 'exit' },
    syscall: 1,
    instructions: 20000,
    spread: 0.2,
    locks: [{ lock: 'memlock', hold: 400, times: 4, data: PROTECTED }],
  },
  fork: {
    ...kernelWork('140K', '24K'),
    when: { on: 'create' },
    syscall: 2,
    instructions: 30000,
    spread: 0.2,
    locks: [{ lock: 'memlock', hold: 400, times: 4, data: PROTECTED }],
  },
  execve: {
    ...kernelWork('164K', '40K'),
    when: { on: 'create' },
    syscall: 11,
    instructions: 60000,
    spread: 0.2,
    locks: [
      { lock: 'memlock', hold: 400, times: 4, data: PROTECTED },
      { lock: 'inode', hold: 400, times: 2, data: PROTECTED },
    ],
  },
};

/** What a warm buffer cache leaves to the disk: one read in a hundred. */
const RARE = { probability: 0.01, bytes: '16K', file: 'sources' } as const;

/**
 * A small multiprogrammed system, for tests and first steps: jobs that compute on a private heap, fault in
 * pages, call the kernel and now and then end and begin again. Its numbers are round ones, not calibrated. `warm`: their
 * program and the files that they read have been read before.
 */
export function servicesWorkload(values: Readonly<Record<string, number>>): WorkloadInput {
  const cpus = values.cpus!;
  const resident = values.warm === 1;
  return {
    name: 'services',
    cpus,
    frames: 'scattered',
    slice: '200K',
    processes: [
      {
        name: 'job',
        count: cpus * values.jobs!,
        life: { instructions: '4M', spacing: 'exponential' },
        regions: {
          text: { bytes: '256K', share: 'program', fault: 'file', file: 'program', resident },
          stack: { bytes: '32K', fault: 'zero' },
          heap: { bytes: '256K', fault: 'zero' },
          io: { bytes: '16K', fault: 'zero' },
        },
        phases: [
          {
            instructions: '200K',
            code: { region: 'text', run: 9, loop: 0.6, targets: { kind: 'zipf', theta: 1.2 } },
            fetch: 100,
            data: [
              {
                region: 'stack',
                load: 12,
                store: 7,
                size: 8,
                place: { kind: 'zipf', theta: 1.2, scatter: false },
              },
              { region: 'heap', load: 10, store: 5, size: 8, place: { kind: 'zipf', theta: 1 } },
            ],
          },
          {
            instructions: '50K',
            code: { region: 'text', from: '32K', bytes: 256 },
            fetch: 100,
            data: [
              { region: 'heap', load: 20, store: 5, size: 8, place: { kind: 'sequential', from: 0 } },
              { region: 'io', load: 10, size: 8, place: { kind: 'sequential' } },
            ],
          },
        ],
      },
    ],
    kernel: {
      regions: {
        text: { bytes: '512K' },
        tables: { bytes: '512K' },
        protected: { bytes: '4K' },
        percpu: { bytes: '8K', per: 'cpu' },
        kstack: { bytes: '8K', per: 'thread', mapped: true },
        cache: { bytes: '2M', file: 'sources', resident },
      },
      files: { program: 64, sources: 512 },
      locks: {
        memlock: { kind: 'spin' },
        runq: { kind: 'spin' },
        inode: { kind: 'semaphore', count: 8 },
        buffers: { kind: 'spin', count: 4 },
      },
      entry: {
        instructions: 60,
        ...kernelWork('0K', '2K'),
        privileged: { 'mfc0 status': 1, 'mfc0 cause': 1, 'mfc0 epc': 1, 'mtc0 status': 1, tlbwi: 1 },
      },
      exit: {
        instructions: 50,
        ...kernelWork('2K', '2K'),
        privileged: { 'mtc0 status': 2, tlbwi: 1, 'mtc0 epc': 1, eret: 1 },
      },
      services: resident ? { ...services, read: { ...services.read!, disk: RARE } } : services,
    },
  };
}
