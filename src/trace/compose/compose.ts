import { InputError } from '../errors.ts';
import type { Chunk, RefillEpisodes, Trace, TraceHeader, TraceSummary, VirtualMachine } from '../types.ts';
import { MOST_CPUS } from '../types.ts';
import type { Clock } from './cursor.ts';
import { createRenamer, MACHINE_PAGES } from './identity.ts';
import { interleave } from './interleave.ts';
import { eventsOfRotation, findStarts, rotated, type Start } from './rotate.ts';

export interface ComposeOptions {
  /** Machine v begins v × offset instructions into its trace, and ends with what came before. */
  readonly offset: number;
  /**
   * Instructions of each CPU before it is the next machine's turn: a machine of c CPUs goes on by c × slice
   * instructions of its own order, so that machines of different sizes keep pace.
   */
  readonly slice: number;
  /** Name of the composition, for messages. */
  readonly label: string;
}

/** An input trace, what to call it in messages, and its summary, which must be known. */
export interface Source {
  readonly name: string;
  readonly trace: Trace;
  readonly summary: TraceSummary;
}

/** What to compose: distinct sources, and which of them drives each machine. */
export interface Composition {
  readonly sources: readonly Source[];
  readonly machines: readonly number[];
}

/**
 * Several traces, or one several times, as one trace of several virtual machines. Every machine runs all of
 * its trace once, with CPUs, address spaces, pages, translations and locks of its own (see `identity.ts`); the
 * counts of the composition are the sums. Throws an InputError where traces do not go together.
 */
export function composeTraces({ sources, machines }: Composition, options: ComposeOptions): Trace {
  const { offset, slice, label } = options;
  checkAgreement(
    sources.map(({ name, trace }) => ({ name, header: trace.header })),
    label,
  );
  const vms = identities(sources, machines);
  const cpus = vms.reduce((sum, vm) => sum + vm.cpus, 0);
  if (cpus > MOST_CPUS)
    throw new InputError(
      `${label}: the machines have ${cpus} CPUs together, and at most ${MOST_CPUS} are possible: compose fewer`,
    );
  const clocks = sources.map(
    ({ summary }): Clock => (summary.workloadInstructions > 0 ? 'instructions' : 'references'),
  );
  const lengths = sources.map(({ summary }) =>
    summary.workloadInstructions > 0 ? summary.workloadInstructions : summary.loads + summary.stores,
  );
  const times = vms.map(({ source }, v) => (lengths[source]! === 0 ? 0 : (v * offset) % lengths[source]!));

  // Found once, when chunks are asked for first.
  let found: Promise<readonly ReadonlyMap<number, Start>[]> | null = null;
  const starts = () => {
    found ??= startsOf(sources, vms, times, clocks);
    return found;
  };

  const streams = (): readonly AsyncIterable<Chunk>[] => {
    const numbering = { next: 0 };
    return vms.map(async function* ({ source }, v) {
      const { trace, name } = sources[source]!;
      const start = times[v]! === 0 ? undefined : (await starts())[source]!.get(times[v]!);
      const rename = createRenamer(vms[v]!, v, name, numbering);
      for await (const chunk of start === undefined ? trace.chunks() : rotated(trace, start))
        yield rename(chunk);
    });
  };

  const summary = sumOf(
    vms.map(({ source }) => sources[source]!.summary),
    vms.reduce((sum, vm, v) => sum + (times[v] === 0 ? 0 : eventsOfRotation(vm.cpus)), 0),
  );
  return {
    header: headerOf(sources, machines, vms, cpus, options),
    summary: () => summary,
    chunks: () =>
      interleave(
        streams().map((stream, v) => {
          const { source, cpus: own } = vms[v]!;
          return { stream, turn: slice * Math.max(1, own), clock: clocks[source]! };
        }),
        sources[0]!.trace.header.instructionBytes,
      ),
    streams,
    close: async () => {
      for (const { trace } of sources) await trace.close();
    },
  };
}

async function startsOf(
  sources: readonly Source[],
  vms: readonly VirtualMachine[],
  times: readonly number[],
  clocks: readonly Clock[],
): Promise<readonly ReadonlyMap<number, Start>[]> {
  const all: ReadonlyMap<number, Start>[] = [];
  for (const [at, { trace }] of sources.entries()) {
    const own = times.filter((time, v) => time > 0 && vms[v]!.source === at);
    all.push(own.length === 0 ? new Map() : await findStarts(trace, own, clocks[at]!));
  }
  return all;
}

/** Throws an InputError where one trace says something of itself that another contradicts. */
export function checkAgreement(
  sources: readonly { readonly name: string; readonly header: TraceHeader }[],
  label: string,
): void {
  const first = sources[0]!;
  const words = {
    level: ({ level }: TraceHeader) => `is a ${level}-level trace`,
    instructionBytes: ({ instructionBytes }: TraceHeader) =>
      instructionBytes === 0 ? 'has instructions of varying length' : 'has instructions of 4 bytes',
    abi: ({ abi }: TraceHeader) => (abi === '' ? 'names no ABI' : `numbers system calls as ${abi}`),
  };
  for (const { name, header } of sources) {
    if (header.vms !== undefined)
      throw new InputError(`${label}: ${name} holds several virtual machines already; name single traces`);
    for (const key of ['level', 'instructionBytes', 'abi'] as const)
      if (header[key] !== first.header[key])
        throw new InputError(
          `${label}: ${first.name} ${words[key](first.header)} and ${name} ${words[key](header)}; ` +
            'compose traces that agree',
        );
  }
}

function identities(sources: readonly Source[], machines: readonly number[]): VirtualMachine[] {
  let firstCpu = 0;
  let firstSpace = 0;
  return machines.map((source, v) => {
    const { trace, summary } = sources[source]!;
    const vm = {
      firstCpu,
      cpus: trace.header.cpus,
      physicalBase: v * MACHINE_PAGES,
      source,
      firstSpace,
    };
    firstCpu += trace.header.cpus;
    firstSpace += summary.spaces;
    return vm;
  });
}

function headerOf(
  sources: readonly Source[],
  machines: readonly number[],
  vms: readonly VirtualMachine[],
  cpus: number,
  { offset, slice }: ComposeOptions,
): TraceHeader {
  const headers = sources.map(({ trace }) => trace.header);
  const runs: { source: number; count: number }[] = [];
  for (const source of machines) {
    const last = runs.at(-1);
    if (last?.source === source) last.count++;
    else runs.push({ source, count: 1 });
  }
  const named = runs.map(({ source, count }) =>
    count === 1 ? headers[source]!.name : `${headers[source]!.name} × ${count}`,
  );
  // The whole provenance of many sources could be longer than a store's header may be.
  const provenance = headers.flatMap((header, source) =>
    Object.entries(header.provenance).map(
      ([key, value]) => [headers.length === 1 ? key : `${source}: ${key}`, value] as const,
    ),
  );
  return {
    name: named.join(' + '),
    format: 'vms',
    level: headers[0]!.level,
    cpus,
    instructionBytes: headers[0]!.instructionBytes,
    addressBits: headers.some(({ addressBits }) => addressBits === 64) ? 64 : 32,
    physical: headers.every(({ physical }) => physical),
    abi: headers[0]!.abi,
    provenance: {
      machines: `${vms.length} virtual machines, each with a copy of its trace’s identities`,
      interleaving: `machines take turns of ${slice} instructions for each of their CPUs`,
      offset: offset === 0 ? 'all begin at the beginning' : `machine v begins v × ${offset} instructions in`,
      ...Object.fromEntries(provenance),
    },
    vms,
  };
}

function sumOf(parts: readonly TraceSummary[], added: number): TraceSummary {
  const sum = (of: (part: TraceSummary) => number): number => parts.reduce((all, part) => all + of(part), 0);
  const totals: Record<string, number> = {};
  for (const part of parts)
    for (const [name, value] of Object.entries(part.totals)) totals[name] = (totals[name] ?? 0) + value;
  const episodes = parts.flatMap(({ refill }) => (refill === null ? [] : [refill]));
  return {
    records: sum((part) => part.records),
    chunks: sum((part) => part.chunks),
    translations: sum((part) => part.translations),
    spaces: sum((part) => part.spaces),
    instructions: sum((part) => part.instructions),
    loads: sum((part) => part.loads),
    stores: sum((part) => part.stores),
    workloadInstructions: sum((part) => part.workloadInstructions),
    events: sum((part) => part.events) + added,
    refill: episodes.length === 0 ? null : sumOfEpisodes(episodes),
    totals,
  };
}

function sumOfEpisodes(episodes: readonly RefillEpisodes[]): RefillEpisodes {
  const sum = (of: (one: RefillEpisodes) => number): number =>
    episodes.reduce((all, one) => all + of(one), 0);
  return {
    count: sum((one) => one.count),
    instructions: sum((one) => one.instructions),
    loads: sum((one) => one.loads),
    stores: sum((one) => one.stores),
    privileged: Array.from({ length: 16 }, (_, op) => sum((one) => one.privileged[op] ?? 0)),
  };
}
