import type { TraceBuilder } from '../builder.ts';
import { SEGMENT_KERNEL } from '../types.ts';
import { createKernelSteps } from './kernel-steps.ts';
import type { Layout } from './layout.ts';
import { createPages } from './pages.ts';
import type { Program } from './program.ts';
import { singleStep } from './program.ts';
import { fraction } from './random.ts';
import { createRunner } from './runner.ts';
import { type Cpu, createScheduler } from './scheduler.ts';
import type { Workload } from './schema-shape.ts';
import { createThreads, dueRate, type Frame, nextRate, passRates, type Thread } from './thread.ts';

/** A workload running: `fill` adds to the builder until it is full, and returns false at the end. */
export interface Engine {
  fill(): boolean;
}

export function createEngine(workload: Workload, layout: Layout, builder: TraceBuilder): Engine {
  const { kernel } = workload;
  const pages = createPages(layout, builder, kernel !== undefined);
  const threads = createThreads(workload, layout);
  const runner = createRunner(builder, pages);
  const services = Object.entries(kernel?.services ?? {});
  const named = (on: string): string[] => services.filter(([, s]) => s.when.on === on).map(([name]) => name);
  const onExit = named('exit');
  const onCreate = named('create');
  const onSwitch = named('switch');
  const onBoot = named('boot');
  const renew = singleStep({ do: 'renew' });
  const { cpus, dispatch, leave, switchSpace, sayIdle } = createScheduler(workload, threads, pages, builder);
  const toBoot = new Set(onBoot.length > 0 ? cpus : []);
  let total = 0;
  let turnOf = workload.cpus - 1;
  let living = threads.threads.length;

  const faultService = (kind: string): string | undefined =>
    services.find(([, { when }]) => when.on === 'fault' && when.kind === kind)?.[0];
  const faultServices = {
    zero: faultService('zero'),
    file: faultService('file'),
    quick: faultService('quick'),
  };

  const missing = (thread: Thread, cpu: number, flat: number): void => {
    const instance = pages.instanceOf(flat);
    const kind = pages.filled(flat) ? 'quick' : instance.fault === 'file' ? 'file' : 'zero';
    const service = faultServices[kind];
    const nested = thread.frames.some((frame) => frame.program.isFault);
    // The kernel's own pages, and those that a fault's handler uses, come without a fault.
    if (service === undefined || nested || instance.owner < 0) steps.map(thread, cpu, flat);
    else begin(thread, threads.program(thread, service), flat);
  };
  const steps = createKernelSteps(workload, layout, threads, pages, builder, runner, missing);

  const begin = (thread: Thread, program: Program, page = -1): void => {
    const scale = program.spread === 0 ? 1 : 1 + program.spread * (2 * fraction(thread.kernel) - 1);
    thread.frames.push({ program, service: 0, step: 0, left: -1, scale, page, locks: [] });
  };

  /** Says in whose mode and service the next references are. */
  const enter = (cpu: Cpu, frame: Frame | undefined): void => {
    if (frame === undefined) builder.segment(cpu.number, 0, 0);
    else builder.segment(cpu.number, SEGMENT_KERNEL, frame.service);
  };

  /** Runs the services of a context switch, after which the thread leaves. */
  const startLeaving = (cpu: Cpu, thread: Thread): void => {
    cpu.leaving = true;
    for (const service of onSwitch) thread.agenda.push(threads.program(thread, service));
  };

  /** What comes before the thread's next user instruction; false: nothing, it may run. */
  const interrupted = (cpu: Cpu, thread: Thread): boolean => {
    switchSpace(cpu, thread);
    if (toBoot.delete(cpu)) thread.agenda.unshift(...onBoot.map((name) => threads.program(thread, name)));
    const next = thread.agenda.shift();
    if (next !== undefined) {
      begin(thread, next);
      return true;
    }
    if (cpu.leaving) {
      leave(cpu, thread);
      return true;
    }
    if (thread.sleep > 0) {
      if (cpu.ready.length > 0 || cpu.asleep.length > 0) startLeaving(cpu, thread);
      else {
        thread.sleep = 0;
        sayIdle(cpu);
      }
      return true;
    }
    if (cpu.toRate <= 0) {
      const due = dueRate(cpu.rates, cpu.random)!;
      cpu.toRate = nextRate(cpu.rates);
      begin(thread, threads.program(thread, due.name));
      return true;
    }
    if (thread.toRate <= 0) {
      const due = dueRate(thread.rates, thread.kernel)!;
      thread.toRate = nextRate(thread.rates);
      begin(thread, threads.program(thread, due.name));
      return true;
    }
    if (thread.lifeLeft <= 0) {
      thread.agenda.push(
        ...(onExit.length === 0 ? [renew] : onExit.map((name) => threads.program(thread, name))),
        ...onCreate.map((name) => threads.program(thread, name)),
      );
      threads.restart(thread);
      return true;
    }
    if (cpu.slice <= 0) {
      cpu.slice = workload.slice;
      if (cpu.ready.length > 0 || cpu.asleep.length > 0 || thread.place.spec.roam > 0) {
        startLeaving(cpu, thread);
        return true;
      }
    }
    return false;
  };

  /** Runs the thread's own code. */
  const runUser = (cpu: Cpu, thread: Thread): void => {
    const { spec } = thread.place;
    const stream = threads.stream(thread, thread.phase);
    // An operand whose page was missing comes before anything else: its instruction has run.
    if (!stream.waitNow && interrupted(cpu, thread)) return;
    enter(cpu, undefined);
    const budget = stream.waitNow
      ? 0
      : Math.min(
          cpu.turn,
          cpu.toRate,
          cpu.slice,
          thread.phaseLeft,
          thread.toRate,
          thread.lifeLeft,
          workload.instructions - total,
        );
    const ran = runner.run(stream, budget, cpu.number);
    thread.phaseLeft -= ran;
    thread.lifeLeft -= ran;
    if (thread.rates.length > 0) {
      passRates(thread.rates, ran);
      thread.toRate -= ran;
    }
    pass(cpu, ran);
    const flat = runner.missing();
    if (flat >= 0) {
      missing(thread, cpu.number, flat);
      return;
    }
    if (thread.phaseLeft > 0) return;
    if (spec.phases[thread.phase]!.handover) cpu.turn = 0;
    nextPhase(cpu, thread);
  };

  const nextPhase = (cpu: Cpu, thread: Thread): void => {
    const { phases, rounds } = thread.place.spec;
    do {
      thread.phase++;
      if (thread.phase === phases.length) {
        thread.phase = 0;
        thread.round++;
        if (rounds > 0 && thread.round === rounds) {
          thread.done = true;
          living--;
          cpu.current = null;
          cpu.leaving = false;
          return;
        }
      }
    } while (thread.round > 0 && phases[thread.phase]!.once);
    thread.phaseLeft = phases[thread.phase]!.instructions;
  };

  const pass = (cpu: Cpu, instructions: number): void => {
    total += instructions;
    cpu.clock += instructions;
    cpu.turn -= instructions;
    cpu.slice -= instructions;
    if (cpu.rates.length > 0) {
      passRates(cpu.rates, instructions);
      cpu.toRate -= instructions;
    }
  };

  const runKernel = (cpu: Cpu, thread: Thread, budget: number): void => {
    enter(cpu, thread.frames[thread.frames.length - 1]);
    pass(cpu, steps.go(thread, cpu.number, budget));
  };

  /** Ends services that are under way, so that nothing stays open. */
  const drain = (): boolean => {
    for (const cpu of cpus) {
      while (cpu.current !== null && cpu.current.frames.length > 0) {
        if (builder.full()) return true;
        runKernel(cpu, cpu.current, Number.POSITIVE_INFINITY);
      }
    }
    return false;
  };

  return {
    fill: () => {
      while (total < workload.instructions && living > 0) {
        const cpu = cpus[turnOf]!;
        while (cpu.turn > 0 && total < workload.instructions) {
          if (builder.full()) return true;
          if (!dispatch(cpu)) break;
          const thread = cpu.current!;
          if (thread.frames.length > 0) runKernel(cpu, thread, cpu.turn);
          else runUser(cpu, thread);
        }
        turnOf = turnOf + 1 === cpus.length ? 0 : turnOf + 1;
        const next = cpus[turnOf]!;
        next.turn = Math.min(next.turn, 0) + workload.stretch;
      }
      return drain();
    },
  };
}
