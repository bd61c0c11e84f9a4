import { serviceName } from '../trace/services.ts';
import {
  MAPPED,
  OFFSET_MASK,
  OFFSET_SHIFT,
  SEGMENT_KERNEL,
  SEGMENT_RDHWR,
  SEGMENT_REFILL,
  SIZE_SHIFT,
  TAIL_BIT,
  type Trace,
} from '../trace/types.ts';
import { eventLine } from './head-events.ts';

const KINDS = ['fetch', 'load', 'store', 'modify'] as const;

/** Lines for people: the first `count` records of a trace with the events among them. */
export async function* headOf(trace: Trace, count: number): AsyncGenerator<string> {
  const virtualPages: number[] = [];
  const physicalPages: number[] = [];
  const flags: number[] = [];
  let left = count;
  const { physical } = trace.header;
  const column = physical ? 'physical address   ' : '';
  yield `     record cpu mode   kind    virtual address    ${column}bytes  service`;
  let done = 0;
  for await (const chunk of trace.chunks()) {
    const { translations, segments, events } = chunk;
    for (let i = 0; i < translations.length; i++) {
      virtualPages.push(translations.virtualPage[i]!);
      physicalPages.push(translations.physicalPage[i]!);
      flags.push(translations.flags[i]!);
    }
    let event = 0;
    let segment = 0;
    for (let i = 0; i < chunk.length && left > 0; i++, left--) {
      while (event < events.length && events.at[event]! <= i) yield eventLine(chunk, event++);
      while (segments.end[segment]! <= i) segment++;
      const id = chunk.translation[i]!;
      const word = chunk.word[i]!;
      const offset = (word >>> OFFSET_SHIFT) & OFFSET_MASK;
      const ofSegment = segments.flags[segment]!;
      const aside =
        (ofSegment & SEGMENT_REFILL) !== 0
          ? ' [refill episode]'
          : (ofSegment & SEGMENT_RDHWR) !== 0
            ? ' [RDHWR trap]'
            : '';
      const service = segments.service[segment]!;
      yield [
        String(done++).padStart(11),
        String(segments.cpu[segment]).padStart(3),
        (ofSegment & SEGMENT_KERNEL) !== 0 ? 'kernel' : 'user  ',
        `${KINDS[word & 3]}${(word & TAIL_BIT) !== 0 ? '+' : ''}`.padEnd(7),
        address(virtualPages[id]!, offset),
        ...(physical
          ? [(flags[id]! & MAPPED) !== 0 ? address(physicalPages[id]!, offset) : 'direct            ']
          : []),
        String(word >>> SIZE_SHIFT).padStart(5),
        ` ${service === 0 ? '' : serviceName(service)}${aside}`,
      ]
        .join(' ')
        .trimEnd();
    }
    if (left === 0) return;
    // Those after the last record.
    while (event < events.length) yield eventLine(chunk, event++);
  }
}

const address = (page: number, offset: number): string =>
  `0x${page.toString(16)}${offset.toString(16).padStart(3, '0')}`.padEnd(18);
