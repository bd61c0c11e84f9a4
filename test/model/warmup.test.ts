import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import type { Tally } from '../../src/model/tally.ts';
import { InputError } from '../../src/trace/errors.ts';
import {
  EVENT,
  MAPPED,
  type ReferenceKind,
  referenceWord,
  SEGMENT_KERNEL,
  SEGMENT_REFILL,
} from '../../src/trace/types.ts';
import { traceOf } from './trace-of.ts';

const systems = [
  systemSchema.parse({ name: 'native' }),
  systemSchema.parse({ name: 'disco', monitor: { patched_hal: false } }),
];

interface Step {
  readonly kind: ReferenceKind;
  readonly page: number;
  readonly line: number;
  readonly flags: number;
  readonly event: boolean;
  readonly cut: boolean;
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<ReferenceKind>(0, 0, 1, 2, 3),
    page: fc.nat(200),
    line: fc.nat(63),
    flags: fc.constantFrom(0, 0, SEGMENT_KERNEL, SEGMENT_REFILL | SEGMENT_KERNEL),
    event: fc.boolean(),
    cut: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 150 },
);

const traceFrom = (list: readonly Step[]) =>
  traceOf({}, (builder, chunk) => {
    for (const step of list) {
      builder.segment(0, step.flags, 0);
      builder.record(
        builder.translate(0, step.page, step.page, MAPPED),
        referenceWord(step.kind, step.line * 64, 8),
      );
      if (step.event) builder.event(EVENT.privileged, 0, 1 | (12 << 8));
      if (step.cut) chunk();
    }
  });

/** All counters of a tally, by row and name. */
const flat = (tally: Tally): Map<string, number> => {
  const map = new Map<string, number>();
  for (const row of tally.rows)
    for (const [name, n] of [...Object.entries(row.counters), ...Object.entries(row.privileged ?? {})])
      map.set(`${row.context}/${row.layer}/${name}`, n);
  return map;
};

describe('warm-up', () => {
  test('what is counted before the cut and after it adds up to the whole', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.double({ min: 0, max: 1, noNaN: true }), async (list, part) => {
        const trace = traceFrom(list);
        const summary = trace.summary()!;
        const warmup = Math.max(0, Math.floor(part * (summary.workloadInstructions - 1)));
        const whole = await replayAll(trace, summary, systems, { warmup: 0 });
        const after = await replayAll(trace, summary, systems, { warmup });
        expect(after.warmup).toBe(warmup);
        // The part before the cut, as a trace of its own: up to the record that holds the last instruction.
        let seen = 0;
        let records = 0;
        while (seen < warmup) {
          const step = list[records++]!;
          if (step.kind === 0 && (step.flags & SEGMENT_REFILL) === 0) seen++;
        }
        const head = traceFrom(list.slice(0, records));
        const before = await replayAll(head, head.summary()!, systems, { warmup: 0 });
        for (const i of systems.keys()) {
          const sum = new Map(flat(before.tallies[i]!));
          for (const [key, n] of flat(after.tallies[i]!)) sum.set(key, (sum.get(key) ?? 0) + n);
          expect(Object.fromEntries([...sum].sort())).toEqual(
            Object.fromEntries([...flat(whole.tallies[i]!)].sort()),
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a warm-up that leaves nothing to count is a mistake', async () => {
    const trace = traceFrom([{ kind: 0, page: 0, line: 0, flags: 0, event: false, cut: false }]);
    for (const warmup of [1, 2])
      await expect(replayAll(trace, trace.summary()!, systems, { warmup })).rejects.toThrow(InputError);
  });

  test('recorded refill episodes are neither replayed nor counted', async () => {
    const trace = traceFrom(
      [SEGMENT_REFILL | SEGMENT_KERNEL, 0, SEGMENT_REFILL | SEGMENT_KERNEL].map((flags, i) => ({
        kind: 0,
        page: i,
        line: 0,
        flags,
        event: true,
        cut: false,
      })),
    );
    const { tallies } = await replayAll(trace, trace.summary()!, systems, { warmup: 0 });
    expect(tallies[0]!.instructions).toBe(1);
    expect(flat(tallies[1]!).get('user/workload/fetch_accesses')).toBe(1);
    expect(flat(tallies[1]!).get('user/privileged/count')).toBe(1);
  });
});
