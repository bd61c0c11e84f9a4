import fc from 'fast-check';
import type { TraceBuilder } from '../../src/trace/builder.ts';
import {
  type Chunk,
  EVENT,
  FETCH,
  GLOBAL,
  LOAD,
  MAPPED,
  MODIFY,
  referenceWord,
  SEGMENT_REFILL,
  SIZE_SHIFT,
  STORE,
  TAIL_BIT,
  type Trace,
} from '../../src/trace/types.ts';
import { traceOf } from '../model/trace-of.ts';

/** Random multi-CPU traces with all that a trace can have, and what they hold written down item by item. */

type Step = (builder: TraceBuilder, chunk: () => void) => void;

const SPACES = 2;
/** Longest run of fetches that is one record. */
export const LONGEST_RUN = 20;

const step = (cpus: number): fc.Arbitrary<Step> => {
  const cpu = fc.nat(cpus - 1);
  const page = fc.nat(6);
  const space = fc.constantFrom(-1, ...Array.from({ length: SPACES }, (_, s) => s));
  const translated = (builder: TraceBuilder, of: number, at: number, moved: number): number =>
    builder.translate(of, at, 100 + at * 3 + moved, of < 0 ? GLOBAL : MAPPED);
  return fc.oneof(
    {
      weight: 10,
      arbitrary: fc
        .record({
          space,
          page,
          moved: fc.nat(1),
          count: fc.integer({ min: 1, max: LONGEST_RUN }),
          data: fc.nat(3),
        })
        .map(
          ({ space: of, page: at, moved, count, data }): Step =>
            (builder) => {
              const id = translated(builder, of, at, moved);
              builder.record(id, referenceWord(FETCH, 64, 4 * count));
              if (data > 0) builder.record(id, referenceWord([LOAD, STORE, MODIFY][data - 1]! as 1, 256, 8));
              // A reference that crosses into the next page.
              if (data === 2) {
                builder.record(id, referenceWord(LOAD, 4092, 4));
                builder.record(translated(builder, of, at + 1, 0), referenceWord(LOAD, 0, 4, true));
              }
            },
        ),
    },
    {
      weight: 3,
      arbitrary: fc.record({ cpu, flags: fc.constantFrom(0, 1, 1 | SEGMENT_REFILL), service: fc.nat(3) }).map(
        ({ cpu: c, flags, service }): Step =>
          (builder) =>
            builder.segment(c, flags, service),
      ),
    },
    {
      weight: 3,
      arbitrary: fc
        .record({
          cpu,
          kind: fc.constantFrom(EVENT.privileged, EVENT.idle, EVENT.diskRequest),
          lo: fc.nat(9),
        })
        .map(
          ({ cpu: c, kind, lo }): Step =>
            (builder) =>
              builder.event(kind, c, lo, lo),
        ),
    },
    {
      weight: 1,
      arbitrary: fc.record({ cpu, lock: fc.nat(4) }).map(
        ({ cpu: c, lock }): Step =>
          (builder) => {
            builder.event(EVENT.lockAcquire, c, lock);
            builder.event(EVENT.lockRelease, c, lock);
          },
      ),
    },
    {
      weight: 1,
      arbitrary: fc.record({ cpu, space: fc.nat(SPACES - 1) }).map(
        ({ cpu: c, space: of }): Step =>
          (builder) =>
            builder.event(EVENT.spaceSwitch, c, of, 7),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.record({ cpu, space, page }).map(
        ({ cpu: c, space: of, page: at }): Step =>
          (builder) => {
            builder.event(EVENT.pageMapped, c, translated(builder, of, at, 0), 2, 5);
          },
      ),
    },
    {
      weight: 1,
      arbitrary: page.map(
        (at): Step =>
          (builder) => {
            builder.code(100 + at, 8, 2, Uint8Array.of(at, 1), 0);
          },
      ),
    },
    { weight: 1, arbitrary: fc.constant<Step>((_, chunk) => chunk()) },
  );
};

/** A random trace of so many CPUs. */
export const randomTrace = (cpus: number, longest = 120): fc.Arbitrary<Trace> =>
  fc.array(step(cpus), { minLength: 1, maxLength: longest }).map((steps) =>
    traceOf({ cpus, instructionBytes: 4, name: `made ${steps.length}` }, (builder, chunk) => {
      // Every space is there, so that spaces are counted right.
      for (let space = 0; space < SPACES; space++)
        builder.record(builder.translate(space, 50, 60, MAPPED), referenceWord(LOAD, 0, 4));
      for (const one of steps) one(builder, chunk);
    }),
  );

/** One record or event as text, with everything that it means but which of several like it it is. */
export interface Item {
  readonly cpu: number;
  readonly text: string;
  /** Instructions that a replay counts for it. */
  readonly time: number;
  /** Whether it is a fetch, of which one that another reference's tail cannot follow. */
  readonly fetch: boolean;
  readonly isEvent: boolean;
}

/** How a machine's identities are undone. */
export interface Undo {
  readonly cpu: (cpu: number) => number;
  readonly space: (space: number) => number;
  readonly page: (page: number) => number;
  readonly lock: (lock: number) => number;
}

export const AS_IT_IS: Undo = { cpu: (c) => c, space: (s) => s, page: (p) => p, lock: (l) => l };

/** Writes a trace down. `undo` by CPU. Segment counts are checked against the records. */
export function createWriter(undo: (cpu: number) => Undo = () => AS_IT_IS) {
  const translations: { space: number; virtual: number; physical: number; flags: number }[] = [];
  const items: Item[] = [];
  const code: string[] = [];
  const add = (chunk: Chunk): void => {
    const { segments, events, translations: t } = chunk;
    if (t.length > 0 && t.first !== translations.length) throw new Error('translations out of order');
    for (let i = 0; i < t.length; i++)
      translations.push({
        space: t.space[i]!,
        virtual: t.virtualPage[i]!,
        physical: t.physicalPage[i]!,
        flags: t.flags[i]!,
      });
    const written = (by: Undo, id: number): string => {
      const { space, virtual, physical, flags } = translations[id]!;
      return `${by.space(space)}:${virtual}→${by.page(physical)}/${flags}`;
    };
    let event = 0;
    const addEvent = (): void => {
      const cpu = events.cpu[event]!;
      const by = undo(cpu);
      const kind = events.kind[event]!;
      const arg = events.arg[event]!;
      const what =
        kind === EVENT.unmap || kind === EVENT.pageMapped
          ? written(by, arg)
          : kind === EVENT.spaceSwitch
            ? by.space(arg)
            : kind === EVENT.lockAcquire || kind === EVENT.lockRelease
              ? by.lock(arg)
              : arg;
      const text = `event ${kind} cpu ${by.cpu(cpu)} ${events.flags[event]} ${what} ${events.lo[event]} ${events.hi[event]}`;
      items.push({ cpu, text, time: 0, fetch: false, isEvent: true });
      event++;
    };
    let used = 0;
    for (let i = 0; i < chunk.code.length; i++) {
      const count = chunk.code.count[i]!;
      code.push(
        `${chunk.code.physicalPage[i]} ${chunk.code.offset[i]} ${chunk.code.classes.slice(used, used + count)}`,
      );
      used += count;
    }
    let start = 0;
    for (let s = 0; s < segments.length; s++) {
      const cpu = segments.cpu[s]!;
      const by = undo(cpu);
      const sums = { instructions: 0, loads: 0, stores: 0 };
      for (let i = start; i < segments.end[s]!; i++) {
        while (event < events.length && events.at[event]! <= i) addEvent();
        const word = chunk.word[i]!;
        const kind = word & 3;
        const tail = (word & TAIL_BIT) !== 0;
        const count = kind === FETCH && !tail ? word >>> (SIZE_SHIFT + 2) : 0;
        if (!tail) {
          sums.instructions += count;
          sums.loads += Number(kind === LOAD || kind === MODIFY);
          sums.stores += Number(kind === STORE || kind === MODIFY);
        }
        const aside = (segments.flags[s]! & SEGMENT_REFILL) !== 0;
        items.push({
          cpu,
          text: `${word} ${written(by, chunk.translation[i]!)} cpu ${by.cpu(cpu)} ${segments.flags[s]} ${segments.service[s]}`,
          time: aside ? 0 : count,
          fetch: kind === FETCH && !tail,
          isEvent: false,
        });
      }
      const told = [segments.instructions[s], segments.loads[s], segments.stores[s]].join();
      if (told !== Object.values(sums).join())
        throw new Error(`segment counts ${told}: ${Object.values(sums)}`);
      start = segments.end[s]!;
    }
    if (start !== chunk.length) throw new Error('segments do not cover the chunk');
    while (event < events.length) addEvent();
  };
  return { add, items, code, translations };
}

export async function written(chunks: AsyncIterable<Chunk>, undo?: (cpu: number) => Undo) {
  const writer = createWriter(undo);
  for await (const chunk of chunks) writer.add(chunk);
  return writer;
}

/** A trace of one CPU with so many instructions in runs of 10, an operand after each. */
export function evenTrace(instructions: number, cpus = 1, stretch = 500, idleEvery = 0): Trace {
  return traceOf({ cpus, instructionBytes: 4, name: `even ${instructions}` }, (builder, chunk) => {
    let sinceIdle = 0;
    for (let done = 0; done < instructions; ) {
      const turn = Math.min(stretch, instructions - done);
      for (let cpu = 0; cpu < cpus; cpu++) {
        builder.segment(cpu, 0, 0);
        const id = builder.translate(0, 10 + cpu, 20 + cpu, MAPPED);
        for (let left = turn; left > 0; left -= 10) {
          builder.record(id, referenceWord(FETCH, 0, 4 * Math.min(10, left)));
          builder.record(id, referenceWord(LOAD, 128, 8));
        }
        if (idleEvery > 0 && sinceIdle >= idleEvery) builder.event(EVENT.idle, cpu, 0);
      }
      sinceIdle = sinceIdle >= idleEvery ? 0 : sinceIdle + turn;
      done += turn;
      if (builder.full()) chunk();
    }
  });
}
