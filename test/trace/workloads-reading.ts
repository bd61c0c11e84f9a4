import {
  EVENT,
  FETCH,
  KERNEL,
  LOAD,
  OFFSET_MASK,
  OFFSET_SHIFT,
  SIZE_SHIFT,
  STORE,
  TAIL_BIT,
  type Trace,
  type TraceSummary,
} from '../../src/trace/types.ts';
import type { SharingParameters } from '../../src/trace/workloads/library-sharing.ts';
import { openWorkload, workloadTrace } from '../../src/trace/workloads/open.ts';
import { checkedWorkload, type WorkloadInput } from '../../src/trace/workloads/schema.ts';

/** One reference, fetches taken apart into instructions. */
export interface Reference {
  kind: number;
  cpu: number;
  service: number;
  segmentFlags: number;
  space: number;
  /** Translation flags. */
  flags: number;
  /** Virtual page, and the address (exact for user addresses only). */
  page: number;
  virtual: number;
  physical: number;
  size: number;
}

export interface Event {
  kind: number;
  cpu: number;
  arg: number;
  lo: number;
  hi: number;
}

export interface Walk {
  /** Called with the same object each time. */
  readonly reference?: (reference: Reference) => void;
  readonly event?: (event: Event) => void;
  readonly segment?: (cpu: number, flags: number, service: number, instructions: number) => void;
}

/** Walks a trace in order and checks what must hold of any: throws where it does not. */
export async function walk(trace: Trace, visit: Walk = {}): Promise<TraceSummary> {
  const virtualPage: number[] = [];
  const physicalPage: number[] = [];
  const space: number[] = [];
  const flags: number[] = [];
  const reference: Reference = {
    kind: 0,
    cpu: 0,
    service: 0,
    segmentFlags: 0,
    space: 0,
    flags: 0,
    page: 0,
    virtual: 0,
    physical: 0,
    size: 0,
  };
  const sums = { instructions: 0, loads: 0, stores: 0, records: 0, events: 0 };
  for await (const chunk of trace.chunks()) {
    const { segments, events, translations } = chunk;
    if (translations.first !== space.length) throw new Error('translations are not consecutive');
    for (let i = 0; i < translations.length; i++) {
      virtualPage.push(translations.virtualPage[i]!);
      physicalPage.push(translations.physicalPage[i]!);
      space.push(translations.space[i]!);
      flags.push(translations.flags[i]!);
    }
    let event = 0;
    let at = 0;
    const eventsUpTo = (record: number): void => {
      for (; event < events.length && events.at[event]! <= record; event++) {
        if (event > 0 && events.at[event]! < events.at[event - 1]!) throw new Error('events out of order');
        visit.event?.({
          kind: events.kind[event]!,
          cpu: events.cpu[event]!,
          arg: events.arg[event]!,
          lo: events.lo[event]!,
          hi: events.hi[event]!,
        });
      }
    };
    for (let segment = 0; segment < segments.length; segment++) {
      const end = segments.end[segment]!;
      if (end <= at) throw new Error('segment ends do not grow');
      reference.cpu = segments.cpu[segment]!;
      if (reference.cpu >= trace.header.cpus) throw new Error('no such CPU');
      reference.service = segments.service[segment]!;
      reference.segmentFlags = segments.flags[segment]!;
      const count = { instructions: 0, loads: 0, stores: 0 };
      for (; at < end; at++) {
        eventsUpTo(at);
        const word = chunk.word[at]!;
        const id = chunk.translation[at]!;
        const offset = (word >>> OFFSET_SHIFT) & OFFSET_MASK;
        const size = word >>> SIZE_SHIFT;
        if (id < 0 || id >= space.length) throw new Error('unknown translation');
        if (size < 1 || offset + size > 4096 || (word & TAIL_BIT) !== 0) throw new Error('bad record');
        reference.kind = word & 3;
        reference.space = space[id]!;
        reference.flags = flags[id]!;
        reference.page = virtualPage[id]!;
        reference.virtual = virtualPage[id]! * 4096 + offset;
        reference.physical = physicalPage[id]! * 4096 + offset;
        if (((reference.flags & KERNEL) !== 0) !== reference.space < 0)
          throw new Error('kernel page in a space');
        if (reference.kind === FETCH) {
          if (size % 4 !== 0 || offset % 4 !== 0) throw new Error('bad run of instructions');
          count.instructions += size / 4;
          reference.size = 4;
          for (let i = 0; i < size; i += 4) {
            visit.reference?.(reference);
            reference.virtual += 4;
            reference.physical += 4;
          }
        } else {
          if (reference.kind === LOAD) count.loads++;
          else if (reference.kind === STORE) count.stores++;
          if (offset % size !== 0) throw new Error('operand is not aligned');
          reference.size = size;
          visit.reference?.(reference);
        }
      }
      if (
        count.instructions !== segments.instructions[segment] ||
        count.loads !== segments.loads[segment] ||
        count.stores !== segments.stores[segment]
      )
        throw new Error('segment counts are wrong');
      sums.instructions += count.instructions;
      sums.loads += count.loads;
      sums.stores += count.stores;
      visit.segment?.(reference.cpu, reference.segmentFlags, reference.service, count.instructions);
    }
    if (at !== chunk.length) throw new Error('segments do not cover the chunk');
    eventsUpTo(chunk.length);
    sums.records += chunk.length;
    sums.events += events.length;
  }
  const summary = trace.summary()!;
  for (const key of ['instructions', 'loads', 'stores', 'records', 'events'] as const) {
    if (summary[key] !== sums[key]) throw new Error(`summary: ${key} ${summary[key]}, counted ${sums[key]}`);
  }
  return summary;
}

export const open = (spec: string): Trace => openWorkload(`workload:${spec}`);
export const describeTrace = (description: WorkloadInput): Trace =>
  workloadTrace(checkedWorkload(description, 'test'));

/** All columns of a trace as one number (FNV-1a over 32-bit words): equal traces have equal ones. */
export async function digest(trace: Trace): Promise<number> {
  let h = 0x811c9dc5;
  const add = (values: ArrayLike<number>, length: number): void => {
    for (let i = 0; i < length; i++) h = Math.imul(h ^ (values[i]! | 0), 0x01000193);
  };
  for await (const { length, translation, word, segments: s, events: e, translations: t } of trace.chunks()) {
    add(translation, length);
    add(word, length);
    for (const column of [s.end, s.cpu, s.flags, s.service, s.instructions]) add(column, s.length);
    for (const column of [e.at, e.kind, e.cpu, e.arg, e.lo, e.hi]) add(column, e.length);
    for (const column of [t.space, t.virtualPage, t.physicalPage, t.flags]) add(column, t.length);
  }
  return h >>> 0;
}

export interface Coherence {
  /** Misses of a CPU on a line that it never had; that it lost to another's write. */
  cold: number;
  coherence: number;
  /** Writes to a line that the CPU has, and others too. */
  upgrades: number;
  /** Copies that writes took away. */
  invalidations: number;
}

/**
 * Caches without end under an invalidation protocol (MESI), as plainly as possible: for each line who has a
 * copy and who ever had one. `side`: fetches or operands.
 */
export async function countCoherence(
  trace: Trace,
  { line }: Pick<SharingParameters, 'line'>,
  side: 'fetch' | 'data',
): Promise<Coherence> {
  const have = new Map<number, Set<number>>();
  const had = new Map<number, Set<number>>();
  const counts: Coherence = { cold: 0, coherence: 0, upgrades: 0, invalidations: 0 };
  await walk(trace, {
    reference: ({ kind, cpu, physical }) => {
      if ((kind === FETCH) !== (side === 'fetch')) return;
      const number = Math.floor(physical / line);
      const copies = have.get(number) ?? new Set();
      const ever = had.get(number) ?? new Set();
      have.set(number, copies);
      had.set(number, ever);
      if (!copies.has(cpu)) counts[ever.has(cpu) ? 'coherence' : 'cold']++;
      else if (kind === STORE && copies.size > 1) counts.upgrades++;
      ever.add(cpu);
      if (kind === STORE) {
        for (const other of copies) if (other !== cpu) counts.invalidations++;
        copies.clear();
      }
      copies.add(cpu);
    },
  });
  return counts;
}

/** Checks that services, zeroing and locks open and close in order on each CPU. */
export function balanceCheck(cpus: number): { event: (event: Event) => void; open: () => number } {
  const services: number[][] = Array.from({ length: cpus }, () => []);
  const locks: number[][] = Array.from({ length: cpus }, () => []);
  return {
    event: ({ kind, cpu, arg }) => {
      if (kind === EVENT.serviceBegin) services[cpu]!.push(arg);
      if (kind === EVENT.serviceEnd && services[cpu]!.pop() !== arg)
        throw new Error('services are not nested');
      if (kind === EVENT.lockAcquire) locks[cpu]!.push(arg);
      if (kind === EVENT.lockRelease && locks[cpu]!.pop() !== arg) throw new Error('locks are not nested');
    },
    open: () => [...services, ...locks].reduce((sum, stack) => sum + stack.length, 0),
  };
}
