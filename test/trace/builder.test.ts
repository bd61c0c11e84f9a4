import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_RESERVE, createTraceBuilder, type TraceBuilder } from '../../src/trace/builder.ts';
import {
  CHUNK_RECORDS,
  type Chunk,
  EVENT,
  FETCH,
  GLOBAL,
  KERNEL,
  LOAD,
  MAPPED,
  MODIFY,
  type ReferenceKind,
  referenceWord,
  SEGMENT_KERNEL,
  SEGMENT_RDHWR,
  SEGMENT_REFILL,
  STORE,
  TAIL_BIT,
} from '../../src/trace/types.ts';

const user = (): TraceBuilder => createTraceBuilder({ instructionBytes: 0 });
const system = (): TraceBuilder => createTraceBuilder({ instructionBytes: 4 });

/** Records of a chunk: virtual page and word taken apart. */
function records(chunk: Chunk) {
  const { translations: t } = chunk;
  return Array.from({ length: chunk.length }, (_, i) => {
    const word = chunk.word[i]!;
    return {
      page: t.virtualPage[chunk.translation[i]! - t.first]!,
      kind: word & 3,
      tail: (word & TAIL_BIT) !== 0,
      offset: (word >>> 3) & 4095,
      size: word >>> 15,
    };
  });
}

function segments({ segments: s }: Chunk) {
  return Array.from({ length: s.length }, (_, i) => ({
    end: s.end[i]!,
    cpu: s.cpu[i]!,
    flags: s.flags[i]!,
    service: s.service[i]!,
    instructions: s.instructions[i]!,
    loads: s.loads[i]!,
    stores: s.stores[i]!,
  }));
}

const eventsOf = ({ events: e }: Chunk) =>
  Array.from({ length: e.length }, (_, i) => ({
    at: e.at[i]!,
    kind: e.kind[i]!,
    cpu: e.cpu[i]!,
    flags: e.flags[i]!,
    arg: e.arg[i]!,
    lo: e.lo[i]!,
    hi: e.hi[i]!,
  }));

const kinds = fc.constantFrom<ReferenceKind>(FETCH, LOAD, STORE, MODIFY);

describe('access', () => {
  it('splits a reference where it crosses pages, into a head and tails that make it up', () => {
    const address = fc.oneof(
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.bigInt({ min: 0n, max: 200n }).map((d) => (1n << 64n) - 1n - d), // wraps
      fc.bigInt({ min: 0n, max: 9000n }),
    );
    const reference = fc.record({
      kind: kinds,
      address,
      size: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 20_000 })),
    });
    fc.assert(
      fc.property(fc.array(reference, { minLength: 1, maxLength: 20 }), (references) => {
        const builder = user();
        for (const { kind, address: a, size } of references) {
          builder.access(kind, Number(a & 0xffffffffn), Number(a >> 32n), size);
        }
        const chunk = builder.take();
        const found: { kind: number; address: bigint; size: number }[] = [];
        for (const r of records(chunk)) {
          expect(r.offset + r.size).toBeLessThanOrEqual(4096);
          const start = (BigInt(r.page) << 12n) + BigInt(r.offset);
          const last = found.at(-1);
          if (!r.tail) found.push({ kind: r.kind, address: start, size: r.size });
          else {
            expect(r.kind).toBe(last!.kind);
            expect(start).toBe((last!.address + BigInt(last!.size)) & ((1n << 64n) - 1n));
            last!.size += r.size;
          }
        }
        expect(found).toEqual(references);
        const count = (...which: number[]) => references.filter((r) => which.includes(r.kind)).length;
        expect(builder.summary({})).toMatchObject({
          records: chunk.length,
          instructions: count(FETCH),
          loads: count(LOAD, MODIFY),
          stores: count(STORE, MODIFY),
          workloadInstructions: count(FETCH),
          spaces: 1,
          refill: null,
        });
      }),
    );
  });

  it('uses one translation per page, mapped, physical equal to virtual', () => {
    const builder = user();
    for (const kind of [FETCH, LOAD, STORE] as const) builder.access(kind, 0x1000 + kind, 5, 1);
    const chunk = builder.take();
    expect([...chunk.translation]).toEqual([0, 0, 0]);
    const { translations: t } = chunk;
    expect([t.length, t.space[0], t.virtualPage[0], t.physicalPage[0], t.flags[0]]).toEqual([
      1,
      0,
      5 * 2 ** 20 + 1,
      5 * 2 ** 20 + 1,
      MAPPED,
    ]);
  });
});

describe('translate', () => {
  it('gives dense ids, tells of every remap, and takes up an old id when a page is mapped back', () => {
    const step = fc.record({
      space: fc.integer({ min: -1, max: 2 }),
      page: fc.constantFrom(0, 1, 7, 2 ** 32, 2 ** 52 - 1),
      to: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const builder = system();
        const ids = new Map<string, number>();
        const current = new Map<string, number>();
        const unmapped: number[] = [];
        for (const { space, page, to } of steps) {
          const flags = space < 0 ? GLOBAL | KERNEL : MAPPED;
          const id = builder.translate(space, page, to, flags);
          const known = ids.get(`${space} ${page} ${to}`);
          expect(id).toBe(known ?? ids.size);
          ids.set(`${space} ${page} ${to}`, id);
          const before = current.get(`${space} ${page}`);
          if (before !== undefined && before !== id) unmapped.push(before);
          current.set(`${space} ${page}`, id);
        }
        const chunk = builder.take();
        expect(eventsOf(chunk).map((e) => [e.kind, e.arg])).toEqual(unmapped.map((id) => [EVENT.unmap, id]));
        expect(chunk.translations.length).toBe(ids.size);
        const { translations: t } = chunk;
        for (const [key, id] of ids)
          expect(`${t.space[id]} ${t.virtualPage[id]} ${t.physicalPage[id]}`).toBe(key);
        expect(builder.summary({}).translations).toBe(ids.size);
      }),
    );
  });

  it('holds many pages', () => {
    const builder = system();
    for (let i = 0; i < 20_000; i++) expect(builder.translate(i % 3, i * 977, i, MAPPED)).toBe(i);
    for (let i = 0; i < 20_000; i++) expect(builder.translate(i % 3, i * 977, i, MAPPED)).toBe(i);
    expect(builder.summary({})).toMatchObject({ translations: 20_000, spaces: 3, events: 0 });
  });

  it('delivers each translation with the chunk that is the first to use it', () => {
    const builder = system();
    builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(LOAD, 0, 4));
    expect(builder.take().translations).toMatchObject({ first: 0, length: 1 });
    builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(LOAD, 0, 4));
    builder.record(builder.translate(0, 2, 2, MAPPED), referenceWord(LOAD, 0, 4));
    const { translations: t, translation } = builder.take();
    expect([t.first, t.length, t.virtualPage[0]]).toEqual([1, 1, 2]);
    expect([...translation]).toEqual([0, 1]);
  });
});

describe('segments', () => {
  it('divide the records with their counts, over any chunks', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('segment' as const),
        cpu: fc.nat(2),
        flags: fc.nat(7),
        service: fc.nat(2),
      }),
      fc.record({
        do: fc.constant('record' as const),
        kind: kinds,
        count: fc.integer({ min: 1, max: 9 }),
        tail: fc.boolean(),
      }),
      fc.record({ do: fc.constant('event' as const) }),
      fc.record({ do: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const builder = system();
        const page = builder.translate(0, 1, 1, MAPPED);
        let now = { cpu: 0, flags: 0, service: 0 };
        const sum = { instructions: 0, loads: 0, stores: 0, workload: 0, records: 0, events: 0 };
        const expected: { cpu: number; flags: number; service: number; kind: number }[] = [];
        const found: typeof expected = [];
        const take = (): void => {
          const chunk = builder.take();
          let start = 0;
          for (const s of segments(chunk)) {
            expect(s.end).toBeGreaterThan(start);
            const counts = { instructions: 0, loads: 0, stores: 0 };
            for (; start < s.end; start++) {
              const word = chunk.word[start]!;
              const kind = word & 3;
              found.push({ cpu: s.cpu, flags: s.flags, service: s.service, kind });
              if ((word & TAIL_BIT) !== 0) continue;
              if (kind === FETCH) counts.instructions += (word >>> 15) / 4;
              if (kind === LOAD || kind === MODIFY) counts.loads++;
              if (kind === STORE || kind === MODIFY) counts.stores++;
            }
            expect(s).toMatchObject(counts);
          }
          expect(start).toBe(chunk.length);
          for (const e of eventsOf(chunk)) expect(e.at).toBeLessThanOrEqual(chunk.length);
        };
        for (const s of steps) {
          if (s.do === 'segment') {
            now = { cpu: s.cpu, flags: s.flags, service: s.service };
            builder.segment(s.cpu, s.flags, s.service);
          } else if (s.do === 'record') {
            builder.record(page, referenceWord(s.kind, 0, s.count * 4, s.tail));
            expected.push({ ...now, kind: s.kind });
            sum.records++;
            if (s.tail) continue;
            const instructions = s.kind === FETCH ? s.count : 0;
            sum.instructions += instructions;
            if ((now.flags & SEGMENT_REFILL) === 0) sum.workload += instructions;
            if (s.kind === LOAD || s.kind === MODIFY) sum.loads++;
            if (s.kind === STORE || s.kind === MODIFY) sum.stores++;
          } else if (s.do === 'event') {
            builder.event(EVENT.mark, 0, 0);
            sum.events++;
          } else take();
        }
        take();
        expect(builder.empty()).toBe(true);
        expect(found).toEqual(expected);
        const { workload, ...rest } = sum;
        expect(builder.summary({ a: 1 })).toMatchObject({
          ...rest,
          workloadInstructions: workload,
          totals: { a: 1 },
        });
      }),
    );
  });

  it('mark the events within them', () => {
    const builder = system();
    builder.segment(1, SEGMENT_KERNEL | SEGMENT_RDHWR, 3);
    builder.event(EVENT.privileged, 1, 13 << 8, 0xffffffff, 0x80000000);
    expect(eventsOf(builder.take())).toEqual([
      {
        at: 0,
        kind: EVENT.privileged,
        cpu: 1,
        flags: SEGMENT_KERNEL | SEGMENT_RDHWR,
        arg: 13 << 8,
        lo: 0xffffffff,
        hi: 0x80000000,
      },
    ]);
  });
});

describe('refill episodes', () => {
  it('sum up the handlers, without the attempts that failed before them', () => {
    const builder = system();
    const page = builder.translate(-1, 1, 1, KERNEL);
    for (let i = 0; i < 3; i++) {
      builder.segment(0, SEGMENT_REFILL, 0);
      builder.record(page, referenceWord(FETCH, 0, 8));
      builder.segment(0, SEGMENT_REFILL | SEGMENT_KERNEL, 0);
      builder.record(page, referenceWord(FETCH, 0, 40));
      builder.record(page, referenceWord(LOAD, 0, 8));
      builder.event(EVENT.privileged, 0, 8 | (255 << 8));
      builder.refillEpisode(2);
      builder.segment(0, 0, 0);
      builder.record(page, referenceWord(FETCH, 0, 4));
    }
    builder.take();
    const { refill, instructions, workloadInstructions } = builder.summary({});
    expect([instructions, workloadInstructions]).toEqual([39, 3]);
    expect(refill).toMatchObject({ count: 3, instructions: 30, loads: 3, stores: 0 });
    expect(refill!.privileged[8]).toBe(3);
  });
});

describe('chunks', () => {
  it('carry code columns with the place they hold from', () => {
    const builder = system();
    const classes = Uint8Array.from({ length: 300 }, (_, i) => i % 12);
    builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(FETCH, 0, 4));
    for (let i = 0; i < 80; i++) builder.code(i, i * 4, 100, classes, i);
    const { code } = builder.take();
    expect(code.length).toBe(80);
    expect(code.classes.length).toBe(8000);
    expect([code.at[79], code.physicalPage[79], code.offset[79], code.count[79]]).toEqual([1, 79, 316, 100]);
    expect([...code.classes.subarray(7900)]).toEqual([...classes.subarray(79, 179)]);
    expect(builder.take().code.length).toBe(0);
  });

  it('are full while there is room for what one step may add, and refuse to overrun', () => {
    const builder = system();
    const page = builder.translate(0, 1, 1, MAPPED);
    while (!builder.full()) builder.record(page, referenceWord(LOAD, 0, 4));
    for (let i = 0; i < CHUNK_RESERVE; i++) builder.record(page, referenceWord(LOAD, 0, 4));
    expect(() => builder.record(page, referenceWord(LOAD, 0, 4))).toThrow('overrun');
    expect(() => builder.access(LOAD, 4096, 0, 4)).toThrow('overrun');
    const chunk = builder.take();
    expect(chunk.length).toBe(CHUNK_RECORDS);
    expect(segments(chunk)).toMatchObject([{ end: CHUNK_RECORDS, loads: CHUNK_RECORDS }]);
    expect(builder.full()).toBe(false);
  });

  it('are full with events, too', () => {
    const builder = system();
    for (let i = 0; i < CHUNK_RECORDS; i++) builder.event(EVENT.mark, 0, i);
    expect(builder.full()).toBe(true);
    expect(builder.take().events.length).toBe(CHUNK_RECORDS);
    expect(builder.summary({}).events).toBe(CHUNK_RECORDS);
  });
});
