import { type Chunk, EVENT, type EventColumns, NO_BLOCK, PAGE_BYTES, type Trace } from '../types.ts';
import { MACHINE_PAGES } from './identity.ts';

/** What `lo` of a `pageMapped` event says of a page: in memory already, or read from disk block `hi`. */
const KNOWN = 0;
const FILLED = 2;

/**
 * A divided trace (`split.ts`) in which every machine reads for itself. One kernel had read a block once, for all of
 * its CPUs; of several, each has to. Where a machine first uses a page whose content another one has read from disk,
 * this adds what its own kernel would have done: a disk request and the page's mapping. Whether the request comes to
 * a disk is the model's business: a monitor that shares pages finds the block in memory. Everything else stays.
 */
export function withOwnReads(divided: Trace): Trace {
  return { ...divided, chunks: () => ownReads(divided) };
}

interface Added {
  readonly at: number;
  readonly cpu: number;
  readonly flags: number;
  readonly id: number;
  readonly block: number;
}

async function* ownReads(trace: Trace): AsyncGenerator<Chunk> {
  /** Physical page, counted within its machine, and machine of each translation. */
  const pageOf: number[] = [];
  const machineOf: number[] = [];
  /** Block that a page was read from, and the machines that have it. */
  const content = new Map<number, { readonly block: number; readonly machines: Set<number> }>();

  /** Whether the machine of a translation has to read the page first: the block; −1: it has not. */
  const unread = (id: number): number => {
    const known = content.get(pageOf[id]!);
    if (known === undefined || known.machines.has(machineOf[id]!)) return -1;
    known.machines.add(machineOf[id]!);
    return known.block;
  };

  for await (const chunk of trace.chunks()) {
    const { events, segments, translations, translation } = chunk;
    for (let i = 0; i < translations.length; i++) {
      pageOf[translations.first + i] = translations.physicalPage[i]! % MACHINE_PAGES;
      machineOf[translations.first + i] = Math.floor(translations.physicalPage[i]! / MACHINE_PAGES);
    }
    const added: Added[] = [];
    /** Events of mapping that become readings. */
    const read = new Map<number, number>();
    const isNew = new Uint8Array(translations.length).fill(1);
    let event = 0;
    const pass = (record: number): void => {
      for (; event < events.length && events.at[event]! <= record; event++) {
        const id = events.arg[event]!;
        if (events.kind[event] === EVENT.pageFreed) content.delete(pageOf[id]!);
        else if (events.kind[event] === EVENT.pageMapped) {
          const how = events.lo[event]!;
          if (id >= translations.first) isNew[id - translations.first] = 0;
          if (how === KNOWN) {
            const block = unread(id);
            if (block >= 0) read.set(event, block);
          } else if (how === FILLED && events.hi[event] !== NO_BLOCK)
            content.set(pageOf[id]!, { block: events.hi[event]!, machines: new Set([machineOf[id]!]) });
          else content.delete(pageOf[id]!);
        }
      }
    };
    if (translations.length > 0)
      for (let segment = 0, record = 0; segment < segments.length; segment++)
        for (const end = segments.end[segment]!; record < end; record++) {
          const id = translation[record]!;
          if (id < translations.first || isNew[id - translations.first] === 0) continue;
          pass(record);
          if (isNew[id - translations.first] === 0) continue;
          isNew[id - translations.first] = 0;
          const block = unread(id);
          if (block >= 0)
            added.push({
              at: record,
              cpu: segments.cpu[segment]!,
              flags: segments.flags[segment]!,
              id,
              block,
            });
        }
    pass(Number.POSITIVE_INFINITY);
    yield added.length + read.size === 0 ? chunk : { ...chunk, events: merged(events, added, read) };
  }
}

/** The events with readings among them: those added, and those of `read` (by event, the block) in place of a mapping. */
function merged(
  events: EventColumns,
  added: readonly Added[],
  read: ReadonlyMap<number, number>,
): EventColumns {
  const length = events.length + 2 * added.length + read.size;
  const into = {
    length,
    at: new Int32Array(length),
    kind: new Uint8Array(length),
    cpu: new Uint8Array(length),
    flags: new Uint8Array(length),
    arg: new Int32Array(length),
    lo: new Uint32Array(length),
    hi: new Uint32Array(length),
  };
  let next = 0;
  const put = (
    from: Omit<Added, 'id' | 'block'>,
    kind: number,
    arg: number,
    lo: number,
    hi: number,
  ): void => {
    into.at[next] = from.at;
    into.kind[next] = kind;
    into.cpu[next] = from.cpu;
    into.flags[next] = from.flags;
    into.arg[next] = arg;
    into.lo[next] = lo;
    into.hi[next] = hi;
    next++;
  };
  const reading = (from: Added): void => {
    // A request's block is hi:lo.
    put(from, EVENT.diskRequest, PAGE_BYTES, from.block, 0);
    put(from, EVENT.pageMapped, from.id, FILLED, from.block);
  };
  let at = 0;
  for (let event = 0; event < events.length; event++) {
    const [record, cpu, flags] = [events.at[event]!, events.cpu[event]!, events.flags[event]!];
    while (at < added.length && added[at]!.at < record) reading(added[at++]!);
    const block = read.get(event);
    const arg = events.arg[event]!;
    if (block !== undefined) reading({ at: record, cpu, flags, id: arg, block });
    else put({ at: record, cpu, flags }, events.kind[event]!, arg, events.lo[event]!, events.hi[event]!);
  }
  while (at < added.length) reading(added[at++]!);
  return into;
}
