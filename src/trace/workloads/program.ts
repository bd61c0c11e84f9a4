import { CAUSE } from '../mips.ts';
import { type NamedService, namedService } from '../services.ts';
import { EVENT, type EventKind } from '../types.ts';
import { type KernelSpec, privilegedArg, type ServiceSpec } from './schema-kernel.ts';
import type { Workload } from './schema-shape.ts';
import type { WorkSpec } from './schema-work.ts';
import type { Stream } from './stream.ts';

/** One step of a kernel service. Only `run`, `page` and `clear` take instructions. */
export type Step =
  /** `scaled`: the length varies with the service's `spread`. */
  | { readonly do: 'run'; readonly stream: Stream; readonly instructions: number; readonly scaled: boolean }
  | { readonly do: 'begin'; readonly service: number }
  | { readonly do: 'end'; readonly service: number }
  | { readonly do: 'event'; readonly kind: EventKind; readonly arg: number }
  /** Locks `first` … `first + count − 1`, of which one is taken; `semaphore`: 1, spinlock: 0. */
  | { readonly do: 'acquire'; readonly first: number; readonly count: number; readonly semaphore: 0 | 1 }
  | { readonly do: 'release' }
  /** What a page fault is about: fills and maps the page. */
  | { readonly do: 'page'; readonly stream: Stream }
  /** Clears the next page of a kernel region. */
  | { readonly do: 'clear'; readonly stream: Stream; readonly region: string; readonly probability: number }
  | { readonly do: 'disk'; readonly request: number }
  | { readonly do: 'network'; readonly probability: number; readonly bytes: number; readonly peer: number }
  /** The process's memory goes, and a new address space begins. */
  | { readonly do: 'renew' };

export interface Program {
  readonly steps: readonly Step[];
  readonly spread: number;
  /** Instructions off the CPU after a disk request. */
  readonly sleep: number;
  readonly isFault: boolean;
}

/** Disk requests of all services in the order of their description: `disk` steps refer to them by number. */
export interface DiskUse {
  readonly service: string;
  readonly probability: number;
  readonly bytes: number;
  readonly file: string;
  readonly blocks: number;
}

export function diskUses(kernel: KernelSpec): DiskUse[] {
  return Object.entries(kernel.services).flatMap(([service, { disk }]) =>
    disk === undefined ? [] : [{ service, ...disk, blocks: kernel.files[disk.file]! }],
  );
}

/** First lock number of each kind of lock. */
export function lockNumbers(kernel: KernelSpec): Map<string, number> {
  let next = 0;
  return new Map(
    Object.entries(kernel.locks).map(([name, lock]) => {
      next += lock.count;
      return [name, next - lock.count];
    }),
  );
}

/** A program that has only one step. */
export const singleStep = (step: Step): Program => ({ steps: [step], spread: 0, sleep: 0, isFault: false });

/**
 * Turns a service into steps, for one thread: `stream` makes the thread's streams. Everything that the service
 * causes lies between its begin and its end, its exception included.
 */
export function compileService(
  workload: Workload,
  name: string,
  stream: (work: WorkSpec) => Stream,
): Program {
  const kernel = workload.kernel!;
  const spec = kernel.services[name]!;
  const service = namedService(spec.service ?? (name as NamedService));
  const steps: Step[] = [{ do: 'begin', service }];
  const body = stream(spec);
  causes(spec, steps);
  if (kernel.entry !== undefined) {
    const run = kernel.entry.instructions === 0 ? body : stream(kernel.entry);
    spread(steps, run, kernel.entry.instructions, privileged(kernel.entry.privileged), false, true);
  }
  const items = bodyItems(kernel, name, spec, body, stream);
  const held = spec.locks.reduce((sum, use) => sum + use.hold * use.times, 0);
  spread(steps, body, spec.instructions - held, items, true, true);
  if (kernel.exit !== undefined) {
    const run = kernel.exit.instructions === 0 ? body : stream(kernel.exit);
    spread(steps, run, kernel.exit.instructions, privileged(kernel.exit.privileged), false, false);
  }
  steps.push({ do: 'end', service });
  return { steps, spread: spec.spread, sleep: spec.sleep, isFault: spec.when.on === 'fault' };
}

function causes(spec: ServiceSpec, steps: Step[]): void {
  if (spec.syscall !== undefined) {
    steps.push({ do: 'event', kind: EVENT.syscall, arg: spec.syscall });
    steps.push({ do: 'event', kind: EVENT.exception, arg: CAUSE_SYSCALL });
  }
  if (spec.exception !== undefined) steps.push({ do: 'event', kind: EVENT.exception, arg: spec.exception });
  if (spec.interrupt !== undefined) steps.push({ do: 'event', kind: EVENT.interrupt, arg: spec.interrupt });
}

/** What happens in the body besides instructions, each a list of steps that stay together. */
function bodyItems(
  kernel: KernelSpec,
  name: string,
  spec: ServiceSpec,
  body: Stream,
  stream: (work: WorkSpec) => Stream,
): Step[][] {
  const operations = privileged(spec.privileged);
  const half = operations.length >>> 1;
  const items: Step[][] = operations.slice(0, half);
  const numbers = lockNumbers(kernel);
  for (const use of spec.locks) {
    const lock = kernel.locks[use.lock]!;
    const inside = use.data === undefined ? body : stream({ ...spec, data: use.data });
    for (let time = 0; time < use.times; time++) {
      const steps: Step[] = [
        {
          do: 'acquire',
          first: numbers.get(use.lock)!,
          count: lock.count,
          semaphore: lock.kind === 'semaphore' ? 1 : 0,
        },
      ];
      spread(steps, inside, use.hold, privileged(use.privileged), true, true);
      items.push([...steps, { do: 'release' }]);
    }
  }
  if (spec.when.on === 'fault') items.push([{ do: 'page', stream: body }]);
  for (const copy of spec.copies) {
    const copying = stream(copyWork(spec, copy.from, copy.to));
    // Eight double words, each loaded and stored, and the loop's own two instructions.
    const instructions = Math.ceil((copy.bytes / 64) * 18);
    items.push([{ do: 'run', stream: copying, instructions, scaled: false }]);
  }
  for (const { region, pages, probability } of spec.clears)
    for (let page = 0; page < pages; page++) items.push([{ do: 'clear', stream: body, region, probability }]);
  if (spec.disk !== undefined) {
    const request = diskUses(kernel).findIndex((use) => use.service === name);
    items.push([{ do: 'disk', request }]);
  }
  if (spec.network !== undefined) items.push([{ do: 'network', ...spec.network }]);
  if (spec.when.on === 'exit') items.push([{ do: 'renew' }]);
  return [...items, ...operations.slice(half)];
}

function copyWork(spec: ServiceSpec, from: string, to: string): WorkSpec {
  const place = { kind: 'sequential', from: 0, skew: 0 } as const;
  const { run: _, ...straight } = spec.code;
  return {
    code: straight,
    fetch: 18,
    order: 'turns',
    data: [
      { region: from, load: 8, store: 0, update: 0, size: 8, place },
      { region: to, load: 0, store: 8, update: 0, size: 8, place },
    ],
  };
}

function privileged(operations: Readonly<Record<string, number>>): Step[][] {
  return Object.entries(operations).flatMap(([text, times]) =>
    Array.from({ length: times }, (): Step[] => [
      { do: 'event', kind: EVENT.privileged, arg: privilegedArg(text)! },
    ]),
  );
}

/** Instructions in even parts with the items in between; with `tail`, a part comes last too. */
function spread(
  steps: Step[],
  stream: Stream,
  instructions: number,
  items: readonly Step[][],
  scaled: boolean,
  tail: boolean,
): void {
  const parts = Math.max(1, items.length + (tail ? 1 : 0));
  let done = 0;
  for (let part = 0; part < parts; part++) {
    const until = Math.floor(((part + 1) * instructions) / parts);
    if (until > done) steps.push({ do: 'run', stream, instructions: until - done, scaled });
    done = until;
    if (part < items.length) steps.push(...items[part]!);
  }
}

/** Cause code of a system call. */
const CAUSE_SYSCALL = CAUSE.syscall;
