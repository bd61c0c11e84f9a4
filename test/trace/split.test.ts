import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GLOBAL_SPACES, MACHINE_LOCKS, MACHINE_PAGES } from '../../src/trace/compose/identity.ts';
import { splitTrace } from '../../src/trace/compose/split.ts';
import { EVENT, FETCH, LOAD, MAPPED, referenceWord, type Trace } from '../../src/trace/types.ts';
import { traceOf } from '../model/trace-of.ts';
import { randomTrace, type Undo, written } from './compose-traces.ts';

/** Undoes the identity of the virtual machine that a CPU belongs to; a wrong machine's gives nonsense. */
const undoOf =
  ({ header }: Trace) =>
  (cpu: number): Undo => {
    const machine = header.vms!.findIndex(({ firstCpu, cpus }) => cpu >= firstCpu && cpu < firstCpu + cpus);
    const { firstSpace, physicalBase } = header.vms![machine]!;
    return {
      cpu: (c) => c,
      space: (space) => (space < 0 ? space + GLOBAL_SPACES * machine : space - firstSpace),
      page: (page) => page - physicalBase,
      lock: (lock) => lock - machine * MACHINE_LOCKS,
    };
  };

describe('a trace divided among virtual machines', () => {
  test('keeps its records, segments, events and order, with identities of each machine', async () => {
    const counts = fc.constantFrom([4, 2], [4, 4], [6, 3], [2, 2]);
    await fc.assert(
      fc.asyncProperty(
        counts.chain(([cpus, count]) => fc.tuple(randomTrace(cpus!), fc.constant(count!))),
        async ([trace, count]) => {
          const split = splitTrace(trace, count);
          const [before, after] = [
            await written(trace.chunks()),
            await written(split.chunks(), undoOf(split)),
          ];
          expect(after.items).toEqual(before.items);
          expect(after.code).toEqual(before.code);
          expect(split.summary()).toBe(trace.summary());
          // Each translation once in each machine that uses it, and in no other.
          const keys = after.translations.map(({ physical, ...rest }) =>
            JSON.stringify({ physical, ...rest }),
          );
          expect(new Set(keys).size).toBe(keys.length);
          for (const { space, physical } of after.translations) {
            const machine = Math.floor(physical / MACHINE_PAGES);
            expect(machine).toBeLessThan(count);
            const { firstSpace } = split.header.vms![machine]!;
            if (space < 0) expect(space).toBe(-1 - GLOBAL_SPACES * machine);
            else expect(space - firstSpace).toBeLessThan(trace.summary()!.spaces);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('can be read twice', async () => {
    const [trace] = fc.sample(randomTrace(4), { numRuns: 1, seed: 7 });
    const split = splitTrace(trace!, 2);
    expect((await written(split.chunks())).items).toEqual((await written(split.chunks())).items);
  });

  test('a page that two machines use is a page of each; events name the machine’s own', async () => {
    const trace = traceOf({ cpus: 2 }, (builder, chunk) => {
      const id = builder.translate(0, 5, 9, MAPPED);
      for (const cpu of [0, 1, 0]) {
        builder.segment(cpu, 0, 0);
        builder.record(id, referenceWord(LOAD, 0, 8));
        builder.event(EVENT.pageFreed, cpu, id);
        chunk();
      }
    });
    const seen: number[] = [];
    const freed: number[] = [];
    for await (const { translation, translations, events } of splitTrace(trace, 2).chunks()) {
      seen.push(translation[0]!);
      freed.push(events.arg[0]!);
      for (let i = 0; i < translations.length; i++)
        expect(translations.physicalPage[i]! % MACHINE_PAGES).toBe(9);
    }
    expect(seen).toEqual([0, 1, 0]);
    expect(freed).toEqual(seen);
  });

  test('for one virtual machine it is the very same trace', () => {
    const trace = traceOf({ cpus: 3 }, (builder) => {
      builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(FETCH, 0, 4));
    });
    expect(splitTrace(trace, 1)).toBe(trace);
    expect(() => splitTrace(trace, 2)).toThrow(/the 3 CPUs of made up cannot be divided evenly among 2/);
    expect(() => splitTrace(splitTrace(trace, 3), 3)).toThrow(/holds 3 virtual machines already/);
  });
});
