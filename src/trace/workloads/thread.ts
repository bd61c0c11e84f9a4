import type { Layout, ThreadPlace } from './layout.ts';
import type { Tables } from './places.ts';
import { compileService, type DiskUse, diskUses, type Program } from './program.ts';
import { below, exponential, type RandomState, randomState } from './random.ts';
import type { Workload } from './schema-shape.ts';
import type { WorkSpec } from './schema-work.ts';
import { createStream, type RegionView, type Stream } from './stream.ts';

/** A service under way. */
export interface Frame {
  readonly program: Program;
  /** Innermost service once it has begun. */
  service: number;
  step: number;
  /** Instructions left of a `run` step; −1: the step has not begun. */
  left: number;
  /** By what the path length of this time is multiplied. */
  readonly scale: number;
  /** Flat page that a fault is about, or −1. */
  readonly page: number;
  /** Locks held, innermost last. */
  readonly locks: number[];
}

/** A service that happens once in so many instructions. */
export interface Rate {
  readonly name: string;
  readonly every: number;
  readonly regular: boolean;
  left: number;
}

/** A thread with all that decides what it does next: nothing of it depends on other threads. */
export interface Thread {
  readonly place: ThreadPlace;
  readonly cpus: readonly number[];
  /** Randomness of its own code and of the kernel in its name: apart, so that services shift nothing. */
  readonly user: RandomState;
  readonly kernel: RandomState;
  readonly phases: Stream[];
  phase: number;
  phaseLeft: number;
  round: number;
  lifeLeft: number;
  readonly rates: readonly Rate[];
  /** Instructions until the first of the rates. */
  toRate: number;
  readonly frames: Frame[];
  /** Services that are to run next. */
  readonly agenda: Program[];
  /** Next block of each disk use. */
  readonly blocks: Int32Array;
  /** Instructions to be off the CPU; then the CPU's clock at which it may go on. */
  sleep: number;
  wakeAt: number;
  slices: number;
  done: boolean;
}

/** Purposes of a thread's random states. */
const USER = 0;
const KERNEL = 1;

export interface Threads {
  readonly threads: readonly Thread[];
  /** The service's program for a thread, compiled at its first use. */
  readonly program: (thread: Thread, service: string) => Program;
  readonly stream: (thread: Thread, phase: number) => Stream;
  /** Begins a process afresh: first phase, new life. */
  readonly restart: (thread: Thread) => void;
  readonly diskUses: readonly DiskUse[];
}

export function createThreads(workload: Workload, layout: Layout): Threads {
  const tables: Tables = new Map();
  const disks = workload.kernel === undefined ? [] : diskUses(workload.kernel);
  const programs = new Map<Thread, Map<string, Program>>();
  const indexOf = new Map<Thread, number>();

  const makeStream = (thread: Thread, work: WorkSpec, kernel: boolean): Stream =>
    createStream(work, {
      resolve: (region) => viewOf(layout, thread, indexOf.get(thread)!, region, kernel),
      random: kernel ? thread.kernel : thread.user,
      copy: thread.place.copy,
      line: workload.line,
      seed: workload.seed,
      tables,
    });

  const restart = (thread: Thread): void => {
    const { spec } = thread.place;
    thread.phase = 0;
    thread.phaseLeft = spec.phases[0]!.instructions;
    thread.round = 0;
    if (spec.life === undefined) thread.lifeLeft = Number.POSITIVE_INFINITY;
    else
      thread.lifeLeft = interval(thread.kernel, spec.life.instructions, spec.life.spacing !== 'exponential');
  };

  const threads = layout.threads.map((place, index) => {
    const { spec } = place;
    const all = spec.cpus ?? Array.from({ length: workload.cpus }, (_, cpu) => cpu);
    const kernel = randomState(workload.seed, index, KERNEL);
    const rates = ratesOf(workload, 'thread', kernel).filter(
      (rate) => spec.services === undefined || spec.services.includes(rate.name),
    );
    const thread: Thread = {
      place,
      cpus: all.map((_, at) => all[(at + (spec.cpus === undefined ? index : place.copy)) % all.length]!),
      user: randomState(workload.seed, index, USER),
      kernel,
      phases: [],
      phase: 0,
      phaseLeft: 0,
      round: 0,
      lifeLeft: 0,
      rates,
      toRate: nextRate(rates),
      frames: [],
      agenda: [],
      blocks: Int32Array.from(disks, (use) => below(kernel, use.blocks)),
      sleep: 0,
      wakeAt: 0,
      slices: spec.stagger ? Math.floor((place.copy * spec.roam) / (spec.count * spec.threads)) : 0,
      done: false,
    };
    restart(thread);
    // A process with a life has one thread: copies are processes.
    if (spec.life?.spacing === 'staggered')
      thread.lifeLeft = Math.max(1, Math.round((spec.life.instructions * (place.copy + 0.5)) / spec.count));
    programs.set(thread, new Map());
    indexOf.set(thread, index);
    return thread;
  });

  return {
    threads,
    program: (thread, service) => {
      const known = programs.get(thread)!;
      let program = known.get(service);
      if (program === undefined) {
        program = compileService(workload, service, (work) => makeStream(thread, work, true));
        known.set(service, program);
      }
      return program;
    },
    stream: (thread, phase) => {
      thread.phases[phase] ??= makeStream(thread, thread.place.spec.phases[phase]!, false);
      return thread.phases[phase];
    },
    restart,
    diskUses: disks,
  };
}

/** The services at a rate, of threads or of CPUs, each with its first time drawn. */
export function ratesOf(workload: Workload, of: 'thread' | 'cpu', random: RandomState): Rate[] {
  return Object.entries(workload.kernel?.services ?? {}).flatMap(([name, { when }]) => {
    if (when.on !== 'rate' || when.of !== of) return [];
    const regular = when.spacing !== 'exponential';
    const left =
      when.spacing === 'staggered' ? 1 + below(random, when.every) : interval(random, when.every, regular);
    return [{ name, every: when.every, regular, left }];
  });
}

export const interval = (random: RandomState, mean: number, regular: boolean): number =>
  regular ? mean : exponential(random, mean);

/** Instructions until the first of the rates. */
export function nextRate(rates: readonly Rate[]): number {
  let next = Number.POSITIVE_INFINITY;
  for (const rate of rates) if (rate.left < next) next = rate.left;
  return next;
}

/** Moves the rates on by some instructions. */
export function passRates(rates: readonly Rate[], instructions: number): void {
  for (const rate of rates) rate.left -= instructions;
}

/** A rate whose time has come, or undefined; its next time is set (an overrun shortens it). */
export function dueRate(rates: readonly Rate[], random: RandomState): Rate | undefined {
  const due = rates.find((rate) => rate.left <= 0);
  if (due !== undefined) due.left = Math.max(1, due.left + interval(random, due.every, due.regular));
  return due;
}

function viewOf(layout: Layout, thread: Thread, index: number, region: string, kernel: boolean): RegionView {
  const found = kernel ? layout.kernel.get(region) : undefined;
  if (found !== undefined) {
    const first = found.instances[found.per === 'thread' ? index : 0]!;
    return { instance: first, perCpu: found.per === 'cpu' ? first.pages : 0, salt: saltOf(region) };
  }
  const instance = thread.place.regions.get(region)!;
  return { instance, perCpu: 0, salt: saltOf(thread.place.spec.regions[region]!.share ?? region) };
}

/** A number for a name (FNV-1a). */
function saltOf(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h;
}
