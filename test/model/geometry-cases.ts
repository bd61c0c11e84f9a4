/** Random traces and lists of systems that differ in cache geometry, for `geometry.test.ts`. */
import fc from 'fast-check';
import { type System, type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import {
  EVENT,
  GLOBAL,
  KERNEL,
  MAPPED,
  type ReferenceKind,
  referenceWord,
  type Trace,
  UNCACHED,
} from '../../src/trace/types.ts';
import { traceOf } from './trace-of.ts';

export const power = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((exponent) => 2 ** exponent);

const EVENTS = [
  [EVENT.privileged, 1 | (12 << 8)],
  [EVENT.syscall, 5001],
  [EVENT.exception, 8],
  [EVENT.interrupt, 7],
  [EVENT.device, 4],
  [EVENT.spaceSwitch, 1],
  [EVENT.tlbFlush, 0],
  [EVENT.lockAcquire, 3],
  [EVENT.lockRelease, 3],
  [EVENT.diskRequest, 4096],
] as const;

const references = fc.array(
  fc.record({
    kind: fc.constantFrom<ReferenceKind>(0, 0, 1, 1, 2, 3),
    space: fc.constantFrom(0, 0, 1),
    page: fc.nat({ max: 12 }),
    alias: fc.nat({ max: 3 }),
    offset: fc.oneof(fc.nat({ max: 255 }), fc.nat({ max: 4095 })),
    size: fc.constantFrom(1, 4, 8, 16, 64),
    event: fc.option(fc.constantFrom(...EVENTS), { freq: 12 }),
  }),
  { minLength: 1, maxLength: 50 },
);

/** Segments, some of which go over the same references again. */
const stretches = fc.array(
  fc.record({
    flags: fc.constantFrom(0, 0, 0, 1, 1, 2, 4),
    service: fc.constantFrom(0, 0, 4 << 12),
    times: fc.integer({ min: 1, max: 4 }),
    cut: fc.boolean(),
    references,
  }),
  { minLength: 1, maxLength: 12 },
);

type Stretches = typeof stretches extends fc.Arbitrary<infer T> ? T : never;

function traceFrom(list: Stretches, instructionBytes: 0 | 4, level: 'user' | 'system', cpus: number): Trace {
  return traceOf({ instructionBytes, level, cpus, physical: level === 'system' }, (builder, chunk) => {
    let cpu = 0;
    for (const { flags, service, times, cut, references: body } of list) {
      cpu = (cpu + 1) % cpus;
      for (let time = 0; time < times; time++) {
        builder.segment(cpu, flags, service);
        for (const { kind, space, page, alias, offset, size, event } of body) {
          if (event !== null) builder.event(event[0], cpu, event[1]);
          // Two virtual pages to a physical one, and pages that the TLB does not translate.
          const at = kind === 0 && instructionBytes === 4 ? offset & ~3 : offset;
          const bytes = kind === 0 && instructionBytes === 4 ? Math.max(4, size) : size;
          const id =
            page === 12
              ? builder.translate(-1, 0x5000 + alias, alias, UNCACHED | KERNEL | GLOBAL)
              : page === 11
                ? builder.translate(-1, 0x8000 + alias, alias, KERNEL | GLOBAL)
                : builder.translate(space, page, (page >> 1) + (space === 1 ? alias : 0), MAPPED);
          const here = Math.min(bytes, 4096 - at);
          builder.record(id, referenceWord(kind, at, here));
          // Over the end of the page: the rest is a record of its own.
          if (here < bytes && kind !== 0)
            builder.record(
              builder.translate(space, page + 1, (page + 1) >> 1, MAPPED),
              referenceWord(kind, 0, bytes - here, true),
            );
        }
      }
      if (cut) chunk();
    }
  });
}

export const traces = fc
  .record({
    list: stretches,
    instructionBytes: fc.constantFrom<0 | 4>(0, 4),
    level: fc.constantFrom<'user' | 'system'>('system', 'user'),
    cpus: fc.constantFrom(1, 1, 2),
  })
  .map(({ list, instructionBytes, level, cpus }) => traceFrom(list, instructionBytes, level, cpus));

const cache = (line: number) =>
  fc.tuple(power(0, 5), power(0, 4)).map(([sets, ways]) => ({ size: sets * ways * line, ways, line }));

/** Systems that all agree in everything but the geometry of caches. */
export const systemLists = fc
  .record({
    fetchLine: power(4, 7),
    dataLine: power(4, 7),
    oneLine: fc.boolean(),
    l2Factor: power(0, 2),
    levels: fc.constantFrom('l1' as const, 'l2' as const, 'both' as const, 'both' as const),
    counting: fc.constantFrom(
      'vmtax' as const,
      'dinero' as const,
      'drcachesim' as const,
      'cachegrind' as const,
      'cachegrind' as const,
    ),
    tlb: fc.option(
      fc.record({
        entries: fc.integer({ min: 2, max: 9 }),
        pairs: fc.boolean(),
        tags: fc.constantFrom('asid' as const, 'none' as const),
        replacement: fc.constantFrom('random' as const, 'lru' as const),
      }),
    ),
    inclusive: fc.boolean(),
    vary: fc.boolean(),
    overlay: fc.boolean(),
    monitor: fc.boolean(),
    rdhwr: fc.constantFrom('keep' as const, 'drop' as const),
    many: fc.integer({ min: 2, max: 6 }),
  })
  .chain(({ many, ...m }) => {
    const dataLine = m.oneLine ? m.fetchLine : m.dataLine;
    const l2Line = Math.max(m.fetchLine, dataLine) * m.l2Factor;
    const l1s = fc.record({ l1i: cache(m.fetchLine), l1d: cache(dataLine) });
    return fc
      .record({
        fixed: l1s,
        l1s: fc.array(l1s, { minLength: many, maxLength: many }),
        l2s: fc.array(cache(l2Line), { minLength: many, maxLength: many }),
      })
      .map((g): System[] => {
        const counting = m.levels === 'l2' && m.counting === 'cachegrind' ? 'vmtax' : m.counting;
        return Array.from({ length: many }, (_, at) => {
          const l1s = m.levels === 'l1' || m.vary ? g.l1s[at]! : g.fixed;
          const inclusive = m.inclusive && counting === 'vmtax';
          const size = Math.max(g.l2s[at]!.size, l1s.l1i.size, l1s.l1d.size);
          const l2 = { ...g.l2s[at]!, size: inclusive ? size : g.l2s[at]!.size, inclusive };
          const input: SystemInput = {
            name: `system ${at}`,
            machine: {
              cpus: 1,
              cpu_assignment: 'round-robin',
              nodes: 1,
              counting,
              tlb: m.tlb,
              ...(m.levels === 'l2' ? { l1i: null, l1d: null } : l1s),
              l2: m.levels === 'l1' ? null : l2,
            },
            os: { overlay: m.overlay, rdhwr: m.rdhwr, timer_instructions: 40 },
            ...(m.monitor ? { monitor: {} } : {}),
          };
          return systemSchema.parse(input);
        });
      });
  });

/** The first chunks of a trace. (Its summary stays the whole trace's.) */
export function beginning(trace: Trace, chunks: number): Trace {
  return {
    ...trace,
    chunks: async function* (options) {
      let left = chunks;
      if (left > 0)
        for await (const chunk of trace.chunks(options)) {
          yield chunk;
          if (--left === 0) return;
        }
    },
  };
}
