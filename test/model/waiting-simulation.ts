import { EVENT, FETCH, SIZE_SHIFT, type Trace } from '../../src/trace/types.ts';
import type { WorkloadInput } from '../../src/trace/workloads/schema.ts';

/** A spinlock simulated event by event, with the stretches of instructions that a trace has in and outside of it. */

/** Instructions of a CPU between locks, and in them, in turn: outside, inside, outside … */
export type Stretches = readonly number[];

/** The stretches of each CPU of a trace with instructions of 4 bytes and one lock. */
export async function stretchesOf(trace: Trace, lock: number): Promise<Stretches[]> {
  const stretches = Array.from({ length: trace.header.cpus }, () => [0]);
  for await (const { segments, events, word } of trace.chunks()) {
    let event = 0;
    let record = 0;
    const turn = (): void => {
      const cpu = events.cpu[event]!;
      if (events.kind[event] === EVENT.lockAcquire || events.kind[event] === EVENT.lockRelease)
        if (events.arg[event] === lock) stretches[cpu]!.push(0);
      event++;
    };
    for (let s = 0; s < segments.length; s++)
      for (; record < segments.end[s]!; record++) {
        while (event < events.length && events.at[event]! <= record) turn();
        const mine = stretches[segments.cpu[s]!]!;
        if ((word[record]! & 3) === FETCH) mine[mine.length - 1]! += word[record]! >>> (SIZE_SHIFT + 2);
      }
    while (event < events.length) turn();
  }
  return stretches;
}

/** First come, first served. Mean wait of an acquisition, by CPU, for ns per instruction outside and inside. */
export function simulateSpin(
  stretches: readonly Stretches[],
  outside_ns: readonly number[],
  inside_ns: readonly number[],
): { readonly waited_ns: number[]; readonly acquisitions: number[] } {
  const next = stretches.map((list, cpu) => list[0]! * outside_ns[cpu]!);
  const at = stretches.map(() => 1);
  const waited_ns = stretches.map(() => 0);
  const acquisitions = stretches.map(() => 0);
  let free = 0;
  for (;;) {
    let cpu = -1;
    for (let c = 0; c < next.length; c++)
      if (at[c]! < stretches[c]!.length && (cpu < 0 || next[c]! < next[cpu]!)) cpu = c;
    if (cpu < 0) return { waited_ns, acquisitions };
    const start = Math.max(next[cpu]!, free);
    waited_ns[cpu]! += start - next[cpu]!;
    acquisitions[cpu]!++;
    free = start + stretches[cpu]![at[cpu]!]! * inside_ns[cpu]!;
    next[cpu] = free + (stretches[cpu]![at[cpu]! + 1] ?? 0) * outside_ns[cpu]!;
    at[cpu]! += 2;
  }
}

/** Jobs that compute and make a system call with one hot spinlock. */
export const oneLock = (hold: number, every: number, protectedBytes = '1K'): WorkloadInput => ({
  name: 'one lock',
  cpus: 8,
  instructions: 4_000_000,
  stretch: 200,
  processes: [
    {
      name: 'job',
      count: 8,
      regions: { text: { bytes: '16K' }, heap: { bytes: '64K' } },
      phases: [
        {
          instructions: 50_000,
          code: { region: 'text', run: 9 },
          fetch: 100,
          data: [{ region: 'heap', load: 20, store: 8, size: 8 }],
        },
      ],
    },
  ],
  kernel: {
    regions: { ktext: { bytes: '32K' }, tables: { bytes: '32K' }, protected: { bytes: protectedBytes } },
    locks: { lock: { kind: 'spin' } },
    services: {
      write: {
        when: { on: 'rate', every, spacing: 'exponential' },
        syscall: 4,
        instructions: hold + 200,
        code: { region: 'ktext', run: 7 },
        fetch: 100,
        data: [{ region: 'tables', load: 10 }],
        privileged: { 'mtc0 status': 4 },
        locks: [{ lock: 'lock', hold, data: [{ region: 'protected', load: 10, size: 8 }] }],
      },
    },
  },
});
