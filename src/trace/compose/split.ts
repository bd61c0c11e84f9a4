import { InputError } from '../errors.ts';
import { type Chunk, EVENT, type Trace, type TranslationColumns, type VirtualMachine } from '../types.ts';
import { widened } from './columns.ts';
import { createIdentity, type Identity, MACHINE_PAGES } from './identity.ts';

/**
 * One machine's trace as that of several virtual machines: its CPUs are divided among them in equal blocks, and
 * each has address spaces, physical pages, translations and locks of its own, as if each ran its own copy of the
 * operating system. Records, events and their order stay. A page that CPUs of two virtual machines use becomes a
 * page in each. Throws InputError where the CPUs do not divide, or the trace holds several machines already.
 */
export function splitTrace(trace: Trace, count: number): Trace {
  const { header } = trace;
  if (count === 1) return trace;
  if (header.vms !== undefined)
    throw new InputError(
      `${header.name} holds ${header.vms.length} virtual machines already: set monitor.vms.count to 1`,
    );
  if (header.cpus % count !== 0)
    throw new InputError(
      `${header.cpus === 1 ? 'the one CPU of' : `the ${header.cpus} CPUs of`} ${header.name} cannot be divided evenly among ${count} virtual machines`,
    );
  const summary = trace.summary();
  if (summary === null) throw new Error('splitTrace needs a trace whose summary is known');
  const cpus = header.cpus / count;
  const vms = Array.from(
    { length: count },
    (_, v): VirtualMachine => ({
      firstCpu: v * cpus,
      cpus,
      physicalBase: v * MACHINE_PAGES,
      source: 0,
      firstSpace: v * summary.spaces,
    }),
  );
  return {
    header: { ...header, vms },
    summary: trace.summary,
    chunks: async function* () {
      const split = createSplitter(vms, header.name);
      for await (const chunk of trace.chunks()) yield split(chunk);
    },
    close: trace.close,
  };
}

/** Columns of translations that grow. */
interface Added {
  length: number;
  space: Int32Array;
  virtualPage: Float64Array;
  physicalPage: Float64Array;
  flags: Uint8Array;
}

function createSplitter(vms: readonly VirtualMachine[], label: string): (chunk: Chunk) => Chunk {
  const cpusEach = vms[0]!.cpus;
  const identities: readonly Identity[] = vms.map((vm, v) => createIdentity(vm, v, label));
  /** Translations of the trace so far. */
  const known: Added = columns(1024);
  /** By machine: its own id of each translation of the trace, plus 1; 0: it has not used it. */
  const ids = vms.map(() => new Int32Array(1024));
  let next = 0;
  const added: Added = columns(256);
  let translation = new Int32Array(1024);
  let arg = new Int32Array(256);
  let lastMachine = -1;
  let own = ids[0]!;

  const learn = (more: TranslationColumns): void => {
    const length = more.first + more.length;
    if (length > known.space.length) grow(known, length);
    for (let v = 0; v < ids.length; v++) if (length > ids[v]!.length) ids[v] = widened(ids[v]!, length);
    known.space.set(more.space.subarray(0, more.length), more.first);
    known.virtualPage.set(more.virtualPage.subarray(0, more.length), more.first);
    known.physicalPage.set(more.physicalPage.subarray(0, more.length), more.first);
    known.flags.set(more.flags.subarray(0, more.length), more.first);
    known.length = length;
    lastMachine = -1;
  };

  /** Gives the machine a translation of its own. */
  const take = (machine: number, id: number): number => {
    const identity = identities[machine]!;
    if (added.length === added.space.length) grow(added, added.length + 1);
    added.space[added.length] = identity.space(known.space[id]!);
    added.virtualPage[added.length] = known.virtualPage[id]!;
    added.physicalPage[added.length] = identity.physical(known.physicalPage[id]!);
    added.flags[added.length] = known.flags[id]!;
    added.length++;
    ids[machine]![id] = ++next;
    return next - 1;
  };

  const select = (cpu: number): void => {
    const machine = Math.floor(cpu / cpusEach);
    if (machine === lastMachine) return;
    lastMachine = machine;
    own = ids[machine]!;
  };

  const argument = (kind: number, given: number): number => {
    switch (kind) {
      case EVENT.spaceSwitch:
        return identities[lastMachine]!.space(given);
      case EVENT.unmap:
      case EVENT.pageMapped:
      case EVENT.pageFreed:
        return own[given] === 0 ? take(lastMachine, given) : own[given]! - 1;
      case EVENT.lockAcquire:
      case EVENT.lockRelease:
        return identities[lastMachine]!.lock(given);
      default:
        return given;
    }
  };

  return (chunk) => {
    const { segments, events } = chunk;
    learn(chunk.translations);
    added.length = 0;
    const first = next;
    if (chunk.length > translation.length) translation = widened(translation, chunk.length);
    if (events.length > arg.length) arg = widened(arg, events.length);
    const from = chunk.translation;
    for (let segment = 0, record = 0; segment < segments.length; segment++) {
      select(segments.cpu[segment]!);
      const of = own;
      for (const end = segments.end[segment]!; record < end; record++) {
        const id = from[record]!;
        const mine = of[id]!;
        translation[record] = mine === 0 ? take(lastMachine, id) : mine - 1;
      }
    }
    for (let event = 0; event < events.length; event++) {
      select(events.cpu[event]!);
      arg[event] = argument(events.kind[event]!, events.arg[event]!);
    }
    return {
      ...chunk,
      translation: translation.subarray(0, chunk.length),
      events: { ...events, arg: arg.subarray(0, events.length) },
      translations: {
        first,
        length: added.length,
        space: added.space.slice(0, added.length),
        virtualPage: added.virtualPage.slice(0, added.length),
        physicalPage: added.physicalPage.slice(0, added.length),
        flags: added.flags.slice(0, added.length),
      },
    };
  };
}

const columns = (size: number): Added => ({
  length: 0,
  space: new Int32Array(size),
  virtualPage: new Float64Array(size),
  physicalPage: new Float64Array(size),
  flags: new Uint8Array(size),
});

function grow(table: Added, length: number): void {
  table.space = widened(table.space, length);
  table.virtualPage = widened(table.virtualPage, length);
  table.physicalPage = widened(table.physicalPage, length);
  table.flags = widened(table.flags, length);
}
