import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutScheduled } from '../../src/model/monitor/scheduling/cut.ts';
import { placeVcpus } from '../../src/model/monitor/scheduling/placement.ts';
import { createSchedule } from '../../src/model/monitor/scheduling/schedule.ts';
import type { ScheduleAction, Scheduled, ScheduleOptions } from '../../src/model/monitor/scheduling/types.ts';
import { workloadInstructions } from '../../src/model/split.ts';
import { composeTraces } from '../../src/trace/compose/compose.ts';
import type { Trace } from '../../src/trace/types.ts';
import {
  createWriter,
  evenTrace,
  type Item,
  LONGEST_RUN,
  randomTrace,
  written,
} from '../trace/compose-traces.ts';
import { copied } from '../trace/store-traces.ts';

const OPTIONS: ScheduleOptions = {
  cpus: 2,
  nodes: 1,
  sliceInstructions: 1000,
  stretch: 100,
  affinity: true,
  balance: true,
  gang: false,
  vmCpus: null,
  stealDelayInstructions: 0,
  farStealDelayInstructions: 0,
  idleInstructions: 0,
  bufferBytes: 2 ** 26,
};

const vmsOf = (traces: readonly Trace[]): Trace =>
  composeTraces(
    {
      sources: traces.map((trace, at) => ({ name: `source ${at}`, trace, summary: trace.summary()! })),
      machines: traces.map((_, at) => at),
    },
    { offset: 0, slice: 100, label: 'test' },
  );

/** One thing that a schedule did: an item of the trace on a CPU, or an action. */
type Ran = Item & { readonly on: number };
type Done = Ran | ScheduleAction;
const isAction = (done: Done): done is ScheduleAction => !('text' in done);
const isRan = (done: Done): done is Ran => 'text' in done;

/** Everything in order, and the schedule's own books. */
async function run(trace: Trace, options: Partial<ScheduleOptions> = {}) {
  const schedule = createSchedule(trace, { ...OPTIONS, ...options });
  const writer = createWriter();
  const done: Done[] = [];
  for await (const { chunk, segmentCpu, eventCpu, actions } of schedule.chunks()) {
    const from = writer.items.length;
    writer.add(chunk);
    let [segment, event, action, record] = [0, 0, 0, 0];
    const act = (): void => {
      for (let next = actions[action]; next && next.segment <= segment && next.event <= event; ) {
        done.push(next);
        next = actions[++action];
      }
    };
    for (const item of writer.items.slice(from)) {
      while (segment < chunk.segments.length && chunk.segments.end[segment]! <= record) segment++;
      act();
      done.push({ ...item, on: item.isEvent ? eventCpu[event]! : segmentCpu[segment]! });
      if (item.isEvent) event++;
      if (!item.isEvent) record++;
    }
    segment = chunk.segments.length;
    event = chunk.events.length;
    act();
    expect(action).toBe(actions.length);
  }
  const items = done.filter(isRan);
  return { done, items, counts: schedule.counts(), schedule };
}

const booleans = fc.record({ affinity: fc.boolean(), balance: fc.boolean(), gang: fc.boolean() });
const settings = fc.record({
  cpus: fc.constantFrom(2, 4),
  nodes: fc.constantFrom(1, 2),
  sliceInstructions: fc.integer({ min: 1, max: 400 }),
  stretch: fc.integer({ min: 1, max: 150 }),
  stealDelayInstructions: fc.nat(300),
  farStealDelayInstructions: fc.nat(300),
  idleInstructions: fc.constantFrom(0, 0, 70, 500),
});

const machines = fc
  .array(fc.constantFrom(1, 1, 2), { minLength: 3, maxLength: 6 })
  .chain((sizes) => fc.tuple(...sizes.map((cpus) => randomTrace(cpus, 60))))
  // Without any instruction time is references, which `written` does not count.
  .filter((traces) => traces.some((trace) => trace.summary()!.workloadInstructions > 0));

describe('a schedule', () => {
  test('loses nothing, doubles nothing, and keeps the order of every vCPU', async () => {
    await fc.assert(
      fc.asyncProperty(machines, settings, booleans, fc.boolean(), async (traces, options, how, apart) => {
        const composed = vmsOf(traces);
        // Read machine by machine, or in the order of a trace.
        const { streams: _, ...together } = composed;
        const trace = apart ? composed : together;
        const { items, counts } = await run(trace, { ...options, ...how });
        const original = (await written(composed.chunks())).items;
        const ran = new Array<number>(trace.header.cpus).fill(0);
        for (const { cpu, time } of items) ran[cpu]! += time;
        for (let cpu = 0; cpu < trace.header.cpus; cpu++)
          expect(items.filter((item) => item.cpu === cpu).map(({ text }) => text)).toEqual(
            original.filter((item) => item.cpu === cpu).map(({ text }) => text),
          );
        expect(items.length).toBe(original.length);
        expect(counts.vcpus.map((vcpu) => vcpu.ran)).toEqual(ran);
        expect(counts.cpus.reduce((sum, cpu) => sum + cpu.ran, 0)).toBe(ran.reduce((a, b) => a + b, 0));
        // The same again.
        const again = await run(trace, { ...options, ...how });
        expect(again.counts).toEqual(counts);
        expect(again.items).toEqual(items);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps machines on their own CPUs, and loses nothing by it', async () => {
    const own = fc.array(fc.subarray([0, 1, 2, 3], { minLength: 1 }), { minLength: 6, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(machines, settings, booleans, own, async (traces, options, how, lists) => {
        const composed = vmsOf(traces);
        const cpus = lists.slice(0, traces.length);
        const { items, schedule } = await run(composed, {
          ...options,
          ...how,
          cpus: 4,
          gang: false,
          vmCpus: cpus,
        });
        const placed = Array.from(schedule.placement);
        for (const [vm, { firstCpu, cpus: vcpus }] of composed.header.vms!.entries())
          for (let cpu = firstCpu; cpu < firstCpu + vcpus; cpu++) {
            expect(cpus[vm]).toContain(placed[cpu]);
            for (const item of items) if (item.cpu === cpu) expect(cpus[vm]).toContain(item.on);
          }
        expect(items.length).toBe((await written(composed.chunks())).items.length);
      }),
      { numRuns: 60 },
    );
  });

  test('runs on a CPU what was switched to there, and a vCPU on one CPU at a time', async () => {
    await fc.assert(
      fc.asyncProperty(machines, settings, booleans, async (traces, options, how) => {
        const trace = vmsOf(traces);
        const { done, counts, schedule } = await run(trace, { ...options, ...how });
        if (schedule.dedicated) return;
        const loaded = new Map<number, number>();
        const where = Array.from(schedule.placement);
        const moves = where.map(() => 0);
        const switches = where.map(() => 0);
        for (const one of done) {
          if (!isAction(one)) {
            expect(loaded.get(one.on)).toBe(one.cpu);
            expect(where[one.cpu]).toBe(one.on);
          } else if (one.kind === 'move') {
            expect(one.from).toBe(where[one.vcpu]);
            if (loaded.get(one.from) === one.vcpu) loaded.delete(one.from);
            where[one.vcpu] = one.to;
            moves[one.vcpu]!++;
          } else if (one.kind === 'switch') {
            expect(one.from).toBe(loaded.get(one.cpu) ?? -1);
            expect(one.to).not.toBe(one.from);
            loaded.set(one.cpu, one.to);
            switches[one.to]!++;
          }
        }
        expect(counts.vcpus.map((vcpu) => vcpu.moves)).toEqual(moves);
        expect(counts.vcpus.map((vcpu) => vcpu.switches)).toEqual(switches);
        if (how.affinity && !how.balance && !how.gang) expect(moves.every((count) => count === 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('passes chunks through as they are where every vCPU has its own CPU', async () => {
    await fc.assert(
      fc.asyncProperty(randomTrace(3), async (source) => {
        const chunks: unknown[] = [];
        const trace: Trace = {
          ...source,
          chunks: async function* () {
            for await (const chunk of source.chunks()) {
              chunks.push(chunk);
              yield chunk;
            }
          },
        };
        const schedule = createSchedule(trace, { ...OPTIONS, cpus: 3 });
        expect(schedule.dedicated).toBe(true);
        let at = 0;
        for await (const { chunk, segmentCpu, eventCpu, actions } of schedule.chunks()) {
          expect(chunk).toBe(chunks[at++]);
          expect(segmentCpu).toBe(chunk.segments.cpu);
          expect(eventCpu).toBe(chunk.events.cpu);
          expect(actions.length).toBe(at === 1 ? 3 : 0);
        }
        expect(schedule.counts().vcpus.every(({ waited, moves }) => waited === 0 && moves === 0)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

describe('slices', () => {
  test('are respected while another vCPU waits, and wait times add up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 20, max: 900 }),
        fc.integer({ min: 20, max: 900 }),
        async (count, sliceInstructions, stretch) => {
          const trace = vmsOf(Array.from({ length: count }, () => evenTrace(6000)));
          const { done, counts } = await run(trace, { cpus: 1, sliceInstructions, stretch });
          let turn = 0;
          const left = new Array<number>(count).fill(6000);
          for (const one of done) {
            if (isAction(one)) turn = 0;
            else {
              turn += one.time;
              left[one.cpu]! -= one.time;
              if (left.some((own, cpu) => own > 0 && cpu !== one.cpu))
                expect(turn).toBeLessThan(sliceInstructions + LONGEST_RUN);
            }
          }
          // On one CPU a vCPU waits while any other runs, until it has ended.
          for (const [vcpu, { waited }] of counts.vcpus.entries()) {
            const last = done.findLastIndex((one) => !isAction(one) && one.cpu === vcpu);
            const others = done
              .slice(0, last)
              .reduce((sum, one) => sum + (isAction(one) || one.cpu === vcpu ? 0 : one.time), 0);
            expect(waited).toBe(others);
          }
          expect(counts.cpus[0]!.idle).toBeLessThanOrEqual(stretch);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('end where the vCPU goes idle; alone it goes on, without a switch', async () => {
    const idle = (): Trace => evenTrace(4000, 1, 100, 300);
    const shared = await run(vmsOf([idle(), idle()]), { cpus: 1, sliceInstructions: 1e6 });
    const turns = shared.counts.vcpus.map(({ switches }) => switches);
    expect(turns).toEqual([10, 10]);
    const longer = await run(vmsOf([idle(), evenTrace(100_000)]), { cpus: 1, sliceInstructions: 1e6 });
    // The other never goes idle: the first waits a slice each time.
    expect(longer.counts.vcpus[1]!.switches).toBe(1);
    const alone = await run({ ...idle(), header: { ...idle().header, cpus: 3 } }, { cpus: 2 });
    expect(alone.counts.vcpus[0]!.switches).toBe(1);
  });

  test('an idle vCPU cannot run for as long as it is said to be idle', async () => {
    const idle = evenTrace(4000, 1, 100, 300);
    const trace = { ...idle, header: { ...idle.header, cpus: 3 } };
    // After the last there is nothing to wait for.
    const events = (await written(idle.chunks())).items.filter(({ isEvent }) => isEvent).length - 1;
    const { counts } = await run(trace, { cpus: 2, idleInstructions: 700, balance: false });
    expect(counts.cpus[0]!.ran).toBe(4000);
    expect(counts.cpus[0]!.idle).toBeGreaterThanOrEqual(events * 700);
    expect(counts.cpus[0]!.idle).toBeLessThan(events * 700 + OPTIONS.stretch + 1);
    expect(counts.vcpus[0]!.waited).toBe(0);
  });
});

describe('balance', () => {
  const uneven = fc.array(fc.integer({ min: 10, max: 3000 }), { minLength: 5, maxLength: 9 });

  /** How long any CPU was idle while a vCPU waited, at most: in instructions that the others ran meanwhile. */
  function idleBesideWaiting(done: readonly Done[], cpus: number, vcpus: number): number {
    const left = new Array<number>(vcpus).fill(0);
    for (const one of done) if (!isAction(one)) left[one.cpu]! += one.time;
    const on = new Array<number>(cpus).fill(-1);
    const debt = new Array<number>(cpus).fill(0);
    let most = 0;
    for (const one of done) {
      if (isAction(one)) {
        if (one.kind === 'idle') on[one.cpu] = -1;
        else if (one.kind === 'switch') on[one.cpu] = one.to;
        continue;
      }
      on[one.on] = one.cpu;
      left[one.cpu]! -= one.time;
      const waiting = left.some((time, vcpu) => time > 0 && !on.includes(vcpu));
      for (let cpu = 0; cpu < cpus; cpu++) {
        debt[cpu] = waiting && on[cpu] === -1 ? debt[cpu]! + one.time : 0;
        most = Math.max(most, debt[cpu]!);
      }
    }
    return most;
  }

  test('no CPU is idle beside a waiting vCPU for more than a stretch', async () => {
    await fc.assert(
      fc.asyncProperty(
        uneven,
        fc.constantFrom(2, 4),
        fc.integer({ min: 20, max: 300 }),
        fc.boolean(),
        async (lengths, cpus, stretch, affinity) => {
          const trace = vmsOf(lengths.map((length) => evenTrace(length)));
          const { done } = await run(trace, { cpus, nodes: 2, stretch, affinity, sliceInstructions: 700 });
          const idle = idleBesideWaiting(done, cpus, lengths.length);
          expect(idle).toBeLessThanOrEqual(2 * cpus * (stretch + LONGEST_RUN));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('takes from its own node first, after the delay, and not without being told to', async () => {
    // Machines go to CPUs 0, 2, 1, 3, 0, 2, 1, 3: what begins on CPU 0 is short, so that CPU 0 has nothing to do.
    const lengths = [100, 30_000, 30_000, 30_000, 100, 30_000, 30_000, 30_000];
    const trace = vmsOf(lengths.map((length) => evenTrace(length)));
    const options = { cpus: 4, nodes: 2, sliceInstructions: 2000 };
    const fast = await run(trace, options);
    expect(Array.from(fast.schedule.placement)).toEqual([0, 2, 1, 3, 0, 2, 1, 3]);
    const thefts = (done: readonly Done[]) =>
      done.flatMap((one) => (isAction(one) && one.kind === 'move' && one.stolen ? [one] : []));
    const first = thefts(fast.done)[0]!;
    expect([first.from, first.to, first.sameNode]).toEqual([1, 0, true]);
    expect(fast.counts.vcpus.reduce((sum, { steals }) => sum + steals, 0)).toBe(thefts(fast.done).length);
    const ranBy = (done: readonly Done[]): number =>
      done
        .slice(0, done.indexOf(thefts(done)[0]!))
        .reduce((sum, one) => sum + (isAction(one) ? 0 : one.time), 0);
    const late = await run(trace, {
      ...options,
      stealDelayInstructions: 5000,
      farStealDelayInstructions: 1e9,
    });
    // Three CPUs run on meanwhile.
    expect(ranBy(late.done) - ranBy(fast.done)).toBeGreaterThan(3 * 4500);
    expect(ranBy(late.done) - ranBy(fast.done)).toBeLessThan(3 * 5500);
    expect(thefts(late.done).every(({ sameNode }) => sameNode)).toBe(true);
    const still = await run(trace, { ...options, balance: false });
    expect(still.counts.vcpus.every(({ moves }) => moves === 0)).toBe(true);
    expect(still.counts.cpus[0]!.idle).toBeGreaterThan(59_000);
    // Without affinity vCPUs wander.
    const wandering = await run(trace, { ...options, affinity: false });
    const moves = (counts: typeof fast.counts) => counts.vcpus.reduce((sum, vcpu) => sum + vcpu.moves, 0);
    expect(moves(wandering.counts)).toBeGreaterThan(2 * moves(fast.counts));
  });
});

describe('gangs', () => {
  test('a machine runs with all of its vCPUs or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(1, 2, 3, 4), { minLength: 2, maxLength: 5 }),
        settings,
        fc.boolean(),
        async (sizes, options, balance) => {
          fc.pre(sizes.reduce((sum, size) => sum + size, 0) > 4);
          const trace = vmsOf(sizes.map((size) => evenTrace(1000, size, 50)));
          // Slots are far longer than a record.
          const stretch = options.stretch + LONGEST_RUN;
          const sliceInstructions = options.sliceInstructions + 100;
          const { done } = await run(trace, {
            ...options,
            stretch,
            sliceInstructions,
            cpus: 4,
            balance,
            gang: true,
            idleInstructions: 0,
          });
          const left = new Array<number>(trace.header.cpus).fill(1000);
          const loaded = new Array<number>(4).fill(-1);
          let [missing, apart] = [0, 0];
          for (const one of done) {
            if (isAction(one)) {
              if (one.kind === 'switch') loaded[one.cpu] = one.to;
              continue;
            }
            const { firstCpu, cpus } = trace.header.vms!.find((vm) => one.cpu < vm.firstCpu + vm.cpus)!;
            const gang = Array.from({ length: cpus }, (_, own) => firstCpu + own);
            for (const vcpu of gang)
              if (left[vcpu]! > 0) {
                if (!loaded.includes(vcpu)) missing++;
                // Side by side: none is further than a stretch before another.
                apart = Math.max(apart, Math.abs(left[vcpu]! - left[one.cpu]!) - stretch);
              }
            left[one.cpu]! -= one.time;
          }
          expect(left.every((time) => time === 0)).toBe(true);
          expect(missing).toBe(0);
          expect(apart).toBeLessThanOrEqual(2 * LONGEST_RUN);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('nobody starves: machines get the same time', async () => {
    const trace = vmsOf([
      evenTrace(20_000, 3),
      evenTrace(20_000, 2),
      evenTrace(20_000, 3),
      evenTrace(20_000, 2),
    ]);
    const { done } = await run(trace, { cpus: 4, gang: true, sliceInstructions: 500, stretch: 50 });
    const ran = new Array<number>(4).fill(0);
    for (const one of done) {
      if (isAction(one) || Math.max(...ran) > 15_000) continue;
      const machine = trace.header.vms!.findIndex((vm) => one.cpu < vm.firstCpu + vm.cpus);
      ran[machine]! += one.time / trace.header.vms![machine]!.cpus;
    }
    // The two of two CPUs fit beside each other.
    expect(Math.min(...ran)).toBeGreaterThan(0.9 * Math.max(...ran));
  });

  test('a machine with more vCPUs than CPUs cannot be one', () => {
    expect(() => createSchedule(evenTrace(100, 3), { ...OPTIONS, gang: true })).toThrow(
      /virtual machine 0 has 3 CPUs and the machine 2/,
    );
  });
});

describe('memory', () => {
  test('is bounded: what one trace keeps back is limited and said', async () => {
    const trace = evenTrace(200_000, 4);
    const fine = await run(trace, { cpus: 1, sliceInstructions: 2000 });
    // Some chunks, of a trace that takes 1.3 MB.
    expect(fine.counts.bufferedBytes).toBeLessThan(600_000);
    await expect(run(trace, { cpus: 1, sliceInstructions: 100_000, bufferBytes: 100_000 })).rejects.toThrow(
      /lower the time slice \(now 100000 instructions\)/,
    );
  });

  test('machines of one CPU are read when they run: nothing is kept', async () => {
    const trace = vmsOf(Array.from({ length: 4 }, () => evenTrace(100_000)));
    const { counts } = await run(trace, { cpus: 1, sliceInstructions: 50_000, bufferBytes: 1 });
    expect(counts.bufferedBytes).toBe(0);
  });

  test('a vCPU that its trace keeps waiting does not hold up the others', async () => {
    // CPU 1 has something only at the very end.
    const early = evenTrace(1_000_000);
    const late = evenTrace(1000);
    const trace = vmsOf([early, late, early]);
    const { streams: _, ...rest } = trace;
    const serial: Trace = {
      ...rest,
      chunks: async function* () {
        for (const at of [0, 2, 1])
          for await (const chunk of vmsOf([early, late, early]).streams!()[at]!) yield chunk;
      },
    };
    const writer = createWriter();
    const schedule = createSchedule(
      { ...serial, chunks: () => renumbered(serial.chunks()) },
      { ...OPTIONS, cpus: 1, bufferBytes: 1_000_000, sliceInstructions: 3000 },
    );
    for await (const { chunk } of schedule.chunks())
      writer.add({ ...chunk, translations: { ...chunk.translations } });
    expect(writer.items.length).toBe((await written(trace.chunks())).items.length);
  });
});

/** The same records with all translations given in the first chunk. */
async function* renumbered(chunks: AsyncIterable<Scheduled['chunk']>): AsyncGenerator<Scheduled['chunk']> {
  let first = true;
  for await (const chunk of chunks) {
    const { translations } = chunk;
    const table = {
      first: 0,
      length: 3,
      space: Int32Array.of(0, 1, 2),
      virtualPage: Float64Array.of(1, 1, 1),
      physicalPage: Float64Array.of(1, 2, 3),
      flags: Uint8Array.of(1, 1, 1),
    };
    const cpu = chunk.segments.cpu[0] ?? 0;
    yield {
      ...chunk,
      translation: chunk.translation.map(() => cpu),
      translations: first ? table : { ...translations, first: 3, length: 0 },
    };
    first = false;
  }
}

describe('placement', () => {
  test('is even, and a machine’s vCPUs are on different CPUs near each other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 12 }),
        fc.constantFrom([8, 1], [8, 4], [4, 2], [16, 4]),
        (sizes, [cpus, nodes]) => {
          let firstCpu = 0;
          const machines = sizes.map((own) => {
            const range = { firstCpu, cpus: own };
            firstCpu += own;
            return range;
          });
          const placement = placeVcpus(machines, cpus!, nodes!);
          const load = new Array<number>(cpus!).fill(0);
          for (const cpu of placement) load[cpu]!++;
          expect(Math.max(...load) - Math.min(...load)).toBeLessThanOrEqual(1);
          for (const { firstCpu: from, cpus: own } of machines) {
            const at = placement.slice(from, from + own);
            if (own <= cpus!) expect(new Set(at).size).toBe(own);
          }
          if (firstCpu === cpus) expect(Array.from(placement)).toEqual(load.map((_, cpu) => cpu));
        },
      ),
    );
    const two = [
      { firstCpu: 0, cpus: 2 },
      { firstCpu: 2, cpus: 2 },
    ];
    expect(Array.from(placeVcpus(two, 8, 4))).toEqual([0, 1, 2, 3]);
    expect(Array.from(placeVcpus(two, 8, 2))).toEqual([0, 1, 4, 5]);
  });
});

test('a scheduled chunk can be cut where warm-up ends', async () => {
  const trace = vmsOf([evenTrace(3000), evenTrace(3000), evenTrace(3000)]);
  const schedule = createSchedule(trace, OPTIONS);
  for await (const scheduled of schedule.chunks()) {
    const whole = { ...scheduled, chunk: copied(scheduled.chunk) };
    const total = workloadInstructions(whole.chunk);
    for (const at of [1, 555, 4321, total]) {
      const { head, tail, instructions } = cutScheduled(whole, at, 4);
      expect(workloadInstructions(head.chunk)).toBe(instructions);
      expect(workloadInstructions(tail.chunk)).toBe(total - instructions);
      const cpus = ({ chunk, segmentCpu }: Scheduled): number[] =>
        Array.from(chunk.segments.end.slice(0, chunk.segments.length)).flatMap((end, s, ends) =>
          new Array<number>(end - (ends[s - 1] ?? 0)).fill(segmentCpu[s]!),
        );
      expect([...cpus(head), ...cpus(tail)]).toEqual(cpus(whole));
      expect(head.actions.length + tail.actions.length).toBe(whole.actions.length);
      for (const { segment } of tail.actions) expect(segment).toBeLessThanOrEqual(tail.chunk.segments.length);
    }
  }
});

test('options that are none are refused', () => {
  const trace = evenTrace(100, 3);
  expect(() => createSchedule(trace, { ...OPTIONS, sliceInstructions: 0 })).toThrow(/sliceInstructions 0/);
  expect(() => createSchedule(trace, { ...OPTIONS, cpus: 3, nodes: 2 })).toThrow(
    /evenly divided by the 2 nodes/,
  );
});
