import { InputError } from '../trace/errors.ts';
import {
  type Chunk,
  type ChunkOptions,
  type LineRequest,
  type SegmentColumns,
  type Trace,
  type TraceHeader,
  type TraceSummary,
  type TranslationColumns,
  UNCACHED,
} from '../trace/types.ts';
import { granularity, maxIds, wordLayout } from './hardware/kernel.ts';
import { createPacker, type Packer, packRule } from './hardware/pack.ts';
import { createSpanPacker } from './hardware/pack-spans.ts';
import { createPages, type Pages, wider } from './hardware/pages.ts';
import { cachesAlone, commonLines, createLinePacker } from './lines.ts';
import { cutScheduled } from './monitor/scheduling/cut.ts';
import type { Schedule, Scheduled } from './monitor/scheduling/types.ts';
import { createReplay, type Replay } from './replay.ts';
import { partOf, sameShape, splitAfter, workloadInstructions } from './split.ts';
import { cpusOf, streamForm, streamOf } from './streams.ts';
import { type RefillTemplate, resolveRefill, systemFor } from './systems/resolve.ts';
import type { System } from './systems/schema.ts';
import { cellsProblem } from './systems/schema-machine.ts';
import type { Tally } from './tally.ts';

export interface ReplayOptions {
  /** Instructions that build state and are not counted. */
  readonly warmup: number;
  /** Records replayed so far, of all passes over the trace, and what they will be. */
  readonly progress?: (records: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface ReplayResult {
  readonly tallies: readonly Tally[];
  /** Instructions before the cut: the first record boundary at or after the warm-up asked for. */
  readonly warmup: number;
}

/**
 * Replays a trace through several systems: once for each form in which they take it (`StreamForm`), which is once
 * for most comparisons. Memory grows with the trace's footprint only.
 */
export async function replayAll(
  trace: Trace,
  summary: TraceSummary,
  given: readonly System[],
  options: ReplayOptions,
): Promise<ReplayResult> {
  const systems = given.map((system) => systemFor(system, trace.header));
  const forms = systems.map((system) => streamForm(system, trace.header.cpus));
  const keys = forms.map((form) => JSON.stringify(form));
  const tallies: Tally[] = [];
  let warmup = 0;
  const total = summary.records * new Set(keys).size;
  let before = 0;
  for (const [first, key] of keys.entries()) {
    if (keys.indexOf(key) < first) continue;
    const members = systems.flatMap((_, at) => (keys[at] === key ? [at] : []));
    const result = await replayGroup(
      streamOf(trace, forms[first]!),
      summary,
      members.map((at) => systems[at]!),
      { ...options, progress: (records) => options.progress?.(before + records, total) },
    );
    before += summary.records;
    for (const [i, at] of members.entries()) tallies[at] = result.tallies[i]!;
    if (first === 0) warmup = result.warmup;
  }
  return { tallies, warmup };
}

/** Makes the replay of one system, as `createReplay` does. */
export type MakeReplay = (
  system: System,
  header: TraceHeader,
  pages: Pages,
  cpus: number,
  refill: RefillTemplate,
) => Replay;

/**
 * Systems side by side: every chunk is decoded once, packed once for all systems that agree on lines and rule, and
 * run by each.
 */
export async function replayGroup(
  { trace, schedule }: { readonly trace: Trace; readonly schedule: Schedule | null },
  summary: TraceSummary,
  systems: readonly System[],
  options: ReplayOptions,
  make: MakeReplay = createReplay,
): Promise<ReplayResult> {
  const { header } = trace;
  checkWarmup(options.warmup, header, summary);
  const layouts = systems.map((system) => wordLayout(system.machine));
  const colourBits = Math.max(...layouts.map((layout) => layout.colourBits));
  const pages = createPages(colourBits, Math.min(...layouts.map(maxIds)));
  const rules = systems.map(({ machine, os }, index) =>
    packRule(machine, layouts[index]!, header.instructionBytes, os.rdhwr === 'drop'),
  );
  const grains = systems.map((system) => granularity(system.machine, cpusOf(system, header.cpus)));
  // Lines serve all systems alike; otherwise those that agree in the words share a packer.
  const lineRule = commonLines(systems, rules, grains);
  const packers = new Map<string, Packer>();
  const lanes = systems.map((system, index) => {
    const cpus = cpusOf(system, header.cpus);
    if (cpus < header.cpus && system.machine.cpu_assignment === 'one-to-one' && schedule === null)
      throw new InputError(
        `system ${system.name} has ${cpus} CPUs and the trace ${header.name} was recorded on ${header.cpus}: ` +
          `set machine.cpus to ${header.cpus} or 0, or machine.cpu_assignment to round-robin (a monitor ` +
          `schedules virtual CPUs)`,
      );
    if (cpus % system.machine.nodes !== 0)
      throw new InputError(
        `system ${system.name}: ${cpus} CPUs do not divide evenly over ${system.machine.nodes} nodes`,
      );
    checkNodes(system);
    const rule = rules[index]!;
    const grain = grains[index]!;
    const key = lineRule === undefined ? JSON.stringify([rule, grain]) : 'lines';
    let packer = packers.get(key);
    if (packer === undefined) {
      if (lineRule !== undefined) packer = createLinePacker(lineRule);
      else packer = grain === null ? createPacker(rule) : createSpanPacker(rule, grain);
      packers.set(key, packer);
    }
    const replay = make(system, header, pages, cpus, resolveRefill(system, summary));
    return { replay, packer };
  });

  const table = createTranslationTable(pages);
  const run = (made: Chunk, scheduled: Scheduled | null): void => {
    const chunk = sameShape(made);
    for (const packer of packers.values()) {
      const packed = packer.pack(chunk, table.cachedIds);
      for (const lane of lanes)
        if (lane.packer === packer) lane.replay.run(chunk, packed, table.ids, scheduled);
    }
  };

  const total = summary.workloadInstructions;
  let warm = options.warmup <= 0;
  const clear = (left: number, rest?: Scheduled): void => {
    for (const lane of lanes) lane.replay.clear(left);
    schedule?.clear(rest);
  };
  if (warm) clear(total);
  let warmup = 0;
  let records = 0;
  const admit = (translations: TranslationColumns): void => {
    const ids = table.add(translations);
    for (const lane of lanes) lane.replay.admit(ids);
  };
  /** Whether the warm-up ends in a chunk of these segments: it must be cut. */
  const endsIn = (segments: SegmentColumns): boolean =>
    !warm && warmup + workloadInstructions({ segments }) >= options.warmup;
  // A source that gives lines asks for the ids of new pages before it makes the chunk.
  let admitted = false;
  const lines: LineRequest | undefined = lineRule && {
    ...lineRule,
    ids: (translations) => {
      admit(translations);
      admitted = true;
      return table.cachedIds;
    },
    asRecords: endsIn,
  };
  const wanted = { events: !systems.every(cachesAlone), lines };
  const chunks = schedule === null ? unscheduled(trace, wanted) : schedule.chunks();
  for await (const { chunk, scheduled } of withChunks(chunks)) {
    options.signal?.throwIfAborted();
    if (!admitted) admit(chunk.translations);
    admitted = false;
    const instructions = warm ? 0 : workloadInstructions(chunk);
    if (endsIn(chunk.segments)) {
      const left = options.warmup - warmup;
      if (scheduled !== null) {
        const cut = cutScheduled(scheduled, left, header.instructionBytes);
        run(cut.head.chunk, cut.head);
        clear(total - warmup - cut.instructions, cut.tail);
        run(cut.tail.chunk, cut.tail);
        warmup += cut.instructions;
      } else {
        const cut = splitAfter(chunk, left, header.instructionBytes);
        run(partOf(cut.chunk, cut.record, true), null);
        clear(total - warmup - cut.instructions);
        run(partOf(cut.chunk, cut.record, false), null);
        warmup += cut.instructions;
      }
      warm = true;
    } else {
      run(chunk, scheduled);
      warmup += instructions;
    }
    records += chunk.length;
    options.progress?.(records, summary.records);
  }
  const counts = schedule?.counts() ?? null;
  const tallies = lanes.map((lane) => lane.replay.tally(table.physicalPages(), counts));
  if (!warm || (options.warmup > 0 && tallies.every((tally) => tally.instructions === 0)))
    throw nothingLeft(options.warmup, header, warmup);
  return { tallies, warmup };
}

/** Instructions of warm-up: those asked for, or a tenth of the trace’s. */
export const warmupOf = (
  asked: number | null,
  { workloadInstructions }: Pick<TraceSummary, 'workloadInstructions'>,
): number => asked ?? Math.floor(workloadInstructions / 10);

/** Throws InputError where a warm-up (in instructions) is known to leave nothing of a trace, before any of it is replayed. */
export function checkWarmup(
  warmup: number,
  header: Pick<TraceHeader, 'name'>,
  { workloadInstructions }: Pick<TraceSummary, 'workloadInstructions'>,
): void {
  if (warmup > 0 && warmup >= workloadInstructions) throw nothingLeft(warmup, header, workloadInstructions);
}

const nothingLeft = (warmup: number, { name }: Pick<TraceHeader, 'name'>, instructions: number): InputError =>
  new InputError(
    `a warm-up of ${warmup} instructions leaves nothing of ${name} to count: ` +
      `the trace has ${instructions}; give a smaller --warmup`,
  );

/** What only the number of nodes of this trace's machine can tell. */
function checkNodes({ name, machine }: System): void {
  const { nodes } = machine;
  if (machine.placement === 'fixed' && machine.placement_node >= nodes)
    throw new InputError(
      `system ${name}: machine.placement_node ${machine.placement_node} of ${nodes} nodes: they are numbered from 0`,
    );
  if (nodes % machine.cells !== 0)
    throw new InputError(`system ${name}: machine.cells: ${cellsProblem(machine.cells, nodes)}`);
  if (machine.interconnect === 'hypercube' && (nodes & (nodes - 1)) !== 0)
    throw new InputError(
      `system ${name}: ${nodes} nodes are no hypercube: set machine.nodes to a power of two`,
    );
}

interface Item {
  readonly chunk: Chunk;
  readonly scheduled: Scheduled | null;
}

async function* unscheduled(trace: Trace, options: ChunkOptions): AsyncGenerator<Chunk> {
  yield* trace.chunks(options);
}

async function* withChunks(items: AsyncIterable<Chunk | Scheduled>): AsyncGenerator<Item> {
  for await (const item of items)
    yield 'chunk' in item ? { chunk: item.chunk, scheduled: item } : { chunk: item, scheduled: null };
}

/** Kernel ids by the trace's translation id. */
function createTranslationTable(pages: Pages) {
  const seen = new Set<number>();
  const table = {
    /** Physical pages of the trace. */
    physicalPages: () => seen.size,
    ids: new Int32Array(1024),
    /** The same, but −1 for pages that go around the caches. */
    cachedIds: new Int32Array(1024).fill(-1),
    /** Adds a chunk's new translations and gives their kernel ids. */
    add: (translations: TranslationColumns): number[] => {
      const added: number[] = [];
      for (let i = 0; i < translations.length; i++) {
        const at = translations.first + i;
        if (at >= table.ids.length) {
          table.ids = wider(table.ids, at);
          table.cachedIds = wider(table.cachedIds, at, -1);
        }
        const flags = translations.flags[i]!;
        const id = pages.add(
          translations.space[i]!,
          translations.virtualPage[i]!,
          translations.physicalPage[i]!,
          flags,
        );
        seen.add(translations.physicalPage[i]!);
        table.ids[at] = id;
        table.cachedIds[at] = (flags & UNCACHED) !== 0 ? -1 : id;
        added.push(id);
      }
      return added;
    },
  };
  return table;
}
