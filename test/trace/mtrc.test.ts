import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mtrcFormat } from '../../src/trace/formats/mtrc.ts';
import { exceptionService, interruptService, syscallService } from '../../src/trace/services.ts';
import {
  GLOBAL,
  KERNEL,
  MAPPED,
  SEGMENT_KERNEL,
  SEGMENT_RDHWR,
  SEGMENT_REFILL,
  UNCACHED,
} from '../../src/trace/types.ts';
import { eventsOf, type Memory, mtrcEncoder, mtrcInput, OPS, openMtrc, spell, text } from './mtrc-encoder.ts';

const USER = 0x120001000n;
const VECTORS = 0xffffffff83ad4000n;
const KERNEL_CODE = 0xffffffff80100000n;
const HANDLER = 1;

/** A 64-bit file with a refill handler of two instructions (something, ERET) as block 1. */
const withHandler = (cpus = 1) => mtrcEncoder(cpus).block(HANDLER, VECTORS + 0x80n, 0x3ad4080n, 'PP');

type File = ReturnType<typeof mtrcEncoder>;

const refill = (file: File, cpu: number, from: bigint, address: bigint): File =>
  file
    .discon(cpu, 1, from, VECTORS + 0x80n)
    .part(cpu, HANDLER, 0, 1)
    .privileged(cpu, VECTORS + 0x80n, OPS.DMFC0, 8, address)
    .part(cpu, HANDLER, 1, 1)
    .privileged(cpu, VECTORS + 0x84n, OPS.ERET);

const read = async (bytes: Uint8Array) => spell(await openMtrc(bytes));

describe('the MTRC header', () => {
  it('is recognised by its magic alone', () => {
    expect(mtrcFormat.sniff(mtrcInput(mtrcEncoder().end()))).toBe(true);
    expect(mtrcFormat.sniff(mtrcInput(new TextEncoder().encode('I  04010,4\n')))).toBe(false);
  });

  it('tells the machine', async () => {
    const wide = await openMtrc(mtrcEncoder(1, 64).end());
    expect(wide.header).toMatchObject({
      cpus: 1,
      addressBits: 64,
      abi: 'n64',
      level: 'system',
      physical: true,
    });
    const narrow = await openMtrc(mtrcEncoder(2, 32).end());
    expect(narrow.header).toMatchObject({ cpus: 2, addressBits: 32, abi: 'o32', instructionBytes: 4 });
  });
});

describe('references', () => {
  it('are runs of instructions, cut after each that makes a reference', async () => {
    const file = mtrcEncoder()
      .block(7, USER, 0x5000n, '.L.S.')
      .block(8, USER + 20n, 0x5014n, '..')
      .exec(0, 7, [
        { at: 1, address: 0xfff0000008n, size: 8, page: 0x77 },
        { at: 3, address: 0x9000000000001004n, size: 4, store: true },
      ])
      .exec(0, 8)
      .part(0, 7, 4, 1)
      .exec(0, 8)
      .end();
    const t = await read(file);
    // The last instruction of block 7 and block 8 follow each other: one run, but for a block's first time.
    expect(text(t).at(-1)).toBe('120001010+3');
    expect(text(t).slice(0, 5)).toEqual([
      '120001000+2',
      'L8 fff0000008',
      '120001008+2',
      'S4 9000000000001004',
      '120001010+1',
    ]);
    expect(t.lines.slice(0, 5).map((l) => l.physical)).toEqual([
      0x5000n,
      0x77008n,
      0x5008n,
      0x1004n,
      0x5010n,
    ]);
    expect(t.lines.slice(0, 5).map((l) => l.space)).toEqual([0, 0, 0, -1, 0]);
    expect(t.translations.map((x) => x.flags)).toEqual([MAPPED, MAPPED, GLOBAL | KERNEL]);
    expect(t.summary).toMatchObject({ instructions: 10, loads: 1, stores: 1, workloadInstructions: 10 });
  });

  it('have the flags of their segment', async () => {
    const memories: Memory[] = [
      { at: 0, address: 0xffffffff80001000n }, // kseg0
      { at: 0, address: 0xffffffffb8000300n, device: true, store: true, size: 2 }, // kseg1, a device
      { at: 0, address: 0x9000000000002000n }, // XKPHYS, with the attribute that the kernel maps all memory by
      { at: 0, address: 0x9800000000002000n }, // XKPHYS, cached
      { at: 0, address: 0xc000000000003000n, page: 9 }, // xkseg
      { at: 0, address: 0x10000n, page: 4 }, // the user's, by the kernel
    ];
    const file = mtrcEncoder()
      .device(1, 'ide')
      .block(1, KERNEL_CODE, 0x100000n, 'S')
      .exec(0, 1, memories)
      .end();
    const t = await read(file);
    expect(t.translations.slice(1).map((x) => x.flags)).toEqual([
      GLOBAL | KERNEL,
      GLOBAL | KERNEL | UNCACHED,
      GLOBAL | KERNEL,
      GLOBAL | KERNEL,
      GLOBAL | KERNEL | MAPPED,
      MAPPED,
    ]);
    expect(t.lines.slice(1).map((l) => l.physical)).toEqual([
      0x1000n,
      0x18000300n,
      0x2000n,
      0x2000n,
      0x9000n,
      0x4000n,
    ]);
    expect(eventsOf(t, 'device')).toEqual([
      { at: 2, kind: 6, cpu: 0, flags: SEGMENT_KERNEL, arg: 2 | 256, value: 0x18000300n },
    ]);
  });

  it('come out as they went in, per CPU and in order, in whatever pieces the bytes come', async () => {
    const step = fc.record({
      cpu: fc.constantFrom(0, 1),
      block: fc.constantFrom(0, 1, 2),
      first: fc.nat(4),
      count: fc.integer({ min: 1, max: 5 }),
      data: fc.array(
        fc.record({ at: fc.nat(4), page: fc.nat(3), offset: fc.nat(511), store: fc.boolean() }),
        { maxLength: 4 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        async (steps, piece) => {
          const starts = [USER, USER + 0x1000n, KERNEL_CODE];
          const file = mtrcEncoder(2);
          for (const [id, start] of starts.entries())
            file.block(id, start, id < 2 ? 0x8000n : 0x100000n, '.....');
          const expected: string[] = [];
          for (const { cpu, block, first, count, data } of steps) {
            const n = Math.min(count, 5 - first);
            const list = data
              .filter((d) => d.at >= first && d.at < first + n)
              .sort((a, b) => a.at - b.at)
              .map((d) => ({
                at: d.at,
                address: BigInt(0x40000 + d.page * 4096 + d.offset * 8),
                size: 8 as const,
                store: d.store,
                page: d.page + cpu,
              }));
            file.part(cpu, block, first, n, list);
            for (let i = first; i < first + n; i++) {
              expected.push(`${cpu} F ${starts[block]! + BigInt(4 * i)}`);
              for (const m of list.filter((x) => x.at === i))
                expected.push(`${cpu} ${m.store ? 'S' : 'L'} ${m.address} ${m.page}`);
            }
          }
          const bytes = file.end();
          const whole = await read(bytes);
          const found: string[] = [];
          for (const l of whole.lines) {
            if (l.kind !== 0) found.push(`${l.cpu} ${'FLS'[l.kind]} ${l.virtual} ${l.physical >> 12n}`);
            else for (let i = 0; i < l.size; i += 4) found.push(`${l.cpu} F ${l.virtual + BigInt(i)}`);
          }
          expect(found).toEqual(expected);
          expect(await spell(await openMtrc(bytes, piece))).toEqual(whole);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('say that a page was mapped elsewhere before', async () => {
    const file = mtrcEncoder().block(1, KERNEL_CODE, 0x100000n, 'L');
    for (const page of [5, 6, 5]) file.exec(0, 1, [{ at: 0, address: 0x10000n, page }]);
    const t = await read(file.end());
    expect(t.lines.filter((l) => l.kind === 1).map((l) => l.physical >> 12n)).toEqual([5n, 6n, 5n]);
    expect(eventsOf(t, 'unmap').map((e) => [e.at, e.arg])).toEqual([
      [3, 1],
      [5, 2],
    ]);
    expect(t.translations).toHaveLength(3);
  });
});

describe('classes of instructions', () => {
  it('are said at the first run of a block and when another block had changed them', async () => {
    const file = mtrcEncoder()
      .block(1, USER, 0x5000n, '.LB.')
      .block(2, USER + 4n, 0x5004n, 'LB.') // the same code
      .block(3, USER + 0x1004n, 0x5004n, 'SS') // other code, loaded there later
      .exec(0, 1, [])
      .exec(0, 2)
      .exec(0, 3)
      .exec(0, 1)
      .exec(0, 1)
      .exec(0, 2)
      .end();
    const t = await read(file);
    expect(t.code).toEqual([
      { at: 0, physical: 0x5000n, classes: '.LB.' },
      { at: 2, physical: 0x5004n, classes: 'SS' },
      { at: 3, physical: 0x5000n, classes: '.LB.' },
    ]);
  });
});

describe('TLB refills', () => {
  it('on data set aside the handler and the failed attempt', async () => {
    const file = withHandler().block(2, USER, 0x5000n, '.L..').part(0, 2, 0, 2);
    refill(file, 0, USER + 4n, 0x999000n).part(0, 2, 1, 3, [{ at: 1, address: 0x999000n, page: 3 }]);
    const t = await read(file.end());
    expect(text(t)).toEqual([
      '120001000+1',
      '!120001004+1',
      '!~83ad4080+1',
      '!~83ad4084+1',
      '120001004+1',
      'L4 999000',
      '120001008+2',
    ]);
    expect(t.lines.map((l) => l.flags)).toEqual([0, 2, 3, 3, 0, 0, 0]);
    const flags = SEGMENT_REFILL | SEGMENT_KERNEL;
    expect(eventsOf(t, 'refill')).toEqual([
      { at: 2, kind: 3, cpu: 0, flags, arg: 0x80 << 8, value: USER + 4n },
    ]);
    expect(eventsOf(t, 'privileged').map((e) => [e.at, e.flags])).toEqual([
      [3, flags],
      [4, flags],
    ]);
    expect(t.summary).toMatchObject({ instructions: 7, workloadInstructions: 4 });
    // The sample of a refill is its handler, without the failed attempt.
    expect(t.summary.refill).toMatchObject({ count: 1, instructions: 2, loads: 0, stores: 0 });
    expect(t.summary.totals).toMatchObject({ 'refill.failedAttempts': 1, 'refill.failedBranches': 0 });
  });

  it('in a delay slot set aside the branch too, for it comes again', async () => {
    const file = withHandler().block(2, USER, 0x5000n, '.BL').exec(0, 2);
    refill(file, 0, USER + 8n, 0x999000n).part(0, 2, 1, 2, [{ at: 2, address: 0x999000n, page: 3 }]);
    const t = await read(file.end());
    expect(text(t)).toEqual([
      '120001000+1',
      '!120001004+2',
      '!~83ad4080+1',
      '!~83ad4084+1',
      '120001004+2',
      'L4 999000',
    ]);
    expect(t.summary.totals).toMatchObject({
      'refill.failedAttempts': 1,
      'refill.failedBranches': 1,
      'flow.wrong': 0,
    });
  });

  it('in a delay slot on the next page set aside the branch in the block before', async () => {
    const file = withHandler()
      .block(2, USER + 0xffcn, 0x5ffcn, 'B')
      .block(3, USER + 0x1000n, 0x6000n, 'L')
      .exec(0, 2)
      .exec(0, 3);
    refill(file, 0, USER + 0x1000n, 0x999000n)
      .exec(0, 2)
      .exec(0, 3, [{ at: 0, address: 0x999000n, page: 3 }]);
    const t = await read(file.end());
    expect(text(t).slice(0, 2)).toEqual(['!120001ffc+1', '!120002000+1']);
    expect(text(t).slice(4)).toEqual(['120001ffc+1', '120002000+1', 'L4 999000']);
    expect(t.summary.totals).toMatchObject({ 'refill.failedBranches': 0, 'refill.failedBranchesBefore': 1 });
  });

  it('on a fetch have no failed attempt, unless of a delay slot, whose branch comes again', async () => {
    const file = withHandler()
      .block(2, USER, 0x5000n, '..')
      .block(3, USER + 8n, 0x5008n, '.B')
      .block(4, USER + 16n, 0x5010n, '..')
      .exec(0, 2);
    refill(file, 0, USER + 8n, USER + 8n).exec(0, 3);
    refill(file, 0, USER + 16n, USER + 16n)
      .part(0, 3, 1, 1)
      .exec(0, 4);
    const t = await read(file.end());
    expect(text(t).filter((l) => !l.includes('~'))).toEqual([
      '120001000+2',
      '120001008+1',
      '!12000100c+1',
      '12000100c+1',
      '120001010+2',
    ]);
    expect(t.summary.totals).toMatchObject({
      'refill.failedAttempts': 0,
      'refill.fetchBranches': 1,
      'flow.wrong': 0,
    });
    expect(t.summary.refill).toMatchObject({ count: 2, instructions: 4 });
  });

  it("that take an exception end there: what follows is the kernel's own work", async () => {
    const file = withHandler()
      .block(2, VECTORS + 0x180n, 0x3ad4180n, 'PLP')
      .block(3, USER, 0x5000n, '.')
      .discon(0, 1, USER, VECTORS + 0x80n)
      .part(0, HANDLER, 0, 1)
      .discon(0, 1, VECTORS + 0x84n, VECTORS + 0x180n)
      .part(0, 2, 0, 1)
      .privileged(0, VECTORS + 0x180n, OPS.MFC0, 13, 2n << 2n);
    refill(file.part(0, 2, 1, 1), 0, VECTORS + 0x184n, 0xc000000000000000n)
      .part(0, 2, 1, 2, [{ at: 1, address: 0xc000000000000000n, page: 1 }])
      .privileged(0, VECTORS + 0x188n, OPS.ERET)
      .exec(0, 3);
    const t = await read(file.end());
    expect(text(t)).toEqual([
      '!~83ad4080+1',
      '~83ad4180+1',
      '!~83ad4184+1',
      '!~83ad4080+1',
      '!~83ad4084+1',
      '~83ad4184+1',
      'L4 c000000000000000',
      '~83ad4188+1',
      '120001000+1',
    ]);
    expect(t.summary.refill?.count).toBe(2);
    const inside = t.lines.filter(
      (l) => (l.flags & SEGMENT_REFILL) === 0 && (l.flags & SEGMENT_KERNEL) !== 0,
    );
    expect(new Set(inside.map((l) => l.service))).toEqual(new Set([exceptionService(2)]));
  });
});

describe('other exceptions', () => {
  const GENERAL = 2;
  const general = (file: File, cpu: number, from: bigint, code: bigint): File =>
    file
      .discon(cpu, 1, from, VECTORS + 0x180n)
      .part(cpu, GENERAL, 0, 1)
      .privileged(cpu, VECTORS + 0x180n, OPS.MFC0, 13, (code << 2n) | 0x8000n)
      .part(cpu, GENERAL, 1, 2)
      .privileged(cpu, VECTORS + 0x188n, OPS.ERET);
  const withGeneral = (cpus = 1): File =>
    withHandler(cpus).block(GENERAL, VECTORS + 0x180n, 0x3ad4180n, 'P.P');

  it('open a service from the exception to its return', async () => {
    const file = withGeneral()
      .block(3, USER, 0x5000n, '.Y.')
      .part(0, 3, 0, 2)
      .privileged(0, USER + 4n, OPS.SYSCALL, 255, 5007n);
    general(file, 0, USER + 4n, 8n).part(0, 3, 2, 1);
    const t = await read(file.end());
    expect(t.lines.map((l) => l.service)).toEqual([0, syscallService(7), syscallService(7), 0]);
    expect(eventsOf(t, 'syscall')).toMatchObject([{ at: 1, arg: 5007, flags: 0 }]);
    expect(eventsOf(t, 'exception')).toMatchObject([
      { at: 1, arg: 8 | (0x180 << 8), value: USER + 4n, flags: SEGMENT_KERNEL },
    ]);
    expect(eventsOf(t, 'privileged').map((e) => e.arg & 0xff)).toEqual([13, 0, 10]);
  });

  it('of an RDHWR leave one RDHWR when their segments are dropped', async () => {
    const file = withGeneral().block(3, USER, 0x5000n, '.R.').part(0, 3, 0, 2);
    general(file, 0, USER + 4n, 10n).part(0, 3, 2, 1);
    const t = await read(file.end());
    expect(text(t)).toEqual(['120001000+2', '?~83ad4180+1', '?~83ad4184+2', '120001008+1']);
    expect(t.lines[1]!.flags).toBe(SEGMENT_RDHWR | SEGMENT_KERNEL);
    expect(eventsOf(t, 'exception')[0]!.flags).toBe(SEGMENT_RDHWR | SEGMENT_KERNEL);
    expect(t.summary.totals).toMatchObject({ 'rdhwr.traps': 1 });
    expect(t.summary.workloadInstructions).toBe(6);
  });

  it('of a reserved instruction that is no RDHWR are not set aside', async () => {
    const file = withGeneral().block(3, USER, 0x5000n, '..').part(0, 3, 0, 1);
    general(file, 0, USER, 10n).part(0, 3, 1, 1);
    expect((await read(file.end())).lines.every((l) => (l.flags & SEGMENT_RDHWR) === 0)).toBe(true);
  });

  it('keep the failed attempt of an instruction whose page was invalid', async () => {
    const file = withGeneral().block(3, USER, 0x5000n, '.S').exec(0, 3);
    general(file, 0, USER + 4n, 3n).part(0, 3, 1, 1, [{ at: 1, address: 0x9000n, page: 1, store: true }]);
    const t = await read(file.end());
    expect(text(t)[0]).toBe('120001000+2');
    expect(t.summary.workloadInstructions).toBe(t.summary.instructions);
  });

  it('get their cause from the same CPU, however late its record comes', async () => {
    const file = withGeneral(2)
      .block(3, USER, 0x5000n, '.')
      .exec(0, 3)
      .discon(0, 1, USER + 4n, VECTORS + 0x180n)
      .part(0, GENERAL, 0, 1)
      .exec(1, 3)
      .discon(1, 1, USER + 4n, VECTORS + 0x180n)
      .part(1, GENERAL, 0, 1)
      .privileged(1, VECTORS + 0x180n, OPS.MFC0, 13, 11n << 2n);
    for (let i = 0; i < 20_000; i++) file.exec(1, 3);
    file.privileged(0, VECTORS + 0x180n, OPS.MFC0, 13, 4n << 2n).part(0, GENERAL, 1, 2);
    const t = await read(file.end());
    expect(eventsOf(t, 'exception').map((e) => [e.cpu, e.arg & 0xff])).toEqual([
      [0, 4],
      [1, 11],
    ]);
    // The value stands right after the instruction that read it.
    const [first] = eventsOf(t, 'privileged');
    expect(first).toMatchObject({ cpu: 0, at: 2 });
    expect(t.lines[1]).toMatchObject({ cpu: 0, service: exceptionService(4) });
  });

  it('are unknown causes where nobody reads Cause within the look-ahead', async () => {
    const file = withGeneral(2)
      .block(3, USER, 0x5000n, '.')
      .discon(0, 1, USER, VECTORS + 0x180n)
      .part(0, GENERAL, 0, 1);
    const records = 1_100_000;
    const before = file.end().subarray(0, -1);
    const bytes = new Uint8Array(before.length + records * 3 + 1);
    bytes.set(before);
    for (let i = 0; i < records; i++) bytes.set([0x11, 3, 0], before.length + 3 * i);
    const trace = await openMtrc(bytes);
    let cause = -1;
    for await (const { events } of trace.chunks())
      for (let i = 0; i < events.length; i++) if (events.kind[i] === 2) cause = events.arg[i]! & 0xff;
    expect(cause).toBe(255);
    expect(trace.summary()?.totals['file.unresolved']).toBe(2);
    expect(trace.summary()?.instructions).toBe(records + 1);
  });

  it('nest, and reaching user code closes what is open', async () => {
    const file = withGeneral()
      .block(3, USER, 0x5000n, '.')
      .block(4, VECTORS + 0x200n, 0x3ad4200n, 'PP')
      .exec(0, 3);
    file
      .discon(0, 1, USER + 4n, VECTORS + 0x180n)
      .part(0, GENERAL, 0, 1)
      .privileged(0, VECTORS + 0x180n, OPS.MFC0, 13, 3n << 2n)
      .part(0, GENERAL, 1, 1)
      .discon(0, 0, VECTORS + 0x188n, VECTORS + 0x200n)
      .part(0, 4, 0, 1)
      .privileged(0, VECTORS + 0x200n, OPS.MFC0, 13, 0x8400n)
      .part(0, 4, 1, 1)
      .privileged(0, VECTORS + 0x204n, OPS.ERET)
      .part(0, GENERAL, 2, 1)
      .exec(0, 3)
      .discon(0, 0, USER + 4n, VECTORS + 0x200n)
      .part(0, 4, 0, 1)
      .privileged(0, VECTORS + 0x200n, OPS.MFC0, 13, 0x0400n);
    const t = await read(file.end());
    const invalid = exceptionService(3);
    expect(t.lines.map((l) => l.service)).toEqual([
      0,
      invalid,
      invalid,
      interruptService(7),
      interruptService(7),
      invalid,
      0,
      interruptService(2),
    ]);
    expect(eventsOf(t, 'interrupt').map((e) => e.arg & 0xff)).toEqual([7, 2]);
  });

  it('of a 32-bit machine tell the line of an interrupt by the vector', async () => {
    const base = 0xffffffff81620000n;
    const file = mtrcEncoder(1, 32)
      .block(1, 0x400000n, 0x5000n, '.')
      .block(2, base + 0x900n, 0x1620900n, '.');
    const t = await read(
      file
        .exec(0, 1)
        .discon(0, 0, 0x400004n, base + 0x900n)
        .exec(0, 2)
        .end(),
    );
    expect(eventsOf(t, 'interrupt')).toMatchObject([{ arg: 7 | (0x900 << 8), value: 0x400004n }]);
  });

  it('say that the CPU waits', async () => {
    const file = mtrcEncoder()
      .block(1, KERNEL_CODE, 0x100000n, 'P')
      .exec(0, 1)
      .privileged(0, KERNEL_CODE, OPS.WAIT);
    expect(eventsOf(await read(file.end()), 'idle')).toMatchObject([{ at: 1, cpu: 0 }]);
  });
});

describe('address spaces', () => {
  const CODE = 1;
  const start = (cpus = 1): File =>
    mtrcEncoder(cpus).block(CODE, KERNEL_CODE, 0x100000n, 'P').block(2, USER, 0x5000n, '.');
  const op = (file: File, cpu: number, what: number, register = 255, value = 0n): File =>
    file.exec(cpu, CODE).privileged(cpu, KERNEL_CODE, what, register, value);
  const spacesOf = async (file: File) => {
    const t = await read(file.end());
    return {
      user: t.lines.filter((l) => l.space >= 0).map((l) => l.space),
      switches: eventsOf(t, 'spaceSwitch').map((e) => [e.arg, Number(e.value)]),
      t,
    };
  };

  it('are one for each ASID, the first known from a read', async () => {
    const file = start().exec(0, 2);
    op(file, 0, OPS.DMFC0, 10, 0x1063n).exec(0, 2);
    for (const asid of [0x63n, 0x64n, 0x63n]) op(file, 0, OPS.DMTC0, 10, asid).exec(0, 2);
    const { user, switches } = await spacesOf(file);
    expect(user).toEqual([0, 0, 0, 1, 0]);
    expect(switches).toEqual([
      [1, 0x64],
      [0, 0x63],
    ]);
  });

  it('take a first write to be a switch', async () => {
    const file = start().exec(0, 2);
    op(file, 0, OPS.DMTC0, 10, 0x63n).exec(0, 2);
    const { user, switches } = await spacesOf(file);
    expect(user).toEqual([0, 1]);
    expect(switches).toEqual([[1, 0x63]]);
  });

  it('are per CPU', async () => {
    const file = start(2).exec(0, 2).exec(1, 2);
    op(file, 0, OPS.DMTC0, 10, 1n).exec(0, 2);
    op(file, 1, OPS.DMTC0, 10, 1n).exec(1, 2);
    expect((await spacesOf(file)).user).toEqual([0, 1, 2, 3]);
  });

  it('are new after the guest emptied its TLB, and the same after it probed for single entries', async () => {
    const probing = start();
    op(probing, 0, OPS.DMFC0, 10, 5n).exec(0, 2);
    for (let i = 0n; i < 20n; i++) op(op(op(probing, 0, OPS.TLBP), 0, OPS.DMTC0, 0, i), 0, OPS.TLBWI);
    expect((await spacesOf(probing.exec(0, 2))).user).toEqual([0, 0]);

    const flushing = start();
    op(flushing, 0, OPS.DMFC0, 10, 5n).exec(0, 2);
    for (let i = 0n; i < 20n; i++) op(op(flushing, 0, OPS.DMTC0, 0, i), 0, OPS.TLBWI);
    const { user, t } = await spacesOf(flushing.exec(0, 2));
    expect(user).toEqual([0, 1]);
    expect(eventsOf(t, 'tlbFlush')).toHaveLength(1);
  });
});
