import type { WorkloadInput } from '../schema.ts';

type KernelInput = NonNullable<WorkloadInput['kernel']>;
type ServiceInput = KernelInput['services'][string];
type DataInput = NonNullable<ServiceInput['data']>[number];

/** What decides how long a kernel's services take and how often they come. */
export interface IrixValues {
  /** Path lengths in instructions, without entry, exit, copies and zeroing. */
  readonly demandZero: number;
  readonly quickFault: number;
  readonly open: number;
  readonly read: number;
  readonly write: number;
  readonly execve: number;
  readonly fork: number;
  readonly exit: number;
  /** Of a call of a few microseconds. */
  readonly short: number;
  /** User instructions of a process from one call to the next. */
  readonly openEvery: number;
  readonly readEvery: number;
  readonly writeEvery: number;
  readonly shortEvery: number;
  /** User instructions of a process from one disk request to the next. */
  readonly diskEvery: number;
  /** Part of a request that is simulated as one: each then takes as small a part of a disk’s time. 1: whole requests. */
  readonly requestCut: number;
  /** Pages that execve clears, and the chance that write does. */
  readonly execveClears: number;
  readonly writeClears: number;
  /** Pages whose TLB entries fork and exit withdraw. */
  readonly pageOperations: number;
  /** Loads in 100 instructions that go to tables found by hashing. */
  readonly spread: number;
}

/** Bytes of the tables that all of the kernel shares. */
export const TABLE_BYTES = 2 ** 20;

/** From one page of what is found by hashing to the next: a line here and there, so that caches keep what the TLB does not. */
const PAGE_BY_PAGE = { kind: 'sequential', stride: 4096 + 128 } as const;

/**
 * What services touch beside their own code: the stack of the process in the kernel, data of this CPU, and tables
 * that all of the kernel shares, of which a few pages are hot (process and vnode at work) and the rest are found by
 * hashing.
 */
const touched = (spread: number): readonly DataInput[] => [
  { region: 'kstack', load: 10, store: 8, size: 8, place: { kind: 'zipf', theta: 1.4, scatter: false } },
  { region: 'percpu', load: 4, store: 2, size: 8, place: { kind: 'zipf', theta: 1.4, scatter: false } },
  { region: 'tables', load: 6, store: 2, size: 8, place: { kind: 'zipf', theta: 1.3, bytes: '64K' } },
  { region: 'tables', load: spread, size: 8, place: PAGE_BY_PAGE },
];

/** Rounded, 0 allowed. */
const count = (times: number): number => Math.max(0, Math.round(times));

const whole = (instructions: number): number => Math.max(1, Math.round(instructions));

/** Reads and writes of what a lock protects. */
export const PROTECTED: DataInput[] = [{ region: 'protected', load: 12, update: 2, size: 8 }];

/** IRIX as the evaluation's workloads use it: Table 2's services, and those that Table 2 leaves out. */
export function irixKernel(values: IrixValues): KernelInput {
  const work = (fromKilobytes: number, kilobytes: number) => ({
    code: {
      region: 'text',
      from: fromKilobytes * 1024,
      bytes: kilobytes * 1024,
      run: 7,
      loop: 0.3,
      targets: { kind: 'zipf', theta: 1.2, scatter: false } as const,
    },
    fetch: 100,
    data: [...touched(values.spread)],
  });

  const services: Record<string, ServiceInput> = {
    DEMAND_ZERO: {
      ...work(8, 12),
      when: { on: 'fault', kind: 'zero' },
      exception: 3,
      instructions: whole(values.demandZero),
      spread: 0.1,
      privileged: { 'mfc0 badVAddr': 1, 'mtc0 entryHi': 1, tlbp: 1, tlbwi: 1 },
      locks: [{ lock: 'memlock', hold: whole(values.demandZero * 0.2), data: PROTECTED }],
    },
    FILE_PAGE: {
      ...work(20, 24),
      when: { on: 'fault', kind: 'file' },
      exception: 2,
      instructions: 6000,
      spread: 0.1,
      sleep: '20K',
      privileged: { 'mfc0 badVAddr': 1, 'mtc0 entryHi': 1, tlbp: 1, tlbwi: 1 },
      locks: [{ lock: 'memlock', hold: 300, data: PROTECTED }],
    },
    QUICK_FAULT: {
      ...work(44, 4),
      when: { on: 'fault', kind: 'quick' },
      exception: 2,
      instructions: whole(values.quickFault),
      privileged: { 'mfc0 badVAddr': 1, 'mtc0 entryHi': 1, tlbp: 1, tlbwi: 1 },
    },
    open: {
      ...work(48, 40),
      when: { on: 'rate', every: whole(values.openEvery), spacing: 'regular' },
      syscall: 5,
      instructions: whole(values.open),
      spread: 0.3,
      locks: [{ lock: 'inode', hold: whole(values.open * 0.05), times: 2, data: PROTECTED }],
    },
    read: {
      ...work(88, 24),
      when: { on: 'rate', every: whole(values.readEvery), spacing: 'regular' },
      syscall: 3,
      instructions: whole(values.read),
      spread: 0.2,
      locks: [{ lock: 'buffers', hold: whole(values.read * 0.05), data: PROTECTED }],
      copies: [{ from: 'cache', to: 'io', bytes: '2K' }],
    },
    write: {
      ...work(112, 24),
      when: { on: 'rate', every: whole(values.writeEvery), spacing: 'regular' },
      syscall: 4,
      instructions: whole(values.write),
      spread: 0.2,
      locks: [{ lock: 'buffers', hold: whole(values.write * 0.05), data: PROTECTED }],
      copies: [{ from: 'io', to: 'written', bytes: '1K' }],
      clears: [{ region: 'fresh', probability: values.writeClears }],
    },
    TIMER: {
      ...work(136, 12),
      when: { on: 'rate', every: '3M', of: 'cpu', spacing: 'regular' },
      interrupt: 7,
      instructions: 1500,
      privileged: { 'mfc0 cause': 1, 'mtc0 status': 1 },
    },
    // A request of the file system that no lookup in the buffer cache answers, and its interrupt.
    DISK: {
      ...work(148, 16),
      when: {
        on: 'rate',
        every: whole(values.diskEvery * values.requestCut),
        spacing: 'staggered',
      },
      interrupt: 4,
      instructions: whole(5000 * values.requestCut),
      disk: { file: 'sources', bytes: '8K' },
      // Cut requests only count: two jobs cannot be off the CPU for each.
      sleep: values.requestCut === 1 ? '50K' : 0,
    },
    SWITCH: {
      ...work(164, 12),
      when: { on: 'switch' },
      instructions: 1500,
      privileged: { 'mtc0 entryHi': 1, tlbwi: 4 },
      locks: [{ lock: 'runq', hold: 200, data: PROTECTED }],
    },
    // Calls of a few microseconds: brk, lseek, close, sigaction, ioctl.
    other: {
      ...work(176, 32),
      when: { on: 'rate', every: whole(values.shortEvery), spacing: 'regular' },
      syscall: 20,
      instructions: whole(values.short),
      spread: 0.5,
    },
    exit: {
      ...work(208, 32),
      when: { on: 'exit' },
      syscall: 1,
      instructions: whole(values.exit),
      spread: 0.1,
      privileged: { tlbp: count(values.pageOperations), tlbwi: count(values.pageOperations) },
      locks: [{ lock: 'memlock', hold: 400, times: 8, data: PROTECTED }],
    },
    fork: {
      ...work(240, 40),
      when: { on: 'create' },
      syscall: 2,
      instructions: whole(values.fork),
      spread: 0.1,
      privileged: { tlbp: count(values.pageOperations), tlbwi: count(values.pageOperations) },
      locks: [{ lock: 'memlock', hold: 400, times: 8, data: PROTECTED }],
    },
    execve: {
      ...work(280, 80),
      when: { on: 'create' },
      syscall: 11,
      instructions: whole(values.execve),
      spread: 0.1,
      privileged: { tlbwi: 6, 'mtc0 status': 30 },
      clears: [{ region: 'fresh', pages: whole(values.execveClears) }],
      locks: [
        { lock: 'memlock', hold: 400, times: 8, data: PROTECTED },
        { lock: 'inode', hold: 400, times: 4, data: PROTECTED },
      ],
    },
  };
  return {
    regions: {
      text: { bytes: 1680 * 1024 },
      tables: { bytes: TABLE_BYTES },
      protected: { bytes: '4K' },
      percpu: { bytes: '8K', per: 'cpu' },
      kstack: { bytes: '8K', per: 'thread' },
      cache: { bytes: '2M' },
      written: { bytes: '64K' },
      fresh: { bytes: '512K' },
    },
    files: { program: 512, sources: 512 },
    locks: {
      memlock: { kind: 'spin' },
      runq: { kind: 'spin' },
      inode: { kind: 'semaphore', count: 8 },
      buffers: { kind: 'spin', count: 4 },
    },
    // Three writes of the TLB on the way in and out: in Table 2 their emulation takes 4.0 to 4.4 µs of a fault under Disco,
    // which writes one entry more, and 2.9 to 3.4 µs of open, read and write.
    entry: {
      instructions: 90,
      ...work(0, 2),
      privileged: { 'mfc0 status': 1, 'mfc0 cause': 1, 'mfc0 epc': 1, 'mtc0 status': 1, tlbwi: 2 },
    },
    exit: {
      instructions: 70,
      ...work(2, 2),
      privileged: { 'mtc0 status': 2, tlbwi: 1, 'mtc0 epc': 1, eret: 1 },
    },
    services,
  };
}
